//! The models of a scenario: which, and what a budget needs of them.

use glob::Pattern;
use rayon::prelude::*;

use super::{NAMED, named};
use crate::{
    cli::{cells::Cells, number::count, read::unknown_model},
    error::{Error, Result},
    fleet::Run,
    optimizer::{Budget, Plan, Scenario, Share},
};

/// The models of a scenario.
pub(super) struct Models {
    pub keys: Vec<String>,
    /// Those of them that failed their gates.
    pub failed: Vec<String>,
    /// Those that the scenario leaves out.
    pub excluded: Vec<String>,
}

/// What a scenario has to say to leave models out.
pub(super) fn excluding(keys: &[String]) -> String {
    let more = if keys.len() > NAMED { ", …" } else { "" };
    let named: Vec<String> = keys.iter().take(NAMED).map(|key| format!("{key:?}")).collect();
    format!("`exclude = [{}{more}]`", named.join(", "))
}

/// The models of the scenario.
pub(super) fn models(run: &Run, scenario: &Scenario) -> Result<Models> {
    let table = run.models()?;
    let cells = Cells(&table);
    let patterns = |name: &str, texts: &[String]| -> Result<Vec<Pattern>> {
        let pattern = |text: &String| {
            let pattern = Pattern::new(text).map_err(|e| {
                Error::input(format!("{name}: {text:?} is no valid glob: {}", e.msg))
            })?;
            if !cells.rows().any(|row| pattern.matches(cells.text("model", row))) {
                let keys: Vec<&str> = cells.rows().map(|row| cells.text("model", row)).collect();
                let place = run.dir().display().to_string();
                return Err(unknown_model(text, &keys, &place));
            }
            Ok(pattern)
        };
        texts.iter().map(pattern).collect()
    };
    let (wanted, unwanted) =
        (patterns("models", &scenario.models)?, patterns("exclude", &scenario.exclude)?);
    let mut models = Models { keys: Vec::new(), failed: Vec::new(), excluded: Vec::new() };
    for row in cells.rows() {
        let key = cells.text("model", row);
        let among = |patterns: &[Pattern]| patterns.iter().any(|p| p.matches(key));
        if !wanted.is_empty() && !among(&wanted) {
            continue;
        }
        if among(&unwanted) {
            models.excluded.push(key.to_owned());
            continue;
        }
        if cells.text("status", row) == "failed" {
            models.failed.push(key.to_owned());
        }
        models.keys.push(key.to_owned());
    }
    if models.keys.is_empty() {
        return Err(Error::input("the scenario leaves no model to optimise")
            .help("`exclude` takes out all of what `models` names"));
    }
    Ok(models)
}

/// Reads the models, a few at a time, and keeps what the budget needs of them.
pub(super) fn load(run: &Run, scenario: &Scenario, keys: &[String]) -> Result<Budget> {
    let (file, plan) = (run.model_file()?, Plan::new(scenario)?);
    let one = |key: &String| -> Result<Vec<(Share, usize)>> {
        let series = run.series(&file, key)?;
        let share = |fitted| Ok((plan.share(fitted)?, plan.periods(&fitted.panel.dates)?));
        series.iter().map(share).collect()
    };
    let read: Vec<Result<Vec<(Share, usize)>>> = keys.par_iter().map(one).collect();
    let (mut shares, mut periods, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (key, read) in keys.iter().zip(read) {
        match read {
            Ok(series) => series.into_iter().for_each(|(share, its)| {
                shares.push(share);
                periods.push(its);
            }),
            Err(error) => refused.push((key.clone(), error)),
        }
    }
    if !refused.is_empty() {
        return Err(without(refused, keys.len()));
    }
    let first = periods.first().copied().unwrap_or_default();
    if periods.iter().any(|its| *its != first) {
        return Err(Error::input("the horizon has different numbers of periods in the models")
            .help("give `periods` instead of `end`"));
    }
    plan.budget(shares, first)
}

/// Why some of the models, or all of them, cannot share the budget.
fn without(mut refused: Vec<(String, Error)>, of: usize) -> Error {
    let keys: Vec<String> = refused.iter().map(|(key, _)| key.clone()).collect();
    let (_, first) = refused.swap_remove(0);
    if keys.len() == of {
        return first;
    }
    let help = first.help_text().map_or(String::new(), |help| format!("{help}; "));
    let several =
        format!("{} of {} cannot share the budget", count(keys.len() as f64), count(of as f64));
    let error = first.context(format!("{several} ({})", named(&keys)));
    error.help(format!(
        "{help}for a budget of the others alone: {} in the scenario",
        excluding(&keys)
    ))
}
