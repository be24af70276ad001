//! Normal likelihood cut off below: Normal(y | mu, sigma) / P(Normal(mu, sigma) > lower).

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Pointwise, normal};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "TruncatedNormal",
    formula: "y ~ Normal(mu, sigma) given y > lower",
    parameters: &[Parameter {
        name: "sigma",
        domain: Support::POSITIVE,
        default: ("HalfNormal", &[("sigma", 2.0)]),
    }],
    wgsl: wgsl!("likelihood/truncated_normal"),
};

/// The Normal's minus ln Φ(m), m = (mu − lower)/sigma, without cancellation.
#[inline(always)]
pub fn pointwise<L: Lane>(y: L, mu: L, p: &[L; MAX_PARAMETERS], lower: L) -> Pointwise<L> {
    let plain = normal::pointwise(y, mu, p, lower);
    let inverse = L::splat(1.0) / p[0];
    let m = (mu - lower) * inverse;
    let (log_mass, mills) = m.log_ndtr();
    let slope = mills * inverse;
    Pointwise {
        logp: plain.logp - log_mass,
        dmu: plain.dmu - slope,
        dp: [slope.mul_add(m, plain.dp[0]), L::zero()],
    }
}
