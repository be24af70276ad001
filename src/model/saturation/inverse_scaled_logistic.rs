//! Logistic saturation by its half-way point: beta/2 is reached at x = lam.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "inverse_scaled_logistic",
    formula: "beta (1 - exp(-ln(3) x/lam)) / (1 + exp(-ln(3) x/lam))",
    parameters: &[
        Parameter {
            name: "lam",
            domain: Support::POSITIVE,
            default: ("Gamma", &[("alpha", 0.5), ("beta", 1.0)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 2.0)]),
        },
    ],
    wgsl: wgsl!("saturation/inverse_scaled_logistic"),
};

/// ½ ln 3.
const HALF_LN_3: f64 = 0.549_306_144_334_054_8;
/// Below it lam counts as this.
const LEAST: f64 = 1e-18;

/// beta tanh(c x/lam), c = ½ ln 3.
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (lam, beta) = (p[0].max(L::splat(LEAST)), p[1]);
    let rate = L::splat(HALF_LN_3) / lam;
    let tanh = (rate * x).tanh();
    let slope = (L::splat(1.0) - tanh * tanh) * beta * rate;
    Response { value: beta * tanh, dx: slope, dp: [-(slope * x / lam), tanh, L::zero(), L::zero()] }
}
