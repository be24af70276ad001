//! What a fitted model says: contributions, returns, predictions and their scores, in one pass over
//! the draws.
//!
//! The pass runs on single-precision lanes without fused multiply-add: sixteen draws at once, the
//! same bits on every processor. Single precision is what the draws themselves are made in; sums
//! over draws and dates are double. Draws × dates × channels is never held: a block of sixteen draws
//! is reduced before the next one is made.

mod channels;
mod draws;
mod estimate;
mod forward;
mod predictive;
mod scores;
#[cfg(test)]
mod tests;
mod time;

pub use channels::ChannelRow;
pub use draws::predictive_draws;
pub use estimate::Estimate;
pub use forward::{Components, Parameters, Part, Window};
pub use predictive::{expected, predict};
pub use scores::{Scores, crps};
pub use time::{MAX_PREDICTIONS, Set, TimeRow};

use crate::data::Panel;
use crate::math::{F32, Key, Lane};
use crate::model::Model;
use channels::Totals;
use time::Predictions;

/// The lanes of the analysis.
type Lanes = F32<false>;

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

/// Analyses the draws of a model, `draws × dim` in the layout's order and on the parameters' natural
/// scale; `key` is that of the model's random numbers.
///
/// Every draw counts for means, channels and their intervals; the intervals of the predictions and
/// the CRPS rest on at most [`MAX_PREDICTIONS`] of them, evenly spaced. Without draws all is NaN.
///
/// # Panics
/// If the draws are not rows of the model's dim, or the panel is not the model's.
pub fn analyse(model: &Model, panel: &Panel, key: Key, draws: &[f64]) -> Analysis {
    let dim = model.structure.dim;
    assert_eq!(draws.len() % dim, 0, "draws are rows of {dim} parameters");
    assert_eq!(model.series.n_dates(), panel.dates.len(), "the panel is the model's");
    let n_draws = draws.len() / dim;
    let windows = [Window::train(model), Window::test(model)];
    let mut channels = Totals::<Lanes>::new(&windows[0], panel, n_draws);
    let mut times =
        windows.each_ref().map(|window| Predictions::<Lanes>::new(window, key, n_draws));
    let mut components = windows.each_ref().map(Components::new);
    for (block, draws) in draws.chunks(Lanes::LEN * dim).enumerate() {
        let parameters = Parameters::<Lanes>::new(&model.structure, draws);
        let first = block * Lanes::LEN;
        for ((window, time), components) in windows.iter().zip(&mut times).zip(&mut components) {
            components.fill(window, &parameters);
            time.add(first, &parameters, components);
        }
        channels.add(&parameters, &components[0]);
    }
    let channels = channels.rows(panel);
    let [(mut rows, train), (test_rows, test)] = times.map(|time| time.finish(panel));
    rows.extend(test_rows);
    Analysis { channels, time: rows, train, test }
}
