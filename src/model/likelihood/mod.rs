//! Likelihood of one scaled observation given its mean: log density, predicted mean, draws.

use super::family::{Family, Support, families};
use crate::math::{Key, Lane, Part, Purpose, lane_normals, philox4x32, uniform};
use rand_philox::Philox;

#[cfg(test)]
mod tests;

families! {
    ($)
    /// A family of likelihoods.
    Likelihood of Family {
        Normal => normal,
        TruncatedNormal => truncated_normal,
        StudentT => student_t,
        Laplace => laplace,
        LogNormal => log_normal,
        SkewNormal => skew_normal,
        Gamma => gamma,
    }
}

/// Parameters of the family with the most of them.
pub const MAX_PARAMETERS: usize = 2;

/// The parameters of a likelihood, filled up with zeros.
pub type Parameters<L> = [L; MAX_PARAMETERS];

/// Numbers that all observations share, made once from the parameters.
pub type Constants<L> = [L; 4];

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

/// The random numbers of one date and one draw of the target per lane: functions of these alone.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// The model's.
    pub key: Key,
    /// The date.
    pub date: u32,
    /// The draw of the first lane; the others follow.
    pub draw: u32,
}

impl Noise {
    /// Four independent standard normal numbers per lane.
    #[inline(always)]
    fn normals<L: Lane>(&self) -> [L; 4] {
        lane_normals(self.key, self.date, self.draw, 0, Purpose::Predictive)
    }

    /// A uniform number of one lane, independent of its normal ones.
    fn uniform(&self, lane: usize) -> f64 {
        let counter = [self.date, self.draw + lane as u32, 1, Purpose::Predictive as u32];
        uniform(philox4x32(counter, self.key.0)[0]).into()
    }

    /// As many random numbers of one lane as needed.
    fn stream(&self, lane: usize) -> Philox {
        self.key.substream(Purpose::PredictiveStream, self.date, self.draw + lane as u32)
    }
}

impl Likelihood {
    /// The numbers that [`Likelihood::log_density`] needs beside the parameters; `lower` is the
    /// truncation bound where there is one.
    #[inline(always)]
    pub fn constants<L: Lane>(self, p: &Parameters<L>, lower: L) -> Constants<L> {
        L::call(Shared { family: self, p, lower })
    }

    /// The log density of independent observations `y` at their means `mu`, with its derivative in
    /// each mean.
    ///
    /// The family is looked up once, not for every observation. One that is `known` to the compiler is
    /// part of the caller's loop, any other is called.
    #[inline(always)]
    pub fn log_density<L: Lane>(
        self,
        known: Option<Self>,
        y: &[L::Scalar],
        mu: &[L],
        p: &Parameters<L>,
        c: &Constants<L>,
        dmu: &mut [L],
    ) -> Total<L> {
        match known {
            Some(family) => Several { family, y, mu, p, c, dmu }.run(),
            None => L::call(Several { family: self, y, mu, p, c, dmu }),
        }
    }

    /// E[y | mu, parameters]; where the family has no mean, its median.
    #[inline(always)]
    pub fn expected<L: Lane>(self, mu: L, p: &Parameters<L>, lower: f64) -> L {
        L::call(Expected { family: self, mu, p, lower })
    }

    /// One draw of y per lane.
    #[inline(always)]
    pub fn sample<L: Lane>(self, mu: L, p: &Parameters<L>, lower: f64, noise: Noise) -> L {
        L::call(Sample { family: self, mu, p, lower, noise })
    }

    /// Where observations may lie; those of a truncated family on its bound, too.
    pub fn support(self, lower: f64) -> Support {
        each!(self, leaf => leaf::support(lower))
    }

    /// Whether the family is cut off at `lower`.
    pub fn truncated(self) -> bool {
        self == Likelihood::TruncatedNormal
    }
}

struct Shared<'a, L> {
    family: Likelihood,
    p: &'a Parameters<L>,
    lower: L,
}

impl<L: Lane> Part for Shared<'_, L> {
    type Output = Constants<L>;

    #[inline(always)]
    fn run(self) -> Constants<L> {
        each!(self.family, leaf => leaf::constants(self.p, self.lower))
    }
}

struct Several<'a, L: Lane> {
    family: Likelihood,
    y: &'a [L::Scalar],
    mu: &'a [L],
    p: &'a Parameters<L>,
    c: &'a Constants<L>,
    dmu: &'a mut [L],
}

impl<L: Lane> Part for Several<'_, L> {
    type Output = Total<L>;

    #[inline(always)]
    fn run(self) -> Total<L> {
        let mut total = Total { logp: L::zero(), dp: [L::zero(); _] };
        each!(self.family, leaf => {
            for ((&y, &mu), dmu) in self.y.iter().zip(self.mu).zip(self.dmu) {
                let point = leaf::pointwise(L::from_scalar(y), mu, self.p, self.c);
                *dmu = point.dmu;
                total.logp += point.logp;
                for k in 0..leaf::FAMILY.parameters.len() {
                    total.dp[k] += point.dp[k];
                }
            }
        });
        total
    }
}

struct Expected<'a, L> {
    family: Likelihood,
    mu: L,
    p: &'a Parameters<L>,
    lower: f64,
}

impl<L: Lane> Part for Expected<'_, L> {
    type Output = L;

    #[inline(always)]
    fn run(self) -> L {
        each!(self.family, leaf => leaf::expected(self.mu, self.p, self.lower))
    }
}

struct Sample<'a, L> {
    family: Likelihood,
    mu: L,
    p: &'a Parameters<L>,
    lower: f64,
    noise: Noise,
}

impl<L: Lane> Part for Sample<'_, L> {
    type Output = L;

    #[inline(always)]
    fn run(self) -> L {
        each!(self.family, leaf => leaf::sample(self.mu, self.p, self.lower, self.noise))
    }
}
