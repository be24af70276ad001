//! Prior distributions: densities with all normalising constants, parametrised as in PyMC.

use super::family::{Support, Wgsl, families};
use crate::math::{Lane, Part};
use rand::Rng;

#[cfg(test)]
mod tests;

families! {
    ($)
    /// A distribution that a prior may have.
    Distribution of Entry {
        Normal => normal,
        HalfNormal => half_normal,
        TruncatedNormal => truncated_normal,
        SkewNormal => skew_normal,
        LogNormal => log_normal,
        StudentT => student_t,
        HalfStudentT => half_student_t,
        Cauchy => cauchy,
        HalfCauchy => half_cauchy,
        Laplace => laplace,
        Exponential => exponential,
        Gamma => gamma,
        InverseGamma => inverse_gamma,
        Weibull => weibull,
        Beta => beta,
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

impl Argument {
    /// Whether it bounds the values.
    pub fn is_bound(&self) -> bool {
        matches!(self.name, "lower" | "upper")
    }
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

/// Arguments of the distribution with the most of them.
pub const MAX_ARGUMENTS: usize = 4;

/// The log density of a prior whose arguments vary, too.
#[derive(Clone, Copy)]
pub struct Nested<L> {
    /// ln p(x | arguments).
    pub logp: L,
    /// Its derivative in x.
    pub dx: L,
    /// Its derivatives in the arguments, in the signature's order; zero for bounds.
    pub da: [L; MAX_ARGUMENTS],
}

impl Entry {
    /// The parametrisation that takes these arguments and needs no others.
    pub fn signature<'a>(&self, given: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
        let takes = |signature: &&[Argument]| {
            let known = |name: &str| signature.iter().any(|argument| argument.name == name);
            given.clone().all(known)
                && signature.iter().all(|argument| {
                    argument.default.is_some() || given.clone().any(|name| name == argument.name)
                })
        };
        self.signatures.iter().position(takes)
    }
}

impl Distribution {
    /// Arguments in the leaf's own parametrisation, from those of signature `which`.
    pub fn canonical(self, which: usize, arguments: &[f64]) -> Result<Vec<f64>, String> {
        each!(self, leaf => leaf::canonical(which, arguments))
    }

    /// Whether there is a distribution with these arguments, in the leaf's own parametrisation.
    pub fn takes(self, arguments: &[f64]) -> bool {
        let inside = |(argument, &x): (&Argument, &f64)| {
            let (lower, upper) = argument.domain.bounds();
            // Bounds were checked, and may be infinite.
            argument.is_bound() || x > lower && x < upper
        };
        self.family().signatures[0].iter().zip(arguments).all(inside)
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

    /// ln p(x) and its derivatives in x and in the arguments, given by signature `signature` and
    /// filled up with zeros.
    #[inline(always)]
    pub fn nested<L: Lane>(
        self,
        signature: usize,
        value: Value<L>,
        arguments: &[L; MAX_ARGUMENTS],
    ) -> Nested<L> {
        L::call(NestedDensity { distribution: self, signature, value, arguments })
    }

    /// One random draw.
    pub fn sample<R: Rng>(self, arguments: &[f64], rng: &mut R) -> f64 {
        each!(self, leaf => leaf::sample(arguments, rng))
    }
}

/// [`Distribution::nested`].
struct NestedDensity<'a, L> {
    distribution: Distribution,
    signature: usize,
    value: Value<L>,
    arguments: &'a [L; MAX_ARGUMENTS],
}

impl<L: Lane> Part for NestedDensity<'_, L> {
    type Output = Nested<L>;

    #[inline(always)]
    fn run(self) -> Nested<L> {
        each!(self.distribution, leaf => leaf::nested(self.signature, self.value, self.arguments))
    }
}

/// Alpha and beta of a Gamma with this mean and standard deviation.
fn gamma_by_moments(mean: f64, sd: f64) -> Vec<f64> {
    vec![(mean / sd).powi(2), mean / (sd * sd)]
}
