//! The start: Adam from prior draws, then a Gaussian fitted by batch-and-match.

use super::linalg::{Matrix, cholesky, diagonal, eigen, scale_columns};
use crate::density::request::{Request, Response};
use crate::error::{Error, Result};
use crate::math::{self, Key, Purpose};

const ADAM_STEPS: usize = 60;
const MATCHES: usize = 20;
/// Distinct starting points.
pub(super) const STARTS: usize = 16;
/// Fresh draws that judge the fit, and candidates for the starting points.
const CANDIDATES: usize = 64;
/// The fit seeks the mode: starting points are drawn from this much more variance.
const INFLATION: f64 = 1.5;

/// What the caller knows before any gradient: draws from the prior and its variances, in the
/// sampler's coordinates.
#[derive(Clone, Debug)]
pub struct Start {
    /// Row-major, points × dim; 64 points are plenty.
    pub points: Vec<f32>,
    /// One per dimension.
    pub variance: Vec<f32>,
}

/// Where the chains start, and with which metric.
#[derive(Debug)]
pub(super) struct Started {
    /// Up to [`STARTS`] distinct points.
    pub points: Vec<Vec<f32>>,
    /// Center of the fit.
    pub center: Vec<f64>,
    /// Lower L of Σ = L Lᵀ.
    pub factor: Matrix,
    /// False where the fit was refused and the chains start from the Adam points.
    pub matched: bool,
}

/// What happens after an answer.
pub(super) enum Next {
    Evaluate,
    Ready(Box<Started>),
    Failed(String),
}

/// The state of the start.
pub(super) struct Starting {
    key: Key,
    dim: usize,
    batch: usize,
    deviation: Vec<f64>,
    stage: Stage,
    /// Points × dim of the evaluation to come.
    points: Vec<f64>,
    /// The fallback: what Adam alone found.
    adam: Option<Started>,
}

enum Stage {
    Adam(Adam),
    Match { round: usize, fit: Fit, white: Matrix },
    Candidates { fit: Fit },
}

#[derive(Clone)]
struct Fit {
    mu: Vec<f64>,
    factor: Matrix,
}

/// Ascends the log density from every point at once.
struct Adam {
    step: usize,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Last points with a finite density; a step out of its domain is taken back.
    good: Vec<f64>,
}

impl Starting {
    pub fn new(start: Start, dim: usize, chains: usize, key: Key) -> Self {
        let points: Vec<f64> = start.points.iter().map(|&x| f64::from(x)).collect();
        let n = points.len();
        let adam =
            Adam { step: 0, first: vec![0.0; n], second: vec![0.0; n], good: points.clone() };
        Self {
            key,
            dim,
            // Fewer than 2 d draws and the fit collapses; sixteen make a register.
            batch: chains.min(512).max(2 * dim).next_multiple_of(16),
            deviation: start.variance.iter().map(|&v| deviation(v)).collect(),
            stage: Stage::Adam(adam),
            points,
            adam: None,
        }
    }

    /// Evaluations still to come over all of them, for a progress bar.
    pub fn fraction(&self) -> f64 {
        let done = match &self.stage {
            Stage::Adam(adam) => adam.step,
            Stage::Match { round, .. } => ADAM_STEPS + round,
            Stage::Candidates { .. } => ADAM_STEPS + MATCHES,
        };
        done as f64 / (ADAM_STEPS + MATCHES + 1) as f64
    }

    pub fn next(&self) -> Request {
        Request::Evaluate { points: self.points.iter().map(|&x| x as f32).collect() }
    }

    /// Points of the evaluation that [`next`](Self::next) asks for.
    pub fn evaluations(&self) -> usize {
        self.points.len() / self.dim
    }

    pub fn absorb(&mut self, response: Response) -> Result<Next> {
        let Response::Evaluated { logp, grad } = response else {
            return Err(Error::bug("the engine answered an evaluation with something else"));
        };
        let batch = Batch::new(&self.points, &logp, &grad, self.dim);
        match &mut self.stage {
            Stage::Adam(adam) if adam.step < ADAM_STEPS => {
                adam.ascend(&mut self.points, &batch, &self.deviation);
                Ok(Next::Evaluate)
            }
            Stage::Adam(_) => Ok(self.after_adam(&logp, &batch)),
            Stage::Match { round, fit, white } => {
                fit.improve(white, &batch, *round);
                *round += 1;
                let (round, fit) = (*round, fit.clone());
                self.draw(round, fit);
                Ok(Next::Evaluate)
            }
            Stage::Candidates { fit } => match judge(fit, &batch) {
                Some(started) => Ok(Next::Ready(Box::new(started))),
                None => match self.adam.take() {
                    Some(started) => Ok(Next::Ready(Box::new(started))),
                    None => Err(Error::bug("the start lost its fallback")),
                },
            },
        }
    }

    /// A first Gaussian from the better half of the Adam points.
    fn after_adam(&mut self, logp: &[f32], batch: &Batch) -> Next {
        let mut order: Vec<usize> = batch.finite.clone();
        if order.is_empty() {
            return Next::Failed(format!(
                "the log density or its gradient is not finite at any of {} prior draws",
                logp.len()
            ));
        }
        order.sort_by(|&a, &b| logp[b].total_cmp(&logp[a]).then(a.cmp(&b)));
        let best = &order[..order.len().div_ceil(2)];
        let column = |of: &[f64], j: usize| -> Vec<f64> {
            best.iter().map(|&i| of[i * self.dim + j]).collect()
        };
        let mut mu = Vec::with_capacity(self.dim);
        let mut deviation = Vec::with_capacity(self.dim);
        for j in 0..self.dim {
            let mut x = column(&self.points, j);
            let prior = self.deviation[j].powi(2);
            let ratio = (variance(&x) / variance(&column(&batch.grad, j))).sqrt();
            let s = if ratio.is_finite() && ratio > 0.0 { ratio.min(prior) } else { prior };
            deviation.push(s.sqrt());
            x.sort_by(f64::total_cmp);
            mu.push(0.5 * (x[(x.len() - 1) / 2] + x[x.len() / 2]));
        }
        let point = |&i: &usize| -> Vec<f32> {
            self.points[i * self.dim..(i + 1) * self.dim].iter().map(|&x| x as f32).collect()
        };
        self.adam = Some(Started {
            points: order.iter().take(STARTS).map(point).collect(),
            center: mu.clone(),
            factor: diagonal(&deviation),
            matched: false,
        });
        self.draw(0, Fit { mu, factor: diagonal(&deviation) });
        Next::Evaluate
    }

    /// Draws the points of a round of matching; after the last, those that judge the fit.
    fn draw(&mut self, round: usize, fit: Fit) {
        let last = round == MATCHES;
        let count = if last { 2 * CANDIDATES } else { self.batch };
        let mut white = Matrix::zeros(count, self.dim);
        for i in 0..count {
            let spread = if last && i >= CANDIDATES { INFLATION.sqrt() } else { 1.0 };
            for (j, z) in normals(self.key, i as u32, round as u32, self.dim).enumerate() {
                white[(i, j)] = spread * f64::from(z);
            }
        }
        let x = &white * fit.factor.transpose();
        self.points.clear();
        for i in 0..count {
            self.points.extend((0..self.dim).map(|j| fit.mu[j] + x[(i, j)]));
        }
        self.stage =
            if last { Stage::Candidates { fit } } else { Stage::Match { round, fit, white } };
    }
}

impl Adam {
    fn ascend(&mut self, points: &mut [f64], batch: &Batch, deviation: &[f64]) {
        const BETAS: (f64, f64) = (0.9, 0.98);
        const CLIP: f64 = 1e3;
        let dim = deviation.len();
        let t = self.step as f64;
        let rate = 0.1 + (0.01 - 0.1) * t / (ADAM_STEPS - 1) as f64;
        let correct = (1.0 - BETAS.0.powf(t + 1.0), 1.0 - BETAS.1.powf(t + 1.0));
        self.step += 1;
        let mut finite = batch.finite.iter().peekable();
        for i in 0..points.len() / dim {
            let range = i * dim..(i + 1) * dim;
            if finite.next_if_eq(&&i).is_none() {
                points[range.clone()].copy_from_slice(&self.good[range.clone()]);
                self.first[range].fill(0.0);
                continue;
            }
            self.good[range.clone()].copy_from_slice(&points[range.clone()]);
            // Steps are taken in prior standard deviations, the one scale known by now.
            let slope = |k: usize| batch.grad[k] * deviation[k - i * dim];
            let norm = range.clone().map(|k| slope(k).powi(2)).sum::<f64>().sqrt();
            let clip = (CLIP / norm).min(1.0);
            for k in range {
                let g = slope(k) * clip;
                self.first[k] += (1.0 - BETAS.0) * (g - self.first[k]);
                self.second[k] += (1.0 - BETAS.1) * (g * g - self.second[k]);
                let direction =
                    self.first[k] / correct.0 / ((self.second[k] / correct.1).sqrt() + 1e-8);
                points[k] += rate * deviation[k - i * dim] * direction;
            }
        }
    }
}

impl Fit {
    /// One update of batch-and-match (Cai et al. 2024, "Batch and match"), in the coordinates z
    /// that the fit so far whitens: there its covariance is the identity and its mean zero.
    fn improve(&mut self, white: &Matrix, batch: &Batch, round: usize) {
        let dim = self.mu.len();
        if batch.finite.len() * 4 < white.nrows() * 3 {
            // The fit reaches out of the domain of the density.
            self.factor *= faer::Scale(0.7);
            return;
        }
        let n = batch.finite.len();
        let gradient = Matrix::from_fn(n, dim, |i, j| batch.grad[batch.finite[i] * dim + j]);
        let mut g = &gradient * &self.factor;
        let norms: Vec<f64> = (0..n).map(|i| g.row(i).norm_l2()).collect();
        let limit = 5.0 * median(&norms);
        for (i, norm) in norms.iter().enumerate().filter(|(_, norm)| **norm > limit) {
            for j in 0..dim {
                g[(i, j)] *= limit / norm;
            }
        }
        let z = Matrix::from_fn(n, dim, |i, j| white[(batch.finite[i], j)]);
        let strength = ((n * dim) as f64 / (round + 1) as f64).min(30.0);
        let strength = if round + 5 >= MATCHES { 2.0 } else { strength };
        if let Some((shift, factor)) = matched(z, g, strength) {
            let shift = &self.factor * &shift;
            self.mu.iter_mut().enumerate().for_each(|(j, m)| *m += shift[(j, 0)]);
            self.factor = &self.factor * &factor;
        }
    }
}

/// Mean (a column) and Cholesky factor of the Gaussian nearest in score to draws z and scores g,
/// held near N(0, I) the more the smaller `strength` is.
fn matched(mut z: Matrix, mut g: Matrix, strength: f64) -> Option<(Matrix, Matrix)> {
    let (n, dim) = (z.nrows() as f64, z.ncols());
    let z_mean = center(&mut z);
    let g_mean = center(&mut g);
    let pull = strength / (1.0 + strength);
    let u = faer::Scale(strength / n) * (g.transpose() * &g)
        + faer::Scale(pull) * (&g_mean * g_mean.transpose());
    let v = Matrix::identity(dim, dim)
        + faer::Scale(strength / n) * (z.transpose() * &z)
        + faer::Scale(pull) * (&z_mean * z_mean.transpose());
    // S u S + S = v. With v = C Cᵀ: S = C T Cᵀ, T = 2 (I + (I + 4 Cᵀ u C)^½)⁻¹.
    let c = cholesky(&v)?;
    let (values, vectors) = eigen(&(c.transpose() * &u * &c))?;
    let mut y = &c * &vectors;
    scale_columns(&mut y, |j| {
        let root = (1.0 + 4.0 * values[j].max(0.0)).sqrt();
        (2.0 / (1.0 + root)).sqrt()
    });
    let s = &y * y.transpose();
    let factor = cholesky(&s)?;
    let shift = faer::Scale(pull) * (&s * &g_mean + &z_mean);
    Some((shift, factor))
}

/// Accepts a fit whose fresh draws have scores of about the size they should have, and picks the
/// starting points.
fn judge(fit: &Fit, batch: &Batch) -> Option<Started> {
    let dim = fit.mu.len();
    let count = batch.grad.len() / dim;
    let scores = Matrix::from_fn(count, dim, |i, j| batch.grad[i * dim + j]) * &fit.factor;
    let norm = |i: usize| -> f64 {
        let size = scores.row(i).norm_l2() / (dim as f64).sqrt();
        if batch.finite.binary_search(&i).is_ok() { size } else { f64::INFINITY }
    };
    let fresh: Vec<f64> = (0..CANDIDATES).map(norm).collect();
    // Written so that a NaN refuses the fit.
    let typical = median(&fresh);
    if typical.is_nan() || typical >= 2.0 {
        return None;
    }
    // The inflated draws first; plain ones fill up where those fall out of the domain.
    let points: Vec<Vec<f32>> = (CANDIDATES..count)
        .chain(0..CANDIDATES)
        .filter(|&i| norm(i) <= 5.0 * typical.max(1.0))
        .take(STARTS)
        .map(|i| batch.points[i * dim..(i + 1) * dim].iter().map(|&x| x as f32).collect())
        .collect();
    Some(Started { points, center: fit.mu.clone(), factor: fit.factor.clone(), matched: true })
}

/// Points with their gradients.
struct Batch {
    points: Vec<f64>,
    grad: Vec<f64>,
    /// Indices of the points where everything is finite, increasing.
    finite: Vec<usize>,
}

impl Batch {
    fn new(points: &[f64], logp: &[f32], grad: &[f32], dim: usize) -> Self {
        let finite = (0..logp.len())
            .filter(|&i| {
                logp[i].is_finite() && grad[i * dim..(i + 1) * dim].iter().all(|g| g.is_finite())
            })
            .collect();
        let grad = grad.iter().map(|&g| f64::from(g)).collect();
        Self { points: points.to_vec(), grad, finite }
    }
}

/// Independent standard normals of a point in a round.
fn normals(key: Key, point: u32, round: u32, dim: usize) -> impl Iterator<Item = f32> {
    (0..dim.div_ceil(4) as u32)
        .flat_map(move |block| {
            let counter = [block, point, round, Purpose::Start as u32];
            math::normals(math::philox4x32(counter, key.0))
        })
        .take(dim)
}

/// Subtracts the column means and returns them as a column.
fn center(a: &mut Matrix) -> Matrix {
    let n = a.nrows() as f64;
    let mean = Matrix::from_fn(a.ncols(), 1, |j, _| a.col(j).iter().sum::<f64>() / n);
    for j in 0..a.ncols() {
        a.col_mut(j).iter_mut().for_each(|x| *x -= mean[(j, 0)]);
    }
    mean
}

/// A heavy-tailed prior has no variance: one is the scale of the sampler's coordinates.
fn deviation(variance: f32) -> f64 {
    if variance.is_finite() && variance > 0.0 { f64::from(variance).sqrt() } else { 1.0 }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)
}
