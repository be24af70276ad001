//! InverseGamma(alpha, beta), 1/x being Gamma(alpha, rate beta); or by mean mu and standard
//! deviation sigma.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional, required};
use crate::math::{Lane, ln_gamma as ln_gamma_of_lanes};
use crate::math::scalar::ln_gamma;
use rand::Rng;
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "InverseGamma",
    formula: "beta^alpha x^(-alpha-1) exp(-beta/x) / Gamma(alpha), x > 0",
    signatures: &[&ARGUMENTS, &BY_MOMENTS],
    wgsl: wgsl!("prior/inverse_gamma"),
};

const ARGUMENTS: [Argument; 2] =
    [required("alpha", Support::POSITIVE), optional("beta", Support::POSITIVE, 1.0)];
const BY_MOMENTS: [Argument; 2] =
    [required("mu", Support::POSITIVE), required("sigma", Support::POSITIVE)];

/// By moments: alpha = 2 + mu²/sigma², beta = mu (1 + mu²/sigma²).
pub fn canonical(which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    if which == 0 {
        return Ok(a.to_vec());
    }
    let ratio = (a[0] / a[1]).powi(2);
    Ok(vec![2.0 + ratio, a[0] * (1.0 + ratio)])
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [alpha + 1, beta, –, alpha ln beta − ln Γ(alpha)].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0] + 1.0, a[1], 0.0, a[0] * a[1].ln() - ln_gamma(a[0])]
}

/// −(alpha + 1) ln x − beta/x + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let inverse = L::splat(1.0) / value.x;
    let ratio = c[1] * inverse;
    (c[3] - c[0] * value.ln_below - ratio, (ratio - c[0]) * inverse)
}

/// As a function of its arguments, too; those by moments are turned into alpha and beta.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, ..] = *a;
    let (one, two, zero) = (L::splat(1.0), L::splat(2.0), L::zero());
    let squares = (mu / sigma) * (mu / sigma);
    let (alpha, beta) =
        if signature == 1 { (squares + two, mu * (squares + one)) } else { (mu, sigma) };
    let (ln_beta, (norm, digamma)) = (beta.ln(), ln_gamma_of_lanes(alpha));
    let inverse = one / value.x;
    let dalpha = ln_beta - digamma - value.ln_below;
    let dbeta = alpha / beta - inverse;
    let da = if signature == 1 {
        // d(mu²/sigma²) = 2 mu²/sigma² (dmu/mu − dsigma/sigma)
        let both = two * squares * dbeta.mul_add(mu, dalpha);
        [dbeta.mul_add(squares + one, both / mu), -both / sigma]
    } else {
        [dalpha, dbeta]
    };
    Nested {
        logp: alpha * ln_beta - norm - (alpha + one) * value.ln_below - beta * inverse,
        dx: (beta * inverse - alpha - one) * inverse,
        da: [da[0], da[1], zero, zero],
    }
}

/// One over a Gamma.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let gamma = rand_distr::Gamma::new(a[0], 1.0 / a[1]).expect("checked arguments");
    1.0 / gamma.sample(rng)
}
