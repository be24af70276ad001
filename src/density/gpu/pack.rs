//! Packs a model's numbers for the device.

use super::body::ROW_HEAD;
use super::compose::{nested_code, prior_code};
use super::layout::{Element, IMPLIED, NO_PRIOR, NUMBER};
use super::shape::Shape;
use crate::density::cpu::{Prior, Program, Series};
use crate::model::cost::Cost;
use crate::model::layout::Operand;
use crate::model::lift::Lift;

/// Which columns of a model are dense; with the structure it decides the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// Elements of the dense columns.
    pub dense: Vec<usize>,
    /// Number of channels.
    pub channels: usize,
    /// Number of bumps.
    pub bumps: usize,
    /// Number of costs per target.
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

/// Packs a model's numbers. Of several series a head of each comes first (first row, number of rows,
/// training rows, then its slots), and behind the heads of all the numbers of each. Places count from the
/// begin.
pub fn numbers(program: &Program<f32>, shape: &Shape, slots: &[Vec<usize>]) -> Rows {
    if let [only] = &program.series[..] {
        return rows(only, &shape.columns, 0);
    }
    // Whole numbers up to 2^24 are exact.
    let vectors = |words: &[usize]| {
        let word = |k: usize| words.get(k).map_or(0.0, |&x| x as f32);
        let four = |k| [word(k), word(k + 1), word(k + 2), word(k + 3)];
        (0..words.len()).step_by(4).map(four).collect::<Vec<_>>()
    };
    let begin = shape.head_vectors() * program.series.len();
    let (mut heads, mut all) = (Vec::new(), Vec::new());
    for (series, slots) in program.series.iter().zip(slots) {
        let first = begin + all.len();
        let rows = rows(series, &shape.columns, first);
        heads.extend(vectors(&[first, rows.n_rows, series.n_train, 0]));
        heads.extend(vectors(slots));
        all.extend(rows.numbers);
    }
    heads.extend(all);
    // Every head says how many rows there are.
    Rows { numbers: heads, n_rows: 0, lifts: 0 }
}

/// Rows of a series, then its sparse entries, its lift tests and its costs per target.
pub struct Rows {
    /// The numbers.
    pub numbers: Vec<[f32; 4]>,
    /// Number of rows.
    pub n_rows: usize,
    /// First of the lift tests.
    pub lifts: usize,
}

/// Packs the rows of a series, whose numbers begin at `first`: with the largest shift of a channel, row r
/// holds everything but spend of date r − shift, and of each channel the spend that its window ends with
/// there, so that a window that looks ahead has read what it needs.
fn rows(program: &Series<f32>, columns: &Columns, first: usize) -> Rows {
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
            row[1] = (first + n_rows * stride + sparse.start) as f32;
            row[2] = sparse.len() as f32;
            for (to, x) in row[ROW_HEAD..].iter_mut().zip(program.dense_row(t)) {
                *to = x;
            }
            for (to, z) in row[columns.distances()..].iter_mut().zip(&program.bumps) {
                *to = z[t];
            }
            for (to, cost) in row[columns.spent()..].iter_mut().zip(&program.costs) {
                *to = cost.spend[t] as f32;
            }
            let basis = &mut row[4 * columns.registers()..][..columns.basis];
            basis.copy_from_slice(program.basis_on(t, columns.basis));
        }
    }
    let mut numbers: Vec<[f32; 4]> =
        words.chunks_exact(4).map(|w| [w[0], w[1], w[2], w[3]]).collect();
    numbers.extend(program.sparse.iter().map(|&(element, x)| [element as f32, x, 0.0, 0.0]));
    let lifts = numbers.len();
    let lift =
        |lift: &Lift| [lift.spend[0], lift.spend[1], lift.effect, lift.sigma].map(|x| x as f32);
    numbers.extend(program.lifts.iter().map(lift));
    if s.curved.media.is_some() {
        let row = |lift: &Lift| lift.row.map_or(0, |row| (row + shift) * stride);
        numbers.extend(program.lifts.iter().map(|lift| [row(lift) as f32, 0.0, 0.0, 0.0]));
    }
    let cost = |cost: &Cost| [cost.target, cost.sigma, cost.least, 0.0].map(|x| x as f32);
    numbers.extend(program.costs.iter().map(cost));
    for (roas, constants) in &program.roas {
        let code = f64::from(prior_code(roas.distribution));
        numbers.push([roas.factor, roas.factor.ln(), code, 0.0].map(|x| x as f32));
        numbers.push(constants.map(|x| x as f32));
    }
    Rows { numbers, n_rows, lifts }
}

/// Packs the elements.
pub fn elements(program: &Program<f32>) -> Vec<Element> {
    let pack = |i: usize| {
        let (coordinate, c) = program.coordinates[i].code();
        let (prior, p, of) = match &program.priors[i] {
            Prior::Included => (NO_PRIOR, [0.0; 4], [NUMBER; 4]),
            Prior::Implied => (IMPLIED, [0.0; 4], [NUMBER; 4]),
            Prior::Fixed(distribution, constants) => {
                (prior_code(*distribution), constants.map(|x| x as f32), [NUMBER; 4])
            }
            Prior::Nested(distribution, signature, operands) => {
                let [numbers, of] = split(operands);
                (nested_code(*distribution, *signature), numbers.map(f32::from_bits), of)
            }
        };
        let (form, value, operands) = match &program.derived[i] {
            None => (0, 0, [Operand::Constant(0.0); 2]),
            Some(derived) => (derived.form.code(), derived.value as u32, derived.operands),
        };
        let [numbers, operands] = split(&operands);
        Element {
            coordinate,
            prior,
            c: c.map(|x| x as f32),
            p,
            parents: of,
            form,
            value,
            made_of: operands,
            numbers: numbers.map(f32::from_bits),
            ..Default::default()
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
    /// What the loops of `shaders/kernel/` do for a model, rounded up.
    pub fn of(program: &Program<f32>) -> Self {
        let dim = program.dim();
        let blocks = dim.div_ceil(4);
        let product = blocks * (dim / 2 + 10);
        let of = |series: &Series<f32>| {
            let s = &series.structure;
            let rows = series.n_train + s.max_shift();
            let dates = rows * (1 + 2 * (s.costs.len() + s.roas.len())) + 2 * series.sparse.len();
            // Of each process: its mean, its values and what flows back to them, and its parameters.
            let basis = s.curved.basis().div_ceil(4);
            let varying = 2 * (rows * (1 + 4 * basis) + 16 * basis) * usize::from(basis > 0);
            dates + varying + 8 * s.max_weights() + 8
        };
        let series: usize = program.series.iter().map(of).sum();
        Self {
            leapfrog: (2 * product + dim + series) as u32,
            trajectory: (product + 10 * dim) as u32,
        }
    }
}
