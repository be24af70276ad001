//! Gamma(alpha, beta), beta the rate; or by mean mu and standard deviation sigma.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, Value, gamma_by_moments, required};
use crate::math::Lane;
use crate::math::scalar::ln_gamma;
use rand::Rng;
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Gamma",
    formula: "beta^alpha x^(alpha-1) exp(-beta x) / Gamma(alpha), x > 0",
    signatures: &[&ARGUMENTS, &BY_MOMENTS],
    wgsl: wgsl!("prior/gamma"),
};

const ARGUMENTS: [Argument; 2] =
    [required("alpha", Support::POSITIVE), required("beta", Support::POSITIVE)];
const BY_MOMENTS: [Argument; 2] =
    [required("mu", Support::POSITIVE), required("sigma", Support::POSITIVE)];

/// By moments: alpha = mu²/sigma², beta = mu/sigma².
pub fn canonical(which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    Ok(if which == 0 { a.to_vec() } else { gamma_by_moments(a[0], a[1]) })
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [alpha − 1, beta, –, alpha ln beta − ln Γ(alpha)].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0] - 1.0, a[1], 0.0, a[0] * a[1].ln() - ln_gamma(a[0])]
}

/// (alpha − 1) ln x − beta x + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    (c[0] * value.ln_below - c[1] * value.x + c[3], c[0] / value.x - c[1])
}

/// Marsaglia & Tsang, through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Gamma::new(a[0], 1.0 / a[1]).expect("checked arguments").sample(rng)
}
