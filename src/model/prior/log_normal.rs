//! LogNormal(mu, sigma): exp of a Normal.

use super::super::family::{Support, wgsl};
use super::super::likelihood::normal::HALF_LN_TAU;
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional, required};
use crate::math::Lane;
use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "LogNormal",
    formula: "exp(-(ln x - mu)^2 / (2 sigma^2)) / (x sigma sqrt(2 pi)), x > 0",
    signatures: &[&ARGUMENTS, &BY_MOMENTS],
    wgsl: wgsl!("prior/log_normal"),
};

const ARGUMENTS: [Argument; 2] =
    [optional("mu", Support::Real, 0.0), optional("sigma", Support::POSITIVE, 1.0)];
const BY_MOMENTS: [Argument; 2] =
    [required("mean", Support::POSITIVE), required("std", Support::POSITIVE)];

/// By mean m and standard deviation s: mu = ln(m²/√(m²+s²)), sigma² = ln(1 + s²/m²).
pub fn canonical(which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    if which == 0 {
        return Ok(a.to_vec());
    }
    let spread = (1.0 + (a[1] / a[0]).powi(2)).ln();
    Ok(vec![a[0].ln() - 0.5 * spread, spread.sqrt()])
}

/// Positive reals.
pub fn support(_arguments: &[f64]) -> Support {
    Support::POSITIVE
}

/// [mu, 1/sigma, –, −ln sigma − ½ ln 2π].
pub fn constants(a: &[f64]) -> Constants<f64> {
    [a[0], 1.0 / a[1], 0.0, -a[1].ln() - HALF_LN_TAU]
}

/// −z²/2 − ln x + constant, z = (ln x − mu)/sigma.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.ln_below - c[0]) * c[1];
    (
        z * z * L::splat(-0.5) - value.ln_below + c[3],
        -(z * c[1] + L::splat(1.0)) / value.x,
    )
}

/// As a function of its arguments, too; those by moments are turned into mu and sigma.
#[inline(always)]
pub fn nested<L: Lane>(signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let (one, half, zero) = (L::splat(1.0), L::splat(0.5), L::zero());
    let [mut mu, mut sigma, ..] = *a;
    if signature == 1 {
        let moments = Moments::new(a[0], a[1]);
        (mu, sigma) = (moments.mu, moments.sigma);
    }
    let inverse = one / sigma;
    let z = (value.ln_below - mu) * inverse;
    let (dmu, dsigma) = (z * inverse, (z * z - one) * inverse);
    let da = if signature == 1 {
        Moments::new(a[0], a[1]).pull_back(dmu, dsigma)
    } else {
        [dmu, dsigma]
    };
    Nested {
        logp: -(z * z * half) - sigma.ln() - L::splat(HALF_LN_TAU) - value.ln_below,
        dx: -(dmu + one) / value.x,
        da: [da[0], da[1], zero, zero],
    }
}

/// Mean m and standard deviation s as mu = ln m − v/2 and sigma = √v, v = ln(1 + s²/m²).
pub struct Moments<L> {
    /// Mean of the logarithm.
    pub mu: L,
    /// Standard deviation of the logarithm.
    pub sigma: L,
    inverse_mean: L,
    // dv/dm and dv/ds
    slopes: [L; 2],
}

impl<L: Lane> Moments<L> {
    /// Of a mean and a standard deviation.
    #[inline(always)]
    pub fn new(mean: L, deviation: L) -> Self {
        let (one, two) = (L::splat(1.0), L::splat(2.0));
        let inverse_mean = one / mean;
        let ratio = deviation * inverse_mean;
        let spread = (ratio * ratio).ln_1p();
        let dv = two * ratio / ratio.mul_add(ratio, one) * inverse_mean;
        Self {
            mu: mean.ln() - L::splat(0.5) * spread,
            sigma: spread.sqrt(),
            inverse_mean,
            slopes: [-(dv * ratio), dv],
        }
    }

    /// From derivatives in mu and sigma to those in mean and standard deviation.
    #[inline(always)]
    pub fn pull_back(&self, dmu: L, dsigma: L) -> [L; 2] {
        let half = L::splat(0.5);
        let spread = half * (dsigma / self.sigma - dmu);
        [dmu.mul_add(self.inverse_mean, spread * self.slopes[0]), spread * self.slopes[1]]
    }
}

/// exp(mu + sigma z).
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    (a[0] + a[1] * z).exp()
}
