//! Sweeps: what channels would have contributed over the training rows at other spends.

use super::change::{Change, totals};
use super::channels::STEP;
use super::{Estimate, Fitted, Window, device};
use crate::error::Result;
use crate::gpu::Gpu;

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
    /// The contribution against that of the observed spend: 0.2 is a fifth more, -1 is nothing left.
    pub uplift: Estimate,
}

/// A channel swept, or several together, before it is summarised.
struct Swept {
    points: Vec<Point>,
    /// What the observed spend contributes, draw by draw.
    today: Vec<f64>,
}

/// One point.
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
    rows(fitted, sweep, totals(fitted, &changes(fitted, sweep, &window)))
}

/// The same on a device.
///
/// # Errors
/// The device fails, or its memory does not suffice.
pub fn sweep_on(gpu: &Gpu, fitted: &Fitted, sweep: &Sweep) -> Result<Vec<SweepRow>> {
    let window = Window::train(&fitted.model);
    Ok(rows(fitted, sweep, device::totals(gpu, fitted, &changes(fitted, sweep, &window))?))
}

impl Sweep {
    /// The values for a channel, and the step of its marginal returns.
    fn values(&self, fitted: &Fitted, c: usize) -> (Vec<f64>, f64) {
        let mean = fitted.spend(c) / fitted.panel.n_train as f64;
        let unit = if self.kind == SweepKind::Multiplicative { 1.0 } else { mean };
        let last = (POINTS - 1) as f64;
        let default = || (0..POINTS).map(|k| END * unit * k as f64 / last).collect();
        (self.values.clone().unwrap_or_else(default), STEP * unit)
    }
}

/// Of every channel the observed spend, then at every point what it contributes and what the step adds.
fn changes<'a>(fitted: &Fitted, sweep: &Sweep, window: &'a Window<'a, f32>) -> Vec<Change<'a>> {
    let panel = &fitted.panel;
    let mut changes = Vec::new();
    for &channel in &sweep.channels {
        let scale = panel.channel_scale[channel];
        let observed = |date: usize| panel.spend[[date, channel]];
        let padded =
            |value: f64| window.pad(|date| scale.scale(sweep.kind.spend(observed(date), value)));
        let change = |spend, against| Change { window, channel, spend, against };
        changes.push(change(window.pad(|date| scale.scale(observed(date))), None));
        let (values, step) = sweep.values(fitted, channel);
        for value in values {
            let (spend, more) = (padded(value), padded(value + step));
            changes.extend([change(spend.clone(), None), change(more, Some(spend))]);
        }
    }
    changes
}

/// The rows, given the totals of the changes.
fn rows(fitted: &Fitted, sweep: &Sweep, totals: Vec<Vec<f64>>) -> Vec<SweepRow> {
    let panel = &fitted.panel;
    let mut totals = totals.into_iter();
    let mut next = || totals.next().unwrap_or_default();
    let mut of_channel = |&c: &usize| {
        let (values, step) = sweep.values(fitted, c);
        let spend = |value: f64| -> f64 {
            (0..panel.n_train).map(|date| sweep.kind.spend(panel.spend[[date, c]], value)).sum()
        };
        let today = next();
        let point = |value: f64| Point {
            sweep: value,
            spend: spend(value),
            contribution: next(),
            extra: next(),
            cost: spend(value + step) - spend(value),
        };
        Swept { points: values.into_iter().map(point).collect(), today }
    };
    let swept: Vec<Swept> = sweep.channels.iter().map(&mut of_channel).collect();
    let names = sweep.channels.iter().map(|&c| panel.channels[c].as_str());
    let mut rows: Vec<SweepRow> =
        swept.iter().zip(names).flat_map(|(swept, name)| swept.rows(fitted, name)).collect();
    if swept.len() > 1 {
        rows.extend(joint(sweep.kind, &swept).rows(fitted, ALL_CHANNELS));
    }
    rows
}

/// Several channels, which add up.
fn joint(kind: SweepKind, swept: &[Swept]) -> Swept {
    let draws = |of: &dyn Fn(&Swept) -> &Vec<f64>| -> Vec<f64> {
        let sum = |draw: usize| swept.iter().map(|swept| of(swept)[draw]).sum();
        (0..of(&swept[0]).len()).map(sum).collect()
    };
    let point = |k: usize| {
        let sum = |of: fn(&Point) -> f64| swept.iter().map(|swept| of(&swept.points[k])).sum();
        let same = kind == SweepKind::Multiplicative;
        Point {
            sweep: if same { swept[0].points[k].sweep } else { sum(|point| point.sweep) },
            spend: sum(|point| point.spend),
            contribution: draws(&|swept| &swept.points[k].contribution),
            extra: draws(&|swept| &swept.points[k].extra),
            cost: sum(|point| point.cost),
        }
    };
    let points = (0..swept[0].points.len()).map(point).collect();
    Swept { points, today: draws(&|swept| &swept.today) }
}

impl Swept {
    fn rows(&self, fitted: &Fitted, channel: &str) -> Vec<SweepRow> {
        let factor = fitted.panel.target_scale.factor;
        let row = |point: &Point| {
            let per_cost = if point.cost > 0.0 { factor / point.cost } else { f64::NAN };
            let pairs = point.contribution.iter().zip(&self.today);
            let uplift: Vec<f64> = pairs.map(|(there, today)| there / today - 1.0).collect();
            SweepRow {
                channel: channel.to_owned(),
                sweep: point.sweep,
                spend: point.spend,
                contribution: Estimate::scaled(&point.contribution, factor),
                marginal: Estimate::scaled(&point.extra, per_cost),
                uplift: Estimate::of(&uplift),
            }
        };
        self.points.iter().map(row).collect()
    }
}
