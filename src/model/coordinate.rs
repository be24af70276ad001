//! Coordinates: from the unconstrained line to the values of a parameter and back.
//!
//! Two kinds. The *plain* ones (identity, log, logit) are those of the reported log density. The
//! *prior-quantile* ones, x = F⁻¹(Φ(z)), make the prior a standard Normal; the sampler prefers
//! them for parameters that the data say little about.

use super::family::{Support, Wgsl, wgsl};
use super::likelihood::normal::HALF_LN_TAU;
use super::prior::{Distribution, Value};
use crate::math::Lane;
use crate::math::scalar::{norm_cdf, norm_quantile};

/// The WGSL twin of [`Coordinate::map`].
pub const WGSL: Wgsl = wgsl!("coordinate");

/// A map from the line to a parameter's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinate {
    /// x = u.
    Identity,
    /// x = lower + e^u.
    Log {
        /// The bound.
        lower: f64,
    },
    /// x = upper − e^u.
    LogBelow {
        /// The bound.
        upper: f64,
    },
    /// x = lower + (upper − lower) / (1 + e^−u).
    Logit {
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
    },
    /// Quantile of HalfNormal(sigma).
    HalfNormal {
        /// Its scale.
        sigma: f64,
    },
    /// Quantile of Beta(1, beta): x = 1 − Φ(−z)^(1/beta).
    BetaOne {
        /// Its second shape.
        beta: f64,
    },
    /// Quantile of Exponential(rate): x = −ln Φ(−z) / rate.
    Exponential {
        /// Its rate.
        rate: f64,
    },
    /// Quantile of Uniform(lower, upper).
    Uniform {
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
    },
}

/// A mapped point.
#[derive(Clone, Copy)]
pub struct Mapped<L> {
    /// The parameter's value.
    pub value: Value<L>,
    /// dx/du.
    pub dx: L,
    /// ln |dx/du| in plain coordinates; in prior-quantile ones the whole prior term of z.
    pub logp: L,
    /// Its derivative in u.
    pub dlogp: L,
}

impl Coordinate {
    /// The plain coordinate of a support.
    pub fn plain(support: Support) -> Self {
        match support {
            Support::Real => Coordinate::Identity,
            Support::Above(lower) => Coordinate::Log { lower },
            Support::Below(upper) => Coordinate::LogBelow { upper },
            Support::Between(lower, upper) => Coordinate::Logit { lower, upper },
        }
    }

    /// The prior-quantile coordinate of a distribution, where it has a closed form and light
    /// tails; else the plain one.
    pub fn prior_quantile(distribution: Distribution, arguments: &[f64]) -> Self {
        match distribution {
            Distribution::HalfNormal => Coordinate::HalfNormal { sigma: arguments[0] },
            Distribution::Beta if arguments[0] == 1.0 => Coordinate::BetaOne { beta: arguments[1] },
            Distribution::Exponential => Coordinate::Exponential { rate: arguments[0] },
            Distribution::Uniform => {
                Coordinate::Uniform { lower: arguments[0], upper: arguments[1] }
            }
            _ => Coordinate::plain(distribution.support(arguments)),
        }
    }

    /// Whether the prior is already in the map, so that no density is to be added.
    pub fn includes_prior(self) -> bool {
        match self {
            Coordinate::Identity
            | Coordinate::Log { .. }
            | Coordinate::LogBelow { .. }
            | Coordinate::Logit { .. } => false,
            Coordinate::HalfNormal { .. }
            | Coordinate::BetaOne { .. }
            | Coordinate::Exponential { .. }
            | Coordinate::Uniform { .. } => true,
        }
    }

    /// Number of the map in the WGSL twin, and its constants.
    pub fn code(self) -> (u32, [f64; 2]) {
        match self {
            Coordinate::Identity => (0, [0.0, 0.0]),
            Coordinate::Log { lower } => (1, [lower, 0.0]),
            Coordinate::Logit { lower, upper } => (2, [lower, upper - lower]),
            Coordinate::HalfNormal { sigma } => (3, [sigma, 0.0]),
            Coordinate::BetaOne { beta } => (4, [1.0 / beta, 0.0]),
            Coordinate::Exponential { rate } => (5, [1.0 / rate, 0.0]),
            Coordinate::Uniform { lower, upper } => (6, [lower, upper - lower]),
            Coordinate::LogBelow { upper } => (7, [upper, 0.0]),
        }
    }

    /// The value at `u` and what the density needs to know of the map.
    #[inline(always)]
    pub fn map<L: Lane>(self, u: L) -> Mapped<L> {
        let (one, zero) = (L::splat(1.0), L::zero());
        let plain = |x| Value { x, below: x, above: zero, ln_below: zero, ln_above: zero };
        // The prior of a prior-quantile coordinate.
        let normal = || (u * u * L::splat(-0.5) - L::splat(HALF_LN_TAU), -u);
        match self {
            Coordinate::Identity => Mapped { value: plain(u), dx: one, logp: zero, dlogp: zero },
            Coordinate::Log { lower } => {
                let e = u.exp();
                let value = Value {
                    x: e + L::splat(lower),
                    below: e,
                    above: zero,
                    ln_below: u,
                    ln_above: zero,
                };
                Mapped { value, dx: e, logp: u, dlogp: one }
            }
            Coordinate::LogBelow { upper } => {
                let e = u.exp();
                let value = Value {
                    x: L::splat(upper) - e,
                    below: zero,
                    above: e,
                    ln_below: zero,
                    ln_above: u,
                };
                Mapped { value, dx: -e, logp: u, dlogp: one }
            }
            Coordinate::Logit { lower, upper } => {
                let width = L::splat(upper - lower);
                let ln_width = L::splat((upper - lower).ln());
                let e = (-u.abs()).exp();
                let inverse = one / (one + e);
                let low = L::select_lt(u, zero, e, one) * inverse;
                let high = L::select_lt(u, zero, one, e) * inverse;
                let tail = e.ln_1p();
                let ln_low = u.min(zero) - tail;
                let ln_high = (-u).min(zero) - tail;
                let value = Value {
                    x: width.mul_add(low, L::splat(lower)),
                    below: width * low,
                    above: width * high,
                    ln_below: ln_width + ln_low,
                    ln_above: ln_width + ln_high,
                };
                let logp = ln_width + ln_low + ln_high;
                Mapped { value, dx: width * low * high, logp, dlogp: high - low }
            }
            Coordinate::HalfNormal { sigma } => {
                let h = u.half_normal_quantile();
                let dh = u.half_normal_slope(h);
                let (logp, dlogp) = normal();
                let sigma = L::splat(sigma);
                Mapped { value: plain(sigma * h), dx: sigma * dh, logp, dlogp }
            }
            Coordinate::BetaOne { beta } => {
                let (tail, mills) = (-u).log_ndtr();
                let inverse = L::splat(1.0 / beta);
                let scaled = tail * inverse;
                let (logp, dlogp) = normal();
                let dx = scaled.exp() * inverse * mills;
                Mapped { value: plain(-scaled.exp_m1()), dx, logp, dlogp }
            }
            Coordinate::Exponential { rate } => {
                let (tail, mills) = (-u).log_ndtr();
                let scale = L::splat(1.0 / rate);
                let (logp, dlogp) = normal();
                Mapped { value: plain(-tail * scale), dx: mills * scale, logp, dlogp }
            }
            Coordinate::Uniform { lower, upper } => {
                let width = L::splat(upper - lower);
                let share = u.log_ndtr().0.exp();
                let (logp, dlogp) = normal();
                let dx = width * (u * u * L::splat(-0.5) - L::splat(HALF_LN_TAU)).exp();
                Mapped { value: plain(width.mul_add(share, L::splat(lower))), dx, logp, dlogp }
            }
        }
    }

    /// The point on the line of a parameter's value.
    pub fn unmap(self, x: f64) -> f64 {
        match self {
            Coordinate::Identity => x,
            Coordinate::Log { lower } => (x - lower).ln(),
            Coordinate::LogBelow { upper } => (upper - x).ln(),
            Coordinate::Logit { lower, upper } => ((x - lower) / (upper - x)).ln(),
            Coordinate::HalfNormal { sigma } => -norm_quantile(2.0 * norm_cdf(-x / sigma)),
            Coordinate::BetaOne { beta } => -norm_quantile((beta * (-x).ln_1p()).exp()),
            Coordinate::Exponential { rate } => -norm_quantile((-rate * x).exp()),
            Coordinate::Uniform { lower, upper } => norm_quantile((x - lower) / (upper - lower)),
        }
    }
}
