//! From the sampler's positions to the values that people know.

use crate::math::{Isa, Lane, Task, Wide, dispatch};
use crate::model::coordinate::Coordinate;
use crate::model::layout::{Derived, Operand};
use crate::model::{Layout, Space};
use crate::sampler::Report;
use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

/// One plain number in place of a batch of chains.
type Plain = Wide<f64, 1, false>;

/// What the values of a model are made of.
pub struct Values {
    coordinates: Vec<Coordinate>,
    /// Derived values, in their order, with the element that is their offset.
    derived: Vec<(usize, Derived)>,
    /// Values whose convergence counts.
    reported: Vec<usize>,
}

impl Values {
    /// Of a layout, in the sampler's space.
    pub fn new(layout: &Layout) -> Self {
        let made =
            |(i, element): (usize, &crate::model::layout::Element)| Some((i, element.derived?));
        Self {
            coordinates: layout.coordinates(Space::Sampling),
            derived: layout.elements.iter().enumerate().filter_map(made).collect(),
            reported: layout.reported_values(),
        }
    }

    /// All values (value, chain, draw) of positions (draw, chain, dim).
    pub fn all(&self, draws: ArrayView3<f32>) -> Array3<f32> {
        let (n, chains, dim) = draws.dim();
        let n_values = dim + self.derived.len();
        let values: Vec<Vec<f32>> =
            (0..n_values).into_par_iter().map(|value| self.one(value, draws)).collect();
        Array3::from_shape_vec((n_values, chains, n), values.concat()).expect("one per draw")
    }

    /// One value (chain, draw).
    fn one(&self, value: usize, draws: ArrayView3<f32>) -> Vec<f32> {
        if let Some(&coordinate) = self.coordinates.get(value) {
            let positions = draws.index_axis(Axis(2), value).t().iter().copied().collect();
            return natural(coordinate, positions);
        }
        let (offset, derived) = self.derived[value - self.coordinates.len()];
        let operand = |operand: Operand| match operand {
            Operand::Constant(number) => {
                vec![number as f32; draws.len_of(Axis(0)) * draws.len_of(Axis(1))]
            }
            Operand::Value(index) => self.one(index, draws),
        };
        let [a, b] = derived.operands.map(operand);
        let plain = |x: f32| Plain::splat(x.into());
        let make = |((a, b), x): ((f32, f32), f32)| {
            derived.form.make(plain(a), plain(b), plain(x)).value.get(0) as f32
        };
        a.into_iter().zip(b).zip(self.one(offset, draws)).map(make).collect()
    }
}

impl Report for Values {
    fn quantities(&self) -> usize {
        self.reported.len()
    }

    fn values(&self, quantity: usize, draws: ArrayView3<f32>) -> Vec<f64> {
        self.one(self.reported[quantity], draws).into_iter().map(f64::from).collect()
    }
}

/// Values on an element's natural scale, as the density on the CPU sees them.
fn natural(coordinate: Coordinate, positions: Vec<f32>) -> Vec<f32> {
    dispatch(Isa::detect(), Natural { coordinate, positions })
}

struct Natural {
    coordinate: Coordinate,
    positions: Vec<f32>,
}

impl Task for Natural {
    type Scalar = f32;
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<f32> {
        let n = self.positions.len();
        let mut values = self.positions;
        // Zeros fill the last lanes up.
        values.resize(n.next_multiple_of(L::LEN), 0.0);
        for lanes in values.chunks_exact_mut(L::LEN) {
            self.coordinate.map(L::load(lanes)).value.x.store(lanes);
        }
        values.truncate(n);
        values
    }
}
