//! The posterior predictive of one date: its mean given the parameters, and draws with noise.

use crate::math::scalar::{norm_cdf, norm_quantile};
use crate::math::{Key, Lane, Purpose, lane_normals, philox4x32, uniform};
use crate::model::likelihood::{Likelihood, MAX_PARAMETERS};

/// E[y | mu, parameters].
#[inline(always)]
pub fn expected<L: Lane>(
    likelihood: Likelihood,
    mu: L,
    parameters: &[L; MAX_PARAMETERS],
    lower: f64,
) -> L {
    match likelihood {
        Likelihood::Normal => mu,
        Likelihood::TruncatedNormal => {
            let (sigma, lower) = (parameters[0], L::splat(lower));
            // mu + sigma φ(m)/Φ(m), m = (mu − lower)/sigma
            let (_, mills) = ((mu - lower) / sigma).log_ndtr();
            sigma.mul_add(mills, mu).max(lower)
        }
    }
}

/// One draw of y per lane; `date` and `draw`, that of the first lane, are the counter of the random
/// numbers.
#[inline(always)]
pub fn predict<L: Lane>(
    likelihood: Likelihood,
    mu: L,
    parameters: &[L; MAX_PARAMETERS],
    lower: f64,
    key: Key,
    [date, draw]: [u32; 2],
) -> L {
    let normals = lane_normals::<L>(key, date, draw, 0, Purpose::Predictive);
    let sigma = parameters[0];
    match likelihood {
        Likelihood::Normal => sigma.mul_add(normals[0], mu),
        Likelihood::TruncatedNormal => {
            let lower = L::splat(lower);
            let m = (mu - lower) / sigma;
            let mut z = normals[0];
            for lane in 0..L::LEN {
                // The first of four that lies above the bound; the inverse CDF if none does.
                let (m, four) = (m.get(lane), normals.map(|z| z.get(lane)));
                let z_above = four.into_iter().find(|z| *z > -m).unwrap_or_else(|| {
                    let counter = [date, draw + lane as u32, 1, Purpose::Predictive as u32];
                    normal_above(m, uniform(philox4x32(counter, key.0)[0]).into())
                });
                z.set(lane, z_above);
            }
            sigma.mul_add(z, mu).max(lower)
        }
    }
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
    use crate::math::scalar::log_ndtr;
    use crate::math::{F32, F64};

    const LOWER: f64 = 0.5;

    /// Draws of y, the mean `m` sigmas above the bound.
    fn draws(likelihood: Likelihood, m: f64, sigma: f64, n: u32) -> Vec<f64> {
        let mu = F32::<false>::splat(LOWER + m * sigma);
        let parameters = [F32::splat(sigma), F32::zero()];
        let key = Key::new(5, "predictive");
        let block = |draw| predict(likelihood, mu, &parameters, LOWER, key, [3, draw]);
        let lanes = |y: F32<false>| (0..16).map(move |lane| y.get(lane));
        (0..n).step_by(16).flat_map(|draw| lanes(block(draw))).collect()
    }

    /// Kolmogorov and Smirnov's distance between draws and a distribution, times √n.
    fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        draws.sort_unstable_by(f64::total_cmp);
        let n = draws.len() as f64;
        let at = |(i, &y): (usize, &f64)| (cdf(y) - (i as f64 + 0.5) / n).abs();
        draws.iter().enumerate().map(at).fold(0.0, f64::max) * n.sqrt()
    }

    #[test]
    fn draws_follow_their_distribution() {
        // beyond 1.95 in one of a thousand samples
        let sigma = 0.2;
        let normal = draws(Likelihood::Normal, 1.0, sigma, 8192);
        assert!(distance(normal, |y| norm_cdf((y - LOWER) / sigma - 1.0)) < 1.95);
        for m in [4.0, 1.0, 0.1, -1.0, -5.0, -28.0, -40.0] {
            let truncated = draws(Likelihood::TruncatedNormal, m, sigma, 8192);
            assert!(truncated.iter().all(|&y| y >= LOWER), "{m}");
            let mass = log_ndtr(m).0;
            let cdf = |y: f64| 1.0 - (log_ndtr(m - (y - LOWER) / sigma).0 - mass).exp();
            let mean = truncated.iter().sum::<f64>() / truncated.len() as f64;
            let expected = expected(
                Likelihood::TruncatedNormal,
                F64::<false>::splat(LOWER + m * sigma),
                &[F64::splat(sigma), F64::zero()],
                LOWER,
            );
            assert!(distance(truncated, cdf) < 1.95, "{m}");
            // of the same order as the standard error
            let error = (mean - expected.get(0)).abs();
            assert!(error < 0.05 * (expected.get(0) - LOWER), "{m}: {mean} {expected:?}");
        }
    }

    #[test]
    fn a_draw_does_not_depend_on_its_lane() {
        for likelihood in [Likelihood::Normal, Likelihood::TruncatedNormal] {
            let all = draws(likelihood, -1.0, 0.2, 16);
            let (mu, parameters) =
                (F32::<false>::splat(LOWER - 0.2), [F32::splat(0.2), F32::zero()]);
            let key = Key::new(5, "predictive");
            let shifted = predict(likelihood, mu, &parameters, LOWER, key, [3, 7]);
            assert!((0..9).all(|lane| shifted.get(lane) == all[lane + 7]));
        }
    }

    #[test]
    fn truncated_quantiles() {
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
