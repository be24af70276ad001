//! Laplace(mu, b).

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, Exp1};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Laplace",
    formula: "exp(-|x - mu| / b) / (2 b)",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/laplace"),
};

const ARGUMENTS: [Argument; 2] =
    [optional("mu", Support::Real, 0.0), optional("b", Support::POSITIVE, 1.0)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// All reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::Real
}

/// [mu, 1/b, –, −ln 2b].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 1.0 / a[1], 0.0, -(2.0 * a[1]).ln()]
}

/// −|x − mu|/b + constant; the derivative at mu itself is that from the right.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let distance = value.x - c[0];
    let slope = L::select_lt(distance, L::zero(), c[1], -c[1]);
    (distance * slope + c[3], slope)
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let inverse = L::splat(1.0) / a[1];
    let distance = value.x - a[0];
    let slope = L::select_lt(distance, L::zero(), inverse, -inverse);
    let z = distance * slope;
    Nested {
        logp: z - (a[1] + a[1]).ln(),
        dx: slope,
        da: [-slope, -(z + L::splat(1.0)) * inverse, L::zero(), L::zero()],
    }
}

/// An exponential with a random sign.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let e: f64 = Exp1.sample(rng);
    a[0] + a[1] * if rng.next_u32() & 1 == 0 { e } else { -e }
}
