//! The effects that are not linear in their parameters, from the model file: what varies in time, and events.

use super::array::{Array, Axis, Place};
use super::effect::Curved;
use super::effect::bump::{Bump, FAR, distance};
use super::effect::process::Process;
use super::family::Support;
use super::parameters::{Builder, Default, Slot};
use crate::config::{Event, EventBasis, EventSide, Priors, TimeVarying};
use crate::data::Panel;
use crate::error::{Error, Result};

/// Default prior of an amplitude and of a length scale.
const ETA: Default<'static> = ("Exponential", &[("lam", 1.0)]);
const LS: Default<'static> = ("InverseGamma", &[("mu", 5.0), ("sigma", 10.0)]);

/// The effects of all series before their parameters have settled places.
#[derive(Default)]
pub(super) struct Unplaced {
    /// An intercept that varies: its level, and what multiplies it.
    pub intercept: Option<(Place, Varying)>,
    pub media: Option<Varying>,
    pub bumps: Vec<Dated>,
}

/// A process.
pub(super) struct Varying {
    eta: Place,
    ls: Place,
    /// The first of its offsets.
    first: Place,
    m: usize,
}

/// A bump, and the days from it to every date, `[series][date]`.
pub(super) struct Dated {
    size: Place,
    height: Option<Place>,
    sigma: Place,
    days: Vec<Vec<f64>>,
}

impl Unplaced {
    /// The effects of a series, which finds its parameters at `slot`.
    pub fn of(&self, slot: impl Fn(&Place) -> usize) -> Curved {
        let process = |of: &Varying| Process {
            eta: slot(&of.eta),
            ls: slot(&of.ls),
            first: slot(&of.first),
            m: of.m,
        };
        let bump = |of: &Dated| Bump {
            size: slot(&of.size),
            height: of.height.as_ref().map(&slot),
            sigma: slot(&of.sigma),
        };
        Curved {
            intercept: self.intercept.as_ref().map(|(level, of)| (slot(level), process(of))),
            media: self.media.as_ref().map(process),
            bumps: self.bumps.iter().map(bump).collect(),
        }
    }

    /// Days from every bump to every date of a series.
    pub fn days(&self, series: usize) -> Vec<Vec<f64>> {
        self.bumps.iter().map(|bump| bump.days[series].clone()).collect()
    }
}

impl Builder<'_> {
    /// The process of an intercept or of media that vary, whose parameters begin with `name`.
    pub fn process(&mut self, name: &str, key: &str, of: &TimeVarying) -> Result<Varying> {
        if self.panels.iter().any(|panel| panel.n_train < 2) {
            return Err(Error::input("what varies in time needs at least two training rows")
                .help(format!("leave [{key}] out, or give more rows")));
        }
        self.known(&format!("[{key}]"), &["eta", "ls"], &of.priors)?;
        let mut positive = |parameter: &str, default| {
            let slot = self.scalar(format!("{name}_{parameter}"), Support::POSITIVE, default);
            self.add(slot, of.priors.get(parameter)).map(|array| Place::alone(&array))
        };
        let (eta, ls) = (positive("eta", ETA)?, positive("ls", LS)?);
        let dim = format!("{name}_m");
        self.coords.others.push((dim.clone(), (0..of.m).map(|k| k.to_string()).collect()));
        let own = |axis: &Axis| {
            of.dims.as_ref().is_none_or(|dims| dims.iter().any(|dim| dim.value == axis.name))
        };
        let mut axes = self.dims();
        axes.retain(own);
        axes.push(Axis::new(&dim, of.m));
        let name = format!("{name}_hsgp_coefs_offset");
        let slot = self.scalar(name, Support::Real, ("Normal", &[]));
        let first = self.add(Slot { axes, shared: false, ..slot }, None)?;
        Ok(Varying { eta, ls, first: Place::alone(&first), m: of.m })
    }

    /// The bumps of all events.
    pub fn events(&mut self) -> Result<Vec<Dated>> {
        let (file, mut bumps) = (self.file, Vec::new());
        for event in &file.events {
            self.event(event, &mut bumps)?;
        }
        Ok(bumps)
    }

    fn event(&mut self, event: &Event, bumps: &mut Vec<Dated>) -> Result<()> {
        let sides = sides(event);
        let named: Vec<&str> = match event.basis {
            EventBasis::Asymmetric => vec!["sigma_before", "sigma_after", "a_after", "effect_size"],
            EventBasis::Gaussian | EventBasis::HalfGaussian => vec!["sigma", "effect_size"],
        };
        self.known("[[event]]", &named, &event.priors)?;
        let name = event.name.as_str();
        let parameters: Vec<String> =
            named.iter().map(|parameter| format!("{name}_{parameter}")).collect();
        self.new_dim(&event.name, &parameters)?;
        let labels = event.dates.iter().map(|date| date.name.value.clone()).collect();
        self.coords.others.push((name.into(), labels));

        let size = self.of_event(event, "effect_size", Support::Real, ("Normal", &[]))?;
        for side in sides {
            let sigma = self.of_event(event, side.sigma, Support::POSITIVE, side.default)?;
            let height = match side.height {
                None => None,
                Some(name) => {
                    let default = ("Normal", &[("mu", 1.0), ("sigma", 0.5)][..]);
                    Some(self.of_event(event, name, Support::Real, default)?)
                }
            };
            for (at, date) in event.dates.iter().enumerate() {
                let place = |array: &Array| Place { array: array.clone(), at };
                let days = |day: &jiff::civil::Date| {
                    let z = distance(*day, date.start, date.end);
                    if side.has(z) { z } else { FAR }
                };
                let of = |panel: &Panel| panel.dates.iter().map(days).collect();
                bumps.push(Dated {
                    size: place(&size),
                    height: height.as_ref().map(place),
                    sigma: place(&sigma),
                    days: self.panels.iter().map(of).collect(),
                });
            }
        }
        Ok(())
    }

    /// A parameter of an event, along its dates and the dims of the series if its prior says so.
    fn of_event(
        &mut self,
        event: &Event,
        parameter: &str,
        domain: Support,
        default: Default<'static>,
    ) -> Result<Array> {
        let dim = event.name.as_str();
        let name = format!("{dim}_{parameter}");
        let mut slot = self.scalar(name, domain, default);
        slot.axes.push(Axis::new(dim, event.dates.len()));
        let priors: &Priors = &event.priors;
        self.add(slot, priors.get(parameter))
    }

    /// A parameter that is one for all series unless its prior says otherwise.
    fn scalar(&self, name: String, domain: Support, default: Default<'static>) -> Slot<'static> {
        let (axes, channels) = (self.dims(), Vec::new());
        Slot { name, axes, shared: true, channels, domain, default, data_dominated: false }
    }
}

/// The dates on which a width counts, by their days from the event.
struct Side {
    sigma: &'static str,
    default: Default<'static>,
    height: Option<&'static str>,
    before: bool,
    event: bool,
    after: bool,
}

impl Side {
    fn has(&self, z: f64) -> bool {
        z < 0.0 && self.before || z == 0.0 && self.event || z > 0.0 && self.after
    }
}

fn sides(event: &Event) -> Vec<Side> {
    const WIDTH: Default<'static> = ("Gamma", &[("mu", 7.0), ("sigma", 1.0)]);
    const BEFORE: Default<'static> = ("Gamma", &[("mu", 3.0), ("sigma", 1.0)]);
    const AFTER: Default<'static> = ("Gamma", &[("mu", 7.0), ("sigma", 2.0)]);
    let all = Side {
        sigma: "sigma",
        default: WIDTH,
        height: None,
        before: true,
        event: true,
        after: true,
    };
    let side = event.event_in;
    match event.basis {
        EventBasis::Gaussian => vec![all],
        EventBasis::HalfGaussian => {
            let before = event.mode == EventSide::Before;
            vec![Side { before, after: !before, event: event.include_event, ..all }]
        }
        EventBasis::Asymmetric => vec![
            Side {
                sigma: "sigma_before",
                default: BEFORE,
                event: side == EventSide::Before,
                after: false,
                ..all
            },
            Side {
                sigma: "sigma_after",
                default: AFTER,
                height: Some("a_after"),
                before: false,
                event: side == EventSide::After,
                after: true,
            },
        ],
    }
}
