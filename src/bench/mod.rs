//! What this machine can do: gradients per second, time per fit, models per hour, of every engine,
//! and whether the numbers they compute are right.
//!
//! Everything is measured on models in the shape of the PyMC-Marketing case study ([`Shape`]), with
//! simulated numbers; nothing is estimated, and what was not measured says why.

mod checks;
mod fits;
mod gradients;
mod peak;
mod shape;
mod spread;
mod study;

pub use checks::{Check, What};
pub use fits::Job;
pub use gradients::{CHAINS, LEAPFROGS, Step, place};
pub use shape::Shape;
pub use spread::Spread;
pub use study::{Study, prior, sample};

use crate::error::Result;
use crate::fleet::{self, Backend, DeviceChoice};
use crate::gpu::AdapterInfo;
use crate::math::Isa;
use gradients::Host;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Measured beside the CPU engine; `Auto` takes a hardware GPU if there is one.
    pub device: DeviceChoice,
    /// Seed of all random numbers.
    pub seed: u64,
    /// About how long to measure, in all.
    pub time: Duration,
}

/// A figure, or why there is none.
pub type Measured = std::result::Result<Spread, String>;

/// Gradients per second of one engine on models that run together.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Models.
    pub models: usize,
    /// Gradients per second, summed over models and their [`CHAINS`].
    pub rate: Measured,
}

/// What was measured of one engine.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// The engine.
    pub backend: Backend,
    /// Floating-point operations per second of a loop of fused multiply-adds and nothing else.
    pub peak: Spread,
    /// Gradients per second, by number of models.
    pub cells: Vec<Cell>,
    /// Whole fits.
    pub jobs: Vec<Job>,
}

/// All that was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// The instruction set of the CPU engine.
    pub isa: Isa,
    /// Its threads.
    pub threads: usize,
    /// The adapter, if one was measured.
    pub adapter: Option<AdapterInfo>,
    /// The shape of the model behind the gradients.
    pub shape: Shape,
    /// The engines, the CPU first.
    pub engines: Vec<Measurements>,
    /// What was held against the oracle.
    pub checks: Vec<Check>,
    /// Wall time of it all.
    pub time: Duration,
}

/// Where a GPU becomes faster than the CPU engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtakes {
    /// Only the CPU engine was measured.
    NoGpu,
    /// From this many models on, as far as was measured.
    From(usize),
    /// Not up to this many models.
    Not(usize),
}

impl Report {
    /// The smallest number of models from which on the GPU engine made more gradients per second.
    /// Where the CPU engine was not measured, what it did with fewer models counts.
    pub fn overtakes(&self) -> Overtakes {
        let [cpu, gpu] = &self.engines[..] else { return Overtakes::NoGpu };
        overtakes(&cpu.cells, &gpu.cells)
    }
}

fn overtakes(cpu: &[Cell], gpu: &[Cell]) -> Overtakes {
    let rate = |cell: &Cell| cell.rate.as_ref().ok().map(|rate| rate.median);
    let host = |models: usize| {
        cpu.iter().filter(|cell| cell.models <= models).filter_map(rate).next_back()
    };
    let mut answer = Overtakes::NoGpu;
    for cell in gpu {
        let (Some(device), Some(host)) = (rate(cell), host(cell.models)) else { continue };
        answer = match answer {
            _ if device <= host => Overtakes::Not(cell.models),
            Overtakes::From(models) => Overtakes::From(models),
            _ => Overtakes::From(cell.models),
        };
    }
    answer
}

/// Parts of the time that goes to an engine: its peak, each of its cells, one fit, the fleets.
const PARTS: [f64; 4] = [0.5, 1.0, 2.0, 6.0];

/// Measures; `observe` hears how far it is, from 0 to 1, and what comes next.
///
/// # Errors
/// A device that was asked for and is not there, or that fails. A check that fails is no error: it
/// is in the report.
pub fn bench(options: &Options, observe: &mut dyn FnMut(f64, String)) -> Result<Report> {
    let begun = Instant::now();
    // As many models as it takes: auto means the GPU wherever there is one.
    let gpu = fleet::choose(&options.device, usize::MAX)?.gpu;
    let adapter = gpu.as_ref().map(|gpu| gpu.info().clone());
    let mut hosts = vec![Host::cpu()];
    hosts.extend(gpu.map(Host::gpu));

    let [for_peak, for_cell, for_fit, for_fleets] = PARTS;
    let parts = for_peak + for_cell * gradients::MODELS.len() as f64 + for_fit + for_fleets;
    let parts = parts * hosts.len() as f64;
    let part = |n: f64| options.time.mul_f64(n / parts);
    let mut done = 0.0;
    let mut step = |n: f64, what: String| {
        observe(done / parts, what);
        done += n;
    };

    step(0.0, "finding the posterior".into());
    let shape = Shape::CASE_STUDY;
    let study = Study::new(&shape, options.seed)?;
    let (mut engines, mut checks) = (Vec::new(), Vec::new());
    for mut host in hosts {
        let backend = host.backend;
        let name = backend.name();
        step(for_peak, format!("{name}: multiply-adds"));
        let peak = host.peak(part(for_peak))?;
        let mut cells = Vec::new();
        for models in gradients::MODELS {
            step(for_cell, format!("{name}: gradients of {models} models"));
            let cell = host.cell(&study, models, &cells, part(for_cell), &mut checks)?;
            cells.push(cell);
        }
        // A device is opened anew for every fit, as a user's command does.
        drop(host);
        let device = match (backend, &options.device) {
            (Backend::Cpu, _) => DeviceChoice::Cpu,
            (_, DeviceChoice::Auto) => DeviceChoice::Gpu,
            (_, asked) => asked.clone(),
        };
        step(for_fit, format!("{name}: one fit"));
        let mut jobs = vec![fits::one(&shape, &device, options.seed, part(for_fit))?];
        step(for_fleets, format!("{name}: fleets"));
        jobs.extend(fits::fleets(&device, options.seed, part(for_fleets))?);
        engines.push(Measurements { backend, peak, cells, jobs });
    }
    let threads = rayon::current_num_threads();
    let time = begun.elapsed();
    Ok(Report { isa: Isa::detect(), threads, adapter, shape, engines, checks, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rates: &[(usize, f64)]) -> Vec<Cell> {
        let cell = |&(models, rate): &(usize, f64)| {
            let rate = if rate > 0.0 { Ok(Spread::of(vec![rate])) } else { Err("no time".into()) };
            Cell { models, rate }
        };
        rates.iter().map(cell).collect()
    }

    #[test]
    fn where_the_gpu_overtakes() {
        let cpu = cells(&[(1, 5.0), (16, 8.0), (256, 8.0), (4096, 0.0)]);
        for (gpu, expected) in [
            ([1.0, 4.0, 9.0, 50.0], Overtakes::From(256)),
            ([6.0, 9.0, 9.0, 50.0], Overtakes::From(1)),
            // What was faster once is not enough.
            ([6.0, 7.0, 9.0, 50.0], Overtakes::From(256)),
            // The CPU engine was not measured: it will not be faster than with fewer models.
            ([1.0, 4.0, 7.0, 9.0], Overtakes::From(4096)),
            ([1.0, 4.0, 0.0, 0.0], Overtakes::Not(16)),
            ([1.0, 4.0, 9.0, 7.0], Overtakes::Not(4096)),
        ] {
            let gpu: Vec<_> = [1, 16, 256, 4096].into_iter().zip(gpu).collect();
            assert_eq!(overtakes(&cpu, &cells(&gpu)), expected, "{gpu:?}");
        }
    }
}
