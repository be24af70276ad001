//! The factor L of a covariance or metric L Lᵀ: dense, or of a model in parts.

use super::arrow::{Arrow, Split};
use super::linalg::{Matrix, Part, diagonal, product, to_f32};
use super::stop::Parts;
use std::sync::Arc;

/// L.
#[derive(Clone, Debug)]
pub(super) enum Factor {
    /// Lower.
    Dense(Matrix),
    /// Lower where what is shared comes first.
    Arrow(Arrow),
}

impl Factor {
    /// The diagonal factor of these standard deviations.
    pub fn diagonal(deviations: &[f64], parts: Option<&Arc<Parts>>) -> Self {
        match parts {
            None => Factor::Dense(diagonal(deviations)),
            Some(parts) => Factor::Arrow(Arrow::diagonal(parts, deviations)),
        }
    }

    /// Draws with this covariance, about zero, of white rows.
    pub fn draws(&self, white: &Matrix) -> Matrix {
        match self {
            Factor::Dense(l) => {
                let transposed = (l.transpose(), Part::Upper);
                product((white.as_ref(), Part::All), transposed, Part::All)
            }
            Factor::Arrow(l) => l.apply(&Split::of_rows(l.parts(), white)).rows(l.parts()),
        }
    }

    /// What gradients are where L⁻¹x are the coordinates, row by row.
    pub fn slopes(&self, gradients: &Matrix) -> Matrix {
        match self {
            Factor::Dense(l) => {
                let factor = (l.as_ref(), Part::Lower);
                product((gradients.as_ref(), Part::All), factor, Part::All)
            }
            Factor::Arrow(l) => {
                l.apply_transposed(&Split::of_rows(l.parts(), gradients)).rows(l.parts())
            }
        }
    }

    /// |L⁻¹x|.
    pub fn distance(&self, x: &[f64]) -> f64 {
        let column = Matrix::from_fn(x.len(), 1, |i, _| x[i]);
        match self {
            Factor::Dense(l) => {
                let mut z = column;
                l.solve_lower_triangular_in_place(&mut z);
                z.norm_l2()
            }
            Factor::Arrow(l) => {
                let mut z = Split::of_rows(l.parts(), &column.transpose().to_owned());
                l.whiten(&mut z);
                z.rows(l.parts()).norm_l2()
            }
        }
    }

    /// Multiplies all deviations.
    pub fn scale(&mut self, by: f64) {
        match self {
            Factor::Dense(l) => *l *= faer::Scale(by),
            Factor::Arrow(l) => l.scale(by),
        }
    }

    /// A lower triangle, row-major and in single precision, as engines take it. None where rounding has
    /// left none.
    pub fn to_engine(&self) -> Option<Vec<f32>> {
        match self {
            Factor::Dense(l) => Some(to_f32(l)),
            Factor::Arrow(l) => Some(to_f32(&l.dense()?)),
        }
    }
}
