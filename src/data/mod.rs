//! Reads the table of a model file and turns it into panels: columns by role, rows by date, training
//! and test set, scales, and what was found wrong on the way.

mod calendar;
mod checks;
mod columns;
mod csv;
mod extend;
mod lift;
mod panel;
mod read;
mod roles;
mod scale;
mod source;
#[cfg(test)]
mod tests;
mod truth;

use std::path::Path;

use jiff::civil::Date;
use ndarray::Array2;

use crate::{config::ModelFile, error::Result};

pub use extend::{Extended, NewRows};
pub use lift::{LiftRow, lift_problem};
pub use panel::ONLY;
pub use scale::{Scale, learn_scales};
pub use truth::{Truth, load_truth};

/// All that was read for one model file.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The panels that can be fitted, sorted by key; with dims one for each series of a model, sorted
    /// by labels.
    pub panels: Vec<Panel>,
    /// The panels that cannot, sorted by key: a bad panel never stops the others.
    pub failed: Vec<FailedPanel>,
    /// What was found about the table as a whole; notes about one panel are in [`Panel::notes`].
    pub notes: Vec<Note>,
    /// SHA-256 over the bytes of the files in their order (and of files of lift tests), in hexadecimal.
    pub hash: String,
}

impl Dataset {
    /// The panels of every model: one, or with dims one for each of its series.
    pub fn models(&self) -> impl Iterator<Item = &[Panel]> {
        self.panels.chunk_by(|a, b| a.key == b.key)
    }

    /// As [`Dataset::models`], the panels themselves.
    pub fn into_models(panels: Vec<Panel>) -> Vec<Vec<Panel>> {
        let mut models: Vec<Vec<Panel>> = Vec::new();
        for panel in panels {
            match models.last_mut() {
                Some(series) if series[0].key == panel.key => series.push(panel),
                _ => models.push(vec![panel]),
            }
        }
        models
    }
}

/// A panel that cannot be fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedPanel {
    /// As [`Panel::key`].
    pub key: String,
    /// What is wrong, where, and what to do.
    pub reason: String,
}

/// One independent model's data: the rows of one combination of the panel columns. With dims a model
/// has several of them, of one key: its series.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Values of the panel columns joined by `/`; `model` where there are none.
    pub key: String,
    /// Values of the panel columns.
    pub values: Vec<String>,
    /// The series' label of every dim; none where the model file has no dims.
    pub labels: Vec<String>,
    /// Dates in rising order, all different; the training rows come first.
    pub dates: Vec<Date>,
    /// Number of training rows.
    pub n_train: usize,
    /// Channels, after renaming and globs.
    pub channels: Vec<String>,
    /// Controls, after renaming and globs.
    pub controls: Vec<String>,
    /// Target in its original units, all dates.
    pub target: Vec<f64>,
    /// Spend in its original units, (time, channel).
    pub spend: Array2<f64>,
    /// Controls after their scaling, (time, control).
    pub control: Array2<f64>,
    /// Scale of each control, learned on the training rows of all series.
    pub control_scale: Vec<Scale>,
    /// Scale of the target, learned on the training rows.
    pub target_scale: Scale,
    /// Scale of each channel, learned on the training rows.
    pub channel_scale: Vec<Scale>,
    /// Lift tests of this panel that stand in files; a run folder does not keep them.
    pub lift_tests: Vec<LiftRow>,
    /// What was found, for people.
    pub notes: Vec<Note>,
}

impl Panel {
    /// What people call it: its key, and behind it the labels of a series.
    pub fn name(&self) -> String {
        match &self.labels[..] {
            [] => self.key.clone(),
            labels => format!("{} ({})", self.key, labels.join(", ")),
        }
    }
}

/// Something found in the data that people should know of and that stops nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Key of the panel; none where the model has no panels.
    pub panel: Option<String>,
    /// What was found.
    pub text: String,
}

/// Reads the table that `file` names, or the one at `path`, and splits it into panels.
///
/// Both may be globs: files are then read in sorted order and their rows joined. The order of rows
/// and columns in a file does not matter.
///
/// # Errors
/// A file that is absent or cannot be read, a column that is absent or has two roles, a date that is
/// none, text in a column of numbers. What is wrong with one panel alone is in [`Dataset::failed`].
pub fn load(file: &ModelFile, path: Option<&Path>) -> Result<Dataset> {
    let (mut table, roles) = read::read(file, path, true)?;
    let (mut panels, failed) = panel::build(file, &roles, &table);
    lift::read_all(file, &mut panels, &mut table.notes, &mut table.hash)?;
    Ok(Dataset { panels, failed, notes: table.notes, hash: table.hash })
}
