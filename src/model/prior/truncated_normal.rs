//! TruncatedNormal(mu, sigma, lower, upper): a Normal given that it lies between bounds, of which
//! either may be absent.

use super::super::family::{Support, wgsl};
use super::super::likelihood::normal::HALF_LN_TAU;
use super::{Argument, Constants, Entry, MAX_ARGUMENTS, Nested, Value, optional};
use crate::math::Lane;
use crate::math::scalar::{log_ndtr, norm_cdf, norm_quantile};
use rand::Rng;
use rand_distr::{Distribution as _, OpenClosed01};

/// The table's entry.
pub const FAMILY: Entry = Entry {
    name: "TruncatedNormal",
    formula: "Normal(x | mu, sigma) / P(lower < Normal(mu, sigma) < upper), lower < x < upper",
    signatures: &[&ARGUMENTS],
    wgsl: wgsl!("prior/truncated_normal"),
};

const ARGUMENTS: [Argument; 4] = [
    optional("mu", Support::Real, 0.0),
    optional("sigma", Support::POSITIVE, 1.0),
    optional("lower", Support::Real, f64::NEG_INFINITY),
    optional("upper", Support::Real, f64::INFINITY),
];

/// Checks the order.
pub fn canonical(_which: usize, a: &[f64]) -> Result<Vec<f64>, String> {
    if a[2] >= a[3] {
        return Err(format!("lower ({}) must be below upper ({})", a[2], a[3]));
    }
    Ok(a.to_vec())
}

/// Between the bounds there are.
pub fn support(a: &[f64]) -> Support {
    match (a[2].is_finite(), a[3].is_finite()) {
        (false, false) => Support::Real,
        (true, false) => Support::Above(a[2]),
        (false, true) => Support::Below(a[3]),
        (true, true) => Support::Between(a[2], a[3]),
    }
}

/// The bounds in standard units, turned over if that brings more of the interval below 0, where
/// the distribution function keeps its digits; and whether they were.
fn standard(a: &[f64]) -> (f64, f64, bool) {
    let [lower, upper] = [a[2], a[3]].map(|bound| (bound - a[0]) / a[1]);
    if lower > 0.0 { (-upper, -lower, true) } else { (lower, upper, false) }
}

/// [mu, 1/sigma, –, −ln sigma − ½ ln 2π − ln of the mass between the bounds].
pub fn constants(a: &[f64]) -> Constants<f64> {
    let (lower, upper, _) = standard(a);
    let mass = if upper > 0.0 {
        (-(norm_cdf(lower) + norm_cdf(-upper))).ln_1p()
    } else {
        let below = log_ndtr(upper).0;
        below + (-(log_ndtr(lower).0 - below).exp_m1()).ln()
    };
    [a[0], 1.0 / a[1], 0.0, -a[1].ln() - HALF_LN_TAU - mass]
}

/// −z²/2 + constant.
#[inline(always)]
pub fn log_density<L: Lane>(value: Value<L>, c: &Constants<L>) -> (L, L) {
    let z = (value.x - c[0]) * c[1];
    (z * z * L::splat(-0.5) + c[3], -z * c[1])
}

/// Beyond so many standard deviations a bound does not count.
const FAR: f64 = 30.0;

/// As a function of mu and sigma, too; the bounds are numbers.
#[inline(always)]
pub fn nested<L: Lane>(_signature: usize, value: Value<L>, a: &[L; MAX_ARGUMENTS]) -> Nested<L> {
    let [mu, sigma, lower, upper] = *a;
    let (one, zero, far) = (L::splat(1.0), L::zero(), L::splat(FAR));
    let inverse = one / sigma;
    let standard = |bound: L| ((bound - mu) * inverse).max(-far).min(far);
    let (z, below, above) = ((value.x - mu) * inverse, standard(lower), standard(upper));
    // The interval is turned over where that brings more of it below 0.
    let turned = |yes, no| L::select_lt(zero, below, yes, no);
    let (left, right) = (turned(-above, below), turned(-below, above));
    let (ln_left, ln_right) = (left.log_ndtr().0, right.log_ndtr().0);
    let mass = ln_right + (-(ln_left - ln_right).exp()).ln_1p();
    let density = |z: L| (z * z * L::splat(-0.5) - L::splat(HALF_LN_TAU) - mass).exp();
    let (at_below, at_above) = (density(below), density(above));
    let slope = z * inverse;
    Nested {
        logp: z * z * L::splat(-0.5) - sigma.ln() - L::splat(HALF_LN_TAU) - mass,
        dx: -slope,
        da: [
            slope + (at_above - at_below) * inverse,
            z * slope - inverse + (above * at_above - below * at_below) * inverse,
            zero,
            zero,
        ],
    }
}

/// By the quantile function.
pub fn sample<R: Rng>(a: &[f64], rng: &mut R) -> f64 {
    let u: f64 = OpenClosed01.sample(rng);
    let (lower, upper, turned) = standard(a);
    let below = norm_cdf(lower);
    let z = norm_quantile(below + u * (norm_cdf(upper) - below));
    let x = a[0] + a[1] * if turned { -z } else { z };
    x.clamp(a[2], a[3])
}
