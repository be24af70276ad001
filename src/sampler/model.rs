//! Sampling one model: a state machine that asks an engine for work and digests the answers.

use std::sync::Arc;

use super::{
    Settings,
    length::steps,
    outcome::{Failure, Gradients, Outcome},
    sampling::{self, Sampling},
    start::{Next, Start, Starting},
    stop::Meaning,
    warmup::{self, Warmup},
};
use crate::density::request::{Collect, Ran, Request, Response};
use crate::error::{Error, Result};
use crate::math::Key;

/// Acceptance to aim at when the plain one leaves chains stuck or the gate shut.
const CAUTIOUS: f64 = 0.95;
/// Shares of the gradients by which warm-up and sampling must end, first and second time.
const SHARES: [(f64, f64); 2] = [(0.25, 0.5), (0.65, 1.0)];

/// The sampler of one model. Ask [`request`](Self::request) for work, give the answer to
/// [`absorb`](Self::absorb), until there is no more work; then take the [`Outcome`].
///
/// It does nothing by itself and depends on nothing but its arguments and the answers.
pub struct ModelSampler {
    settings: Settings,
    dim: usize,
    key: Key,
    phase: Phase,
    /// The run being carried out.
    flight: Option<Flight>,
    /// Trajectories asked for so far: the random counter.
    trajectories: u32,
    gradients: Gradients,
    escalations: Vec<String>,
    /// Whether the step size was already made smaller.
    cautious: bool,
    meaning: Arc<dyn Meaning>,
}

enum Phase {
    Start(Box<Starting>),
    Warmup(Box<Warmup>),
    Sampling(Box<Warmup>, Box<Sampling>),
    Done(Option<Outcome>),
}

struct Flight {
    first: u32,
    n_steps: Vec<u32>,
    collect: Collect,
}

impl ModelSampler {
    /// A sampler of a density of `dim` dimensions; it judges the convergence of what `meaning` makes of
    /// the positions, and adapts the coordinates where that can.
    ///
    /// # Errors
    /// An input error where the settings are out of range; a bug where `start` does not fit `dim`.
    pub fn new(
        settings: &Settings,
        dim: usize,
        key: Key,
        start: Start,
        meaning: Arc<dyn Meaning>,
    ) -> Result<Self> {
        settings.validate()?;
        let points = start.points.len();
        if dim == 0 || points == 0 || !points.is_multiple_of(dim) || start.variance.len() != dim {
            return Err(Error::bug(format!(
                "{points} values of prior draws and {} prior variances in {dim} dimensions",
                start.variance.len()
            )));
        }
        let starting = Starting::new(start, dim, settings.chains, key, meaning.clone());
        Ok(Self {
            settings: settings.clone(),
            dim,
            key,
            phase: Phase::Start(Box::new(starting)),
            flight: None,
            trajectories: 0,
            gradients: Gradients::default(),
            escalations: Vec::new(),
            cautious: false,
            meaning,
        })
    }

    /// What the engine should do next; None when there is an outcome.
    pub fn request(&mut self) -> Option<Request> {
        let (tuning, batch, collect) = match &mut self.phase {
            Phase::Start(starting) => return Some(starting.next()),
            Phase::Done(_) => return None,
            Phase::Warmup(warmup) => match warmup.next_setting() {
                Some(setting) => return Some(setting),
                None => (warmup.tuning(), warmup.batch(), warmup.collect()),
            },
            Phase::Sampling(warmup, sampling) => match warmup.next_setting() {
                Some(setting) => return Some(setting),
                None => (warmup.frozen(), sampling.batch(), Collect::Draws),
            },
        };
        let first = self.trajectories;
        let n_steps = steps(tuning.length, tuning.step_size, first, batch);
        self.trajectories += n_steps.len() as u32;
        self.flight = Some(Flight { first, n_steps: n_steps.clone(), collect: collect.clone() });
        Some(Request::Run { step_size: tuning.step_size as f32, first, n_steps, collect })
    }

    /// Digests the answer to the last request.
    ///
    /// # Errors
    /// A bug where the answer does not fit the request.
    pub fn absorb(&mut self, response: Response) -> Result<()> {
        let phase = std::mem::replace(&mut self.phase, Phase::Done(None));
        self.phase = match (phase, response, self.flight.take()) {
            (Phase::Start(starting), response, None) => self.start(starting, response)?,
            (phase, Response::Done, None) => phase,
            (Phase::Warmup(mut warmup), Response::Evaluated { logp, grad }, None) => {
                self.gradients.warmup += logp.len() as f64 / self.settings.chains as f64;
                warmup.learn(&grad)?;
                Phase::Warmup(warmup)
            }
            (phase, Response::Ran(ran), Some(flight)) => {
                self.check(&ran, &flight)?;
                match phase {
                    Phase::Warmup(warmup) => self.warm_up(warmup, &ran, &flight),
                    Phase::Sampling(warmup, sampling) => {
                        self.sample(warmup, sampling, ran, &flight)
                    }
                    done => done,
                }
            }
            _ => return Err(Error::bug("the engine's answer is not one to the request")),
        };
        Ok(())
    }

    /// The outcome, once; None before the end.
    pub fn outcome(&mut self) -> Option<Outcome> {
        match &mut self.phase {
            Phase::Done(outcome) => outcome.take(),
            _ => None,
        }
    }

    /// A guess at how much of the work is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        match &self.phase {
            Phase::Start(starting) => 0.2 * starting.fraction(),
            Phase::Warmup(warmup) => 0.2 + 0.3 * warmup.fraction(),
            Phase::Sampling(_, sampling) => 0.5 + 0.5 * sampling.fraction(),
            Phase::Done(_) => 1.0,
        }
    }

    fn start(&mut self, mut starting: Box<Starting>, response: Response) -> Result<Phase> {
        self.gradients.start += starting.evaluations() as f64 / self.settings.chains as f64;
        Ok(match starting.absorb(response)? {
            Next::Evaluate => Phase::Start(starting),
            Next::Failed(reason) => self.fail(reason),
            Next::Ready(started) => {
                if !started.matched {
                    self.escalations.push(
                        "no Gaussian fits the posterior: chains start from its modes".to_owned(),
                    );
                }
                if started.elsewhere > 0 {
                    self.escalations.push(format!(
                        "{} prior draws may lead to another mode: some chains start there",
                        started.elsewhere
                    ));
                }
                let Settings { chains, target_acceptance, .. } = self.settings;
                let meaning = self.meaning.clone();
                let warmup = Warmup::new(&started, chains, target_acceptance, self.key, meaning);
                Phase::Warmup(Box::new(warmup))
            }
        })
    }

    fn warm_up(&mut self, mut warmup: Box<Warmup>, ran: &Ran, flight: &Flight) -> Phase {
        self.gradients.warmup += flight.steps();
        let settled = match warmup.absorb(ran, flight.first) {
            warmup::Progress::Failed(reason) => return self.fail(reason),
            warmup::Progress::Settled => true,
            warmup::Progress::Continue => false,
        };
        if !settled {
            if self.spent() < self.shares().0 && !warmup.is_long() {
                return Phase::Warmup(warmup);
            }
            self.escalations.push("warm-up ended without having settled".to_owned());
        }
        let Settings { chains, ess, .. } = self.settings;
        let tuning = warmup.frozen();
        let coordinates = warmup.coordinates.clone();
        let (dim, escalate, meaning) = (self.dim, !self.cautious, self.meaning.clone());
        let sampling = Sampling::new(dim, chains, &tuning, coordinates, ess, escalate, meaning);
        Phase::Sampling(warmup, Box::new(sampling))
    }

    fn sample(
        &mut self,
        mut warmup: Box<Warmup>,
        mut sampling: Box<Sampling>,
        ran: Ran,
        flight: &Flight,
    ) -> Phase {
        self.gradients.sampling += flight.steps();
        let spent = self.spent() >= self.shares().1;
        let missed = match sampling.absorb(ran, &flight.n_steps, spent) {
            sampling::Progress::Continue => return Phase::Sampling(warmup, sampling),
            sampling::Progress::Passed => None,
            sampling::Progress::Missed(reason) => Some(reason),
        };
        if let Some(reason) = &missed
            && !self.cautious
        {
            self.cautious = true;
            self.escalations
                .push(format!("{reason}: began again, aiming at acceptance {CAUTIOUS}"));
            warmup.redo(CAUTIOUS);
            return Phase::Warmup(warmup);
        }
        let mut sampled = sampling.finish();
        sampled.missed = missed;
        sampled.gradients = self.gradients;
        sampled.replaced = warmup.replaced;
        sampled.escalations = std::mem::take(&mut self.escalations);
        Phase::Done(Some(Outcome::Sampled(Box::new(sampled))))
    }

    fn fail(&mut self, reason: String) -> Phase {
        Phase::Done(Some(Outcome::Failed(Failure { reason, gradients: self.gradients })))
    }

    /// Gradients per chain that count against the budget.
    fn spent(&self) -> f64 {
        self.gradients.warmup + self.gradients.sampling
    }

    /// What may be spent by the end of warm-up and of sampling.
    fn shares(&self) -> (f64, f64) {
        let (warmup, sampling) = SHARES[usize::from(self.cautious)];
        let budget = self.settings.max_gradients as f64;
        (warmup * budget, sampling * budget)
    }

    /// Whether a run brought as much as was asked for.
    fn check(&self, ran: &Ran, flight: &Flight) -> Result<()> {
        let states = flight.n_steps.len() * self.settings.chains;
        let each = [&ran.acceptance, &ran.energy_error, &ran.energy, &ran.logp];
        let square = self.dim * self.dim;
        let collected = match (&flight.collect, &ran.moments) {
            (Collect::Draws, _) => ran.draws.len() == states * self.dim,
            (Collect::Moments { .. }, Some(moments)) => {
                moments.x.len() == self.settings.chains * self.dim
                    && moments.g.len() == self.dim
                    && moments.xx.len() == square
                    && moments.gg.len() == square
            }
            (Collect::Moments { .. }, None) => false,
            (Collect::Nothing, _) => true,
        };
        if each.iter().all(|values| values.len() == states) && collected {
            return Ok(());
        }
        Err(Error::bug("the engine brought back more or less of a run than was asked for"))
    }
}

impl Flight {
    fn steps(&self) -> f64 {
        self.n_steps.iter().map(|&n| f64::from(n)).sum()
    }
}
