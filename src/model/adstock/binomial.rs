//! Binomial adstock: w_j = (1 − j/(l_max + 1))^(1/alpha − 1), which falls to 0 after the last lag.

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "binomial",
    formula: "w_j = (1 - j/(l_max + 1))^(1/alpha - 1), j = 0..l_max-1",
    parameters: &[Parameter {
        name: "alpha",
        domain: Support::UNIT,
        default: ("Beta", &[("alpha", 1.0), ("beta", 3.0)]),
    }],
    wgsl: wgsl!("adstock/binomial"),
};

/// Below it alpha counts as this: all but the first weight are 0 long before.
const LEAST: f64 = 1e-12;

/// One weight per lag.
pub fn n_weights(l_max: usize) -> usize {
    l_max
}

/// w_j = e^(b_j (1/alpha − 1)) and dw_j/dalpha = −b_j w_j/alpha², b_j = ln(1 − j/(l_max + 1)).
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    let one = L::splat(1.0);
    let inverse = one / parameters[0].max(L::splat(LEAST));
    let last = 1.0 / (w.len() + 1) as f64;
    for (j, (w, dw)) in w.iter_mut().zip(dw).enumerate() {
        let log = L::splat(-last * j as f64).ln_1p();
        *w = (log * (inverse - one)).exp();
        *dw = -(*w * log * inverse * inverse);
    }
}
