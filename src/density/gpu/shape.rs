//! What models share that share kernels: their structure, with slots numbered within a series where
//! there are several.

use super::body::registers;
use super::pack::Columns;
use crate::density::cpu::{Program, Series};
use crate::model::Structure;
use std::collections::BTreeMap;

/// What decides the text of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The structure of every series.
    pub structure: Structure,
    /// Its columns.
    pub columns: Columns,
    /// Number of series.
    pub series: usize,
}

impl Shape {
    /// The shape of a model; and for each of its series, where it has several, the slots that the
    /// numbers of the shape stand for.
    pub fn new(program: &Program<f32>) -> (Self, Vec<Vec<usize>>) {
        let (first, series) = (&program.series[0], program.series.len());
        let columns = Columns::new(first);
        let shape = Self { structure: first.structure.clone(), columns, series };
        if series == 1 {
            return (shape, vec![Vec::new()]);
        }
        let known = registers(&shape.structure, &shape.columns);
        let numbers: BTreeMap<usize, usize> =
            known.iter().enumerate().map(|(number, &slot)| (slot, number)).collect();
        let tables = program.series.iter().map(|other| table(&numbers, first, other)).collect();
        (shape.renamed(|slot| numbers[&slot]), tables)
    }

    /// With other names for the slots.
    fn renamed(mut self, name: impl Fn(usize) -> usize) -> Self {
        slots(&mut self.structure, &mut self.columns.dense)
            .into_iter()
            .for_each(|slot| *slot = name(*slot));
        self
    }

    /// vec4s of the head of a series where there are several: where its numbers stand, then its slots.
    pub fn head_vectors(&self) -> usize {
        if self.series == 1 {
            return 0;
        }
        1 + registers(&self.structure, &self.columns).len().div_ceil(4)
    }
}

/// Every place of a slot, in the same order for all series of a model.
fn slots<'a>(structure: &'a mut Structure, dense: &'a mut [usize]) -> Vec<&'a mut usize> {
    let channels = structure.channels.iter_mut();
    let of_channels = channels
        .flat_map(|channel| channel.adstock.slots.iter_mut().chain(&mut channel.saturation.slots));
    structure.likelihood_slots.iter_mut().chain(dense).chain(of_channels).collect()
}

/// The slots of a series in the order of their numbers. Series differ in labels alone, so what is one
/// slot to the first of them is one to all.
fn table(numbers: &BTreeMap<usize, usize>, first: &Series<f32>, other: &Series<f32>) -> Vec<usize> {
    let all = |series: &Series<f32>| {
        let (mut structure, mut dense) = (series.structure.clone(), series.dense_elements.clone());
        slots(&mut structure, &mut dense).into_iter().map(|slot| *slot).collect::<Vec<_>>()
    };
    let mut table = vec![0; numbers.len()];
    for (slot, its) in all(first).into_iter().zip(all(other)) {
        table[numbers[&slot]] = its;
    }
    table
}
