//! The metric: windows of moments, and the dense Fisher metric the chains share.

use super::linalg::{Matrix, cholesky, eigen, geometric_mean, scale_columns};
use crate::density::request::Moments;

/// Above this many dimensions only the directions that clearly differ from a diagonal metric are
/// kept: the others are noise.
const LOW_RANK_ABOVE: usize = 150;

/// Moments of positions and gradients over some trajectories of all chains.
#[derive(Clone, Debug)]
pub(super) struct Window {
    chains: usize,
    trajectories: usize,
    center: Vec<f32>,
    /// Σ (x − c), chains × dim.
    x: Vec<f64>,
    g: Vec<f64>,
    xx: Matrix,
    gg: Matrix,
}

impl Window {
    /// An empty window about this center.
    pub fn new(chains: usize, center: Vec<f32>) -> Self {
        let dim = center.len();
        Self {
            chains,
            trajectories: 0,
            center,
            x: vec![0.0; chains * dim],
            g: vec![0.0; dim],
            xx: Matrix::zeros(dim, dim),
            gg: Matrix::zeros(dim, dim),
        }
    }

    /// What positions are summed about.
    pub fn center(&self) -> &[f32] {
        &self.center
    }

    /// States summed, over all chains.
    pub fn count(&self) -> usize {
        self.chains * self.trajectories
    }

    /// Adds the moments of a run about the same center.
    pub fn add(&mut self, moments: &Moments) {
        let dim = self.center.len();
        self.trajectories += moments.trajectories;
        add(&mut self.x, &moments.x);
        add(&mut self.g, &moments.g);
        for i in 0..dim {
            for j in 0..dim {
                self.xx[(i, j)] += moments.xx[i * dim + j];
                self.gg[(i, j)] += moments.gg[i * dim + j];
            }
        }
    }

    /// Joins another window, whatever its center.
    pub fn merge(&mut self, other: &Window) {
        let dim = self.center.len();
        let shift: Vec<f64> = (other.center.iter().zip(&self.center))
            .map(|(theirs, ours)| f64::from(*theirs) - f64::from(*ours))
            .collect();
        let total = other.total();
        let count = other.count() as f64;
        let each = other.trajectories as f64;
        for (ours, theirs) in self.x.chunks_mut(dim).zip(other.x.chunks(dim)) {
            for j in 0..dim {
                ours[j] += theirs[j] + each * shift[j];
            }
        }
        add(&mut self.g, &other.g);
        self.gg += &other.gg;
        for i in 0..dim {
            for j in 0..dim {
                self.xx[(i, j)] += other.xx[(i, j)]
                    + shift[i] * total[j]
                    + total[i] * shift[j]
                    + count * shift[i] * shift[j];
            }
        }
        self.trajectories += other.trajectories;
    }

    /// Mean of each chain, chains × dim.
    pub fn chain_means(&self) -> Vec<f64> {
        (self.x.iter().zip(self.center.iter().cycle()))
            .map(|(sum, center)| f64::from(*center) + sum / self.trajectories as f64)
            .collect()
    }

    /// Mean over everything.
    pub fn mean(&self) -> Vec<f64> {
        let count = self.count() as f64;
        (self.total().iter().zip(&self.center))
            .map(|(sum, center)| f64::from(*center) + sum / count)
            .collect()
    }

    /// Effective number of states, median over dimensions: chains · Var(all) / Var(chain means).
    pub fn effective(&self) -> f64 {
        let (dim, chains) = (self.center.len(), self.chains as f64);
        let covariance = covariance(&self.xx, &self.total(), self.count() as f64);
        let means = self.chain_means();
        let mut each: Vec<f64> = (0..dim)
            .map(|j| {
                let of_chain = means.iter().skip(j).step_by(dim);
                let mean = of_chain.clone().sum::<f64>() / chains;
                let spread = of_chain.map(|m| (m - mean) * (m - mean)).sum::<f64>();
                chains * covariance[(j, j)] * (chains - 1.0) / spread
            })
            .filter(|n| !n.is_nan())
            .collect();
        each.sort_by(f64::total_cmp);
        let median = each.get(each.len() / 2).copied().unwrap_or(chains);
        median.clamp(chains, self.count() as f64)
    }

    fn total(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.center.len()];
        self.x.chunks(self.center.len()).for_each(|chain| add(&mut total, chain));
        total
    }
}

/// A metric and how far from white it leaves the draws it was made of.
#[derive(Debug)]
pub(super) struct Metric {
    /// Lower L of Σ = L Lᵀ.
    pub factor: Matrix,
    /// Largest eigenvalue of cov(L⁻¹x).
    pub largest: f64,
}

/// The Fisher metric of a window: in coordinates scaled by (var x/var g)^¼, the M that makes the
/// covariances of M^−½x and M^½g equal. None where the window does not determine one.
///
/// It is exact for a Gaussian target however few the draws, because there g = −Σ⁻¹(x − μ) draw by
/// draw. (Seyboldt, Carlson & Carpenter 2026, "Preconditioning Hamiltonian Monte Carlo by
/// minimizing Fisher divergence".)
pub(super) fn fisher(window: &Window) -> Option<Metric> {
    let dim = window.center.len();
    let count = window.count() as f64;
    if count < 2.0 {
        return None;
    }
    let mut cx = covariance(&window.xx, &window.total(), count);
    let mut cg = covariance(&window.gg, &window.g, count);
    let scale: Vec<f64> =
        (0..dim).map(|j| (cx[(j, j)] / cg[(j, j)]).sqrt().sqrt()).collect();
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return None;
    }
    for j in 0..dim {
        for i in 0..dim {
            cx[(i, j)] /= scale[i] * scale[j];
            cg[(i, j)] *= scale[i] * scale[j];
        }
    }
    let effective = window.effective();
    shrink(&mut cx, effective);
    shrink(&mut cg, effective);
    let (mut m, values) = geometric_mean(&cx, &cg)?;
    let mut largest = *values.last()?;
    if dim > LOW_RANK_ABOVE {
        m = low_rank(&m)?;
    }
    let mut factor = cholesky(&m)?;
    if dim > LOW_RANK_ABOVE {
        largest = largest_whitened(&factor, &cx)?;
    }
    for j in 0..dim {
        for i in j..dim {
            factor[(i, j)] *= scale[i];
        }
    }
    Some(Metric { factor, largest })
}

/// Ledoit–Wolf shrinkage towards a multiple of the identity with the intensity for Gaussian data,
/// which needs no fourth moments (Rao–Blackwell form: Chen, Wiesel, Eldar & Hero 2010).
fn shrink(covariance: &mut Matrix, n: f64) {
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
    Some(&vectors * vectors.transpose())
}

/// Largest eigenvalue of L⁻¹ c L⁻ᵀ by power iteration: it sets a trajectory length only.
fn largest_whitened(l: &Matrix, c: &Matrix) -> Option<f64> {
    let dim = c.nrows();
    let mut v = Matrix::from_fn(dim, 1, |i, _| 1.0 + 0.5 * ((i % 7) as f64 - 3.0) / 3.0);
    let mut value = 0.0;
    for _ in 0..40 {
        let norm = v.norm_l2();
        v /= faer::Scale(norm);
        let mut w = v.clone();
        l.transpose().solve_upper_triangular_in_place(&mut w);
        let mut w = c * &w;
        l.solve_lower_triangular_in_place(&mut w);
        value = w.norm_l2();
        v = w;
    }
    value.is_finite().then_some(value)
}

/// Covariance from sums about a center.
fn covariance(squares: &Matrix, sum: &[f64], count: f64) -> Matrix {
    Matrix::from_fn(sum.len(), sum.len(), |i, j| {
        (squares[(i, j)] - sum[i] * sum[j] / count) / (count - 1.0)
    })
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
}
