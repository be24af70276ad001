//! Sampling with everything frozen, until the gate holds or the share of gradients is spent.

use std::sync::Arc;

use super::{outcome::Sampled, stop::Meaning, warmup::Tuning};
use crate::density::request::Ran;

/// Most trajectories of one run: enough that the round trip to the device is paid for, few enough
/// that a dispatch stays short.
const RUN: usize = 25;
/// The first check, in draws per chain.
const FIRST_CHECK: (usize, usize) = (16, 100);
/// Draws at a check over those at the one before: a look costs little against a tenth of the draws,
/// and few draws say too little of long runs to go far by what they predict.
const GROWTH: (f64, f64) = (1.1, 1.25);
/// Shares of stuck chains and of divergent trajectories that ask for a smaller step size.
const AFFECTED: f64 = 0.01;
/// Most values held: 256 MiB of draws.
const MAX_VALUES: usize = 1 << 26;

/// What happens after a run.
#[derive(Debug)]
pub(super) enum Progress {
    Continue,
    Passed,
    /// The gate is shut and more of the same will not open it: why.
    Missed(String),
}

/// Draws so far, and when to look at them.
pub(super) struct Sampling {
    pub sampled: Sampled,
    target: f64,
    next_check: usize,
    /// A smaller step size can still be tried.
    may_escalate: bool,
    /// Draws and effective sample size of every look.
    looks: Vec<(usize, f64)>,
    meaning: Arc<dyn Meaning>,
}

impl Sampling {
    pub fn new(
        dim: usize,
        chains: usize,
        tuning: &Tuning,
        coordinates: Vec<[f32; 4]>,
        target: f64,
        may_escalate: bool,
        meaning: Arc<dyn Meaning>,
    ) -> Self {
        let each = (target / chains as f64).ceil() as usize;
        Self {
            sampled: Sampled::new(dim, chains, tuning, coordinates),
            target,
            next_check: each.clamp(FIRST_CHECK.0, FIRST_CHECK.1),
            may_escalate,
            looks: Vec::new(),
            meaning,
        }
    }

    /// Trajectories of the next run.
    pub fn batch(&self) -> usize {
        RUN.min(self.next_check - self.sampled.len())
    }

    /// A guess at how much of the sampling is over.
    pub fn fraction(&self) -> f64 {
        let now = self.sampled.len() as f64;
        let end = match self.looks.last() {
            Some(&(draws, ess)) => draws as f64 * (self.target / ess).max(1.0),
            None => 3.0 * self.next_check as f64,
        };
        if end > 0.0 { (now / end).min(1.0) } else { 0.0 }
    }

    /// Keeps the draws of a run; looks at them when it is time, or when `spent` says that this was
    /// the last run.
    pub fn absorb(&mut self, ran: Ran, n_steps: &[u32], spent: bool) -> Progress {
        let sampled = &mut self.sampled;
        sampled.extend(ran, n_steps);
        let n = sampled.len();
        let full = sampled.draws.len() + RUN * sampled.chains * sampled.dim > MAX_VALUES;
        let last = spent || full;
        if n < self.next_check && !last {
            return Progress::Continue;
        }
        sampled.examine();
        if let Some(reason) = self.affected() {
            return Progress::Missed(reason);
        }
        let look = self.sampled.look(self.target, last, &*self.meaning);
        self.looks.push((n, look.ess));
        if look.passed {
            return Progress::Passed;
        }
        if last {
            let why = if full { "no memory for more draws" } else { "no gradients left" };
            return Progress::Missed(format!("{why} after {n} draws per chain"));
        }
        if let Some(&(before, ess)) =
            self.looks.iter().rev().find(|(draws, _)| *draws >= 50 && draws * 4 <= n)
            && look.ess < 1.5 * ess
        {
            return Progress::Missed(format!(
                "effective draws do not grow: {ess:.0} in {before} draws per chain, {:.0} in {n}",
                look.ess
            ));
        }
        // A NaN says nothing: it becomes the upper bound.
        let growth = look.more.min(GROWTH.1).max(GROWTH.0);
        self.next_check = (n as f64 * growth).ceil() as usize;
        Progress::Continue
    }

    /// The draws with all facts.
    pub fn finish(mut self) -> Sampled {
        if self.sampled.worst.ess_bulk.is_nan() {
            self.sampled.look(self.target, true, &*self.meaning);
        }
        self.sampled
    }

    /// What a smaller step size may cure, as long as one can be tried.
    fn affected(&self) -> Option<String> {
        let Sampled { chains, divergences, stuck, .. } = self.sampled;
        let trajectories = self.sampled.acceptance.len();
        if !self.may_escalate {
            None
        } else if stuck as f64 > AFFECTED * chains as f64 {
            Some(format!("{stuck} of {chains} chains are stuck"))
        } else if divergences as f64 > AFFECTED * trajectories as f64 {
            Some(format!("{divergences} of {trajectories} trajectories diverged"))
        } else {
            None
        }
    }
}
