//! The effects that are linear in their coefficients, from the model file: controls, seasonality, trend.

use super::array::{Array, Axis, Place};
use super::effect::{Part, fourier, trend};
use super::family::Support;
use super::parameters::{Builder, Default, Slot};
use crate::config::{Fourier, Period, Prior, Spanned, Trend};
use crate::data::Panel;
use crate::error::Result;
use jiff::civil::Date;

/// Names of dims and parameters that models have or may have.
const RESERVED: [&str; 11] = [
    "chain",
    "draw",
    "date",
    "channel",
    "control",
    "fourier_mode",
    "changepoint",
    "scale",
    "delta",
    "k",
    "y",
];

/// A column of every series whose coefficients have no settled place yet.
pub(super) struct Unsettled {
    pub place: Place,
    pub part: Part,
    /// `[series][date]`.
    pub values: Vec<Vec<f64>>,
}

impl Builder<'_> {
    /// Coefficients and columns of all linear effects but the intercept.
    pub fn linear(&mut self) -> Result<Vec<Unsettled>> {
        let (file, panels) = (self.file, self.panels);
        let mut columns = Vec::new();
        // `of` makes the columns of one series.
        let mut add = |part: Part, array: Option<Array>, of: &dyn Fn(&Panel) -> Vec<Vec<f64>>| {
            let Some(array) = array else { return };
            let all: Vec<Vec<Vec<f64>>> = panels.iter().map(of).collect();
            for at in 0..all.first().map_or(0, Vec::len) {
                let values = all.iter().map(|columns| columns[at].clone()).collect();
                columns.push(Unsettled { place: Place { array: array.clone(), at }, part, values });
            }
        };
        let controls = self.in_priors("gamma_control", "control", ("Normal", &[("sigma", 2.0)]))?;
        add(Part::Control, controls, &|panel| {
            panel.control.columns().into_iter().map(|column| column.to_vec()).collect()
        });
        let seasons =
            self.in_priors("gamma_fourier", "fourier_mode", ("Laplace", &[("b", 1.0)]))?;
        add(Part::Seasonality, seasons, &|panel| {
            fourier::columns(Period::Year, file.yearly_seasonality, &panel.dates)
        });
        for effect in &file.fourier {
            let array = self.fourier(effect)?;
            add(Part::Seasonality, Some(array), &|panel| {
                fourier::columns(effect.period, effect.order, &panel.dates)
            });
        }
        if let Some(trend) = &file.trend {
            let (constant, changes) = self.trend(trend)?;
            let span = span(panels);
            add(Part::Baseline, constant, &|panel| vec![vec![1.0; panel.dates.len()]]);
            add(Part::Baseline, Some(changes), &|panel| {
                trend::columns(trend.changepoints, &panel.dates, span)
            });
        }
        Ok(columns)
    }

    /// Coefficients along a dim, whose prior stands in `[priors]`; none without labels.
    fn in_priors(
        &mut self,
        name: &str,
        dim: &'static str,
        default: Default<'static>,
    ) -> Result<Option<Array>> {
        let prior = self.file.priors.get(name);
        if self.coords.of(dim).is_empty() {
            if prior.is_some() {
                let what = if dim == "control" { "controls" } else { "yearly seasonality" };
                self.note(format!("the prior of {name} is not used: the model has no {what}"));
            }
            return Ok(None);
        }
        self.coefficients(name.into(), dim, prior, default, false).map(Some)
    }

    fn fourier(&mut self, effect: &Fourier) -> Result<Array> {
        let name = effect.name.as_str();
        let beta = format!("{name}_beta");
        self.new_dim(&effect.name, std::slice::from_ref(&beta))?;
        self.known("[[fourier]]", &["beta"], &effect.priors)?;
        self.coords.others.push((name.into(), fourier::names(effect.order)));
        let prior = effect.priors.get("beta");
        self.coefficients(beta, name, prior, ("Laplace", &[("b", 1.0)]), true)
    }

    /// Refuses the name of a dim that is no plain word, or that another dim or a parameter has, as may
    /// one of `parameters`, which are to come.
    pub fn new_dim(&self, name: &Spanned<String>, parameters: &[String]) -> Result<()> {
        let text = name.as_str();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // Some parameters come later than effects.
        let taken = RESERVED.contains(&text)
            || text.starts_with("y_")
            || !self.coords.of(text).is_empty()
            || self.layout.find(text).is_some()
            || parameters.iter().any(|name| self.layout.find(name).is_some());
        if plain && !taken {
            return Ok(());
        }
        let message =
            if plain { "is taken: choose another" } else { "must be letters, digits and _" };
        Err(self.file.error(name.span.clone(), format!("the name \"{text}\" {message}")))
    }

    /// The constant, if there is one, and the changes.
    fn trend(&mut self, effect: &Trend) -> Result<(Option<Array>, Array)> {
        self.known("[trend]", &["delta", "k"], &effect.priors)?;
        let constant = match effect.priors.get("k") {
            None => None,
            prior => {
                let default = ("Normal", &[("sigma", 0.05)][..]);
                Some(self.coefficients("k".into(), "", prior, default, true)?)
            }
        };
        self.coords.others.push(("changepoint".into(), trend::names(effect.changepoints)));
        let (prior, default) = (effect.priors.get("delta"), ("Laplace", &[("b", 0.25)][..]));
        Ok((constant, self.coefficients("delta".into(), "changepoint", prior, default, true)?))
    }

    /// Coefficients along a dim, if any; their prior left out, `shared` by all series or not.
    fn coefficients(
        &mut self,
        name: String,
        dim: &str,
        prior: Option<&Prior>,
        default: Default<'_>,
        shared: bool,
    ) -> Result<Array> {
        let mut axes = self.dims();
        if !dim.is_empty() {
            axes.push(Axis::new(dim, self.coords.of(dim).len()));
        }
        let (channels, domain, data_dominated) = (Vec::new(), Support::Real, false);
        let slot = Slot { name, axes, shared, channels, domain, default, data_dominated };
        self.add(slot, prior)
    }
}

/// The first date and the last training date of all series: their trends have one clock.
fn span(panels: &[Panel]) -> [Date; 2] {
    let first = panels.iter().filter_map(|panel| panel.dates.first()).min();
    let last = panels.iter().filter_map(|panel| panel.dates[..panel.n_train].last()).max();
    [first, last].map(|date| date.copied().unwrap_or_default())
}
