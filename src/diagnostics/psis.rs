//! Pareto-smoothed importance sampling and what it says of leaving one observation out.
//!
//! Vehtari, Simpson, Gelman, Yao and Gabry (2024), "Pareto smoothed importance sampling", Journal of
//! Machine Learning Research 25(72); the fit of the generalised Pareto distribution is that of Zhang
//! and Stephens (2009), with the paper's weak prior on k. Numbers equal ArviZ's.

use super::sort::{bits, sort_by_bits};

/// Fewer values in the tail than this tell nothing of its shape.
const LEAST_TAIL: usize = 5;
/// Weight of the prior on k, in observations, and its centre.
const PRIOR_K: (f64, f64) = (10.0, 0.5);

/// The log predictive density of an observation given all others, from its log likelihood in every
/// draw, and the shape k of the importance weights; k is infinite where the tail is too short.
///
/// `efficiency`: effective draws per draw, for the length of the tail.
pub fn psis_loo(log_likelihood: &[f64], efficiency: f64) -> (f64, f64) {
    let mut weights: Vec<f64> = log_likelihood.iter().map(|x| -x).collect();
    let k = smooth(&mut weights, efficiency);
    let sum = weights.iter().zip(log_likelihood).map(|(w, x)| w + x);
    (log_sum(sum), k)
}

/// Smooths log importance ratios in place and normalises them; returns the shape k of their tail.
fn smooth(ratios: &mut [f64], efficiency: f64) -> f64 {
    let n = ratios.len();
    if ratios.iter().any(|x| !x.is_finite()) {
        ratios.fill(f64::NAN);
        return f64::NAN;
    }
    let largest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    ratios.iter_mut().for_each(|x| *x -= largest);
    let length = (0.2 * n as f64).min(3.0 * (n as f64 / efficiency).sqrt()).ceil() as usize;
    let mut order: Vec<usize> = (0..n).collect();
    sort_by_bits(&mut order, |&i| bits(ratios[i]));
    let mut k = f64::INFINITY;
    if (LEAST_TAIL..n).contains(&length) {
        let (below, tail) = order.split_at(n - length);
        let cutoff = ratios[below[below.len() - 1]];
        let excess: Vec<f64> = tail.iter().map(|&i| ratios[i].exp() - cutoff.exp()).collect();
        // Equal ratios at the end have no tail to fit.
        if excess[0] > 0.0 {
            let sigma;
            (k, sigma) = fit(&excess);
            if k.is_finite() {
                for (rank, &i) in tail.iter().enumerate() {
                    let p = (rank as f64 + 0.5) / length as f64;
                    // Never above the largest ratio there was.
                    ratios[i] = (quantile(p, k, sigma) + cutoff.exp()).ln().min(0.0);
                }
            }
        }
    }
    let total = log_sum(ratios.iter().copied());
    ratios.iter_mut().for_each(|x| *x -= total);
    k
}

/// Shape and scale of the generalised Pareto distribution of positive values in ascending order.
fn fit(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let points = 30 + n.sqrt() as usize;
    let quartile = x[(n / 4.0 + 0.5) as usize - 1];
    let last = x[x.len() - 1];
    let b: Vec<f64> = (1..=points)
        .map(|j| {
            let root = (points as f64 / (j as f64 - 0.5)).sqrt();
            (1.0 - root) / (3.0 * quartile) + 1.0 / last
        })
        .collect();
    let shape = |b: f64| x.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let profile: Vec<f64> = b
        .iter()
        .map(|&b| {
            let k = shape(b);
            n * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weight = |of: f64| 1.0 / profile.iter().map(|other| (other - of).exp()).sum::<f64>();
    let weights: Vec<f64> = profile
        .iter()
        .map(|&of| weight(of))
        .map(|w| if w >= 10.0 * f64::EPSILON { w } else { 0.0 })
        .collect();
    let total: f64 = weights.iter().sum();
    let b = b.iter().zip(&weights).map(|(b, w)| b * w / total).sum::<f64>();
    let k = shape(b);
    let sigma = -k / b;
    ((n * k + PRIOR_K.0 * PRIOR_K.1) / (n + PRIOR_K.0), sigma)
}

/// Quantile of the generalised Pareto distribution.
fn quantile(p: f64, k: f64, sigma: f64) -> f64 {
    let log = (-p).ln_1p();
    if k == 0.0 { -sigma * log } else { sigma * (-k * log).exp_m1() / k }
}

/// ln Σ eˣ.
fn log_sum(x: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = x.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + x.map(|x| (x - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log likelihoods of 2,000 draws: a linear congruential sequence, transformed.
    fn draws(transform: fn(f64) -> f64) -> Vec<f64> {
        let mut state = 12345u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            transform(((state >> 33) as f64 + 0.5) / f64::from(1u32 << 31))
        };
        (0..2000).map(|_| next()).collect()
    }

    #[test]
    fn equals_arviz() {
        // logsumexp(lw + ll), k of arviz.psislw(-ll, efficiency), arviz 0.23.4
        let heavy: fn(f64) -> f64 = |u| 0.5 * u.ln() - 1.0;
        let heavier: fn(f64) -> f64 = |u| 1.2 * u.ln() - 0.3;
        let bounded: fn(f64) -> f64 = |u| -3.0 * (7.0 * u).cos();
        for (of, efficiency, elpd, k) in [
            (heavy, 1.0, -1.655_809_769_231_898_3, 0.486_637_288_551_916_9),
            (heavy, 0.4, -1.657_930_721_661_353_2, 0.646_838_355_363_553_9),
            (heavier, 1.0, -3.159_446_190_458_703, 1.115_251_556_859_140_3),
            (heavier, 0.4, -3.302_968_224_152_035_5, 1.339_665_677_220_726_7),
            (bounded, 1.0, -1.778_542_371_455_518_6, -1.671_649_344_591_532_8),
            (bounded, 0.4, -1.778_751_585_310_622_8, -1.634_023_402_430_288_2),
        ] {
            let (found, shape) = psis_loo(&draws(of), efficiency);
            assert!((found - elpd).abs() < 1e-9, "{found} {elpd}");
            assert!((shape - k).abs() < 1e-9, "{shape} {k}");
        }
    }

    #[test]
    fn importance_sampling_that_cannot_be_smoothed() {
        // Four draws: the harmonic mean of the likelihoods, and no shape.
        let (elpd, k) = psis_loo(&[-1.0, -2.0, -1.5, -0.5], 1.0);
        let harmonic = -(((1f64).exp() + 2f64.exp() + 1.5f64.exp() + 0.5f64.exp()) / 4.0).ln();
        assert!((elpd - harmonic).abs() < 1e-14 && k == f64::INFINITY, "{elpd} {k}");
        // A constant likelihood is its own answer.
        let (elpd, _) = psis_loo(&[-1.25; 500], 1.0);
        assert!((elpd + 1.25).abs() < 1e-14, "{elpd}");
        assert!(psis_loo(&[0.0, f64::NAN], 1.0).0.is_nan());
    }
}
