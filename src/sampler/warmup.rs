//! The warm-up: trajectories that move the chains to the bulk while metric, step size and length
//! settle.

use super::{
    factor::Factor,
    length::base_length,
    metric::{fisher, spread},
    signs::{bends, drifts, far_below, superchain, superchains_agree},
    start::Started,
    step_size::StepSize,
    stop::Meaning,
    window::Window,
};
use crate::density::request::{Collect, Ran, Request};
use crate::error::{Error, Result};
use crate::math::{Key, Purpose, philox4x32};
use ndarray::{ArrayView3, Axis};
use std::collections::VecDeque;
use std::sync::Arc;

/// First metric update; each later one comes after half as many trajectories again.
const FIRST_UPDATE: usize = 5;
/// End of the segment at which coordinates are adapted, where they depend on numbers: early, since all
/// that the metric knows is lost. The start has adapted them before.
const ADAPTATION: usize = 18;
/// Draws of an early warm-up that count as one.
const SLOW: f64 = 3.0;
/// Metric updates before the warm-up may end.
const MIN_UPDATES: usize = 3;
/// The most step size and length may still move for the warm-up to end.
const SETTLED: f64 = 0.25;
/// Acceptances, over all chains, by which the step size is tuned to the final metric, and the
/// fewest trajectories of that.
const FINISH: usize = 384;
const FINISH_LEAST: usize = 10;
/// Chains whose smoothed acceptance is below this are stuck.
const STUCK: f32 = 0.05;
/// Trajectories after which a warm-up with all chains stuck is given up.
const PATIENCE: usize = 60;
/// A warm-up of so many trajectories has nothing left to learn.
const LONG: usize = 700;
/// Below this step size, in whitened units, the target is not one HMC can follow.
const COLLAPSED: f64 = 1e-5;

/// What the chains run with.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    /// ε, whitened.
    pub step_size: f64,
    /// Base trajectory length, whitened.
    pub length: f64,
}

/// What happens after a run.
#[derive(Debug)]
pub(super) enum Progress {
    Continue,
    /// Frozen: the chains may be sampled.
    Settled,
    Failed(String),
}

/// The state of the warm-up.
pub(super) struct Warmup {
    chains: usize,
    dim: usize,
    key: Key,
    /// Requests to be answered before the next run.
    queue: VecDeque<Request>,
    /// L of the metric in use.
    factor: Factor,
    step: StepSize,
    length: f64,
    /// Averaged step size at the end of the segment before.
    segment_step: f64,
    /// Trajectories done; those at which the segment in progress began and will end.
    done: usize,
    begun: usize,
    end: usize,
    updates: usize,
    /// Once metric and length are final: where the last tuning of the step size ends.
    finish: Option<usize>,
    /// Earlier segments still of use, each with the trajectory it began after.
    past: Vec<(usize, Window)>,
    window: Window,
    meaning: Arc<dyn Meaning>,
    /// Whether the coordinates are still to be adapted.
    unadapted: bool,
    /// States and log densities of the segment in progress, where they are kept.
    draws: Vec<f32>,
    logp: Vec<f32>,
    /// Dimensions that draws have to tell apart: those of what is shared and a part together, where the
    /// model has parts.
    width: usize,
    /// Numbers that the coordinates depend on.
    pub coordinates: Vec<[f32; 4]>,
    /// Smoothed acceptance of each chain.
    smoothed: Vec<f32>,
    /// Chains that were stuck and replaced by others.
    pub replaced: usize,
}

impl Warmup {
    /// Places the chains and sets the metric.
    pub fn new(
        started: &Started,
        chains: usize,
        target: f64,
        key: Key,
        meaning: Arc<dyn Meaning>,
    ) -> Self {
        let dim = started.center.len();
        let points = (0..chains)
            .flat_map(|chain| &started.points[chain * started.points.len() / chains])
            .copied()
            .collect();
        let center: Vec<f32> = started.center.iter().map(|&x| x as f32).collect();
        let (window, width) = match &started.factor {
            Factor::Dense(_) => (Window::new(chains, center), dim),
            Factor::Arrow(l) => (Window::of_states(chains, center), l.parts().width()),
        };
        // Without a metric the engine keeps the one it has.
        let metric = started.factor.to_engine().map(|factor| Request::Metric { factor });
        Self {
            chains,
            dim,
            key,
            queue: metric.into_iter().chain([Request::Place { points }]).collect(),
            factor: started.factor.clone(),
            step: StepSize::new(dim, target),
            length: base_length(1.0),
            segment_step: f64::INFINITY,
            done: 0,
            begun: 0,
            end: FIRST_UPDATE,
            updates: 0,
            finish: None,
            past: Vec::new(),
            window,
            unadapted: meaning.adapts(),
            meaning,
            draws: Vec::new(),
            logp: Vec::new(),
            width,
            coordinates: started.coordinates.clone(),
            smoothed: vec![1.0; chains],
            replaced: 0,
        }
    }

    /// Goes through the end of the warm-up again, for a higher acceptance.
    pub fn redo(&mut self, target: f64) {
        self.step.aim(target);
        self.done = 0;
        self.begun = 0;
        self.end = (self.end / 3).max(18);
        self.finish = None;
        self.unadapted = false;
        self.updates = MIN_UPDATES - 2;
        self.segment_step = f64::INFINITY;
        self.past.clear();
        self.draws.clear();
        self.logp.clear();
        self.window = self.window.anew(self.window.center().to_vec());
    }

    /// A request to be answered before the next run.
    pub fn next_setting(&mut self) -> Option<Request> {
        self.queue.pop_front()
    }

    /// Trajectories of the next run: one while the step size still jumps, more when a single
    /// trajectory no longer moves it much, because every run costs a round trip to the device.
    pub fn batch(&self) -> usize {
        let end = self.finish.unwrap_or(self.end);
        (1 + self.step.updates() / 8).min(10).min(end - self.done)
    }

    /// What the next run should bring back.
    pub fn collect(&self) -> Collect {
        match self.finish {
            Some(_) => Collect::Nothing,
            None if self.adapts() || self.in_parts() => Collect::Draws,
            None => Collect::Moments { center: self.window.center().to_vec() },
        }
    }

    /// Step size and length to run with now.
    pub fn tuning(&self) -> Tuning {
        Tuning { step_size: self.step.current(), length: self.length }
    }

    /// Step size and length to freeze.
    pub fn frozen(&self) -> Tuning {
        Tuning { step_size: self.step.averaged(), length: self.length }
    }

    /// Whether more warm-up is not worth its gradients.
    pub fn is_long(&self) -> bool {
        self.done >= LONG
    }

    /// A guess at how much of the warm-up is over.
    pub fn fraction(&self) -> f64 {
        1.0 - 0.6_f64.powi(self.updates as i32)
    }

    /// Digests the run of trajectories `first..`.
    pub fn absorb(&mut self, ran: &Ran, first: u32) -> Progress {
        for acceptance in ran.acceptance.chunks(self.chains) {
            self.step.update(acceptance);
            for (smooth, &a) in self.smoothed.iter_mut().zip(acceptance) {
                *smooth = 0.5 * (*smooth + a);
            }
            self.done += 1;
        }
        if let Some(moments) = &ran.moments {
            self.window.add(moments, &ran.logp);
        }
        if !ran.draws.is_empty() {
            self.draws.extend(&ran.draws);
            self.logp.extend(&ran.logp);
        }
        if self.step.current() < COLLAPSED {
            return Progress::Failed(format!(
                "the step size collapsed below {COLLAPSED:.0e} in warm-up: no trajectory is accepted"
            ));
        }
        let hopeless = self.smoothed.iter().all(|&a| a < STUCK);
        if hopeless && self.done >= PATIENCE {
            return Progress::Failed(format!(
                "no trajectory is accepted after {} of warm-up, at step size {:.1e}",
                self.done,
                self.step.current()
            ));
        }
        let progress = match self.finish {
            Some(end) if self.done >= end => Progress::Settled,
            None if self.done >= self.end && self.in_parts() => {
                // What the states say is asked for once they are all there.
                self.queue.push_back(Request::Evaluate { points: self.draws.clone() });
                return Progress::Continue;
            }
            None if self.done >= self.end && self.adapts() => {
                let draws = std::mem::take(&mut self.draws);
                self.logp.clear();
                if !self.adapt(&draws, None) {
                    self.next_segment();
                }
                Progress::Continue
            }
            None if self.done >= self.end => {
                self.end_segment();
                Progress::Continue
            }
            _ => Progress::Continue,
        };
        self.replace_stuck(&ran.logp[ran.logp.len() - self.chains..], first);
        progress
    }

    /// Digests the gradients of the states of a segment of a model in parts.
    ///
    /// # Errors
    /// A bug where they are not those of the states.
    pub fn learn(&mut self, gradients: &[f32]) -> Result<()> {
        let (draws, logp) = (std::mem::take(&mut self.draws), std::mem::take(&mut self.logp));
        if gradients.len() != draws.len() || draws.is_empty() {
            return Err(Error::bug("the engine evaluated more or fewer states than asked for"));
        }
        if !self.adapts() || !self.adapt(&draws, Some(gradients)) {
            self.window.add_states(&draws, gradients, &logp);
            self.end_segment();
        }
        Ok(())
    }

    /// Whether the coordinates are adapted at the end of the segment.
    fn adapts(&self) -> bool {
        self.unadapted && self.end == ADAPTATION
    }

    fn in_parts(&self) -> bool {
        matches!(self.factor, Factor::Arrow(_))
    }

    /// New coordinates, and a metric of what the draws are in them. False where the old ones stay: the metric
    /// has made up for what is wrong with them, or the draws do not allow for any.
    fn adapt(&mut self, draws: &[f32], gradients: Option<&[f32]>) -> bool {
        self.unadapted = false;
        let n = draws.len() / (self.chains * self.dim);
        let shape = (n, self.chains, self.dim);
        let view = |of| ArrayView3::from_shape(shape, of).expect("every run brings whole draws");
        let before = view(draws);
        let numbers = self.meaning.learn(&self.coordinates, before, gradients.map(view));
        let after = self.meaning.convert(before, &self.coordinates, &numbers);
        if !bends(before, after.view()) {
            return false;
        }
        let points: Vec<f32> = after.index_axis(Axis(0), n - 1).iter().copied().collect();
        let there = match &self.factor {
            Factor::Dense(_) => {
                spread(after.view(), SLOW).map(|(center, factor)| (center, Factor::Dense(factor)))
            }
            Factor::Arrow(factor) => {
                let convert = |points: &[f32]| {
                    let shape = (1, points.len() / self.dim, self.dim);
                    let points = ArrayView3::from_shape(shape, points).expect("whole points");
                    let there = self.meaning.convert(points, &self.coordinates, &numbers);
                    there.into_iter().collect()
                };
                let mean: Vec<f64> = (0..self.dim)
                    .map(|j| before.index_axis(Axis(2), j).mean().unwrap_or(0.0).into())
                    .collect();
                let carried = factor.carried(&mean, convert);
                carried.map(|(center, factor)| (center, Factor::Arrow(factor)))
            }
        };
        let Some((center, factor)) = there else { return false };
        let Some(metric) = factor.to_engine() else { return false };
        self.queue.extend([
            Request::Coordinates { numbers: numbers.clone() },
            Request::Metric { factor: metric },
            Request::Place { points },
        ]);
        self.coordinates = numbers;
        self.past.clear();
        self.factor = factor;
        self.length = base_length(1.0);
        self.segment_step = f64::INFINITY;
        self.step.restart();
        if self.in_parts() {
            // What a metric was before says little of it now.
            self.updates = 0;
        }
        self.window = self.window.anew(center.into_iter().map(|x| x as f32).collect());
        self.next_segment();
        true
    }

    fn next_segment(&mut self) {
        self.begun = self.done;
        self.end = (1.5 * self.end as f64).round() as usize;
    }

    /// At the end of a segment: a new metric and length, if the draws suffice.
    fn end_segment(&mut self) {
        let next = self.window.anew(self.window.center().to_vec());
        let segment = std::mem::replace(&mut self.window, next);
        let steady = self.past.last().is_some_and(|(_, before)| !drifts(before, &segment));
        // About the last half of the trajectories so far.
        let cut = 0.4 * self.done as f64;
        self.past.retain(|(begun, _)| *begun as f64 >= cut);
        self.past.push((self.begun, segment));
        self.next_segment();
        let mut pool = self.past[0].1.clone();
        self.past[1..].iter().for_each(|(_, window)| pool.merge(window));
        if 2 * pool.count() < 3 * self.width {
            return;
        }
        let Some(metric) = fisher(&pool, &self.factor) else { return };
        let Some(factor) = metric.factor.to_engine() else { return };
        self.updates += 1;
        self.queue.push_back(Request::Metric { factor });
        self.factor = metric.factor;
        let length = base_length(metric.largest);
        let step = self.step.averaged();
        let still = moved(length, self.length) && moved(step, self.segment_step);
        self.length = length;
        self.segment_step = step;
        let ready = self.updates >= MIN_UPDATES && !self.unadapted;
        if ready && still && steady && superchains_agree(&pool) {
            self.step.resume();
            self.finish = Some(self.done + (FINISH / self.chains).max(FINISH_LEAST));
            return;
        }
        self.step.restart();
        self.window = pool.anew(pool.mean().iter().map(|&x| x as f32).collect());
    }

    /// Makes chains that are stuck, or far below the others, copies of healthy ones: of their own
    /// superchain where possible, so that superchains stay independent.
    fn replace_stuck(&mut self, logp: &[f32], trajectory: u32) {
        let lost = far_below(logp, self.dim);
        let stuck: Vec<bool> =
            (0..self.chains).map(|c| lost[c] || self.smoothed[c] < STUCK).collect();
        let count = stuck.iter().filter(|s| **s).count();
        // Where many are stuck the step size is to blame, and copies would only lose diversity.
        if count == 0 || count * 4 > self.chains {
            return;
        }
        let healthy = |c: &usize| !stuck[*c] && self.smoothed[*c] > 0.2;
        let mut pairs = Vec::with_capacity(count);
        for chain in (0..self.chains).filter(|&c| stuck[c]) {
            let group = superchain(chain, self.chains);
            let all: Vec<usize> = (0..self.chains).filter(healthy).collect();
            let near: Vec<usize> =
                all.iter().copied().filter(|&c| superchain(c, self.chains) == group).collect();
            let from = if near.is_empty() { all } else { near };
            if from.is_empty() {
                return;
            }
            // The last block: the first ones made the starting points.
            let counter = [u32::MAX, chain as u32, trajectory, Purpose::Start as u32];
            let draw = philox4x32(counter, self.key.0)[0];
            pairs.push((from[draw as usize % from.len()] as u32, chain as u32));
        }
        for &(from, to) in &pairs {
            self.smoothed[to as usize] = self.smoothed[from as usize];
        }
        self.replaced += pairs.len();
        self.queue.push_back(Request::Copy { pairs });
    }
}

fn moved(now: f64, before: f64) -> bool {
    (now / before - 1.0).abs() < SETTLED
}

#[cfg(test)]
mod tests {
    use super::super::targets::Positions;
    use super::*;

    const CHAINS: usize = 16;

    fn warmup() -> Warmup {
        let started = Started {
            points: (0..8).map(|i| vec![i as f32, 0.0]).collect(),
            center: vec![0.0; 2],
            factor: Factor::diagonal(&[1.0, 2.0], None),
            coordinates: vec![[0.0; 4]; 2],
            matched: true,
            elsewhere: 0,
        };
        Warmup::new(&started, CHAINS, 0.8, Key::new(1, "warm-up"), Arc::new(Positions(2)))
    }

    fn ran(acceptance: [f32; CHAINS], logp: [f32; CHAINS]) -> Ran {
        Ran { acceptance: acceptance.to_vec(), logp: logp.to_vec(), ..Ran::default() }
    }

    #[test]
    fn chains_start_in_superchains() {
        let mut warmup = warmup();
        assert!(
            matches!(warmup.next_setting(), Some(Request::Metric { factor }) if factor == [1.0, 0.0, 0.0, 2.0])
        );
        let Some(Request::Place { points }) = warmup.next_setting() else { panic!("not placed") };
        let first: Vec<f32> = points.chunks(2).map(|x| x[0]).collect();
        assert_eq!(first[..5], [0.0, 0.0, 1.0, 1.0, 2.0]);
        assert!(warmup.next_setting().is_none());
        assert_eq!(
            (superchain(3, CHAINS), superchain(4, CHAINS), superchain(15, CHAINS)),
            (0, 1, 3)
        );
    }

    #[test]
    fn stuck_chains_become_copies_of_their_superchain() {
        let mut warmup = warmup();
        while warmup.next_setting().is_some() {}
        let mut acceptance = [0.9; CHAINS];
        acceptance[5] = 0.0;
        for trajectory in 0..4 {
            warmup.absorb(&ran(acceptance, [0.0; CHAINS]), trajectory);
            assert!(warmup.next_setting().is_none());
        }
        warmup.absorb(&ran(acceptance, [0.0; CHAINS]), 4);
        let Some(Request::Copy { pairs }) = warmup.next_setting() else { panic!("no copy") };
        assert!(matches!(pairs[..], [(4 | 6 | 7, 5)]), "{pairs:?}");
        assert_eq!(warmup.replaced, 1);
    }

    #[test]
    fn a_chain_far_below_is_replaced_at_once_but_not_many() {
        let mut warmup = warmup();
        while warmup.next_setting().is_some() {}
        let mut logp = [-1.0; CHAINS];
        logp[0] = f32::NEG_INFINITY;
        logp[9] = -20.0;
        warmup.absorb(&ran([0.8; CHAINS], logp), 0);
        let Some(Request::Copy { pairs }) = warmup.next_setting() else { panic!("no copy") };
        assert_eq!(pairs.iter().map(|p| p.1).collect::<Vec<_>>(), [0, 9]);
        // All stuck: the step size is to blame.
        for trajectory in 1..5 {
            warmup.absorb(&ran([0.0; CHAINS], [-1.0; CHAINS]), trajectory);
            assert!(!matches!(warmup.next_setting(), Some(Request::Copy { .. })));
        }
    }

    #[test]
    fn a_warmup_that_accepts_nothing_fails() {
        let mut warmup = warmup();
        let progress = (0..200)
            .map(|trajectory| warmup.absorb(&ran([0.0; CHAINS], [0.0; CHAINS]), trajectory))
            .find(|progress| !matches!(progress, Progress::Continue));
        assert!(matches!(progress, Some(Progress::Failed(_))));
    }
}
