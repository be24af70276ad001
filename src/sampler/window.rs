//! Windows of the warm-up: what some trajectories of all chains say of positions and gradients.

use super::linalg::Matrix;
use crate::density::request::Moments;

/// What a metric is made of.
#[derive(Clone, Debug)]
pub(super) enum Sums {
    Moments(Squares),
    /// Row-major, states × dim: few and wide.
    States {
        draws: Vec<f32>,
        gradients: Vec<f32>,
    },
}

/// Σ g, Σ (x − c)(x − c)ᵀ, Σ g gᵀ.
#[derive(Clone, Debug)]
pub(super) struct Squares {
    pub g: Vec<f64>,
    pub xx: Matrix,
    pub gg: Matrix,
}

/// Moments of positions and gradients over some trajectories of all chains.
#[derive(Clone, Debug)]
pub(super) struct Window {
    chains: usize,
    trajectories: usize,
    center: Vec<f32>,
    /// Σ (x − c), chains × dim.
    x: Vec<f64>,
    pub sums: Sums,
    /// Σ and Σ of squares of the log density, per chain.
    logp: Vec<(f64, f64)>,
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
            sums: Sums::Moments(Squares {
                g: vec![0.0; dim],
                xx: Matrix::zeros(dim, dim),
                gg: Matrix::zeros(dim, dim),
            }),
            logp: vec![(0.0, 0.0); chains],
        }
    }

    /// An empty window that keeps every state.
    pub fn of_states(chains: usize, center: Vec<f32>) -> Self {
        Self {
            chains,
            trajectories: 0,
            x: vec![0.0; chains * center.len()],
            center,
            sums: Sums::States { draws: Vec::new(), gradients: Vec::new() },
            logp: vec![(0.0, 0.0); chains],
        }
    }

    /// An empty window of the same kind about another center.
    pub fn anew(&self, center: Vec<f32>) -> Self {
        match self.sums {
            Sums::Moments(_) => Self::new(self.chains, center),
            Sums::States { .. } => Self::of_states(self.chains, center),
        }
    }

    /// What positions are summed about.
    pub fn center(&self) -> &[f32] {
        &self.center
    }

    /// Chains, whose states follow each other trajectory by trajectory.
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// States summed, over all chains.
    pub fn count(&self) -> usize {
        self.chains * self.trajectories
    }

    /// Adds the moments of a run about the same center, and its log densities.
    pub fn add(&mut self, moments: &Moments, logp: &[f32]) {
        let dim = self.center.len();
        self.trajectories += moments.trajectories;
        add(&mut self.x, &moments.x);
        if let Sums::Moments(sums) = &mut self.sums {
            add(&mut sums.g, &moments.g);
            // Both are symmetric: rows are columns.
            for j in 0..dim {
                for i in 0..dim {
                    sums.xx[(i, j)] += moments.xx[j * dim + i];
                    sums.gg[(i, j)] += moments.gg[j * dim + i];
                }
            }
        }
        self.add_logp(logp);
    }

    /// Adds states, trajectory by trajectory, with their gradients and log densities.
    pub fn add_states(&mut self, states: &[f32], gradients: &[f32], logp: &[f32]) {
        let (dim, width) = (self.center.len(), self.x.len());
        self.trajectories += states.len() / width;
        for (k, &x) in states.iter().enumerate() {
            self.x[k % width] += f64::from(x) - f64::from(self.center[k % dim]);
        }
        if let Sums::States { draws, gradients: all } = &mut self.sums {
            draws.extend(states);
            all.extend(gradients);
        }
        self.add_logp(logp);
    }

    fn add_logp(&mut self, logp: &[f32]) {
        for (k, &logp) in logp.iter().enumerate() {
            let (sum, squares) = &mut self.logp[k % self.chains];
            *sum += f64::from(logp);
            *squares += f64::from(logp).powi(2);
        }
    }

    /// Joins another window of the same kind, whatever its center.
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
        match (&mut self.sums, &other.sums) {
            (Sums::Moments(ours), Sums::Moments(theirs)) => {
                add(&mut ours.g, &theirs.g);
                ours.gg += &theirs.gg;
                for j in 0..dim {
                    for i in 0..dim {
                        ours.xx[(i, j)] += theirs.xx[(i, j)]
                            + shift[i] * total[j]
                            + total[i] * shift[j]
                            + count * shift[i] * shift[j];
                    }
                }
            }
            (Sums::States { draws, gradients }, Sums::States { draws: x, gradients: g }) => {
                draws.extend(x);
                gradients.extend(g);
            }
            _ => {}
        }
        for (ours, theirs) in self.logp.iter_mut().zip(&other.logp) {
            *ours = (ours.0 + theirs.0, ours.1 + theirs.1);
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

    /// Effective number of states for a covariance: chains · Var(all) / Var(chain means) of the log
    /// density, which moves as squares do. (Means may mix much better than squares.)
    pub fn effective(&self) -> f64 {
        let (chains, count) = (self.chains as f64, self.count() as f64);
        let each = self.trajectories as f64;
        let mean = self.logp.iter().map(|l| l.0).sum::<f64>() / count;
        let variance = self.logp.iter().map(|l| l.1).sum::<f64>() / count - mean * mean;
        let spread = self.logp.iter().map(|l| (l.0 / each - mean).powi(2)).sum::<f64>();
        let n = chains * variance * (chains - 1.0) / spread;
        if n.is_nan() { chains } else { n.clamp(chains, count) }
    }

    /// Σ (x − c).
    pub fn total(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.center.len()];
        self.x.chunks(self.center.len()).for_each(|chain| add(&mut total, chain));
        total
    }
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
}
