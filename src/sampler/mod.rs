//! Ensemble Hamiltonian Monte Carlo: start, warm-up, sampling and stopping of many models at once;
//! knows nothing of what is sampled.
//!
//! Each model is a state machine ([`ModelSampler`]) that asks an engine for work; [`run`] feeds the
//! engine with the requests of all models in lock-step.

mod adam;
mod arrow;
mod batch;
mod conditional;
mod factor;
mod length;
mod linalg;
mod matching;
mod metric;
mod model;
mod outcome;
mod sampling;
mod signs;
mod start;
mod step_size;
mod stop;
mod warmup;
mod window;

#[cfg(test)]
mod targets;
#[cfg(test)]
mod tests;

pub use model::ModelSampler;
pub use outcome::{DIVERGENT, Failure, Gradients, Outcome, Sampled};
pub use start::Start;
pub use stop::{Meaning, Parts};

use crate::density::request::Engine;
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// How to sample a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Chains; a multiple of 4.
    pub chains: usize,
    /// Effective draws, bulk and tail, that every dimension must have.
    pub ess: f64,
    /// Most gradients per chain, after the start.
    pub max_gradients: usize,
    /// Acceptance the step size aims at, a harmonic mean over chains.
    pub target_acceptance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { chains: 64, ess: 1000.0, max_gradients: 200_000, target_acceptance: 0.8 }
    }
}

impl Settings {
    fn validate(&self) -> Result<()> {
        let Self { chains, ess, target_acceptance, .. } = *self;
        if chains == 0 || !chains.is_multiple_of(signs::SUPERCHAINS) {
            return Err(Error::input(format!("{chains} chains cannot be grouped"))
                .help("use a multiple of 4, best of 16"));
        }
        if !(ess.is_finite() && ess > 0.0) {
            return Err(Error::input(format!("an effective sample size of {ess} is not possible")));
        }
        if !(target_acceptance > 0.0 && target_acceptance < 1.0) {
            return Err(Error::input(format!("a target acceptance of {target_acceptance}"))
                .help("it must lie between 0 and 1; 0.8 is good"));
        }
        Ok(())
    }
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Models that have their outcome.
    pub done: usize,
    /// All models.
    pub total: usize,
    /// A guess at the share of the whole work that is done, from 0 to 1.
    pub fraction: f64,
}

/// Samples all models in lock-step. The request of model i goes to the engine under the number i;
/// `done` gets each outcome as soon as there is one.
///
/// # Errors
/// Of the engine or of `done`; [`Kind::Interrupted`] when `cancel` was set, at the next step.
pub fn run(
    engine: &mut dyn Engine,
    mut samplers: Vec<ModelSampler>,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
    done: &mut dyn FnMut(usize, Outcome) -> Result<()>,
) -> Result<()> {
    let total = samplers.len();
    let mut live: Vec<(usize, ModelSampler)> = samplers.drain(..).enumerate().collect();
    while !live.is_empty() {
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "sampling was interrupted"));
        }
        let requests: Vec<_> = (live.iter_mut())
            .filter_map(|(index, sampler)| Some((*index, sampler.request()?)))
            .collect();
        let expected = requests.len();
        let responses = engine.execute(requests)?;
        if responses.len() != expected || expected != live.len() {
            return Err(Error::bug("the engine left requests unanswered"));
        }
        // Each model digests its own answer: the order does not matter.
        live.par_iter_mut()
            .zip(responses)
            .try_for_each(|((_, sampler), response)| sampler.absorb(response))?;
        let mut still = Vec::with_capacity(live.len());
        for (index, mut sampler) in live {
            match sampler.outcome() {
                Some(outcome) => done(index, outcome)?,
                None => still.push((index, sampler)),
            }
        }
        live = still;
        let finished = total - live.len();
        let running: f64 = live.iter().map(|(_, sampler)| sampler.fraction()).sum();
        let fraction = (finished as f64 + running) / total as f64;
        progress(Progress { done: finished, total, fraction });
    }
    Ok(())
}
