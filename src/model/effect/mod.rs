//! Effects that are linear in their coefficients: columns of a design matrix.

pub mod fourier;

/// One column: the coefficient it belongs to and its value on every date.
#[derive(Clone, Debug)]
pub struct Column {
    /// Index of the coefficient among the model's elements.
    pub element: usize,
    /// Value per date.
    pub values: Vec<f64>,
}
