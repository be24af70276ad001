//! Hyperbolic tangent saturation: b is the ceiling, 1/c the slope at no spend.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "tanh",
    formula: "b tanh(x / (b c))",
    parameters: &[
        Parameter {
            name: "b",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
        Parameter {
            name: "c",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("saturation/tanh"),
};

/// Below it b c and c count as this.
const LEAST: f64 = 1e-30;

/// b tanh z, z = x/(b c); its derivatives are (1 − tanh²)/c in x, tanh − z (1 − tanh²) in b and
/// −b z (1 − tanh²)/c in c.
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (b, c, least) = (p[0], p[1], L::splat(LEAST));
    let z = x / (b * c).max(least);
    let tanh = z.tanh();
    let slope = L::splat(1.0) - tanh * tanh;
    let dx = slope / c.max(least);
    Response {
        value: b * tanh,
        dx,
        dp: [tanh - slope * z, -(dx * b * z), L::zero(), L::zero()],
    }
}
