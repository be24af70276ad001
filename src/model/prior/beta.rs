//! Beta(alpha, beta); or by mean mu and standard deviation sigma.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, required};
use crate::math::{Lane, ln_gamma};
use crate::math::scalar::ln_beta;
use rand::Rng;
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "Beta",
    formula: "x^(alpha-1) (1-x)^(beta-1) / B(alpha, beta), 0 < x < 1",
    signatures: &[&ARGUMENTS, &BY_MOMENTS],
    wgsl: wgsl!("prior/beta"),
};

const ARGUMENTS: [Argument; 2] =
    [required("alpha", Support::POSITIVE), required("beta", Support::POSITIVE)];
const BY_MOMENTS: [Argument; 2] =
    [required("mu", Support::UNIT), required("sigma", Support::POSITIVE)];

/// By moments: with nu = mu(1−mu)/sigma² − 1, alpha = mu nu and beta = (1−mu) nu.
pub fn canonical(which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    if which == 0 {
        return Ok(a.to_vec());
    }
    let (mu, sigma) = (a[0], a[1]);
    let nu = mu * (1.0 - mu) / (sigma * sigma) - 1.0;
    if nu <= 0.0 {
        let widest = (mu * (1.0 - mu)).sqrt();
        return Err(format!("sigma of a Beta with mean {mu} must be below {widest:.4}"));
    }
    Ok(vec![mu * nu, (1.0 - mu) * nu])
}

/// The unit interval.
pub fn support(_arguments: &[f64]) -> Support {
    Support::UNIT
}

/// [alpha − 1, beta − 1, –, −ln B(alpha, beta)].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0] - 1.0, a[1] - 1.0, 0.0, -ln_beta(a[0], a[1])]
}

/// (alpha − 1) ln x + (beta − 1) ln(1 − x) + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    (
        c[0] * value.ln_below + c[1] * value.ln_above + c[3],
        c[0] / value.below - c[1] / value.above,
    )
}

/// As a function of its arguments, too; those by moments are turned into alpha and beta.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, ..] = *a;
    let (one, two, zero) = (L::splat(1.0), L::splat(2.0), L::zero());
    let inverse = one / (sigma * sigma);
    let nu = mu * (one - mu) * inverse - one;
    let (alpha, beta) =
        if signature == 1 { (mu * nu, (one - mu) * nu) } else { (mu, sigma) };
    let (of_alpha, of_beta, of_sum) = (ln_gamma(alpha), ln_gamma(beta), ln_gamma(alpha + beta));
    let dalpha = value.ln_below - of_alpha.1 + of_sum.1;
    let dbeta = value.ln_above - of_beta.1 + of_sum.1;
    let da = if signature == 1 {
        let dnu = dalpha.mul_add(mu, dbeta * (one - mu));
        let dmu = (dalpha - dbeta).mul_add(nu, dnu * (one - two * mu) * inverse);
        [dmu, -(two * dnu * (nu + one)) / sigma]
    } else {
        [dalpha, dbeta]
    };
    let (left, right) = (alpha - one, beta - one);
    Nested {
        logp: left * value.ln_below + right * value.ln_above - of_alpha.0 - of_beta.0 + of_sum.0,
        dx: left / value.below - right / value.above,
        da: [da[0], da[1], zero, zero],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Beta::new(a[0], a[1]).expect("checked arguments").sample(rng)
}
