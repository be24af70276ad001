//! Gamma(alpha, beta), beta the rate; or by mean mu and standard deviation sigma.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, gamma_by_moments, required};
use crate::math::{Lane, ln_gamma as ln_gamma_of_lanes};
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

/// The signature by mean and standard deviation.
pub const BY_MEAN: usize = 1;

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

/// As a function of its arguments, too; those by moments are turned into alpha and beta.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, ..] = *a;
    let (one, two, zero) = (L::splat(1.0), L::splat(2.0), L::zero());
    let rate = mu / (sigma * sigma);
    let (alpha, beta) = if signature == 1 { (mu * rate, rate) } else { (mu, sigma) };
    let (ln_beta, (norm, digamma)) = (beta.ln(), ln_gamma_of_lanes(alpha));
    let before = alpha - one;
    let dalpha = value.ln_below + ln_beta - digamma;
    let dbeta = alpha / beta - value.x;
    let da = if signature == 1 {
        // dalpha/dmu = 2 rate, dbeta/dmu = rate/mu; dalpha/dsigma = −2 alpha/sigma, and so beta
        let both = dalpha.mul_add(alpha, dbeta * rate);
        [rate * two.mul_add(dalpha, dbeta / mu), -(two * both) / sigma]
    } else {
        [dalpha, dbeta]
    };
    Nested {
        logp: before * value.ln_below - beta * value.x + alpha * ln_beta - norm,
        dx: before / value.x - beta,
        da: [da[0], da[1], zero, zero],
    }
}

/// Marsaglia & Tsang, through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Gamma::new(a[0], 1.0 / a[1]).expect("checked arguments").sample(rng)
}
