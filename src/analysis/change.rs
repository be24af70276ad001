//! What other spends would have brought, draw by draw: the kernel of sweeps and of counterfactuals.

use super::Fitted;
use super::channels::Sum;
use super::forward::{Parameters, Window};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::Model;
use rayon::prelude::*;

/// Draws that one thread takes at a time.
const BLOCK: usize = 512;

/// What a channel contributes on the dates of a window at one spend, less what it does at another.
pub struct Change<'a> {
    /// The dates.
    pub window: &'a Window<'a, f32>,
    /// The channel.
    pub channel: usize,
    /// Scaled spend, as [`Window::pad`] makes it.
    pub spend: Vec<f32>,
    /// The spend it is held against; none for no contribution at all.
    pub against: Option<Vec<f32>>,
}

/// The sum over its dates of every change, `[change][draw]`, on the scaled target.
pub fn totals(fitted: &Fitted, changes: &[Change<'_>]) -> Vec<Vec<f64>> {
    let dim = fitted.model.structure.n_values;
    let blocks: Vec<Vec<Vec<f64>>> = fitted
        .draws
        .par_chunks(BLOCK * dim)
        .map(|draws| dispatch(Isa::detect(), Totals { model: &fitted.model, draws, changes }))
        .collect();
    let all = |k: usize| blocks.iter().flat_map(|block| block[k].iter().copied()).collect();
    (0..changes.len()).map(all).collect()
}

struct Totals<'a> {
    model: &'a Model,
    draws: &'a [f64],
    changes: &'a [Change<'a>],
}

impl Task for Totals<'_> {
    type Scalar = f32;
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<Vec<f64>> {
        let Totals { model, draws, changes } = self;
        let structure = &model.structure;
        let longest = changes.iter().map(|change| change.window.n_dates()).max().unwrap_or(0);
        let mut responses = [vec![L::zero(); longest], vec![L::zero(); longest]];
        let mut totals = vec![Vec::with_capacity(draws.len() / structure.n_values); changes.len()];
        for draws in draws.chunks(L::LEN * structure.n_values) {
            let parameters = Parameters::<L>::new(model, draws);
            for (change, totals) in changes.iter().zip(&mut totals) {
                let rows = change.window.n_dates();
                let [at, against] = &mut responses;
                change.window.media(change.channel, &change.spend, &parameters, &mut at[..rows]);
                match &change.against {
                    None => against[..rows].fill(L::zero()),
                    Some(spend) => change.window.media(
                        change.channel,
                        spend,
                        &parameters,
                        &mut against[..rows],
                    ),
                }
                let mut sum = Sum::<L>::new();
                for (&at, &against) in at[..rows].iter().zip(&against[..rows]) {
                    sum.add(at - against);
                }
                totals.extend((0..parameters.n_draws).map(|lane| sum.get(lane)));
            }
        }
        totals
    }
}
