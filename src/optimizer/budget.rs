//! A budget problem: channels of fitted models, and the limits of their spends.

use super::course::Course;
use super::media::Media;
use super::place::Place;
use super::program::{Program, Row};
use super::response::Response;
use super::scenario::{Flighting, Group, Quantity, Scenario};
use crate::math::Key;
use rayon::prelude::*;

/// Draws of a draft, at least.
const FEW: usize = 32;

/// A channel of a model, for which a spend is to be decided.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Whose spend it is.
    pub place: Place,
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
    /// Limits from period to period, where the flighting is decided on.
    pub course: Option<Course>,
    /// Largest spend in a period of the training rows.
    pub seen: f64,
    /// Spend in the largest period of the horizon, per unit of mean spend.
    pub peak: f64,
    /// Key and stream of the noise with which plans are executed.
    pub noise: (Key, u32),
}

/// A budget problem: its channels, its limits, and how it was asked for.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Channels of all models.
    pub arms: Vec<Arm>,
    /// Groups and their members, in order.
    pub groups: Vec<(Vec<usize>, Group)>,
    /// Periods of the horizon.
    pub periods: usize,
    /// What the target is expected to be without media, of sales; else 0.
    pub baseline: f64,
    /// The scenario.
    pub scenario: Scenario,
}

/// What a row is called, and what it limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What it limits.
    pub kind: Kind,
}

/// What a row limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A spend.
    Spend,
    /// A spend, by its share of the total, which is given.
    ShareOfTotal,
    /// A spend less its share of what will be spent; the limit is 0.
    ShareOfSpend,
}

impl Budget {
    /// What channels are called: by their names, and where they are if that is not the same for all.
    pub fn name(&self, c: usize) -> String {
        let Arm { place, channel, .. } = &self.arms[c];
        match self.arms.iter().all(|arm| arm.place == *place) {
            true => channel.clone(),
            false => format!("{place}:{channel}"),
        }
    }

    /// What a unit of spend per period costs in units of the objective.
    pub fn cost(&self) -> f64 {
        match self.scenario.objective.maximize {
            Quantity::Profit => self.periods as f64,
            _ => 0.0,
        }
    }

    /// Draws of the model with the fewest.
    pub fn least_draws(&self) -> usize {
        self.arms.iter().map(|arm| arm.media.n_draws()).min().unwrap_or(0)
    }

    /// The same with so many draws of every model, evenly spaced.
    pub fn thinned(&self, n: usize) -> Self {
        self.with(|media| media.thinned(n))
    }

    /// The same with one in so many draws, at least `FEW`, and tables in single precision.
    pub fn draft(&self, one_in: usize) -> Self {
        let drafted = |media: &Media| match one_in {
            1 => media.draft(),
            _ => media.thinned((media.n_draws() / one_in).max(FEW)).draft(),
        };
        self.with(drafted)
    }

    /// Whether no response is S-shaped.
    pub fn concave(&self) -> bool {
        self.arms.iter().all(|arm| arm.media.concave())
    }

    fn with(&self, change: impl Fn(&Media) -> Media + Sync) -> Self {
        let changed = |arm: &Arm| Arm { media: change(&arm.media), ..arm.clone() };
        let Self { arms, groups, periods, baseline, scenario } = self;
        Self {
            arms: arms.par_iter().map(changed).collect(),
            groups: groups.clone(),
            periods: *periods,
            baseline: *baseline,
            scenario: scenario.clone(),
        }
    }

    /// Draws of the objective without any channel: the baseline less what the spends cost.
    pub fn constant(&self, spends: &[f64]) -> Vec<f64> {
        vec![self.baseline - self.cost() * spends.iter().sum::<f64>(); self.least_draws()]
    }

    /// The mean of the objective at some spends, the flighting being given.
    pub fn mean(&self, spends: &[f64]) -> f64 {
        let value = |(arm, &spend): (&Arm, &f64)| arm.media.tabulate(&[spend]).points[0].value;
        let values: Vec<f64> = self.arms.par_iter().zip(spends).map(value).collect();
        values.iter().sum::<f64>() + self.baseline - self.cost() * spends.iter().sum::<f64>()
    }

    /// Whether the spend of every period is decided on.
    pub fn scheduled(&self) -> bool {
        self.scenario.budget.flighting == Flighting::Optimize
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
    pub fn rows(&self, [least, most]: [f64; 2]) -> Vec<(Named, Row)> {
        let all = 0..self.arms.len();
        let terms = all.clone().map(|c| (c, 1.0)).collect();
        let total = Named { name: "the total budget".to_owned(), kind: Kind::Spend };
        let mut rows = vec![(total, Row { terms, lower: least, upper: most })];
        let free = [f64::NEG_INFINITY, f64::INFINITY];
        for (members, group) in &self.groups {
            let name = group.channels.join(" + ");
            let sum = || members.iter().map(|&c| (c, 1.0)).collect::<Vec<_>>();
            let mut add = |name, kind, terms, lower: Option<f64>, upper: Option<f64>| {
                if lower.is_some() || upper.is_some() {
                    let (lower, upper) = (lower.unwrap_or(free[0]), upper.unwrap_or(free[1]));
                    rows.push((Named { name, kind }, Row { terms, lower, upper }));
                }
            };
            add(format!("the spend on {name}"), Kind::Spend, sum(), group.min, group.max);
            let shares = [("min_share", group.min_share), ("max_share", group.max_share)];
            if least == most {
                let of = |share: Option<f64>| share.map(|share| share * most);
                let given = |(key, share): (&str, Option<f64>)| Some(format!("{key} = {}", share?));
                let given = shares.into_iter().filter_map(given).collect::<Vec<_>>().join(", ");
                let [(_, lower), (_, upper)] = shares.map(|(key, share)| (key, of(share)));
                let name = format!("the spend on {name} ({given})");
                add(name, Kind::ShareOfTotal, sum(), lower, upper);
                continue;
            }
            // Of what is spent in the end: members less the share of all.
            for (key, share) in shares.into_iter().filter_map(|(key, share)| Some((key, share?))) {
                let weight =
                    |c: usize| f64::from(u8::from(members.binary_search(&c).is_ok())) - share;
                let terms = all.clone().map(|c| (c, weight(c))).collect();
                let [lower, upper] = match key {
                    "min_share" => [Some(0.0), None],
                    _ => [None, Some(0.0)],
                };
                let name = format!("the spend on {name} less {share} of all spend ({key})");
                add(name, Kind::ShareOfSpend, terms, lower, upper);
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
