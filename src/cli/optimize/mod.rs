//! `gigamix optimize`: budgets, from a run folder and a scenario.

mod models;
mod shown;

use std::path::Path;

use serde_json::{Value, json};

use super::{
    Outcome,
    args::Optimize,
    number::{count, percent, plural},
    output::Output,
};
use crate::{
    analysis::Estimate,
    error::{Error, Result},
    fleet::Run,
    optimizer::{self, Answer, ArmRow, Budget, Contradicted, Explained, Scenario},
};
use models::{Models, excluding, load, models};
use shown::shown;

/// Most names in a note.
const NAMED: usize = 5;

/// A budget problem, its answer, and what is to be said of the models.
pub(super) struct Asked {
    pub budget: Budget,
    pub answer: Answer,
    models: Models,
}

/// Answers a scenario.
pub(super) fn optimize(args: &Optimize, out: &Output) -> Result<Outcome> {
    let asked = match ask(&Run::open(&args.run)?, &args.scenario, args.force)? {
        Ok(asked) => asked,
        Err(why) => return impossible(&why, out),
    };
    let Asked { budget, answer, models } = &asked;
    out.written(&answer.table(), &args.write)?;
    if out.json {
        out.print_json(&to_json(answer, models))?;
    } else {
        out.print(&shown(answer))?;
    }
    for note in notes(budget, answer, models) {
        out.note(note);
    }
    Ok(Outcome::Done)
}

/// Puts the scenario in the file `path` to a run.
pub(super) fn ask(
    run: &Run,
    path: &Path,
    force: bool,
) -> Result<std::result::Result<Asked, Explained>> {
    let scenario = Scenario::load(path)?;
    let models = models(run, &scenario)?;
    if !models.failed.is_empty() && !force {
        let message =
            format!("failed its gates, and nothing is optimised on it: {}", named(&models.failed));
        return Err(Error::input(message).help(format!(
            "see `gigamix diagnose`; leave it out with {} in the scenario, or include it with --force",
            excluding(&models.failed)
        )));
    }
    let budget = load(run, &scenario, &models.keys)?;
    let answer = optimizer::optimise(&budget)?;
    Ok(answer.map(|answer| Asked { budget, answer, models }))
}

fn impossible(why: &Explained, out: &Output) -> Result<Outcome> {
    if out.json {
        let limit = |of: &Contradicted| {
            let side = if of.least { "at_least" } else { "at_most" };
            json!({ "limit": of.name, side: of.limit, "would_fit": of.fits })
        };
        let limits = |of: &Vec<Contradicted>| of.iter().map(limit).collect::<Value>();
        let mut conflicts = why.conflicts.iter().map(limits);
        out.print_json(&json!({
            "rows": [],
            "status": "infeasible",
            "message": why.message,
            "conflict": conflicts.next(),
            "further_conflicts": conflicts.collect::<Value>(),
        }))?;
    }
    out.warn(format!("error: {}\n help: {}", why.message, why.help));
    Ok(Outcome::Impossible)
}

fn to_json(answer: &Answer, models: &Models) -> Value {
    let numbers = |x: &Estimate| json!({ "mean": x.mean, "hdi_3": x.hdi_3, "hdi_97": x.hdi_97 });
    let mut rows = answer.table().to_json_rows()["rows"].take();
    for (json, row) in rows.as_array_mut().into_iter().flatten().zip(&answer.rows) {
        json["binding"] = json!(row.binding);
        if let Some(path) = &row.path {
            json["path"] = json!(path);
        }
    }
    let limit = |limit: &optimizer::LimitRow| {
        json!({
            "limit": limit.name,
            "at_least": limit.limits[0],
            "at_most": limit.limits[1],
            "value": limit.value,
            "shadow_price": limit.shadow_price,
        })
    };
    let step = |step: &optimizer::Step| {
        let solved = step.solved.as_ref();
        json!({
            "total": step.total,
            "objective": solved.map(|s| s.value),
            "bound": solved.map(|s| s.bound),
            "spends": solved.map(|s| &s.spends),
        })
    };
    let effect = &answer.effect;
    json!({
        "rows": rows,
        "objective": {
            "before": effect.measure[0],
            "after": effect.measure[1],
            "hdi_3": effect.after.hdi_3,
            "hdi_97": effect.after.hdi_97,
            "p_better": effect.p_better,
            "draws_before": numbers(&effect.before),
            "draws_after": numbers(&effect.after),
            "gain": numbers(&effect.gain),
        },
        "limits": answer.limits.iter().map(limit).collect::<Vec<_>>(),
        "frontier": answer.frontier.iter().map(step).collect::<Vec<_>>(),
        "periods": answer.periods,
        "bound": answer.bound,
        "gap": answer.gap,
        "status": answer.status.name(),
        "failed_models": models.failed,
        "excluded_models": models.excluded,
    })
}

/// What people should know beside the numbers.
fn notes(budget: &Budget, answer: &Answer, models: &Models) -> Vec<String> {
    let mut notes = Vec::new();
    if !models.failed.is_empty() {
        let failed = named(&models.failed);
        notes.push(format!("warning: rests on models that failed their gates: {failed}"));
    }
    if !models.excluded.is_empty() {
        let n = plural(models.excluded.len(), "model");
        let excluded = named(&models.excluded);
        notes.push(format!(
            "warning: {n} of the run get nothing of this budget and add nothing to what it brings: \
             {excluded}"
        ));
    }
    let name = |row: &ArmRow| answer.name(row);
    let mut beyond: Vec<(f64, String)> = answer
        .rows
        .iter()
        .filter_map(|row| {
            row.beyond.map(|beyond| (beyond, format!("{} by {}", name(row), percent(beyond))))
        })
        .collect();
    beyond.sort_by(|a, b| b.0.total_cmp(&a.0));
    if !beyond.is_empty() {
        let names: Vec<String> = beyond.into_iter().map(|(_, name)| name).collect();
        notes
            .push(format!("warning: more than any period of training has seen: {}", named(&names)));
    }
    let unknown: Vec<String> = budget
        .arms
        .iter()
        .zip(&answer.rows)
        .filter(|(arm, _)| arm.seen == 0.0)
        .map(|(_, row)| name(row))
        .collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "note: never spent on in training, kept at the lower bound: {}",
            named(&unknown)
        ));
    }
    notes
}

/// The first few names.
fn named(names: &[String]) -> String {
    let mut text = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED {
        text += &format!(" and {} more", count((names.len() - NAMED) as f64));
    }
    text
}
