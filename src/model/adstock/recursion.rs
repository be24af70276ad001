//! Recursion: a_t = x_t + alpha a_(t−1) (Broadbent, "One way TV advertisements work", Journal of the
//! Market Research Society 21(3), 1979), the geometric adstock that never ends.
//!
//! What is carried over is one number, not a window of spends: engines take the dates in their order.

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "recursion",
    formula: "a_t = x_t + alpha a_(t-1): w_j = alpha^j for all lags j (0^0 = 1)",
    parameters: &[Parameter {
        name: "alpha",
        domain: Support::UNIT,
        default: ("Beta", &[("alpha", 1.0), ("beta", 3.0)]),
    }],
    wgsl: wgsl!("adstock/recursion"),
};

/// The weight of a spend's own date; for those of later dates see [`Recursion`].
pub fn n_weights(_l_max: usize) -> usize {
    1
}

/// As many weights as are asked for, those of the geometric adstock.
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    super::geometric::weights(parameters, w, dw);
}

/// The recursion at one alpha: a_t = gain x_t + alpha a_(t−1), where the gain, 1 − alpha, divides the
/// weights by their sum, or is 1.
#[derive(Clone, Copy, Debug)]
pub struct Recursion<L> {
    /// What is left of an effect on the next date.
    pub alpha: L,
    /// The weight of a spend's own date.
    pub gain: L,
    /// Its derivative in alpha.
    gain_slope: L,
    normalized: bool,
}

impl<L: Lane> Recursion<L> {
    /// At an alpha; `normalize`: whether the weights are divided by their sum.
    #[inline(always)]
    pub fn new(alpha: L, normalize: bool) -> Self {
        let one = L::splat(1.0);
        let (gain, gain_slope) = if normalize { (one - alpha, -one) } else { (one, L::zero()) };
        Self { alpha, gain, gain_slope, normalized: normalize }
    }

    /// a_t, given a_(t−1) and x_t.
    #[inline(always)]
    pub fn next(&self, before: L, x: L) -> L {
        self.alpha.mul_add(before, self.gain * x)
    }

    /// da_t/dalpha, given that of the date before, a_(t−1) and x_t.
    #[inline(always)]
    pub fn slope(&self, slope: L, before: L, x: L) -> L {
        self.alpha.mul_add(slope, self.gain_slope.mul_add(x, before))
    }

    /// The weights of the first `n` lags.
    pub fn weights(&self, n: usize) -> Vec<L> {
        std::iter::successors(Some(self.gain), |&w| Some(w * self.alpha)).take(n).collect()
    }

    /// What a spend of 1 on every date tends to: the sum of the weights.
    #[inline(always)]
    pub fn total(&self) -> L {
        let one = L::splat(1.0);
        // An alpha that was rounded to 1 has no end.
        let rest = (one - self.alpha).max(L::splat(f64::EPSILON));
        if self.normalized { one } else { one / rest }
    }
}

/// The number of lags after which at most a share of an effect is `left`; [`usize::MAX`] if never.
pub fn lags(alpha: f64, left: f64) -> usize {
    match alpha {
        ..=0.0 => 1,
        1.0.. => usize::MAX,
        _ => ((left.ln() / alpha.ln()).ceil() as usize).max(1),
    }
}
