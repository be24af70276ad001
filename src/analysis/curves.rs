//! Curves of every channel: the response to a steady spend, and how an effect fades.

use super::forward::{Carry, Parameters};
use super::{Estimate, Fitted};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::adstock::recursion;

/// Steps of a response curve.
const STEPS: usize = 40;
/// What is left of an effect that never ends where its curve does.
const LEFT: f64 = 1e-3;
/// Where it ends, in times of the largest spend on a training row.
const END: f64 = 1.5;

/// A point of a response curve, in original units.
#[derive(Clone, Debug)]
pub struct ResponseRow {
    /// The channel.
    pub channel: String,
    /// Spend per date, the same on every date for ever.
    pub spend: f64,
    /// It in the model's units.
    pub spend_scaled: f64,
    /// What it contributes per date.
    pub response: Estimate,
    /// What one more unit of spend per date would add per date.
    pub marginal: Estimate,
}

/// How much of an effect falls on a date.
#[derive(Clone, Debug)]
pub struct AdstockRow {
    /// The channel.
    pub channel: String,
    /// Dates after the spend; before it where negative.
    pub lag: i64,
    /// The adstock's weight.
    pub weight: Estimate,
}

/// The response curves of some channels, from no spend to 1.5 times the largest of a training row.
/// A channel without training spend has none.
pub fn response_curves(fitted: &Fitted, channels: &[usize]) -> Vec<ResponseRow> {
    let panel = &fitted.panel;
    let mut rows = Vec::new();
    for &c in channels {
        let (scale, target) = (panel.channel_scale[c], panel.target_scale.factor);
        let spent = panel.spend.column(c);
        let largest = spent.iter().take(panel.n_train).copied().fold(0.0, f64::max);
        if largest == 0.0 || scale.factor == 0.0 {
            continue;
        }
        let spends: Vec<f64> =
            (0..=STEPS).map(|k| END * largest * k as f64 / STEPS as f64).collect();
        let scaled: Vec<f64> = spends.iter().map(|&x| scale.scale(x)).collect();
        let found = dispatch(Isa::detect(), Curve { fitted, c, spends: &scaled });
        for ((spend, spend_scaled), [response, marginal]) in
            spends.into_iter().zip(scaled).zip(found)
        {
            rows.push(ResponseRow {
                channel: panel.channels[c].clone(),
                spend,
                spend_scaled,
                response: Estimate::scaled(&response, target),
                marginal: Estimate::scaled(&marginal, target / scale.factor),
            });
        }
    }
    rows
}

/// Response and its derivative at some scaled spends.
struct Curve<'a> {
    fitted: &'a Fitted,
    c: usize,
    spends: &'a [f64],
}

impl Task for Curve<'_> {
    type Scalar = f64;
    /// `[spend][response, derivative][draw]`.
    type Output = Vec<[Vec<f64>; 2]>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Self::Output {
        let Curve { fitted, c, spends } = self;
        let structure = &fitted.model.structure;
        let draws = || Vec::with_capacity(fitted.n_draws());
        let mut found: Self::Output = spends.iter().map(|_| [draws(), draws()]).collect();
        for draws in fitted.draws.chunks(L::LEN * structure.n_values) {
            let parameters = Parameters::<L>::new(&fitted.model, draws);
            for (&spend, found) in spends.iter().zip(&mut found) {
                let point = parameters.steady(structure, c, L::splat(spend));
                for (found, x) in found.iter_mut().zip(point) {
                    found.extend((0..parameters.n_draws).map(|lane| x.get(lane)));
                }
            }
        }
        found
    }
}

/// The adstock weights of some channels. Those of a recursion end where less than a thousandth of an effect
/// is left in nineteen of twenty draws, or with the training rows.
pub fn adstock_curves(fitted: &Fitted, channels: &[usize]) -> Vec<AdstockRow> {
    let structure = &fitted.model.structure;
    let lags: Vec<usize> = channels.iter().map(|&c| lags(fitted, c)).collect();
    let found = dispatch(Isa::detect(), Weights { fitted, channels, lags: &lags });
    let keys = channels.iter().zip(&lags).flat_map(|(&c, &lags)| {
        let adstock = &structure.channels[c].adstock;
        (0..lags).map(move |j| (c, j as i64 - adstock.shift as i64))
    });
    keys.zip(found)
        .map(|((c, lag), draws)| AdstockRow {
            channel: fitted.panel.channels[c].clone(),
            lag,
            weight: Estimate::of(&draws),
        })
        .collect()
}

/// The number of a channel's weights that are told.
fn lags(fitted: &Fitted, c: usize) -> usize {
    let structure = &fitted.model.structure;
    let adstock = &structure.channels[c].adstock;
    if !adstock.is_recursion() {
        return adstock.n_weights;
    }
    let draws = fitted.draws.iter().skip(adstock.slots[0]).step_by(structure.n_values);
    let mut alphas: Vec<f64> = draws.copied().collect();
    alphas.sort_by(f64::total_cmp);
    let high = alphas[(alphas.len() - 1) * 19 / 20];
    recursion::lags(high, LEFT).min(fitted.panel.n_train)
}

/// Weights of channels.
struct Weights<'a> {
    fitted: &'a Fitted,
    channels: &'a [usize],
    /// Of each of them.
    lags: &'a [usize],
}

impl Task for Weights<'_> {
    type Scalar = f64;
    /// `[channel × lag][draw]`.
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Self::Output {
        let Weights { fitted, channels, lags } = self;
        let structure = &fitted.model.structure;
        let mut found = vec![Vec::new(); lags.iter().sum()];
        for draws in fitted.draws.chunks(L::LEN * structure.n_values) {
            let parameters = Parameters::<L>::new(&fitted.model, draws);
            let mut found = found.iter_mut();
            for (&c, &lags) in channels.iter().zip(lags) {
                let weights = match &parameters.adstock[c] {
                    Carry::Weights(weights) => weights.clone(),
                    Carry::Recursion(recursion) => recursion.weights(lags),
                };
                for (w, found) in weights.into_iter().zip(found.by_ref()) {
                    found.extend((0..parameters.n_draws).map(|lane| w.get(lane)));
                }
            }
        }
        found
    }
}
