//! From the model file and its panels to a model: families looked up, priors resolved and checked.

use super::array::Place;
use super::curved::Unplaced;
use super::effect::{Column, Distances, Part, fourier};
use super::layout::{Layout, settled};
use super::likelihood::Likelihood;
use super::linear::Unsettled;
use super::parameters::Builder;
use super::transforms::Placed;
use super::{Carryover, Channel, Coords, Curve, Model, Series, Structure};
use super::{cost, lift};
use crate::config::{ModelFile, Spanned};
use crate::data::{Note, Panel};
use crate::error::{Error, Result, suggest};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A model and what was noticed while it was built.
#[derive(Debug)]
pub struct Built {
    /// The model.
    pub model: Model,
    /// For people.
    pub notes: Vec<Note>,
}

/// A model of one series or of several.
#[derive(Debug)]
pub struct Pool {
    /// The model as each of its series sees it.
    pub series: Vec<Model>,
    /// For people.
    pub notes: Vec<Note>,
}

/// Builds the model of one panel that is no series of a pooled model. An error that points into the
/// model file concerns every panel; one that does not, this panel alone.
pub fn build(file: &ModelFile, panel: &Panel) -> Result<Built> {
    if !panel.labels.is_empty() {
        return Err(Error::bug(format!("{} is one series of several", panel.name())));
    }
    let Pool { mut series, notes } = pool(file, std::slice::from_ref(panel))?;
    let model = series.pop().ok_or_else(|| Error::bug("a model without a series"))?;
    Ok(Built { model, notes })
}

/// Builds the model of the panels of one key: its series. Errors are as those of [`build`].
pub fn pool(file: &ModelFile, panels: &[Panel]) -> Result<Pool> {
    let labels = file.lift_tests.iter().map(|test| &test.labels);
    for labels in labels.chain(file.costs_per_target.iter().map(|cost| &cost.labels)) {
        lift::known_series(file, labels, panels)?;
    }
    let likelihood = lookup(
        file,
        "likelihood",
        &file.likelihood.distribution,
        Likelihood::named,
        Likelihood::names(),
    )?;
    let coords = coords(file, panels)?;
    let mut builder =
        Builder { file, panels, coords, layout: Layout::default(), notes: Vec::new() };

    let intercept = builder.intercept()?;
    let mut effects = Unplaced::default();
    if let Some(varies) = &file.varying_intercept {
        let name = "intercept_latent_process_raw";
        let process = builder.process(name, "time_varying.intercept", varies)?;
        effects.intercept = Some((Place::alone(&intercept), process));
    }
    let adstocks = builder.adstocks()?;
    let saturations = builder.saturations()?;
    let curves_of = |series: usize| {
        let curve = |(curve, places): &Placed<Curve>| Curve {
            slots: places.iter().map(|place| builder.slot(place, series)).collect(),
            ..curve.clone()
        };
        saturations.iter().map(curve).collect()
    };
    let curves: Vec<Vec<Curve>> = (0..panels.len()).map(curves_of).collect();
    let roas = builder.roas(&curves)?;
    if let Some(varies) = &file.varying_media {
        let name = "media_temporal_latent_multiplier_raw";
        effects.media = Some(builder.process(name, "time_varying.media", varies)?);
    }
    let linear = builder.linear()?;
    effects.bumps = builder.events()?;
    let noise = builder.likelihood(likelihood)?;
    builder.unused_priors()?;
    builder.few_rows();
    let dim = builder.layout.dim();
    let hierarchical = builder.layout.settle();
    let layout = Arc::new(std::mem::take(&mut builder.layout));
    let ones = |panel: &Panel| vec![1.0; panel.dates.len()];
    let constant = effects.intercept.is_none().then(|| Unsettled {
        place: Place::alone(&intercept),
        part: Part::Baseline,
        values: panels.iter().map(ones).collect(),
    });
    let linear: Vec<Unsettled> = constant.into_iter().chain(linear).collect();
    let clock: BTreeSet<Date> = panels.iter().flat_map(training).copied().collect();
    let clock: Vec<Date> = clock.into_iter().collect();
    let (mut lifts, mut costs) = (Vec::new(), Vec::new());
    for panel in panels {
        lifts.push(lift::read(file, panel).map_err(|error| named(panel, error))?);
        costs.push(cost::read(file, panel).map_err(|error| named(panel, error))?);
    }
    // What calibrates any series is in the structure of all: they share kernels.
    let lifted: BTreeSet<usize> = lifts.iter().flatten().map(|lift| lift.channel).collect();
    let costed: BTreeSet<usize> = costs.iter().flatten().map(|cost| cost.channel).collect();

    let joint = roas.iter().flatten().any(|roas| !roas.first);

    let mut series = Vec::with_capacity(panels.len());
    for (s, panel) in panels.iter().enumerate() {
        let slot = |place: &Place| settled(builder.slot(place, s), dim);
        let slots = |places: &[Place]| places.iter().map(slot).collect::<Vec<_>>();
        let mut numbers = Series::new(panel);
        let curved = effects.of(slot);
        numbers.curved = Distances::new(&curved, effects.days(s), &panel.dates, &clock);
        let column = |column: &Unsettled| Column {
            element: slot(&column.place),
            part: column.part,
            values: column.values[s].clone(),
        };
        numbers.columns = linear.iter().map(column).collect();
        let lower = lower_bound(file, panel, likelihood, &numbers);
        let lower = lower.map_err(|error| named(panel, error))?;
        let channel =
            |((adstock, its), (saturation, own)): (&Placed<Carryover>, &Placed<Curve>)| Channel {
                adstock: Carryover { slots: slots(its), ..adstock.clone() },
                saturation: Curve { slots: slots(own), ..saturation.clone() },
            };
        let structure = Structure {
            lifts: lifted.iter().copied().collect(),
            costs: costed.iter().copied().collect(),
            curved,
            roas: roas[s].iter().map(|roas| roas.channel).collect(),
            joint,
            adstock_first: file.adstock_first,
            channels: adstocks.iter().zip(&saturations).map(channel).collect(),
            likelihood,
            likelihood_slots: noise.iter().map(|array| slot(&Place::alone(array))).collect(),
            dim,
            n_values: layout.n_values(),
            hierarchical,
        };
        series.push(Model {
            key: panel.key.clone(),
            labels: panel.labels.clone(),
            structure,
            layout: Arc::clone(&layout),
            coords: builder.coords.clone(),
            lower,
            series: numbers,
            lifts: std::mem::take(&mut lifts[s]),
            costs: std::mem::take(&mut costs[s]),
            roas: roas[s].clone(),
        });
    }
    Ok(Pool { series, notes: builder.notes })
}

/// The training dates of a panel.
fn training(panel: &Panel) -> &[Date] {
    &panel.dates[..panel.n_train]
}

/// An error about a series, with its labels.
fn named(panel: &Panel, error: Error) -> Error {
    match panel.labels.is_empty() {
        true => error,
        false => error.context(panel.labels.join("/")),
    }
}

/// The labels of all dims; those of the series are sorted.
fn coords(file: &ModelFile, panels: &[Panel]) -> Result<Coords> {
    let first = panels.first().ok_or_else(|| Error::bug("a model without a panel"))?;
    let dims: Vec<String> = file.data.dims.iter().map(|dim| dim.value.clone()).collect();
    let labels = |(d, dim): (usize, &String)| {
        let labels: BTreeSet<&String> = panels.iter().map(|panel| &panel.labels[d]).collect();
        (dim.clone(), labels.into_iter().cloned().collect())
    };
    Ok(Coords {
        channel: first.channels.clone(),
        control: first.controls.clone(),
        fourier_mode: fourier::names(file.yearly_seasonality),
        others: dims.iter().enumerate().map(labels).collect(),
        dims,
    })
}

/// The family of a name, or an error that lists them all.
pub(super) fn lookup<T>(
    file: &ModelFile,
    kind: &str,
    name: &Spanned<String>,
    named: impl Fn(&str) -> Option<T>,
    names: impl Iterator<Item = &'static str>,
) -> Result<T> {
    named(name).ok_or_else(|| {
        let names: Vec<_> = names.collect();
        let error = file.error(name.span.clone(), format!("unknown {kind} `{}`", **name));
        match suggest(name, names.iter().copied()) {
            Some(near) => {
                error.help(format!("did you mean `{near}`? there are: {}", names.join(", ")))
            }
            None => error.help(format!("there are: {}", names.join(", "))),
        }
    })
}

/// The truncation bound. Every training target has to lie where the likelihood has mass.
fn lower_bound(
    file: &ModelFile,
    panel: &Panel,
    likelihood: Likelihood,
    series: &Series,
) -> Result<f64> {
    let (name, truncated) = (likelihood.family().name, likelihood.truncated());
    if !truncated && file.likelihood.lower.is_some() {
        return Err(file
            .error(
                file.likelihood.distribution.span.clone(),
                format!("`lower` has no meaning for a {name} likelihood"),
            )
            .help("remove it, or use distribution = \"TruncatedNormal\""));
    }
    let lower = file.likelihood.lower.unwrap_or(0.0);
    let (least, _) = likelihood.support(lower).bounds();
    let outside = |y: &f64| *y < least || *y == least && !truncated;
    let Some(t) = series.target[..series.n_train].iter().position(outside) else {
        return Ok(lower);
    };
    let (target, date) = (panel.target[t], panel.dates[t]);
    Err(if truncated {
        Error::input(format!(
            "target {target} on {date} is below the likelihood's lower bound of {lower} (scaled)"
        ))
        .help("use distribution = \"Normal\", or a smaller `lower`")
    } else {
        Error::input(format!(
            "target {target} on {date} is not above {least} (scaled), as a {name} likelihood needs"
        ))
        .help("use distribution = \"Normal\" or \"TruncatedNormal\"")
    })
}
