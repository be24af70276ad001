//! Weibull adstock by the density: w_j is that of Weibull(shape k, scale lam) at j + 1, scaled over the
//! lags so that the smallest is 0 and the largest 1 (as in Meta's Robyn).

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "weibull_pdf",
    formula: "w_j = (f(j+1) - min f) / (max f - min f), f the density of Weibull(shape k, scale lam), j = 0..l_max-1",
    parameters: &[
        Parameter {
            name: "lam",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("mu", 2.0), ("sigma", 1.0)]),
        },
        Parameter {
            name: "k",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("mu", 3.0), ("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("adstock/weibull_pdf"),
};

/// Bounds of ln (t/lam)^k: at the first lag, where all later weights are 0 already, and at any lag, so
/// that the first stays the largest.
const FIRST: f64 = 30.0;
const ANY: f64 = 60.0;
/// Below it lam counts as this.
const LEAST: f64 = 1e-30;

/// One weight per lag.
pub fn n_weights(l_max: usize) -> usize {
    l_max
}

/// With l_j the logarithm of the density at j + 1, up to what all lags share, and M and m the lags of
/// the largest and the smallest: w_j = e^(l_j − l_M) (1 − e^(l_m − l_j)) / (1 − e^(l_m − l_M)), without
/// cancellation, and where all densities vanish still their limit. The derivatives are those of its
/// logarithm times w_j; a constant factor of both parameters' comes last, as it may be large.
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    let (zero, one) = (L::zero(), L::splat(1.0));
    let (lam, k) = (parameters[0].max(L::splat(LEAST)), parameters[1]);
    let n = w.len();
    if n == 1 {
        (w[0], dw[0], dw[1]) = (one, zero, zero);
        return;
    }
    // w holds l_j, dw its derivatives: (t/lam)^k, to be multiplied by k/lam, and
    // ln(t/lam) (1 − (t/lam)^k), the same for all lags but for what they share
    let log_lam = lam.ln();
    let first = (-(k * log_lam)).min(L::splat(FIRST));
    for j in 0..n {
        let log = L::splat(((j + 1) as f64).ln());
        let power = k.mul_add(log, first).min(L::splat(ANY)).exp();
        w[j] = (k - one).mul_add(log, -power);
        dw[j] = power;
        dw[n + j] = log - power * (log - log_lam);
    }
    let (mut top, mut bottom) = ([w[0], dw[0], dw[n]], [w[0], dw[0], dw[n]]);
    for j in 1..n {
        let (highest, lowest) = (top[0], bottom[0]);
        for (i, of) in [w[j], dw[j], dw[n + j]].into_iter().enumerate() {
            top[i] = L::select_lt(highest, w[j], of, top[i]);
            bottom[i] = L::select_lt(w[j], lowest, of, bottom[i]);
        }
    }
    let range = (bottom[0] - top[0]).exp();
    let inverse = -one / (bottom[0] - top[0]).exp_m1();
    for (j, w) in w.iter_mut().enumerate() {
        let share = (*w - top[0]).exp() * -(bottom[0] - *w).exp_m1() * inverse;
        for (at, i, factor) in [(j, 1, k / lam), (n + j, 2, one)] {
            let (from_top, from_bottom) = (dw[at] - top[i], dw[at] - bottom[i]);
            let tilt = range * inverse * (from_bottom - share * (top[i] - bottom[i]));
            dw[at] = share.mul_add(from_top, tilt) * factor;
        }
        *w = share;
    }
}
