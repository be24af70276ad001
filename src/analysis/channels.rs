//! Contribution, share, return and marginal return of each channel over the training rows.

use super::estimate::Estimate;
use super::forward::{Components, Parameters, Window};
use crate::data::Panel;
use crate::math::Lane;

/// The step of the marginal return: one per cent more spend on every date.
const STEP: f64 = 0.01;

/// One row of channels.parquet. All but shares are in the original units.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelRow {
    /// The channel.
    pub channel: String,
    /// Its spend.
    pub spend: f64,
    /// What it added to the target.
    pub contribution: Estimate,
    /// Its part of what all channels added, draw by draw; NaN where they added nothing.
    pub share: Estimate,
    /// Contribution over spend; NaN without spend.
    pub roas: Estimate,
    /// What 1 % more spend on every date would add, over that spend; NaN without spend. In single
    /// precision known to about 10⁻⁵ of the ROAS.
    pub mroas: Estimate,
}

/// Totals over the training rows, on the scaled target, of every draw.
pub(super) struct Totals<'a, L: Lane> {
    window: &'a Window<'a, L::Scalar>,
    n_draws: usize,
    /// Spend raised by the step, `[channel]`, as the window reads it.
    raised: Vec<Vec<L::Scalar>>,
    /// Contributions with the raised spend.
    response: Vec<L>,
    /// `[channel][draw]`.
    contribution: Vec<Vec<f64>>,
    /// What the step adds, `[channel][draw]`.
    extra: Vec<Vec<f64>>,
}

impl<'a, L: Lane> Totals<'a, L> {
    /// For so many draws.
    pub fn new(window: &'a Window<'a, L::Scalar>, panel: &Panel, n_draws: usize) -> Self {
        let raised = |c: usize| {
            let scale = panel.channel_scale[c];
            window.pad(|date| scale.scale(panel.spend[[date, c]] * (1.0 + STEP)))
        };
        let n = panel.channels.len();
        Self {
            window,
            n_draws,
            raised: (0..n).map(raised).collect(),
            response: vec![L::zero(); window.n_dates()],
            contribution: vec![Vec::with_capacity(n_draws); n],
            extra: vec![Vec::with_capacity(n_draws); n],
        }
    }

    /// Adds the draws of a block; blocks come in order.
    pub fn add(&mut self, parameters: &Parameters<L>, components: &Components<L>) {
        for (c, rows) in components.channels.iter().enumerate() {
            self.window.media(c, &self.raised[c], parameters, &mut self.response);
            let (mut total, mut extra) = (Sum::<L>::new(), Sum::<L>::new());
            for (&x, &raised) in rows.iter().zip(&self.response) {
                total.add(x);
                extra.add(raised - x);
            }
            let lanes = 0..parameters.n_draws;
            self.contribution[c].extend(lanes.clone().map(|lane| total.get(lane)));
            self.extra[c].extend(lanes.map(|lane| extra.get(lane)));
        }
    }

    /// The table's rows.
    pub fn rows(&self, panel: &Panel) -> Vec<ChannelRow> {
        let mut all = vec![0.0; self.n_draws];
        for draws in &self.contribution {
            all.iter_mut().zip(draws).for_each(|(all, x)| *all += x);
        }
        let row = |c: usize| {
            let spend: f64 = panel.spend.column(c).iter().take(panel.n_train).sum();
            let (contribution, extra) = (&self.contribution[c], &self.extra[c]);
            let share: Vec<f64> = contribution.iter().zip(&all).map(|(x, all)| x / all).collect();
            let factor = panel.target_scale.factor;
            let scaled = |draws: &[f64], factor: f64| {
                Estimate::of(&draws.iter().map(|x| x * factor).collect::<Vec<_>>())
            };
            let per_spend = if spend == 0.0 { f64::NAN } else { factor / spend };
            ChannelRow {
                channel: panel.channels[c].clone(),
                spend,
                contribution: scaled(contribution, factor),
                share: Estimate::of(&share),
                roas: scaled(contribution, per_spend),
                mroas: scaled(extra, per_spend / STEP),
            }
        };
        (0..panel.channels.len()).map(row).collect()
    }
}

/// A sum over dates in every lane that does not lose digits to its length (Kahan, 1965).
struct Sum<L> {
    sum: L,
    /// What the sum has too much.
    excess: L,
}

impl<L: Lane> Sum<L> {
    fn new() -> Self {
        Self { sum: L::zero(), excess: L::zero() }
    }

    #[inline(always)]
    fn add(&mut self, x: L) {
        let x = x - self.excess;
        let sum = self.sum + x;
        self.excess = (sum - self.sum) - x;
        self.sum = sum;
    }

    fn get(&self, lane: usize) -> f64 {
        self.sum.get(lane) - self.excess.get(lane)
    }
}
