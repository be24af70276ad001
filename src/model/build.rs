//! From the model file and a panel to a model: families looked up, priors resolved and checked.

use super::adstock::{self, Adstock};
use super::effect::{Column, fourier};
use super::family::{self, Family};
use super::layout::{Element, Layout, Parameter};
use super::likelihood::Likelihood;
use super::prior::Distribution;
use super::saturation::Saturation;
use super::{Channel, Coords, Model, Series, Structure};
use crate::config::{Arg, ModelFile, Prior, Priors, Spanned};
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
    let adstock = lookup(file, "adstock", &file.adstock.family, Adstock::named, Adstock::names())?;
    let saturation = lookup(
        file,
        "saturation",
        &file.saturation.family,
        Saturation::named,
        Saturation::names(),
    )?;
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
    };
    let mut builder =
        Builder { file, panel, coords: &coords, layout: Layout::default(), notes: Vec::new() };

    let intercept = builder.intercept()?;
    let adstock_slots = builder.family("adstock", adstock.family(), &file.adstock.priors)?;
    let saturation_slots =
        builder.family("saturation", saturation.family(), &file.saturation.priors)?;
    let controls = builder.linear("gamma_control", "control", ("Normal", &[("sigma", 2.0)]))?;
    let seasons = builder.linear("gamma_fourier", "fourier_mode", ("Laplace", &[("b", 1.0)]))?;
    let likelihood_slots = builder.likelihood(likelihood)?;
    builder.unused_priors()?;
    builder.few_rows();
    let Builder { layout, notes, .. } = builder;

    let mut series = Series::new(panel);
    let (control, season) = Series::design(panel, file.yearly_seasonality);
    let ones = vec![1.0; series.n_dates()];
    series.columns = std::iter::once((intercept, ones))
        .chain(controls.into_iter().zip(control))
        .chain(seasons.into_iter().zip(season))
        .map(|(element, values)| Column { element, values })
        .collect();

    let lower = lower_bound(file, panel, likelihood, &series)?;
    let n_weights = adstock.n_weights(file.adstock.l_max);
    let structure = Structure {
        adstock,
        n_weights,
        normalize: file.adstock.normalize,
        shift: adstock::shift(file.adstock.mode, n_weights),
        saturation,
        adstock_first: file.adstock_first,
        channels: adstock_slots
            .into_iter()
            .zip(saturation_slots)
            .map(|(adstock, saturation)| Channel { adstock, saturation })
            .collect(),
        likelihood,
        likelihood_slots,
        dim: layout.dim(),
    };
    let model = Model { key: panel.key.clone(), structure, layout, coords, lower, series };
    Ok(Built { model, notes })
}

/// The family of a name, or an error that lists them all.
fn lookup<T>(
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

/// The truncation bound; every training target has to lie above it.
fn lower_bound(
    file: &ModelFile,
    panel: &Panel,
    likelihood: Likelihood,
    series: &Series,
) -> Result<f64> {
    if !likelihood.truncated() {
        return match file.likelihood.lower {
            None => Ok(0.0),
            Some(_) => Err(file
                .error(
                    file.likelihood.distribution.span.clone(),
                    format!("`lower` has no meaning for a {} likelihood", likelihood.family().name),
                )
                .help("remove it, or use distribution = \"TruncatedNormal\"")),
        };
    }
    let lower = file.likelihood.lower.unwrap_or(0.0);
    match series.target[..series.n_train].iter().position(|&y| y < lower) {
        None => Ok(lower),
        Some(t) => Err(Error::input(format!(
            "target {} on {} is below the likelihood's lower bound of {lower} (scaled)",
            panel.target[t], panel.dates[t]
        ))
        .help("use distribution = \"Normal\", or a smaller `lower`")),
    }
}

struct Builder<'a> {
    file: &'a ModelFile,
    panel: &'a Panel,
    coords: &'a Coords,
    layout: Layout,
    notes: Vec<Note>,
}

/// What is known of a parameter before its prior is read.
struct Slot<'a> {
    name: String,
    /// Dim it has by default; an empty text for a scalar.
    dim: &'static str,
    domain: family::Support,
    default: (&'static str, &'a [(&'static str, f64)]),
    data_dominated: bool,
}

impl Builder<'_> {
    fn intercept(&mut self) -> Result<usize> {
        let slot = Slot {
            name: "intercept_contribution".into(),
            dim: "",
            domain: family::Support::Real,
            default: ("Normal", &[("sigma", 2.0)]),
            data_dominated: false,
        };
        Ok(self.add(slot, self.file.priors.get("intercept"))?[0])
    }

    /// Elements of every parameter of a transform, per channel.
    fn family(
        &mut self,
        kind: &str,
        family: &'static Family,
        priors: &Priors,
    ) -> Result<Vec<Vec<usize>>> {
        self.known_priors(kind, family, priors)?;
        let mut slots = vec![Vec::new(); self.coords.channel.len()];
        for parameter in family.parameters {
            let slot = Slot {
                name: format!("{kind}_{}", parameter.name),
                dim: "channel",
                domain: parameter.domain,
                default: parameter.default,
                data_dominated: false,
            };
            let elements = self.add(slot, priors.get(parameter.name))?;
            for (slots, element) in slots.iter_mut().zip(elements) {
                slots.push(element);
            }
        }
        Ok(slots)
    }

    /// Elements of the coefficients of a linear effect, per column; none without columns.
    fn linear(
        &mut self,
        name: &str,
        dim: &'static str,
        default: (&'static str, &'static [(&'static str, f64)]),
    ) -> Result<Vec<usize>> {
        let prior = self.file.priors.get(name);
        if self.coords.of(dim).is_empty() {
            if prior.is_some() {
                let what = if dim == "control" { "controls" } else { "yearly seasonality" };
                self.note(format!("the prior of {name} is not used: the model has no {what}"));
            }
            return Ok(Vec::new());
        }
        let domain = family::Support::Real;
        self.add(Slot { name: name.into(), dim, domain, default, data_dominated: false }, prior)
    }

    fn likelihood(&mut self, likelihood: Likelihood) -> Result<Vec<usize>> {
        let (file, family) = (self.file, likelihood.family());
        self.known_priors("likelihood", family, &file.likelihood.priors)?;
        let mut slots = Vec::new();
        for parameter in family.parameters {
            let slot = Slot {
                name: format!("y_{}", parameter.name),
                dim: "",
                domain: parameter.domain,
                default: parameter.default,
                data_dominated: true,
            };
            slots.push(self.add(slot, file.likelihood.priors.get(parameter.name))?[0]);
        }
        Ok(slots)
    }

    /// Adds a parameter and returns the element of each label of its default dim (one shared
    /// element, repeated, when its prior is a scalar).
    fn add(&mut self, slot: Slot<'_>, prior: Option<&Prior>) -> Result<Vec<usize>> {
        let labels = self.coords.of(slot.dim).len();
        let offset = self.layout.dim();
        let (scalar, elements) = match prior {
            None => {
                let len = if slot.dim.is_empty() { 1 } else { labels };
                (slot.dim.is_empty(), vec![default_element(&slot); len])
            }
            Some(prior) => {
                let scalar = self.is_scalar(&slot, prior)?;
                let len = if scalar { 1 } else { labels };
                (scalar, self.elements(&slot, prior, len)?)
            }
        };
        self.layout.parameters.push(Parameter {
            name: slot.name,
            dims: if scalar { Vec::new() } else { vec![slot.dim.into()] },
            offset,
            len: elements.len(),
        });
        self.layout.elements.extend(elements);
        Ok((0..labels.max(1)).map(|k| if scalar { offset } else { offset + k }).collect())
    }

    /// Whether a prior is written without dims; other dims than the parameter's are refused.
    fn is_scalar(&self, slot: &Slot<'_>, prior: &Prior) -> Result<bool> {
        match prior.dims.as_deref() {
            None | Some([]) => Ok(true),
            Some([dim]) if dim == slot.dim => Ok(false),
            Some(dims) => {
                let message = format!("{} cannot have dims {dims:?}", slot.name);
                let allowed = match slot.dim {
                    "" => "leave `dims` out: it is a scalar".to_owned(),
                    dim => format!("allowed: dims = [\"{dim}\"], or none for one shared value"),
                };
                Err(self.file.error(prior.span.clone(), message).help(allowed))
            }
        }
    }

    /// The elements of a prior: its arguments checked and spread over `len` labels.
    fn elements(&self, slot: &Slot<'_>, prior: &Prior, len: usize) -> Result<Vec<Element>> {
        let distribution = lookup(
            self.file,
            "distribution",
            &prior.distribution,
            Distribution::named,
            Distribution::names(),
        )?;
        let which = self.signature(distribution, prior)?;
        let arguments = distribution.family().signatures[which];
        let mut columns = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let values = match prior.args.get(argument.name) {
                Some(given) => {
                    let values = self.spread(slot, argument.name, given, len)?;
                    let (lower, upper) = argument.domain.bounds();
                    if let Some(bad) = values.iter().find(|&&v| !(v > lower && v < upper)) {
                        let message = format!(
                            "{} of {} must be {}, not {bad}",
                            argument.name, prior.distribution.value, argument.domain
                        );
                        return Err(self.file.error(given.span.clone(), message));
                    }
                    values
                }
                // `signature` made sure that what is missing has a default.
                None => vec![argument.default.unwrap_or_default(); len],
            };
            columns.push(values);
        }
        (0..len)
            .map(|k| {
                let given: Vec<f64> = columns.iter().map(|values| values[k]).collect();
                let element = Element {
                    distribution,
                    arguments: distribution
                        .canonical(which, &given)
                        .map_err(|message| self.file.error(prior.span.clone(), message))?,
                    data_dominated: slot.data_dominated,
                };
                let support = distribution.support(&element.arguments);
                if !support.within(slot.domain) {
                    let message = format!(
                        "{} must be {}, but this {} prior reaches beyond",
                        slot.name, slot.domain, prior.distribution.value
                    );
                    return Err(self.file.error(prior.span.clone(), message));
                }
                Ok(element)
            })
            .collect()
    }

    /// Which of the distribution's parametrisations the arguments belong to.
    fn signature(&self, distribution: Distribution, prior: &Prior) -> Result<usize> {
        let entry = distribution.family();
        let fits = |signature: &[super::prior::Argument]| {
            let known = |name: &str| signature.iter().any(|argument| argument.name == name);
            let given = |name: &str| prior.args.contains_key(name);
            prior.args.keys().all(|name| known(name))
                && signature.iter().all(|a| a.default.is_some() || given(a.name))
        };
        entry.signatures.iter().position(|signature| fits(signature)).ok_or_else(|| {
            let forms: Vec<String> = entry
                .signatures
                .iter()
                .map(|signature| {
                    let names: Vec<_> = signature.iter().map(|argument| argument.name).collect();
                    format!("{}({})", entry.name, names.join(", "))
                })
                .collect();
            let given: Vec<_> = prior.args.keys().map(String::as_str).collect();
            let message = match given.as_slice() {
                [] => format!("{} needs arguments", entry.name),
                given => format!("{} does not take just ({})", entry.name, given.join(", ")),
            };
            self.file.error(prior.span.clone(), message).help(format!("use {}", forms.join(" or ")))
        })
    }

    /// One value per label.
    fn spread(
        &self,
        slot: &Slot<'_>,
        argument: &str,
        given: &Spanned<Arg>,
        len: usize,
    ) -> Result<Vec<f64>> {
        match &given.value {
            Arg::Number(value) => Ok(vec![*value; len]),
            Arg::Array(values) if values.len() == len => Ok(values.clone()),
            Arg::Array(values) => {
                let message =
                    format!("{argument} has {} values, {} has {len}", values.len(), slot.name);
                Err(self.file.error(given.span.clone(), message))
            }
            Arg::SpendShare if slot.dim == "channel" && len == self.coords.channel.len() => {
                self.spend_share()
            }
            Arg::SpendShare => Err(self
                .file
                .error(given.span.clone(), "spend_share needs a parameter per channel")
                .help("add dims = [\"channel\"] to this prior")),
            Arg::Prior(_) => Err(self
                .file
                .error(given.span.clone(), "hierarchical priors are not supported yet")),
        }
    }

    /// Each channel's share of the spend on the training rows.
    fn spend_share(&self) -> Result<Vec<f64>> {
        let panel = self.panel;
        let spend = |c: usize| panel.spend.column(c).iter().take(panel.n_train).sum::<f64>();
        let spends: Vec<f64> = (0..panel.channels.len()).map(spend).collect();
        let total: f64 = spends.iter().sum();
        match spends.iter().position(|&spend| spend <= 0.0) {
            None => Ok(spends.iter().map(|spend| spend / total).collect()),
            Some(c) => Err(Error::input(format!(
                "{} has no spend on the training rows, so its spend_share is 0",
                panel.channels[c]
            ))
            .help("drop the channel, or give its prior a number")),
        }
    }

    /// Refuses priors of parameters that the family does not have.
    fn known_priors(&self, kind: &str, family: &Family, priors: &Priors) -> Result<()> {
        let known = || family.parameters.iter().map(|parameter| parameter.name);
        for (name, prior) in priors {
            if known().any(|known| known == name) {
                continue;
            }
            let message = format!("{} {kind} has no parameter `{name}`", family.name);
            let names: Vec<_> = known().collect();
            let help = match names.as_slice() {
                [] => "it has no parameters".to_owned(),
                names => format!("it has: {}", names.join(", ")),
            };
            return Err(self.file.error(prior.span.clone(), message).help(help));
        }
        Ok(())
    }

    /// Refuses names in `[priors]` that no model has.
    fn unused_priors(&self) -> Result<()> {
        const KNOWN: [&str; 3] = ["intercept", "gamma_control", "gamma_fourier"];
        for (name, prior) in &self.file.priors {
            if KNOWN.contains(&name.as_str()) {
                continue;
            }
            let message = format!("unknown prior `{name}`");
            let mut help = format!("[priors] takes {}", KNOWN.join(", "));
            if let Some(near) = suggest(name, KNOWN) {
                help = format!("did you mean `{near}`? {help}");
            }
            for (prefix, section) in [("adstock_", "adstock"), ("saturation_", "saturation")] {
                if let Some(short) = name.strip_prefix(prefix) {
                    help = format!("write it as `{short}` in [{section}.priors]");
                }
            }
            return Err(self.file.error(prior.span.clone(), message).help(help));
        }
        Ok(())
    }

    fn few_rows(&mut self) {
        let (rows, parameters) = (self.panel.n_train, self.layout.dim());
        if rows < parameters {
            self.note(format!(
                "{rows} training rows for {parameters} parameters: expect the priors to decide much"
            ));
        }
    }

    fn note(&mut self, text: String) {
        self.notes.push(Note { panel: Some(self.panel.key.clone()), text });
    }
}

/// The element of a parameter whose prior is left out.
fn default_element(slot: &Slot<'_>) -> Element {
    let (name, given) = slot.default;
    let distribution = Distribution::named(name).expect("defaults are in the table");
    let value = |argument: &super::prior::Argument| {
        let given = given.iter().find(|(name, _)| *name == argument.name);
        given.map(|(_, value)| *value).or(argument.default).expect("defaults are complete")
    };
    Element {
        distribution,
        arguments: distribution.family().signatures[0].iter().map(value).collect(),
        data_dominated: slot.data_dominated,
    }
}
