//! When to stop: a cheap running estimate first, then the real gate.

use crate::diagnostics::{Extremes, Gate, Summariser};
use ndarray::{Array2, Array3, ArrayView3, Axis};
use rayon::prelude::*;

/// From this many chains on, the spread of their means tells the effective sample size well enough
/// to spare the real gate.
const MANY_CHAINS: usize = 64;
/// The running estimate is a minimum over noisy values, often half the one by autocorrelations: only
/// below this share of the target is the gate not worth its time.
const WORTH_IT: f64 = 0.45;
/// What the running estimate, a minimum over noisy values, is below the real one.
const BIAS: f64 = 0.85;

/// Which dimensions all of a model shares, and which are of one part of it only. Parts are independent of
/// each other given what is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// In increasing order.
    pub shared: Vec<usize>,
    /// Of every part, in increasing order.
    pub own: Vec<Vec<usize>>,
}

impl Parts {
    /// The shared dimensions, then those of every part.
    pub fn groups(&self) -> impl Iterator<Item = &Vec<usize>> {
        std::iter::once(&self.shared).chain(&self.own)
    }

    /// Number of dimensions.
    pub fn dim(&self) -> usize {
        self.groups().map(Vec::len).sum()
    }

    /// Dimensions of what is shared and the largest part together.
    pub fn width(&self) -> usize {
        self.shared.len() + self.own.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// What positions mean.
pub trait Meaning: Send + Sync {
    /// Number of quantities that are made of the positions for people; their convergence counts. Where
    /// one is a monotone function of one position only the folded part of R-hat can tell them apart, but
    /// the gate is then the one of the tables.
    fn quantities(&self) -> usize;

    /// Values (chain, draw) of a quantity, from positions (draw, chain, dim) in the coordinates of these
    /// numbers.
    fn values(&self, quantity: usize, numbers: &[[f32; 4]], draws: ArrayView3<f32>) -> Vec<f64>;

    /// The parts of the model, if it has any.
    fn parts(&self) -> Option<Parts> {
        None
    }

    /// Whether the coordinates depend on numbers.
    fn adapts(&self) -> bool {
        false
    }

    /// Numbers of coordinates that suit what is drawn. Draws are in the coordinates of `numbers`, and of
    /// the density itself, or any with the gradients there.
    fn learn(
        &self,
        numbers: &[[f32; 4]],
        _draws: ArrayView3<f32>,
        _gradients: Option<ArrayView3<f32>>,
    ) -> Vec<[f32; 4]> {
        numbers.to_vec()
    }

    /// The same draws in other coordinates.
    fn convert(&self, draws: ArrayView3<f32>, _from: &[[f32; 4]], _to: &[[f32; 4]]) -> Array3<f32> {
        draws.to_owned()
    }
}

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
    (meaning, numbers): (&dyn Meaning, &[[f32; 4]]),
) -> Look {
    let chains = superchains.len();
    if chains >= MANY_CHAINS && !thorough {
        let ess = running_ess(draws);
        if ess < WORTH_IT * target {
            let ess = ess / BIAS;
            return Look { ess, worst: None, passed: false, more: target / ess };
        }
    }
    let n = draws.dim().0;
    let summariser = Summariser::new(chains, n, superchains);
    let gates: Vec<Gate> = (0..meaning.quantities())
        .into_par_iter()
        .map(|j| {
            let x = Array2::from_shape_vec((chains, n), meaning.values(j, numbers, draws));
            summariser.gate(x.expect("a quantity has a value for every position").view())
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
    let r_hat = if chains <= 16 { worst.r_hat.max(worst.r_hat_nested) } else { worst.r_hat_nested };
    let more = (target / ess).max((r_hat * r_hat - 1.0) / 0.02);
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

#[cfg(test)]
mod tests {
    use super::super::targets::Positions;
    use super::*;
    use crate::math::{Key, normals, philox4x32};

    /// AR(1) draws (draw, chain, dim) with a shift per superchain.
    fn draws(n: usize, chains: usize, rho: f64, shift: f64) -> Array3<f32> {
        let key = Key::new(2, "stop").0;
        let normal = |i: usize, c: usize| normals(philox4x32([0, c as u32, i as u32, 0], key));
        let mut x = Array3::zeros((n, chains, 3));
        for c in 0..chains {
            let mut state = normal(n, c).map(f64::from);
            for i in 0..n {
                for j in 0..3 {
                    let z = f64::from(normal(i, c)[j]);
                    state[j] = rho * state[j] + (1.0 - rho * rho).sqrt() * z;
                    x[(i, c, j)] = (state[j] + shift * (c * 4 / chains) as f64) as f32;
                }
            }
        }
        x
    }

    fn groups(chains: usize) -> Vec<usize> {
        (0..chains).map(|c| c * 4 / chains).collect()
    }

    #[test]
    fn the_running_estimate_is_near_the_real_one() {
        for rho in [0.0, 0.5, 0.9] {
            let x = draws(200, 128, rho, 0.0);
            let running = running_ess(x.view());
            let real = look(x.view(), &groups(128), 1.0, true, (&Positions(3), &[])).ess;
            assert!((0.55..1.5).contains(&(running / real)), "{rho}: {running} for {real}");
        }
        let still = Array3::from_elem((10, 64, 2), 1.5_f32);
        assert_eq!(running_ess(still.view()), 0.0);
    }

    #[test]
    fn enough_good_draws_pass() {
        let x = draws(40, 64, 0.3, 0.0);
        let look = look(x.view(), &groups(64), 400.0, false, (&Positions(3), &[]));
        assert!(look.passed && look.worst.is_some() && look.ess >= 400.0, "{look:?}");
    }

    #[test]
    fn too_few_draws_are_seen_without_the_gate() {
        let x = draws(40, 64, 0.9, 0.0);
        let look = look(x.view(), &groups(64), 1000.0, false, (&Positions(3), &[]));
        assert!(!look.passed && look.worst.is_none() && look.more > 3.0, "{look:?}");
    }

    #[test]
    fn disagreeing_superchains_shut_the_gate() {
        let x = draws(100, 64, 0.0, 0.2);
        let look = look(x.view(), &groups(64), 100.0, true, (&Positions(3), &[]));
        assert!(!look.passed && look.ess > 100.0 && look.more > 1.0, "{look:?}");
    }
}
