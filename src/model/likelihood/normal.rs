//! Normal likelihood.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{Constants, Noise, Parameters, Pointwise};
use crate::math::Lane;

/// ½ ln 2π.
pub const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "Normal",
    formula: "y ~ Normal(mu, sigma)",
    parameters: &[SIGMA],
    wgsl: wgsl!("likelihood/normal"),
};

/// The standard deviation.
pub(super) const SIGMA: Parameter = Parameter {
    name: "sigma",
    domain: Support::POSITIVE,
    default: ("HalfNormal", &[("sigma", 2.0)]),
};

/// All reals.
pub fn support(_lower: f64) -> Support {
    Support::Real
}

/// [1/sigma, −ln sigma − ½ ln 2π].
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, _lower: L) -> Constants<L> {
    let norm = -p[0].ln() - L::splat(HALF_LN_TAU);
    [L::splat(1.0) / p[0], norm, L::zero(), L::zero()]
}

/// −z²/2 + constant, z = (y − mu)/sigma.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, _p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let z = (y - mu) * c[0];
    Pointwise {
        logp: z * z * L::splat(-0.5) + c[1],
        dmu: z * c[0],
        dp: [(z * z - L::splat(1.0)) * c[0], L::zero()],
    }
}

/// mu.
#[inline(always)]
pub fn expected<L: Lane>(mu: L, _p: &Parameters<L>, _lower: f64) -> L {
    mu
}

/// mu + sigma z.
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64, noise: Noise) -> L {
    p[0].mul_add(noise.normals::<L>()[0], mu)
}
