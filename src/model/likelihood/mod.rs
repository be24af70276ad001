//! Likelihood of one scaled observation given its mean.

use super::family::{Family, families};
use crate::math::Lane;

families! {
    ($)
    /// A family of likelihoods.
    Likelihood of Family {
        Normal => normal,
        TruncatedNormal => truncated_normal,
    }
}

/// Parameters of the family with the most of them.
pub const MAX_PARAMETERS: usize = 2;

/// The log density of one observation and its derivatives.
#[derive(Clone, Copy)]
pub struct Pointwise<L> {
    /// log p(y | mu, parameters).
    pub logp: L,
    /// d logp / d mu.
    pub dmu: L,
    /// d logp / d parameter.
    pub dp: [L; MAX_PARAMETERS],
}

impl Likelihood {
    /// The log density of `y` at mean `mu`; `lower` is the truncation bound where there is one.
    #[inline(always)]
    pub fn pointwise<L: Lane>(
        self,
        y: L,
        mu: L,
        p: &[L; MAX_PARAMETERS],
        lower: L,
    ) -> Pointwise<L> {
        each!(self, pointwise, (y, mu, p, lower))
    }

    /// Whether the family is cut off at `lower`.
    pub fn truncated(self) -> bool {
        self == Likelihood::TruncatedNormal
    }
}
