//! From a scenario and fitted models to a problem in numbers.

use super::media::{Flight, Media};
use super::program::{Program, Row};
use super::response::Response;
use super::scenario::{Bound, Change, Flighting, Quantity, ReferenceSpend, Rows, Scenario, Target};
use super::select::{Key, most_exact};
use crate::analysis::{Fitted, mean_without_media};
use crate::error::{Error, Result};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A channel of a model, for which a spend is to be decided.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The model's key.
    pub model: String,
    /// The channel.
    pub channel: String,
    /// What its spend per period brings over the horizon.
    pub media: Media,
    /// Spend per period before.
    pub before: f64,
    /// Least spend per period.
    pub lower: f64,
    /// Largest spend per period; infinite where only the budget limits it.
    pub upper: f64,
    /// Largest spend in a period of the training rows.
    pub seen: f64,
    /// Spend in the largest period of the horizon, per unit of mean spend.
    pub peak: f64,
}

/// A model of the scenario.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its channels.
    pub arms: Vec<Arm>,
    /// What the target is expected to be over the horizon without media.
    pub baseline: f64,
}

/// A scenario ready for its models.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Scenario,
    bounds: Vec<(Key, Bound)>,
    default: Option<Bound>,
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
        let mut bounds = scenario.bounds.clone();
        let default = bounds.remove("default");
        let keyed = |(key, bound): (String, Bound)| Ok((Key::new(&key)?, bound));
        let reference = match &scenario.reference.spend {
            ReferenceSpend::Rows(_) => Vec::new(),
            ReferenceSpend::Table(table) => {
                let keyed = |(key, &spend): (&String, &f64)| Ok((Key::new(key)?, spend));
                table.iter().map(keyed).collect::<Result<_>>()?
            }
        };
        let keys = |texts: &Vec<String>| texts.iter().map(|key| Key::new(key)).collect();
        Ok(Self {
            bounds: bounds.into_iter().map(keyed).collect::<Result<_>>()?,
            default,
            reference,
            groups: scenario.group.iter().map(|g| keys(&g.channels)).collect::<Result<_>>()?,
            flighting: match &scenario.budget.flighting {
                Flighting::Path(path) => super::flighting::read(scenario, path)?,
                _ => BTreeMap::new(),
            },
            scenario: scenario.clone(),
        })
    }

    /// The channels of a model.
    ///
    /// # Errors
    /// Bounds that cross, a horizon or a flighting that does not fit its dates, a saturation that
    /// the optimiser does not know.
    pub fn share(&self, fitted: &Fitted) -> Result<Share> {
        let (panel, model) = (&fitted.panel, &fitted.model);
        let in_model = |error: Error| error.context(format!("model {:?}", panel.key));
        let periods = self.periods(&panel.dates).map_err(in_model)?;
        let rows = match self.scenario.reference.spend {
            ReferenceSpend::Rows(Rows::Test) if panel.n_train == panel.dates.len() => {
                return Err(in_model(
                    Error::input("has no test rows to take the reference from")
                        .help("use spend = \"train\" in [reference], or a table of spends"),
                ));
            }
            ReferenceSpend::Rows(Rows::Test) => panel.n_train..panel.dates.len(),
            _ => 0..panel.n_train,
        };
        // What was spent before the horizon: without a date it follows the training rows.
        let first = match self.scenario.budget.start {
            Some(start) => panel.dates.partition_point(|date| *date < start),
            None => panel.n_train,
        };
        let carried = match self.scenario.budget.carry_in {
            true => first.saturating_sub(model.structure.max_weights())..first,
            false => first..first,
        };
        let worth = panel.target_scale.factor * self.worth();
        let structure = Arc::new(model.structure.clone());
        let mut arms = Vec::with_capacity(panel.channels.len());
        for (c, channel) in panel.channels.iter().enumerate() {
            let of = |error: Error| in_model(error.context(format!("channel {channel:?}")));
            let (spend, scale) = (panel.spend.column(c), panel.channel_scale[c]);
            let mean = rows.clone().map(|t| spend[t]).sum::<f64>() / rows.len() as f64;
            let before = match &self.scenario.reference.spend {
                ReferenceSpend::Rows(_) => mean,
                ReferenceSpend::Table(_) => {
                    let known = most_exact(&self.reference, &panel.key, channel)?;
                    *known.ok_or_else(|| {
                        of(Error::input("has no spend in the table of [reference]"))
                    })?
                }
            };
            let history: Vec<f64> = rows.clone().map(|t| spend[t]).collect();
            let share = self.flight(channel, &history, periods).map_err(of)?;
            let peak = share.iter().copied().fold(0.0, f64::max);
            let seen = spend.iter().take(panel.n_train).copied().fold(0.0, f64::max);
            let [lower, mut upper] = self.limits(&panel.key, channel, before).map_err(of)?;
            if scale.factor == 0.0 {
                // Never spent on in training: the model says nothing of it.
                upper = lower;
            } else if scale.shift > 0.0
                && lower * share.iter().copied().fold(1.0, f64::min) < scale.shift
            {
                let least = scale.shift;
                return Err(of(Error::input(format!(
                    "may be spent less on than {least}, the least in training, where its scaling ends"
                ))
                .help("set its lower bound to that, or fit with another scaling")));
            }
            let per = if scale.factor == 0.0 { 0.0 } else { 1.0 / scale.factor };
            let flight = Flight {
                before: carried.clone().map(|t| scale.scale(spend[t])).collect(),
                fixed: scale.scale(0.0),
                share: share.iter().map(|share| share * per).collect(),
                carry_out: self.scenario.budget.carry_out,
            };
            let media = Media::new(&structure, c, &fitted.draws, &flight, worth).map_err(of)?;
            let (model, channel) = (panel.key.clone(), channel.clone());
            arms.push(Arm { model, channel, media, before, lower, upper, seen, peak });
        }
        Ok(Share { arms, baseline: self.baseline(fitted, &rows) * periods as f64 })
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
    fn baseline(&self, fitted: &Fitted, rows: &std::ops::Range<usize>) -> f64 {
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
        Ok((days(start, end) / days(*a, *b)).floor() as usize + 1)
    }

    /// Spend on every period per unit of mean spend.
    fn flight(&self, channel: &str, history: &[f64], periods: usize) -> Result<Vec<f64>> {
        let shape: Vec<f64> = match &self.scenario.budget.flighting {
            Flighting::Uniform => return Ok(vec![1.0; periods]),
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
    fn limits(&self, model: &str, channel: &str, before: f64) -> Result<[f64; 2]> {
        let bound = most_exact(&self.bounds, model, channel)?.or(self.default.as_ref());
        let Some(bound) = bound else { return Ok([0.0, f64::INFINITY]) };
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
        let channels = || arms.iter().map(|arm| arm.channel.as_str());
        let means = |key: &Key| {
            let of = |arm: &Arm| key.rank(&arm.model, &arm.channel).is_some();
            arms.iter().enumerate().filter(|(_, arm)| of(arm)).map(|(c, _)| c).collect::<Vec<_>>()
        };
        let keys = self.bounds.iter().map(|(key, _)| key);
        for key in keys.chain(self.reference.iter().map(|(key, _)| key)) {
            if means(key).is_empty() {
                return Err(key.unknown(channels()));
            }
        }
        let mut groups = Vec::new();
        for (keys, group) in self.groups.iter().zip(&self.scenario.group) {
            let mut members = Vec::new();
            for key in keys {
                let found = means(key);
                if found.is_empty() {
                    return Err(key.unknown(channels()));
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
            if matches!(
                self.scenario.target,
                Some(Target::Objective(_) | Target::Roas(_) | Target::Mroas(_))
            ) {
                let message = format!("nothing limits the spend on {:?}", arm.channel);
                return Err(Error::input(message)
                    .help("where the budget is asked for, every channel needs an upper bound"));
            }
            arm.upper = most.max(arm.lower);
        }
        Ok(Budget { arms, groups, periods, baseline, scenario: self.scenario })
    }
}

/// A budget problem: its channels, its limits, and how it was asked for.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Channels of all models.
    pub arms: Vec<Arm>,
    /// Groups and their members.
    pub groups: Vec<(Vec<usize>, super::scenario::Group)>,
    /// Periods of the horizon.
    pub periods: usize,
    /// What the target is expected to be without media, of sales; else 0.
    pub baseline: f64,
    /// The scenario.
    pub scenario: Scenario,
}

impl Budget {
    /// What a unit of spend per period costs in units of the objective.
    pub fn cost(&self) -> f64 {
        match self.scenario.objective.maximize {
            Quantity::Profit => self.periods as f64,
            _ => 0.0,
        }
    }

    /// The same with as many draws of every model as the model with the fewest has.
    pub fn paired(&self) -> Self {
        let n = self.arms.iter().map(|arm| arm.media.n_draws()).min().unwrap_or(0);
        let thinned = |arm: &Arm| Arm { media: arm.media.thinned(n), ..arm.clone() };
        Self { arms: self.arms.iter().map(thinned).collect(), ..self.clone() }
    }

    /// Draws of the objective without any channel: the baseline less what the spends cost.
    pub fn constant(&self, spends: &[f64]) -> Vec<f64> {
        let paired = self.arms.iter().map(|arm| arm.media.n_draws()).min().unwrap_or(0);
        vec![self.baseline - self.cost() * spends.iter().sum::<f64>(); paired]
    }

    /// The problem with these limits of the total.
    pub fn program(&self, total: [f64; 2]) -> Program<'_> {
        let media = self.arms.iter().map(|arm| &arm.media as &dyn Response).collect();
        self.program_of(media, total)
    }

    /// The same with other responses.
    pub fn program_of<'a>(&self, responses: Vec<&'a dyn Response>, total: [f64; 2]) -> Program<'a> {
        Program {
            responses,
            lower: self.arms.iter().map(|arm| arm.lower).collect(),
            upper: self.arms.iter().map(|arm| arm.upper).collect(),
            rows: self.rows(total).into_iter().map(|(_, row)| row).collect(),
            cost: self.cost(),
        }
    }

    /// The rows and what they are called; the total comes first.
    pub fn rows(&self, [least, most]: [f64; 2]) -> Vec<(String, Row)> {
        let all = 0..self.arms.len();
        let terms = all.clone().map(|c| (c, 1.0)).collect();
        let mut rows =
            vec![("the total budget".to_owned(), Row { terms, lower: least, upper: most })];
        let free = [f64::NEG_INFINITY, f64::INFINITY];
        for (members, group) in &self.groups {
            let name = group.channels.join(" + ");
            let sum = || members.iter().map(|&c| (c, 1.0)).collect::<Vec<_>>();
            let mut add = |what: &str, terms, lower: Option<f64>, upper: Option<f64>| {
                if lower.is_some() || upper.is_some() {
                    let (lower, upper) = (lower.unwrap_or(free[0]), upper.unwrap_or(free[1]));
                    rows.push((format!("{what} {name}"), Row { terms, lower, upper }));
                }
            };
            add("the spend on", sum(), group.min, group.max);
            if least == most {
                let of = |share: Option<f64>| share.map(|share| share * most);
                add("the share of", sum(), of(group.min_share), of(group.max_share));
                continue;
            }
            // Of what is spent in the end: members less the share of all.
            let above = |share: f64| {
                let weight = |c: usize| f64::from(u8::from(members.contains(&c))) - share;
                all.clone().map(|c| (c, weight(c))).collect::<Vec<_>>()
            };
            if let Some(share) = group.min_share {
                add("the least share of", above(share), Some(0.0), None);
            }
            if let Some(share) = group.max_share {
                add("the largest share of", above(share), None, Some(0.0));
            }
        }
        rows
    }

    /// The limits of the total that the scenario gives.
    pub fn total(&self) -> [f64; 2] {
        match (self.scenario.budget.total, self.scenario.budget.at_most) {
            (Some(total), false) => [total, total],
            (Some(total), true) => [f64::NEG_INFINITY, total],
            (None, _) => [f64::NEG_INFINITY, f64::INFINITY],
        }
    }
}
