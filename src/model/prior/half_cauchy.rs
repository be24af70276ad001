//! HalfCauchy(beta): |Cauchy(0, beta)|.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use rand::Rng;
use rand_distr::Distribution as _;
use std::f64::consts::FRAC_2_PI;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "HalfCauchy",
    formula: "2 / (pi beta (1 + (x/beta)^2)), x > 0",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/half_cauchy"),
};

const ARGUMENTS: [Argument; 1] = [optional("beta", Support::POSITIVE, 1.0)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [–, 1/beta, –, ln(2/π) − ln beta].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [0.0, 1.0 / a[0], 0.0, FRAC_2_PI.ln() - a[0].ln()]
}

/// −ln(1 + z²) + constant, z = x/beta.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = value.x * c[1];
    let square = z * z;
    (c[3] - square.ln_1p(), -(z + z) * c[1] / (square + L::splat(1.0)))
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let (one, zero) = (L::splat(1.0), L::zero());
    let inverse = one / a[0];
    let z = value.x * inverse;
    let slope = (z + z) * inverse / z.mul_add(z, one);
    Nested {
        logp: L::splat(FRAC_2_PI.ln()) - a[0].ln() - (z * z).ln_1p(),
        dx: -slope,
        da: [z * slope - inverse, zero, zero, zero],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Cauchy::new(0.0, a[0]).expect("checked arguments").sample(rng).abs()
}
