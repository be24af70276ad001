//! Sweeps: what channels would have contributed over the training rows at other spends.

use super::change::{Change, totals};
use super::channels::STEP;
use super::{Estimate, Fitted, Window};

/// Points of a sweep that is not given its values.
const POINTS: usize = 16;
/// Where such a sweep ends, in times of the observed spend.
const END: f64 = 1.5;
/// What stands for the channel where all of them are swept together.
pub const ALL_CHANNELS: &str = "all channels";

/// What a sweep does with the spend of every date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepKind {
    /// Multiplies it.
    Multiplicative,
    /// Adds to it, down to nothing.
    Additive,
    /// Replaces it.
    Absolute,
}

impl SweepKind {
    /// Spend at a value of the sweep, where so much was spent.
    fn spend(self, observed: f64, value: f64) -> f64 {
        match self {
            SweepKind::Multiplicative => observed * value,
            SweepKind::Additive => (observed + value).max(0.0),
            SweepKind::Absolute => value,
        }
    }
}

/// A sweep over channels, each alone, and all of them together.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What it does with spend.
    pub kind: SweepKind,
    /// Factors, or amounts per date in the units of spend. None for 0 to 1.5 times what was spent
    /// (on average), in 16 points.
    pub values: Option<Vec<f64>>,
    /// The channels.
    pub channels: Vec<usize>,
}

/// One point of a sweep, over the training rows and in original units.
#[derive(Clone, Debug)]
pub struct SweepRow {
    /// The channel, or [`ALL_CHANNELS`].
    pub channel: String,
    /// Factor or amount per date; of all channels together the sum of the amounts.
    pub sweep: f64,
    /// Spend in all.
    pub spend: f64,
    /// What would have been contributed.
    pub contribution: Estimate,
    /// What one more unit of spend would have added there: by a step of 1 % of the observed spend.
    pub marginal: Estimate,
}

/// One point before it is summarised.
struct Point {
    sweep: f64,
    spend: f64,
    contribution: Vec<f64>,
    /// What the step adds, and what it costs.
    extra: Vec<f64>,
    cost: f64,
}

/// Sweeps a model's channels: the points of each, then, of more than one, those of all together.
pub fn sweep(fitted: &Fitted, sweep: &Sweep) -> Vec<SweepRow> {
    let window = Window::train(&fitted.model);
    let points: Vec<Vec<Point>> =
        sweep.channels.iter().map(|&c| of_channel(fitted, sweep, c, &window)).collect();
    let mut rows = Vec::new();
    for (points, &c) in points.iter().zip(&sweep.channels) {
        let name = &fitted.panel.channels[c];
        rows.extend(points.iter().map(|point| row(fitted, name, point)));
    }
    if points.len() > 1 {
        let together = |k: usize| {
            joint(sweep.kind, &points.iter().map(|points| &points[k]).collect::<Vec<_>>())
        };
        rows.extend((0..points[0].len()).map(|k| row(fitted, ALL_CHANNELS, &together(k))));
    }
    rows
}

fn of_channel(fitted: &Fitted, sweep: &Sweep, c: usize, window: &Window<'_, f32>) -> Vec<Point> {
    let (panel, kind) = (&fitted.panel, sweep.kind);
    let mean = fitted.spend(c) / panel.n_train as f64;
    let unit = if kind == SweepKind::Multiplicative { 1.0 } else { mean };
    let values = sweep.values.clone().unwrap_or_else(|| {
        let last = (POINTS - 1) as f64;
        (0..POINTS).map(|k| END * unit * k as f64 / last).collect()
    });
    let spend = |value: f64| move |date: usize| kind.spend(panel.spend[[date, c]], value);
    let padded = |value: f64| {
        let scale = panel.channel_scale[c];
        window.pad(|date| scale.scale(spend(value)(date)))
    };
    let total = |value: f64| (0..panel.n_train).map(spend(value)).sum::<f64>();
    let step = STEP * unit;
    let changes: Vec<Change<'_>> = values
        .iter()
        .flat_map(|&value| {
            let (spend, more) = (padded(value), padded(value + step));
            [
                Change { window, channel: c, spend: spend.clone(), against: None },
                Change { window, channel: c, spend: more, against: Some(spend) },
            ]
        })
        .collect();
    let mut found = totals(fitted, &changes).into_iter();
    let point = |&sweep: &f64| Point {
        sweep,
        spend: total(sweep),
        contribution: found.next().unwrap_or_default(),
        extra: found.next().unwrap_or_default(),
        cost: total(sweep + step) - total(sweep),
    };
    values.iter().map(point).collect()
}

/// The same point of several channels, which add up.
fn joint(kind: SweepKind, points: &[&Point]) -> Point {
    let sum = |of: fn(&Point) -> f64| points.iter().map(|point| of(point)).sum();
    let draws = |of: fn(&Point) -> &Vec<f64>| {
        let sum = |draw: usize| points.iter().map(|point| of(point)[draw]).sum();
        (0..of(points[0]).len()).map(sum).collect()
    };
    Point {
        sweep: if kind == SweepKind::Multiplicative { points[0].sweep } else { sum(|p| p.sweep) },
        spend: sum(|p| p.spend),
        contribution: draws(|p| &p.contribution),
        extra: draws(|p| &p.extra),
        cost: sum(|p| p.cost),
    }
}

fn row(fitted: &Fitted, channel: &str, point: &Point) -> SweepRow {
    let factor = fitted.panel.target_scale.factor;
    let per_cost = if point.cost > 0.0 { factor / point.cost } else { f64::NAN };
    SweepRow {
        channel: channel.to_owned(),
        sweep: point.sweep,
        spend: point.spend,
        contribution: Estimate::scaled(&point.contribution, factor),
        marginal: Estimate::scaled(&point.extra, per_cost),
    }
}
