//! No adstock: all of the effect in the period of the spend.

use super::super::family::{Family, wgsl};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "none",
    formula: "w_0 = 1",
    parameters: &[],
    wgsl: wgsl!("adstock/none"),
};

/// One, whatever `l_max`.
pub fn n_weights(_l_max: usize) -> usize {
    1
}

/// The one weight.
#[inline(always)]
pub fn weights<L: Lane>(_parameters: &[L], w: &mut [L], _dw: &mut [L]) {
    w[0] = L::splat(1.0);
}
