//! The parameters of a model: names, dims, priors, and where each stands in the vector.

use rand::Rng;

use super::coordinate::Coordinate;
use super::family::Support;
use super::pooled::{Known, Pooled};
use super::prior::Distribution;
use super::prior::log_normal::Moments;
use super::series::Coords;
use crate::math::{Lane, Wide};

/// One plain number in place of a batch of chains.
type Plain = Wide<f64, 1, false>;

/// A named parameter, scalar or array; a run of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// PyMC-Marketing's name: `saturation_beta`.
    pub name: String,
    /// Names of its dims; empty for a scalar.
    pub dims: Vec<String>,
    /// Index of its first value.
    pub offset: usize,
    /// Number of values.
    pub len: usize,
    /// What it is to the model.
    pub role: Role,
}

/// What a parameter is to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its values are elements.
    Sampled,
    /// So are these, but only the parameter made of them is of interest.
    Offset,
    /// Its values are made of others.
    Derived,
}

/// One scalar of the parameter vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its prior.
    pub distribution: Distribution,
    /// The prior's arguments.
    pub arguments: Arguments,
    /// Whether the data dominate the prior, so that plain coordinates suit the sampler.
    pub data_dominated: bool,
    /// What is made of it, where it is the offset of a non-centred parameter.
    pub derived: Option<Derived>,
    /// Whether it has no prior of its own: it is that of a channel's return on spend.
    pub implied: bool,
}

/// The arguments of a prior.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    /// Numbers, in the distribution's own parametrisation.
    Fixed(Vec<f64>),
    /// Of a hierarchy: some are values of the model that come before this one.
    Nested {
        /// Which of the distribution's parametrisations they belong to.
        signature: usize,
        /// The arguments, in its order.
        operands: Vec<Operand>,
    },
}

/// A number, or a value of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// A number.
    Constant(f64),
    /// The value of this index.
    Value(usize),
}

impl Operand {
    /// The number, given all values.
    pub fn of(self, values: &[f64]) -> f64 {
        match self {
            Operand::Constant(number) => number,
            Operand::Value(index) => values[index],
        }
    }
}

/// The operands as numbers, if they all are.
pub(super) fn numbers(operands: &[Operand]) -> Option<Vec<f64>> {
    let number = |operand: &Operand| match operand {
        Operand::Constant(number) => Some(*number),
        Operand::Value(_) => None,
    };
    operands.iter().map(number).collect()
}

/// A value made of an offset x and two operands a and b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derived {
    /// How.
    pub form: Form,
    /// a and b.
    pub operands: [Operand; 2],
    /// Its index among the values.
    pub value: usize,
}

/// How a non-centred value is made of its offset x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// a + b x.
    Linear,
    /// exp(mu + sigma x), the log-normal with mean a and standard deviation b.
    LogNormal,
}

/// A derived value and its derivatives.
#[derive(Clone, Copy)]
pub struct Made<L> {
    /// The value.
    pub value: L,
    /// Its derivatives in a, b and x.
    pub slopes: [L; 3],
}

impl Form {
    /// Its number in the WGSL twin.
    pub fn code(self) -> u32 {
        match self {
            Form::Linear => 1,
            Form::LogNormal => 2,
        }
    }

    /// The value and its derivatives.
    #[inline(always)]
    pub fn make<L: Lane>(self, a: L, b: L, x: L) -> Made<L> {
        match self {
            Form::Linear => Made { value: b.mul_add(x, a), slopes: [L::splat(1.0), x, b] },
            Form::LogNormal => {
                let moments = Moments::new(a, b);
                let value = moments.sigma.mul_add(x, moments.mu).exp();
                let [da, db] = moments.pull_back(value, value * x);
                Made { value, slopes: [da, db, value * moments.sigma] }
            }
        }
    }
}

impl Element {
    /// The coordinate of the reported log density.
    pub fn plain(&self) -> Coordinate {
        Coordinate::plain(self.support())
    }

    /// The coordinate the sampler moves in.
    pub fn sampling(&self) -> Coordinate {
        match &self.arguments {
            Arguments::Fixed(arguments) if !self.data_dominated && !self.implied => {
                Coordinate::prior_quantile(self.distribution, arguments)
            }
            _ => self.plain(),
        }
    }

    /// The values it takes.
    pub fn support(&self) -> Support {
        match &self.arguments {
            Arguments::Fixed(arguments) => self.distribution.support(arguments),
            Arguments::Nested { operands, .. } => {
                // Bounds are numbers; on the rest the support does not depend.
                let fixed = |operand: &Operand| match operand {
                    Operand::Constant(number) => *number,
                    Operand::Value(_) => 1.0,
                };
                self.distribution.support(&operands.iter().map(fixed).collect::<Vec<_>>())
            }
        }
    }

    /// Makes what is made of it, element `i`.
    fn derive(&self, i: usize, values: &mut [f64]) {
        if let Some(derived) = &self.derived {
            let [a, b] = derived.operands.map(|operand| Plain::splat(operand.of(values)));
            values[derived.value] = derived.form.make(a, b, Plain::splat(values[i])).value.get(0);
        }
    }

    /// A value drawn from its prior, given the values before it.
    fn draw<R: Rng>(&self, values: &[f64], rng: &mut R) -> f64 {
        match &self.arguments {
            Arguments::Fixed(arguments) => self.distribution.sample(arguments, rng),
            Arguments::Nested { signature, operands } => {
                let given: Vec<f64> = operands.iter().map(|operand| operand.of(values)).collect();
                match self.distribution.canonical(*signature, &given) {
                    Ok(arguments) if self.distribution.takes(&arguments) => {
                        self.distribution.sample(&arguments, rng)
                    }
                    // Parents far out leave arguments that no distribution has.
                    _ => f64::NAN,
                }
            }
        }
    }
}

/// Which coordinates a density is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Those of the reported log density (`gigamix logp`).
    Plain,
    /// Those the sampler moves in.
    Sampling,
}

/// All parameters of a model, in PyMC-Marketing's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// Their elements, concatenated.
    pub elements: Vec<Element>,
}

/// Where a derived value stands until the number of elements is known: they come after all elements.
pub(super) const UNSETTLED: usize = 1 << 32;

/// The index of a value, given the number of elements.
pub(super) fn settled(slot: usize, dim: usize) -> usize {
    slot.checked_sub(UNSETTLED).map_or(slot, |k| dim + k)
}

impl Layout {
    /// Gives derived values their place after the elements; whether the model is a hierarchy.
    pub(super) fn settle(&mut self) -> bool {
        let dim = self.dim();
        let settle = |operand: &mut Operand| {
            if let Operand::Value(slot) = operand {
                *slot = settled(*slot, dim);
            }
        };
        let mut hierarchical = false;
        for element in &mut self.elements {
            if let Arguments::Nested { operands, .. } = &mut element.arguments {
                operands.iter_mut().for_each(settle);
                hierarchical = true;
            }
            if let Some(derived) = &mut element.derived {
                derived.operands.iter_mut().for_each(settle);
                derived.value = settled(derived.value, dim);
                hierarchical = true;
            }
        }
        for parameter in &mut self.parameters {
            parameter.offset = settled(parameter.offset, dim);
        }
        hierarchical
    }

    /// Number of elements.
    pub fn dim(&self) -> usize {
        self.elements.len()
    }

    /// Number of values: elements, then what is made of them.
    pub fn n_values(&self) -> usize {
        self.dim() + self.elements.iter().filter(|element| element.derived.is_some()).count()
    }

    /// The parameter of this name.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The parameters that are points of the log density.
    pub fn sampled(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.role != Role::Derived)
    }

    /// The parameters that are of interest: not the offsets of others.
    pub fn reported(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.role != Role::Offset)
    }

    /// Indices of the values that are of interest, parameter by parameter.
    pub fn reported_values(&self) -> Vec<usize> {
        self.reported()
            .flat_map(|parameter| parameter.offset..parameter.offset + parameter.len)
            .collect()
    }

    /// The coordinate of every element.
    pub fn coordinates(&self, space: Space) -> Vec<Coordinate> {
        let of = |element: &Element| match space {
            Space::Plain => element.plain(),
            Space::Sampling => element.sampling(),
        };
        self.elements.iter().map(of).collect()
    }

    /// How every element is pooled, in the space that it matters to.
    pub fn pooled(&self, space: Space) -> Vec<Option<Pooled>> {
        let of = |element: &Element| match space {
            Space::Plain => None,
            Space::Sampling => Pooled::of(element),
        };
        self.elements.iter().map(of).collect()
    }

    /// The point of a space where the elements have these values. `known` is what the data are taken to
    /// say of pooled elements; none: nothing.
    pub fn unmap(&self, space: Space, known: &[Known<f32>], elements: &[f64]) -> Vec<f64> {
        let values = self.derive(&elements[..self.dim()]);
        let coordinates = self.coordinates(space);
        let of = |(i, pooled): (usize, Option<Pooled>)| match pooled {
            None => coordinates[i].unmap(values[i]),
            Some(pooled) => {
                let known = known.get(i).map_or([0.0; 4], |known| known.map(f64::from));
                let operands = pooled.operands.map(|operand| operand.of(&values));
                pooled.effect(values[i], operands).unmap(known)
            }
        };
        self.pooled(space).into_iter().enumerate().map(of).collect()
    }

    /// All values, drawn from the prior.
    pub fn draw<R: Rng>(&self, rng: &mut R) -> Vec<f64> {
        let mut values = vec![f64::NAN; self.n_values()];
        for (i, element) in self.elements.iter().enumerate() {
            values[i] = element.draw(&values, rng);
            element.derive(i, &mut values);
        }
        values
    }

    /// All values, from those of the elements.
    pub fn derive(&self, elements: &[f64]) -> Vec<f64> {
        let mut values = elements.to_vec();
        values.resize(self.n_values(), f64::NAN);
        for (i, element) in self.elements.iter().enumerate() {
            element.derive(i, &mut values);
        }
        values
    }

    /// Every value of interest as ArviZ writes it: `y_sigma`, `saturation_beta[TV]`,
    /// `saturation_beta[north, TV]`.
    pub fn names(&self, coords: &Coords) -> Vec<String> {
        let mut names = Vec::with_capacity(self.n_values());
        for parameter in self.reported() {
            if parameter.dims.is_empty() {
                names.push(parameter.name.clone());
                continue;
            }
            let mut labels = vec![String::new()];
            for (i, dim) in parameter.dims.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                let along = |start: &String| {
                    let start = start.clone();
                    coords.of(dim).iter().map(move |label| format!("{start}{comma}{label}"))
                };
                labels = labels.iter().flat_map(along).collect();
            }
            names.extend(labels.iter().map(|label| format!("{}[{label}]", parameter.name)));
        }
        names
    }
}
