//! Cauchy(alpha, beta): alpha the location, beta the scale.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, required};
use crate::math::Lane;
use rand::Rng;
use rand_distr::Distribution as _;
use std::f64::consts::PI;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Cauchy",
    formula: "1 / (pi beta (1 + ((x - alpha)/beta)^2))",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/cauchy"),
};

const ARGUMENTS: [Argument; 2] =
    [required("alpha", Support::Real), required("beta", Support::POSITIVE)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// All reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::Real
}

/// [alpha, 1/beta, –, −ln π beta].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 1.0 / a[1], 0.0, -(PI * a[1]).ln()]
}

/// −ln(1 + z²) + constant, z = (x − alpha)/beta.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.x - c[0]) * c[1];
    let square = z * z;
    (c[3] - square.ln_1p(), -(z + z) * c[1] / (square + L::splat(1.0)))
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let (one, zero) = (L::splat(1.0), L::zero());
    let inverse = one / a[1];
    let z = (value.x - a[0]) * inverse;
    let slope = (z + z) * inverse / z.mul_add(z, one);
    Nested {
        logp: -(L::splat(PI) * a[1]).ln() - (z * z).ln_1p(),
        dx: -slope,
        da: [slope, z * slope - inverse, zero, zero],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Cauchy::new(a[0], a[1]).expect("checked arguments").sample(rng)
}
