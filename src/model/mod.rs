//! The model: families, parameter layout and the scaled numbers of one panel. Knows nothing of
//! threads or devices.

pub mod adstock;
mod array;
pub mod build;
pub mod cost;
mod curved;
pub mod lift;
mod linear;
mod parameters;
pub mod coordinate;
pub mod effect;
pub mod family;
pub mod layout;
pub mod likelihood;
mod owner;
pub mod pooled;
pub mod prior;
pub mod roas;
pub mod saturation;
pub mod series;
pub mod simulate;
mod transforms;

pub use build::{Built, Pool, build, pool};
pub use layout::{Layout, Space};
pub use owner::owners;
pub use roas::draw;
pub use series::{Coords, Series};

use crate::math::Lane;
use adstock::{Adstock, Recursion};
use cost::Cost;
use effect::Curved;
use effect::bump::Bump;
use effect::process::Process;
use lift::Lift;
use likelihood::Likelihood;
use roas::Roas;
use saturation::Saturation;
use std::sync::Arc;

/// One channel's transforms, and where they find their parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// The adstock.
    pub adstock: Carryover,
    /// The saturation.
    pub saturation: Curve,
}

/// The adstock of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Carryover {
    /// The family.
    pub family: Adstock,
    /// Number of weights; one of a recursion.
    pub n_weights: usize,
    /// Whether the weights are divided by their sum.
    pub normalize: bool,
    /// The adstocked value at t looks at spend from t + shift − (n_weights − 1) to t + shift.
    pub shift: usize,
    /// Elements of its parameters, in the leaf's order.
    pub slots: Vec<usize>,
}

impl Carryover {
    /// The recursion that it is, if it is one, given the value of every element.
    #[inline(always)]
    pub fn recursion<L: Lane>(&self, values: &[L]) -> Option<Recursion<L>> {
        self.is_recursion().then(|| Recursion::new(values[self.slots[0]], self.normalize))
    }

    /// Whether it is a recursion: an effect that never ends.
    pub fn is_recursion(&self) -> bool {
        self.family == Adstock::Recursion
    }
}

/// The saturation of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Curve {
    /// The family.
    pub family: Saturation,
    /// Elements of its parameters, in the leaf's order.
    pub slots: Vec<usize>,
}

/// Everything about a model but its numbers: panels of equal structure share one program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Structure {
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
    /// Effects that are not linear in their parameters.
    pub curved: Curved,
    /// Channels with lift tests, in this series or another.
    pub lifts: Vec<usize>,
    /// Channels whose cost per target is calibrated, in this series or another.
    pub costs: Vec<usize>,
    /// Channels whose return has a prior.
    pub roas: Vec<usize>,
    /// Whether such a return is one of several series together.
    pub joint: bool,
    /// Number of values: elements, then what is made of them.
    pub n_values: usize,
    /// Whether a prior depends on other values, or a value is made of others.
    pub hierarchical: bool,
}

impl Structure {
    /// The number of returns that several series have together.
    pub fn joint_returns(&self) -> usize {
        if self.joint { self.roas.len() } else { 0 }
    }

    /// The largest number of adstock weights of a channel.
    pub fn max_weights(&self) -> usize {
        self.channels.iter().map(|channel| channel.adstock.n_weights).max().unwrap_or(1)
    }

    /// The number of dates on which a spend of any channel acts, its own included; [`usize::MAX`] where
    /// one acts for ever.
    pub fn memory(&self) -> usize {
        match self.channels.iter().any(|channel| channel.adstock.is_recursion()) {
            true => usize::MAX,
            false => self.max_weights(),
        }
    }

    /// The values that transforms, curved effects and the likelihood read.
    pub fn reads(&self) -> Vec<usize> {
        let channel = |c: &Channel| [c.adstock.slots.clone(), c.saturation.slots.clone()].concat();
        let process = |p: &Process| [p.eta, p.ls].into_iter().chain(p.first..p.first + p.m);
        let bump = |bump: &Bump| [bump.size, bump.sigma].into_iter().chain(bump.height);
        let curved = &self.curved;
        (self.channels.iter().flat_map(channel))
            .chain(self.likelihood_slots.iter().copied())
            .chain(curved.intercept.iter().map(|(level, _)| *level))
            .chain(curved.processes().flat_map(process))
            .chain(curved.bumps.iter().flat_map(bump))
            .collect()
    }

    /// How far the windows of all channels reach into the future.
    pub fn max_shift(&self) -> usize {
        self.channels.iter().map(|channel| channel.adstock.shift).max().unwrap_or(0)
    }
}

/// A model as one series sees it: the parameters of the whole model, and of that series where it
/// finds its own, and its numbers. A model of one series is that; a pooled one is a list of them, one
/// for each series, with the same key, parameters and labels.
#[derive(Clone, Debug)]
pub struct Model {
    /// The panel's key.
    pub key: String,
    /// The series' label of every dim; none where the model has one series.
    pub labels: Vec<String>,
    /// Families and slots.
    pub structure: Structure,
    /// Parameters and priors.
    pub layout: Arc<Layout>,
    /// Labels.
    pub coords: Coords,
    /// Truncation bound of the likelihood, on the scaled target.
    pub lower: f64,
    /// The numbers.
    pub series: Series,
    /// Lift tests.
    pub lifts: Vec<Lift>,
    /// Calibrated costs per target.
    pub costs: Vec<Cost>,
    /// Priors of returns.
    pub roas: Vec<Roas>,
}

impl AsRef<[Model]> for Model {
    fn as_ref(&self) -> &[Model] {
        std::slice::from_ref(self)
    }
}

impl Model {
    /// The values that the density of this series reads.
    pub fn reads(&self) -> Vec<usize> {
        let columns = self.series.columns.iter().map(|column| column.element);
        self.structure.reads().into_iter().chain(columns).collect()
    }

    /// The name of every value of interest, as ArviZ writes it.
    pub fn parameter_names(&self) -> Vec<String> {
        self.layout.names(&self.coords)
    }
}
