//! Draws of the posterior predictive, for the store.

use super::forward::{Components, Parameters, Window};
use crate::data::Panel;
use crate::math::{Isa, Key, Lane, Task, dispatch};
use crate::model::Model;
use crate::model::likelihood::Noise;

/// One draw of the target per parameter draw and date, draws × dates, in the target's units;
/// `draws` is draws × dim as for [`analyse`](super::analyse).
pub fn predictive_draws(model: &Model, panel: &Panel, key: Key, draws: &[f64]) -> Vec<f32> {
    dispatch(Isa::detect(), Predict { model, panel, key, draws })
}

struct Predict<'a> {
    model: &'a Model,
    panel: &'a Panel,
    key: Key,
    draws: &'a [f64],
}

impl Task for Predict<'_> {
    type Scalar = f32;
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<f32> {
        let Predict { model, panel, key, draws } = self;
        let (dim, dates) = (model.structure.n_values, model.series.n_dates());
        let windows = [Window::train(model), Window::test(model)];
        let mut components = windows.each_ref().map(Components::<L>::new);
        let mut predicted = vec![0.0; draws.len() / dim * dates];
        for (block, draws) in draws.chunks(L::LEN * dim).enumerate() {
            let parameters = Parameters::new(model, draws);
            let first = block * L::LEN;
            for (window, components) in windows.iter().zip(&mut components) {
                components.fill(window, &parameters);
                for (row, &mu) in components.mu.iter().enumerate() {
                    let date = window.dates.start + row;
                    let noise = Noise { key, date: date as u32, draw: first as u32 };
                    let (likelihood, p) = (model.structure.likelihood, &parameters.likelihood);
                    let y = likelihood.sample(mu, p, model.lower, noise);
                    for lane in 0..parameters.n_draws {
                        let y = panel.target_scale.unscale(y.get(lane));
                        predicted[(first + lane) * dates + date] = y as f32;
                    }
                }
            }
        }
        predicted
    }
}
