//! A model compiled for the CPU: its numbers in the order the loops read them.

use crate::math::Real;
use crate::model::coordinate::Coordinate;
use crate::model::cost::Cost;
use crate::model::layout::{Arguments, Derived, Element, Operand};
use crate::model::lift::Lift;
use crate::model::pooled::{Known, Pooled};
use crate::model::prior::{Constants, Distribution, MAX_ARGUMENTS};
use crate::model::roas::Roas;
use crate::model::{self, Model, Space, Structure};

/// A column is stored as a list of its non-zero entries when fewer than one in this many is set.
const SPARSE: usize = 4;

/// Dates that the loops take at a time, so that their sums stay in registers.
pub const DATES: usize = 4;

/// A model in one space, with the training rows of its series, in single or double precision.
pub struct Program<R> {
    /// Number of elements.
    dim: usize,
    /// Number of values.
    pub n_values: usize,
    /// Whether a prior depends on other values, or a value is made of others.
    pub hierarchical: bool,
    /// Coordinate of every element.
    pub coordinates: Vec<Coordinate>,
    /// Prior of every element.
    pub priors: Vec<Prior>,
    /// What is made of every element, if anything.
    pub derived: Vec<Option<Derived>>,
    /// What the data are taken to say of every element that is pooled.
    pub known: Vec<Known<R>>,
    /// What is to be explained: one series, or several of equal families.
    pub series: Vec<Series<R>>,
}

/// The training rows of one series.
pub struct Series<R> {
    /// Families and slots.
    pub structure: Structure,
    /// Truncation bound.
    pub lower: f64,
    /// Lift tests.
    pub lifts: Vec<Lift>,
    /// Costs per target.
    pub costs: Vec<Cost>,
    /// Priors of returns, with their distributions' constants.
    pub roas: Vec<(Roas, Constants<f64>)>,
    /// Of the first basis function of the processes.
    pub frequency: f64,
    /// The basis functions, date by date.
    pub basis: Vec<R>,
    /// Days from every bump to every training row.
    pub bumps: Vec<Vec<R>>,
    /// Training rows.
    pub n_train: usize,
    /// Scaled target of the training rows.
    pub target: Vec<R>,
    /// Scaled spend per channel; as many zeros before it as the channel has weights, and after it
    /// as many and the rest of a block.
    pub spend: Vec<Vec<R>>,
    /// Elements of the dense columns.
    pub dense_elements: Vec<usize>,
    /// Dense columns, `[block][column][date of the block]`; zeros beyond the training rows.
    pub dense: Vec<[R; DATES]>,
    /// First sparse entry of every date of every block, and the end.
    pub sparse_rows: Vec<usize>,
    /// Sparse entries: element and value.
    pub sparse: Vec<(usize, R)>,
    /// Elements of the sparse columns.
    pub sparse_elements: Vec<usize>,
}

/// The prior of an element.
pub enum Prior {
    /// The coordinate includes it.
    Included,
    /// It is that of a channel's return, the Jacobian of its coordinate with it.
    Implied,
    /// Its arguments are numbers.
    Fixed(Distribution, Constants<f64>),
    /// Its arguments, of this signature, are values that come before.
    Nested(Distribution, usize, [Operand; MAX_ARGUMENTS]),
    /// It is in the coordinate of a pooled element.
    Pooled(Pooled),
}

impl Prior {
    fn new(coordinate: Coordinate, pooled: Option<Pooled>, element: &Element) -> Self {
        if let Some(pooled) = pooled {
            return Prior::Pooled(pooled);
        }
        if element.implied {
            return Prior::Implied;
        }
        if coordinate.includes_prior() {
            return Prior::Included;
        }
        match &element.arguments {
            Arguments::Fixed(arguments) => {
                Prior::Fixed(element.distribution, element.distribution.constants(arguments))
            }
            Arguments::Nested { signature, operands } => {
                let mut all = [Operand::Constant(0.0); MAX_ARGUMENTS];
                all[..operands.len()].copy_from_slice(operands);
                Prior::Nested(element.distribution, *signature, all)
            }
        }
    }
}

impl<R: Real> Program<R> {
    /// Compiles a model, given as each of its series sees it (at least one).
    pub fn new(models: &[Model], space: Space) -> Self {
        let Model { layout, structure, .. } = &models[0];
        let coordinates = layout.coordinates(space);
        let priors = coordinates
            .iter()
            .zip(layout.pooled(space))
            .zip(&layout.elements)
            .map(|((coordinate, pooled), element)| Prior::new(*coordinate, pooled, element))
            .collect();
        let derived = layout.elements.iter().map(|element| element.derived).collect();
        // Series of one model have the same dense columns.
        let is_sparse = |k: usize| models.iter().all(|model| is_sparse(&model.series, k));
        let sparse: Vec<bool> = (0..models[0].series.columns.len()).map(is_sparse).collect();
        let (dim, n_values, hierarchical) =
            (structure.dim, structure.n_values, structure.hierarchical);
        let series = models.iter().map(|model| Series::new(model, &sparse)).collect();
        let known = vec![[R::from_f64(0.0); 4]; dim];
        Self { dim, n_values, hierarchical, coordinates, priors, derived, known, series }
    }

    /// Takes the data to say this of every element.
    pub fn know(&mut self, known: &[Known<f32>]) {
        self.known = known.iter().map(|known| known.map(|x| R::from_f64(x.into()))).collect();
    }

    /// Number of elements.
    pub fn dim(&self) -> usize {
        self.dim
    }
}

/// Whether column `k` of a series is stored by its entries that are not zero.
fn is_sparse(series: &model::Series, k: usize) -> bool {
    let train = &series.columns[k].values[..series.n_train];
    train.iter().filter(|&&v| v != 0.0).count() * SPARSE < series.n_train
}

impl<R: Real> Series<R> {
    /// Compiles a series; `sparse`: whether each of its columns is stored so.
    fn new(model: &Model, sparse: &[bool]) -> Self {
        let (series, structure) = (&model.series, model.structure.clone());
        let n = series.n_train;
        let (n_blocks, zero) = (n.div_ceil(DATES), R::from_f64(0.0));
        let spend = series
            .spend
            .iter()
            .zip(&structure.channels)
            .map(|(spend, channel)| {
                let pad = channel.adstock.n_weights;
                let mut padded = vec![zero; n_blocks * DATES + 2 * pad];
                for (to, &x) in padded[pad..].iter_mut().zip(&spend[..n]) {
                    *to = R::from_f64(x);
                }
                padded
            })
            .collect();
        let stored = |wanted: bool| {
            let columns = series.columns.iter().zip(sparse);
            columns.filter(move |(_, sparse)| **sparse == wanted).map(|(column, _)| column)
        };
        let (sparse_columns, dense_columns): (Vec<_>, Vec<_>) =
            (stored(true).collect(), stored(false).collect());
        let mut dense = vec![[zero; DATES]; n_blocks * dense_columns.len()];
        for (k, column) in dense_columns.iter().enumerate() {
            for (t, &x) in column.values[..n].iter().enumerate() {
                dense[t / DATES * dense_columns.len() + k][t % DATES] = R::from_f64(x);
            }
        }
        let (mut sparse, mut sparse_rows) = (Vec::new(), vec![0]);
        for t in 0..n_blocks * DATES {
            for column in sparse_columns.iter().filter(|_| t < n) {
                if column.values[t] != 0.0 {
                    sparse.push((column.element, R::from_f64(column.values[t])));
                }
            }
            sparse_rows.push(sparse.len());
        }
        Self {
            structure,
            lower: model.lower,
            lifts: model.lifts.clone(),
            costs: model.costs.clone(),
            roas: model
                .roas
                .iter()
                .map(|roas| (roas.clone(), roas.distribution.constants(&roas.arguments)))
                .collect(),
            frequency: series.curved.basis.frequency,
            basis: series.curved.basis.values[..n * series.curved.basis.m]
                .iter()
                .map(|&x| R::from_f64(x))
                .collect(),
            bumps: series
                .curved
                .bumps
                .iter()
                .map(|z| z[..n].iter().map(|&z| R::from_f64(z)).collect())
                .collect(),
            n_train: n,
            target: series.target[..n].iter().map(|&y| R::from_f64(y)).collect(),
            spend,
            dense_elements: dense_columns.iter().map(|column| column.element).collect(),
            dense,
            sparse_rows,
            sparse,
            sparse_elements: sparse_columns.iter().map(|column| column.element).collect(),
        }
    }

    /// Number of blocks of dates.
    pub fn n_blocks(&self) -> usize {
        self.n_train.div_ceil(DATES)
    }

    /// The dense columns on one date.
    pub fn dense_row(&self, t: usize) -> impl Iterator<Item = R> {
        let columns = self.dense_elements.len();
        self.dense[t / DATES * columns..][..columns].iter().map(move |dates| dates[t % DATES])
    }

    /// The sparse entries of one date: element and value.
    pub fn sparse_row(&self, t: usize) -> &[(usize, R)] {
        &self.sparse[self.sparse_rows[t]..self.sparse_rows[t + 1]]
    }

    /// The first `m` basis functions on one date.
    pub fn basis_on(&self, t: usize, m: usize) -> &[R] {
        let stride = self.basis.len() / self.n_train;
        &self.basis[t * stride..][..m]
    }

    /// Whether anything besides the target calibrates the channels.
    pub fn is_calibrated(&self) -> bool {
        !(self.lifts.is_empty() && self.costs.is_empty() && self.roas.is_empty())
    }
}
