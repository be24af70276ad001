//! SkewNormal(mu, sigma, alpha): location, scale and skewness (Azzalini, 1985).

use super::super::family::{Support, wgsl};
use super::super::likelihood::normal::HALF_LN_TAU;
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};
use std::f64::consts::LN_2;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "SkewNormal",
    formula: "2/sigma phi(z) Phi(alpha z), z = (x - mu)/sigma",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/skew_normal"),
};

const ARGUMENTS: [Argument; 3] = [
    optional("mu", Support::Real, 0.0),
    optional("sigma", Support::POSITIVE, 1.0),
    optional("alpha", Support::Real, 1.0),
];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// All reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::Real
}

/// [mu, 1/sigma, alpha, ln 2 − ln sigma − ½ ln 2π].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 1.0 / a[1], a[2], LN_2 - a[1].ln() - HALF_LN_TAU]
}

/// −z²/2 + ln Φ(alpha z) + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.x - c[0]) * c[1];
    let (log_mass, mills) = (c[2] * z).log_ndtr();
    (z * z * L::splat(-0.5) + log_mass + c[3], (c[2] * mills - z) * c[1])
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, alpha, ..] = *a;
    let inverse = L::splat(1.0) / sigma;
    let z = (value.x - mu) * inverse;
    let (log_mass, mills) = (alpha * z).log_ndtr();
    let slope = (alpha * mills - z) * inverse;
    let norm = L::splat(LN_2 - HALF_LN_TAU) - sigma.ln();
    Nested {
        logp: z * z * L::splat(-0.5) + log_mass + norm,
        dx: slope,
        da: [-slope, -(z * slope) - inverse, z * mills, L::zero()],
    }
}

/// mu + sigma (delta |z| + √(1 − delta²) z′), delta = alpha/√(1 + alpha²).
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let (first, second): (f64, f64) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
    a[0] + a[1] * (a[2] * first.abs() + second) / a[2].hypot(1.0)
}
