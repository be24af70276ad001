//! Predictions for rows that the model was not fitted to.

use super::forward::{Components, Parameters, Window};
use super::time::Predictions;
use super::{Fitted, Scores, TimeRow, means};
use crate::data::Panel;
use crate::math::{Isa, Key, Lane, Task, dispatch};
use crate::model::Model;

/// Predicts rows `new..` of a panel that extends the one `fitted` was fitted to, `model` being the
/// model built of it; the spend of the rows before them is carried over. With the scores of the dates
/// whose target is known.
pub fn predict(
    fitted: &Fitted,
    model: &Model,
    panel: &Panel,
    new: usize,
) -> (Vec<TimeRow>, Scores) {
    let window = Window::<f32>::on(model, new..panel.dates.len());
    let (key, draws) = (fitted.key, &fitted.draws);
    let predictions = dispatch(Isa::detect(), Predict { window: &window, key, draws });
    predictions.finish(panel, &means(draws, model.structure.n_values))
}

struct Predict<'a> {
    window: &'a Window<'a, f32>,
    key: Key,
    draws: &'a [f64],
}

impl<'a> Task for Predict<'a> {
    type Scalar = f32;
    type Output = Predictions<'a, f32>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Self::Output {
        let Predict { window, key, draws } = self;
        let structure = &window.model.structure;
        let mut predictions = Predictions::new(window, key, draws.len() / structure.n_values);
        let mut components = Components::<L>::new(window);
        for (block, draws) in draws.chunks(L::LEN * structure.n_values).enumerate() {
            let parameters = Parameters::new(window.model, draws);
            components.fill(window, &parameters);
            predictions.add(block * L::LEN, &parameters, &components);
        }
        predictions
    }
}
