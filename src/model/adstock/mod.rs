//! Adstock: how an effect spreads over the periods after (or before) a spend.

use super::family::{Family, families};
use crate::math::{Lane, Part};

#[cfg(test)]
mod tests;

families! {
    ($)
    /// A family of adstock weights.
    Adstock of Family {
        Geometric => geometric,
        Binomial => binomial,
        Delayed => delayed,
        WeibullPdf => weibull_pdf,
        WeibullCdf => weibull_cdf,
        Recursion => recursion,
        None => none,
    }
}

/// Parameters of the family with the most of them.
pub const MAX_PARAMETERS: usize = 2;

pub use recursion::Recursion;

/// Where the weights stand relative to the period of the spend.
pub use crate::config::Mode;

impl Adstock {
    /// Number of weights for a given `l_max`.
    pub fn n_weights(self, l_max: usize) -> usize {
        each!(self, leaf => leaf::n_weights(l_max))
    }

    /// Raw weights `w` (n) and their derivatives `dw` (parameter-major, parameters × n).
    #[inline(always)]
    pub fn weights<L: Lane>(self, parameters: &[L], w: &mut [L], dw: &mut [L]) {
        L::call(Weights { family: self, parameters, w, dw });
    }
}

struct Weights<'a, L> {
    family: Adstock,
    parameters: &'a [L],
    w: &'a mut [L],
    dw: &'a mut [L],
}

impl<L: Lane> Part for Weights<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        each!(self.family, leaf => leaf::weights(self.parameters, self.w, self.dw))
    }
}

/// Divides weights by their sum.
#[inline(always)]
pub fn normalize<L: Lane>(w: &mut [L]) -> L {
    let mut sum = L::zero();
    for &weight in w.iter() {
        sum += weight;
    }
    let inverse = L::splat(1.0) / sum;
    for weight in w.iter_mut() {
        *weight *= inverse;
    }
    inverse
}

/// The weighted sums over `N` windows of as many values as there are weights, each window one value
/// after the last: the first weight on a window's newest value.
#[inline(always)]
pub fn weigh<L: Lane, T, const N: usize>(
    weights: &[L],
    values: &[T],
    lane: impl Fn(&T) -> L,
) -> [L; N] {
    let mut sums = [L::zero(); N];
    for (w, x) in weights.iter().zip(values.windows(N).rev()) {
        for d in 0..N {
            sums[d] = w.mul_add(lane(&x[d]), sums[d]);
        }
    }
    sums
}

/// How far the window of weights is shifted into the future: the adstocked value at t is
/// `Σ_j w_j x[t + shift − j]`.
pub fn shift(mode: Mode, n_weights: usize) -> usize {
    match mode {
        Mode::After => 0,
        Mode::Before => n_weights - 1,
        Mode::Overlap => (n_weights - 1) / 2,
    }
}
