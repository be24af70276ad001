//! HalfNormal(sigma): |Normal(0, sigma)|.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};
use std::f64::consts::FRAC_2_PI;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "HalfNormal",
    formula: "sqrt(2/pi) exp(-x^2 / (2 sigma^2)) / sigma, x > 0",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/half_normal"),
};

const ARGUMENTS: [Argument; 1] = [optional("sigma", Support::POSITIVE, 1.0)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [–, 1/sigma, –, ½ ln(2/π) − ln sigma].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [0.0, 1.0 / a[0], 0.0, 0.5 * FRAC_2_PI.ln() - a[0].ln()]
}

/// −z²/2 + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = value.x * c[1];
    (z * z * L::splat(-0.5) + c[3], -z * c[1])
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let inverse = L::splat(1.0) / a[0];
    let z = value.x * inverse;
    let zero = L::zero();
    Nested {
        logp: z * z * L::splat(-0.5) - a[0].ln() + L::splat(0.5 * FRAC_2_PI.ln()),
        dx: -z * inverse,
        da: [(z * z - L::splat(1.0)) * inverse, zero, zero, zero],
    }
}

/// sigma |z|.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    a[0] * z.abs()
}
