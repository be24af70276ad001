//! The main job: many models, from a model file and a table to a judged run folder.

pub mod derived;
mod device;
mod finish;
mod fit;
mod fitted;
mod folder;
mod grid;
mod tables;
mod learn;
mod values;

pub use device::{Backend, Chosen, Device, DeviceChoice, choose};
pub use fit::{fit, sampler};
pub use folder::Run;

use crate::data::Note;
use crate::diagnostics::Status;
use crate::posterior::table::Table;
use std::path::PathBuf;

/// What `fit` is asked to do besides the model file.
#[derive(Clone, Debug)]
pub struct Options {
    /// The table, where it is not the model file's.
    pub data: Option<PathBuf>,
    /// The run folder.
    pub out: PathBuf,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Whether an existing run folder of other settings is replaced.
    pub force: bool,
    /// Models sampled together, where it is not left to the device; no influence on any answer.
    pub batch: Option<usize>,
}

/// What happens on the way, for people.
#[derive(Clone, Debug)]
pub enum Event {
    /// The data are read: panels to fit, rows, channels, controls; what was found in them.
    Data {
        /// Models to fit.
        models: usize,
        /// Training rows of the longest model, and test rows.
        rows: (usize, usize),
        /// Channels and controls.
        columns: (usize, usize),
        /// Parameters of one model.
        parameters: usize,
        /// What was found or changed.
        notes: Vec<Note>,
    },
    /// The run folder already holds finished models of the same command.
    Resumed {
        /// Models that are not fitted again.
        finished: usize,
        /// All models.
        total: usize,
    },
    /// The device that was taken, and why.
    Device {
        /// The device.
        device: Device,
        /// One line.
        why: String,
    },
    /// How far the work is.
    Progress {
        /// Models that are done.
        done: usize,
        /// All models.
        total: usize,
        /// A guess at the share of the whole work that is done, 0 to 1.
        fraction: f64,
    },
    /// A model is judged and on the disk.
    Finished {
        /// The model's key.
        model: String,
        /// Its verdict.
        status: Status,
    },
}

/// A finished (or interrupted) fit.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The run folder.
    pub run: PathBuf,
    /// One row per model, the columns of `models.parquet`.
    pub models: Table,
    /// One row per model and channel, the columns of `channels.parquet`.
    pub channels: Table,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Where it was computed; none when everything was there already.
    pub device: Option<Device>,
    /// Stopped by the user before every model was done; what was finished is in the tables.
    pub interrupted: bool,
}
