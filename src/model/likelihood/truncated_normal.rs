//! Normal likelihood cut off below: Normal(y | mu, sigma) / P(Normal(mu, sigma) > lower).

use super::super::family::{Family, Support, wgsl};
use super::{Constants, Noise, Parameters, Pointwise, normal};
use crate::math::Lane;
use crate::math::scalar::{norm_cdf, norm_quantile};

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "TruncatedNormal",
    formula: "y ~ Normal(mu, sigma) given y > lower",
    parameters: &[normal::SIGMA],
    wgsl: wgsl!("likelihood/truncated_normal"),
};

/// From the bound on.
pub fn support(lower: f64) -> Support {
    Support::Above(lower)
}

/// The Normal's, then lower.
#[inline(always)]
pub fn constants<L: Lane>(p: &Parameters<L>, lower: L) -> Constants<L> {
    let [inverse, norm, ..] = normal::constants(p, lower);
    [inverse, norm, lower, L::zero()]
}

/// The Normal's minus ln Φ(m), m = (mu − lower)/sigma, without cancellation.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &Parameters<L>, c: &Constants<L>) -> Pointwise<L> {
    let plain = normal::pointwise(y, mu, p, c);
    let m = (mu - c[2]) * c[0];
    let (log_mass, mills) = m.log_ndtr();
    let slope = mills * c[0];
    Pointwise {
        logp: plain.logp - log_mass,
        dmu: plain.dmu - slope,
        dp: [slope.mul_add(m, plain.dp[0]), L::zero()],
    }
}

/// mu + sigma φ(m)/Φ(m).
#[inline(always)]
pub fn expected<L: Lane>(mu: L, p: &Parameters<L>, lower: f64) -> L {
    let (sigma, lower) = (p[0], L::splat(lower));
    let (_, mills) = ((mu - lower) / sigma).log_ndtr();
    sigma.mul_add(mills, mu).max(lower)
}

/// The first of four that lies above the bound; by the inverse distribution function if none does.
#[inline(always)]
pub fn sample<L: Lane>(mu: L, p: &Parameters<L>, lower: f64, noise: Noise) -> L {
    let (sigma, lower, normals) = (p[0], L::splat(lower), noise.normals::<L>());
    let m = (mu - lower) / sigma;
    let mut z = normals[0];
    for lane in 0..L::LEN {
        let (m, four) = (m.get(lane), normals.map(|z| z.get(lane)));
        let above = four.into_iter().find(|z| *z > -m);
        z.set(lane, above.unwrap_or_else(|| normal_above(m, noise.uniform(lane))));
    }
    sigma.mul_add(z, mu).max(lower)
}

/// The z > −m that a standard normal variate, given that it lies there, exceeds with probability
/// `p`.
fn normal_above(m: f64, p: f64) -> f64 {
    if m > -30.0 {
        -norm_quantile(p * norm_cdf(m))
    } else {
        // That far out the tail is a Rayleigh distribution's, up to 1/m².
        (m * m - 2.0 * p.ln()).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        // mpmath 1.4, 40 digits: z with erfc(z/√2)/erfc(-m/√2) = p. The error is that of z + m,
        // what lies above the bound; far out the formula is an approximation.
        for (m, p, z, tolerance) in [
            (2.0, 0.3, 0.544_133_047_052_342_9, 1e-14),
            (0.0, 0.5, 0.674_489_750_196_081_7, 1e-14),
            (-3.0, 0.25, 3.399_557_844_476_161_4, 1e-13),
            (-20.0, 0.9, 20.005_254_266_505_71, 1e-11),
            (-40.0, 0.5, 40.017_314_126_764_65, 1e-3),
            (-1000.0, 0.01, 1_000.004_605_154_977_1, 1e-5),
        ] {
            let found = normal_above(m, p);
            assert!(((found + m) / (z + m) - 1.0).abs() < tolerance, "{m} {p}: {found} {z}");
        }
    }
}
