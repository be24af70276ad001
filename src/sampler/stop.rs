//! When to stop: a cheap running estimate first, then the real gate.

use crate::diagnostics::{Extremes, Gate, Summariser};
use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

/// From this many chains on, the spread of their means tells the effective sample size well enough
/// to spare the real gate.
const MANY_CHAINS: usize = 64;
/// The running estimate is 0.75 to 1.04 times the one by autocorrelations, so below this share of
/// the target the gate is not worth its time.
const WORTH_IT: f64 = 0.7;
/// What the running estimate, a minimum over noisy values, is below the real one.
const BIAS: f64 = 0.85;

/// A look at the draws so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Smallest effective sample size over dimensions, bulk and tails: of the gate, or the running
    /// estimate where that was already hopeless.
    pub ess: f64,
    /// The worst diagnostics over dimensions, where the gate was computed.
    pub worst: Option<Gate>,
    /// Whether the gate holds.
    pub passed: bool,
    /// Times the draws so far that the gate should need.
    pub more: f64,
}

/// Looks at draws (draw, chain, dim). `thorough` computes the gate in any case.
pub(super) fn look(
    draws: ArrayView3<f32>,
    superchains: &[usize],
    target: f64,
    thorough: bool,
) -> Look {
    let chains = superchains.len();
    if chains >= MANY_CHAINS && !thorough {
        let ess = running_ess(draws);
        if ess < WORTH_IT * target {
            let ess = ess / BIAS;
            return Look { ess, worst: None, passed: false, more: target / ess };
        }
    }
    let (n, _, dim) = draws.dim();
    let summariser = Summariser::new(chains, n, superchains);
    let gates: Vec<Gate> = (0..dim)
        .into_par_iter()
        .map(|j| {
            let x = draws.index_axis(Axis(2), j).reversed_axes().mapv(f64::from);
            summariser.gate(x.view())
        })
        .collect();
    let extremes = Extremes::of(gates.iter().map(|gate| ("", *gate)));
    let worst = Gate {
        ess_bulk: extremes.ess_bulk.value,
        ess_tail: extremes.ess_tail.value,
        r_hat: extremes.r_hat.value,
        r_hat_nested: extremes.r_hat_nested.value,
    };
    let ess = worst.ess_bulk.min(worst.ess_tail);
    // R-hat² − 1 falls with the number of draws.
    let excess = (worst.r_hat_nested.powi(2) - 1.0) / 0.02;
    let more = (target / ess).max(excess);
    Look { ess, worst: Some(worst), passed: extremes.pass(chains, target), more }
}

/// chains · Var(all) / Var(chain means), the smallest over dimensions, of the draws and of the
/// indicators of both 5 % tails.
pub(super) fn running_ess(draws: ArrayView3<f32>) -> f64 {
    let (n, chains, dim) = draws.dim();
    (0..dim)
        .into_par_iter()
        .map(|j| {
            // (draw, chain), flat
            let x: Vec<f32> = draws.index_axis(Axis(2), j).iter().copied().collect();
            let mut sorted = x.clone();
            let tail = (n * chains).div_ceil(20) - 1;
            let low = *sorted.select_nth_unstable_by(tail, f32::total_cmp).1;
            let high = *sorted.select_nth_unstable_by(n * chains - 1 - tail, f32::total_cmp).1;
            let shift = f64::from(low);
            effective(&x, chains, |v| f64::from(v) - shift)
                .min(effective(&x, chains, |v| f64::from(u8::from(v <= low))))
                .min(effective(&x, chains, |v| f64::from(u8::from(v >= high))))
        })
        .reduce(|| f64::INFINITY, f64::min)
}

fn effective(x: &[f32], chains: usize, of: impl Fn(f32) -> f64) -> f64 {
    let mut sums = vec![0.0; chains];
    let mut squares = 0.0;
    for row in x.chunks(chains) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            let value = of(value);
            *sum += value;
            squares += value * value;
        }
    }
    let count = x.len() as f64;
    let draws = count / chains as f64;
    let mean = sums.iter().sum::<f64>() / count;
    let variance = squares / count - mean * mean;
    let spread: f64 = sums.iter().map(|sum| (sum / draws - mean).powi(2)).sum();
    let spread = spread / (chains - 1) as f64;
    // Nothing varies: nothing is known.
    if variance > 0.0 { chains as f64 * variance / spread } else { 0.0 }
}
