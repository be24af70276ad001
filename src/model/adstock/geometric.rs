//! Geometric adstock: w_j = alpha^j (Hanssens, Parsons & Schultz, *Market Response Models*, 2001).

use super::super::family::{Family, Parameter, Support, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "geometric",
    formula: "w_j = alpha^j, j = 0..l_max-1 (0^0 = 1)",
    parameters: &[Parameter {
        name: "alpha",
        domain: Support::UNIT,
        default: ("Beta", &[("alpha", 1.0), ("beta", 3.0)]),
    }],
    wgsl: wgsl!("adstock/geometric"),
};

/// One weight per lag.
pub fn n_weights(l_max: usize) -> usize {
    l_max
}

/// w_j = alpha^j and dw_j/dalpha = j alpha^(j−1), by recursion so that alpha = 0 is exact.
#[inline(always)]
pub fn weights<L: Lane>(parameters: &[L], w: &mut [L], dw: &mut [L]) {
    let alpha = parameters[0];
    let (mut power, mut derivative) = (L::splat(1.0), L::zero());
    for (w, dw) in w.iter_mut().zip(dw) {
        (*w, *dw) = (power, derivative);
        derivative = derivative.mul_add(alpha, power);
        power *= alpha;
    }
}
