//! Packs a model's numbers for the device.

use super::body::ROW_HEAD;
use super::compose::prior_code;
use super::layout::{Element, NO_PRIOR};
use crate::density::cpu::Program;

/// Which columns of a model are dense; with the structure it decides the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// Elements of the dense columns.
    pub dense: Vec<usize>,
    /// Number of channels.
    pub channels: usize,
}

impl Columns {
    /// Words of a row: head, dense columns, spends.
    pub fn row_words(&self) -> usize {
        ROW_HEAD + self.dense.len() + self.channels
    }
}

/// Rows of a model, then its sparse entries, one vec4 each.
pub struct Rows {
    /// The numbers.
    pub numbers: Vec<[f32; 4]>,
    /// Number of rows.
    pub n_rows: usize,
    /// vec4s per row.
    pub stride: usize,
}

/// Packs the rows: row r holds the spend of date r and everything else of date r − shift, so that
/// a window that looks ahead has read what it needs.
pub fn rows(program: &Program<f32>, columns: &Columns) -> Rows {
    let s = &program.structure;
    let (n, dense) = (program.n_train, columns.dense.len());
    let stride = columns.row_words().div_ceil(4);
    let n_rows = n + s.shift;
    let mut words = vec![0.0f32; 4 * stride * n_rows];
    for r in 0..n_rows {
        let row = &mut words[4 * stride * r..][..4 * stride];
        if r < n {
            for (c, spend) in program.spend.iter().enumerate() {
                // The program pads its spends with one window of zeros.
                row[ROW_HEAD + dense + c] = spend[s.n_weights + r];
            }
        }
        if let Some(t) = r.checked_sub(s.shift) {
            let sparse = program.sparse_rows[t]..program.sparse_rows[t + 1];
            row[0] = program.target[t];
            // Whole numbers up to 2^24 are exact.
            row[1] = (n_rows * stride + sparse.start) as f32;
            row[2] = sparse.len() as f32;
            for (to, x) in row[ROW_HEAD..].iter_mut().zip(program.dense_row(t)) {
                *to = x;
            }
        }
    }
    let mut numbers: Vec<[f32; 4]> =
        words.chunks_exact(4).map(|w| [w[0], w[1], w[2], w[3]]).collect();
    numbers.extend(program.sparse.iter().map(|&(element, x)| [element as f32, x, 0.0, 0.0]));
    Rows { numbers, n_rows, stride }
}

/// Packs the elements.
pub fn elements(program: &Program<f32>) -> Vec<Element> {
    let pack = |(coordinate, prior): (&crate::model::coordinate::Coordinate, &Option<_>)| {
        let (code, c) = coordinate.code();
        let (prior, p) = match prior {
            Some((distribution, constants)) => (prior_code(*distribution), *constants),
            None => (NO_PRIOR, [0.0; 4]),
        };
        Element { coordinate: code, prior, c: c.map(|x| x as f32), p: p.map(|x: f64| x as f32) }
    };
    program.coordinates.iter().zip(&program.priors).map(pack).collect()
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
        let product = blocks * (dim + 8);
        let dates = program.n_train + program.structure.shift + 2 * program.sparse.len();
        Self {
            leapfrog: (2 * product + dim + dates + 8 * program.structure.n_weights + 8) as u32,
            trajectory: (product + 10 * dim) as u32,
        }
    }
}
