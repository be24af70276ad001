//! No saturation: a straight line.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "none",
    formula: "beta x",
    parameters: &[Parameter {
        name: "beta",
        domain: Support::Real,
        default: ("HalfNormal", &[("sigma", 1.0)]),
    }],
    wgsl: wgsl!("saturation/none"),
};

/// beta x.
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    Response { value: p[0] * x, dx: p[0], dp: [x, L::zero(), L::zero(), L::zero()] }
}
