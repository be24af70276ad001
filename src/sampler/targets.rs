//! Posteriors with known moments and a plain engine for them, for the tests of the sampler.

use super::{Meaning, ModelSampler, Outcome, Settings, Start, run};
use crate::density::request::{Collect, Engine, Moments, Ran, Request, Response};
use crate::error::Result;
use crate::math::{Key, Purpose, normals, philox4x32, uniform};
use ndarray::{ArrayView3, Axis};
use std::sync::{Arc, atomic::AtomicBool};

/// A density on the real space, with what is known about it.
pub(super) trait Target: Sync {
    fn dim(&self) -> usize;
    /// Log density; writes the gradient.
    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64;
    /// Standard deviation of the prior draws the sampler is given.
    fn prior_deviation(&self) -> f64 {
        1.0
    }
}

/// Chains of several models, in double precision and one after the other.
pub(super) struct PlainEngine<'a> {
    models: Vec<Model<'a>>,
}

struct Model<'a> {
    target: &'a dyn Target,
    key: Key,
    factor: Vec<f64>,
    chains: Vec<State>,
}

#[derive(Clone)]
struct State {
    q: Vec<f64>,
    logp: f64,
    g: Vec<f64>,
}

impl State {
    fn at(target: &dyn Target, q: Vec<f64>) -> Self {
        let mut g = vec![0.0; q.len()];
        let logp = target.evaluate(&q, &mut g);
        Self { q, logp, g }
    }
}

impl<'a> PlainEngine<'a> {
    pub fn new(targets: &[(&'a dyn Target, Key)]) -> Self {
        let models = targets
            .iter()
            .map(|&(target, key)| Model { target, key, factor: Vec::new(), chains: Vec::new() })
            .collect();
        Self { models }
    }
}

impl Engine for PlainEngine<'_> {
    fn execute(&mut self, requests: Vec<(usize, Request)>) -> Result<Vec<Response>> {
        Ok(requests.into_iter().map(|(index, r)| self.models[index].answer(r)).collect())
    }
}

impl Model<'_> {
    fn answer(&mut self, request: Request) -> Response {
        let dim = self.target.dim();
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| f64::from(x)).collect() };
        match request {
            Request::Evaluate { points } => {
                let states: Vec<State> =
                    points.chunks(dim).map(|x| State::at(self.target, wide(x))).collect();
                Response::Evaluated {
                    logp: states.iter().map(|s| s.logp as f32).collect(),
                    grad: states.iter().flat_map(|s| &s.g).map(|&g| g as f32).collect(),
                }
            }
            Request::Place { points } => {
                self.chains = points.chunks(dim).map(|x| State::at(self.target, wide(x))).collect();
                Response::Done
            }
            Request::Copy { pairs } => {
                for (from, to) in pairs {
                    self.chains[to as usize] = self.chains[from as usize].clone();
                }
                Response::Done
            }
            Request::Coordinates { .. } => Response::Done,
            Request::Metric { factor } => {
                self.factor = wide(&factor);
                Response::Done
            }
            Request::Run { step_size, first, n_steps, collect } => {
                Response::Ran(self.run(f64::from(step_size), first, &n_steps, &collect))
            }
        }
    }

    fn run(&mut self, step: f64, first: u32, n_steps: &[u32], collect: &Collect) -> Ran {
        let dim = self.target.dim();
        let mut ran = Ran::default();
        let mut moments = match collect {
            Collect::Moments { center } => Some((
                center.clone(),
                Moments {
                    trajectories: n_steps.len(),
                    x: vec![0.0; self.chains.len() * dim],
                    g: vec![0.0; dim],
                    xx: vec![0.0; dim * dim],
                    gg: vec![0.0; dim * dim],
                },
            )),
            _ => None,
        };
        for (trajectory, &steps) in (first..).zip(n_steps) {
            for chain in 0..self.chains.len() {
                self.transition(chain, trajectory, steps, step, &mut ran);
                let state = &self.chains[chain];
                ran.logp.push(state.logp as f32);
                if let Collect::Draws = collect {
                    ran.draws.extend(state.q.iter().map(|&q| q as f32));
                }
                if let Some((center, sums)) = &mut moments {
                    let x: Vec<f64> =
                        state.q.iter().zip(center).map(|(q, c)| q - f64::from(*c)).collect();
                    for i in 0..dim {
                        sums.x[chain * dim + i] += x[i];
                        sums.g[i] += state.g[i];
                        for j in 0..dim {
                            sums.xx[i * dim + j] += x[i] * x[j];
                            sums.gg[i * dim + j] += state.g[i] * state.g[j];
                        }
                    }
                }
            }
        }
        ran.moments = moments.map(|(_, sums)| sums);
        ran
    }

    fn transition(&mut self, chain: usize, trajectory: u32, steps: u32, step: f64, ran: &mut Ran) {
        let dim = self.target.dim();
        let l = &self.factor;
        let counter = |block, purpose| [block, chain as u32, trajectory, purpose as u32];
        let mut p: Vec<f64> = (0..dim.div_ceil(4) as u32)
            .flat_map(|b| normals(philox4x32(counter(b, Purpose::Momentum), self.key.0)))
            .take(dim)
            .map(f64::from)
            .collect();
        let start = &self.chains[chain];
        let kinetic = |p: &[f64]| 0.5 * p.iter().map(|p| p * p).sum::<f64>();
        let energy = kinetic(&p) - start.logp;
        let mut state = start.clone();
        let kick = |p: &mut [f64], g: &[f64]| {
            for i in 0..dim {
                for (j, p) in p[..=i].iter_mut().enumerate() {
                    *p += 0.5 * step * l[i * dim + j] * g[i];
                }
            }
        };
        for _ in 0..steps {
            kick(&mut p, &state.g);
            for i in 0..dim {
                let velocity: f64 = (0..=i).map(|j| l[i * dim + j] * p[j]).sum();
                state.q[i] += step * velocity;
            }
            state.logp = self.target.evaluate(&state.q, &mut state.g);
            kick(&mut p, &state.g);
        }
        let error = kinetic(&p) - state.logp - energy;
        let acceptance = if error.is_finite() { (-error).exp().min(1.0) } else { 0.0 };
        let u = uniform(philox4x32(counter(0, Purpose::Accept), self.key.0)[0]);
        if f64::from(u) < acceptance {
            self.chains[chain] = state;
        }
        ran.acceptance.push(acceptance as f32);
        ran.energy_error.push(error as f32);
        ran.energy.push(energy as f32);
    }
}

/// Prior draws N(0, deviation²).
pub(super) fn prior(target: &dyn Target, key: Key) -> Start {
    let (dim, deviation) = (target.dim(), target.prior_deviation());
    let point = |i: u32| {
        (0..dim.div_ceil(4) as u32)
            .flat_map(move |b| normals(philox4x32([b, i, 0, Purpose::Prior as u32], key.0)))
            .take(dim)
            .map(move |z| z * deviation as f32)
    };
    Start {
        points: (0..64).flat_map(point).collect(),
        variance: vec![(deviation * deviation) as f32; dim],
    }
}

/// The positions as they are, in so many dimensions.
pub(super) struct Positions(pub usize);

impl Meaning for Positions {
    fn quantities(&self) -> usize {
        self.0
    }

    fn values(&self, quantity: usize, _: &[[f32; 4]], draws: ArrayView3<f32>) -> Vec<f64> {
        draws.index_axis(Axis(2), quantity).t().iter().map(|&x| f64::from(x)).collect()
    }
}

/// The sampler of a target, whose positions are what is reported.
pub(super) fn sampler(target: &dyn Target, key: Key, settings: &Settings) -> Result<ModelSampler> {
    let dim = target.dim();
    ModelSampler::new(settings, dim, key, prior(target, key), Arc::new(Positions(dim)))
}

/// Samples several targets in one batch; outcomes in their order.
pub(super) fn sample(targets: &[(&dyn Target, Key)], settings: &Settings) -> Vec<Outcome> {
    let samplers =
        targets.iter().map(|&(target, key)| sampler(target, key, settings).unwrap()).collect();
    let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
    run(
        &mut PlainEngine::new(targets),
        samplers,
        &mut |_| {},
        &AtomicBool::new(false),
        &mut |index, outcome| {
            outcomes[index] = Some(outcome);
            Ok(())
        },
    )
    .unwrap();
    outcomes.into_iter().map(Option::unwrap).collect()
}

/// N(mean, Σ) with Σ = A Aᵀ: scales from 0.01 to 10 in no order, neighbours correlated by 0.95.
pub(super) struct Gaussian {
    pub mean: Vec<f64>,
    /// Lower A, row-major.
    pub a: Vec<f64>,
}

impl Gaussian {
    pub fn new(dim: usize) -> Self {
        const RHO: f64 = 0.95;
        let scale = |i: usize| 0.01 * 1000f64.powf(((7 * i) % dim) as f64 / (dim - 1) as f64);
        let mut a = vec![0.0; dim * dim];
        for i in 0..dim {
            for j in 0..=i {
                let fresh = if j == 0 { 1.0 } else { (1.0 - RHO * RHO).sqrt() };
                a[i * dim + j] = scale(i) * RHO.powi((i - j) as i32) * fresh;
            }
        }
        Self { mean: (0..dim).map(|i| scale(i) * ((i % 7) as f64 - 3.0)).collect(), a }
    }

    pub fn variance(&self, i: usize) -> f64 {
        let dim = self.dim();
        self.a[i * dim..(i + 1) * dim].iter().map(|a| a * a).sum()
    }
}

impl Target for Gaussian {
    fn dim(&self) -> usize {
        self.mean.len()
    }

    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let dim = self.dim();
        let a = &self.a;
        let mut z: Vec<f64> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        for i in 0..dim {
            for j in 0..i {
                z[i] -= a[i * dim + j] * z[j];
            }
            z[i] /= a[i * dim + i];
        }
        let logp = -0.5 * z.iter().map(|z| z * z).sum::<f64>();
        for i in (0..dim).rev() {
            for j in i + 1..dim {
                z[i] -= a[j * dim + i] * z[j];
            }
            z[i] /= a[i * dim + i];
        }
        grad.iter_mut().zip(z).for_each(|(g, z)| *g = -z);
        logp
    }

    fn prior_deviation(&self) -> f64 {
        10.0
    }
}

/// Independent logarithms of Gamma(a, 1) variables with these shapes: skewed, one tail exponential.
pub(super) struct LogGamma {
    pub shapes: Vec<f64>,
}

impl Target for LogGamma {
    fn dim(&self) -> usize {
        self.shapes.len()
    }

    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let mut logp = 0.0;
        for i in 0..x.len() {
            logp += self.shapes[i] * x[i] - x[i].exp();
            grad[i] = self.shapes[i] - x[i].exp();
        }
        logp
    }

    fn prior_deviation(&self) -> f64 {
        2.0
    }
}

/// Pairs x ~ N(0, 1), y | x ~ N(x², 0.3²): mean of y 1, variance 2.09.
pub(super) struct Bananas {
    pub pairs: usize,
}

impl Target for Bananas {
    fn dim(&self) -> usize {
        2 * self.pairs
    }

    fn evaluate(&self, q: &[f64], grad: &mut [f64]) -> f64 {
        let mut logp = 0.0;
        for (q, grad) in q.chunks(2).zip(grad.chunks_mut(2)) {
            let r = (q[1] - q[0] * q[0]) / 0.09;
            logp -= 0.5 * (q[0] * q[0] + r * (q[1] - q[0] * q[0]));
            grad[0] = -q[0] + 2.0 * q[0] * r;
            grad[1] = -r;
        }
        logp
    }

    fn prior_deviation(&self) -> f64 {
        2.0
    }
}

/// Two normal modes of deviation 1, this far apart in every dimension, of weights 3 : 1.
pub(super) struct Modes {
    pub dim: usize,
    pub distance: f64,
}

impl Target for Modes {
    fn dim(&self) -> usize {
        self.dim
    }

    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let at = |mode: f64| -0.5 * x.iter().map(|x| (x - mode) * (x - mode)).sum::<f64>();
        let (a, b) = (at(0.0) + 3f64.ln(), at(self.distance));
        let top = a.max(b);
        let (wa, wb) = ((a - top).exp(), (b - top).exp());
        for (g, x) in grad.iter_mut().zip(x) {
            *g = -(wa * x + wb * (x - self.distance)) / (wa + wb);
        }
        top + (wa + wb).ln()
    }

    fn prior_deviation(&self) -> f64 {
        5.0
    }
}

/// log tau ~ N(0, 1), x_i | tau ~ N(0, tau²), y_i ~ N(x_i, 1), all y_i zero: a funnel.
pub(super) struct Funnel {
    pub groups: usize,
}

impl Target for Funnel {
    fn dim(&self) -> usize {
        self.groups + 1
    }

    fn evaluate(&self, q: &[f64], grad: &mut [f64]) -> f64 {
        let (u, x) = (q[0], &q[1..]);
        let precision = (-2.0 * u).exp();
        let squares: f64 = x.iter().map(|x| x * x).sum();
        let n = x.len() as f64;
        grad[0] = -u - n + precision * squares;
        for (g, x) in grad[1..].iter_mut().zip(x) {
            *g = -x * (precision + 1.0);
        }
        -0.5 * u * u - n * u - 0.5 * squares * (precision + 1.0)
    }
}

/// A density that is nowhere finite, or everywhere so but with a gradient that lies.
pub(super) enum Broken {
    Nowhere,
    Lying,
}

impl Target for Broken {
    fn dim(&self) -> usize {
        3
    }

    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        match self {
            Broken::Nowhere => {
                grad.fill(f64::NAN);
                f64::NAN
            }
            // A staircase too steep for any step, whose gradient says it is smooth.
            Broken::Lying => {
                grad.iter_mut().zip(x).for_each(|(g, x)| *g = -x);
                -x.iter().map(|x| (x * 1e7).sin() * 1e6).sum::<f64>()
            }
        }
    }
}
