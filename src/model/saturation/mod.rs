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

/// Several responses and their derivatives.
pub struct Responses<L, const N: usize> {
    /// f(x).
    pub value: [L; N],
    /// df/dx.
    pub dx: [L; N],
    /// df/dp, parameter by parameter.
    pub dp: [[L; N]; MAX_PARAMETERS],
}

impl Saturation {
    /// The responses to several x ≥ 0; derivatives are written for the family's own parameters.
    #[inline(always)]
    pub fn responses<L: Lane, const N: usize>(
        self,
        x: &[L; N],
        p: &[L; MAX_PARAMETERS],
        out: &mut Responses<L, N>,
    ) {
        // The family is looked up once, not at every x.
        each!(self, leaf => {
            for (i, &x) in x.iter().enumerate() {
                let response = leaf::response(x, p);
                out.value[i] = response.value;
                out.dx[i] = response.dx;
                for k in 0..leaf::FAMILY.parameters.len() {
                    out.dp[k][i] = response.dp[k];
                }
            }
        })
    }

    /// The response at x ≥ 0 with the family's parameters `p`.
    #[inline(always)]
    pub fn response<L: Lane>(self, x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
        each!(self, leaf => leaf::response(x, p))
    }
}
