//! The effects that are linear in their coefficients, from the model file: controls, seasonality, trend.

use super::effect::{Part, fourier, trend};
use super::family::Support;
use super::parameters::{Builder, Default, Slot};
use crate::config::{Fourier, Period, Prior, Spanned, Trend};
use crate::error::Result;

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

/// A column whose coefficient has no settled place yet.
pub(super) struct Unsettled {
    pub slot: usize,
    pub part: Part,
    pub values: Vec<f64>,
}

impl Builder<'_> {
    /// Coefficients and columns of all linear effects but the intercept.
    pub fn linear(&mut self) -> Result<Vec<Unsettled>> {
        let (file, panel) = (self.file, self.panel);
        let mut columns = Vec::new();
        let mut add = |part: Part, slots: Vec<usize>, values: Vec<Vec<f64>>| {
            let of = |(slot, values)| Unsettled { slot, part, values };
            columns.extend(slots.into_iter().zip(values).map(of));
        };
        let controls = self.in_priors("gamma_control", "control", ("Normal", &[("sigma", 2.0)]))?;
        let values = (0..panel.controls.len()).map(|k| panel.control.column(k).to_vec());
        add(Part::Control, controls, values.collect());
        let seasons =
            self.in_priors("gamma_fourier", "fourier_mode", ("Laplace", &[("b", 1.0)]))?;
        let values = fourier::columns(Period::Year, file.yearly_seasonality, &panel.dates);
        add(Part::Seasonality, seasons, values);
        for effect in &file.fourier {
            let values = fourier::columns(effect.period, effect.order, &panel.dates);
            add(Part::Seasonality, self.fourier(effect)?, values);
        }
        if let Some(trend) = &file.trend {
            let (constant, changes) = self.trend(trend)?;
            add(Part::Baseline, constant, vec![vec![1.0; panel.dates.len()]]);
            let values = trend::columns(trend.changepoints, &panel.dates, panel.n_train);
            add(Part::Baseline, changes, values);
        }
        Ok(columns)
    }

    /// Coefficients along a dim, whose prior stands in `[priors]`; none without labels.
    fn in_priors(
        &mut self,
        name: &str,
        dim: &'static str,
        default: Default<'static>,
    ) -> Result<Vec<usize>> {
        let prior = self.file.priors.get(name);
        if self.coords.of(dim).is_empty() {
            if prior.is_some() {
                let what = if dim == "control" { "controls" } else { "yearly seasonality" };
                self.note(format!("the prior of {name} is not used: the model has no {what}"));
            }
            return Ok(Vec::new());
        }
        self.coefficients(name.into(), dim, prior, default)
    }

    fn fourier(&mut self, effect: &Fourier) -> Result<Vec<usize>> {
        let name = effect.name.as_str();
        let beta = format!("{name}_beta");
        self.new_dim(&effect.name, std::slice::from_ref(&beta))?;
        self.known("[[fourier]]", &["beta"], &effect.priors)?;
        self.coords.others.push((name.into(), fourier::names(effect.order)));
        let prior = effect.priors.get("beta");
        self.coefficients(beta, name, prior, ("Laplace", &[("b", 1.0)]))
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

    /// Slots of the constant, if there is one, and of the changes.
    fn trend(&mut self, effect: &Trend) -> Result<(Vec<usize>, Vec<usize>)> {
        self.known("[trend]", &["delta", "k"], &effect.priors)?;
        let constant = match effect.priors.get("k") {
            None => Vec::new(),
            prior => self.coefficients("k".into(), "", prior, ("Normal", &[("sigma", 0.05)]))?,
        };
        self.coords.others.push(("changepoint".into(), trend::names(effect.changepoints)));
        let (prior, default) = (effect.priors.get("delta"), ("Laplace", &[("b", 0.25)][..]));
        Ok((constant, self.coefficients("delta".into(), "changepoint", prior, default)?))
    }

    fn coefficients(
        &mut self,
        name: String,
        dim: &str,
        prior: Option<&Prior>,
        default: Default<'_>,
    ) -> Result<Vec<usize>> {
        let (stored, channels, domain) = (dim.to_owned(), Vec::new(), Support::Real);
        let slot = Slot { name, dim, stored, channels, domain, default, data_dominated: false };
        self.add(slot, prior)
    }
}
