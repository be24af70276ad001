//! The few dense products and factorisations the sampler needs, in double precision; no factorisation
//! ever sees a NaN.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, Side};

/// A dense matrix; symmetric ones hold both triangles.
pub(super) type Matrix = Mat<f64>;

/// Which part of a matrix is used or made; the rest counts as zero, and costs nothing.
#[derive(Clone, Copy)]
pub(super) enum Part {
    All,
    Lower,
    Upper,
}

/// The product of two matrices, of which only the part `made` is computed; the rest is zero.
pub(super) fn product(
    (a, of_a): (MatRef<'_, f64>, Part),
    (b, of_b): (MatRef<'_, f64>, Part),
    made: Part,
) -> Matrix {
    let structure = |part| match part {
        Part::All => BlockStructure::Rectangular,
        Part::Lower => BlockStructure::TriangularLower,
        Part::Upper => BlockStructure::TriangularUpper,
    };
    let mut c = Matrix::zeros(a.nrows(), b.ncols());
    let (of_a, of_b, of_c) = (structure(of_a), structure(of_b), structure(made));
    triangular::matmul(&mut c, of_c, Accum::Replace, a, of_a, b, of_b, 1.0, Par::Seq);
    c
}

/// a aᵀ, both triangles.
pub(super) fn square(a: MatRef<'_, f64>) -> Matrix {
    let mut c = product((a, Part::All), (a.transpose(), Part::All), Part::Lower);
    mirror(&mut c);
    c
}

/// lᵀ a l of a lower l and a symmetric a, both triangles.
pub(super) fn sandwich(l: &Matrix, a: &Matrix) -> Matrix {
    let half = product((a.as_ref(), Part::All), (l.as_ref(), Part::Lower), Part::All);
    let left = (l.transpose(), Part::Upper);
    let mut whole = product(left, (half.as_ref(), Part::All), Part::Lower);
    mirror(&mut whole);
    whole
}

/// Copies the lower triangle to the upper one.
fn mirror(a: &mut Matrix) {
    for j in 0..a.ncols() {
        for i in 0..j {
            a[(i, j)] = a[(j, i)];
        }
    }
}

/// Lower Cholesky factor; None where the matrix is not finite or not positive definite.
pub(super) fn cholesky(a: &Matrix) -> Option<Matrix> {
    if !is_finite(a) {
        return None;
    }
    let factor = a.llt(Side::Lower).ok()?.L().to_owned();
    is_finite(&factor).then_some(factor)
}

/// Eigenvalues in increasing order, and eigenvectors as columns, of a symmetric matrix.
pub(super) fn eigen(a: &Matrix) -> Option<(Vec<f64>, Matrix)> {
    if !is_finite(a) {
        return None;
    }
    let e = a.self_adjoint_eigen(Side::Lower).ok()?;
    let values: Vec<f64> = e.S().column_vector().iter().copied().collect();
    let vectors = e.U().to_owned();
    (values.iter().all(|v| v.is_finite()) && is_finite(&vectors)).then_some((values, vectors))
}

/// The largest eigenvalue of a symmetric matrix.
pub(super) fn largest_eigenvalue(a: &Matrix) -> Option<f64> {
    if !is_finite(a) {
        return None;
    }
    let values = a.self_adjoint_eigenvalues(Side::Lower).ok()?;
    values.last().copied().filter(|value| value.is_finite())
}

/// Scales the columns: A diag(by).
pub(super) fn scale_columns(a: &mut Matrix, by: impl Fn(usize) -> f64) {
    for j in 0..a.ncols() {
        let factor = by(j);
        for i in 0..a.nrows() {
            a[(i, j)] *= factor;
        }
    }
}

/// The geometric mean of `a` and the inverse of `b`, both positive definite: the M that solves
/// M b M = a. Also the eigenvalues of M⁻¹a, in increasing order.
pub(super) fn geometric_mean(a: &Matrix, b: &Matrix) -> Option<(Matrix, Vec<f64>)> {
    // With b = R Rᵀ: M = R⁻ᵀ (Rᵀ a R)^{1/2} R⁻¹, and M⁻¹a = bM is similar to (Rᵀ a R)^{1/2}.
    let r = cholesky(b)?;
    let (values, mut y) = eigen(&sandwich(&r, a))?;
    let root: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
    scale_columns(&mut y, |j| root[j].sqrt());
    r.transpose().solve_upper_triangular_in_place(&mut y);
    let m = square(y.as_ref());
    is_finite(&m).then_some((m, root))
}

/// Row-major single precision, as engines take it.
pub(super) fn to_f32(a: &Matrix) -> Vec<f32> {
    let (n, m) = (a.nrows(), a.ncols());
    (0..n * m).map(|k| a[(k / m, k % m)] as f32).collect()
}

/// The diagonal matrix of these values.
pub(super) fn diagonal(values: &[f64]) -> Matrix {
    Mat::from_fn(values.len(), values.len(), |i, j| if i == j { values[i] } else { 0.0 })
}

fn is_finite(a: &Matrix) -> bool {
    (0..a.ncols()).all(|j| a.col(j).iter().all(|v| v.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &Matrix, b: &Matrix, tolerance: f64) -> bool {
        (0..a.nrows()).all(|i| (0..a.ncols()).all(|j| (a[(i, j)] - b[(i, j)]).abs() < tolerance))
    }

    fn example() -> (Matrix, Matrix) {
        let a = faer::mat![[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let b = faer::mat![[1.0, -0.4, 0.0], [-0.4, 2.0, 0.3], [0.0, 0.3, 0.7]];
        (a, b)
    }

    #[test]
    fn cholesky_is_lower_and_multiplies_back() {
        let (a, _) = example();
        let l = cholesky(&a).unwrap();
        assert!(close(&(&l * l.transpose()), &a, 1e-14));
        assert_eq!((l[(0, 1)], l[(0, 2)], l[(1, 2)]), (0.0, 0.0, 0.0));
    }

    #[test]
    fn products_of_parts_are_products() {
        // Larger than the blocks that products of triangles are made of.
        let n = 37;
        let number = |i: usize, j: usize| ((7 * i + 3 * j) % 11) as f64 - 5.0;
        let full = Matrix::from_fn(n, n, number);
        let lower = Matrix::from_fn(n, n, |i, j| if i >= j { number(i, j) } else { 0.0 });
        let symmetric = &full + full.transpose();
        // What lies outside a part is not looked at.
        let l = (full.as_ref(), Part::Lower);
        let all = |a: &Matrix, b: Matrix| close(a, &b, 1e-9);
        assert!(all(&product((full.as_ref(), Part::All), l, Part::All), &full * &lower));
        assert!(all(&product(l, l, Part::Lower), &lower * &lower));
        assert!(all(&square(full.as_ref()), &full * full.transpose()));
        assert!(all(&sandwich(&lower, &symmetric), lower.transpose() * &symmetric * &lower));
    }

    #[test]
    fn the_largest_eigenvalue_is_the_last() {
        let (a, _) = example();
        let last = *eigen(&a).unwrap().0.last().unwrap();
        assert!((largest_eigenvalue(&a).unwrap() - last).abs() < 1e-13);
    }

    #[test]
    fn bad_matrices_are_refused() {
        let nan = faer::mat![[1.0, f64::NAN], [f64::NAN, 1.0]];
        assert!(cholesky(&nan).is_none() && eigen(&nan).is_none());
        assert!(largest_eigenvalue(&nan).is_none());
        assert!(cholesky(&faer::mat![[1.0, 2.0], [2.0, 1.0]]).is_none());
    }

    #[test]
    fn geometric_mean_solves_its_equation() {
        let (a, b) = example();
        let (m, values) = geometric_mean(&a, &b).unwrap();
        assert!(close(&(&m * &b * &m), &a, 1e-13));
        // The eigenvalues of M⁻¹a are those of C⁻¹ a C⁻ᵀ with M = C Cᵀ.
        let c = cholesky(&m).unwrap();
        let mut w = a.clone();
        c.solve_lower_triangular_in_place(&mut w);
        let mut w = w.transpose().to_owned();
        c.solve_lower_triangular_in_place(&mut w);
        let direct = eigen(&w).unwrap().0;
        assert!(direct.iter().zip(&values).all(|(x, y)| (x - y).abs() < 1e-13));
    }
}
