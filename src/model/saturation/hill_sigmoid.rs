//! Hill saturation as a shifted sigmoid: sigma is the scale, lam the point of inflection.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "hill_sigmoid",
    formula: "sigma / (1 + exp(-beta (x - lam))) - sigma / (1 + exp(beta lam))",
    parameters: &[
        Parameter {
            name: "sigma",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
        Parameter {
            name: "lam",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.5)]),
        },
    ],
    wgsl: wgsl!("saturation/hill_sigmoid"),
};

/// sigma (T(x) + T₀)/2 with T(x) = tanh(beta (x − lam)/2), T₀ = tanh(beta lam/2).
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (sigma, beta, lam, half) = (p[0], p[1], p[2], L::splat(0.5));
    let here = (half * beta * (x - lam)).tanh();
    let start = (half * beta * lam).tanh();
    let share = half * (here + start);
    // sigma/2 dT/du for both
    let quarter = sigma * half * half;
    let here_slope = quarter * (L::splat(1.0) - here * here);
    let start_slope = quarter * (L::splat(1.0) - start * start);
    Response {
        value: sigma * share,
        dx: here_slope * beta,
        dp: [
            share,
            here_slope * (x - lam) + start_slope * lam,
            beta * (start_slope - here_slope),
            L::zero(),
        ],
    }
}
