//! Prediction and components of every date.

use super::forward::{Components, Parameters, Window};
use super::scores::{Scores, crps};
use crate::data::Panel;
use crate::diagnostics::{HALF_PROB, HDI_PROB, bits, hdi_sorted, sort_by_bits};
use crate::math::{Key, Lane, Real};
use crate::model::effect::Part;
use crate::model::likelihood::Noise;
use jiff::civil::Date;

/// Most draws that the intervals of predictions rest on.
pub const MAX_PREDICTIONS: usize = 4000;

/// What a date was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// The model was fitted to it.
    Train,
    /// It was held out.
    Test,
}

impl Set {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Set::Train => "train",
            Set::Test => "test",
        }
    }
}

/// One row of time.parquet, in the target's units.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeRow {
    /// The date.
    pub date: Date,
    /// What it was used for.
    pub set: Set,
    /// The target.
    pub actual: f64,
    /// Mean of the posterior predictive, the noise integrated out draw by draw. Equals the sum of
    /// the components unless the likelihood is truncated.
    pub predicted_mean: f64,
    /// Lower end of the posterior predictive's 94 % highest-density interval.
    pub predicted_hdi_3: f64,
    /// Upper end of it.
    pub predicted_hdi_97: f64,
    /// Lower end of its 50 % highest-density interval.
    pub predicted_hdi_25: f64,
    /// Upper end of it.
    pub predicted_hdi_75: f64,
    /// Mean of the intercept; with the shift of the target's scale, if it has one.
    pub baseline: f64,
    /// Mean of the seasonality.
    pub seasonality: f64,
    /// Mean of all controls' effects.
    pub control: f64,
    /// Mean effect of all events; none where the model has no events.
    pub event: Option<f64>,
    /// Mean contribution of every channel.
    pub channels: Vec<f64>,
}

/// What is gathered of a window's dates while the draws pass.
pub(super) struct Predictions<'a, R> {
    window: &'a Window<'a, R>,
    key: Key,
    n_draws: usize,
    /// Every so many draws, one is predicted with noise.
    stride: usize,
    /// Draws of y, `[row][kept draw]`, on the scaled target.
    draws: Vec<Vec<f32>>,
    /// Sum over the draws of E[y], `[row]`.
    expected: Vec<f64>,
    /// Sums over the draws of the contributions, `[channel][row]`.
    channels: Vec<Vec<f64>>,
    /// And of what is not linear in the other components, `[part][row]`.
    curved: [Vec<f64>; Part::ALL.len()],
}

impl<'a, R: Real> Predictions<'a, R> {
    /// For so many draws.
    pub fn new(window: &'a Window<'a, R>, key: Key, n_draws: usize) -> Self {
        let stride = n_draws.div_ceil(MAX_PREDICTIONS).max(1);
        let rows = window.n_dates();
        let draws = vec![Vec::with_capacity(n_draws.div_ceil(stride)); rows];
        let channels = vec![vec![0.0; rows]; window.model.structure.channels.len()];
        let curved = Part::ALL.map(|_| vec![0.0; rows]);
        Self { window, key, n_draws, stride, draws, expected: vec![0.0; rows], channels, curved }
    }

    /// Adds the draws of a block, the first of them `first`; blocks come in order.
    #[inline(always)]
    pub fn add<L: Lane<Scalar = R>>(
        &mut self,
        first: usize,
        parameters: &Parameters<L>,
        components: &Components<L>,
    ) {
        let (model, n) = (self.window.model, parameters.n_draws);
        let (likelihood, lower) = (model.structure.likelihood, model.lower);
        let p = &parameters.likelihood;
        let kept = (0..n).filter(|lane| (first + lane).is_multiple_of(self.stride));
        let kept: Vec<usize> = kept.collect();
        for (row, &mu) in components.mu.iter().enumerate() {
            let y = likelihood.expected(mu, p, lower);
            self.expected[row] += sum(y, n);
            if !kept.is_empty() {
                let date = (self.window.dates.start + row) as u32;
                let noise = Noise { key: self.key, date, draw: first as u32 };
                let y = likelihood.sample(mu, p, lower, noise);
                self.draws[row].extend(kept.iter().map(|&lane| y.get(lane) as f32));
            }
        }
        for (sums, contributions) in self.channels.iter_mut().zip(&components.channels) {
            for (total, &x) in sums.iter_mut().zip(contributions) {
                *total += sum(x, n);
            }
        }
        for (part, sums) in Part::ALL.into_iter().zip(&mut self.curved) {
            for (total, &x) in sums.iter_mut().zip(self.window.curved(part, parameters)) {
                *total += sum(x, n);
            }
        }
    }

    /// The table's rows and their scores, given the mean of every parameter.
    pub fn finish(mut self, panel: &Panel, means: &[f64]) -> (Vec<TimeRow>, Scores) {
        let scale = panel.target_scale;
        let set = if self.window.dates.start < panel.n_train { Set::Train } else { Set::Test };
        let (mut rows, mut scores) = (Vec::new(), Vec::new());
        let has_events = self.window.model.structure.curved.has(Part::Event);
        let [baseline, seasonality, control, event] = std::array::from_fn(|k| {
            let linear = self.window.linear(Part::ALL[k], means).into_iter();
            let curved = self.curved[k].iter().map(|sum| sum / self.n_draws as f64);
            linear.zip(curved).map(|(linear, curved)| linear + curved).collect::<Vec<f64>>()
        });
        let mut sorted = Vec::new();
        for (row, date) in self.window.dates.clone().enumerate() {
            let actual = panel.target[date];
            let draws = &mut self.draws[row];
            sort_by_bits(draws, |&y| bits(f64::from(y)));
            sorted.clear();
            // The factor of the target is positive: the order stays.
            sorted.extend(draws.iter().map(|&y| scale.unscale(f64::from(y))));
            let [predicted_hdi_3, predicted_hdi_97] = hdi_sorted(&sorted, HDI_PROB);
            let [predicted_hdi_25, predicted_hdi_75] = hdi_sorted(&sorted, HALF_PROB);
            scores.push(crps(&sorted, actual));
            let mean = |sums: &Vec<f64>| sums[row] / self.n_draws as f64;
            rows.push(TimeRow {
                date: panel.dates[date],
                set,
                actual,
                predicted_mean: scale.unscale(mean(&self.expected)),
                predicted_hdi_3,
                predicted_hdi_97,
                predicted_hdi_25,
                predicted_hdi_75,
                baseline: scale.unscale(baseline[row]),
                seasonality: seasonality[row] * scale.factor,
                control: control[row] * scale.factor,
                event: has_events.then(|| event[row] * scale.factor),
                channels: self.channels.iter().map(|sums| mean(sums) * scale.factor).collect(),
            });
        }
        let scores = Scores::new(&rows, &scores);
        (rows, scores)
    }
}

/// Sum of the first `n` lanes; all of them in four strands, which is what takes the time.
#[inline(always)]
fn sum<L: Lane>(x: L, n: usize) -> f64 {
    if n < L::LEN {
        return (0..n).map(|lane| x.get(lane)).sum();
    }
    let mut strands = [0.0; 4];
    for lane in (0..L::LEN).step_by(4) {
        for (k, strand) in strands.iter_mut().enumerate() {
            *strand += x.get(lane + k);
        }
    }
    (strands[0] + strands[1]) + (strands[2] + strands[3])
}
