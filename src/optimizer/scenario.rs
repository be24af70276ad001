//! The scenario file: what is asked of the budget.

use crate::error::{Error, Result, Source, suggest};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Where it was read from, for relative paths.
    #[serde(skip)]
    pub path: PathBuf,
    /// Models that share the budget, globs allowed; all of the run by default.
    #[serde(default)]
    pub models: Vec<String>,
    /// How much, when, and how it is spread over time.
    pub budget: Budget,
    /// What is maximised.
    #[serde(default)]
    pub objective: Objective,
    /// Limits per channel: `default`, a channel, or `model:channel`; globs allowed.
    #[serde(default)]
    pub bounds: BTreeMap<String, Bound>,
    /// What "before" means.
    #[serde(default)]
    pub reference: Reference,
    /// Limits of several channels together.
    #[serde(default)]
    pub group: Vec<Group>,
    /// What is to be reached, where the budget is what is asked for.
    pub target: Option<Target>,
}

/// How much, when, and how it is spread over time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Spend per period, of all channels and models together.
    pub total: Option<f64>,
    /// Whether some of it may be left unspent.
    #[serde(default)]
    pub at_most: bool,
    /// Number of periods.
    pub periods: Option<usize>,
    /// First date, instead of periods that follow the training rows.
    pub start: Option<Date>,
    /// Last date.
    pub end: Option<Date>,
    /// Whether spend before the horizon still has its effect.
    #[serde(default)]
    pub carry_in: bool,
    /// Whether effects outside the horizon count.
    #[serde(default = "yes")]
    pub carry_out: bool,
    /// How a channel's spend is spread over the periods.
    #[serde(default)]
    pub flighting: Flighting,
    /// Further totals: what each of them would bring.
    #[serde(default)]
    pub frontier: Vec<f64>,
}

fn yes() -> bool {
    true
}

/// How a channel's spend is spread over the periods.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flighting {
    /// The same in every period.
    #[default]
    Uniform,
    /// As in the last rows of the reference.
    Historical,
    /// As in a CSV file: a column per channel, a row per period.
    Path(PathBuf),
}

/// What is maximised.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The quantity.
    #[serde(default)]
    pub maximize: Quantity,
    /// Revenue per unit of the target.
    pub price: Option<f64>,
    /// Profit per unit of the target, before the spend.
    pub margin: Option<f64>,
    /// What is made of its draws.
    #[serde(default)]
    pub risk: Risk,
}

/// The quantity that is maximised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// What the channels add to the target.
    #[default]
    Contribution,
    /// The target: contribution and an expected baseline.
    Sales,
    /// Contribution times `price`.
    Revenue,
    /// Contribution times `margin`, less the spend.
    Profit,
}

/// What is made of the draws of the quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Their mean.
    #[default]
    Mean,
    /// Mean of the worst share.
    Cvar(f64),
    /// Quantile of this probability.
    Quantile(f64),
    /// Mean less so many standard deviations.
    MeanMinusSd(f64),
}

/// Limits of a channel.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Largest change as a share of the reference, or least and largest.
    pub change: Option<Change>,
    /// Least spend per period.
    pub lower: Option<f64>,
    /// Largest spend per period.
    pub upper: Option<f64>,
    /// The spend per period.
    pub fixed: Option<f64>,
}

/// Change as a share of the reference.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "`change` must be a number such as 0.5, or two such as [-0.2, 0.5]")]
pub enum Change {
    /// Up and down.
    Both(f64),
    /// Least and largest.
    Range([f64; 2]),
}

/// What "before" means.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The spend before.
    #[serde(default)]
    pub spend: ReferenceSpend,
}

/// The spend before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "`spend` must be \"train\", \"test\", or a table of spends per period by channel"
)]
pub enum ReferenceSpend {
    /// Mean per period of some rows.
    Rows(Rows),
    /// Per period, by channel or `model:channel`; globs allowed.
    Table(BTreeMap<String, f64>),
}

impl Default for ReferenceSpend {
    fn default() -> Self {
        ReferenceSpend::Rows(Rows::Train)
    }
}

/// Rows of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Those the model was fitted to.
    Train,
    /// Those held out.
    Test,
}

/// Limits of several channels together, per period.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The channels, as in the bounds.
    pub channels: Vec<String>,
    /// Least spend.
    pub min: Option<f64>,
    /// Largest spend.
    pub max: Option<f64>,
    /// Least share of all spend.
    pub min_share: Option<f64>,
    /// Largest share of all spend.
    pub max_share: Option<f64>,
}

/// What is to be reached: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The objective: asks for the smallest budget that reaches it.
    Objective(f64),
    /// Objective per unit of spend: asks for the largest budget that keeps it.
    Roas(f64),
    /// Objective of the last unit of spend: asks for the budget up to which it is kept.
    Mroas(f64),
}

impl Scenario {
    /// Reads the scenario file at `path`.
    ///
    /// # Errors
    /// It cannot be read, is no TOML, has unknown keys or values that make no sense.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::io(path, "read the scenario", &error)
                .help("the second argument is the path of a scenario file, such as scenario.toml")
        })?;
        Self::parse(path, &text)
    }

    /// Reads a scenario from text.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let source = Arc::new(Source { name: path.display().to_string(), text: text.into() });
        let mut scenario: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            let mut message = error.message().trim().to_owned();
            let mut help = "docs/guide.md shows every key of a scenario".to_owned();
            if let Some((what, allowed)) = message.clone().split_once(", expected ") {
                let quoted = |text: &str| {
                    text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
                };
                let (typed, known) = (quoted(what), quoted(allowed));
                let near = typed.first().and_then(|t| suggest(t, known.iter().map(String::as_str)));
                help = match near {
                    Some(near) => {
                        format!("did you mean `{near}`? allowed here: {}", known.join(", "))
                    }
                    None => format!("expected {allowed}"),
                };
                what.clone_into(&mut message);
            }
            Error::input(message).at(&source, span).help(help)
        })?;
        path.clone_into(&mut scenario.path);
        scenario.check().map_err(|error| error.context(path.display()))?;
        Ok(scenario)
    }

    fn check(&self) -> Result<()> {
        let Budget { total, periods, start, end, frontier, .. } = &self.budget;
        for (name, value) in
            [("total", *total), ("margin", self.objective.margin), ("price", self.objective.price)]
        {
            amount(name, value)?;
        }
        frontier.iter().try_for_each(|&total| amount("frontier", Some(total)))?;
        match (periods, start, end) {
            (Some(0), _, _) => {
                return Err(Error::input("`periods` is 0: an empty horizon")
                    .help("give the number of periods, at least 1"));
            }
            (Some(_), None, None) => {}
            (Some(_), Some(_), None) => {}
            (None, Some(start), Some(end)) if start <= end => {}
            (None, Some(start), Some(end)) => {
                let message =
                    format!("the horizon is empty: it starts on {start} and ends on {end}");
                return Err(
                    Error::input(message).help("`start` and `end` are its first and last date")
                );
            }
            _ => {
                return Err(Error::input("the horizon is not known").help(
                    "in [budget], give `periods`, or `start` and `end`, or `start` and `periods`",
                ));
            }
        }
        if total.is_some() == self.target.is_some() {
            let message = match self.target {
                None => "how much may be spent is not said",
                Some(_) => "both a total budget and a target are given",
            };
            return Err(Error::input(message).help(
                "give `total` in [budget], or [target] with one of objective, roas, mroas to ask for the budget",
            ));
        }
        if !frontier.is_empty() && self.target.is_some() {
            return Err(Error::input("`frontier` has no meaning beside a [target]"));
        }
        for (key, bound) in &self.bounds {
            bound.check().map_err(|error| error.context(format!("[bounds] {key:?}")))?;
        }
        for (k, group) in self.group.iter().enumerate() {
            group.check().map_err(|error| error.context(format!("[[group]] {}", k + 1)))?;
        }
        if let ReferenceSpend::Table(table) = &self.reference.spend {
            table.iter().try_for_each(|(key, &spend)| amount(key, Some(spend)))?;
        }
        let needs = match (self.objective.maximize, self.objective.price, self.objective.margin) {
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
        match self.objective.risk {
            Risk::Mean => {}
            Risk::Cvar(p) => in_unit("cvar", p)?,
            Risk::Quantile(p) => in_unit("quantile", p)?,
            Risk::MeanMinusSd(k) => amount("mean_minus_sd", Some(k))?,
        }
        if let Some(Target::Objective(x) | Target::Roas(x) | Target::Mroas(x)) = self.target {
            amount("target", Some(x))?;
            if self.objective.risk != Risk::Mean {
                return Err(Error::input("a [target] is of the mean: leave `risk` out"));
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
