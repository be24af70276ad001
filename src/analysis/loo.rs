//! How well a model would predict each training row from all others: PSIS-LOO.

use super::Fitted;
use super::forward::{Components, Parameters, Window};
use crate::diagnostics::{ess_mean, psis_loo};
use crate::math::{Isa, Lane, Task, dispatch};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Expected log predictive density by leaving one row out at a time (Vehtari, Gelman and Gabry,
/// 2017), in the target's units.
#[derive(Clone, Debug, Default)]
pub struct Loo {
    /// Of every training row.
    pub elpd: Vec<f64>,
    /// Shape k of every row's importance weights.
    pub pareto_k: Vec<f64>,
    /// Effective number of parameters.
    pub p_loo: f64,
    /// Above this k a row's estimate is not to be trusted.
    pub good_k: f64,
}

impl Loo {
    /// Sum over the rows.
    pub fn total(&self) -> f64 {
        self.elpd.iter().sum()
    }

    /// Standard error of the sum.
    pub fn se(&self) -> f64 {
        standard_error(&self.elpd)
    }

    /// Rows whose k is too high.
    pub fn bad(&self) -> usize {
        self.pareto_k.iter().filter(|&&k| k.is_nan() || k > self.good_k).count()
    }

    /// By how much this one predicts better than another of the same rows, and the standard error of
    /// that; none if the rows are not as many.
    pub fn difference(&self, other: &Loo) -> Option<[f64; 2]> {
        (self.elpd.len() == other.elpd.len()).then(|| {
            let of: Vec<f64> = self.elpd.iter().zip(&other.elpd).map(|(a, b)| a - b).collect();
            [of.iter().sum(), standard_error(&of)]
        })
    }
}

/// √(n · variance), the variance divided by n.
fn standard_error(x: &[f64]) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    x.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt()
}

/// PSIS-LOO of the training rows of all series of a model.
pub fn loo_together(series: &[Fitted]) -> Loo {
    let mut parts = series.iter().map(loo);
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |mut all, part| {
        all.elpd.extend(part.elpd);
        all.pareto_k.extend(part.pareto_k);
        Loo { p_loo: all.p_loo + part.p_loo, ..all }
    })
}

/// PSIS-LOO of the training rows; how independent the draws are is estimated row by row.
pub fn loo(fitted: &Fitted) -> Loo {
    let (n, chains) = (fitted.n_draws(), fitted.chains.max(1));
    let found = log_likelihood(fitted);
    let rows: Vec<(f64, f64, f64)> = found
        .par_iter()
        .map(|row| {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let likelihood: Vec<f64> = row.iter().map(|x| (x - largest).exp()).collect();
            let by_chain = ArrayView2::from_shape((chains, n / chains), &likelihood);
            let ess = by_chain.map_or(f64::NAN, |x| ess_mean(x));
            // Of too few draws to tell: as if they were independent.
            let efficiency = if ess > 0.0 { ess / n as f64 } else { 1.0 };
            let (elpd, k) = psis_loo(row, efficiency);
            let lpd = largest + (likelihood.iter().sum::<f64>() / n as f64).ln();
            (elpd, k, lpd - elpd)
        })
        .collect();
    // A density per unit of the target, not of the scaled one.
    let unit = fitted.panel.target_scale.factor.ln();
    Loo {
        elpd: rows.iter().map(|row| row.0 - unit).collect(),
        pareto_k: rows.iter().map(|row| row.1).collect(),
        p_loo: rows.iter().map(|row| row.2).sum(),
        good_k: (1.0 - 1.0 / (n as f64).log10()).min(0.7),
    }
}

/// The log likelihood of every training row, `[row][draw]`.
pub(super) fn log_likelihood(fitted: &Fitted) -> Vec<Vec<f64>> {
    dispatch(Isa::detect(), LogLikelihood { fitted })
}

struct LogLikelihood<'a> {
    fitted: &'a Fitted,
}

impl Task for LogLikelihood<'_> {
    type Scalar = f64;
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Vec<Vec<f64>> {
        let Fitted { model, draws, .. } = self.fitted;
        let (structure, series) = (&model.structure, &model.series);
        let window = Window::<f64>::train(model);
        let mut components = Components::<L>::new(&window);
        let mut found = vec![Vec::with_capacity(self.fitted.n_draws()); series.n_train];
        let mut slope = [L::zero()];
        for draws in draws.chunks(L::LEN * structure.n_values) {
            let parameters = Parameters::<L>::new(model, draws);
            components.fill(&window, &parameters);
            let p = &parameters.likelihood;
            let constants = structure.likelihood.constants(p, L::splat(model.lower));
            for (row, found) in found.iter_mut().enumerate() {
                let logp = structure
                    .likelihood
                    .log_density(
                        None,
                        &series.target[row..=row],
                        &components.mu[row..=row],
                        p,
                        &constants,
                        &mut slope,
                    )
                    .logp;
                found.extend((0..parameters.n_draws).map(|lane| logp.get(lane)));
            }
        }
        found
    }
}
