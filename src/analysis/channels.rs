//! Contribution, share, return and marginal return of each channel over the training rows.

use super::estimate::Estimate;
use super::forward::{Components, Parameters, Window};
use crate::data::Panel;
use crate::math::{Lane, Real};

/// The step of the marginal return: one per cent more spend on every date.
pub(super) const STEP: f64 = 0.01;

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

/// Scaled spend raised by the step, `[channel]`, as the window reads it.
pub(super) fn raised<R: Real>(window: &Window<'_, R>, panel: &Panel) -> Vec<Vec<R>> {
    let raised = |c: usize| {
        let scale = panel.channel_scale[c];
        window.pad(|date| scale.scale(panel.spend[[date, c]] * (1.0 + STEP)))
    };
    (0..panel.channels.len()).map(raised).collect()
}

/// Totals over the training rows, on the scaled target, of every draw.
pub(super) struct Totals {
    n_draws: usize,
    /// `[channel][draw]`.
    contribution: Vec<Vec<f64>>,
    /// What the step adds, `[channel][draw]`.
    extra: Vec<Vec<f64>>,
}

impl Totals {
    /// For so many channels and draws.
    pub fn new(channels: usize, n_draws: usize) -> Self {
        let empty = vec![Vec::with_capacity(n_draws); channels];
        Self { n_draws, contribution: empty.clone(), extra: empty }
    }

    /// Adds the draws of a block, given the raised spend; blocks come in order.
    #[inline(always)]
    pub fn add<L: Lane>(
        &mut self,
        window: &Window<'_, L::Scalar>,
        raised: &[Vec<L::Scalar>],
        parameters: &Parameters<L>,
        components: &Components<L>,
    ) {
        let mut response = vec![L::zero(); window.n_dates()];
        for (c, rows) in components.channels.iter().enumerate() {
            window.media(c, &raised[c], parameters, &mut response);
            let (mut total, mut extra) = (Sum::<L>::new(), Sum::<L>::new());
            for (&x, &raised) in rows.iter().zip(&response) {
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
            let per_spend = if spend == 0.0 { f64::NAN } else { factor / spend };
            ChannelRow {
                channel: panel.channels[c].clone(),
                spend,
                contribution: Estimate::scaled(contribution, factor),
                share: Estimate::of(&share),
                roas: Estimate::scaled(contribution, per_spend),
                mroas: Estimate::scaled(extra, per_spend / STEP),
            }
        };
        (0..panel.channels.len()).map(row).collect()
    }
}

/// A sum over dates in every lane that does not lose digits to its length (Kahan, 1965).
pub(super) struct Sum<L> {
    sum: L,
    /// What the sum has too much.
    excess: L,
}

impl<L: Lane> Sum<L> {
    #[inline(always)]
    pub fn new() -> Self {
        Self { sum: L::zero(), excess: L::zero() }
    }

    #[inline(always)]
    pub fn add(&mut self, x: L) {
        let x = x - self.excess;
        let sum = self.sum + x;
        self.excess = (sum - self.sum) - x;
        self.sum = sum;
    }

    #[inline(always)]
    pub fn get(&self, lane: usize) -> f64 {
        self.sum.get(lane) - self.excess.get(lane)
    }
}
