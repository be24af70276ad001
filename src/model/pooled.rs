//! Pooled elements: effects of a group, drawn around a mean with a deviation that are values of the
//! model, too, and the coordinates in which the sampler moves them.
//!
//! An effect θ (a geo's intercept, the logarithm of its response) is N(mu, tau) a priori. If the log
//! likelihood is about s θ − I θ²/2, it is Normal a posteriori, too, and
//!
//! `θ = (s tau² + mu) P + tau √P u`, `P = 1 / (I tau² + 1)`
//!
//! makes it a standard normal u whatever mu and tau are: no funnel, neither where data are weak (I = 0:
//! u are offsets, "non-centred") nor where they are strong (P → 0: u does not know of mu and tau,
//! "centred"). Data may know much of how effects differ and little of their common level, which goes with
//! something that all share (a saturation). So the level has an information of its own, the coupling A,
//! and a center m about which mu varies:
//!
//! `θ = mu + A tau² Q (m − mu) + s tau² P + tau √P u`, `Q = 1 / (A tau² + 1)`,
//!
//! s being the score where θ is m; for A = I it is the map above. I, s, A and m of every element are
//! numbers that the sampler learns as it starts; any numbers are right, good ones are fast. Partial
//! non-centring of hierarchies is from Papaspiliopoulos, Roberts & Sköld 2007 (Statistical Science 22);
//! this form of it moves the mean as well. The reported log density knows nothing of it.

use super::layout::{Arguments, Element, Form, Operand};
use super::likelihood::normal::HALF_LN_TAU;
use super::prior::Distribution;
use super::prior::log_normal::Moments;
use crate::math::Lane;

/// How an element is drawn around others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// What mu and tau are, or are made of.
    pub operands: [Operand; 2],
    /// What the effect is to the value.
    pub scale: Scale,
    /// Whether the element is the offset (θ − mu)/tau, and not the value.
    pub offset: bool,
}

/// What an effect θ is to the value it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// It is the value; operands are mu and tau.
    Linear,
    /// It is the value's logarithm; operands are mu and tau.
    Log,
    /// It is the value's logarithm; operands are the value's mean and standard deviation.
    Moments,
}

/// What the data are taken to say of an element: information I, score s, coupling A and center m.
pub type Known<T> = [T; 4];

/// An element's value at a point of its coordinate.
#[derive(Clone, Copy)]
pub struct Moved<L> {
    /// The value.
    pub value: L,
    /// Its derivatives in the operands and in u.
    pub dvalue: [L; 3],
    /// Log prior with the Jacobian of the coordinate.
    pub logp: L,
    /// Its derivatives.
    pub dlogp: [L; 3],
}

impl Pooled {
    /// How an element is pooled, if it is.
    pub fn of(element: &Element) -> Option<Self> {
        let (operands, scale) = match (&element.derived, &element.arguments) {
            _ if element.implied => return None,
            (Some(made), _) if element.distribution == Distribution::Normal => {
                let scale = match made.form {
                    Form::Linear => Scale::Linear,
                    Form::LogNormal => Scale::Moments,
                };
                (made.operands, scale)
            }
            (None, Arguments::Nested { signature, operands }) => {
                let scale = match (element.distribution, signature) {
                    (Distribution::Normal, _) => Scale::Linear,
                    (Distribution::LogNormal, 0) => Scale::Log,
                    (Distribution::LogNormal, _) => Scale::Moments,
                    _ => return None,
                };
                ([operands[0], operands[1]], scale)
            }
            _ => return None,
        };
        let varies = operands.iter().any(|operand| matches!(operand, Operand::Value(_)));
        varies.then_some(Self { operands, scale, offset: element.derived.is_some() })
    }

    /// The number of its kind in the WGSL twin.
    pub fn code(&self) -> u32 {
        let scale = match self.scale {
            Scale::Linear => 0,
            Scale::Log => 1,
            Scale::Moments => 2,
        };
        2 * scale + u32::from(self.offset)
    }

    /// The value at u, given the operands' values.
    #[inline(always)]
    pub fn map<L: Lane>(&self, operands: [L; 2], u: L, known: Known<L>) -> Moved<L> {
        let (one, half) = (L::splat(1.0), L::splat(0.5));
        let [information, score, coupling, center] = known;
        let [mut mu, mut tau] = operands;
        if self.scale == Scale::Moments {
            let moments = Moments::new(mu, tau);
            (mu, tau) = (moments.mu, moments.sigma);
        }
        let pull = information * tau;
        let strength = pull * tau;
        let share = one / (strength + one);
        let root = share.sqrt();
        let common = one / (coupling * tau * tau + one);
        let away = common * coupling * (center - mu);
        // The offset x = (θ − mu)/tau and its derivatives in mu, tau and u.
        let x = root.mul_add(u, tau * share.mul_add(score, away));
        let twice = share + share - one;
        let dx_tau = share * (score * twice - pull * root * u) + away * (common + common - one);
        let dx = [-(coupling * tau * common), dx_tau, root];
        let logp = -(x * x + strength.ln_1p()) * half - L::splat(HALF_LN_TAU);
        let mut dlogp = dx.map(|d| -(x * d));
        dlogp[1] -= pull * share;
        let (mut value, mut dvalue) = (x, dx);
        if !self.offset {
            value = tau.mul_add(x, mu);
            dvalue = [common, tau.mul_add(dx_tau, x), tau * root];
            if self.scale != Scale::Linear {
                value = value.exp();
                dvalue = dvalue.map(|d| d * value);
            }
        }
        if self.scale == Scale::Moments {
            let moments = Moments::new(operands[0], operands[1]);
            for d in [&mut dvalue, &mut dlogp] {
                [d[0], d[1]] = moments.pull_back(d[0], d[1]);
            }
        }
        Moved { value, dvalue, logp, dlogp }
    }

    /// The effect, its mean and its deviation, from the values of the element and the operands.
    pub fn effect(&self, value: f64, [a, b]: [f64; 2]) -> Effect {
        let (mu, tau) = match self.scale {
            Scale::Linear | Scale::Log => (a, b),
            Scale::Moments => {
                let spread = (b / a).powi(2).ln_1p();
                (a.ln() - 0.5 * spread, spread.sqrt())
            }
        };
        let theta = match self.scale {
            _ if self.offset => mu + tau * value,
            Scale::Linear => value,
            Scale::Log | Scale::Moments => value.ln(),
        };
        Effect { theta, mu, tau }
    }
}

/// An effect with the mean and the deviation it is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// θ.
    pub theta: f64,
    /// Its mean a priori.
    pub mu: f64,
    /// Its standard deviation a priori.
    pub tau: f64,
}

impl Effect {
    /// The slope of the log likelihood in θ, from that of the whole log density in u.
    pub fn slope(&self, [information, ..]: Known<f64>, in_u: f64) -> f64 {
        let root = (1.0 / (information * self.tau * self.tau + 1.0)).sqrt();
        (in_u / root + (self.theta - self.mu) / self.tau) / self.tau
    }

    /// Its u.
    pub fn unmap(&self, [information, score, coupling, center]: Known<f64>) -> f64 {
        let Self { theta, mu, tau } = *self;
        let share = 1.0 / (information * tau * tau + 1.0);
        let away = coupling * (center - mu) / (coupling * tau * tau + 1.0);
        ((theta - mu) / tau - tau * (share * score + away)) / share.sqrt()
    }
}
