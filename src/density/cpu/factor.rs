//! The factor L of a metric, laid out for products with vectors of lanes.

use crate::math::Lane;

/// Rows of a product that are summed side by side, in registers.
const ROWS: usize = 4;

/// A lower triangle, twice: its rows and its columns.
pub struct Factor {
    dim: usize,
    /// `ROWS` rows of L at a time, `[column][row]`, up to the diagonal.
    rows: Vec<[f32; ROWS]>,
    /// `ROWS` rows of Lᵀ at a time, `[column][row]`, from the diagonal on.
    columns: Vec<[f32; ROWS]>,
}

impl Factor {
    /// From a row-major matrix, dim × dim, of which the lower triangle counts.
    pub fn new(matrix: &[f32], dim: usize) -> Self {
        let at = |i: usize, j: usize| if j <= i && i < dim { matrix[i * dim + j] } else { 0.0 };
        let (mut rows, mut columns) = (Vec::new(), Vec::new());
        for first in (0..dim).step_by(ROWS) {
            let row = |r| first + r;
            let up_to = (first + ROWS).min(dim);
            rows.extend((0..up_to).map(|j| std::array::from_fn(|r| at(row(r), j))));
            columns.extend((first..dim).map(|i| std::array::from_fn(|r| at(i, row(r)))));
        }
        Self { dim, rows, columns }
    }

    /// The factor of the unit metric.
    pub fn identity(dim: usize) -> Self {
        let mut matrix = vec![0.0; dim * dim];
        matrix.iter_mut().step_by(dim + 1).for_each(|diagonal| *diagonal = 1.0);
        Self::new(&matrix, dim)
    }

    /// out += ε L x.
    #[inline(always)]
    pub fn add<L: Lane<Scalar = f32>>(&self, epsilon: L, x: &[L], out: &mut [L]) {
        let mut rows = &self.rows[..];
        for (block, out) in out.chunks_mut(ROWS).enumerate() {
            let x = &x[..(block * ROWS + ROWS).min(self.dim)];
            let own;
            (own, rows) = rows.split_at(x.len());
            add_rows(own, epsilon, x, out);
        }
    }

    /// out += ε Lᵀ x.
    #[inline(always)]
    pub fn add_transposed<L: Lane<Scalar = f32>>(&self, epsilon: L, x: &[L], out: &mut [L]) {
        let mut columns = &self.columns[..];
        for (block, out) in out.chunks_mut(ROWS).enumerate() {
            let x = &x[block * ROWS..];
            let own;
            (own, columns) = columns.split_at(x.len());
            add_rows(own, epsilon, x, out);
        }
    }
}

/// out += ε · (rows) x for up to `ROWS` rows.
#[inline(always)]
fn add_rows<L: Lane<Scalar = f32>>(rows: &[[f32; ROWS]], epsilon: L, x: &[L], out: &mut [L]) {
    let mut sums = [L::zero(); ROWS];
    for (row, x) in rows.iter().zip(x) {
        for r in 0..ROWS {
            sums[r] = x.mul_add(L::from_scalar(row[r]), sums[r]);
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = sum.mul_add(epsilon, *out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::F32;

    /// Against the sums written out, for sizes around the block; the upper triangle is ignored.
    #[test]
    fn products() {
        for dim in [1, 3, 4, 5, 8, 11] {
            let matrix: Vec<f32> = (0..dim * dim).map(|i| 1.0 + (i % 7) as f32).collect();
            let factor = Factor::new(&matrix, dim);
            let x: Vec<F32<false>> = (0..dim).map(|i| F32::splat(i as f64 - 2.0)).collect();
            let (mut plain, mut transposed) = (x.clone(), x.clone());
            factor.add(F32::splat(0.5), &x, &mut plain);
            factor.add_transposed(F32::splat(0.5), &x, &mut transposed);
            let l = |i: usize, j: usize| if j <= i { f64::from(matrix[i * dim + j]) } else { 0.0 };
            let value = |j: usize| j as f64 - 2.0;
            for i in 0..dim {
                let row: f64 = (0..dim).map(|j| l(i, j) * value(j)).sum();
                let column: f64 = (0..dim).map(|j| l(j, i) * value(j)).sum();
                assert_eq!(plain[i].get(3), value(i) + 0.5 * row, "{dim} {i}");
                assert_eq!(transposed[i].get(15), value(i) + 0.5 * column, "{dim} {i}");
            }
        }
    }

    #[test]
    fn identity() {
        let x: Vec<F32<false>> = (0..6).map(|i| F32::splat(f64::from(i))).collect();
        let mut out = x.clone();
        Factor::identity(6).add(F32::splat(1.0), &x, &mut out);
        assert!((0..6).all(|i| out[i].get(0) == 2.0 * i as f64));
    }
}
