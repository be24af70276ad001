//! Saturation: the response to (adstocked) spend, with diminishing returns.

use super::family::{Family, families};
use crate::math::Lane;

families! {
    ($)
    /// A family of saturation curves.
    Saturation of Family {
        Logistic => logistic,
        None => none,
    }
}

/// Parameters of the family with the most of them.
pub const MAX_PARAMETERS: usize = 4;

/// A response and its derivatives.
#[derive(Clone, Copy)]
pub struct Response<L> {
    /// f(x).
    pub value: L,
    /// df/dx.
    pub dx: L,
    /// df/dp, in the order of the family's parameters; the rest is zero.
    pub dp: [L; MAX_PARAMETERS],
}

impl Saturation {
    /// The response at x ≥ 0 with the family's parameters `p`.
    #[inline(always)]
    pub fn response<L: Lane>(self, x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
        each!(self, response, (x, p))
    }
}
