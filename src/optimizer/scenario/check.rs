//! What a scenario may say, beyond its types.

use super::{
    Bound, Budget, Change, Flighting, Group, Quantity, Ramp, ReferenceSpend, Risk, Scenario, Target,
};
use crate::error::{Error, Result};

/// Most periods of a horizon: what is longer is a slip of the keyboard.
pub const MOST_PERIODS: usize = 10_000;

impl Scenario {
    pub(super) fn check(&self) -> Result<()> {
        let Budget { total, frontier, noise_level, .. } = &self.budget;
        for (name, value) in
            [("total", *total), ("margin", self.objective.margin), ("price", self.objective.price)]
        {
            amount(name, value)?;
        }
        frontier.iter().try_for_each(|&total| amount("frontier", Some(total)))?;
        if !(0.0..=1.0).contains(noise_level) {
            let error =
                Error::input(format!("noise_level must be between 0 and 1, not {noise_level}"));
            return Err(error.help("0.05 says that the spend of a period is off by 5 %"));
        }
        self.horizon()?;
        self.question()?;
        for (key, bound) in &self.bounds {
            bound.check().map_err(|error| error.context(format!("[bounds] {key:?}")))?;
        }
        for (key, ramp) in &self.ramp {
            let (Ramp::Change(most) | Ramp::Spend(most)) = ramp;
            if !(most.is_finite() && *most > 0.0) {
                let error = Error::input(format!("[ramp] {key:?}: must be above 0, not {most}"));
                return Err(error.help(
                    "for a spend that never changes leave [ramp] out, and flighting = \"uniform\"",
                ));
            }
        }
        for (k, group) in self.group.iter().enumerate() {
            group.check().map_err(|error| error.context(format!("[[group]] {}", k + 1)))?;
        }
        if let ReferenceSpend::Table(table) = &self.reference.spend {
            table.iter().try_for_each(|(key, &spend)| amount(key, Some(spend)))?;
        }
        Ok(())
    }

    /// The periods that are decided on.
    fn horizon(&self) -> Result<()> {
        let Budget { periods, start, end, .. } = &self.budget;
        let (message, help) = match (periods, start, end) {
            (Some(0), ..) => (
                "`periods` is 0: an empty horizon".to_owned(),
                "give the number of periods, at least 1",
            ),
            (Some(periods), ..) if *periods > MOST_PERIODS => (
                format!("`periods` is {periods}: more than {MOST_PERIODS}"),
                "give the number of periods of the budget, such as 26 weeks",
            ),
            (Some(_), _, None) => return Ok(()),
            (None, Some(start), Some(end)) if start <= end => return Ok(()),
            (None, Some(start), Some(end)) => (
                format!("the horizon is empty: it starts on {start} and ends on {end}"),
                "`start` and `end` are its first and last date",
            ),
            _ => (
                "the horizon is not known".to_owned(),
                "in [budget], give `periods`, or `start` and `end`, or `start` and `periods`",
            ),
        };
        Err(Error::input(message).help(help))
    }

    /// What is asked, and whether there is an answer to it.
    fn question(&self) -> Result<()> {
        let (objective, target) = (&self.objective, self.target);
        let free = self.budget.flighting == Flighting::Optimize;
        if self.budget.total.is_some() == target.is_some() {
            let message = match target {
                None => "how much may be spent is not said",
                Some(_) => "both a total budget and a target are given",
            };
            return Err(Error::input(message).help(
                "give `total` in [budget], or [target] with one of objective, roas, mroas, cpa to ask for the budget",
            ));
        }
        let needs = match (objective.maximize, objective.price, objective.margin) {
            (Quantity::Revenue, None, _) => {
                Some(("revenue", "price", "revenue per unit of the target"))
            }
            (Quantity::Profit, _, None) => {
                Some(("profit", "margin", "profit per unit of the target, before the spend"))
            }
            _ => None,
        };
        if let Some((what, key, about)) = needs {
            return Err(Error::input(format!("maximize = {what:?} needs `{key}`"))
                .help(format!("in [objective], `{key}` is the {about}")));
        }
        let in_unit = |name: &str, p: f64| match p > 0.0 && p < 1.0 {
            true => Ok(()),
            false => Err(Error::input(format!("{name} must be between 0 and 1, not {p}"))),
        };
        match objective.risk {
            Risk::Mean | Risk::Sharpe => {}
            Risk::Cvar(p) => in_unit("cvar", p)?,
            Risk::Quantile(p) => in_unit("quantile", p)?,
            Risk::MeanMinusSd(k) => amount("mean_minus_sd", Some(k))?,
        }
        let frontier = !self.budget.frontier.is_empty();
        if frontier && (target.is_some() || objective.risk != Risk::Mean) {
            let error = Error::input("`frontier` is of the mean, by the total");
            return Err(error.help("leave it out beside a [target] or a `risk`"));
        }
        if free && (target.is_some() || objective.risk != Risk::Mean) {
            let error =
                Error::input("flighting = \"optimize\" is for the mean, and for a given total");
            return Err(error.help("beside a [target] or a `risk`, give the flighting"));
        }
        if let Some(of) = target {
            let (Target::Objective(x) | Target::Roas(x) | Target::Mroas(x) | Target::Cpa(x)) = of;
            amount("target", Some(x))?;
            if of == Target::Cpa(0.0) {
                return Err(Error::input("cpa must be above 0: nothing is had for nothing"));
            }
            if objective.risk != Risk::Mean {
                return Err(Error::input("a [target] is of the mean: leave `risk` out"));
            }
            if objective.maximize == Quantity::Profit && !matches!(of, Target::Objective(_)) {
                let error = Error::input(
                    "a return of profit is none of spend: the spend is deducted already",
                );
                return Err(error.help("use maximize = \"revenue\" with price = the margin"));
            }
        }
        Ok(())
    }
}

/// An amount that is finite and not negative.
fn amount(name: &str, value: Option<f64>) -> Result<()> {
    match value {
        Some(x) if !x.is_finite() || x < 0.0 => {
            Err(Error::input(format!("{name} must be a number, at least 0, not {x}")))
        }
        _ => Ok(()),
    }
}

impl Bound {
    fn check(&self) -> Result<()> {
        let Self { change, lower, upper, fixed } = self;
        for (name, value) in [("lower", *lower), ("upper", *upper), ("fixed", *fixed)] {
            amount(name, value)?;
        }
        let kinds = [change.is_some(), lower.is_some() || upper.is_some(), fixed.is_some()];
        if kinds.iter().filter(|given| **given).count() != 1 {
            return Err(Error::input("gives not one kind of limit")
                .help("give `change`, or `lower` and `upper` (or one of them), or `fixed`"));
        }
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower > upper
        {
            return Err(Error::input(format!("lower = {lower} is above upper = {upper}")));
        }
        match change {
            Some(Change::Both(x)) if !x.is_finite() || *x < 0.0 => {
                Err(Error::input(format!("change must be at least 0, not {x}"))
                    .help("change = 0.5 allows half as much to one and a half times as much"))
            }
            Some(Change::Range([a, b]))
                if !(a.is_finite() && b.is_finite() && a <= b && *b >= -1.0) =>
            {
                Err(Error::input(format!("change = [{a}, {b}] allows nothing"))
                    .help("change = [-0.2, 0.5] allows 20 % less to 50 % more"))
            }
            _ => Ok(()),
        }
    }
}

impl Group {
    fn check(&self) -> Result<()> {
        let Self { channels, min, max, min_share, max_share } = self;
        if channels.is_empty() {
            return Err(Error::input("names no channels"));
        }
        for (name, value) in [("min", *min), ("max", *max)] {
            amount(name, value)?;
        }
        for (name, value) in [("min_share", *min_share), ("max_share", *max_share)] {
            if value.is_some_and(|x| !(0.0..=1.0).contains(&x)) {
                return Err(Error::input(format!("{name} must be between 0 and 1")));
            }
        }
        if [min, max, min_share, max_share].iter().all(|limit| limit.is_none()) {
            return Err(
                Error::input("limits nothing").help("give min, max, min_share or max_share")
            );
        }
        for (low, high, name) in [(min, max, "min"), (min_share, max_share, "min_share")] {
            if let (Some(low), Some(high)) = (low, high)
                && low > high
            {
                return Err(Error::input(format!("{name} = {low} is above its maximum of {high}")));
            }
        }
        Ok(())
    }
}
