//! The scenario file: what is asked of the budget.

mod check;

pub use check::MOST_PERIODS;

use crate::error::{Error, Result, Source, suggest};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
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
    /// Models that have no part in it, globs allowed.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How much, when, and how it is spread over time.
    pub budget: Budget,
    /// What is maximised.
    #[serde(default)]
    pub objective: Objective,
    /// Limits per channel: `default`, a channel, or `model:channel`, of a series `model/label:channel`;
    /// globs allowed.
    #[serde(default)]
    pub bounds: BTreeMap<String, Bound>,
    /// Largest changes from one period to the next, by the same keys.
    #[serde(default)]
    pub ramp: BTreeMap<String, Ramp>,
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
    #[serde(default, deserialize_with = "date")]
    pub start: Option<Date>,
    /// Last date.
    #[serde(default, deserialize_with = "date")]
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
    /// By what share of it the spend of a period is off when it is executed, as a standard deviation:
    /// it widens the intervals, and moves no spend.
    #[serde(default)]
    pub noise_level: f64,
}

fn yes() -> bool {
    true
}

/// A date, as TOML has them or as a text.
fn date<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<Date>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a date is written as in 2024-01-31")]
    enum When {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match When::deserialize(from)? {
        When::Toml(date) => date.to_string(),
        When::Text(text) => text,
    };
    let date = text.parse().map_err(|_| {
        serde::de::Error::custom(format!("{text:?} is no date: write it as in 2024-01-31"))
    });
    date.map(Some)
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
    /// Decided on, too: bounds then hold in every period.
    Optimize,
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
    /// Mean in standard deviations.
    Sharpe,
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

/// The largest change of a channel's spend from one period to the next: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ramp {
    /// As a share of the reference.
    Change(f64),
    /// In units of spend.
    Spend(f64),
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
    /// Spend per unit of the objective: asks for the largest budget that keeps it.
    Cpa(f64),
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
                    None => format!("expected {}", plain(allowed)),
                };
                what.clone_into(&mut message);
            }
            Error::input(message).at(&source, span).help(help)
        })?;
        path.clone_into(&mut scenario.path);
        scenario.check().map_err(|error| error.context(path.display()))?;
        Ok(scenario)
    }
}

/// A type in words of those who write scenarios.
fn plain(expected: &str) -> &str {
    match expected {
        "f64" => "a number",
        "usize" => "a whole number",
        other => other,
    }
}
