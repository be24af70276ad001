//! Whose spend a decision is: that of a model or, where the model has dims, of one of its series.

use crate::data::ONLY;
use std::fmt;

/// A model, or one of its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The model's key.
    pub model: String,
    /// The dims and the labels of the series; none of a model without dims.
    pub labels: Vec<(String, String)>,
    name: String,
}

impl Place {
    /// The place of a series. It is called by the model's key and the labels, joined by `/`; by the labels
    /// alone in a run without panels.
    pub fn new(model: &str, labels: Vec<(String, String)>) -> Self {
        let key = (model != ONLY || labels.is_empty()).then_some(model);
        let parts = key.into_iter().chain(labels.iter().map(|(_, label)| label.as_str()));
        let name = parts.collect::<Vec<_>>().join("/");
        Self { model: model.to_owned(), labels, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
