//! From the sampler's positions to the values that people know, and to coordinates that suit them better.

use super::learn::learn;
use crate::math::{Isa, Lane, Task, Wide, dispatch};
use crate::model::coordinate::Coordinate;
use crate::model::layout::{Derived, Operand};
use crate::model::pooled::{Effect, Known, Pooled};
use crate::model::{self, Layout, Model, Space};
use crate::sampler::{Meaning, Parts};
use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

/// One plain number in place of a batch of chains.
type Plain = Wide<f64, 1, false>;

/// What the values of a model are made of.
pub struct Values {
    coordinates: Vec<Coordinate>,
    pooled: Vec<Option<Pooled>>,
    /// Pooled elements of equal operands.
    groups: Vec<Vec<usize>>,
    /// Derived values, in their order, with the element that is their offset.
    derived: Vec<(usize, Derived)>,
    /// Values whose convergence counts.
    reported: Vec<usize>,
    /// Elements by series, where there are several.
    parts: Option<Parts>,
}

impl Values {
    /// Of a layout, in the sampler's space.
    pub fn new(layout: &Layout) -> Self {
        let made =
            |(i, element): (usize, &crate::model::layout::Element)| Some((i, element.derived?));
        let pooled = layout.pooled(Space::Sampling);
        let mut groups: Vec<([Operand; 2], Vec<usize>)> = Vec::new();
        for (i, operands) in
            pooled.iter().enumerate().filter_map(|(i, p)| Some((i, p.as_ref()?.operands)))
        {
            match groups.iter_mut().find(|(known, _)| *known == operands) {
                Some((_, members)) => members.push(i),
                None => groups.push((operands, vec![i])),
            }
        }
        Self {
            coordinates: layout.coordinates(Space::Sampling),
            pooled,
            groups: groups.into_iter().map(|(_, members)| members).collect(),
            derived: layout.elements.iter().enumerate().filter_map(made).collect(),
            reported: layout.reported_values(),
            parts: None,
        }
    }

    /// Of a model, given as each of its series sees it.
    pub fn of(series: &[Model]) -> Self {
        let layout = &series[0].layout;
        Self { parts: (series.len() > 1).then(|| parts(series)), ..Self::new(layout) }
    }

    /// All values (value, chain, draw) of positions (draw, chain, dim).
    pub fn all(&self, known: &[Known<f32>], draws: ArrayView3<f32>) -> Array3<f32> {
        let (n, chains, dim) = draws.dim();
        let n_values = dim + self.derived.len();
        let values: Vec<Vec<f32>> =
            (0..n_values).into_par_iter().map(|value| self.one(value, known, draws)).collect();
        Array3::from_shape_vec((n_values, chains, n), values.concat()).expect("one per draw")
    }

    /// One value (chain, draw).
    fn one(&self, value: usize, known: &[Known<f32>], draws: ArrayView3<f32>) -> Vec<f32> {
        let plain = |x: f32| Plain::splat(x.into());
        if let Some(&coordinate) = self.coordinates.get(value) {
            let positions: Vec<f32> =
                draws.index_axis(Axis(2), value).t().iter().copied().collect();
            let Some(pooled) = self.pooled[value] else { return natural(coordinate, positions) };
            let [a, b] = self.both(pooled.operands, known, draws);
            let known = known[value].map(plain);
            let map = |((a, b), u): ((f32, f32), f32)| {
                pooled.map([plain(a), plain(b)], plain(u), known).value.get(0) as f32
            };
            return a.into_iter().zip(b).zip(positions).map(map).collect();
        }
        let (offset, derived) = self.derived[value - self.coordinates.len()];
        let [a, b] = self.both(derived.operands, known, draws);
        let make = |((a, b), x): ((f32, f32), f32)| {
            derived.form.make(plain(a), plain(b), plain(x)).value.get(0) as f32
        };
        a.into_iter().zip(b).zip(self.one(offset, known, draws)).map(make).collect()
    }

    /// The values (chain, draw) of two operands.
    fn both(
        &self,
        operands: [Operand; 2],
        known: &[Known<f32>],
        draws: ArrayView3<f32>,
    ) -> [Vec<f32>; 2] {
        operands.map(|operand| match operand {
            Operand::Constant(number) => {
                vec![number as f32; draws.len_of(Axis(0)) * draws.len_of(Axis(1))]
            }
            Operand::Value(index) => self.one(index, known, draws),
        })
    }

    /// The effects (chain, draw) of a pooled element.
    fn effects(&self, element: usize, known: &[Known<f32>], draws: ArrayView3<f32>) -> Vec<Effect> {
        let Some(pooled) = self.pooled[element] else { return Vec::new() };
        let [a, b] = self.both(pooled.operands, known, draws);
        let effect = |((x, a), b): ((f32, f32), f32)| pooled.effect(x.into(), [a.into(), b.into()]);
        self.one(element, known, draws).into_iter().zip(a).zip(b).map(effect).collect()
    }
}

/// The elements of every series that no other depends on, and the others.
fn parts(series: &[Model]) -> Parts {
    let mut parts = Parts { shared: Vec::new(), own: vec![Vec::new(); series.len()] };
    for (element, owner) in model::owners(series).into_iter().enumerate() {
        owner.map_or(&mut parts.shared, |owner| &mut parts.own[owner]).push(element);
    }
    parts.own.retain(|own| !own.is_empty());
    parts
}

impl Meaning for Values {
    fn quantities(&self) -> usize {
        self.reported.len()
    }

    fn values(&self, quantity: usize, known: &[Known<f32>], draws: ArrayView3<f32>) -> Vec<f64> {
        self.one(self.reported[quantity], known, draws).into_iter().map(f64::from).collect()
    }

    fn parts(&self) -> Option<Parts> {
        self.parts.clone()
    }

    fn adapts(&self) -> bool {
        !self.groups.is_empty()
    }

    fn learn(
        &self,
        known: &[Known<f32>],
        draws: ArrayView3<f32>,
        gradients: Option<ArrayView3<f32>>,
    ) -> Vec<Known<f32>> {
        let of_group = |members: &Vec<usize>| {
            let effects: Vec<_> = members.iter().map(|&i| self.effects(i, known, draws)).collect();
            let slopes = gradients.map(|gradients| {
                let of = |(&i, effects): (&usize, &Vec<Effect>)| {
                    let (of_u, known) = (gradients.index_axis(Axis(2), i), known[i].map(f64::from));
                    let pairs = effects.iter().zip(of_u.t());
                    pairs.map(|(effect, &g)| effect.slope(known, g.into())).collect()
                };
                members.iter().zip(&effects).map(of).collect::<Vec<Vec<f64>>>()
            });
            learn(&effects, slopes.as_deref())
        };
        let found: Vec<_> = self.groups.par_iter().map(of_group).collect();
        let mut numbers = known.to_vec();
        for (members, found) in self.groups.iter().zip(found) {
            members.iter().zip(found.into_iter().flatten()).for_each(|(&i, of)| numbers[i] = of);
        }
        numbers
    }

    fn convert(
        &self,
        draws: ArrayView3<f32>,
        from: &[Known<f32>],
        to: &[Known<f32>],
    ) -> Array3<f32> {
        let mut converted = draws.to_owned();
        let elements: Vec<usize> = self.groups.concat();
        let unmapped: Vec<Vec<f32>> = (elements.par_iter())
            .map(|&i| {
                let known = to[i].map(f64::from);
                let effects = self.effects(i, from, draws);
                effects.iter().map(|effect| effect.unmap(known) as f32).collect()
            })
            .collect();
        for (i, unmapped) in elements.into_iter().zip(unmapped) {
            let column = converted.index_axis_mut(Axis(2), i);
            column.reversed_axes().iter_mut().zip(unmapped).for_each(|(to, u)| *to = u);
        }
        converted
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
