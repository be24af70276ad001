//! The model: families, parameter layout and the scaled numbers of one panel. Knows nothing of
//! threads or devices.

pub mod adstock;
pub mod build;
pub mod coordinate;
pub mod effect;
pub mod family;
pub mod layout;
pub mod likelihood;
pub mod prior;
pub mod saturation;
pub mod series;
pub mod simulate;

pub use build::{Built, build};
pub use layout::{Layout, Space};
pub use series::{Coords, Series};

use adstock::Adstock;
use likelihood::Likelihood;
use saturation::Saturation;

/// Where one channel's transforms find their parameters among the elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// Elements of the adstock's parameters, in the leaf's order.
    pub adstock: Vec<usize>,
    /// Elements of the saturation's parameters, in the leaf's order.
    pub saturation: Vec<usize>,
}

/// Everything about a model but its numbers: panels of equal structure share one program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Structure {
    /// The adstock.
    pub adstock: Adstock,
    /// Number of adstock weights.
    pub n_weights: usize,
    /// Whether the weights are divided by their sum.
    pub normalize: bool,
    /// The adstocked value at t looks at spend from t + shift − (n_weights − 1) to t + shift.
    pub shift: usize,
    /// The saturation.
    pub saturation: Saturation,
    /// Adstock before saturation.
    pub adstock_first: bool,
    /// The channels.
    pub channels: Vec<Channel>,
    /// The likelihood.
    pub likelihood: Likelihood,
    /// Elements of its parameters.
    pub likelihood_slots: Vec<usize>,
    /// Number of elements.
    pub dim: usize,
}

/// A model of one panel.
#[derive(Clone, Debug)]
pub struct Model {
    /// The panel's key.
    pub key: String,
    /// Families and slots.
    pub structure: Structure,
    /// Parameters and priors.
    pub layout: Layout,
    /// Labels.
    pub coords: Coords,
    /// Truncation bound of the likelihood, on the scaled target.
    pub lower: f64,
    /// The numbers.
    pub series: Series,
}

impl Model {
    /// Every element's name, as ArviZ writes it.
    pub fn parameter_names(&self) -> Vec<String> {
        self.layout.names(&self.coords)
    }
}
