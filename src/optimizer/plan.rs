//! From a scenario and fitted models to a problem in numbers.

use super::budget::{Arm, Budget};
use super::course::{Course, steady};
use super::media::{Flight, Media};
use super::place::Place;
use super::scenario::{
    Bound, Change, Flighting, MOST_PERIODS, Quantity, Ramp, ReferenceSpend, Rows, Scenario,
};
use super::select::{Key, most_exact};
use crate::analysis::{Fitted, mean_without_media};
use crate::error::{Error, Result};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Range;

/// A model of the scenario, or one of its series.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its channels.
    pub arms: Vec<Arm>,
    /// What the target is expected to be over the horizon without media.
    pub baseline: f64,
}

/// Where a model's rows stand to the horizon.
struct Frame {
    place: Place,
    periods: usize,
    /// Rows of the reference.
    rows: Range<usize>,
    /// Rows before the horizon whose effect is carried in.
    carried: Range<usize>,
}

/// What channels are given by their keys; `default` counts where no other key does.
#[derive(Clone, Debug)]
struct Keyed<T> {
    keys: Vec<(Key, T)>,
    default: Option<T>,
}

impl<T: Clone + PartialEq> Keyed<T> {
    fn new(table: &BTreeMap<String, T>) -> Result<Self> {
        let mut table = table.clone();
        let default = table.remove("default");
        let keyed = |(key, value): (String, T)| Ok((Key::new(&key)?, value));
        Ok(Self { keys: table.into_iter().map(keyed).collect::<Result<_>>()?, default })
    }

    fn of(&self, place: &Place, channel: &str) -> Result<Option<&T>> {
        Ok(most_exact(&self.keys, place, channel)?.or(self.default.as_ref()))
    }
}

/// A scenario ready for its models.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Scenario,
    bounds: Keyed<Bound>,
    ramps: Keyed<Ramp>,
    reference: Vec<(Key, f64)>,
    groups: Vec<Vec<Key>>,
    flighting: BTreeMap<String, Vec<f64>>,
}

impl Plan {
    /// Prepares a scenario.
    ///
    /// # Errors
    /// Keys that are no valid globs, or a flighting table that cannot be read.
    pub fn new(scenario: &Scenario) -> Result<Self> {
        let reference = match &scenario.reference.spend {
            ReferenceSpend::Rows(_) => Vec::new(),
            ReferenceSpend::Table(table) => {
                let keyed = |(key, &spend): (&String, &f64)| Ok((Key::new(key)?, spend));
                table.iter().map(keyed).collect::<Result<_>>()?
            }
        };
        let keys = |texts: &Vec<String>| texts.iter().map(|key| Key::new(key)).collect();
        Ok(Self {
            bounds: Keyed::new(&scenario.bounds)?,
            ramps: Keyed::new(&scenario.ramp)?,
            reference,
            groups: scenario.group.iter().map(|g| keys(&g.channels)).collect::<Result<_>>()?,
            flighting: match &scenario.budget.flighting {
                Flighting::Path(path) => super::flighting::read(scenario, path)?,
                _ => BTreeMap::new(),
            },
            scenario: scenario.clone(),
        })
    }

    /// The channels of a model, or of one of its series.
    ///
    /// # Errors
    /// Bounds that cross, a horizon or a flighting that does not fit its dates, a saturation that
    /// the optimiser does not know.
    pub fn share(&self, fitted: &Fitted) -> Result<Share> {
        let panel = &fitted.panel;
        let dims = fitted.model.coords.dims.iter().cloned();
        let place = Place::new(&panel.key, dims.zip(panel.labels.iter().cloned()).collect());
        let name = place.name().to_owned();
        let in_model = |error: Error| error.context(format!("model {name:?}"));
        let frame = self.frame(fitted, place).map_err(in_model)?;
        let arm = |(c, channel): (usize, &String)| {
            let of = |error: Error| in_model(error.context(format!("channel {channel:?}")));
            self.arm(fitted, c, &frame).map_err(of)
        };
        let arms = panel.channels.iter().enumerate().map(arm).collect::<Result<_>>()?;
        Ok(Share { arms, baseline: self.baseline(fitted, &frame.rows) * frame.periods as f64 })
    }

    fn frame(&self, fitted: &Fitted, place: Place) -> Result<Frame> {
        let panel = &fitted.panel;
        if fitted.model.structure.curved.media.is_some() {
            let message = "has media whose effect varies in time: what it will be is not known";
            return Err(
                Error::input(message).help("for a budget fit a model without [time_varying.media]")
            );
        }
        let rows = match self.scenario.reference.spend {
            ReferenceSpend::Rows(Rows::Test) if panel.n_train == panel.dates.len() => {
                return Err(Error::input("has no test rows to take the reference from")
                    .help("use spend = \"train\" in [reference], or a table of spends"));
            }
            ReferenceSpend::Rows(Rows::Test) => panel.n_train..panel.dates.len(),
            _ => 0..panel.n_train,
        };
        // Without a date the horizon follows the training rows.
        let first = match self.scenario.budget.start {
            Some(start) => panel.dates.partition_point(|date| *date < start),
            None => panel.n_train,
        };
        let carried = match self.scenario.budget.carry_in {
            true => first.saturating_sub(fitted.model.structure.memory())..first,
            false => first..first,
        };
        Ok(Frame { place, periods: self.periods(&panel.dates)?, rows, carried })
    }

    /// A channel of a model.
    fn arm(&self, fitted: &Fitted, c: usize, frame: &Frame) -> Result<Arm> {
        let (panel, structure) = (&fitted.panel, &fitted.model.structure);
        let (place, channel) = (&frame.place, panel.channels[c].as_str());
        let (spend, scale) = (panel.spend.column(c), panel.channel_scale[c]);
        let history: Vec<f64> = frame.rows.clone().map(|t| spend[t]).collect();
        let before = match &self.scenario.reference.spend {
            ReferenceSpend::Rows(_) => history.iter().sum::<f64>() / history.len() as f64,
            ReferenceSpend::Table(_) => {
                *most_exact(&self.reference, place, channel)?.ok_or_else(|| {
                    Error::input("has no spend in the table of [reference]")
                        .help("add it, or \"*\" = 0 for all that have none")
                })?
            }
        };
        let share = self.flight(channel, &history, frame.periods)?;
        let [mut lower, mut upper] = self.limits(place, channel, before)?;
        let least = share.iter().copied().fold(1.0, f64::min);
        if scale.factor == 0.0 {
            // Never spent on in training: the model says nothing of it.
            upper = lower;
        } else if scale.shift > 0.0 && lower * least < scale.shift {
            let message = format!(
                "may be spent less on than {}, the least in training, where its scaling ends",
                scale.shift
            );
            return Err(Error::input(message)
                .help("set its lower bound to that, or fit with another scaling"));
        }
        let ramp = match self.ramps.of(place, channel)? {
            None => f64::INFINITY,
            Some(Ramp::Change(share)) => share * before,
            Some(Ramp::Spend(spend)) => *spend,
        };
        let last = frame.carried.clone().next_back().map(|t| spend[t]);
        let mut course = None;
        if self.scenario.budget.flighting == Flighting::Optimize {
            if ramp == 0.0 && lower < upper {
                let message = "was not spent on before, so that [ramp] by `change` allows nothing";
                return Err(Error::input(message)
                    .help("give it a ramp in units of spend, such as { spend = 1000 }"));
            }
            course = Some(Course { periods: frame.periods, lower, upper, ramp, last });
        } else {
            let [least, most] = steady(&share, ramp, last);
            if lower.max(least) > upper.min(most) {
                return Err(slow([least, most], [lower, upper]));
            }
            (lower, upper) = (lower.max(least), upper.min(most));
        }
        let peak = share.iter().copied().fold(0.0, f64::max);
        let flight = Flight {
            before: frame.carried.clone().map(|t| scale.scale(spend[t])).collect(),
            fixed: scale.scale(0.0),
            per: if scale.factor == 0.0 { 0.0 } else { 1.0 / scale.factor },
            share,
            carry_out: self.scenario.budget.carry_out,
        };
        let worth = panel.target_scale.factor * self.worth();
        Ok(Arm {
            place: place.clone(),
            channel: channel.to_owned(),
            media: Media::new(structure, c, &fitted.draws, &flight, worth)?,
            before,
            lower,
            upper,
            course,
            seen: spend.iter().take(panel.n_train).copied().fold(0.0, f64::max),
            peak,
            noise: (fitted.key, c as u32),
        })
    }

    /// Units of the objective per unit of the target.
    fn worth(&self) -> f64 {
        let objective = &self.scenario.objective;
        match objective.maximize {
            Quantity::Contribution | Quantity::Sales => 1.0,
            Quantity::Revenue => objective.price.unwrap_or(1.0),
            Quantity::Profit => objective.margin.unwrap_or(1.0),
        }
    }

    /// Mean per row of what is expected without media, of sales; else 0.
    fn baseline(&self, fitted: &Fitted, rows: &Range<usize>) -> f64 {
        if self.scenario.objective.maximize != Quantity::Sales {
            return 0.0;
        }
        fitted.panel.target_scale.unscale(mean_without_media(fitted, rows.clone()))
    }

    /// Number of periods of the horizon.
    pub fn periods(&self, dates: &[Date]) -> Result<usize> {
        let budget = &self.scenario.budget;
        let (start, end) = match (budget.periods, budget.start, budget.end) {
            (Some(periods), ..) => return Ok(periods),
            (None, Some(start), Some(end)) => (start, end),
            _ => return Err(Error::bug("a scenario without horizon passed its check")),
        };
        let within = dates.iter().filter(|date| **date >= start && **date <= end).count();
        if within > 0 && dates.last().is_some_and(|last| *last >= end) {
            return Ok(within);
        }
        // Beyond the data the dates go on as the last two do.
        let [.., a, b] = dates else { return Err(Error::input("has too few dates for a horizon")) };
        let days = |a: Date, b: Date| f64::from(a.until(b).map_or(0, |span| span.get_days()));
        let periods = (days(start, end) / days(*a, *b)).floor() as usize + 1;
        if periods > MOST_PERIODS {
            let message = format!("a horizon from {start} to {end} has {periods} periods");
            return Err(Error::input(message).help("are the dates those that were meant?"));
        }
        Ok(periods)
    }

    /// Spend on every period per unit of mean spend.
    fn flight(&self, channel: &str, history: &[f64], periods: usize) -> Result<Vec<f64>> {
        let shape: Vec<f64> = match &self.scenario.budget.flighting {
            Flighting::Uniform | Flighting::Optimize => return Ok(vec![1.0; periods]),
            // The last rows of the reference; over again where they are too few.
            Flighting::Historical => {
                let first = history.len().saturating_sub(periods);
                history[first..].iter().copied().cycle().take(periods).collect()
            }
            Flighting::Path(path) => match self.flighting.get(channel) {
                None => return Err(Error::input(format!("has no column in {}", path.display()))),
                Some(shape) if shape.len() != periods => {
                    let rows = shape.len();
                    return Err(Error::input(format!(
                        "{} has {rows} rows, but the horizon has {periods} periods",
                        path.display()
                    )));
                }
                Some(shape) => shape.clone(),
            },
        };
        let mean = shape.iter().sum::<f64>() / periods as f64;
        // What was never spent on has no pattern.
        if mean == 0.0 {
            Ok(vec![1.0; periods])
        } else {
            Ok(shape.iter().map(|x| x / mean).collect())
        }
    }

    /// Least and largest spend of a channel.
    fn limits(&self, place: &Place, channel: &str, before: f64) -> Result<[f64; 2]> {
        let Some(bound) = self.bounds.of(place, channel)? else { return Ok([0.0, f64::INFINITY]) };
        if let Some(fixed) = bound.fixed {
            return Ok([fixed, fixed]);
        }
        match &bound.change {
            None => Ok([bound.lower.unwrap_or(0.0), bound.upper.unwrap_or(f64::INFINITY)]),
            Some(change) => {
                let [down, up] = match change {
                    Change::Both(x) => [-x, *x],
                    Change::Range(range) => *range,
                };
                Ok([down, up].map(|x| (before * (1.0 + x)).max(0.0)))
            }
        }
    }

    /// Puts the channels of all models together.
    ///
    /// # Errors
    /// Keys that name no channel, or a channel that nothing limits.
    pub fn budget(self, shares: Vec<Share>, periods: usize) -> Result<Budget> {
        let baseline = shares.iter().map(|share| share.baseline).sum();
        let mut arms: Vec<Arm> = shares.into_iter().flat_map(|share| share.arms).collect();
        let known = || arms.iter().map(|arm| (&arm.place, arm.channel.as_str()));
        let means = |key: &Key| {
            let of = |arm: &Arm| key.rank(&arm.place, &arm.channel).is_some();
            arms.iter().enumerate().filter(|(_, arm)| of(arm)).map(|(c, _)| c).collect::<Vec<_>>()
        };
        let keys = self.bounds.keys.iter().map(|(key, _)| key);
        let keys = keys.chain(self.ramps.keys.iter().map(|(key, _)| key));
        for key in keys.chain(self.reference.iter().map(|(key, _)| key)) {
            if means(key).is_empty() {
                return Err(key.unknown(known()));
            }
        }
        let mut groups = Vec::new();
        for (keys, group) in self.groups.iter().zip(&self.scenario.group) {
            let mut members = Vec::new();
            for key in keys {
                let found = means(key);
                if found.is_empty() {
                    return Err(key.unknown(known()));
                }
                members.extend(found);
            }
            members.sort_unstable();
            members.dedup();
            groups.push((members, group.clone()));
        }
        let given = self.scenario.budget.total.into_iter();
        let most = given.chain(self.scenario.budget.frontier.iter().copied()).fold(0.0, f64::max);
        for arm in arms.iter_mut().filter(|arm| arm.upper == f64::INFINITY) {
            if self.scenario.target.is_some() {
                let message = format!("nothing limits the spend on {:?}", arm.channel);
                return Err(Error::input(message)
                    .help("where the budget is asked for, every channel needs an upper bound"));
            }
            arm.upper = most.max(arm.lower);
            if let Some(course) = &mut arm.course {
                course.upper = arm.upper * periods as f64;
            }
        }
        // Where spends differ from period to period, limits of the mean are those of the extremes.
        for arm in &mut arms {
            let Some(course) = &arm.course else { continue };
            let ends = [false, true].map(|highest| course.extreme(highest));
            let [Some(low), Some(high)] = ends else {
                let last = course.last.unwrap_or_default();
                let reach = [last - course.ramp, last + course.ramp];
                let error = slow(reach, [course.lower, course.upper]);
                return Err(error.context(format!("channel {:?}", arm.channel)));
            };
            let mean = |path: Vec<f64>| path.iter().sum::<f64>() / periods as f64;
            (arm.lower, arm.upper) = (mean(low), mean(high));
        }
        Ok(Budget { arms, groups, periods, baseline, scenario: self.scenario })
    }
}

/// A ramp limit and the bounds of a channel contradict each other.
fn slow([least, most]: [f64; 2], [lower, upper]: [f64; 2]) -> Error {
    let message = format!(
        "its ramp limit allows spends from {} to {most}, its bounds from {lower} to {upper}",
        least.max(0.0)
    );
    Error::input(message).help("widen one of them in [ramp] or [bounds]")
}
