//! The numbers of one panel as the density wants them: scaled spend and target, design columns.

use super::effect::{Column, Distances};
use crate::data::Panel;

/// Labels of the dims.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coords {
    /// Channels, in the model's order.
    pub channel: Vec<String>,
    /// Controls, in the model's order.
    pub control: Vec<String>,
    /// `sin_1 … cos_n`.
    pub fourier_mode: Vec<String>,
    /// Names of the dims that tell the series of a model apart; their labels are in `others`.
    pub dims: Vec<String>,
    /// Labels of further dims, by their names: those of the series, channels of parameters that not
    /// all channels have, modes and change points of effects.
    pub others: Vec<(String, Vec<String>)>,
}

impl Coords {
    /// Labels of the dim of this name; empty for an unknown one.
    pub fn of(&self, dim: &str) -> &[String] {
        match dim {
            "channel" => &self.channel,
            "control" => &self.control,
            "fourier_mode" => &self.fourier_mode,
            _ => {
                let some = self.others.iter().find(|(name, _)| name == dim);
                some.map_or(&[], |(_, labels)| labels)
            }
        }
    }
}

/// The numbers of one panel, scaled.
#[derive(Clone, Debug)]
pub struct Series {
    /// Training rows; they come first.
    pub n_train: usize,
    /// Scaled target of every date.
    pub target: Vec<f64>,
    /// Scaled spend, `[channel][date]`.
    pub spend: Vec<Vec<f64>>,
    /// Columns of the linear effects.
    pub columns: Vec<Column>,
    /// Numbers of the other effects.
    pub curved: Distances,
}

impl Series {
    /// Scales a panel; columns are added by the model.
    pub fn new(panel: &Panel) -> Self {
        let scaled = |c: usize| {
            let scale = &panel.channel_scale[c];
            panel.spend.column(c).iter().map(|&x| scale.scale(x)).collect()
        };
        Self {
            n_train: panel.n_train,
            target: panel.target.iter().map(|&y| panel.target_scale.scale(y)).collect(),
            spend: (0..panel.channels.len()).map(scaled).collect(),
            columns: Vec::new(),
            curved: Distances::default(),
        }
    }

    /// Number of dates, training and test.
    pub fn n_dates(&self) -> usize {
        self.target.len()
    }
}
