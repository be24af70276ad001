//! Michaelis-Menten saturation: alpha is the ceiling, lam the spend that reaches half of it.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "michaelis_menten",
    formula: "alpha x / (lam + x)",
    parameters: &[
        Parameter {
            name: "alpha",
            domain: Support::Real,
            default: ("Gamma", &[("mu", 2.0), ("sigma", 1.0)]),
        },
        Parameter {
            name: "lam",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("saturation/michaelis_menten"),
};

/// Below it lam counts as this.
const LEAST: f64 = 1e-30;

/// alpha x/(lam + x).
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (alpha, lam) = (p[0], p[1].max(L::splat(LEAST)));
    let inverse = L::splat(1.0) / (lam + x);
    let share = x * inverse;
    let value = alpha * share;
    Response {
        value,
        dx: alpha * (lam * inverse) * inverse,
        dp: [share, -(value * inverse), L::zero(), L::zero()],
    }
}
