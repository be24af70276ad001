//! `gigamix predict`: dates that the model was not fitted to, and how well dates were predicted.

use std::{path::PathBuf, sync::Mutex};

use clap::Args;
use serde_json::json;

use super::{Models, Selection, Show, shown};
use crate::{
    analysis::{self, Scores},
    cli::{
        cells::{Cells, filter},
        notes,
        output::Output,
    },
    data::{Extended, NewRows, Note},
    error::{Error, Result},
    fleet::derived::{scores_table, time_table},
    posterior::table::{Column, Table},
};

/// `predict`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix predict runs/portfolio                     train against test, as the run has them
  gigamix predict runs/portfolio next_quarter.csv    new dates; the target may be missing

The new table has the columns of the one that was fitted. The spend of the rows before the new ones is
carried over. Scores: R², MAPE, CRPS of the posterior predictive, and how many targets lie in their
94 % intervals.")]
pub(in crate::cli) struct Predict {
    #[command(flatten)]
    pub models: Models,
    /// A table of new dates
    pub data: Option<PathBuf>,
}

/// Shows predictions and their scores.
pub(in crate::cli) fn predict(args: &Predict, out: &Output) -> Result<()> {
    let selection = Selection::open(&args.models, out)?;
    let models = selection.run.models()?;
    let (time, scores) = match &args.data {
        None => (selection.kept(&selection.run.time()?, &[])?, Table::default()),
        Some(path) => {
            let new = NewRows::read(&selection.file, path)?;
            let known: Vec<&str> = selection.models.iter().map(|(key, _)| key.as_str()).collect();
            if let Some(key) = new.keys().find(|key| !known.contains(key))
                && args.models.model.is_none()
            {
                out.note(format!(
                    "note: {} has rows of {key:?}, which is not used",
                    path.display()
                ));
            }
            let found = Mutex::new((Vec::<Note>::new(), Vec::<(String, Table)>::new()));
            let time = selection.by_model(out, |series| {
                let (mut time, mut notes, mut parts) = (Table::default(), Vec::new(), Vec::new());
                let key = &series[0].panel.key;
                for (fitted, extended) in series.iter().zip(selection.extended(&new, series)?) {
                    let Some((Extended { panel, new, notes: its }, model)) = extended else {
                        let text = format!("no new rows of {}", fitted.panel.name());
                        notes.push(Note { panel: Some(key.clone()), text });
                        continue;
                    };
                    notes.extend(its);
                    let (rows, scores) = analysis::predict(fitted, &model, &panel, new);
                    let table = time_table(key, &panel.channels, &rows);
                    time.append(selection.labelled(table, fitted))?;
                    parts.push((rows, scores));
                }
                let parts: Vec<_> = parts.iter().map(|(rows, of)| (&rows[..], *of)).collect();
                let scores = Scores::together(&parts);
                let mut found = found.lock().map_err(|_| Error::bug("a thread panicked"))?;
                found.0.extend(notes);
                found.1.push((key.clone(), scores_table(key, &[("test", scores)])));
                Ok(time)
            })?;
            let (notes, mut found) =
                found.into_inner().map_err(|_| Error::bug("a thread panicked"))?;
            notes::lines(&notes).iter().for_each(|line| out.note(line));
            found.sort_by(|a, b| a.0.cmp(&b.0));
            let mut scores = Table::default();
            found.into_iter().try_for_each(|(_, table)| scores.append(table))?;
            (time, scores)
        }
    };
    let kept = |row: usize| {
        let key = Cells(&models).text("model", row);
        selection.models.iter().any(|(known, _)| known == key)
    };
    let scores = joined(&filter(&models, kept), scores)?;
    out.written(&time, &args.models.write)?;
    if out.json {
        let (rows, scores) = (time.to_json_rows(), scores.to_json_rows());
        return out.print_json(&json!({ "rows": rows["rows"], "scores": scores["rows"] }));
    }
    let columns = [
        Show::Date("date", "date"),
        Show::Text("set", "set"),
        Show::Amount("actual", "actual"),
        Show::Amounts("predicted", "predicted"),
    ];
    let by_set = [
        Show::Text("set", "set"),
        Show::Number("R²", "r2"),
        Show::Percent("MAPE", "mape"),
        Show::Amount("CRPS", "crps"),
        Show::Percent("in 94 % interval", "coverage"),
    ];
    out.print(&format!("{}\n{}", shown(&time, &columns), shown(&scores, &by_set)))
}

/// Scores of the training rows and of the test rows, as the run has them unless there are new ones.
fn joined(models: &Table, new: Table) -> Result<Table> {
    const SCORES: [&str; 4] = ["r2", "mape", "crps", "coverage"];
    let cells = Cells(models);
    let of = |set: &str| {
        let mut table = Table::default();
        let keys = cells.rows().map(|row| cells.text("model", row).to_owned());
        table.push("model", Column::Text(keys.collect()));
        table.push("set", Column::Text(vec![set.to_owned(); models.rows()]));
        for name in SCORES {
            let number = |row| cells.number(&format!("{name}_{set}"), row);
            table.push(name, Column::Number(cells.rows().map(number).collect()));
        }
        table
    };
    let mut scores = of("train");
    scores.append(if new.rows() > 0 { new } else { of("test") })?;
    Ok(scores)
}
