//! What the mean of the target is made of: totals and shares, and every date with its interval.

use super::change::{Change, totals};
use super::forward::Parameters;
use super::time::{MAX_PREDICTIONS, Set};
use super::{Estimate, Fitted, Window};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::Model;
use crate::model::effect::Part;
use jiff::civil::Date;
use rayon::prelude::*;
use std::ops::Range;

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// One that is linear in its coefficients.
    Part(Part),
    /// A channel.
    Channel(usize),
    /// All channels together.
    Channels,
    /// The mean itself: the sum of all.
    Mean,
}

impl Component {
    /// Its name in tables and what it is: `TV` and `channel`, `baseline` and `baseline`.
    pub fn names(self, fitted: &Fitted) -> (String, &'static str) {
        match self {
            Component::Part(part) => (part.name().into(), part.name()),
            Component::Channel(c) => (fitted.panel.channels[c].clone(), "channel"),
            Component::Channels => ("all channels".into(), "sum"),
            Component::Mean => ("all components".into(), "sum"),
        }
    }
}

/// A component over the training rows, in the target's units.
#[derive(Clone, Debug)]
pub struct ComponentRow {
    /// The component.
    pub component: Component,
    /// Its sum.
    pub total: Estimate,
    /// Its part of the sum of all components, draw by draw.
    pub share: Estimate,
    /// Its part of the target that was observed.
    pub share_of_actual: Estimate,
}

/// A component on a date, in the target's units.
#[derive(Clone, Debug)]
pub struct ComponentOnDate {
    /// The component: a part or a channel.
    pub component: Component,
    /// The date.
    pub date: Date,
    /// What it was used for.
    pub set: Set,
    /// What the component adds; its interval rests on at most [`MAX_PREDICTIONS`] draws.
    pub value: Estimate,
}

/// The parts that the model has, then its channels.
fn components(fitted: &Fitted) -> Vec<Component> {
    let model = &fitted.model;
    let linear = |part: &Part| model.series.columns.iter().any(|column| column.part == *part);
    let has = |part: &Part| linear(part) || model.structure.curved.has(*part);
    let parts = Part::ALL.into_iter().filter(has).map(Component::Part);
    parts.chain((0..fitted.panel.channels.len()).map(Component::Channel)).collect()
}

/// Totals and shares of every component, of all channels and of all components.
pub fn component_totals(fitted: &Fitted) -> Vec<ComponentRow> {
    let (panel, n_draws) = (&fitted.panel, fitted.n_draws());
    let window = Window::train(&fitted.model);
    let changes: Vec<Change<'_>> = (0..panel.channels.len())
        .map(|c| {
            let scale = panel.channel_scale[c];
            let spend = window.pad(|date| scale.scale(panel.spend[[date, c]]));
            Change { window: &window, channel: c, spend, against: None }
        })
        .collect();
    let mut channels = totals(fitted, &changes).into_iter();
    let (factor, shift) = (panel.target_scale.factor, panel.target_scale.shift);
    let mut found: Vec<(Component, Vec<f64>)> = Vec::new();
    let mut sums = [vec![0.0; n_draws], vec![0.0; n_draws]];
    for component in components(fitted) {
        let mut draws = match component {
            Component::Part(part) => {
                let mut draws = linear(fitted, &column_sums(fitted, part, &window));
                for total in curved(fitted, part, &window, true) {
                    draws.iter_mut().zip(total).for_each(|(sum, x)| *sum += x);
                }
                draws
            }
            _ => channels.next().unwrap_or_default(),
        };
        let shift = if component == Component::Part(Part::Baseline) { shift } else { 0.0 };
        draws.iter_mut().for_each(|x| *x = *x * factor + shift * panel.n_train as f64);
        let all = if matches!(component, Component::Channel(_)) { 2 } else { 1 };
        for sum in &mut sums[..all] {
            sum.iter_mut().zip(&draws).for_each(|(sum, x)| *sum += x);
        }
        found.push((component, draws));
    }
    let [mean, channels] = sums;
    let actual: f64 = panel.target[..panel.n_train].iter().sum();
    found.push((Component::Channels, channels));
    found.push((Component::Mean, mean.clone()));
    let row = |(component, draws): (Component, Vec<f64>)| {
        let share: Vec<f64> = draws.iter().zip(&mean).map(|(x, all)| x / all).collect();
        ComponentRow {
            component,
            total: Estimate::of(&draws),
            share: Estimate::of(&share),
            share_of_actual: Estimate::scaled(&draws, 1.0 / actual),
        }
    };
    found.into_iter().map(row).collect()
}

/// Every component on every date, component by component.
pub fn component_dates(fitted: &Fitted) -> Vec<ComponentOnDate> {
    let windows = [Window::train(&fitted.model), Window::test(&fitted.model)];
    let of = |component: Component| {
        let on = |window: &Window<'_, f32>| on_dates(fitted, component, window);
        windows.iter().flat_map(on).collect::<Vec<_>>()
    };
    components(fitted).into_par_iter().flat_map_iter(of).collect()
}

fn on_dates(
    fitted: &Fitted,
    component: Component,
    window: &Window<'_, f32>,
) -> Vec<ComponentOnDate> {
    let (panel, scale) = (&fitted.panel, fitted.panel.target_scale);
    let draws: Vec<Vec<f64>> = match component {
        Component::Channel(c) => {
            let units = panel.channel_scale[c];
            let spend = window.pad(|date| units.scale(panel.spend[[date, c]]));
            channel_on_dates(window, c, &spend, &thinned(&fitted.model, &fitted.draws))
        }
        Component::Part(part) => {
            let on = |date| linear(fitted, &coefficients(fitted, part, |column| column[date]));
            let mut draws: Vec<Vec<f64>> = window.dates.clone().map(on).collect();
            for (draws, date) in draws.iter_mut().zip(curved(fitted, part, window, false)) {
                draws.iter_mut().zip(date).for_each(|(sum, x)| *sum += x);
            }
            draws
        }
        Component::Channels | Component::Mean => Vec::new(),
    };
    let baseline = component == Component::Part(Part::Baseline);
    let row = |(date, draws): (usize, Vec<f64>)| {
        let units = |x: &f64| if baseline { scale.unscale(*x) } else { x * scale.factor };
        ComponentOnDate {
            component,
            date: panel.dates[date],
            set: if date < panel.n_train { Set::Train } else { Set::Test },
            value: Estimate::of(&draws.iter().map(units).collect::<Vec<_>>()),
        }
    };
    window.dates.clone().zip(draws).map(row).collect()
}

/// At most so many draws, evenly spaced, as intervals over dates rest on.
pub(super) fn thinned(model: &Model, draws: &[f64]) -> Vec<f64> {
    let rows = draws.chunks(model.structure.n_values);
    let stride = rows.len().div_ceil(MAX_PREDICTIONS).max(1);
    rows.step_by(stride).flatten().copied().collect()
}

/// Elements of a part's coefficients, each with a number made of its column.
fn coefficients(fitted: &Fitted, part: Part, of: impl Fn(&[f64]) -> f64) -> Vec<(usize, f64)> {
    let own = fitted.model.series.columns.iter().filter(|column| column.part == part);
    own.map(|column| (column.element, of(&column.values))).collect()
}

fn column_sums(fitted: &Fitted, part: Part, window: &Window<'_, f32>) -> Vec<(usize, f64)> {
    coefficients(fitted, part, |column| column[window.dates.clone()].iter().sum())
}

/// Σ coefficient · number, draw by draw.
fn linear(fitted: &Fitted, coefficients: &[(usize, f64)]) -> Vec<f64> {
    let value = |draw: &[f64]| coefficients.iter().map(|&(element, x)| draw[element] * x).sum();
    fitted.draws.chunks(fitted.model.structure.n_values).map(value).collect()
}

/// What is not linear in a part on every date of a window, `[date][draw]`, or only its `total`,
/// `[0][draw]`; nothing if the model has no such effect.
fn curved(fitted: &Fitted, part: Part, window: &Window<'_, f32>, total: bool) -> Vec<Vec<f64>> {
    if !fitted.model.structure.curved.has(part) {
        return Vec::new();
    }
    dispatch(Isa::detect(), CurvedOnDates { fitted, part, window, total })
}

struct CurvedOnDates<'a> {
    fitted: &'a Fitted,
    part: Part,
    window: &'a Window<'a, f32>,
    total: bool,
}

impl Task for CurvedOnDates<'_> {
    type Scalar = f32;
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<Vec<f64>> {
        let CurvedOnDates { fitted, part, window, total } = self;
        let model = &fitted.model;
        let rows = if total { 1 } else { window.n_dates() };
        let mut found = vec![Vec::with_capacity(fitted.n_draws()); rows];
        for draws in fitted.draws.chunks(L::LEN * model.structure.n_values) {
            let parameters = Parameters::<L>::new(model, draws);
            let (curved, lanes) = (window.curved(part, &parameters), 0..parameters.n_draws);
            if total {
                found[0].extend(lanes.map(|lane| curved.iter().map(|x| x.get(lane)).sum::<f64>()));
            } else {
                for (found, x) in found.iter_mut().zip(curved) {
                    found.extend(lanes.clone().map(|lane| x.get(lane)));
                }
            }
        }
        found
    }
}

/// The mean per date of some of a model's dates, over all draws, of the scaled target without media.
pub fn mean_without_media(fitted: &Fitted, dates: Range<usize>) -> f64 {
    let n = dates.len() as f64 * fitted.n_draws() as f64;
    let window = Window::on(&fitted.model, dates);
    let total = |part: Part| {
        let linear: f64 = linear(fitted, &column_sums(fitted, part, &window)).iter().sum();
        linear + curved(fitted, part, &window, true).iter().flatten().sum::<f64>()
    };
    Part::ALL.into_iter().map(total).sum::<f64>() / n
}

/// A channel's contribution on every date of a window if its scaled spend were `spend` (see
/// [`Window::pad`]), `[date][draw]`, on the scaled target.
pub(super) fn channel_on_dates(
    window: &Window<'_, f32>,
    c: usize,
    spend: &[f32],
    draws: &[f64],
) -> Vec<Vec<f64>> {
    dispatch(Isa::detect(), OnDates { window, c, spend, draws })
}

struct OnDates<'a> {
    window: &'a Window<'a, f32>,
    c: usize,
    spend: &'a [f32],
    draws: &'a [f64],
}

impl Task for OnDates<'_> {
    type Scalar = f32;
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<Vec<f64>> {
        let OnDates { window, c, spend, draws } = self;
        let n_values = window.model.structure.n_values;
        let mut found = vec![Vec::with_capacity(draws.len() / n_values); window.n_dates()];
        let mut response = vec![L::zero(); window.n_dates()];
        for draws in draws.chunks(L::LEN * n_values) {
            let parameters = Parameters::<L>::new(window.model, draws);
            window.media(c, spend, &parameters, &mut response);
            for (found, x) in found.iter_mut().zip(&response) {
                found.extend((0..parameters.n_draws).map(|lane| x.get(lane)));
            }
        }
        found
    }
}
