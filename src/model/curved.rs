//! The effects that are not linear in their parameters, from the model file: what varies in time, and events.

use super::array::{Array, Axis};
use super::effect::Curved;
use super::effect::bump::{Bump, FAR, distance};
use super::effect::process::Process;
use super::family::Support;
use super::layout::settled;
use super::parameters::{Builder, Default, Slot};
use crate::config::{Event, EventBasis, EventSide, Priors, TimeVarying};
use crate::error::{Error, Result};

/// Default prior of an amplitude and of a length scale.
const ETA: Default<'static> = ("Exponential", &[("lam", 1.0)]);
const LS: Default<'static> = ("InverseGamma", &[("mu", 5.0), ("sigma", 10.0)]);

impl Builder<'_> {
    /// The process of an intercept or of media that vary, whose parameters begin with `name`.
    pub fn process(&mut self, name: &str, key: &str, of: &TimeVarying) -> Result<Process> {
        if self.panel().n_train < 2 {
            return Err(Error::input("what varies in time needs at least two training rows")
                .help(format!("leave [{key}] out, or give more rows")));
        }
        self.known(&format!("[{key}]"), &["eta", "ls"], &of.priors)?;
        let mut positive = |parameter: &str, default| {
            let slot = scalar(format!("{name}_{parameter}"), Support::POSITIVE, default);
            self.add(slot, of.priors.get(parameter)).map(|array| array.first)
        };
        let (eta, ls) = (positive("eta", ETA)?, positive("ls", LS)?);
        let dim = format!("{name}_m");
        self.coords.others.push((dim.clone(), (0..of.m).map(|k| k.to_string()).collect()));
        let slot = Slot {
            axes: vec![Axis::new(&dim, of.m)],
            ..scalar(format!("{name}_hsgp_coefs_offset"), Support::Real, ("Normal", &[]))
        };
        let first = self.add(slot, None)?.first;
        Ok(Process { eta, ls, first, m: of.m })
    }

    /// The bumps of all events, and the days from each to every date.
    pub fn events(&mut self) -> Result<(Vec<Bump>, Vec<Vec<f64>>)> {
        let file = self.file;
        let (mut bumps, mut distances) = (Vec::new(), Vec::new());
        for event in &file.events {
            self.event(event, &mut bumps, &mut distances)?;
        }
        Ok((bumps, distances))
    }

    fn event(
        &mut self,
        event: &Event,
        bumps: &mut Vec<Bump>,
        distances: &mut Vec<Vec<f64>>,
    ) -> Result<()> {
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
            for (k, date) in event.dates.iter().enumerate() {
                let height = height.as_ref().map(|array| array.slot(|_| k));
                let [size, sigma] = [&size, &sigma].map(|array| array.slot(|_| k));
                bumps.push(Bump { size, height, sigma });
                let days = |day: &jiff::civil::Date| {
                    let z = distance(*day, date.start, date.end);
                    if side.has(z) { z } else { FAR }
                };
                distances.push(self.panel().dates.iter().map(days).collect());
            }
        }
        Ok(())
    }

    /// A parameter of an event, along its dates if its prior says so.
    fn of_event(
        &mut self,
        event: &Event,
        parameter: &str,
        domain: Support,
        default: Default<'static>,
    ) -> Result<Array> {
        let dim = event.name.as_str();
        let name = format!("{dim}_{parameter}");
        let axes = vec![Axis::new(dim, event.dates.len())];
        let slot = Slot { axes, ..scalar(name, domain, default) };
        let priors: &Priors = &event.priors;
        self.add(slot, priors.get(parameter))
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

/// A parameter without dims.
fn scalar(name: String, domain: Support, default: Default<'static>) -> Slot<'static> {
    let (axes, channels) = (Vec::new(), Vec::new());
    Slot { name, axes, shared: true, channels, domain, default, data_dominated: false }
}

/// Gives parameters their place once the number of elements is known.
pub(super) fn settle(curved: &mut Curved, dim: usize) {
    let settle = |slot: &mut usize| *slot = settled(*slot, dim);
    if let Some((level, _)) = &mut curved.intercept {
        settle(level);
    }
    let intercept = curved.intercept.iter_mut().map(|(_, process)| process);
    for process in intercept.chain(&mut curved.media) {
        settle(&mut process.eta);
        settle(&mut process.ls);
    }
    for bump in &mut curved.bumps {
        settle(&mut bump.size);
        settle(&mut bump.sigma);
        bump.height.iter_mut().for_each(settle);
    }
}
