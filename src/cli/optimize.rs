//! `gigamix optimize`: budgets, from a run folder and a scenario.

use std::{collections::BTreeMap, path::Path};

use glob::Pattern;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::{
    Outcome,
    args::Optimize,
    cells::Cells,
    grid::Grid,
    number::{NOTHING, amount, count, percent, plural, significant},
    output::Output,
};
use crate::{
    analysis::Estimate,
    error::{Error, Result},
    fleet::Run,
    optimizer::{self, Answer, ArmRow, Budget, Explained, Plan, Scenario, Share},
};

/// Most rows that are shown one by one.
const SHOWN: usize = 40;
/// Most names in a note.
const NAMED: usize = 5;

/// A budget problem, its answer, and the models it rests on that failed their gates.
pub(super) struct Asked {
    pub budget: Budget,
    pub answer: Answer,
    pub failed: Vec<String>,
}

/// Answers a scenario.
pub(super) fn optimize(args: &Optimize, out: &Output) -> Result<Outcome> {
    let asked = match ask(&Run::open(&args.run)?, &args.scenario, args.force)? {
        Ok(asked) => asked,
        Err(why) => return impossible(&why, out),
    };
    let Asked { budget, answer, failed } = &asked;
    out.written(&answer.table(), &args.write)?;
    if out.json {
        out.print_json(&to_json(answer, failed))?;
    } else {
        out.print(&shown(answer))?;
    }
    for note in notes(budget, answer, failed) {
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
    let (keys, failed) = models(run, &scenario)?;
    if !failed.is_empty() && !force {
        let message =
            format!("failed its gates, and nothing is optimised on it: {}", named(&failed));
        return Err(Error::input(message).help(
            "see `gigamix diagnose`; leave it out with `models = [...]` in the scenario, or \
             include it with --force",
        ));
    }
    let budget = load(run, &scenario, &keys)?;
    let answer = optimizer::optimise(&budget)?;
    Ok(answer.map(|answer| Asked { budget, answer, failed }))
}

/// The models of the scenario, and those of them that failed.
fn models(run: &Run, scenario: &Scenario) -> Result<(Vec<String>, Vec<String>)> {
    let table = run.models()?;
    let cells = Cells(&table);
    let mut patterns = Vec::new();
    for text in &scenario.models {
        let pattern = Pattern::new(text)
            .map_err(|e| Error::input(format!("models: {text:?} is no valid glob: {}", e.msg)))?;
        if !cells.rows().any(|row| pattern.matches(cells.text("model", row))) {
            let keys: Vec<&str> = cells.rows().map(|row| cells.text("model", row)).collect();
            let place = run.dir().display().to_string();
            return Err(super::read::unknown_model(text, &keys, &place));
        }
        patterns.push(pattern);
    }
    let meant = |key: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches(key));
    let (mut keys, mut failed) = (Vec::new(), Vec::new());
    for row in cells.rows().filter(|&row| meant(cells.text("model", row))) {
        let key = cells.text("model", row).to_owned();
        if cells.text("status", row) == "failed" {
            failed.push(key.clone());
        }
        keys.push(key);
    }
    Ok((keys, failed))
}

/// Reads the models, a few at a time, and keeps what the budget needs of them.
fn load(run: &Run, scenario: &Scenario, keys: &[String]) -> Result<Budget> {
    let (file, plan) = (run.model_file()?, Plan::new(scenario)?);
    let one = |key: &String| -> Result<(Share, usize)> {
        let fitted = run.fitted(&file, key)?;
        Ok((plan.share(&fitted)?, plan.periods(&fitted.panel.dates)?))
    };
    let read: Vec<(Share, usize)> = keys.par_iter().map(one).collect::<Result<_>>()?;
    let periods = read.first().map_or(0, |(_, periods)| *periods);
    if read.iter().any(|(_, its)| *its != periods) {
        return Err(Error::input("the horizon has different numbers of periods in the models")
            .help("give `periods` instead of `end`"));
    }
    plan.budget(read.into_iter().map(|(share, _)| share).collect(), periods)
}

fn impossible(why: &Explained, out: &Output) -> Result<Outcome> {
    if out.json {
        let limit = |(name, least, limit, fits): &(String, bool, f64, Option<f64>)| {
            let side = if *least { "at_least" } else { "at_most" };
            json!({ "limit": name, side: limit, "would_fit": fits })
        };
        out.print_json(&json!({
            "rows": [],
            "status": "infeasible",
            "message": why.message,
            "conflict": why.limits.iter().map(limit).collect::<Vec<_>>(),
        }))?;
    }
    out.warn(format!("error: {}\n help: {}", why.message, why.help));
    Ok(Outcome::Impossible)
}

fn to_json(answer: &Answer, failed: &[String]) -> Value {
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
        "failed_models": failed,
    })
}

/// The answer for people.
fn shown(answer: &Answer) -> String {
    let mut text = match answer.rows.len() <= SHOWN {
        true => each(&answer.rows) + &schedule(&answer.rows),
        false => totals(&answer.rows),
    };
    let effect = &answer.effect;
    let interval = |x: &Estimate| format!("{} to {}", amount(x.hdi_3), amount(x.hdi_97));
    let mut grid = Grid::default().left(&format!("over {}", plural(answer.periods, "period")));
    for name in ["before", "after", "94 % interval", "gain", "94 % interval", "P(better)"] {
        grid = grid.right(name);
    }
    grid.row(vec![
        "objective".into(),
        amount(effect.measure[0]),
        amount(effect.measure[1]),
        interval(&effect.after),
        amount(effect.gain.mean),
        interval(&effect.gain),
        percent(effect.p_better),
    ]);
    text += &format!("\n{}", grid.render(false));
    let limits = answer.limits.iter().filter(|limit| limit.shadow_price != 0.0);
    let mut grid = Grid::default().left("binding limit").right("is").right("one more unit brings");
    let mut any = false;
    for limit in limits {
        any = true;
        let price = significant(limit.shadow_price, 3);
        grid.row(vec![limit.name.clone(), amount(limit.value), price]);
    }
    if any {
        text += &format!("\n{}", grid.render(false));
    }
    if !answer.frontier.is_empty() {
        let mut grid = Grid::default().right("budget").right("objective").right("gap");
        for step in &answer.frontier {
            let of = |f: fn(&optimizer::Solved) -> String| {
                step.solved.as_ref().map_or("infeasible".into(), f)
            };
            let cells = [of(|s| amount(s.value)), of(|s| significant(s.gap(), 2))];
            grid.row([amount(step.total)].into_iter().chain(cells).collect());
        }
        text += &format!("\n{}", grid.render(false));
    }
    let certificate = match (answer.bound, answer.gap) {
        (Some(bound), Some(gap)) => {
            let bound = amount(bound);
            format!("no allocation within the limits reaches more than {bound}: gap {gap:.1e}")
        }
        _ => answer.unbounded.unwrap_or_default().into(),
    };
    text + &format!("\nstatus {}; {certificate}\n", answer.status.name())
}

fn each(rows: &[ArmRow]) -> String {
    let mut grid = Grid::default().left("model").left("channel");
    for name in
        ["before", "after", "change", "response before", "after ", "94 % interval", "marginal ROAS"]
    {
        grid = grid.right(name);
    }
    grid = grid.left("at");
    let several = rows.iter().any(|row| row.model != rows[0].model);
    for row in rows {
        let [before, after] = &row.response;
        grid.row(vec![
            if several { row.model.clone() } else { NOTHING.into() },
            row.channel.clone(),
            amount(row.before),
            amount(row.after),
            percent(row.after / row.before - 1.0),
            amount(before.mean),
            amount(after.mean),
            format!("{} to {}", amount(after.hdi_3), amount(after.hdi_97)),
            significant(row.marginal_roas, 3),
            row.binding.unwrap_or(NOTHING).into(),
        ]);
    }
    grid.render(false)
}

/// The spend of every period, where it was decided on; periods with the same spends are one line.
fn schedule(rows: &[ArmRow]) -> String {
    let Some(paths) = rows.iter().map(|row| row.path.as_ref()).collect::<Option<Vec<_>>>() else {
        return String::new();
    };
    let mut grid = Grid::default().left("period");
    for row in rows {
        grid = grid.right(&row.channel);
    }
    let line = |t: usize| paths.iter().map(|path| amount(path[t])).collect::<Vec<_>>();
    let periods = paths.first().map_or(0, |path| path.len());
    let mut first = 0;
    for t in 0..periods {
        if t + 1 < periods && line(t + 1) == line(t) {
            continue;
        }
        let name =
            if first == t { (t + 1).to_string() } else { format!("{}–{}", first + 1, t + 1) };
        grid.row([name].into_iter().chain(line(t)).collect());
        first = t + 1;
    }
    format!("\n{}", grid.render(false))
}

/// Sums over the models.
fn totals(rows: &[ArmRow]) -> String {
    let mut sums: BTreeMap<&str, [f64; 5]> = BTreeMap::new();
    for row in rows {
        let [before, after] = &row.response;
        let numbers = [1.0, row.before, row.after, before.mean, after.mean];
        let sum = sums.entry(&row.channel).or_default();
        sum.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x);
    }
    let mut grid = Grid::default().left("channel");
    for name in ["models", "before", "after", "change", "response before", "after "] {
        grid = grid.right(name);
    }
    for (channel, [models, before, after, then, now]) in sums {
        grid.row(vec![
            channel.into(),
            count(models),
            amount(before),
            amount(after),
            percent(after / before - 1.0),
            amount(then),
            amount(now),
        ]);
    }
    grid.render(false)
}

/// What people should know beside the numbers.
fn notes(budget: &Budget, answer: &Answer, failed: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    if !failed.is_empty() {
        notes.push(format!("warning: rests on models that failed their gates: {}", named(failed)));
    }
    let several = answer.rows.iter().any(|row| row.model != answer.rows[0].model);
    let name = |row: &ArmRow| match several {
        true => format!("{}:{}", row.model, row.channel),
        false => row.channel.clone(),
    };
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
