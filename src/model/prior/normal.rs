//! Normal(mu, sigma).

use super::super::family::{Support, wgsl};
use super::super::likelihood::normal::HALF_LN_TAU;
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Normal",
    formula: "exp(-(x - mu)^2 / (2 sigma^2)) / (sigma sqrt(2 pi))",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/normal"),
};

const ARGUMENTS: [Argument; 2] =
    [optional("mu", Support::Real, 0.0), optional("sigma", Support::POSITIVE, 1.0)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// All reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::Real
}

/// [mu, 1/sigma, –, −ln sigma − ½ ln 2π].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 1.0 / a[1], 0.0, -a[1].ln() - HALF_LN_TAU]
}

/// −z²/2 + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.x - c[0]) * c[1];
    (z * z * L::splat(-0.5) + c[3], -z * c[1])
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, ..] = *a;
    let inverse = L::splat(1.0) / sigma;
    let z = (value.x - mu) * inverse;
    let slope = z * inverse;
    Nested {
        logp: z * z * L::splat(-0.5) - sigma.ln() - L::splat(HALF_LN_TAU),
        dx: -slope,
        da: [slope, z * slope - inverse, L::zero(), L::zero()],
    }
}

/// mu + sigma z.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    a[0] + a[1] * z
}
