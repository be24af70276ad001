//! What the host shares with the kernels: twins of the structs in `shaders/kernel/`.

use bytemuck::{Pod, Zeroable};

/// One model's place in the shared buffers, or that of one of its series where there are several; twin of
/// `Model` in `bindings.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Model {
    /// First vec4 of its rows; of several series, of the table of what flows back.
    pub rows: u32,
    /// vec4s per row.
    pub row_stride: u32,
    /// Rows: training rows and the shift of the adstock window.
    pub n_rows: u32,
    /// Training rows.
    pub n_train: u32,
    /// First of its elements; of one of several series, first vec4 of its slots.
    pub elements: u32,
    /// First vec4 of its metric factor.
    pub factor: u32,
    /// Random key.
    pub key: [u32; 2],
    /// Truncation bound.
    pub lower: f32,
    /// First vec4 of what calibrates it.
    pub calibration: u32,
    /// Of the first basis function of what varies in time.
    pub frequency: f32,
    pub pad: u32,
}

/// The numbers of a scalar parameter; twin of `Element` in `bindings.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Element {
    /// Constants of the prior; of a nested or pooled one its arguments, where they are numbers.
    pub p: [f32; 4],
    /// Values that are arguments of a nested or pooled prior; [`NUMBER`] for those that are numbers.
    pub parents: [u32; 4],
    /// What the data are taken to say of a pooled one.
    pub known: [f32; 4],
    /// Constants of the coordinate; of a pooled one, of its law.
    pub c: [f32; 2],
    /// The values that are operands of what is made of it, or [`NUMBER`].
    pub made_of: [u32; 2],
    /// The operands, where they are numbers.
    pub numbers: [f32; 2],
    /// The index of what is made of it.
    pub value: u32,
    pub pad: u32,
}

/// In place of the index of a value: a number.
pub const NUMBER: u32 = u32::MAX;

/// One model's work in one dispatch; twin of `Job` in `bindings.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Job {
    /// The model.
    pub model: u32,
    /// First word of its state.
    pub state: u32,
    /// Columns in a row of the state.
    pub columns: u32,
    /// Columns in use.
    pub used: u32,
    /// First word of its output.
    pub output: u32,
    /// First word of its list.
    pub list: u32,
    /// Trajectories of the request.
    pub n_trajectories: u32,
    /// The trajectory the dispatch begins in.
    pub trajectory: u32,
    /// The leapfrog step it begins with.
    pub step: u32,
    /// Leapfrog steps it may do.
    pub leapfrogs: u32,
    /// Random counter of the request's first trajectory.
    pub first: u32,
    /// Arrays recorded after every trajectory: 0, 1 (positions) or 2 (and gradients).
    pub record: u32,
    /// ε.
    pub step_size: f32,
    /// 1: only evaluate.
    pub evaluate: u32,
    /// Of several series, first word of their states.
    pub parts: u32,
    pub pad: u32,
}

/// One model's sums; twin of `SumJob` in `moments.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct SumJob {
    /// First word of its records.
    pub records: u32,
    /// Columns in a row of them.
    pub columns: u32,
    /// Trajectories recorded.
    pub n_trajectories: u32,
    /// First word of its centre.
    pub center: u32,
    /// First word of its sums.
    pub sums: u32,
    pub pad: [u32; 3],
}

/// Rows of a state before its arrays: the candidate's log density.
pub const HEAD: usize = 1;
/// Arrays with a row for every value: gradient, value, slope.
const OF_VALUES: usize = 3;
/// Arrays of a chain's state with a row for every element, the candidate the first; two rows follow.
const OF_ELEMENTS: usize = 4;

/// Rows of the state of one of several series, of which the last are what it adds to returns that they
/// have together.
pub fn part_rows(slots: usize, returns: usize) -> usize {
    HEAD + OF_VALUES * slots + returns
}

/// Rows of a state that is only evaluated.
pub fn point_rows(n_values: usize, dim: usize) -> usize {
    candidate_row(n_values) + dim
}

/// Rows of a chain's state.
pub fn chain_rows(n_values: usize, dim: usize) -> usize {
    candidate_row(n_values) + OF_ELEMENTS * dim + 2
}

/// Rows to read back after an evaluation: log density, then gradient.
pub fn answer_rows(dim: usize) -> usize {
    HEAD + dim
}

/// The row of the first element of the candidate.
pub fn candidate_row(n_values: usize) -> usize {
    HEAD + OF_VALUES * n_values
}

/// vec4s of a metric factor: L row by row, then Lᵀ row by row.
pub fn factor_vectors(dim: usize) -> usize {
    2 * dim * dim.div_ceil(4)
}
