//! A fitted model with its data and draws: what every question is put to.

use crate::data::Panel;
use crate::math::Key;
use crate::model::Model;
use std::sync::Arc;

/// A model, what it was fitted to, and what came out. Of a pooled model: one of its series.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// Its data.
    pub panel: Panel,
    /// The key of its random numbers.
    pub key: Key,
    /// Draws on the parameters' natural scale, draws × values in the layout's order, chain by chain;
    /// the series of a model share them.
    pub draws: Arc<Vec<f64>>,
    /// Number of chains.
    pub chains: usize,
}

/// The key of the random numbers of a series, given that of its model.
pub fn series_key(model: Key, panel: &Panel) -> Key {
    match &panel.labels[..] {
        [] => model,
        labels => model.child(&labels.join("/")),
    }
}

impl Fitted {
    /// Number of draws.
    pub fn n_draws(&self) -> usize {
        self.draws.len() / self.model.structure.n_values.max(1)
    }

    /// Spend of a channel on the training rows.
    pub fn spend(&self, channel: usize) -> f64 {
        self.panel.spend.column(channel).iter().take(self.panel.n_train).sum()
    }
}
