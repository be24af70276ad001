//! Root saturation: a power of the spend.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response, spent};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "root",
    formula: "beta x^alpha",
    parameters: &[
        Parameter {
            name: "alpha",
            domain: Support::POSITIVE,
            default: ("Beta", &[("alpha", 1.0), ("beta", 2.0)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("Gamma", &[("mu", 1.0), ("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("saturation/root"),
};

/// beta e^(alpha ln x).
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (alpha, beta) = (p[0], p[1]);
    let (x, spent) = spent(x);
    let log = x.ln();
    let power = (alpha * log).exp();
    let power_spent = power * spent;
    let value = beta * power_spent;
    Response {
        value,
        dx: beta * alpha * power / x,
        dp: [value * log, power_spent, L::zero(), L::zero()],
    }
}
