//! The parameters of a model: names, dims, priors, and where each stands in the vector.

use super::coordinate::Coordinate;
use super::prior::Distribution;
use super::series::Coords;

/// A named parameter, scalar or array; a run of elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// PyMC-Marketing's name: `saturation_beta`.
    pub name: String,
    /// Names of its dims; empty for a scalar.
    pub dims: Vec<String>,
    /// Index of its first element.
    pub offset: usize,
    /// Number of elements.
    pub len: usize,
}

/// One scalar of the parameter vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its prior.
    pub distribution: Distribution,
    /// The prior's arguments, in the distribution's own parametrisation.
    pub arguments: Vec<f64>,
    /// Whether the data dominate the prior, so that plain coordinates suit the sampler.
    pub data_dominated: bool,
}

impl Element {
    /// The coordinate of the reported log density.
    pub fn plain(&self) -> Coordinate {
        Coordinate::plain(self.distribution.support(&self.arguments))
    }

    /// The coordinate the sampler moves in.
    pub fn sampling(&self) -> Coordinate {
        if self.data_dominated {
            self.plain()
        } else {
            Coordinate::prior_quantile(self.distribution, &self.arguments)
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

impl Layout {
    /// Number of elements.
    pub fn dim(&self) -> usize {
        self.elements.len()
    }

    /// The parameter of this name.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The coordinate of every element.
    pub fn coordinates(&self, space: Space) -> Vec<Coordinate> {
        let of = |element: &Element| match space {
            Space::Plain => element.plain(),
            Space::Sampling => element.sampling(),
        };
        self.elements.iter().map(of).collect()
    }

    /// Every element as ArviZ writes it: `y_sigma`, `saturation_beta[TV]`.
    pub fn names(&self, coords: &Coords) -> Vec<String> {
        let mut names = Vec::with_capacity(self.dim());
        for parameter in &self.parameters {
            if parameter.dims.is_empty() {
                names.push(parameter.name.clone());
                continue;
            }
            let labels = coords.of(&parameter.dims[0]);
            names.extend(labels.iter().map(|label| format!("{}[{label}]", parameter.name)));
        }
        names
    }
}
