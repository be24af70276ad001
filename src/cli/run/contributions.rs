//! `gigamix contributions`: what sales are made of.

use clap::{Args, ValueEnum};

use super::{Selection, Show, Which};
use crate::{
    analysis::{component_dates, component_totals},
    cli::{
        cells::{Cells, dims},
        output::Output,
        run::show::shown,
    },
    error::{Error, Result},
    fleet::derived::{components_table, dates_table},
    posterior::table::{Column, Table},
};

/// Width of the largest bar of a waterfall.
const WIDTH: f64 = 40.0;

/// `contributions`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix contributions runs/portfolio                   totals and shares of every channel
  gigamix contributions runs/portfolio --by component    baseline, seasonality, controls, channels
  gigamix contributions runs/portfolio --by date --model brandA/north --parquet dates.parquet")]
pub(in crate::cli) struct Contributions {
    #[command(flatten)]
    pub which: Which,
    /// What a row is about
    #[arg(long, value_enum, default_value_t = By::Channel)]
    pub by: By,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum By {
    /// A channel over the training rows
    Channel,
    /// Any component over the training rows: a waterfall
    Component,
    /// Any component on a date, training and test
    Date,
}

/// Shows contributions.
pub(in crate::cli) fn contributions(args: &Contributions, out: &Output) -> Result<()> {
    if args.by != By::Channel && !args.which.channel.is_empty() {
        return Err(Error::input("--channel has no meaning for --by component and --by date")
            .help("leave one of them out: components are shown together"));
    }
    let selection = Selection::open(&args.which.models, out)?;
    match args.by {
        By::Channel => {
            let table = selection.kept(&selection.run.channels()?, &args.which.channel)?;
            let columns = [
                Show::Text("channel", "channel"),
                Show::Amount("spend", "spend"),
                Show::Amounts("contribution", "contribution"),
                Show::Percents("share", "share"),
            ];
            out.rows(&table, &columns, &args.which.models.write)
        }
        By::Component => {
            let table = selection
                .rows(out, |fitted| Ok(components_table(fitted, &component_totals(fitted))))?;
            out.written(&table, &args.which.models.write)?;
            if out.json {
                return out.print_json(&table.to_json_rows());
            }
            out.print(&waterfall(table))
        }
        By::Date => {
            let table =
                selection.rows(out, |fitted| Ok(dates_table(fitted, &component_dates(fitted))))?;
            let columns = [
                Show::Date("date", "date"),
                Show::Text("set", "set"),
                Show::Text("component", "component"),
                Show::Amounts("contribution", "contribution"),
            ];
            out.rows(&table, &columns, &args.which.models.write)
        }
    }
}

/// The components with a bar from where the ones before it end; sums start at nothing.
fn waterfall(mut table: Table) -> String {
    let cells = Cells(&table);
    let mut bars = Vec::with_capacity(table.rows());
    let dims = [&["model"][..], &dims(&table, &["component"])[..]].concat();
    let mut end = 0.0_f64;
    for row in cells.rows() {
        let series = |row: usize| dims.iter().map(move |dim| cells.text(dim, row));
        if row > 0 && series(row).ne(series(row - 1)) {
            end = 0.0;
        }
        let share = cells.number("share_mean", row);
        let start: f64 = if cells.text("kind", row) == "sum" { 0.0 } else { end };
        let (low, high) = (start.min(start + share), start.max(start + share));
        if cells.text("kind", row) != "sum" {
            end += share;
        }
        let cell = |share: f64| (share.max(0.0) * WIDTH).round() as usize;
        let sign = if share < 0.0 { "░" } else { "█" };
        let length = (cell(high) - cell(low).min(cell(high))).max(1);
        bars.push(format!("{}{}", " ".repeat(cell(low)), sign.repeat(length)));
    }
    table.push("bar", Column::Text(bars));
    let columns = [
        Show::Text("component", "component"),
        Show::Amounts("contribution", "contribution"),
        Show::Percents("share", "share"),
        Show::Text("", "bar"),
    ];
    shown(&table, &columns)
}
