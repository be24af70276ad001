//! The Fisher metric the chains share.

use super::arrow::Split;
use super::conditional::{Likeness, improved};
use super::factor::Factor;
use super::linalg::{
    Matrix, Part, cholesky, eigen, geometric_mean, largest_eigenvalue, product, sandwich,
    scale_columns, square,
};
use super::window::{Sums, Window};
use ndarray::ArrayView3;

/// Above this many dimensions only the directions that clearly differ from a diagonal metric are
/// kept: the others are noise. Models in parts have a metric in parts.
pub(super) const LARGE: usize = 150;

/// A metric and how far from white it leaves the draws it was made of.
#[derive(Debug)]
pub(super) struct Metric {
    /// L of Σ = L Lᵀ.
    pub factor: Factor,
    /// Largest eigenvalue of cov(L⁻¹x).
    pub largest: f64,
}

/// The Fisher metric of a window: the M that makes the covariances of M^−½x and M^½g equal. None
/// where the window does not determine one.
///
/// It is exact for a Gaussian target however few the draws, because there g = −Σ⁻¹(x − μ) draw by
/// draw (Seyboldt, Carlson & Carpenter, "Preconditioning Hamiltonian Monte Carlo by minimizing
/// Fisher divergence"). To keep it so, covariances are shrunk where `old`, the factor of the
/// metric in use, has whitened them: shrinkage then leads back to that metric.
pub(super) fn fisher(window: &Window, old: &Factor) -> Option<Metric> {
    match (old, &window.sums) {
        (Factor::Dense(old), Sums::Moments(sums)) => {
            let count = window.count() as f64;
            if count < 2.0 {
                return None;
            }
            let cx = whiten(old, &covariance(&sums.xx, &window.total(), count));
            let cg = sandwich(old, &covariance(&sums.gg, &sums.g, count));
            let (m, largest) = between(cx, cg, window.effective())?;
            let new = cholesky(&m)?;
            let [old, new] = [old, &new].map(|l| (l.as_ref(), Part::Lower));
            Some(Metric { factor: Factor::Dense(product(old, new, Part::Lower)), largest })
        }
        (Factor::Arrow(old), Sums::States { draws, gradients }) => {
            let (parts, dim, n) = (old.parts(), window.center().len(), window.count());
            let split = |of: &[f32]| Split::new(parts, n, |j, k| of[k * dim + j].into());
            let mut x = split(draws);
            old.whiten(&mut x);
            let mut g = old.apply_transposed(&split(gradients));
            // About the mean of every trajectory: what all chains move by together is no spread.
            x.center_each(window.chains());
            g.center_each(window.chains());
            let effective = window.effective();
            let new = improved(parts, x, g, Likeness::Fisher { effective })?;
            Some(Metric { factor: Factor::Arrow(old.times(&new.factor)), largest: new.largest })
        }
        _ => None,
    }
}

/// The M that makes the covariances of M^−½x and M^½g equal, of two covariances in coordinates that an
/// older metric has whitened, shrunk as of so many draws; and the largest eigenvalue of cov(M^−½x).
pub(super) fn between(mut cx: Matrix, mut cg: Matrix, effective: f64) -> Option<(Matrix, f64)> {
    let dim = cx.nrows();
    let scale: Vec<f64> = (0..dim).map(|j| (cx[(j, j)] / cg[(j, j)]).sqrt().sqrt()).collect();
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return None;
    }
    for j in 0..dim {
        for i in 0..dim {
            cx[(i, j)] /= scale[i] * scale[j];
            cg[(i, j)] *= scale[i] * scale[j];
        }
    }
    shrink(&mut cx, effective);
    shrink(&mut cg, effective);
    let (mut m, values) = geometric_mean(&cx, &cg)?;
    let mut largest = *values.last()?;
    if dim > LARGE {
        m = low_rank(&m)?;
        largest = largest_eigenvalue(&whiten(&cholesky(&m)?, &cx))?;
    }
    for j in 0..dim {
        for i in 0..dim {
            m[(i, j)] *= scale[i] * scale[j];
        }
    }
    Some((m, largest))
}

/// Mean and lower Cholesky factor of the shrunk covariance of draws (draw, chain, dim), of which `slow`
/// count as one. None where they do not determine one.
pub(super) fn spread(draws: ArrayView3<f32>, slow: f64) -> Option<(Vec<f64>, Matrix)> {
    let (n, chains, dim) = draws.dim();
    let count = (n * chains) as f64;
    let flat = draws.to_shape((n * chains, dim)).ok()?;
    let mean: Vec<f64> = flat
        .columns()
        .into_iter()
        .map(|x| x.iter().map(|&x| f64::from(x)).sum::<f64>() / count)
        .collect();
    let mut x = Matrix::from_fn(n * chains, dim, |i, j| f64::from(flat[(i, j)]) - mean[j]);
    let scale: Vec<f64> = (0..dim).map(|j| x.col(j).norm_l2() / count.sqrt()).collect();
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return None;
    }
    scale_columns(&mut x, |j| 1.0 / (scale[j] * count.sqrt()));
    let mut correlations = square(x.transpose());
    shrink(&mut correlations, count / slow);
    let mut factor = cholesky(&correlations)?;
    for j in 0..dim {
        for i in j..dim {
            factor[(i, j)] *= scale[i];
        }
    }
    Some((mean, factor))
}

/// L⁻¹ c L⁻ᵀ.
fn whiten(l: &Matrix, c: &Matrix) -> Matrix {
    let mut half = c.clone();
    l.solve_lower_triangular_in_place(&mut half);
    let mut whole = half.transpose().to_owned();
    l.solve_lower_triangular_in_place(&mut whole);
    whole
}

/// Ledoit–Wolf shrinkage towards a multiple of the identity with the intensity for Gaussian data,
/// which needs no fourth moments (Rao–Blackwell form: Chen, Wiesel, Eldar & Hero 2010).
pub(super) fn shrink(covariance: &mut Matrix, n: f64) {
    let dim = covariance.nrows() as f64;
    let trace: f64 = (0..covariance.nrows()).map(|j| covariance[(j, j)]).sum();
    let square = covariance.squared_norm_l2();
    let distance = square - trace * trace / dim;
    let noise = (n - 2.0) / n * square + trace * trace;
    let weight = noise / ((n + 2.0) * distance);
    let weight = if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 1.0 };
    for j in 0..covariance.ncols() {
        for i in 0..covariance.nrows() {
            covariance[(i, j)] *= 1.0 - weight;
        }
        covariance[(j, j)] += weight * trace / dim;
    }
}

/// Replaces the eigenvalues of `m` between ½ and 2 by 1.
fn low_rank(m: &Matrix) -> Option<Matrix> {
    let (values, mut vectors) = eigen(m)?;
    let kept = |j: usize| if (0.5..=2.0).contains(&values[j]) { 1.0 } else { values[j] };
    scale_columns(&mut vectors, |j| kept(j).max(0.0).sqrt());
    Some(square(vectors.as_ref()))
}

/// Covariance from sums about a center.
fn covariance(squares: &Matrix, sum: &[f64], count: f64) -> Matrix {
    Matrix::from_fn(sum.len(), sum.len(), |i, j| {
        (squares[(i, j)] - sum[i] * sum[j] / count) / (count - 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{linalg::diagonal, targets::Gaussian, targets::Target};
    use super::*;
    use crate::density::request::Moments;
    use crate::math::{Key, normals, philox4x32};

    /// The factor and the largest eigenvalue.
    fn dense(window: &Window, old: &Matrix) -> Option<(Matrix, f64)> {
        let Metric { factor, largest } = fisher(window, &Factor::Dense(old.clone()))?;
        let Factor::Dense(factor) = factor else { panic!("not dense") };
        Some((factor, largest))
    }

    /// The moments of `trajectories` independent draws of each of 8 chains.
    fn moments(
        target: &Gaussian,
        first: u32,
        trajectories: usize,
        center: &[f32],
    ) -> (Moments, Vec<f32>) {
        let dim = target.dim();
        let mut sums = Moments {
            trajectories,
            x: vec![0.0; 8 * dim],
            g: vec![0.0; dim],
            xx: vec![0.0; dim * dim],
            gg: vec![0.0; dim * dim],
        };
        let mut logp = Vec::new();
        for trajectory in first..first + trajectories as u32 {
            for chain in 0..8 {
                let z: Vec<f64> = (0..dim.div_ceil(4) as u32)
                    .flat_map(|b| {
                        normals(philox4x32([b, chain, trajectory, 0], Key::new(5, "m").0))
                    })
                    .map(f64::from)
                    .collect();
                let x: Vec<f64> = (0..dim)
                    .map(|i| {
                        target.mean[i] + (0..=i).map(|j| target.a[i * dim + j] * z[j]).sum::<f64>()
                    })
                    .collect();
                let mut g = vec![0.0; dim];
                logp.push(target.evaluate(&x, &mut g) as f32);
                let x: Vec<f64> = x.iter().zip(center).map(|(x, c)| x - f64::from(*c)).collect();
                for i in 0..dim {
                    sums.x[chain as usize * dim + i] += x[i];
                    sums.g[i] += g[i];
                    for j in 0..dim {
                        sums.xx[i * dim + j] += x[i] * x[j];
                        sums.gg[i * dim + j] += g[i] * g[j];
                    }
                }
            }
        }
        (sums, logp)
    }

    fn window(target: &Gaussian, first: u32, trajectories: usize, center: f32) -> Window {
        let center = vec![center; target.dim()];
        let (moments, logp) = moments(target, first, trajectories, &center);
        let mut window = Window::new(8, center);
        window.add(&moments, &logp);
        window
    }

    #[test]
    fn windows_merge_whatever_their_centers() {
        let target = Gaussian::new(6);
        let whole = window(&target, 0, 9, 0.25);
        let mut parts = window(&target, 0, 4, 0.25);
        parts.merge(&window(&target, 4, 5, -1.5));
        assert_eq!(parts.count(), 72);
        let close = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + b.abs()))
        };
        assert!(close(&parts.mean(), &whole.mean()));
        assert!(close(&parts.chain_means(), &whole.chain_means()));
        assert!(close(&[parts.effective()], &[whole.effective()]));
        let (Sums::Moments(parts), Sums::Moments(whole)) = (&parts.sums, &whole.sums) else {
            panic!("not moments")
        };
        for (a, b) in [(&parts.xx, &whole.xx), (&parts.gg, &whole.gg)] {
            assert!((a - b).norm_l2() < 1e-9 * b.norm_l2());
        }
    }

    #[test]
    fn the_metric_of_a_gaussian_is_exact_where_the_old_one_was_and_nearer_elsewhere() {
        let dim = 12;
        let target = Gaussian::new(dim);
        let truth = Matrix::from_fn(dim, dim, |i, j| target.a[i * dim + j]);
        // 24 draws of 12 dimensions.
        let few = window(&target, 0, 3, 0.0);
        let (factor, largest) = dense(&few, &truth).unwrap();
        assert!((&factor - &truth).norm_l2() < 1e-3 * truth.norm_l2());
        assert!((0.9..3.0).contains(&largest), "{largest}");

        // From a diagonal metric that is a hundred times too wide: correlations are found.
        let old = diagonal(&(0..dim).map(|i| 10.0 * target.variance(i).sqrt()).collect::<Vec<_>>());
        let many = window(&target, 0, 100, 0.0);
        let mut ratio = dense(&many, &old).unwrap().0;
        truth.solve_lower_triangular_in_place(&mut ratio);
        let values = eigen(&(&ratio * ratio.transpose())).unwrap().0;
        assert!(values[dim - 1] / values[0] < 3.0, "{values:?}");
    }

    #[test]
    fn no_metric_without_information() {
        let target = Gaussian::new(3);
        let identity = Matrix::identity(3, 3);
        assert!(dense(&Window::new(8, vec![0.0; 3]), &identity).is_none());
        let mut broken = window(&target, 0, 5, 0.0);
        let Sums::Moments(sums) = &mut broken.sums else { panic!("not moments") };
        sums.gg[(1, 1)] = f64::NAN;
        assert!(dense(&broken, &identity).is_none());
        // Chains that do not move have no variance.
        let still = Moments {
            trajectories: 4,
            x: vec![0.0; 24],
            g: vec![0.0; 3],
            xx: vec![0.0; 9],
            gg: vec![0.0; 9],
        };
        let mut window = Window::new(8, vec![0.0; 3]);
        window.add(&still, &[1.0; 32]);
        assert!(dense(&window, &identity).is_none());
    }

    #[test]
    fn shrinkage_leaves_structure_and_removes_noise() {
        // By hand from equation (17) of Chen et al.: trace 5, square 17, d 2, n 10:
        // (0.8 · 17 + 25) / (12 · (17 − 12.5)) = 0.7148.
        let mut c = diagonal(&[4.0, 1.0]);
        shrink(&mut c, 10.0);
        assert!((c[(0, 0)] - (4.0 - 0.714_814_8 * 1.5)).abs() < 1e-6);
        assert!((c[(0, 0)] + c[(1, 1)] - 5.0).abs() < 1e-12);
        let mut white = diagonal(&[1.0, 1.0]);
        shrink(&mut white, 10.0);
        assert_eq!(white[(0, 0)], 1.0);
    }

    #[test]
    fn low_rank_keeps_only_what_differs() {
        let m = low_rank(&diagonal(&[0.1, 0.6, 1.9, 3.0])).unwrap();
        assert!((m - diagonal(&[0.1, 1.0, 1.0, 3.0])).norm_l2() < 1e-12);
    }
}
