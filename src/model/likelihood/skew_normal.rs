//! Skew normal likelihood: mu is the location, alpha the skewness (Azzalini, 1985).

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{Constants, Noise, Parameters, Pointwise, normal};
use crate::math::Lane;
use std::f64::consts::{FRAC_2_PI, LN_2};

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "SkewNormal",
    formula: "p(y) = 2/sigma phi(z) Phi(alpha z), z = (y - mu)/sigma",
    parameters: &[
        normal::SIGMA,
        Parameter {
            name: "alpha",
            domain: Support::Real,
            default: ("Normal", &[("sigma", 2.0)]),
        },
    ],
    wgsl: wgsl!("likelihood/skew_normal"),
};

/// All reals.
pub fn support(_lower: f64) -> Support {
    Support::Real
}

/// The Normal's, twice as dense.
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, lower: L) -> Constants<L> {
    let [inverse, norm, ..] = normal::constants(p, lower);
    [inverse, norm + L::splat(LN_2), L::zero(), L::zero()]
}

/// The Normal's plus ln Φ(alpha z).
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let (z, alpha) = ((y - mu) * c[0], p[1]);
    let (log_mass, mills) = (alpha * z).log_ndtr();
    let pull = z - alpha * mills;
    Pointwise {
        logp: z * z * L::splat(-0.5) + log_mass + c[1],
        dmu: pull * c[0],
        dp: [(z * pull - L::splat(1.0)) * c[0], z * mills],
    }
}

/// mu + sigma delta √(2/π), delta = alpha/√(1 + alpha²).
#[inline(always)]
pub fn expected<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64) -> L {
    (p[0] * L::splat(FRAC_2_PI.sqrt())).mul_add(delta(p[1]), mu)
}

/// mu + sigma (delta |z| + √(1 − delta²) z′).
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64, noise: Noise) -> L {
    let [z, other, ..] = noise.normals::<L>();
    let delta = delta(p[1]);
    let rest = (L::splat(1.0) - delta * delta).sqrt();
    p[0].mul_add(delta.mul_add(z.abs(), rest * other), mu)
}

#[inline(always)]
fn delta<L: Lane>(alpha: L) -> L {
    alpha / alpha.mul_add(alpha, L::splat(1.0)).sqrt()
}
