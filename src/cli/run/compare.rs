//! `gigamix compare`: two runs of the same models: parameters, contributions, and which predicts
//! better.

use std::{collections::HashMap, path::PathBuf};

use clap::Args;
use serde_json::json;

use super::{Models, Selection, Show, shown};
use crate::{
    analysis::{Fitted, Loo, loo_together},
    cli::{
        cells::{Cells, dims, filter},
        output::Output,
    },
    error::{Error, Result},
    fleet::derived::Columns,
    posterior::table::{Column, Table},
};

/// Differences that are shown to people, of parameters and of channels.
const SHOWN: usize = 12;

/// `compare`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  gigamix compare runs/portfolio runs/other_priors

`elpd` is the expected log predictive density by leaving one row out at a time (PSIS-LOO), the larger
the better; a difference of less than two standard errors says nothing. Rows whose Pareto k is too high
are counted: their part of it is not to be trusted. `z` is a difference of means in standard deviations
of both posteriors.")]
pub(in crate::cli) struct Compare {
    #[command(flatten)]
    pub models: Models,
    /// The other run folder
    pub other: PathBuf,
}

/// What PSIS-LOO says of both.
struct Both {
    first: Loo,
    second: Loo,
    difference: Option<[f64; 2]>,
}

/// Compares the models that both runs have.
pub(in crate::cli) fn compare(args: &Compare, out: &Output) -> Result<()> {
    let other = Models {
        run: args.other.clone(),
        model: args.models.model.clone(),
        force: args.models.force,
        write: super::Write { parquet: None },
    };
    let mut first = Selection::open(&args.models, out)?;
    let second = Selection::open(&other, out)?;
    let all = first.models.len().max(second.models.len());
    first.models.retain(|(key, _)| second.models.iter().any(|(other, _)| other == key));
    if first.models.is_empty() {
        let [a, b] = [&args.models.run, &args.other].map(|run| run.display());
        return Err(Error::input(format!("{a} and {b} have no model in common"))
            .help("runs are compared model by model: the panels must have the same names"));
    }
    if first.models.len() < all {
        out.note(format!("note: {} models are in both runs", first.models.len()));
    }
    let models = first.by_model(out, |series| {
        let key = &series[0].panel.key;
        let same = second.run.series(&second.file, key)?;
        let (first, second) = (loo_together(series), loo_together(&same));
        let difference =
            if targets(series) == targets(&same) { second.difference(&first) } else { None };
        Ok(models_table(key, &Both { first, second, difference }))
    })?;
    if Cells(&models).rows().any(|row| Cells(&models).number("elpd_difference", row).is_nan()) {
        out.warn("warning: the runs do not have the same training rows: their elpd cannot be held against each other");
    }
    let parameters = differences(
        "parameter",
        "",
        &first.kept(&first.run.parameters()?, &[])?,
        &second.run.parameters()?,
    );
    let channels = differences(
        "channel",
        "contribution_",
        &first.kept(&first.run.channels()?, &[])?,
        &second.run.channels()?,
    );
    out.written(&models, &args.models.write)?;
    if out.json {
        let [models, parameters, channels] =
            [models, parameters, channels].map(|table| table.to_json_rows());
        return out.print_json(&json!({
            "rows": models["rows"], "parameters": parameters["rows"], "channels": channels["rows"],
        }));
    }
    let loo = [
        Show::Number("elpd first", "elpd_first"),
        Show::Number("elpd second", "elpd_second"),
        Show::Number("second better by", "elpd_difference"),
        Show::Number("± se", "elpd_difference_se"),
        Show::Count("bad k first", "bad_k_first"),
        Show::Count("bad k second", "bad_k_second"),
    ];
    let mut text = shown(&models, &loo);
    for (name, table) in [("parameter", parameters), ("channel", channels)] {
        let columns = [
            Show::Text(name, name),
            Show::Amount("mean first", "mean_first"),
            Show::Amount("mean second", "mean_second"),
            Show::Amount("difference", "difference"),
            Show::Number("z", "z"),
        ];
        text += &format!("\n{}", shown(&largest(&table), &columns));
    }
    out.print(&text)
}

/// The training targets of all series.
fn targets(series: &[Fitted]) -> Vec<&[f64]> {
    series.iter().map(|fitted| &fitted.panel.target[..fitted.panel.n_train]).collect()
}

fn models_table(model: &str, both: &Both) -> Table {
    let [difference, se] = both.difference.unwrap_or([f64::NAN; 2]);
    let rows = [(&both.first, "first"), (&both.second, "second")];
    let mut columns = Columns::new(model, &rows[..1]);
    for (loo, name) in rows {
        columns = columns
            .number(&format!("elpd_{name}"), |_| loo.total())
            .number(&format!("se_{name}"), |_| loo.se())
            .number(&format!("p_loo_{name}"), |_| loo.p_loo)
            .number(&format!("k_max_{name}"), |_| {
                loo.pareto_k.iter().copied().fold(f64::NEG_INFINITY, f64::max)
            })
            .int(&format!("bad_k_{name}"), |_| loo.bad() as i64);
    }
    columns.number("elpd_difference", |_| difference).number("elpd_difference_se", |_| se).table()
}

/// A quantity in both runs: its key, then means, standard deviations and how far apart they are.
struct Pair {
    model: String,
    name: String,
    first: [f64; 2],
    second: [f64; 2],
}

/// Rows of both tables that have the same model, labels and name; `prefix` stands before `mean` and
/// `sd`.
fn differences(name: &str, prefix: &str, first: &Table, second: &Table) -> Table {
    let numbers = |table: &Table, row: usize| {
        ["mean", "sd"].map(|what| Cells(table).number(&format!("{prefix}{what}"), row))
    };
    let keys = |table: &Table| {
        let (cells, dims) = (Cells(table), dims(table, &[name]));
        let key = |row| {
            let labels = dims.iter().map(|dim| cells.text(dim, row)).chain([cells.text(name, row)]);
            (cells.text("model", row).to_owned(), labels.collect::<Vec<_>>().join(", "))
        };
        cells.rows().map(key).collect::<Vec<_>>()
    };
    let others: HashMap<(String, String), usize> =
        keys(second).into_iter().enumerate().map(|(row, key)| (key, row)).collect();
    let pairs: Vec<Pair> = keys(first)
        .into_iter()
        .enumerate()
        .filter_map(|(row, key)| {
            let other = *others.get(&key)?;
            Some(Pair {
                model: key.0,
                name: key.1,
                first: numbers(first, row),
                second: numbers(second, other),
            })
        })
        .collect();
    let difference = |pair: &Pair| pair.second[0] - pair.first[0];
    let mut table = Columns::new("", &pairs)
        .text(name, |pair| pair.name.clone())
        .number("mean_first", |pair| pair.first[0])
        .number("sd_first", |pair| pair.first[1])
        .number("mean_second", |pair| pair.second[0])
        .number("sd_second", |pair| pair.second[1])
        .number("difference", difference)
        .number("z", |pair| difference(pair) / pair.first[1].hypot(pair.second[1]))
        .table();
    let keys = pairs.iter().map(|pair| pair.model.clone()).collect();
    table.columns[0].1 = Column::Text(keys);
    table
}

/// The rows that differ most.
fn largest(table: &Table) -> Table {
    let cells = Cells(table);
    let z = |row: usize| cells.number("z", row).abs();
    let mut order: Vec<usize> = cells.rows().collect();
    order.sort_by(|&a, &b| z(b).total_cmp(&z(a)));
    order.truncate(SHOWN);
    filter(table, |row| order.contains(&row))
}
