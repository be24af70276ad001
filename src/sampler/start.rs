//! The start: Adam from prior draws, then a Gaussian fitted by batch-and-match.

use super::{
    adam::{ADAM_STEPS, Adam},
    batch::{Batch, Normals, median},
    factor::Factor,
    linalg::Matrix,
    matching::{Fit, MATCHES},
    metric::{LARGE, spread},
    stop::{Meaning, Parts},
};
use crate::density::request::{Request, Response};
use crate::error::{Error, Result};
use crate::math::{Isa, Key, dispatch};
use ndarray::{Array3, ArrayView3};
use std::sync::Arc;

/// Draws of the fit to a model in parts, for each dimension of what is shared and one part.
const DRAWS_EACH: usize = 12;
/// Distinct starting points.
pub(super) const STARTS: usize = 16;
/// Fresh draws that judge the fit, and candidates for the starting points.
const CANDIDATES: usize = 64;
/// Adam points less than this below the best are peaks worth a second look: a lower one has no mass.
const PEAK: f64 = 10.0;
/// Rounds of matching after which coordinates are adapted, where they depend on numbers: once, and in a
/// model in parts, whose metric is carried over, again after as many more.
const ADAPTED: usize = 7;
/// Points looked at on the way from the fit to a peak, the last of which is the peak, and the depth that
/// makes a valley.
const WAY: usize = 6;
const VALLEY: f64 = 5.0;
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
    /// L of Σ = L Lᵀ.
    pub factor: Factor,
    /// Numbers of the coordinates that all this is in.
    pub coordinates: Vec<[f32; 4]>,
    /// False where the fit was refused and the chains start from the Adam points.
    pub matched: bool,
    /// Prior draws that Adam led to another mode; the last starting points are of them.
    pub elsewhere: usize,
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
    /// Adam points almost as high as the best, highest first.
    peaks: Vec<Vec<f64>>,
    /// The parts of a large model.
    parts: Option<Arc<Parts>>,
    meaning: Arc<dyn Meaning>,
    /// Numbers that the coordinates depend on.
    coordinates: Vec<[f32; 4]>,
    /// Whether the engine is to be told of them before the next evaluation.
    untold: bool,
}

enum Stage {
    Adam(Adam),
    Match {
        round: usize,
        fit: Fit,
        white: Matrix,
    },
    /// With the peaks that lie outside the fit.
    Candidates {
        fit: Fit,
        far: Vec<Vec<f64>>,
    },
}

impl Starting {
    pub fn new(
        start: Start,
        dim: usize,
        chains: usize,
        key: Key,
        meaning: Arc<dyn Meaning>,
    ) -> Self {
        let points: Vec<f64> = start.points.iter().map(|&x| f64::from(x)).collect();
        // Parts pay where a model is large and they are small.
        let parts = meaning.parts().filter(|parts| dim > LARGE && 2 * parts.width() < dim);
        // Fewer than 2 d draws and the fit collapses; sixteen make a register.
        let least = parts
            .as_ref()
            .map_or(2 * dim, |parts| (DRAWS_EACH * parts.width()).max(512).min(2 * dim));
        Self {
            key,
            dim,
            batch: chains.min(512).max(least).next_multiple_of(16),
            parts: parts.map(Arc::new),
            deviation: start.variance.iter().map(|&v| deviation(v)).collect(),
            stage: Stage::Adam(Adam::new(&points)),
            points,
            adam: None,
            peaks: Vec::new(),
            meaning,
            coordinates: vec![[0.0; 4]; dim],
            untold: false,
        }
    }

    /// The share of the start that is done.
    pub fn fraction(&self) -> f64 {
        let done = match &self.stage {
            Stage::Adam(adam) => adam.step,
            Stage::Match { round, .. } => ADAM_STEPS + round,
            Stage::Candidates { .. } => ADAM_STEPS + MATCHES,
        };
        done as f64 / (ADAM_STEPS + MATCHES + 1) as f64
    }

    pub fn next(&self) -> Request {
        if self.untold {
            return Request::Coordinates { numbers: self.coordinates.clone() };
        }
        Request::Evaluate { points: self.points.iter().map(|&x| x as f32).collect() }
    }

    /// Points that [`next`](Self::next) asks to be evaluated.
    pub fn evaluations(&self) -> usize {
        if self.untold { 0 } else { self.points.len() / self.dim }
    }

    pub fn absorb(&mut self, response: Response) -> Result<Next> {
        if let (true, Response::Done) = (self.untold, &response) {
            self.untold = false;
            return Ok(Next::Evaluate);
        }
        let Response::Evaluated { logp, grad } = response else {
            return Err(Error::bug("the engine answered an evaluation with something else"));
        };
        if logp.len() != self.evaluations() || grad.len() != self.points.len() {
            return Err(Error::bug("the engine evaluated more or fewer points than asked for"));
        }
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
                let (round, mut fit) = (*round, fit.clone());
                let again = self.parts.is_some() && round == 2 * ADAPTED;
                if (round == ADAPTED || again) && self.meaning.adapts() {
                    fit = self.adapt(&batch, &fit).unwrap_or(fit);
                }
                self.draw(round, fit);
                Ok(Next::Evaluate)
            }
            Stage::Candidates { fit, far } => match judge(fit, far, &batch, &logp) {
                Some(mut started) => {
                    started.coordinates = std::mem::take(&mut self.coordinates);
                    Ok(Next::Ready(Box::new(started)))
                }
                None => match self.adam.take() {
                    Some(started) => Ok(Next::Ready(Box::new(started))),
                    None => Err(Error::bug("the start lost its fallback")),
                },
            },
        }
    }

    /// New coordinates by the gradients of some draws, and a Gaussian of these in them; None where they
    /// do not determine any.
    fn adapt(&mut self, batch: &Batch, fit: &Fit) -> Option<Fit> {
        let (dim, n) = (self.dim, batch.finite.len());
        let rows = |of: &[f64]| {
            Array3::from_shape_fn((1, n, dim), |(_, i, j)| of[batch.finite[i] * dim + j] as f32)
        };
        let (draws, gradients) = (rows(&batch.points), rows(&batch.grad));
        let old = std::mem::take(&mut self.coordinates);
        let numbers = self.meaning.learn(&old, draws.view(), Some(gradients.view()));
        let meaning = &self.meaning;
        let convert = |points: &[f32]| {
            let view = ArrayView3::from_shape((1, points.len() / dim, dim), points);
            let there = meaning.convert(view.expect("whole points"), &old, &numbers);
            there.into_iter().collect::<Vec<f32>>()
        };
        let there = match &fit.factor {
            Factor::Arrow(factor) => factor
                .carried(&fit.mu, convert)
                .map(|(mu, factor)| Fit { mu, factor: Factor::Arrow(factor) }),
            Factor::Dense(_) => spread(meaning.convert(draws.view(), &old, &numbers).view(), 1.0)
                .map(|(mu, factor)| Fit { mu, factor: Factor::Dense(factor) }),
        };
        let Some(fit) = there else {
            self.coordinates = old;
            return None;
        };
        let convert = |points: &mut [Vec<f64>]| {
            for point in points {
                let narrow: Vec<f32> = point.iter().map(|&x| x as f32).collect();
                point.iter_mut().zip(convert(&narrow)).for_each(|(x, u)| *x = u.into());
            }
        };
        convert(&mut self.peaks);
        if let Some(adam) = &mut self.adam {
            let wide = |x: &Vec<f32>| x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
            let mut points: Vec<Vec<f64>> = adam.points.iter().map(wide).collect();
            convert(&mut points);
            adam.points = points.iter().map(|x| x.iter().map(|&x| x as f32).collect()).collect();
            (adam.center, adam.factor) = (fit.mu.clone(), fit.factor.clone());
            adam.coordinates.clone_from(&numbers);
        }
        (self.coordinates, self.untold) = (numbers, true);
        Some(fit)
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
        let factor = Factor::diagonal(&deviation, self.parts.as_ref());
        self.adam = Some(Started {
            points: order.iter().take(STARTS).map(point).collect(),
            center: mu.clone(),
            factor: factor.clone(),
            coordinates: self.coordinates.clone(),
            matched: false,
            elsewhere: 0,
        });
        let best = f64::from(logp[order[0]]);
        self.peaks = (order.iter())
            .take_while(|&&i| f64::from(logp[i]) > best - PEAK)
            .map(|&i| self.points[i * self.dim..(i + 1) * self.dim].to_vec())
            .collect();
        self.draw(0, Fit { mu, factor });
        Next::Evaluate
    }

    /// Draws the points of a round of matching; after the last, those that judge the fit.
    fn draw(&mut self, round: usize, fit: Fit) {
        let last = round == MATCHES;
        let count = if last { 2 * CANDIDATES } else { self.batch };
        let mut white = Matrix::zeros(count, self.dim);
        dispatch(Isa::detect(), Normals { key: self.key, round, to: &mut white });
        if last {
            let mut inflated = white.subrows_mut(CANDIDATES, CANDIDATES);
            inflated *= faer::Scale(INFLATION.sqrt());
        }
        let x = fit.factor.draws(&white);
        self.points.clear();
        for i in 0..count {
            self.points.extend((0..self.dim).map(|j| fit.mu[j] + x[(i, j)]));
        }
        if !last {
            self.stage = Stage::Match { round, fit, white };
            return;
        }
        let limit = 2.0 * (self.dim as f64).sqrt();
        let far: Vec<_> = self.peaks.drain(..).filter(|x| fit.distance(x) > limit).collect();
        for peak in &far {
            for k in 1..=WAY {
                let t = k as f64 / WAY as f64;
                self.points.extend(fit.mu.iter().zip(peak).map(|(m, x)| m + t * (x - m)));
            }
        }
        self.stage = Stage::Candidates { fit, far };
    }
}

/// Accepts a fit whose fresh draws have scores of about the size they should have, and picks the
/// starting points: of the fit and, where there are any, of other modes.
fn judge(fit: &Fit, far: &[Vec<f64>], batch: &Batch, logp: &[f32]) -> Option<Started> {
    let dim = fit.mu.len();
    let count = 2 * CANDIDATES;
    let gradients = Matrix::from_fn(count, dim, |i, j| batch.grad[i * dim + j]);
    let scores = fit.factor.slopes(&gradients);
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
    // A peak is another mode if the way to it leads through a valley.
    let level = median(&logp[..CANDIDATES].iter().map(|&l| f64::from(l)).collect::<Vec<_>>());
    let others: Vec<&Vec<f64>> = (far.iter().zip(logp[count..].chunks(WAY)))
        .filter(|(_, way)| {
            let lowest = way.iter().copied().fold(f32::INFINITY, f32::min);
            f64::from(lowest) < f64::from(way[WAY - 1]).min(level) - VALLEY
        })
        .map(|(x, _)| x)
        .collect();
    let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let some = others.len().min(STARTS / 4);
    // The inflated draws first; plain ones fill up where those fall out of the domain.
    let points: Vec<Vec<f32>> = (CANDIDATES..count)
        .chain(0..CANDIDATES)
        .filter(|&i| norm(i) <= 5.0 * typical.max(1.0))
        .take(STARTS - some)
        .map(|i| narrow(&batch.points[i * dim..(i + 1) * dim]))
        .chain(others.iter().take(some).map(|x| narrow(x)))
        .collect();
    let (center, factor) = (fit.mu.clone(), fit.factor.clone());
    let (coordinates, elsewhere) = (Vec::new(), others.len());
    Some(Started { points, center, factor, coordinates, matched: true, elsewhere })
}

/// A heavy-tailed prior has no variance: one is the scale of the sampler's coordinates.
fn deviation(variance: f32) -> f64 {
    if variance.is_finite() && variance > 0.0 { f64::from(variance).sqrt() } else { 1.0 }
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::{
        linalg::eigen,
        targets::{Broken, Gaussian, Modes, Positions, Target, prior},
    };
    use super::*;

    fn start(target: &dyn Target, chains: usize) -> (Next, usize) {
        let key = Key::new(3, "start");
        let dim = target.dim();
        let mut starting =
            Starting::new(prior(target, key), dim, chains, key, Arc::new(Positions(dim)));
        let mut evaluations = 0;
        loop {
            evaluations += starting.evaluations();
            let Request::Evaluate { points } = starting.next() else { panic!("not an evaluation") };
            let (mut logp, mut grad) = (Vec::new(), Vec::new());
            for x in points.chunks(dim) {
                let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                let mut g = vec![0.0; dim];
                logp.push(target.evaluate(&x, &mut g) as f32);
                grad.extend(g.iter().map(|&g| g as f32));
            }
            match starting.absorb(Response::Evaluated { logp, grad }).unwrap() {
                Next::Evaluate => {}
                next => return (next, evaluations),
            }
        }
    }

    fn started(target: &dyn Target, chains: usize) -> (Started, usize) {
        match start(target, chains) {
            (Next::Ready(started), evaluations) => (*started, evaluations),
            _ => panic!("no start"),
        }
    }

    #[test]
    fn a_gaussian_is_found() {
        // Prior deviation 10, scales 0.01 to 10, correlations 0.95.
        for dim in [20, 55] {
            let target = Gaussian::new(dim);
            let (started, evaluations) = started(&target, 64);
            assert!(started.matched && started.elsewhere == 0);
            assert!(evaluations < 105 * 64, "{evaluations}");
            // A⁻¹ L has singular values near 1 where L Lᵀ is near A Aᵀ.
            let a = Matrix::from_fn(dim, dim, |i, j| target.a[i * dim + j]);
            let Factor::Dense(mut ratio) = started.factor else { panic!("not dense") };
            a.solve_lower_triangular_in_place(&mut ratio);
            let values = eigen(&(&ratio * ratio.transpose())).unwrap().0;
            assert!(values[0] > 0.7 && values[dim - 1] < 1.4, "{values:?}");
            // Scores whitened by the truth: √1.5 for starting points of inflated variance.
            let mut sizes = Vec::new();
            for point in &started.points {
                let x: Vec<f64> = point.iter().map(|&x| f64::from(x)).collect();
                let mut g = vec![0.0; dim];
                target.evaluate(&x, &mut g);
                let g = Matrix::from_fn(dim, 1, |i, _| g[i]);
                sizes.push((a.transpose() * &g).norm_l2() / (dim as f64).sqrt());
            }
            assert_eq!(sizes.len(), STARTS);
            let size = median(&sizes);
            assert!((0.9..1.6).contains(&size), "{size}");
            let distinct = started.points.windows(2).all(|pair| pair[0] != pair[1]);
            assert!(distinct);
        }
    }

    #[test]
    fn another_mode_is_started_from_too() {
        let (started, _) = started(&Modes { dim: 4, distance: 9.0 }, 64);
        assert!(started.matched && started.elsewhere > 0);
        let near = |mode: f32| {
            let within = |x: &&Vec<f32>| x.iter().all(|x| (x - mode).abs() < 4.5);
            started.points.iter().filter(within).count()
        };
        let counts = (near(0.0), near(9.0));
        assert!(counts.0.min(counts.1) >= 1 && counts.0 + counts.1 == STARTS, "{counts:?}");
        let (started, _) = super::tests::started(&Modes { dim: 4, distance: 1.0 }, 64);
        assert_eq!(started.elsewhere, 0);
    }

    #[test]
    fn a_density_that_is_nowhere_finite_fails_at_once() {
        let (next, evaluations) = start(&Broken::Nowhere, 16);
        assert!(matches!(next, Next::Failed(_)));
        assert_eq!(evaluations, 64 * (ADAM_STEPS + 1));
    }

    #[test]
    fn variances_that_do_not_exist_count_as_one() {
        assert_eq!(deviation(4.0), 2.0);
        for variance in [f32::INFINITY, f32::NAN, 0.0, -1.0] {
            assert_eq!(deviation(variance), 1.0);
        }
    }
}
