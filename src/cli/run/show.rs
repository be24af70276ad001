//! Rows for people: chosen columns of a table, each in its own way.

use crate::{
    cli::{
        cells::{Cells, dims},
        grid::Grid,
        number::{NOTHING, amount, count, percent, significant},
    },
    posterior::table::{Column, Table},
};

/// Rows that a terminal is given at most.
const MOST: usize = 400;

/// A column for people: its head and where its cells are.
#[derive(Clone, Copy)]
pub(super) enum Show<'a> {
    /// A text.
    Text(&'a str, &'a str),
    /// A date.
    Date(&'a str, &'a str),
    /// An amount.
    Amount(&'a str, &'a str),
    /// A number.
    Number(&'a str, &'a str),
    /// A whole number.
    Count(&'a str, &'a str),
    /// A share.
    Percent(&'a str, &'a str),
    /// Mean and interval of an amount: the name without `_mean`.
    Amounts(&'a str, &'a str),
    /// Of a number.
    Numbers(&'a str, &'a str),
    /// Of a share.
    Percents(&'a str, &'a str),
}

impl<'a> Show<'a> {
    /// Where its cells are.
    fn name(&self) -> &'a str {
        match *self {
            Show::Text(_, name)
            | Show::Date(_, name)
            | Show::Amount(_, name)
            | Show::Number(_, name)
            | Show::Count(_, name)
            | Show::Percent(_, name)
            | Show::Amounts(_, name)
            | Show::Numbers(_, name)
            | Show::Percents(_, name) => name,
        }
    }
}

/// The columns of a table as lines; of very many rows the first.
pub(super) fn shown(table: &Table, columns: &[Show<'_>]) -> String {
    let cells = Cells(table);
    let several = cells.rows().any(|row| cells.text("model", row) != cells.text("model", 0));
    let mut grid = Grid::default().left("model");
    let names: Vec<&str> = columns.iter().map(Show::name).collect();
    let dims = dims(table, &names);
    for dim in &dims {
        grid = grid.left(dim);
    }
    for column in columns {
        grid = match *column {
            Show::Text(head, _) | Show::Date(head, _) => grid.left(head),
            Show::Amount(head, _)
            | Show::Number(head, _)
            | Show::Count(head, _)
            | Show::Percent(head, _) => grid.right(head),
            Show::Amounts(head, _) | Show::Numbers(head, _) | Show::Percents(head, _) => {
                grid.right(head).right("94 % interval")
            }
        };
    }
    let marked = table.column("status").is_some();
    if marked {
        grid = grid.left("status");
    }
    for row in cells.rows().take(MOST) {
        let mut line = vec![if several { cells.text("model", row) } else { NOTHING }.to_owned()];
        line.extend(dims.iter().map(|dim| cells.text(dim, row).to_owned()));
        let number = |name: &str| cells.number(name, row);
        let interval = |name: &str, write: fn(f64) -> String| {
            let end = |which: &str| number(&format!("{name}_{which}"));
            let between = match [end("hdi_3"), end("hdi_97")] {
                [low, high] if low.is_nan() || high.is_nan() => NOTHING.into(),
                [low, high] => format!("{} to {}", write(low), write(high)),
            };
            [write(end("mean")), between]
        };
        let short = |x: f64| significant(x, 3);
        for column in columns {
            match *column {
                Show::Text(_, name) => line.push(cells.text(name, row).into()),
                Show::Date(_, name) => line.push(day(table, name, row)),
                Show::Amount(_, name) => line.push(amount(number(name))),
                Show::Number(_, name) => line.push(short(number(name))),
                Show::Count(_, name) => line.push(count(number(name))),
                Show::Percent(_, name) => line.push(percent(number(name))),
                Show::Amounts(_, name) => line.extend(interval(name, amount)),
                Show::Numbers(_, name) => line.extend(interval(name, short)),
                Show::Percents(_, name) => line.extend(interval(name, percent)),
            }
        }
        if marked {
            line.push(cells.text("status", row).into());
        }
        grid.row(line);
    }
    let mut text = grid.render(false);
    if table.rows() > MOST {
        let more = count((table.rows() - MOST) as f64);
        text += &format!("… and {more} more rows: --json and --parquet have them all\n");
    }
    text
}

fn day(table: &Table, name: &str, row: usize) -> String {
    match table.column(name) {
        Some(Column::Date(dates)) => dates[row].to_string(),
        _ => NOTHING.into(),
    }
}
