//! Weibull(alpha, beta): alpha the shape, beta the scale.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, required};
use crate::math::Lane;
use rand::Rng;
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Weibull",
    formula: "alpha/beta (x/beta)^(alpha-1) exp(-(x/beta)^alpha), x > 0",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/weibull"),
};

const ARGUMENTS: [Argument; 2] =
    [required("alpha", Support::POSITIVE), required("beta", Support::POSITIVE)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [alpha, ln beta, –, ln alpha − ln beta].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], a[1].ln(), 0.0, a[0].ln() - a[1].ln()]
}

/// (alpha − 1) l − e^(alpha l) + constant, l = ln(x/beta).
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let l = value.ln_below - c[1];
    let power = (c[0] * l).exp();
    let before = c[0] - L::splat(1.0);
    (before * l - power + c[3], (before - c[0] * power) / value.x)
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [alpha, beta, ..] = *a;
    let (one, zero) = (L::splat(1.0), L::zero());
    let ln_beta = beta.ln();
    let l = value.ln_below - ln_beta;
    let power = (alpha * l).exp();
    let before = alpha - one;
    Nested {
        logp: alpha.ln() - ln_beta + before * l - power,
        dx: (before - alpha * power) / value.x,
        da: [one / alpha + l - power * l, alpha * (power - one) / beta, zero, zero],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Weibull::new(a[1], a[0]).expect("checked arguments").sample(rng)
}
