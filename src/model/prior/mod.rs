//! Prior distributions: densities with all normalising constants, parametrised as in PyMC.

use super::family::{Support, Wgsl, families};
use crate::math::Lane;
use rand::Rng;

families! {
    ($)
    /// A distribution that a prior may have.
    Distribution of Entry {
        Normal => normal,
        HalfNormal => half_normal,
        LogNormal => log_normal,
        Gamma => gamma,
        Beta => beta,
        Laplace => laplace,
        Exponential => exponential,
        StudentT => student_t,
        HalfCauchy => half_cauchy,
        Uniform => uniform,
    }
}

/// What a distribution says of itself.
#[derive(Debug)]
pub struct Entry {
    /// The name in the model file.
    pub name: &'static str,
    /// The density in one line, for help and docs.
    pub formula: &'static str,
    /// The accepted sets of arguments, the leaf's own first.
    pub signatures: &'static [&'static [Argument]],
    /// Its WGSL twin.
    pub wgsl: Wgsl,
}

/// An argument of a distribution.
#[derive(Debug)]
pub struct Argument {
    /// PyMC's name.
    pub name: &'static str,
    /// Where it may lie.
    pub domain: Support,
    /// PyMC's default, if it has one.
    pub default: Option<f64>,
}

/// An argument that must be given.
const fn required(name: &'static str, domain: Support) -> Argument {
    Argument { name, domain, default: None }
}

/// An argument with a default.
const fn optional(name: &'static str, domain: Support, default: f64) -> Argument {
    Argument { name, domain, default: Some(default) }
}

/// A value as a density wants it: with its distances from the bounds and their logarithms, which
/// the coordinate map knows without cancellation.
#[derive(Clone, Copy)]
pub struct Value<L> {
    /// x.
    pub x: L,
    /// x − lower, where there is a lower bound.
    pub below: L,
    /// upper − x, where there is an upper bound.
    pub above: L,
    /// ln(x − lower).
    pub ln_below: L,
    /// ln(upper − x).
    pub ln_above: L,
}

/// Numbers a leaf's density needs, made once from the arguments; by custom the last is the
/// logarithm of the normalising constant.
pub type Constants<T> = [T; 4];

impl Distribution {
    /// Arguments in the leaf's own parametrisation, from those of signature `which`.
    pub fn canonical(self, which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
        each!(self, leaf => leaf::canonical(which, arguments))
    }

    /// The values it takes.
    pub fn support(self, arguments: &[f64]) -> Support {
        each!(self, leaf => leaf::support(arguments))
    }

    /// What [`Distribution::log_density`] needs.
    pub fn constants(self, arguments: &[f64]) -> Constants<f64> {
        each!(self, leaf => leaf::constants(arguments))
    }

    /// ln p(x) and its derivative in x.
    #[inline(always)]
    pub fn log_density<L: Lane>(self, value: Value<L>, c: &Constants<L>) -> (L, L) {
        each!(self, leaf => leaf::log_density(value, c))
    }

    /// One random draw.
    pub fn sample<R: Rng>(self, arguments: &[f64], rng: &mut R) -> f64 {
        each!(self, leaf => leaf::sample(arguments, rng))
    }
}

/// Alpha and beta of a Gamma with this mean and standard deviation.
fn gamma_by_moments(mean: f64, sd: f64) -> Vec<f64> {
    vec![(mean / sd).powi(2), mean / (sd * sd)]
}
