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

/// The log density of several observations and its derivatives in the parameters.
pub struct Total<L> {
    /// Σ log p(y | mu, parameters).
    pub logp: L,
    /// d logp / d parameter.
    pub dp: [L; MAX_PARAMETERS],
}

impl Likelihood {
    /// The log density of independent observations `y` at their means `mu`, with its derivative in
    /// each mean; `lower` is the truncation bound where there is one.
    #[inline(always)]
    pub fn log_density<L: Lane>(
        self,
        y: &[L::Scalar],
        mu: &[L],
        p: &[L; MAX_PARAMETERS],
        lower: L,
        dmu: &mut [L],
    ) -> Total<L> {
        let mut total = Total { logp: L::zero(), dp: [L::zero(); _] };
        // The family is looked up once, not for every observation.
        each!(self, leaf => {
            for ((&y, &mu), dmu) in y.iter().zip(mu).zip(dmu) {
                let point = leaf::pointwise(L::from_scalar(y), mu, p, lower);
                *dmu = point.dmu;
                total.logp += point.logp;
                for k in 0..leaf::FAMILY.parameters.len() {
                    total.dp[k] += point.dp[k];
                }
            }
        });
        total
    }

    /// Whether the family is cut off at `lower`.
    pub fn truncated(self) -> bool {
        self == Likelihood::TruncatedNormal
    }
}
