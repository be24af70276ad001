//! What models share that share kernels: their structure, with slots numbered within a series where
//! there are several.

use super::body;
use super::pack::Columns;
use super::priors::{Run, runs};
use crate::density::cpu::{Program, Series};
use crate::model::effect::process::Process;
use crate::model::{Model, Structure};
use std::collections::BTreeMap;

/// What decides the text of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The structure of every series.
    pub structure: Structure,
    /// Its columns.
    pub columns: Columns,
    /// Runs of elements whose priors are alike.
    pub priors: Vec<Run>,
    /// Number of series.
    pub series: usize,
    /// Number of slots of a series; values of the model where there is one.
    pub slots: usize,
}

impl Shape {
    /// The shape of a model; and for each of its series, where it has several, the values that its
    /// slots stand for.
    pub fn new(program: &Program<f32>) -> (Self, Vec<Vec<usize>>) {
        let (first, series) = (&program.series[0], program.series.len());
        let (structure, columns) = (first.structure.clone(), Columns::new(first));
        let priors = runs(program);
        let shape = Self { structure, columns, priors, series, slots: program.n_values };
        if series == 1 {
            return (shape, Vec::new());
        }
        let known = body::slots(&shape.structure, &shape.columns);
        let numbers: BTreeMap<usize, usize> =
            known.iter().enumerate().map(|(number, &value)| (value, number)).collect();
        let tables: Vec<_> =
            program.series.iter().map(|other| table(&numbers, first, other)).collect();
        let shape = Self { slots: tables[0].len(), ..shape };
        (shape.renamed(|value| numbers[&value]), tables)
    }

    /// With other names for the slots.
    fn renamed(mut self, name: impl Fn(usize) -> usize) -> Self {
        slots(&mut self.structure, &mut self.columns.dense)
            .into_iter()
            .for_each(|slot| *slot = name(*slot));
        self
    }
}

/// Slots of a model's series, or more.
pub fn most_slots(model: &Model) -> usize {
    let (mut structure, columns) = (model.structure.clone(), model.series.columns.len());
    let offsets: usize = structure.curved.processes().map(|process| process.m).sum();
    slots(&mut structure, &mut []).len() + columns + offsets
}

/// Every place of a slot, in the same order for all series of a model; offsets of a process follow the
/// first.
fn slots<'a>(structure: &'a mut Structure, dense: &'a mut [usize]) -> Vec<&'a mut usize> {
    let mut slots: Vec<&mut usize> = structure.likelihood_slots.iter_mut().chain(dense).collect();
    for channel in &mut structure.channels {
        slots.extend(channel.adstock.slots.iter_mut().chain(&mut channel.saturation.slots));
    }
    let curved = &mut structure.curved;
    for bump in &mut curved.bumps {
        slots.extend([&mut bump.size, &mut bump.sigma].into_iter().chain(&mut bump.height));
    }
    let mut process = |Process { eta, ls, first, .. }: &'a mut Process| {
        slots.extend([eta, ls, first]);
    };
    curved.media.iter_mut().for_each(&mut process);
    if let Some((level, intercept)) = &mut curved.intercept {
        process(intercept);
        slots.push(level);
    }
    slots
}

/// The values of a series in the order of the slots' numbers, those of sparse columns last. Series differ
/// in labels alone, so what is one value to the first of them is one to all.
fn table(numbers: &BTreeMap<usize, usize>, first: &Series<f32>, other: &Series<f32>) -> Vec<usize> {
    let all = |series: &Series<f32>| {
        let (mut structure, mut dense) = (series.structure.clone(), series.dense_elements.clone());
        slots(&mut structure, &mut dense).into_iter().map(|slot| *slot).collect::<Vec<_>>()
    };
    let mut table = vec![0; numbers.len()];
    for (value, its) in all(first).into_iter().zip(all(other)) {
        table[numbers[&value]] = its;
    }
    let processes = first.structure.curved.processes().zip(other.structure.curved.processes());
    for (of, its) in processes {
        (0..of.m).for_each(|k| table[numbers[&(of.first + k)]] = its.first + k);
    }
    table.extend(&other.sparse_elements);
    table
}
