//! Commands that read a run: which models and channels, whether they may be used, and their rows.

pub(super) mod compare;
pub(super) mod contributions;
pub(super) mod curves;
pub(super) mod predict;
pub(super) mod prior;
pub(super) mod report;
pub(super) mod roas;
mod show;
pub(super) mod sweep;
pub(super) mod what_if;

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use clap::Args;
use rayon::prelude::*;

use super::{
    cells::{Cells, filter},
    models::{reason, refused},
    number::{count, plural},
    output::Output,
    read::unknown_model,
};
use crate::{
    analysis::Fitted,
    config::ModelFile,
    data::{Extended, NewRows, Panel},
    diagnostics::Status,
    error::{Error, Kind, Result, suggest},
    fleet::{Run, derived::labelled},
    model::{self, Model},
    posterior::table::{Column, Table},
};
use show::{Show, shown};

/// Which models of a run, and whether their rows are kept.
#[derive(Args, Debug)]
pub(super) struct Models {
    /// The run folder
    pub run: PathBuf,
    /// Only this model, such as brandA/north
    #[arg(long, value_name = "KEY")]
    pub model: Option<String>,
    /// Use models that failed their gate too; their rows are marked
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub write: Write,
}

/// Which models and channels of a run.
#[derive(Args, Debug)]
pub(super) struct Which {
    #[command(flatten)]
    pub models: Models,
    /// Only this channel; may be given several times
    #[arg(long, value_name = "NAME")]
    pub channel: Vec<String>,
}

/// Where rows go besides standard output.
#[derive(Args, Debug)]
pub(super) struct Write {
    /// Write the rows to this Parquet file too
    #[arg(long, value_name = "PATH")]
    pub parquet: Option<PathBuf>,
}

/// The models of a run that a command is to use.
struct Selection<'a> {
    which: &'a Models,
    run: Run,
    file: ModelFile,
    /// Keys and statuses.
    models: Vec<(String, String)>,
}

impl<'a> Selection<'a> {
    /// Opens the run; a model that failed its gate is refused, or left out where there are others,
    /// unless `--force` takes it.
    fn open(which: &'a Models, out: &Output) -> Result<Self> {
        let run = Run::open(&which.run)?;
        let file = run.model_file()?;
        let table = run.models()?;
        let cells = Cells(&table);
        let keys: Vec<&str> = cells.rows().map(|row| cells.text("model", row)).collect();
        let rows: Vec<usize> = match &which.model {
            None => cells.rows().collect(),
            Some(key) => {
                let row = keys.iter().position(|known| known == key);
                let place = which.run.display().to_string();
                vec![row.ok_or_else(|| unknown_model(key, &keys, &place))?]
            }
        };
        if run.manifest()["complete"] != true {
            out.note("note: the run is not complete: give the same `gigamix fit` again to resume");
        }
        let failed = Status::Failed.as_str();
        let bad: Vec<usize> =
            rows.iter().copied().filter(|&row| cells.text("status", row) == failed).collect();
        let usable = |row: &usize| {
            let drawn = !cells.number("ess_bulk_min", *row).is_nan();
            drawn && (which.force || !bad.contains(row))
        };
        let models: Vec<_> = rows
            .iter()
            .filter(|row| usable(row))
            .map(|&row| (keys[row].to_owned(), cells.text("status", row).to_owned()))
            .collect();
        match (&bad[..], models.is_empty()) {
            ([first, ..], true) => {
                return Err(refused(&table, *first, which.force));
            }
            ([first, ..], false) if which.force => out.warn(format!(
                "warning: {} failed the gates and used all the same, such as {}",
                plural(bad.len(), "model"),
                reason(&table, *first)
            )),
            ([first, ..], false) => out.note(format!(
                "note: without the {} that failed, such as {} (--force uses them)",
                plural(bad.len(), "model"),
                keys[*first]
            )),
            ([], _) => {}
        }
        Ok(Self { which, run, file, models })
    }

    /// Rows of every series of every model in their order, with a column for each dim; see
    /// [`Selection::by_model`].
    fn rows(&self, out: &Output, of: impl Fn(&Fitted) -> Result<Table> + Sync) -> Result<Table> {
        self.by_model(out, |series| {
            let mut rows = Table::default();
            for fitted in series {
                rows.append(self.labelled(of(fitted)?, fitted))?;
            }
            Ok(rows)
        })
    }

    /// The rows of a series with its labels.
    fn labelled(&self, rows: Table, fitted: &Fitted) -> Table {
        labelled(rows, &fitted.model.coords.dims, &fitted.panel.labels)
    }

    /// Rows of every model in their order, made side by side; those of models that failed are
    /// marked in a column `status`. A model that has no answer, its draws damaged or a channel not
    /// its own, is named and left out while there are others.
    fn by_model(
        &self,
        out: &Output,
        of: impl Fn(&[Fitted]) -> Result<Table> + Sync,
    ) -> Result<Table> {
        let done = AtomicUsize::new(0);
        let total = self.models.len();
        let one = |(key, status): &(String, String)| {
            let table = self.run.series(&self.file, key).and_then(|series| of(&series));
            let told = 1 + done.fetch_add(1, Ordering::Relaxed);
            let told = (told as f64, plural(total, "model"));
            out.progress(told.0 / total as f64, format!("{} of {}", count(told.0), told.1));
            table.map(|mut table| {
                if self.which.force {
                    table.push("status", Column::Text(vec![status.clone(); table.rows()]));
                }
                table
            })
        };
        let tables: Vec<Result<Table>> = self.models.par_iter().map(one).collect();
        out.end_progress();
        let answered = tables.iter().any(Result::is_ok);
        let mut all = Table::default();
        for (table, (key, _)) in tables.into_iter().zip(&self.models) {
            match table {
                Ok(table) => all.append(table)?,
                Err(error) if answered && error.kind() == Kind::Input => {
                    out.failure(format!("error: without {key}: {}", error.one_line()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// The series of a model with new rows below theirs, and the model of them; none for a series
    /// without any, where others have some.
    fn extended(&self, new: &NewRows, series: &[Fitted]) -> Result<Vec<Option<(Extended, Model)>>> {
        let some = series.iter().any(|fitted| new.has(&fitted.panel));
        let extend = |fitted: &Fitted| {
            let known = new.has(&fitted.panel) || !some;
            known.then(|| new.extend(&fitted.panel)).transpose()
        };
        let extended = series.iter().map(extend).collect::<Result<Vec<_>>>()?;
        let panel = |(fitted, extended): (&Fitted, &Option<Extended>)| {
            extended.as_ref().map_or(&fitted.panel, |extended| &extended.panel).clone()
        };
        let panels: Vec<Panel> = series.iter().zip(&extended).map(panel).collect();
        let models = model::pool(&self.file, &panels)?.series;
        Ok(extended.into_iter().zip(models).map(|(of, model)| Some((of?, model))).collect())
    }

    /// The rows of a run's own table that belong to the models and the channels.
    fn kept(&self, table: &Table, channels: &[String]) -> Result<Table> {
        let cells = Cells(table);
        let statuses: HashMap<&str, &String> =
            self.models.iter().map(|(key, status)| (key.as_str(), status)).collect();
        let of_models = filter(table, |row| statuses.contains_key(cells.text("model", row)));
        let cells = Cells(&of_models);
        let name = |row: usize| cells.text("channel", row).to_owned();
        let known: Vec<String> =
            cells.rows().map(name).collect::<BTreeSet<_>>().into_iter().collect();
        let wanted = chosen(channels, &known)?;
        let wanted: BTreeSet<&str> = wanted.into_iter().map(|c| known[c].as_str()).collect();
        let mut kept = filter(&of_models, |row| wanted.contains(cells.text("channel", row)));
        if self.which.force {
            let cells = Cells(&kept);
            let status = |row| statuses[cells.text("model", row)].clone();
            let statuses = Column::Text(cells.rows().map(status).collect());
            kept.push("status", statuses);
        }
        Ok(kept)
    }
}

/// The channels that were asked for, or all.
fn chosen(wanted: &[String], known: &[String]) -> Result<Vec<usize>> {
    match wanted {
        [] => Ok((0..known.len()).collect()),
        wanted => wanted.iter().map(|name| channel(name, known)).collect(),
    }
}

/// The place of a channel among those there are.
fn channel(name: &str, known: &[String]) -> Result<usize> {
    known.iter().position(|other| other == name).ok_or_else(|| {
        let error = Error::input(format!("no channel {name:?} in the model"));
        match suggest(name, known.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean {near:?}?")),
            None => error.help(format!("it has: {}", known.join(", "))),
        }
    })
}

impl Output {
    /// Rows as JSON, as a table for people with these columns, and in a Parquet file if wanted.
    fn rows(&self, table: &Table, columns: &[Show<'_>], write: &Write) -> Result<()> {
        self.written(table, write)?;
        if self.json {
            self.print_json(&table.to_json_rows())
        } else {
            self.print(&shown(table, columns))
        }
    }

    /// Writes the Parquet file that is wanted.
    pub(super) fn written(&self, table: &Table, write: &Write) -> Result<()> {
        if let Some(path) = &write.parquet {
            table.write_parquet(path)?;
            self.note(format!("{} written to {}", plural(table.rows(), "row"), path.display()));
        }
        Ok(())
    }
}
