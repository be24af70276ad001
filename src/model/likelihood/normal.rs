//! Normal likelihood.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Pointwise};
use crate::math::Lane;

/// ½ ln 2π.
pub const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "Normal",
    formula: "y ~ Normal(mu, sigma)",
    parameters: &[Parameter {
        name: "sigma",
        domain: Support::POSITIVE,
        default: ("HalfNormal", &[("sigma", 2.0)]),
    }],
    wgsl: wgsl!("likelihood/normal"),
};

/// −z²/2 − ln sigma − ½ ln 2π with z = (y − mu)/sigma.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &[L; MAX_PARAMETERS], _lower: L) -> Pointwise<L> {
    let sigma = p[0];
    let inverse = L::splat(1.0) / sigma;
    let z = (y - mu) * inverse;
    Pointwise {
        logp: z * z * L::splat(-0.5) - sigma.ln() - L::splat(HALF_LN_TAU),
        dmu: z * inverse,
        dp: [(z * z - L::splat(1.0)) * inverse, L::zero()],
    }
}
