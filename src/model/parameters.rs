//! The parameters of a model: priors of the model file resolved, checked and laid out, parents before
//! those that depend on them.

use super::Coords;
use super::array::{Array, Axis, Place, index, size, stored};
use super::build::lookup;
use super::family::{self, Family};
use super::layout::{
    Arguments, Derived, Element, Form, Layout, Operand, Parameter, Role, UNSETTLED, numbers,
};
use super::likelihood::Likelihood;
use super::prior::Distribution;
use crate::config::{Arg, ModelFile, Prior, Priors, Spanned};
use crate::data::{Note, Panel};
use crate::error::{Error, Result, suggest};

/// Adds one parameter after the other to a layout.
pub(super) struct Builder<'a> {
    pub file: &'a ModelFile,
    /// The model's series.
    pub panels: &'a [Panel],
    pub coords: Coords,
    pub layout: Layout,
    pub notes: Vec<Note>,
}

/// A distribution, and which of its parametrisations.
pub(super) type Which = (Distribution, usize);

/// An argument's operands, one per value of the parameter.
pub(super) type Column = Vec<Operand>;

/// A distribution with its arguments, where the model file gives no prior.
pub(super) type Default<'a> = (&'static str, &'a [(&'static str, f64)]);

/// What is known of a parameter before its prior is read.
#[derive(Clone)]
pub(super) struct Slot<'a> {
    pub name: String,
    /// Dims it may vary over.
    pub axes: Vec<Axis>,
    /// Whether, its prior left out, it is one for all series.
    pub shared: bool,
    /// Indices of the channels it is of, for one over channels.
    pub channels: Vec<usize>,
    pub domain: family::Support,
    pub default: Default<'a>,
    pub data_dominated: bool,
}

impl<'a> Builder<'a> {
    /// The intercept, or the level that it varies around.
    pub fn intercept(&mut self) -> Result<Array> {
        let varies = self.file.varying_intercept.is_some();
        let slot = Slot {
            name: if varies { "intercept_baseline" } else { "intercept_contribution" }.into(),
            axes: self.dims(),
            shared: false,
            channels: Vec::new(),
            domain: family::Support::Real,
            default: ("Normal", &[("sigma", 2.0)]),
            data_dominated: false,
        };
        self.add(slot, self.file.priors.get("intercept"))
    }

    pub fn likelihood(&mut self, likelihood: Likelihood) -> Result<Vec<Array>> {
        let (file, family) = (self.file, likelihood.family());
        self.known_priors("likelihood", family, &file.likelihood.priors)?;
        let mut slots = Vec::new();
        for parameter in family.parameters {
            let slot = Slot {
                name: format!("y_{}", parameter.name),
                axes: self.dims(),
                shared: false,
                channels: Vec::new(),
                domain: parameter.domain,
                default: parameter.default,
                data_dominated: true,
            };
            slots.push(self.add(slot, file.likelihood.priors.get(parameter.name))?);
        }
        Ok(slots)
    }

    /// The dims of the series.
    pub fn dims(&self) -> Vec<Axis> {
        let axis = |dim: &String| Axis::new(dim, self.coords.of(dim).len());
        self.coords.dims.iter().map(axis).collect()
    }

    /// The slot of a number for a series.
    pub fn slot(&self, own: &Place, series: usize) -> usize {
        let label = |dim: &str| {
            let d = self.coords.dims.iter().position(|known| known == dim)?;
            let label = &self.panels[series].labels[d];
            self.coords.of(dim).iter().position(|known| known == label)
        };
        own.array.slot(|dim| label(dim).unwrap_or(own.at))
    }

    /// Adds a parameter; where its values stand.
    pub fn add(&mut self, slot: Slot<'_>, prior: Option<&Prior>) -> Result<Array> {
        let Some(prior) = prior else {
            let axes = self.default_axes(&slot);
            let elements = vec![default_element(&slot); size(&axes)];
            let first = self.push(slot.name, stored(&axes), Role::Sampled, elements);
            return Ok(Array { first, axes });
        };
        let axes = self.axes(&slot, prior)?;
        let first = self.prior(&slot, prior, &axes)?;
        Ok(Array { first, axes })
    }

    /// The dims of a parameter whose prior is left out.
    pub fn default_axes(&self, slot: &Slot<'_>) -> Vec<Axis> {
        let kept = |axis: &&Axis| !(slot.shared && self.coords.dims.contains(&axis.name));
        slot.axes.iter().filter(kept).cloned().collect()
    }

    /// Adds a run of elements as a parameter; the index of the first.
    pub fn push(
        &mut self,
        name: String,
        dims: Vec<String>,
        role: Role,
        elements: Vec<Element>,
    ) -> usize {
        let (offset, len) = (self.layout.dim(), elements.len());
        self.layout.parameters.push(Parameter { name, dims, offset, len, role });
        self.layout.elements.extend(elements);
        offset
    }

    /// Adds a parameter with this prior, after the parameters that the prior depends on; the slot
    /// of its first value.
    fn prior(&mut self, slot: &Slot<'_>, prior: &Prior, axes: &[Axis]) -> Result<usize> {
        let (which, columns) = self.arguments(slot, prior, axes)?;
        if !prior.centered {
            return self.offsets(slot, prior, which, &columns, axes);
        }
        let elements = self.elements(slot, prior, which, &columns, size(axes))?;
        Ok(self.push(slot.name.clone(), stored(axes), Role::Sampled, elements))
    }

    /// The distribution of a prior, which of its parametrisations it is in, and the operands of each
    /// argument, one per value along `axes`.
    pub fn arguments(
        &mut self,
        slot: &Slot<'_>,
        prior: &Prior,
        axes: &[Axis],
    ) -> Result<(Which, Vec<Column>)> {
        let distribution = self.distribution(prior)?;
        let signature = self.signature(distribution, prior)?;
        let names = distribution.family().signatures[signature];
        let mut columns = Vec::with_capacity(names.len());
        for argument in names {
            columns.push(self.argument(slot, prior, argument, axes)?);
        }
        Ok(((distribution, signature), columns))
    }

    /// The elements of a prior, one per value.
    pub fn elements(
        &self,
        slot: &Slot<'_>,
        prior: &Prior,
        which: Which,
        columns: &[Column],
        len: usize,
    ) -> Result<Vec<Element>> {
        let operands = |k: usize| columns.iter().map(|column| column[k]).collect();
        (0..len).map(|k| self.element(slot, prior, which, operands(k))).collect()
    }

    /// One operand per value along `axes`: an argument of a prior, checked; a prior in its place
    /// becomes a parameter of its own, whose dims are some of these.
    fn argument(
        &mut self,
        slot: &Slot<'_>,
        prior: &Prior,
        argument: &super::prior::Argument,
        axes: &[Axis],
    ) -> Result<Vec<Operand>> {
        let constants = |values: Vec<f64>| values.into_iter().map(Operand::Constant).collect();
        let Some(given) = prior.args.get(argument.name) else {
            // `signature` made sure that what is missing has a default.
            return Ok(constants(vec![argument.default.unwrap_or_default(); size(axes)]));
        };
        if let Arg::Prior(inner) = &given.value {
            if argument.is_bound() {
                let message =
                    format!("{} of {} must be a number", argument.name, prior.distribution.value);
                return Err(self.file.error(given.span.clone(), message));
            }
            let inner_slot = Slot {
                name: format!("{}_{}", slot.name, argument.name),
                axes: axes.to_vec(),
                domain: argument.domain,
                data_dominated: false,
                ..slot.clone()
            };
            let array = self.add(inner_slot, Some(inner))?;
            let slot = |at: usize| array.slot(|name| index(axes, at, name));
            return Ok((0..size(axes)).map(|at| Operand::Value(slot(at))).collect());
        }
        let values = self.spread(slot, argument.name, given, axes)?;
        let (lower, upper) = argument.domain.bounds();
        match values.iter().find(|&&v| !(v > lower && v < upper)) {
            None => Ok(constants(values)),
            Some(bad) => {
                let message = format!(
                    "{} of {} must be {}, not {bad}",
                    argument.name, prior.distribution.value, argument.domain
                );
                Err(self.file.error(given.span.clone(), message))
            }
        }
    }

    /// An element with this prior.
    fn element(
        &self,
        slot: &Slot<'_>,
        prior: &Prior,
        (distribution, signature): Which,
        operands: Vec<Operand>,
    ) -> Result<Element> {
        let arguments = match numbers(&operands) {
            Some(given) => Arguments::Fixed(
                distribution
                    .canonical(signature, &given)
                    .map_err(|message| self.file.error(prior.span.clone(), message))?,
            ),
            None => Arguments::Nested { signature, operands },
        };
        let data_dominated = slot.data_dominated;
        let element =
            Element { distribution, arguments, data_dominated, derived: None, implied: false };
        let support = element.support();
        let (lower, upper) = support.bounds();
        if lower >= upper {
            let message = format!("lower ({lower}) must be below upper ({upper})");
            return Err(self.file.error(prior.span.clone(), message));
        }
        self.within(slot, prior, support)?;
        Ok(element)
    }

    /// Refuses a prior that reaches beyond the parameter's domain.
    fn within(&self, slot: &Slot<'_>, prior: &Prior, support: family::Support) -> Result<()> {
        if support.within(slot.domain) {
            return Ok(());
        }
        let message = format!(
            "{} must be {}, but this {} prior reaches beyond",
            slot.name, slot.domain, prior.distribution.value
        );
        Err(self.file.error(prior.span.clone(), message))
    }

    /// Adds the offsets of a non-centred parameter and the parameter made of them.
    fn offsets(
        &mut self,
        slot: &Slot<'_>,
        prior: &Prior,
        (distribution, signature): Which,
        columns: &[Column],
        axes: &[Axis],
    ) -> Result<usize> {
        let zero_one = [Operand::Constant(0.0), Operand::Constant(1.0)];
        let (form, suffix, support) = match (distribution, signature) {
            (Distribution::Normal | Distribution::StudentT, _) => {
                (Form::Linear, "offset", family::Support::Real)
            }
            (Distribution::LogNormal, 1) => {
                (Form::LogNormal, "log_offset", family::Support::POSITIVE)
            }
            _ => {
                let message = format!("a {} prior has no offsets", prior.distribution.value);
                return Err(self.file.error(prior.span.clone(), message).help(
                    "centered = false is for Normal, StudentT, and LogNormal by mean and std",
                ));
            }
        };
        self.within(slot, prior, support)?;
        // Location and scale come last; before them is what shapes the offsets.
        let (shape, operands) = columns.split_at(columns.len() - 2);
        let made = self.layout.elements.iter().filter(|e| e.derived.is_some()).count() + UNSETTLED;
        let offset_of = if distribution == Distribution::LogNormal {
            (Distribution::Normal, 0)
        } else {
            (distribution, signature)
        };
        let real = Slot { domain: family::Support::Real, ..slot.clone() };
        let (dims, len) = (stored(axes), size(axes));
        let mut elements = Vec::with_capacity(len);
        for k in 0..len {
            let shape = shape.iter().map(|column| column[k]);
            let mut element =
                self.element(&real, prior, offset_of, shape.chain(zero_one).collect())?;
            element.derived =
                Some(Derived { form, operands: [operands[0][k], operands[1][k]], value: made + k });
            elements.push(element);
        }
        self.push(format!("{}_{suffix}", slot.name), dims.clone(), Role::Offset, elements);
        self.layout.parameters.push(Parameter {
            name: slot.name.clone(),
            dims,
            offset: made,
            len,
            role: Role::Derived,
        });
        Ok(made)
    }

    /// The axes of a prior: none where it is written without dims; other dims than the parameter may
    /// have are refused.
    pub fn axes(&self, slot: &Slot<'_>, prior: &Prior) -> Result<Vec<Axis>> {
        let dims = prior.dims.as_deref().unwrap_or_default();
        let axis = |dim: &String| slot.axes.iter().find(|axis| axis.name == *dim).cloned();
        dims.iter().map(axis).collect::<Option<_>>().ok_or_else(|| {
            let message = format!("{} cannot have dims {dims:?}", slot.name);
            let names: Vec<_> = slot.axes.iter().map(|axis| axis.name.as_str()).collect();
            let allowed = match &names[..] {
                [] => "leave `dims` out: it is a scalar".to_owned(),
                [dim] => format!("allowed: dims = [\"{dim}\"], or none for one shared value"),
                names => format!("allowed: any of {names:?}, or none for one shared value"),
            };
            self.file.error(prior.span.clone(), message).help(allowed)
        })
    }

    /// The distribution of a prior.
    fn distribution(&self, prior: &Prior) -> Result<Distribution> {
        let (named, names) = (Distribution::named, Distribution::names());
        lookup(self.file, "distribution", &prior.distribution, named, names)
    }

    /// Which of the distribution's parametrisations the arguments belong to.
    fn signature(&self, distribution: Distribution, prior: &Prior) -> Result<usize> {
        let entry = distribution.family();
        entry.signature(prior.args.keys().map(String::as_str)).ok_or_else(|| {
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

    /// One number per value along `axes`; a list may be along the last of them alone.
    fn spread(
        &self,
        slot: &Slot<'_>,
        argument: &str,
        given: &Spanned<Arg>,
        axes: &[Axis],
    ) -> Result<Vec<f64>> {
        let len = size(axes);
        let last = axes.last().map_or(1, |axis| axis.len);
        match &given.value {
            Arg::Number(value) => Ok(vec![*value; len]),
            Arg::Array(values) if [len, last].contains(&values.len()) => {
                Ok(values.iter().copied().cycle().take(len).collect())
            }
            Arg::Array(values) => {
                let message =
                    format!("{argument} has {} values, {} has {len}", values.len(), slot.name);
                Err(self.file.error(given.span.clone(), message))
            }
            Arg::SpendShare if axes.iter().any(|axis| axis.name == "channel") => {
                let shares = self.spend_share(&slot.channels)?;
                Ok((0..len).map(|at| shares[index(axes, at, "channel")]).collect())
            }
            Arg::SpendShare => Err(self
                .file
                .error(given.span.clone(), "spend_share needs a parameter per channel")
                .help("add dims = [\"channel\"] to this prior")),
            Arg::Prior(_) => Err(Error::bug("a nested prior has no numbers")),
        }
    }

    /// The share of each of some channels of the spend of all on the training rows of all series.
    fn spend_share(&self, channels: &[usize]) -> Result<Vec<f64>> {
        let spend = |c: usize| {
            let of = |panel: &Panel| panel.spend.column(c).iter().take(panel.n_train).sum::<f64>();
            self.panels.iter().map(of).sum::<f64>()
        };
        let spends: Vec<f64> = (0..self.coords.channel.len()).map(spend).collect();
        let total: f64 = spends.iter().sum();
        match channels.iter().find(|&&c| spends[c] <= 0.0) {
            None => Ok(channels.iter().map(|&c| spends[c] / total).collect()),
            Some(&c) => Err(Error::input(format!(
                "{} has no spend on the training rows, so its spend_share is 0",
                self.coords.channel[c]
            ))
            .help("drop the channel, or give its prior a number")),
        }
    }

    /// Refuses priors of parameters that the family does not have.
    pub fn known_priors(&self, kind: &str, family: &Family, priors: &Priors) -> Result<()> {
        let known: Vec<_> = family.parameters.iter().map(|parameter| parameter.name).collect();
        self.known(&format!("{} {kind}", family.name), &known, priors)
    }

    /// Refuses priors of other parameters than these of `what`.
    pub fn known(&self, what: &str, known: &[&str], priors: &Priors) -> Result<()> {
        let Some((name, prior)) = priors.iter().find(|(name, _)| !known.contains(&name.as_str()))
        else {
            return Ok(());
        };
        let help = match known {
            [] => "it has no parameters".to_owned(),
            names => format!("it has: {}", names.join(", ")),
        };
        let message = format!("{what} has no parameter `{name}`");
        Err(self.file.error(prior.span.clone(), message).help(help))
    }

    /// Refuses names in `[priors]` that no model has.
    pub fn unused_priors(&self) -> Result<()> {
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

    pub fn few_rows(&mut self) {
        let rows: usize = self.panels.iter().map(|panel| panel.n_train).sum();
        let parameters = self.layout.dim();
        if rows < parameters {
            self.note(format!(
                "{rows} training rows for {parameters} parameters: expect the priors to decide much"
            ));
        }
    }

    pub fn note(&mut self, text: String) {
        let panel = self.panels.first().map(|panel| panel.key.clone());
        self.notes.push(Note { panel, text });
    }
}

/// The element of a parameter whose prior is left out.
pub(super) fn default_element(slot: &Slot<'_>) -> Element {
    let (name, given) = slot.default;
    let distribution = Distribution::named(name).expect("defaults are in the table");
    let entry = distribution.family();
    let which =
        entry.signature(given.iter().map(|(name, _)| *name)).expect("defaults are complete");
    let value = |argument: &super::prior::Argument| {
        let given = given.iter().find(|(name, _)| *name == argument.name);
        given.map_or_else(|| argument.default.unwrap_or_default(), |(_, value)| *value)
    };
    let arguments: Vec<f64> = entry.signatures[which].iter().map(value).collect();
    Element {
        distribution,
        arguments: Arguments::Fixed(
            distribution.canonical(which, &arguments).expect("defaults are in the domain"),
        ),
        data_dominated: slot.data_dominated,
        derived: None,
        implied: false,
    }
}
