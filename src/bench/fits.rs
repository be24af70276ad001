//! Whole fits, from a model file on the disk to a finished run folder.

use super::shape::{Shape, folder};
use super::spread::seconds;
use super::{Measured, Spread};
use crate::config::ModelFile;
use crate::diagnostics::Status;
use crate::error::Result;
use crate::fleet::{self, DeviceChoice};
use crate::posterior::table::Column;
use crate::simulation::{self, Spec};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Models of the smallest fleet, and how much larger the next one is.
const FLEET: usize = 4;
const GROWTH: usize = 4;
/// The largest fleet.
const LARGEST: usize = 4096;

/// Some models fitted by one command.
#[derive(Clone, Debug)]
pub struct Job {
    /// Whether it is the simulated fleet of `gigamix simulate`, or the one model of the case study's
    /// shape.
    pub fleet: bool,
    /// Models.
    pub models: usize,
    /// Models whose verdict is not `failed`.
    pub sound: usize,
    /// Seconds for all of them.
    pub seconds: Measured,
}

impl Job {
    /// Models per hour.
    pub fn per_hour(&self) -> Measured {
        let models = self.models as f64;
        self.seconds.clone().map(|spread| spread.map(|seconds| 3600.0 * models / seconds))
    }
}

/// Fits one model of a shape again and again for about `time`.
pub(super) fn one(shape: &Shape, device: &DeviceChoice, seed: u64, time: Duration) -> Result<Job> {
    let folder = folder()?;
    let path = shape.write(folder.path())?;
    let mut sound = 0;
    let spread = seconds(time, || {
        sound = fit(&path, folder.path(), device, seed)?;
        Ok(())
    })?;
    Ok(Job { fleet: false, models: 1, sound, seconds: Ok(spread) })
}

/// Fits larger and larger fleets, once each, until the next would not fit into `time`.
pub(super) fn fleets(device: &DeviceChoice, seed: u64, time: Duration) -> Result<Vec<Job>> {
    let begun = Instant::now();
    let mut jobs: Vec<Job> = Vec::new();
    let mut models = FLEET;
    while models <= LARGEST {
        let left = time.saturating_sub(begun.elapsed()).as_secs_f64();
        let last = jobs.last().and_then(|job| job.seconds.as_ref().ok());
        let needed = last.map_or(0.0, |last| GROWTH as f64 * last.median);
        if needed > left {
            let why = format!("would take {needed:.0} s, of its time {left:.1} s are left");
            jobs.push(Job { fleet: true, models, sound: 0, seconds: Err(why) });
            break;
        }
        let folder = folder()?;
        let regions = Spec::default().regions;
        let spec = Spec { brands: models / regions, seed, ..Spec::default() };
        let path = simulation::write(&spec, folder.path())?.model_file;
        let start = Instant::now();
        let sound = fit(&path, folder.path(), device, seed)?;
        let spread = Spread::of(vec![start.elapsed().as_secs_f64()]);
        jobs.push(Job { fleet: true, models, sound, seconds: Ok(spread) });
        models *= GROWTH;
    }
    Ok(jobs)
}

/// Fits a model file into a folder of its own, which it leaves again; how many models did not fail.
fn fit(path: &Path, folder: &Path, device: &DeviceChoice, seed: u64) -> Result<usize> {
    let file = ModelFile::load(path)?;
    let options = fleet::Options {
        data: None,
        out: folder.join("run"),
        seed,
        device: device.clone(),
        force: false,
        batch: None,
    };
    let fit = fleet::fit(&file, &options, &mut |_| {}, &AtomicBool::new(false))?;
    let _ = std::fs::remove_dir_all(&options.out);
    let statuses = match fit.models.column("status") {
        Some(Column::Text(statuses)) => &statuses[..],
        _ => &[],
    };
    Ok(statuses.iter().filter(|status| *status != Status::Failed.as_str()).count())
}
