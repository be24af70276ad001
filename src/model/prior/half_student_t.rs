//! HalfStudentT(nu, sigma): |StudentT(nu, 0, sigma)|.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional, required, student_t};
use crate::math::Lane;
use rand::Rng;
use std::f64::consts::LN_2;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "HalfStudentT",
    formula: "2 Gamma((nu+1)/2) / (Gamma(nu/2) sigma sqrt(nu pi)) (1 + (x/sigma)^2/nu)^(-(nu+1)/2), x > 0",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/half_student_t"),
};

const ARGUMENTS: [Argument; 2] =
    [required("nu", Support::POSITIVE), optional("sigma", Support::POSITIVE, 1.0)];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [–, 1/(sigma √nu), (nu + 1)/2, ln of the normalising constant].
pub fn constants(a: &[f64]) -> Constants<f64> {
    let [mu, scale, power, norm] = student_t::constants(&[a[0], 0.0, a[1]]);
    [mu, scale, power, norm + LN_2]
}

/// −(nu + 1)/2 ln(1 + z²/nu) + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = value.x * c[1];
    let square = z * z;
    let slope = c[2] * L::splat(2.0) * z * c[1] / (square + L::splat(1.0));
    (c[3] - c[2] * square.ln_1p(), -slope)
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let whole = student_t::nested(signature, value, &[a[0], L::zero(), a[1], L::zero()]);
    Nested {
        logp: whole.logp + L::splat(LN_2),
        dx: whole.dx,
        da: [whole.da[0], whole.da[2], L::zero(), L::zero()],
    }
}

/// |t|, scaled.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    student_t::sample(&[a[0], 0.0, a[1]], rng).abs()
}
