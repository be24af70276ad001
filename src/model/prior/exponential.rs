//! Exponential(lam), lam the rate; or by its mean, scale.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, required};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, Exp1};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Exponential",
    formula: "lam exp(-lam x), x > 0",
    signatures: &[&ARGUMENTS, &BY_SCALE],
    wgsl: wgsl!("prior/exponential"),
};

const ARGUMENTS: [Argument; 1] = [required("lam", Support::POSITIVE)];
const BY_SCALE: [Argument; 1] = [required("scale", Support::POSITIVE)];

/// By scale: lam = 1/scale.
pub fn canonical(which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    Ok(vec![if which == 0 { a[0] } else { 1.0 / a[0] }])
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [lam, –, –, ln lam].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 0.0, 0.0, a[0].ln()]
}

/// ln lam − lam x.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    (c[3] - c[0] * value.x, -c[0])
}

/// As a function of its argument, too; a scale is turned into a rate.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let inverse = L::splat(1.0) / a[0];
    let lam = if signature == 1 { inverse } else { a[0] };
    let dlam = L::splat(1.0) / lam - value.x;
    // dlam/dscale = −lam²
    let da = if signature == 1 { -(dlam * lam * lam) } else { dlam };
    Nested {
        logp: lam.ln() - lam * value.x,
        dx: -lam,
        da: [da, L::zero(), L::zero(), L::zero()],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let e: f64 = Exp1.sample(rng);
    e / a[0]
}
