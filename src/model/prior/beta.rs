//! Beta(alpha, beta); or by mean mu and standard deviation sigma.

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, Value, required};
use crate::math::Lane;
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

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    rand_distr::Beta::new(a[0], a[1]).expect("checked arguments").sample(rng)
}
