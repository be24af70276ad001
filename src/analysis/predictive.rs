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
