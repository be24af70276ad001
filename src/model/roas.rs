//! Priors of returns, as in Meridian: what is known of a channel's return on spend in place of its
//! coefficient. With the return R = Σ (target's scale) contribution / Σ spend over the training rows of all
//! series that have the coefficient beta, R is linear in beta: the density of R at fixed other parameters is
//! that of beta times dbeta/dR = beta/R. The prior adds ln p(R) + ln R − ln beta, and beta has none of its own.
//! On its coordinate, ln beta, the last term is what the Jacobian takes back. So series with coefficients of
//! their own have returns of their own, and those that share one have one together.

use rand::Rng;

use super::array::{Array, Place, size};
use super::family::Support;
use super::layout::{Arguments, UNSETTLED};
use super::parameters::{Builder, Slot};
use super::prior::Distribution;
use super::saturation::Saturation;
use super::{Curve, Model, simulate};
use crate::config::{Arg, Prior};
use crate::data::Panel;
use crate::error::{Error, Result, suggest};

/// The least return.
pub const LEAST: f64 = 1e-30;

/// The prior of a channel's return, as one of the series sees it that have the return together.
#[derive(Clone, Debug, PartialEq)]
pub struct Roas {
    /// Index of the channel.
    pub channel: usize,
    /// The element of its coefficient.
    pub element: usize,
    /// The distribution.
    pub distribution: Distribution,
    /// Its arguments.
    pub arguments: Vec<f64>,
    /// What a scaled contribution of 1 of this series adds to the return.
    pub factor: f64,
    /// The first of the series that have the return together, whose number stands for all of them.
    pub group: usize,
    /// Whether this is that series: the density is counted once.
    pub first: bool,
}

/// The parameter that a saturation is linear in.
fn coefficient(saturation: Saturation) -> Option<usize> {
    let name = match saturation {
        Saturation::Logistic
        | Saturation::InverseScaledLogistic
        | Saturation::TanhBaselined
        | Saturation::Hill
        | Saturation::Root
        | Saturation::None => "beta",
        Saturation::MichaelisMenten => "alpha",
        Saturation::HillSigmoid => "sigma",
        Saturation::Tanh => return None,
    };
    saturation.family().parameters.iter().position(|parameter| parameter.name == name)
}

impl Builder<'_> {
    /// The priors of returns of every series, given the saturations of its channels; the coefficients
    /// lose theirs.
    pub fn roas(&mut self, curves: &[Vec<Curve>]) -> Result<Vec<Vec<Roas>>> {
        let file = self.file;
        let mut found = vec![Vec::new(); self.panels.len()];
        for (name, prior) in &file.roas {
            self.roas_of(name, prior, curves, &mut found)?;
        }
        for roas in &mut found {
            roas.sort_by_key(|roas| roas.channel);
        }
        Ok(found)
    }

    fn roas_of(
        &mut self,
        name: &str,
        prior: &Prior,
        curves: &[Vec<Curve>],
        found: &mut [Vec<Roas>],
    ) -> Result<()> {
        let (file, channels) = (self.file, &self.coords.channel);
        let error = |message: String| file.error(prior.span.clone(), message);
        let Some(channel) = channels.iter().position(|channel| channel == name) else {
            let error = error(format!("unknown channel \"{name}\" in [roas.priors]"));
            return Err(match suggest(name, channels.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean \"{near}\"?")),
                None => error.help(format!("the channels are {}", channels.join(", "))),
            });
        };
        let saturation = curves[0][channel].family;
        let family = saturation.family();
        let Some(at) = coefficient(saturation) else {
            let message =
                format!("{} saturation has no coefficient that returns grow with", family.name);
            return Err(error(message).help("choose another saturation for this channel"));
        };
        let parameter = family.parameters[at].name;
        let elements: Vec<usize> = curves.iter().map(|its| its[channel].slots[at]).collect();
        let other = |element: usize| {
            let mut others = curves.iter().flat_map(|its| {
                its.iter().enumerate().filter(|(c, _)| *c != channel).map(|(_, curve)| curve)
            });
            others.any(|curve| curve.slots.contains(&element))
        };
        let unfit = |&element: &usize| {
            element >= UNSETTLED
                || !matches!(self.layout.elements[element].arguments, Arguments::Fixed(_))
                || other(element)
        };
        if elements.iter().any(unfit)
            || prior.args.values().any(|arg| matches!(arg.value, Arg::Prior(_)))
        {
            let message = format!(
                "the return of \"{name}\" needs numbers, and a {parameter} of its own with numbers"
            );
            return Err(
                error(message).help("hierarchies and values shared by channels have no place here")
            );
        }
        let slot = Slot {
            name: format!("roas of {name}"),
            axes: self.dims(),
            shared: true,
            channels: Vec::new(),
            domain: Support::POSITIVE,
            default: ("LogNormal", &[]),
            data_dominated: false,
        };
        let axes = self.axes(&slot, prior)?;
        let (which, columns) = self.arguments(&slot, prior, &axes)?;
        let priors = self.elements(&slot, prior, which, &columns, size(&axes))?;
        let own = Place::alone(&Array { first: 0, axes });
        for (series, &element) in elements.iter().enumerate() {
            let of_return = &priors[self.slot(&own, series)];
            if of_return.support() != Support::POSITIVE {
                let message = "the prior of a return must be of all positive numbers";
                return Err(error(message.into()).help("use LogNormal, Gamma or HalfNormal, say"));
            }
            let Arguments::Fixed(arguments) = &of_return.arguments else {
                return Err(Error::bug("the prior of a return is no hierarchy"));
            };
            let together = || (0..elements.len()).filter(|&other| elements[other] == element);
            let group = together().next().unwrap_or(series);
            if priors[self.slot(&own, group)].arguments != of_return.arguments {
                let message = format!(
                    "series that share a {parameter} have the return of \"{name}\" together, but \
                     their priors of it are not the same"
                );
                return Err(error(message).help(format!("give {parameter} the dims of this prior")));
            }
            let panel = &self.panels[series];
            let spent = |panel: &Panel| -> f64 {
                panel.spend.column(channel).iter().take(panel.n_train).sum()
            };
            let spend: f64 = together().map(|other| spent(&self.panels[other])).sum();
            let brings = together().any(|other| {
                spent(&self.panels[other]) > 0.0 && self.panels[other].target_scale.factor > 0.0
            });
            if !brings {
                let of = match panel.labels.is_empty() {
                    true => name.to_owned(),
                    false => format!("{}: {name}", panel.labels.join(", ")),
                };
                return Err(Error::input(format!(
                    "{of} has no spend on the training rows: no return"
                ))
                .help("drop the channel, or its prior in [roas.priors]"));
            }
            found[series].push(Roas {
                channel,
                element,
                distribution: of_return.distribution,
                arguments: arguments.clone(),
                factor: panel.target_scale.factor / spend,
                group,
                first: group == series,
            });
        }
        for element in elements {
            // Its coordinate is to be its logarithm, whatever prior it had.
            let coefficient = &mut self.layout.elements[element];
            coefficient.distribution = Distribution::HalfNormal;
            coefficient.arguments = Arguments::Fixed(vec![1.0]);
            coefficient.implied = true;
        }
        if file.saturation.priors.contains_key(parameter) {
            self.note(format!(
                "the prior of saturation_{parameter}[{name}] is not used: its return has one"
            ));
        }
        Ok(())
    }
}

/// All values of a model, drawn from the prior.
pub fn draw<R: Rng>(model: &(impl AsRef<[Model]> + ?Sized), rng: &mut R) -> Vec<f64> {
    let series = model.as_ref();
    let mut values = series[0].layout.draw(rng);
    for roas in series.iter().flat_map(|model| &model.roas).filter(|roas| roas.first) {
        values[roas.element] = 1.0;
        let of = |model: &Model| -> f64 {
            let same = |its: &&Roas| its.element == roas.element;
            model.roas.iter().find(same).map_or(0.0, |its| {
                let media = simulate::media(model, &values, model.series.n_train);
                its.factor * media[its.channel].iter().sum::<f64>()
            })
        };
        let unit: f64 = series.iter().map(of).sum();
        let drawn = roas.distribution.sample(&roas.arguments, rng);
        values[roas.element] = drawn / unit.max(LEAST);
    }
    values
}
