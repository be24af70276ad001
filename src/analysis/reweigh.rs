//! What another split of the spend would have brought, held against the one there was.

use super::channels::Sum;
use super::component::{channel_on_dates, thinned};
use super::forward::{Components, Parameters, Window};
use super::{ALL_CHANNELS, Estimate};
use crate::data::Panel;
use crate::math::{Isa, Key, Lane, Task, dispatch};
use crate::model::Model;
use crate::model::likelihood::Noise;
use jiff::civil::Date;
use std::ops::Range;

/// Noise after the change is other noise than before it.
const AFTER: &str = "reweighed";

/// Sums over some dates before and after a change of spend, draw by draw, in the target's units.
#[derive(Clone, Debug)]
pub struct Reweighed {
    /// Names: the channels, all channels, the expected target, the target as it is observed.
    pub quantities: Vec<String>,
    /// `[quantity][draw]`.
    pub before: Vec<Vec<f64>>,
    /// `[quantity][draw]`.
    pub after: Vec<Vec<f64>>,
}

/// A quantity before and after, and what it gains.
#[derive(Clone, Debug)]
pub struct ReweighedRow {
    /// What it is.
    pub quantity: String,
    /// Before the change.
    pub before: Estimate,
    /// After it.
    pub after: Estimate,
    /// After less before.
    pub difference: Estimate,
    /// The difference in parts of what was before.
    pub uplift: Estimate,
    /// The difference in parts of what is after.
    pub gain: Estimate,
    /// Probability that there is more after than before.
    pub p_better: f64,
}

/// A channel on a date before and after a change of spend, in original units.
#[derive(Clone, Debug)]
pub struct ReweighedOnDate {
    /// The channel, or all of them.
    pub channel: String,
    /// The date.
    pub date: Date,
    /// Its spend before and after.
    pub spend: [f64; 2],
    /// What it contributes before and after, with what the dates before carry into it.
    pub contribution: [Estimate; 2],
}

/// Multiplies the spend of every channel on rows `dates` by its factor. `panel` is the model's, and
/// the spend of the rows before is carried over as it is; `draws` are draws × dim.
pub fn reweigh(
    model: &Model,
    panel: &Panel,
    key: Key,
    draws: &[f64],
    dates: Range<usize>,
    factors: &[f64],
) -> Reweighed {
    let mut other = model.clone();
    for (c, (spend, factor)) in other.series.spend.iter_mut().zip(factors).enumerate() {
        let scale = panel.channel_scale[c];
        for date in dates.clone() {
            spend[date] = scale.scale(factor * panel.spend[[date, c]]);
        }
    }
    let target = panel.target_scale;
    let sums = |model: &Model, key: Key| {
        let window = Window::<f32>::on(model, dates.clone());
        let found = dispatch(Isa::detect(), Sums { window: &window, key, draws });
        let levels = found.len() - 2;
        let units = |(k, draws): (usize, Vec<f64>)| {
            // What is no contribution has the shift of its scale on every date.
            let shift = if k < levels { 0.0 } else { target.shift * dates.len() as f64 };
            draws.into_iter().map(|x| x * target.factor + shift).collect()
        };
        found.into_iter().enumerate().map(units).collect()
    };
    let mut quantities = panel.channels.clone();
    quantities.extend([ALL_CHANNELS, "expected target", "target"].map(String::from));
    let after = key.child(AFTER);
    Reweighed { quantities, before: sums(model, key), after: sums(&other, after) }
}

/// What every channel, then all together contribute on each of the rows `dates` as they are and with their
/// spend multiplied by the factors; as [`reweigh`], the intervals resting on at most
/// [`MAX_PREDICTIONS`](super::MAX_PREDICTIONS) draws.
pub fn reweigh_dates(
    model: &Model,
    panel: &Panel,
    draws: &[f64],
    dates: Range<usize>,
    factors: &[f64],
) -> Vec<ReweighedOnDate> {
    let window = Window::<f32>::on(model, dates.clone());
    let draws = thinned(model, draws);
    let n_draws = draws.len() / model.structure.n_values;
    let spent = |c: usize, date: usize, factor: f64| {
        let factor = if dates.contains(&date) { factor } else { 1.0 };
        factor * panel.spend[[date, c]]
    };
    let estimate = |draws: &Vec<f64>| Estimate::scaled(draws, panel.target_scale.factor);
    let mut all = [(); 2].map(|()| vec![(0.0, vec![0.0; n_draws]); dates.len()]);
    let mut rows = Vec::new();
    for (c, channel) in panel.channels.iter().enumerate() {
        let scale = panel.channel_scale[c];
        let sides = [1.0, factors[c]].map(|factor| {
            let spend = window.pad(|date| scale.scale(spent(c, date, factor)));
            (factor, channel_on_dates(&window, c, &spend, &draws))
        });
        for (row, date) in dates.clone().enumerate() {
            let spend = sides.each_ref().map(|(factor, _)| spent(c, date, *factor));
            for ((sums, spend), (_, found)) in all.iter_mut().zip(spend).zip(&sides) {
                sums[row].0 += spend;
                sums[row].1.iter_mut().zip(&found[row]).for_each(|(sum, x)| *sum += x);
            }
            rows.push(ReweighedOnDate {
                channel: channel.clone(),
                date: panel.dates[date],
                spend,
                contribution: sides.each_ref().map(|(_, found)| estimate(&found[row])),
            });
        }
    }
    let together = |(row, date): (usize, usize)| ReweighedOnDate {
        channel: ALL_CHANNELS.into(),
        date: panel.dates[date],
        spend: all.each_ref().map(|all| all[row].0),
        contribution: all.each_ref().map(|all| estimate(&all[row].1)),
    };
    rows.extend(dates.clone().enumerate().map(together));
    rows
}

impl Reweighed {
    /// Every quantity in numbers.
    pub fn rows(&self) -> Vec<ReweighedRow> {
        let row = |(quantity, (before, after)): (&String, (&Vec<f64>, &Vec<f64>))| {
            let pairs = || before.iter().zip(after);
            let of = |f: fn((&f64, &f64)) -> f64| Estimate::of(&pairs().map(f).collect::<Vec<_>>());
            let better = pairs().filter(|(before, after)| after > before).count();
            ReweighedRow {
                quantity: quantity.clone(),
                before: Estimate::of(before),
                after: Estimate::of(after),
                difference: of(|(before, after)| after - before),
                uplift: of(|(before, after)| after / before - 1.0),
                gain: of(|(before, after)| 1.0 - before / after),
                p_better: better as f64 / before.len() as f64,
            }
        };
        self.quantities.iter().zip(self.before.iter().zip(&self.after)).map(row).collect()
    }
}

/// Sums over the dates of a window, on the scaled target: of every channel, of all of them, of the
/// expected target and of its draws with noise.
struct Sums<'a> {
    window: &'a Window<'a, f32>,
    key: Key,
    draws: &'a [f64],
}

impl Task for Sums<'_> {
    type Scalar = f32;
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<Vec<f64>> {
        let Sums { window, key, draws } = self;
        let (model, structure) = (window.model, &window.model.structure);
        let n = structure.channels.len();
        let mut found = vec![Vec::with_capacity(draws.len() / structure.n_values); n + 3];
        let mut components = Components::<L>::new(window);
        for (block, draws) in draws.chunks(L::LEN * structure.n_values).enumerate() {
            let parameters = Parameters::<L>::new(model, draws);
            let lanes = 0..parameters.n_draws;
            components.fill(window, &parameters);
            let mut all = vec![0.0; parameters.n_draws];
            for (found, channel) in found.iter_mut().zip(&components.channels) {
                let mut sum = Sum::<L>::new();
                channel.iter().for_each(|&x| sum.add(x));
                all.iter_mut().enumerate().for_each(|(lane, all)| *all += sum.get(lane));
                found.extend(lanes.clone().map(|lane| sum.get(lane)));
            }
            found[n].extend(all);
            let (mut mean, mut drawn) = (Sum::<L>::new(), Sum::<L>::new());
            let (likelihood, p) = (structure.likelihood, &parameters.likelihood);
            for (row, &mu) in components.mu.iter().enumerate() {
                let (date, draw) = ((window.dates.start + row) as u32, (block * L::LEN) as u32);
                mean.add(likelihood.expected(mu, p, model.lower));
                drawn.add(likelihood.sample(mu, p, model.lower, Noise { key, date, draw }));
            }
            found[n + 1].extend(lanes.clone().map(|lane| mean.get(lane)));
            found[n + 2].extend(lanes.map(|lane| drawn.get(lane)));
        }
        found
    }
}
