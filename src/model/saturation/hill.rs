//! Hill saturation: beta is the ceiling, kappa the spend that reaches half of it; with a slope above 1
//! the curve is S-shaped.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{LEAST, MAX_PARAMETERS, Response, spent};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "hill",
    formula: "beta (1 - kappa^slope / (kappa^slope + x^slope))",
    parameters: &[
        Parameter {
            name: "slope",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
        Parameter {
            name: "kappa",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
    ],
    wgsl: wgsl!("saturation/hill"),
};

/// beta s with s = 1/(1 + e^−y), y = slope ln(x/kappa), whose derivative is s (1 − s).
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (zero, one, least) = (L::zero(), L::splat(1.0), L::splat(LEAST));
    let (slope, kappa, beta) = (p[0], p[1].max(least), p[2]);
    let (x, spent) = spent(x);
    let log = x.ln() - kappa.ln();
    let y = slope * log;
    let e = (-y.abs()).exp();
    let inverse = one / (one + e);
    let share = L::select_lt(y, zero, e, one) * inverse;
    let bell = beta * e * inverse * inverse;
    let share_spent = share * spent;
    let bell_spent = bell * spent;
    Response {
        value: beta * share_spent,
        dx: bell * slope / x,
        dp: [bell_spent * log, -(bell_spent * slope / kappa), share_spent, zero],
    }
}
