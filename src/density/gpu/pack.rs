//! Packs a model's numbers for the device.

use super::body::ROW_HEAD;
use super::compose::prior_code;
use super::layout::{Element, HEAD, Model, NUMBER, part_rows};
use super::scratch::word;
use super::shape::Shape;
use crate::density::cpu::{Prior, Program, Series};
use crate::error::Result;
use crate::model::cost::Cost;
use crate::model::layout::Operand;
use crate::model::lift::Lift;
use crate::model::pooled::Pooled;
use std::collections::BTreeMap;

/// Which columns of a model are dense; with the structure it decides the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// Elements of the dense columns.
    pub dense: Vec<usize>,
    /// Number of channels.
    pub channels: usize,
    /// Number of bumps.
    pub bumps: usize,
    /// Number of channels with costs per target.
    pub costs: usize,
    /// Basis functions of what varies in time.
    pub basis: usize,
}

impl Columns {
    /// Those of a series.
    pub fn new(program: &Series<f32>) -> Self {
        let s = &program.structure;
        Self {
            dense: program.dense_elements.clone(),
            channels: s.channels.len(),
            bumps: s.curved.bumps.len(),
            costs: s.costs.len(),
            basis: s.curved.basis(),
        }
    }

    /// The word of the first spend of a row.
    pub fn spends(&self) -> usize {
        ROW_HEAD + self.dense.len()
    }

    /// The word of the first distance from a bump.
    pub fn distances(&self) -> usize {
        self.spends() + self.channels
    }

    /// The word of the first spend of a cost per target.
    pub fn spent(&self) -> usize {
        self.distances() + self.bumps
    }

    /// vec4s of a row that registers hold: head, dense columns, spends, distances, spends of costs.
    pub fn registers(&self) -> usize {
        (self.spent() + self.costs).div_ceil(4)
    }

    /// vec4s of a row: registers, then basis functions.
    pub fn stride(&self) -> usize {
        self.registers() + self.basis.div_ceil(4)
    }
}

/// Packs a model's numbers behind those of others, and says where they are. Of several series the table of
/// what flows back comes first, then of each the slots and the numbers: as many models of their own.
pub fn numbers(
    program: &Program<f32>,
    shape: &Shape,
    slots: &[Vec<usize>],
    all: &mut Vec<[f32; 4]>,
) -> Result<Vec<Model>> {
    if let [only] = &program.series[..] {
        return Ok(vec![series(only, &shape.columns, |element| element, all)?]);
    }
    let mut models = vec![Model { rows: word(all.len())?, ..Model::default() }];
    all.extend(back(shape, slots));
    for (of, slots) in program.series.iter().zip(slots) {
        let elements = word(all.len())?;
        all.extend(vectors(slots));
        let numbers: BTreeMap<_, _> = slots.iter().zip(0..).collect();
        let model = series(of, &shape.columns, |element| numbers[&element], all)?;
        models.push(Model { elements, ..model });
    }
    Ok(models)
}

/// Whole numbers, which are exact up to 2^24.
fn vectors(numbers: &[usize]) -> Vec<[f32; 4]> {
    let number = |k: usize| numbers.get(k).map_or(0.0, |&x| x as f32);
    let four = |k| [number(k), number(k + 1), number(k + 2), number(k + 3)];
    (0..numbers.len()).step_by(4).map(four).collect()
}

/// For every value the begin and the number of the rows that hold what flows back to it, of the states of
/// all series in a row; then those rows. Counted from the begin of the table.
fn back(shape: &Shape, slots: &[Vec<usize>]) -> Vec<[f32; 4]> {
    let mut sources = vec![Vec::new(); shape.structure.n_values];
    let rows = part_rows(shape.slots, shape.structure.joint_returns());
    for (s, slots) in slots.iter().enumerate() {
        for (slot, &value) in slots.iter().enumerate() {
            sources[value].push(s * rows + HEAD + slot);
        }
    }
    let (mut table, mut rows) = (Vec::new(), Vec::new());
    for its in &sources {
        table.extend(vectors(&[sources.len() + rows.len(), its.len()]));
        rows.extend(vectors(its));
    }
    table.extend(rows);
    table
}

/// Packs the numbers of a series, of which `slot` numbers the elements: rows, sparse entries, what
/// calibrates it. With the largest shift of a channel, row r holds everything but
/// spend of date r − shift, and of each channel the spend that its window ends with there, so that a window
/// that looks ahead has read what it needs.
fn series(
    program: &Series<f32>,
    columns: &Columns,
    slot: impl Fn(usize) -> usize,
    all: &mut Vec<[f32; 4]>,
) -> Result<Model> {
    let begin = all.len();
    let s = &program.structure;
    let (n, stride) = (program.n_train, columns.stride());
    let shift = s.max_shift();
    let n_rows = n + shift;
    let mut words = vec![0.0f32; 4 * stride * n_rows];
    for r in 0..n_rows {
        let row = &mut words[4 * stride * r..][..4 * stride];
        for (c, (spend, channel)) in program.spend.iter().zip(&s.channels).enumerate() {
            let adstock = &channel.adstock;
            if let Some(date) = (r + adstock.shift).checked_sub(shift).filter(|date| *date < n) {
                // The program pads its spends with one window of zeros.
                row[columns.spends() + c] = spend[adstock.n_weights + date];
            }
        }
        if let Some(t) = r.checked_sub(shift) {
            let sparse = program.sparse_rows[t]..program.sparse_rows[t + 1];
            row[0] = program.target[t];
            // Whole numbers up to 2^24 are exact.
            row[1] = (n_rows * stride + sparse.start) as f32;
            row[2] = sparse.len() as f32;
            for (to, x) in row[ROW_HEAD..].iter_mut().zip(program.dense_row(t)) {
                *to = x;
            }
            for (to, z) in row[columns.distances()..].iter_mut().zip(&program.bumps) {
                *to = z[t];
            }
            for (to, &channel) in row[columns.spent()..].iter_mut().zip(&s.costs) {
                // A series may have no cost of that channel.
                let cost = program.costs.iter().find(|cost| cost.channel == channel);
                *to = cost.map_or(0.0, |cost| cost.spend[t] as f32);
            }
            let basis = &mut row[4 * columns.registers()..][..columns.basis];
            basis.copy_from_slice(program.basis_on(t, columns.basis));
        }
    }
    all.extend(words.chunks_exact(4).map(|w| [w[0], w[1], w[2], w[3]]));
    all.extend(program.sparse.iter().map(|&(element, x)| [slot(element) as f32, x, 0.0, 0.0]));
    let calibration = all.len();
    for (roas, constants) in &program.roas {
        let code = f64::from(prior_code(roas.distribution));
        let (group, first) = (roas.group as f64, f64::from(roas.first));
        all.push([roas.factor, group, code, first].map(|x| x as f32));
        all.push(constants.map(|x| x as f32));
    }
    all.push([program.lifts.len(), program.costs.len(), 0, 0].map(|n| n as f32));
    for Lift { channel, spend, row, effect, sigma } in &program.lifts {
        let row = row.map_or(0, |row| (row + shift) * stride);
        all.push([spend[0], spend[1], *effect, *sigma].map(|x| x as f32));
        all.push([*channel, row, 0, 0].map(|n| n as f32));
    }
    let cost =
        |cost: &Cost| [cost.target, cost.sigma, cost.least, cost.channel as f64].map(|x| x as f32);
    all.extend(program.costs.iter().map(cost));
    Ok(Model {
        rows: word(begin)?,
        row_stride: word(stride)?,
        n_rows: word(n_rows)?,
        n_train: word(n)?,
        lower: program.lower as f32,
        calibration: word(calibration)?,
        frequency: program.frequency as f32,
        ..Model::default()
    })
}

/// Packs the elements.
pub fn elements(program: &Program<f32>) -> Vec<Element> {
    let none = Operand::Constant(0.0);
    let pack = |i: usize| {
        let constants = |[p, parents]: [[u32; 4]; 2]| (p.map(f32::from_bits), parents);
        let (p, parents) = match &program.priors[i] {
            Prior::Included | Prior::Implied => constants(split(&[none; 4])),
            Prior::Fixed(_, constants) => (constants.map(|x| x as f32), [NUMBER; 4]),
            Prior::Nested(_, _, operands) => constants(split(operands)),
            Prior::Pooled(Pooled { operands: [a, b], .. }) => {
                constants(split(&[*a, *b, none, none]))
            }
        };
        let (value, operands) = match &program.derived[i] {
            None => (0, [none; 2]),
            Some(derived) => (derived.value as u32, derived.operands),
        };
        let [numbers, made_of] = split(&operands);
        let (_, c) = match &program.priors[i] {
            Prior::Pooled(pooled) => pooled.code(),
            _ => program.coordinates[i].code(),
        };
        Element {
            p,
            parents,
            known: program.known[i],
            c: c.map(|x| x as f32),
            made_of,
            numbers: numbers.map(f32::from_bits),
            value,
            ..Element::default()
        }
    };
    (0..program.dim()).map(pack).collect()
}

/// The bits of the operands that are numbers, and the indices of those that are values.
fn split<const N: usize>(operands: &[Operand; N]) -> [[u32; N]; 2] {
    let number = |operand| match operand {
        Operand::Constant(number) => (number as f32).to_bits(),
        Operand::Value(_) => 0,
    };
    let index = |operand| match operand {
        Operand::Constant(_) => NUMBER,
        Operand::Value(index) => index as u32,
    };
    [operands.map(number), operands.map(index)]
}

/// Packs the lower triangle of a metric factor (row-major, dim × dim): L, then Lᵀ, with zeros
/// elsewhere.
pub fn factor(lower: &[f32], dim: usize) -> Vec<[f32; 4]> {
    let width = 4 * dim.div_ceil(4);
    let mut words = vec![0.0f32; 2 * dim * width];
    let (rows, columns) = words.split_at_mut(dim * width);
    for i in 0..dim {
        for j in 0..=i {
            rows[i * width + j] = lower[i * dim + j];
            columns[j * width + i] = lower[i * dim + j];
        }
    }
    words.chunks_exact(4).map(|w| [w[0], w[1], w[2], w[3]]).collect()
}

/// Loop iterations of one invocation: of one leapfrog step, and besides of one trajectory.
pub struct Iterations {
    /// Per leapfrog step.
    pub leapfrog: u32,
    /// Per trajectory.
    pub trajectory: u32,
}

impl Iterations {
    /// What the loops of `shaders/kernel/` do for a model, rounded up. Of several series every part of a
    /// step is a dispatch of its own.
    pub fn of(program: &Program<f32>, shape: &Shape) -> Self {
        let dim = program.dim();
        let product = dim.div_ceil(4) * (dim / 2 + 10);
        let likelihoods = program.series.iter().map(of_likelihood);
        let (leapfrog, trajectory) = match program.series.len() {
            1 => (2 * product + dim + likelihoods.sum::<usize>(), product + 10 * dim),
            n => {
                let joint = n * shape.structure.joint_returns();
                ((shape.slots + joint + likelihoods.max().unwrap_or(0)).max(5 * dim + n), 0)
            }
        };
        Self { leapfrog: leapfrog as u32, trajectory: trajectory as u32 }
    }
}

/// Those of the likelihood of a series.
fn of_likelihood(series: &Series<f32>) -> usize {
    let s = &series.structure;
    let rows = series.n_train + s.max_shift();
    let dates = rows * (1 + 2 * (s.costs.len() + s.roas.len())) + 2 * series.sparse.len();
    // Of each process: its mean, its values and what flows back to them, and its parameters.
    let basis = s.curved.basis().div_ceil(4);
    let varying = 2 * (rows * (1 + 4 * basis) + 16 * basis) * usize::from(basis > 0);
    let calibrated = series.lifts.len() + 2 * s.costs.len() * series.costs.len();
    dates + varying + calibrated + 8 * s.max_weights() + 8
}
