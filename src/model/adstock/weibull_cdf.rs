//! Weibull adstock by the distribution: the weights are the running product of the survival
//! S(t) = e^(−(t/lam)^k) at t = 0 … l_max (as in Meta's Robyn).

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "weibull_cdf",
    formula: "w_j = S(0) S(1) ... S(j), S(t) = exp(-(t/lam)^k), j = 0..l_max",
    parameters: &[
        Parameter {
            name: "lam",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("mu", 2.0), ("sigma", 2.5)]),
        },
        Parameter {
            name: "k",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("mu", 2.0), ("sigma", 2.5)]),
        },
    ],
    wgsl: wgsl!("adstock/weibull_cdf"),
};

/// Bound of ln (t/lam)^k: the weight is 0 long before.
const ANY: f64 = 60.0;
/// Below it lam counts as this.
const LEAST: f64 = 1e-30;

/// One more than lags.
pub fn n_weights(l_max: usize) -> usize {
    l_max + 1
}

/// w_j = e^(−H_j) with H_j = Σ (t/lam)^k over t = 1 … j; dw_j/dlam = w_j H_j k/lam and
/// dw_j/dk = −w_j Σ (t/lam)^k ln(t/lam).
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    let (lam, k) = (parameters[0].max(L::splat(LEAST)), parameters[1]);
    let (log_lam, rate) = (lam.ln(), k / lam);
    let n = w.len();
    let (mut sum, mut weighted) = (L::zero(), L::zero());
    for j in 0..n {
        if j > 0 {
            let log = L::splat((j as f64).ln()) - log_lam;
            let power = (k * log).min(L::splat(ANY)).exp();
            sum += power;
            weighted = power.mul_add(log, weighted);
        }
        w[j] = (-sum).exp();
        // 0 where the weight vanished, before the rate may make it large
        dw[j] = w[j] * sum * rate;
        dw[n + j] = -(w[j] * weighted);
    }
}
