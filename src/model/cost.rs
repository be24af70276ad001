//! Cost per target: what a unit of the target is known to cost by a channel. The mean over the training
//! rows of spend / max(contribution, 1e-12), in the table's units, is held to the target by a potential,
//! −(mean − target)²/(2 sigma²).

use super::lift::is_of;
use super::transforms;
use crate::config::ModelFile;
use crate::data::Panel;
use crate::error::{Error, Result};

/// The least contribution on a date, in the table's units.
const LEAST: f64 = 1e-12;

/// A calibrated cost per target.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Index of the channel.
    pub channel: usize,
    /// Its spend on every training row over the target's scale: over the scaled contribution it is a cost
    /// per unit of the target.
    pub spend: Vec<f64>,
    /// The least scaled contribution on a date.
    pub least: f64,
    /// What the mean of the cost should be.
    pub target: f64,
    /// How far from that it may be.
    pub sigma: f64,
}

/// The calibrated costs of a series.
pub(super) fn read(file: &ModelFile, panel: &Panel) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for cost in file.costs_per_target.iter().filter(|cost| is_of(&cost.labels, panel)) {
        let channel = transforms::channel(file, &cost.channel, &panel.channels)?;
        let scale = panel.target_scale.factor;
        if scale == 0.0 {
            return Err(Error::input(
                "a cost per target cannot be calibrated: the target is 0 on all training rows",
            ));
        }
        let spend = panel.spend.column(channel);
        costs.push(Cost {
            channel,
            spend: spend.iter().take(panel.n_train).map(|x| x / scale).collect(),
            least: LEAST / scale,
            target: cost.cost_per_target,
            sigma: cost.sigma,
        });
    }
    Ok(costs)
}
