//! Delayed adstock: w_j = alpha^((j − theta)²), whose peak lies theta periods after the spend
//! (Jin et al., *Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects*, 2017).

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "delayed",
    formula: "w_j = alpha^((j - theta)^2), j = 0..l_max-1",
    parameters: &[
        Parameter {
            name: "alpha",
            domain: Support::UNIT,
            default: ("Beta", &[("alpha", 1.0), ("beta", 3.0)]),
        },
        Parameter {
            name: "theta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("adstock/delayed"),
};

/// Below it alpha counts as this.
const LEAST: f64 = 1e-30;
/// The largest weight is at least e to minus this: where theta lies far outside the lags all of them
/// would vanish, and with them the limit of their shares.
const DEPTH: f64 = 60.0;

/// One weight per lag.
pub fn n_weights(l_max: usize) -> usize {
    l_max
}

/// w_j = e^(d² ln alpha), dw_j/dalpha = w_j d²/alpha and dw_j/dtheta = −2 w_j d ln alpha, d = j − theta.
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    let (alpha, theta) = (parameters[0].max(L::splat(LEAST)), parameters[1]);
    let (log, inverse) = (alpha.ln(), L::splat(1.0) / alpha);
    let n = w.len();
    let nearest = theta.max(L::zero()).min(L::splat((n - 1) as f64)) - theta;
    let lift = (nearest * nearest * log + L::splat(DEPTH)).min(L::zero());
    for j in 0..n {
        let distance = L::splat(j as f64) - theta;
        let square = distance * distance;
        w[j] = (square * log - lift).exp();
        dw[j] = w[j] * square * inverse;
        dw[n + j] = w[j] * distance * log * L::splat(-2.0);
    }
}
