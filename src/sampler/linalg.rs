//! The few dense factorisations the sampler needs, in double precision; none ever sees a NaN.

use faer::{Mat, Side};

/// A dense matrix; symmetric ones hold both triangles.
pub(super) type Matrix = Mat<f64>;

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
    let (values, mut y) = eigen(&(r.transpose() * a * &r))?;
    let root: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
    scale_columns(&mut y, |j| root[j].sqrt());
    r.transpose().solve_upper_triangular_in_place(&mut y);
    let m = &y * y.transpose();
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
    fn bad_matrices_are_refused() {
        let nan = faer::mat![[1.0, f64::NAN], [f64::NAN, 1.0]];
        assert!(cholesky(&nan).is_none() && eigen(&nan).is_none());
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
