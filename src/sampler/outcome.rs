//! What sampling one model comes to: draws with the facts a verdict needs, or a failure.

use super::{
    signs::superchain,
    step_size::harmonic_mean,
    stop::{Look, Meaning, look},
    warmup::Tuning,
};
use crate::density::request::Ran;
use crate::diagnostics::Gate;
use ndarray::ArrayView3;

/// Chains whose mean acceptance is below this are stuck.
const STUCK: f64 = 0.2;
/// Energy gained by more than this is a divergence.
pub const DIVERGENT: f32 = 50.0;

/// How sampling one model ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Draws were made, whether or not they pass the gate.
    Sampled(Box<Sampled>),
    /// No draws could be made.
    Failed(Failure),
}

/// Why no draws could be made.
#[derive(Clone, Debug)]
pub struct Failure {
    /// For people, one line.
    pub reason: String,
    /// Gradients spent.
    pub gradients: Gradients,
}

/// Gradients per chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gradients {
    /// Finding where to start.
    pub start: f64,
    /// Adapting metric, step size and length.
    pub warmup: f64,
    /// Making draws, discarded ones included.
    pub sampling: f64,
}

impl Gradients {
    /// All of them.
    pub fn total(&self) -> f64 {
        self.start + self.warmup + self.sampling
    }
}

/// Draws in the sampler's coordinates and what happened while they were made.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Dimensions.
    pub dim: usize,
    /// Chains.
    pub chains: usize,
    /// Numbers that the coordinates of the draws depend on, four for every dimension.
    pub coordinates: Vec<[f32; 4]>,
    /// Positions, (draw, chain, dim) row-major.
    pub draws: Vec<f32>,
    /// Log density of each draw, (draw, chain).
    pub logp: Vec<f32>,
    /// Energy at the start of each trajectory, (draw, chain).
    pub energy: Vec<f32>,
    /// Acceptance probability of each trajectory, (draw, chain).
    pub acceptance: Vec<f32>,
    /// Energy error of each trajectory, (draw, chain); may be non-finite.
    pub energy_error: Vec<f32>,
    /// Leapfrog steps of each trajectory, the same for all chains.
    pub n_steps: Vec<u32>,
    /// Step size, in whitened units.
    pub step_size: f64,
    /// Base trajectory length, in whitened units.
    pub length: f64,
    /// The superchain of each chain: its group of starting points.
    pub superchains: Vec<usize>,
    /// Gradients per chain.
    pub gradients: Gradients,
    /// Trajectories whose energy error is above 50 or not finite.
    pub divergences: usize,
    /// Chains whose mean acceptance is below 0.2.
    pub stuck: usize,
    /// Chains that never moved.
    pub unmoved: usize,
    /// Mean over trajectories of the harmonic mean over chains of the acceptance: what the step
    /// size aims at.
    pub harmonic_acceptance: f64,
    /// Stuck chains that warm-up replaced by copies of others.
    pub replaced: usize,
    /// The worst diagnostics over what is reported of the dimensions.
    pub worst: Gate,
    /// What was tried beyond the plain course, in order, for people.
    pub escalations: Vec<String>,
    /// Why the gate stayed shut; None where it holds.
    pub missed: Option<String>,
}

impl Sampled {
    pub(super) fn new(
        dim: usize,
        chains: usize,
        tuning: &Tuning,
        coordinates: Vec<[f32; 4]>,
    ) -> Self {
        let unknown = f64::NAN;
        Self {
            dim,
            chains,
            coordinates,
            draws: Vec::new(),
            logp: Vec::new(),
            energy: Vec::new(),
            acceptance: Vec::new(),
            energy_error: Vec::new(),
            n_steps: Vec::new(),
            step_size: tuning.step_size,
            length: tuning.length,
            superchains: (0..chains).map(|chain| superchain(chain, chains)).collect(),
            gradients: Gradients::default(),
            divergences: 0,
            stuck: 0,
            unmoved: 0,
            harmonic_acceptance: unknown,
            replaced: 0,
            worst: Gate {
                ess_bulk: unknown,
                ess_tail: unknown,
                r_hat: unknown,
                r_hat_nested: unknown,
            },
            escalations: Vec::new(),
            missed: None,
        }
    }

    /// Draws of each chain.
    pub fn len(&self) -> usize {
        self.n_steps.len()
    }

    /// Whether there is no draw.
    pub fn is_empty(&self) -> bool {
        self.n_steps.is_empty()
    }

    /// Leapfrog steps of each chain over the draws kept.
    pub fn leapfrogs(&self) -> usize {
        self.n_steps.iter().map(|&n| n as usize).sum()
    }

    /// The draws as an array (draw, chain, dim).
    pub fn view(&self) -> ArrayView3<'_, f32> {
        ArrayView3::from_shape((self.len(), self.chains, self.dim), &self.draws)
            .expect("every run brings whole draws")
    }

    /// Keeps the draws of a run.
    pub(super) fn extend(&mut self, ran: Ran, n_steps: &[u32]) {
        self.n_steps.extend(n_steps);
        self.draws.extend(ran.draws);
        self.logp.extend(ran.logp);
        self.energy.extend(ran.energy);
        self.acceptance.extend(ran.acceptance);
        self.energy_error.extend(ran.energy_error);
    }

    /// Looks whether the draws suffice; `thorough` computes the gate in any case.
    pub(super) fn look(&mut self, target: f64, thorough: bool, meaning: &dyn Meaning) -> Look {
        let meaning = (meaning, &self.coordinates[..]);
        let look = look(self.view(), &self.superchains, target, thorough, meaning);
        if let Some(worst) = look.worst {
            self.worst = worst;
        }
        look
    }

    /// Counts what went wrong so far.
    pub(super) fn examine(&mut self) {
        let (n, chains) = (self.len(), self.chains);
        // NaN is a divergence too.
        self.divergences =
            self.energy_error.iter().filter(|e| !e.is_finite() || **e > DIVERGENT).count();
        let mean = |chain: usize| {
            let of_chain = self.acceptance.iter().skip(chain).step_by(chains);
            of_chain.map(|&a| f64::from(a)).sum::<f64>() / n as f64
        };
        self.stuck = (0..chains).filter(|&chain| mean(chain) < STUCK).count();
        let stride = chains * self.dim;
        let moved = |chain: &usize| {
            let at = chain * self.dim..(chain + 1) * self.dim;
            let first = &self.draws[at.clone()];
            (1..n).any(|i| self.draws[i * stride..][at.clone()] != *first)
        };
        self.unmoved = chains - (0..chains).filter(moved).count();
        self.harmonic_acceptance =
            self.acceptance.chunks(chains).map(harmonic_mean).sum::<f64>() / n as f64;
    }
}
