//! Gradients per second: trajectories on copies of one model, as the sampler asks for them.

use super::checks::{self, Check};
use super::spread::{FEWEST, fitting, seconds};
use super::{Cell, Measured, Spread, Study, peak};
use crate::density::{Collect, CpuEngine, Engine, GpuEngine, Request};
use crate::error::{Error, Result};
use crate::fleet::Backend;
use crate::gpu::Gpu;
use crate::math::Key;
use crate::model::{Model, Space};
use std::time::Duration;

/// Chains of a model.
pub const CHAINS: usize = 64;
/// Leapfrog steps of a trajectory, each with one gradient.
pub const LEAPFROGS: u32 = 10;
/// Models that run together.
pub(super) const MODELS: [usize; 4] = [1, 16, 256, 4096];
/// Models that are put into place in one call.
const TOGETHER: usize = 256;

/// A step of all chains of some models: trajectories of [`LEAPFROGS`] gradients with their momenta and
/// acceptances, answers read back.
pub struct Step;

impl Step {
    /// Step size in whitened units: chains accept most moves.
    pub(super) const SIZE: f32 = 0.25;

    /// The request for so many trajectories, the first of number `first`.
    pub fn run(first: u32, trajectories: usize) -> Request {
        Request::Run {
            step_size: Self::SIZE,
            first,
            n_steps: vec![LEAPFROGS; trajectories],
            collect: Collect::Nothing,
        }
    }

    /// Gradients of a trajectory of so many models.
    pub fn gradients(models: usize) -> f64 {
        (models * CHAINS) as f64 * f64::from(LEAPFROGS)
    }
}

/// Puts chains of the posterior, and its metric, on an engine of so many copies of a study.
pub fn place(engine: &mut dyn Engine, study: &Study, models: usize) -> Result<()> {
    for first in (0..models).step_by(TOGETHER) {
        let each = |request: &Request| {
            (first..models.min(first + TOGETHER)).map(|m| (m, request.clone())).collect()
        };
        engine.execute(each(&Request::Place { points: study.posterior.clone() }))?;
        engine.execute(each(&Request::Metric { factor: study.factor.clone() }))?;
    }
    Ok(())
}

/// What an engine is made on.
pub(super) struct Host {
    /// The kind of engine.
    pub backend: Backend,
    /// The device, where it is not the processor; away while an engine has it.
    gpu: Option<Gpu>,
}

impl Host {
    /// The processor.
    pub fn cpu() -> Self {
        Host { backend: Backend::Cpu, gpu: None }
    }

    /// A device.
    pub fn gpu(gpu: Gpu) -> Self {
        let hardware = gpu.info().kind.is_hardware();
        let backend = if hardware { Backend::Gpu } else { Backend::Software };
        Host { backend, gpu: Some(gpu) }
    }

    /// Multiply-adds per second and nothing else, in floating-point operations.
    pub fn peak(&self, time: Duration) -> Result<Spread> {
        match &self.gpu {
            Some(gpu) => peak::gpu(gpu, time),
            None => peak::cpu(time),
        }
    }

    /// Works with an engine of so many copies of a study.
    fn with<R>(
        &mut self,
        study: &Study,
        models: usize,
        work: impl FnOnce(&mut dyn Engine) -> Result<R>,
    ) -> Result<R> {
        let models: Vec<(&Model, Key)> =
            (0..models).map(|m| (&study.model, study.key(m))).collect();
        if self.backend == Backend::Cpu {
            return work(&mut CpuEngine::new(&models, Space::Sampling, CHAINS));
        }
        let gpu = self.gpu.take().ok_or_else(|| Error::bug("the device is lent already"))?;
        let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, CHAINS)?;
        let done = work(&mut engine);
        self.gpu = Some(engine.into_gpu());
        done
    }

    /// Measures so many models for about `time`, unless fewer models (`before`) tell that it takes
    /// much longer; and checks what is computed.
    pub fn cell(
        &mut self,
        study: &Study,
        models: usize,
        before: &[Cell],
        time: Duration,
        checks: &mut Vec<Check>,
    ) -> Result<Cell> {
        if let Some(why) = self.obstacle(study, models, before, time) {
            return Ok(Cell { models, rate: Err(why) });
        }
        let backend = self.backend;
        let rate = self.with(study, models, |engine| {
            place(engine, study, models)?;
            checks.extend(checks::hold(engine, backend, study, models, 0)?);
            let mut first = 1;
            let mut run = |trajectories: usize| -> Result<()> {
                let requests = (0..models).map(|m| (m, Step::run(first, trajectories))).collect();
                first += trajectories as u32;
                engine.execute(requests).map(drop)
            };
            let trajectories = fitting(time, || run(1))?.min(1000);
            let spread = seconds(time, || run(trajectories))?;
            let gradients = Step::gradients(models) * trajectories as f64;
            Ok(spread.map(|seconds| gradients / seconds))
        })?;
        Ok(Cell { models, rate: Ok(rate) })
    }

    /// Why so many models are not measured.
    fn obstacle(
        &self,
        study: &Study,
        models: usize,
        before: &[Cell],
        time: Duration,
    ) -> Option<String> {
        if let Some(gpu) = &self.gpu {
            let most = GpuEngine::capacity(gpu, study.model.as_ref(), CHAINS);
            if most < models {
                return Some(format!("a buffer of the device holds {most} models"));
            }
        }
        let rate: &Measured = &before.last()?.rate;
        let once = match rate {
            // Every call runs one trajectory at least.
            Ok(rate) => Step::gradients(models) / rate.median,
            Err(_) => return Some("fewer models take too long already".into()),
        };
        let needed = (FEWEST + 2) as f64 * once;
        (needed > 2.0 * time.as_secs_f64()).then(|| {
            let time = time.as_secs_f64();
            format!("would take {needed:.0} s, its share of the time is {time:.1} s")
        })
    }
}
