//! Laplace likelihood: mu is the median, and errors count by their size, not its square.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{Constants, Noise, Parameters, Pointwise};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "Laplace",
    formula: "y ~ Laplace(mu, b)",
    parameters: &[Parameter {
        name: "b",
        domain: Support::POSITIVE,
        default: ("HalfNormal", &[("sigma", 2.0)]),
    }],
    wgsl: wgsl!("likelihood/laplace"),
};

/// All reals.
pub fn support(_lower: f64) -> Support {
    Support::Real
}

/// [1/b, −ln 2b].
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, _lower: L) -> Constants<L> {
    [L::splat(1.0) / p[0], -(p[0] + p[0]).ln(), L::zero(), L::zero()]
}

/// −|y − mu|/b + constant; the derivative at mu = y is that from below.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, _p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let dmu = L::select_lt(y, mu, -c[0], c[0]);
    let distance = (y - mu) * dmu;
    Pointwise {
        logp: c[1] - distance,
        dmu,
        dp: [(distance - L::splat(1.0)) * c[0], L::zero()],
    }
}

/// mu.
#[inline(always)]
pub fn expected<L: Lane>(mu: L, _p: &Parameters<L>, _lower: f64) -> L {
    mu
}

/// mu + b (z₁ z₂ + z₃ z₄), the sum of two products of normal numbers.
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64, noise: Noise) -> L {
    let [a, b, c, d] = noise.normals::<L>();
    p[0].mul_add(a.mul_add(b, c * d), mu)
}
