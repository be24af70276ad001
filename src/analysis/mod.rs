//! What a fitted model says: contributions, returns, predictions and their scores, in one pass over
//! the draws.
//!
//! The pass runs on single-precision lanes: sixteen draws at once, on the best instruction set there
//! is. Single precision is what the draws themselves are made in; sums over draws are double. Draws
//! × dates × channels is never held: a block of sixteen draws is reduced before the next one is made.

mod change;
mod channels;
mod component;
mod curves;
mod device;
mod draws;
mod estimate;
mod fitted;
mod forward;
mod loo;
mod period;
mod predict;
mod prior;
mod reweigh;
mod scores;
mod sweep;
#[cfg(test)]
mod tests;
mod time;

pub use crate::model::effect::Part;
pub use channels::ChannelRow;
pub use component::{
    Component, ComponentOnDate, ComponentRow, component_dates, component_totals, mean_without_media,
};
pub use curves::{AdstockRow, ResponseRow, adstock_curves, response_curves};
pub use device::program as sweep_program;
pub use draws::predictive_draws;
pub use estimate::Estimate;
pub use fitted::{Fitted, series_key};
pub use forward::{Components, Parameters, Window};
pub use loo::{Loo, loo, loo_together};
pub use period::{Frequency, ReturnRow, returns};
pub use predict::predict;
pub use prior::prior_draws;
pub use reweigh::{Reweighed, ReweighedOnDate, ReweighedRow, reweigh, reweigh_dates};
pub use scores::{Judged, Scores};
pub use sweep::{ALL_CHANNELS, Sweep, SweepKind, SweepRow, sweep, sweep_on};
pub use time::{MAX_PREDICTIONS, Set, TimeRow};

use crate::data::Panel;
use crate::math::{Isa, Key, Lane, Task, dispatch};
use crate::model::Model;
use channels::Totals;

use time::Predictions;

/// The rows of one model in the tables of a run, and its fit.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Per channel, over the training rows.
    pub channels: Vec<ChannelRow>,
    /// Per date, training rows first.
    pub time: Vec<TimeRow>,
    /// How well the training rows are predicted.
    pub train: Scores,
    /// How well the test rows are; NaN where there are none.
    pub test: Scores,
}

/// Analyses the draws of a model, `draws × values` in the layout's order and on the parameters' natural
/// scale; `key` is that of the model's random numbers.
///
/// Every draw counts for means, channels and their intervals; the intervals of the predictions and
/// the CRPS rest on at most [`MAX_PREDICTIONS`] of them, evenly spaced. Without draws all is NaN.
///
/// # Panics
/// If the draws are not rows of the model's dim, or the panel is not the model's.
pub fn analyse(model: &Model, panel: &Panel, key: Key, draws: &[f64]) -> Analysis {
    let dim = model.structure.n_values;
    assert_eq!(draws.len() % dim, 0, "draws are rows of {dim} parameters");
    assert_eq!(model.series.n_dates(), panel.dates.len(), "the panel is the model's");
    let windows = [Window::train(model), Window::test(model)];
    let (channels, times) = dispatch(Isa::detect(), Pass { windows: &windows, panel, key, draws });
    let means = means(draws, dim);
    let [(mut rows, train), (test_rows, test)] = times.map(|time| time.finish(panel, &means));
    rows.extend(test_rows);
    Analysis { channels: channels.rows(panel), time: rows, train, test }
}

/// The one pass over the draws.
struct Pass<'a> {
    windows: &'a [Window<'a, f32>; 2],
    panel: &'a Panel,
    key: Key,
    draws: &'a [f64],
}

impl<'a> Task for Pass<'a> {
    type Scalar = f32;
    type Output = (Totals, [Predictions<'a, f32>; 2]);

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Self::Output {
        let Pass { windows, panel, key, draws } = self;
        let structure = &windows[0].model.structure;
        let n_draws = draws.len() / structure.n_values;
        let raised = channels::raised(&windows[0], panel);
        let mut totals = Totals::new(panel.channels.len(), n_draws);
        let mut times = windows.each_ref().map(|window| Predictions::new(window, key, n_draws));
        let mut components = windows.each_ref().map(Components::<L>::new);
        for (block, draws) in draws.chunks(L::LEN * structure.n_values).enumerate() {
            let parameters = Parameters::new(windows[0].model, draws);
            let first = block * L::LEN;
            for ((window, time), components) in windows.iter().zip(&mut times).zip(&mut components)
            {
                components.fill(window, &parameters);
                time.add(first, &parameters, components);
            }
            totals.add(&windows[0], &raised, &parameters, &components[0]);
        }
        (totals, times)
    }
}

/// Mean of every parameter.
fn means(draws: &[f64], dim: usize) -> Vec<f64> {
    let mut means = vec![0.0; dim];
    for draw in draws.chunks(dim) {
        means.iter_mut().zip(draw).for_each(|(mean, x)| *mean += x);
    }
    let n = (draws.len() / dim) as f64;
    means.iter_mut().for_each(|mean| *mean /= n);
    means
}
