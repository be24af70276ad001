//! Factors of models in parts that know of each other only through what all share, as the series of a
//! pooled model do: dense where things depend on each other, and nothing elsewhere.

use super::linalg::{Matrix, Part, cholesky, diagonal, product, square};
use super::stop::Parts;
use std::sync::Arc;

/// Vectors as columns, of what is shared and of every part.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub shared: Matrix,
    pub own: Vec<Matrix>,
}

impl Split {
    /// `count` vectors of these elements, by dimension and number.
    pub fn new(parts: &Parts, count: usize, element: impl Fn(usize, usize) -> f64) -> Self {
        let of = |dims: &Vec<usize>| Matrix::from_fn(dims.len(), count, |i, k| element(dims[i], k));
        Self { shared: of(&parts.shared), own: parts.own.iter().map(of).collect() }
    }

    /// The rows of a matrix.
    pub fn of_rows(parts: &Parts, rows: &Matrix) -> Self {
        Self::new(parts, rows.nrows(), |j, k| rows[(k, j)])
    }

    /// Its vectors as rows of a matrix.
    pub fn rows(&self, parts: &Parts) -> Matrix {
        let mut rows = Matrix::zeros(self.count(), parts.dim());
        self.each(parts, |j, column, i| {
            (0..self.count()).for_each(|k| rows[(k, j)] = column[(i, k)]);
        });
        rows
    }

    /// One of its vectors.
    pub fn column(&self, parts: &Parts, k: usize) -> Vec<f64> {
        let mut all = vec![0.0; parts.dim()];
        self.each(parts, |j, column, i| all[j] = column[(i, k)]);
        all
    }

    /// Every dimension, with the matrix and the row it stands in.
    fn each(&self, parts: &Parts, mut visit: impl FnMut(usize, &Matrix, usize)) {
        for (dims, of) in parts.groups().zip(self.groups()) {
            dims.iter().enumerate().for_each(|(i, &j)| visit(j, of, i));
        }
    }

    fn groups(&self) -> impl Iterator<Item = &Matrix> {
        std::iter::once(&self.shared).chain(&self.own)
    }

    /// Number of its vectors.
    pub fn count(&self) -> usize {
        self.shared.ncols()
    }

    /// Subtracts the means of so many vectors at a time.
    pub fn center_each(&mut self, count: usize) {
        for of in std::iter::once(&mut self.shared).chain(&mut self.own) {
            for first in (0..of.ncols()).step_by(count) {
                for i in 0..of.nrows() {
                    let mean =
                        (first..first + count).map(|k| of[(i, k)]).sum::<f64>() / count as f64;
                    (first..first + count).for_each(|k| of[(i, k)] -= mean);
                }
            }
        }
    }

    /// Subtracts the means and returns them.
    pub fn center(&mut self) -> Split {
        let mean = |of: &mut Matrix| {
            let n = of.ncols() as f64;
            let mean = Matrix::from_fn(of.nrows(), 1, |i, _| of.row(i).iter().sum::<f64>() / n);
            for k in 0..of.ncols() {
                (0..of.nrows()).for_each(|i| of[(i, k)] -= mean[(i, 0)]);
            }
            mean
        };
        Split { shared: mean(&mut self.shared), own: self.own.iter_mut().map(mean).collect() }
    }
}

/// A factor: x₀ = L₀ z₀, and x = B z₀ + L z in every part.
#[derive(Clone, Debug)]
pub(super) struct Arrow {
    parts: Arc<Parts>,
    /// Lower L₀.
    shared: Matrix,
    /// B and lower L of every part.
    own: Vec<(Matrix, Matrix)>,
}

impl Arrow {
    /// Of these standard deviations, one per dimension.
    pub fn diagonal(parts: &Arc<Parts>, deviations: &[f64]) -> Self {
        let of =
            |dims: &Vec<usize>| diagonal(&dims.iter().map(|&j| deviations[j]).collect::<Vec<_>>());
        let own = |dims: &Vec<usize>| (Matrix::zeros(dims.len(), parts.shared.len()), of(dims));
        Self {
            parts: Arc::clone(parts),
            shared: of(&parts.shared),
            own: parts.own.iter().map(own).collect(),
        }
    }

    /// Of lower factors and of B, part by part.
    pub fn new(parts: &Arc<Parts>, shared: Matrix, own: Vec<(Matrix, Matrix)>) -> Self {
        Self { parts: Arc::clone(parts), shared, own }
    }

    pub fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// L z.
    pub fn apply(&self, z: &Split) -> Split {
        let own = |((b, l), own): (&(Matrix, Matrix), &Matrix)| times(b, &z.shared) + lower(l, own);
        Split {
            shared: lower(&self.shared, &z.shared),
            own: self.own.iter().zip(&z.own).map(own).collect(),
        }
    }

    /// Lᵀ g.
    pub fn apply_transposed(&self, g: &Split) -> Split {
        let upper = |l: &Matrix, g: &Matrix| {
            product((l.transpose(), Part::Upper), (g.as_ref(), Part::All), Part::All)
        };
        let mut shared = upper(&self.shared, &g.shared);
        for ((b, _), own) in self.own.iter().zip(&g.own) {
            shared += times(&b.transpose().to_owned(), own);
        }
        let own = self.own.iter().zip(&g.own).map(|((_, l), own)| upper(l, own)).collect();
        Split { shared, own }
    }

    /// L⁻¹ x, in place.
    pub fn whiten(&self, x: &mut Split) {
        self.shared.solve_lower_triangular_in_place(&mut x.shared);
        for ((b, l), own) in self.own.iter().zip(&mut x.own) {
            *own -= times(b, &x.shared);
            l.solve_lower_triangular_in_place(own);
        }
    }

    /// The product with another of the same parts.
    pub fn times(&self, next: &Arrow) -> Arrow {
        let both = |a: &Matrix, b: &Matrix| {
            product((a.as_ref(), Part::Lower), (b.as_ref(), Part::Lower), Part::Lower)
        };
        let own = |((b, l), (next_b, next_l)): (&(Matrix, Matrix), &(Matrix, Matrix))| {
            (times(b, &next.shared) + lower(l, next_b), both(l, next_l))
        };
        Arrow {
            parts: Arc::clone(&self.parts),
            shared: both(&self.shared, &next.shared),
            own: self.own.iter().zip(&next.own).map(own).collect(),
        }
    }

    /// Multiplies all deviations.
    pub fn scale(&mut self, by: f64) {
        let by = faer::Scale(by);
        self.shared *= by;
        for (b, l) in &mut self.own {
            *b *= by;
            *l *= by;
        }
    }

    /// The Cholesky factor of L Lᵀ, dimensions in their own order.
    pub fn dense(&self) -> Option<Matrix> {
        let dim = self.parts.dim();
        let mut l = Matrix::zeros(dim, dim);
        let mut first = self.parts.shared.len();
        for (i, &row) in self.parts.shared.iter().enumerate() {
            (0..=i).for_each(|j| l[(row, j)] = self.shared[(i, j)]);
        }
        for (dims, (b, own)) in self.parts.own.iter().zip(&self.own) {
            for (i, &row) in dims.iter().enumerate() {
                (0..b.ncols()).for_each(|j| l[(row, j)] = b[(i, j)]);
                (0..=i).for_each(|j| l[(row, first + j)] = own[(i, j)]);
            }
            first += dims.len();
        }
        cholesky(&square(l.as_ref()))
    }

    /// The factor in other coordinates, given how points (one after the other) are converted: every
    /// column becomes half the way between the points one deviation up and down from `mu`. Also where
    /// `mu` goes.
    pub fn carried(
        &self,
        mu: &[f64],
        convert: impl Fn(&[f32]) -> Vec<f32>,
    ) -> Option<(Vec<f64>, Arrow)> {
        let (dim, shared) = (self.parts.dim(), self.parts.shared.len());
        // Parts do not see each other: a column of each goes with those of the others.
        let units = Split {
            shared: Matrix::from_fn(shared, self.parts.width(), |i, k| f64::from(u8::from(i == k))),
            own: (self.parts.own.iter())
                .map(|dims| {
                    let unit = |i, k| f64::from(u8::from(i + shared == k));
                    Matrix::from_fn(dims.len(), self.parts.width(), unit)
                })
                .collect(),
        };
        let columns = self.apply(&units).rows(&self.parts);
        let mut points: Vec<f32> = mu.iter().map(|&m| m as f32).collect();
        for sign in [1.0, -1.0] {
            for k in 0..columns.nrows() {
                points.extend((0..dim).map(|j| (mu[j] + sign * columns[(k, j)]) as f32));
            }
        }
        let there = convert(&points);
        if !there.iter().all(|x| x.is_finite()) {
            return None;
        }
        let (center, points) = there.split_at(dim);
        let (up, down) = points.split_at(columns.nrows() * dim);
        let half = |j: usize, k: usize| 0.5 * f64::from(up[k * dim + j] - down[k * dim + j]);
        let block = |dims: &Vec<usize>, first: usize, count: usize| {
            Matrix::from_fn(dims.len(), count, |i, k| half(dims[i], first + k))
        };
        let triangle = |dims: &Vec<usize>, first: usize| {
            Matrix::from_fn(dims.len(), dims.len(), |i, k| {
                if i >= k { half(dims[i], first + k) } else { 0.0 }
            })
        };
        let own = |dims: &Vec<usize>| (block(dims, 0, shared), triangle(dims, shared));
        let carried = Arrow {
            parts: Arc::clone(&self.parts),
            shared: triangle(&self.parts.shared, 0),
            own: self.parts.own.iter().map(own).collect(),
        };
        Some((center.iter().map(|&x| x.into()).collect(), carried))
    }
}

/// a b.
pub(super) fn times(a: &Matrix, b: &Matrix) -> Matrix {
    product((a.as_ref(), Part::All), (b.as_ref(), Part::All), Part::All)
}

/// l b of a lower l.
pub(super) fn lower(l: &Matrix, b: &Matrix) -> Matrix {
    product((l.as_ref(), Part::Lower), (b.as_ref(), Part::All), Part::All)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Three shared dimensions and 64 parts of one to four, in no order: 163.
    pub fn parts() -> Arc<Parts> {
        let (mut shared, mut own, mut next) = (Vec::new(), vec![Vec::new(); 64], 0);
        for round in 0..4 {
            for (p, own) in own.iter_mut().enumerate() {
                if p % 4 >= round {
                    own.push(next);
                    next += 1;
                }
            }
            if round < 3 {
                shared.push(next);
                next += 1;
            }
        }
        Arc::new(Parts { shared, own })
    }

    /// A number without a pattern between −1 and 1.
    fn number(k: usize) -> f64 {
        ((k * 7919 + 104_729) % 1009) as f64 / 504.0 - 1.0
    }

    /// A factor whose parts follow what is shared.
    pub fn example(parts: &Arc<Parts>) -> Arrow {
        let triangle = |n: usize, seed: usize| {
            Matrix::from_fn(n, n, |i, j| match i.cmp(&j) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 0.3 + number(seed + i).abs() * 2.0,
                std::cmp::Ordering::Greater => number(seed + 31 * i + j),
            })
        };
        let own = |(p, dims): (usize, &Vec<usize>)| {
            let b = Matrix::from_fn(dims.len(), 3, |i, j| number(500 + 17 * p + 5 * i + j));
            (b, triangle(dims.len(), 100 * p))
        };
        Arrow::new(parts, triangle(3, 9), parts.own.iter().enumerate().map(own).collect())
    }

    fn vectors(parts: &Parts) -> Split {
        Split::new(parts, 4, |j, k| number(13 * j + k))
    }

    /// The factor written out, column by column.
    fn written_out(l: &Arrow) -> Matrix {
        let parts = l.parts();
        let unit = Split::new(parts, parts.dim(), |j, k| f64::from(u8::from(j == k)));
        l.apply(&unit).rows(parts).transpose().to_owned()
    }

    fn near(a: &Matrix, b: &Matrix) -> bool {
        (a - b).norm_l2() < 1e-10 * (1.0 + b.norm_l2())
    }

    #[test]
    fn products_are_those_of_the_dense_factor() {
        let parts = parts();
        let (l, z) = (example(&parts), vectors(&parts));
        let (dense, rows) = (written_out(&l), z.rows(&parts));
        assert_eq!((parts.dim(), parts.width()), (163, 7));
        assert!(near(&l.apply(&z).rows(&parts), &(&rows * dense.transpose())));
        assert!(near(&l.apply_transposed(&z).rows(&parts), &(&rows * &dense)));
        assert!(near(&written_out(&l.times(&l)), &(&dense * &dense)));
        let mut x = l.apply(&z);
        l.whiten(&mut x);
        assert!(near(&x.rows(&parts), &rows));
        let cholesky = l.dense().unwrap();
        assert!(near(&(&cholesky * cholesky.transpose()), &(&dense * dense.transpose())));
        assert_eq!(cholesky[(3, 90)], 0.0);
        assert_eq!(z.column(&parts, 2)[77], number(13 * 77 + 2));
    }

    #[test]
    fn a_factor_is_carried_to_other_coordinates() {
        let parts = parts();
        let l = example(&parts);
        // Twice as wide, shifted: linear, so that the way between any two points is exact.
        let convert = |points: &[f32]| points.iter().map(|x| 2.0 * x + 1.0).collect();
        let (center, there) = l.carried(&vec![0.5; parts.dim()], convert).unwrap();
        assert!(center.iter().all(|&c| c == 2.0));
        let mut twice = l.clone();
        twice.scale(2.0);
        let off = (written_out(&there) - written_out(&twice)).norm_l2();
        assert!(off < 1e-5 * written_out(&twice).norm_l2(), "{off}");
        assert!(
            l.carried(&vec![0.5; parts.dim()], |points| vec![f32::NAN; points.len()]).is_none()
        );
    }
}
