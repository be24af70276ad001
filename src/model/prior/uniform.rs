//! Uniform(lower, upper).

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, OpenClosed01};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Uniform",
    formula: "1 / (upper - lower), lower < x < upper",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/uniform"),
};

const ARGUMENTS: [Argument; 2] =
    [optional("lower", Support::Real, 0.0), optional("upper", Support::Real, 1.0)];

/// Checks the order.
pub fn canonical(_which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    if a[0] >= a[1] {
        return Err(format!("lower ({}) must be below upper ({})", a[0], a[1]));
    }
    Ok(a.to_vec())
}

/// Between the bounds.
pub fn support(a: &[f64]) -> Support {
    Support::Between(a[0], a[1])
}

/// [–, –, –, −ln(upper − lower)].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [0.0, 0.0, 0.0, -(a[1] - a[0]).ln()]
}

/// Constant.
#[inline(always)]
pub fn log_density<L: Lane>(_value: Value<L>, c: &Constants<L>) -> (L, L) {
    (c[3], L::zero())
}

/// Its bounds are numbers: only the density is of use.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, _value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let inverse = L::splat(1.0) / (a[1] - a[0]);
    Nested {
        logp: inverse.ln(),
        dx: L::zero(),
        da: [inverse, -inverse, L::zero(), L::zero()],
    }
}

/// lower + (upper − lower) u.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let u: f64 = OpenClosed01.sample(rng);
    a[0] + (a[1] - a[0]) * u
}
