//! From the model file and a panel to a model: families looked up, priors resolved and checked.

use super::effect::{Column, Curved, Distances, Part, fourier};
use super::layout::{Layout, settled};
use super::likelihood::Likelihood;
use super::linear::Unsettled;
use super::parameters::Builder;
use super::{Carryover, Channel, Coords, Curve, Model, Series, Structure};
use super::{cost, curved, lift};
use crate::config::{ModelFile, Spanned};
use crate::data::{Note, Panel};
use crate::error::{Error, Result, suggest};

/// A model and what was noticed while it was built.
#[derive(Debug)]
pub struct Built {
    /// The model.
    pub model: Model,
    /// For people.
    pub notes: Vec<Note>,
}

/// Builds the model of one panel. An error that points into the model file concerns every panel;
/// one that does not, this panel alone.
pub fn build(file: &ModelFile, panel: &Panel) -> Result<Built> {
    let likelihood = lookup(
        file,
        "likelihood",
        &file.likelihood.distribution,
        Likelihood::named,
        Likelihood::names(),
    )?;
    let coords = Coords {
        channel: panel.channels.clone(),
        control: panel.controls.clone(),
        fourier_mode: fourier::names(file.yearly_seasonality),
        others: Vec::new(),
    };
    let mut builder = Builder { file, panel, coords, layout: Layout::default(), notes: Vec::new() };

    let intercept = builder.intercept()?;
    let mut effects = Curved::default();
    if let Some(varies) = &file.varying_intercept {
        let name = "intercept_latent_process_raw";
        let process = builder.process(name, "time_varying.intercept", varies)?;
        effects.intercept = Some((intercept, process));
    }
    let adstocks = builder.adstocks()?;
    let saturations = builder.saturations()?;
    let roas = builder.roas(&saturations)?;
    if let Some(varies) = &file.varying_media {
        let name = "media_temporal_latent_multiplier_raw";
        effects.media = Some(builder.process(name, "time_varying.media", varies)?);
    }
    let linear = builder.linear()?;
    let (bumps, distances) = builder.events()?;
    effects.bumps = bumps;
    let numbers = Distances::new(&effects, distances, &panel.dates, panel.n_train);
    let likelihood_slots = builder.likelihood(likelihood)?;
    builder.unused_priors()?;
    builder.few_rows();
    let Builder { mut layout, notes, coords, .. } = builder;
    let dim = layout.dim();
    let hierarchical = layout.settle();
    let place = |slot: usize| settled(slot, dim);
    let places = |slots: Vec<usize>| slots.into_iter().map(place).collect::<Vec<_>>();

    curved::settle(&mut effects, dim);

    let mut series = Series::new(panel);
    series.curved = numbers;
    let ones = vec![1.0; series.n_dates()];
    let constant = effects.intercept.is_none().then_some(Unsettled {
        slot: intercept,
        part: Part::Baseline,
        values: ones,
    });
    let settle = |Unsettled { slot, part, values }| Column { element: place(slot), part, values };
    series.columns = constant.into_iter().chain(linear).map(settle).collect();

    let lower = lower_bound(file, panel, likelihood, &series)?;
    let channel = |(adstock, saturation): (Carryover, Curve)| Channel {
        adstock: Carryover { slots: places(adstock.slots), ..adstock },
        saturation: Curve { slots: places(saturation.slots), ..saturation },
    };
    let lifts = lift::read(file, panel)?;
    let costs = cost::read(file, panel)?;
    let structure = Structure {
        lifts: lifts.iter().map(|lift| lift.channel).collect(),
        costs: costs.iter().map(|cost| cost.channel).collect(),
        curved: effects,
        roas: roas.iter().map(|roas| roas.channel).collect(),
        adstock_first: file.adstock_first,
        channels: adstocks.into_iter().zip(saturations).map(channel).collect(),
        likelihood,
        likelihood_slots: places(likelihood_slots),
        dim,
        n_values: layout.n_values(),
        hierarchical,
    };
    let key = panel.key.clone();
    let model = Model { key, structure, layout, coords, lower, series, lifts, costs, roas };
    Ok(Built { model, notes })
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
