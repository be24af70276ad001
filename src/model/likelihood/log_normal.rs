//! LogNormal likelihood: mu is the mean of the logarithm of the scaled target, so effects multiply.

use super::super::family::{Family, Support, wgsl};
use super::{Constants, Noise, Parameters, Pointwise, normal};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "LogNormal",
    formula: "ln y ~ Normal(mu, sigma)",
    parameters: &[normal::SIGMA],
    wgsl: wgsl!("likelihood/log_normal"),
};

/// Positive reals.
pub fn support(_lower: f64) -> Support {
    Support::POSITIVE
}

/// The Normal's.
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, lower: L) -> Constants<L> {
    normal::constants(p, lower)
}

/// The Normal's at ln y, less ln y.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let log = y.ln();
    let normal = normal::pointwise(log, mu, p, c);
    Pointwise { logp: normal.logp - log, ..normal }
}

/// e^(mu + sigma²/2).
#[inline(always)]
pub fn expected<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64) -> L {
    (L::splat(0.5) * p[0]).mul_add(p[0], mu).exp()
}

/// e^(mu + sigma z).
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, lower: f64, noise: Noise) -> L {
    normal::sample(mu, p, lower, noise).exp()
}
