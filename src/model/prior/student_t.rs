//! StudentT(nu, mu, sigma).

use super::super::family::{Support, wgsl};
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional, required};
use crate::math::{Lane, ln_gamma as ln_gamma_of_lanes};
use std::f64::consts::PI;
use crate::math::scalar::ln_gamma;
use rand::Rng;
use rand_distr::Distribution as _;

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "StudentT",
    formula: "Gamma((nu+1)/2) / (Gamma(nu/2) sigma sqrt(nu pi)) (1 + z^2/nu)^(-(nu+1)/2), z = (x - mu)/sigma",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/student_t"),
};

const ARGUMENTS: [Argument; 3] = [
    required("nu", Support::POSITIVE),
    optional("mu", Support::Real, 0.0),
    optional("sigma", Support::POSITIVE, 1.0),
];

/// As they are.
pub fn canonical(_which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
    Ok(arguments.to_vec())
}

/// All reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::Real
}

/// [mu, 1/(sigma √nu), (nu + 1)/2, ln of the normalising constant].
pub fn constants(a: &[f64]) -> Constants<f64> {
    let (nu, mu, sigma) = (a[0], a[1], a[2]);
    let scale = sigma * nu.sqrt();
    let norm = ln_gamma(0.5 * (nu + 1.0))
        - ln_gamma(0.5 * nu)
        - 0.5 * std::f64::consts::PI.ln()
        - scale.ln();
    [mu, 1.0 / scale, 0.5 * (nu + 1.0), norm]
}

/// −(nu + 1)/2 ln(1 + z²/nu) + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.x - c[0]) * c[1];
    let square = z * z;
    let slope = c[2] * L::splat(2.0) * z * c[1] / (square + L::splat(1.0));
    (c[3] - c[2] * square.ln_1p(), -slope)
}

/// As a function of its arguments, too.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [nu, mu, sigma, ..] = *a;
    let (one, half) = (L::splat(1.0), L::splat(0.5));
    let (inverse, inverse_nu) = (one / sigma, one / nu);
    let z = (value.x - mu) * inverse;
    let share = z * z * inverse_nu;
    let (power, log) = (half * (nu + one), share.ln_1p());
    let (upper, lower) = (ln_gamma_of_lanes(power), ln_gamma_of_lanes(half * nu));
    // (nu + 1) z / (nu (1 + z²/nu))
    let pull = (nu + one) * z * inverse_nu / (share + one);
    let dnu = half * (upper.1 - lower.1 - inverse_nu - log + pull * z * inverse_nu);
    let norm = upper.0 - lower.0 - half * (L::splat(PI) * nu).ln() - sigma.ln();
    Nested {
        logp: norm - power * log,
        dx: -pull * inverse,
        da: [dnu, pull * inverse, (pull * z - one) * inverse, L::zero()],
    }
}

/// Through `rand_distr`.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    a[1] + a[2] * rand_distr::StudentT::new(a[0]).expect("checked arguments").sample(rng)
}
