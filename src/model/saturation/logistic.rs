//! Logistic saturation: beta (1 − e^(−lam x)) / (1 + e^(−lam x)) (Jin et al., 2017, reparametrised).

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "logistic",
    formula: "beta (1 - exp(-lam x)) / (1 + exp(-lam x))",
    parameters: &[
        Parameter {
            name: "lam",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("alpha", 3.0), ("beta", 1.0)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 2.0)]),
        },
    ],
    wgsl: wgsl!("saturation/logistic"),
};

/// beta tanh(lam x / 2), the same function without cancellation near zero.
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (lam, beta) = (p[0], p[1]);
    let half = L::splat(0.5);
    let (half_lam, half_beta) = (lam * half, beta * half);
    let tanh = (half_lam * x).tanh();
    // d tanh(u)/du · beta/2
    let slope = (-tanh).mul_add(half_beta * tanh, half_beta);
    Response { value: beta * tanh, dx: slope * lam, dp: [slope * x, tanh, L::zero(), L::zero()] }
}
