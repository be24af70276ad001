//! Student's t likelihood: heavier tails than the Normal's, so that outliers pull less.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::normal::{HALF_LN_TAU, SIGMA};
use super::{Constants, Noise, Parameters, Pointwise};
use crate::math::{Lane, stirling_remainder};

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "StudentT",
    formula: "y ~ StudentT(nu, mu, sigma)",
    parameters: &[
        Parameter {
            name: "nu",
            domain: Support::POSITIVE,
            // Juárez and Steel (2010)
            default: ("Gamma", &[("alpha", 2.0), ("beta", 0.1)]),
        },
        SIGMA,
    ],
    wgsl: wgsl!("likelihood/student_t"),
};

/// All reals.
pub fn support(_lower: f64) -> Support {
    Support::Real
}

/// [1/(sigma √nu), 1/sigma, ln of the normalising constant, its derivative in nu].
///
/// With x = nu/2 and δ the remainder of Stirling's formula, ln Γ(x + ½) − ln Γ(x) − ½ ln(nu π) is
/// x ln(1 + 1/2x) − ½ + δ(x + ½) − δ(x) − ½ ln 2π.
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, _lower: L) -> Constants<L> {
    let (one, half) = (L::splat(1.0), L::splat(0.5));
    let (nu, inverse) = (p[0], one / p[1]);
    let x = half * nu;
    let (above, above_slope) = stirling_remainder(x + half);
    let (below, below_slope) = stirling_remainder(x);
    let log = (one / nu).ln_1p();
    let norm = x * log - half + above - below - L::splat(HALF_LN_TAU) - p[1].ln();
    let slope = half * (log - one / (nu + one) + above_slope - below_slope);
    [inverse / nu.sqrt(), inverse, norm, slope]
}

/// −(nu + 1)/2 ln(1 + q) + constant, q = (y − mu)²/(nu sigma²).
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let (one, half, nu) = (L::splat(1.0), L::splat(0.5), p[0]);
    let z = (y - mu) * c[0];
    let q = z * z;
    let log = q.ln_1p();
    let weight = (nu + one) / (q + one);
    Pointwise {
        logp: c[2] - half * (nu + one) * log,
        dmu: weight * z * c[0],
        dp: [c[3] + half * (weight * q / nu - log), (weight * q - one) * c[1]],
    }
}

/// mu, the mean where nu > 1 and the median in any case.
#[inline(always)]
pub fn expected<L: Lane>(mu: L, _p: &Parameters<L>, _lower: f64) -> L {
    mu
}

/// mu + sigma z √(nu (e^(r²/nu) − 1)/r²) with two normal numbers z, z′ and r² = z² + z′² (Bailey,
/// *Polar generation of random variates with the t-distribution*, 1994).
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, _lower: f64, noise: Noise) -> L {
    let [z, other, ..] = noise.normals::<L>();
    let (nu, square) = (p[0], z.mul_add(z, other * other));
    let stretch = (nu * (square / nu).exp_m1() / square).sqrt();
    p[1].mul_add(z * stretch, mu)
}
