//! Priors of returns, as in Meridian: what is known of a channel's return on spend in place of its
//! coefficient. With the return R = (target's scale) Σ contribution / Σ spend over the training rows, which is
//! linear in the coefficient beta, the density of R at fixed other parameters is that of beta times
//! dbeta/dR = beta/R: the prior adds ln p(R) + ln R − ln beta, and beta has none of its own. On its
//! coordinate, ln beta, the last term is what the Jacobian takes back.

use rand::Rng;

use super::family::Support;
use super::layout::{Arguments, UNSETTLED};
use super::parameters::{Builder, Slot};
use super::prior::Distribution;
use super::saturation::Saturation;
use super::{Curve, Model, simulate};
use crate::config::Arg;
use crate::error::{Error, Result, suggest};

/// The least sum of scaled contributions.
pub const LEAST: f64 = 1e-30;

/// The prior of a channel's return.
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
    /// The return of a sum of scaled contributions of 1.
    pub factor: f64,
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
    /// The priors of returns, given every channel's saturation; the coefficients lose theirs.
    pub fn roas(&mut self, curves: &[Curve]) -> Result<Vec<Roas>> {
        let (file, panel) = (self.file, self.panel());
        let mut found = Vec::new();
        for (name, prior) in &file.roas {
            let error = |message: String| file.error(prior.span.clone(), message);
            let Some(channel) = panel.channels.iter().position(|channel| channel == name) else {
                let error = error(format!("unknown channel \"{name}\" in [roas.priors]"));
                return Err(match suggest(name, panel.channels.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean \"{near}\"?")),
                    None => error.help(format!("the channels are {}", panel.channels.join(", "))),
                });
            };
            let curve = &curves[channel];
            let family = curve.family.family().name;
            let Some(at) = coefficient(curve.family) else {
                let message =
                    format!("{family} saturation has no coefficient that returns grow with");
                return Err(error(message).help("choose another saturation for this channel"));
            };
            let element = curve.slots[at];
            let shared = curves.iter().filter(|other| other.slots.contains(&element)).count() > 1;
            let made = element >= UNSETTLED
                || !matches!(self.layout.elements[element].arguments, Arguments::Fixed(_));
            if shared || made || prior.args.values().any(|arg| matches!(arg.value, Arg::Prior(_))) {
                let parameter = curve.family.family().parameters[at].name;
                let message = format!(
                    "the return of \"{name}\" needs numbers, and a {parameter} of its own with numbers"
                );
                return Err(error(message)
                    .help("hierarchies and values shared by channels have no place here"));
            }
            let slot = Slot {
                name: format!("roas of {name}"),
                axes: Vec::new(),
                shared: true,
                channels: Vec::new(),
                domain: Support::POSITIVE,
                default: ("LogNormal", &[]),
                data_dominated: false,
            };
            let axes = self.axes(&slot, prior)?;
            let (which, columns) = self.arguments(&slot, prior, &axes)?;
            let element_of_prior = self.elements(&slot, prior, which, &columns, 1)?.remove(0);
            if element_of_prior.support() != Support::POSITIVE {
                let message = "the prior of a return must be of all positive numbers";
                return Err(error(message.into()).help("use LogNormal, Gamma or HalfNormal, say"));
            }
            let Arguments::Fixed(arguments) = element_of_prior.arguments else {
                return Err(Error::bug("the prior of a return is no hierarchy"));
            };
            let spend: f64 = panel.spend.column(channel).iter().take(panel.n_train).sum();
            if spend <= 0.0 || panel.target_scale.factor == 0.0 {
                return Err(Error::input(format!(
                    "{name} has no spend on the training rows: no return"
                ))
                .help("drop the channel, or its prior in [roas.priors]"));
            }
            // Its coordinate is to be its logarithm, whatever prior it had.
            let coefficient = &mut self.layout.elements[element];
            coefficient.distribution = Distribution::HalfNormal;
            coefficient.arguments = Arguments::Fixed(vec![1.0]);
            coefficient.implied = true;
            let parameter = curve.family.family().parameters[at].name;
            if file.saturation.priors.contains_key(parameter) {
                self.note(format!(
                    "the prior of saturation_{parameter}[{name}] is not used: its return has one"
                ));
            }
            found.push(Roas {
                channel,
                element,
                distribution: element_of_prior.distribution,
                arguments,
                factor: panel.target_scale.factor / spend,
            });
        }
        found.sort_by_key(|roas| roas.channel);
        Ok(found)
    }
}

/// All values of a model, drawn from the prior.
pub fn draw<R: Rng>(model: &(impl AsRef<[Model]> + ?Sized), rng: &mut R) -> Vec<f64> {
    let series = model.as_ref();
    let mut values = series[0].layout.draw(rng);
    for model in series {
        for roas in &model.roas {
            values[roas.element] = 1.0;
            let unit: f64 =
                simulate::media(model, &values, model.series.n_train)[roas.channel].iter().sum();
            let drawn = roas.distribution.sample(&roas.arguments, rng);
            values[roas.element] = drawn / (unit * roas.factor).max(LEAST);
        }
    }
    values
}
