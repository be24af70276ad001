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
//! numbers that the sampler learns as it starts; any numbers are right, good ones are fast. An effect whose
//! (θ − mu)/tau has another law (Laplace, Student's t) is moved by the same map: between offsets and the
//! effect itself, as the data ask for. Partial non-centring of hierarchies is from Papaspiliopoulos, Roberts
//! & Sköld 2007 (Statistical Science 22); this form of it moves the mean as well. The reported log density
//! knows nothing of it.

use super::layout::{Arguments, Element, Form, Operand};
use super::likelihood::normal::HALF_LN_TAU;
use super::prior::Distribution;
use super::prior::log_normal::Moments;
use super::prior::student_t;
use crate::math::{Lane, Wide};
use std::f64::consts::LN_2;

/// How an element is drawn around others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// What mu and the scale tau are, or are made of.
    pub operands: [Operand; 2],
    /// What the effect is to the value.
    pub scale: Scale,
    /// The law of (θ − mu)/tau.
    pub law: Law,
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

/// The law of an effect's distance x from its mean, in units of tau.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// N(0, 1).
    Normal,
    /// Of density e^−|x|/2.
    Laplace,
    /// Student's t.
    StudentT {
        /// Its degrees of freedom.
        nu: f64,
        /// −ln p(0).
        constant: f64,
    },
}

impl Law {
    /// Student's t of these degrees of freedom.
    fn student_t(nu: f64) -> Self {
        Law::StudentT { nu, constant: -student_t::constants(&[nu, 0.0, 1.0])[3] }
    }

    /// −2 ln p(x) up to a constant, and half its slope.
    #[inline(always)]
    fn deviance<L: Lane>(self, x: L) -> (L, L) {
        match self {
            Law::Normal => (x * x, x),
            Law::Laplace => {
                let sign = L::select_lt(x, L::zero(), L::splat(-1.0), L::splat(1.0));
                (x * (sign + sign), sign)
            }
            Law::StudentT { nu, .. } => {
                let power = L::splat(nu + 1.0);
                let square = x * x;
                let log = (square * L::splat(1.0 / nu)).ln_1p();
                (power * log, power * x / (square + L::splat(nu)))
            }
        }
    }

    /// What [`Law::deviance`] leaves out: −ln p(0).
    fn constant(self) -> f64 {
        match self {
            Law::Normal => HALF_LN_TAU,
            Law::Laplace => LN_2,
            Law::StudentT { constant, .. } => constant,
        }
    }

    /// Its number in the WGSL twin.
    fn code(self) -> u32 {
        match self {
            Law::Normal => 0,
            Law::Laplace => 1,
            Law::StudentT { .. } => 2,
        }
    }
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
        let (operands, scale, law) = match (&element.derived, &element.arguments) {
            _ if element.implied => return None,
            (Some(made), arguments) => {
                let scale = match made.form {
                    Form::Linear => Scale::Linear,
                    Form::LogNormal => Scale::Moments,
                };
                let law = match (element.distribution, arguments) {
                    (Distribution::Normal, _) => Law::Normal,
                    (Distribution::StudentT, Arguments::Fixed(of)) => Law::student_t(of[0]),
                    _ => return None,
                };
                (made.operands, scale, law)
            }
            (None, Arguments::Nested { signature, operands }) => {
                let (first, scale, law) = match (element.distribution, signature) {
                    (Distribution::Normal, _) => (0, Scale::Linear, Law::Normal),
                    (Distribution::LogNormal, 0) => (0, Scale::Log, Law::Normal),
                    (Distribution::LogNormal, _) => (0, Scale::Moments, Law::Normal),
                    (Distribution::Laplace, _) => (0, Scale::Linear, Law::Laplace),
                    (Distribution::StudentT, _) => {
                        let Operand::Constant(nu) = operands[0] else { return None };
                        (1, Scale::Linear, Law::student_t(nu))
                    }
                    _ => return None,
                };
                ([operands[first], operands[first + 1]], scale, law)
            }
            _ => return None,
        };
        let varies = operands.iter().any(|operand| matches!(operand, Operand::Value(_)));
        varies.then_some(Self { operands, scale, law, offset: element.derived.is_some() })
    }

    /// The number of its kind in the WGSL twin, and the constants of its law.
    pub fn code(&self) -> (u32, [f64; 2]) {
        let scale = match self.scale {
            Scale::Linear => 0,
            Scale::Log => 1,
            Scale::Moments => 2,
        };
        let nu = match self.law {
            Law::StudentT { nu, .. } => nu,
            Law::Normal | Law::Laplace => 0.0,
        };
        let code = 6 * self.law.code() + 2 * scale + u32::from(self.offset);
        (code, [nu, self.law.constant()])
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
        let (deviance, slope) = self.law.deviance(x);
        let logp = -(deviance + strength.ln_1p()) * half - L::splat(self.law.constant());
        let mut dlogp = dx.map(|d| -(slope * d));
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
        let x = Wide::<f64, 1, false>::splat((theta - mu) / tau);
        Effect { theta, mu, tau, pull: tau * self.law.deviance(x).1.get(0) }
    }
}

/// An effect with the mean and the deviation it is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// θ.
    pub theta: f64,
    /// Its mean a priori.
    pub mu: f64,
    /// Its scale a priori: the standard deviation of a Normal.
    pub tau: f64,
    /// tau² times how fast its log prior falls with it: θ − mu of a Normal.
    pub pull: f64,
}

impl Effect {
    /// The slope of the log likelihood in θ, from that of the whole log density in u.
    pub fn slope(&self, [information, ..]: Known<f64>, in_u: f64) -> f64 {
        let root = (1.0 / (information * self.tau * self.tau + 1.0)).sqrt();
        (in_u / root + self.pull / self.tau) / self.tau
    }

    /// Its u.
    pub fn unmap(&self, [information, score, coupling, center]: Known<f64>) -> f64 {
        let Self { theta, mu, tau, .. } = *self;
        let share = 1.0 / (information * tau * tau + 1.0);
        let away = coupling * (center - mu) / (coupling * tau * tau + 1.0);
        ((theta - mu) / tau - tau * (share * score + away)) / share.sqrt()
    }
}
