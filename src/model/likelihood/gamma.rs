//! Gamma likelihood by mean mu and standard deviation sigma; outside of mu > 0 the density is 0.

use super::super::family::{Family, Support, wgsl};
use super::normal::{HALF_LN_TAU, SIGMA};
use super::{Constants, Noise, Parameters, Pointwise};
use crate::math::{Lane, stirling_remainder};
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "Gamma",
    formula: "y ~ Gamma(alpha = mu^2/sigma^2, rate = mu/sigma^2)",
    parameters: &[SIGMA],
    wgsl: wgsl!("likelihood/gamma"),
};

/// Positive reals.
pub fn support(_lower: f64) -> Support {
    Support::POSITIVE
}

/// [1/sigma].
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, _lower: L) -> Constants<L> {
    [L::splat(1.0) / p[0], L::zero(), L::zero(), L::zero()]
}

/// −alpha (d − ln(1 + d)) − ln y + ½ ln(alpha/2π) − δ(alpha) with d = (y − mu)/mu and δ the remainder of
/// Stirling's formula: its large terms are gone.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, _p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let (zero, one, half) = (L::zero(), L::splat(1.0), L::splat(0.5));
    let inverse = one / mu;
    let ratio = mu * c[0];
    let alpha = ratio * ratio;
    let d = (y - mu) * inverse;
    let gap = d - d.ln_1p();
    let (remainder, slope) = stirling_remainder(alpha);
    let logp = half * alpha.ln() - L::splat(HALF_LN_TAU) - y.ln() - alpha * gap - remainder;
    let two_alpha = alpha + alpha;
    // d logp / d alpha, times 2 alpha
    let pull = one - two_alpha * (gap + slope);
    let inside = |value, outside| L::select_lt(zero, mu, value, outside);
    Pointwise {
        logp: inside(logp, L::splat(f64::NEG_INFINITY)),
        dmu: inside((pull + alpha * d) * inverse, zero),
        dp: [inside(-(pull * c[0]), zero), zero],
    }
}

/// mu.
#[inline(always)]
pub fn expected<L: Lane>(mu: L, _p: &Parameters<L>, _lower: f64) -> L {
    mu
}

/// Marsaglia and Tsang's, through `rand_distr`; 0 where mu is not positive.
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64, noise: Noise) -> L {
    let mut y = L::zero();
    for lane in 0..L::LEN {
        let (mu, sigma) = (mu.get(lane), p[0].get(lane));
        let scale = sigma * sigma / mu;
        let drawn = rand_distr::Gamma::new(mu / scale, scale);
        y.set(lane, drawn.map_or(0.0, |gamma| gamma.sample(&mut noise.stream(lane))));
    }
    y
}
