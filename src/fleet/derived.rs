//! What is derived from a fitted model, as tables: the columns of every command that reads a run.

use crate::analysis::{
    AdstockRow, ComponentOnDate, ComponentRow, Estimate, Fitted, ResponseRow, ReturnRow,
    ReweighedOnDate, ReweighedRow, Scores, SweepRow,
};
use crate::posterior::table::{Column, Table};
use jiff::civil::Date;

pub use super::tables::{channels as channels_table, time as time_table};

/// The rows of a series: its labels stand behind the model's key, one column for each dim.
pub fn labelled(mut table: Table, dims: &[String], labels: &[String]) -> Table {
    let rows = table.rows();
    for (at, (dim, label)) in dims.iter().zip(labels).enumerate() {
        let column = Column::Text(vec![label.clone(); rows]);
        table.columns.insert((1 + at).min(table.columns.len()), (dim.clone(), column));
    }
    table
}

/// A table that grows a column at a time from rows of one kind.
pub struct Columns<'a, R> {
    rows: &'a [R],
    table: Table,
}

impl<'a, R> Columns<'a, R> {
    /// Begins with the model's key.
    pub fn new(model: &str, rows: &'a [R]) -> Self {
        let mut table = Table::default();
        table.push("model", Column::Text(vec![model.to_owned(); rows.len()]));
        Self { rows, table }
    }

    /// A column of texts.
    pub fn text(mut self, name: &str, of: impl Fn(&R) -> String) -> Self {
        self.table.push(name, Column::Text(self.rows.iter().map(of).collect()));
        self
    }

    /// A column of numbers.
    pub fn number(mut self, name: &str, of: impl Fn(&R) -> f64) -> Self {
        self.table.push(name, Column::Number(self.rows.iter().map(of).collect()));
        self
    }

    /// A column of whole numbers.
    pub fn int(mut self, name: &str, of: impl Fn(&R) -> i64) -> Self {
        self.table.push(name, Column::Int(self.rows.iter().map(of).collect()));
        self
    }

    /// A column of dates.
    pub fn date(mut self, name: &str, of: impl Fn(&R) -> Date) -> Self {
        self.table.push(name, Column::Date(self.rows.iter().map(of).collect()));
        self
    }

    /// Four columns: `name_mean`, `name_sd`, `name_hdi_3`, `name_hdi_97`.
    pub fn estimate(mut self, name: &str, of: impl Fn(&R) -> Estimate) -> Self {
        let estimates: Vec<Estimate> = self.rows.iter().map(of).collect();
        let mut push = |what: &str, number: fn(&Estimate) -> f64| {
            let column = estimates.iter().map(number).collect();
            self.table.push(format!("{name}_{what}"), Column::Number(column));
        };
        push("mean", |e| e.mean);
        push("sd", |e| e.sd);
        push("hdi_3", |e| e.hdi_3);
        push("hdi_97", |e| e.hdi_97);
        self
    }

    /// The table.
    pub fn table(self) -> Table {
        self.table
    }
}

/// Rows of `sweep`.
pub fn sweep_table(model: &str, rows: &[SweepRow]) -> Table {
    Columns::new(model, rows)
        .text("channel", |row| row.channel.clone())
        .number("sweep", |row| row.sweep)
        .number("spend", |row| row.spend)
        .estimate("contribution", |row| row.contribution)
        .estimate("marginal", |row| row.marginal)
        .estimate("uplift", |row| row.uplift)
        .table()
}

/// Rows of `curves`; `scaled`: in the model's units.
pub fn curves_table(fitted: &Fitted, rows: &[ResponseRow], scaled: bool) -> Table {
    let panel = &fitted.panel;
    let of = |row: &ResponseRow| panel.channels.iter().position(|name| *name == row.channel);
    let target = if scaled { panel.target_scale.factor } else { 1.0 };
    let unit = |row: &ResponseRow| match of(row) {
        Some(c) if scaled => panel.channel_scale[c].factor,
        _ => 1.0,
    };
    Columns::new(&panel.key, rows)
        .text("channel", |row| row.channel.clone())
        .number("spend", |row| if scaled { row.spend_scaled } else { row.spend })
        .estimate("response", |row| row.response.times(1.0 / target))
        .estimate("marginal", |row| row.marginal.times(unit(row) / target))
        .table()
}

/// Rows of `curves --adstock`.
pub fn adstock_table(model: &str, rows: &[AdstockRow]) -> Table {
    Columns::new(model, rows)
        .text("channel", |row| row.channel.clone())
        .int("lag", |row| row.lag)
        .estimate("weight", |row| row.weight)
        .table()
}

/// Rows of `roas` by period.
pub fn returns_table(model: &str, rows: &[ReturnRow]) -> Table {
    Columns::new(model, rows)
        .text("channel", |row| row.channel.clone())
        .text("period", |row| row.period.clone())
        .date("first_date", |row| row.dates[0])
        .date("last_date", |row| row.dates[1])
        .number("spend", |row| row.spend)
        .estimate("contribution", |row| row.contribution)
        .estimate("roas", |row| row.roas)
        .estimate("mroas", |row| row.mroas)
        .table()
}

/// Rows of `contributions` by component.
pub fn components_table(fitted: &Fitted, rows: &[ComponentRow]) -> Table {
    Columns::new(&fitted.panel.key, rows)
        .text("component", |row| row.component.names(fitted).0)
        .text("kind", |row| row.component.names(fitted).1.into())
        .estimate("contribution", |row| row.total)
        .estimate("share", |row| row.share)
        .estimate("share_of_actual", |row| row.share_of_actual)
        .table()
}

/// Rows of `contributions` by date.
pub fn dates_table(fitted: &Fitted, rows: &[ComponentOnDate]) -> Table {
    Columns::new(&fitted.panel.key, rows)
        .date("date", |row| row.date)
        .text("set", |row| row.set.name().into())
        .text("component", |row| row.component.names(fitted).0)
        .text("kind", |row| row.component.names(fitted).1.into())
        .estimate("contribution", |row| row.value)
        .table()
}

/// Rows of `what-if`.
pub fn reweighed_table(model: &str, rows: &[ReweighedRow]) -> Table {
    Columns::new(model, rows)
        .text("quantity", |row| row.quantity.clone())
        .estimate("before", |row| row.before)
        .estimate("after", |row| row.after)
        .estimate("difference", |row| row.difference)
        .estimate("uplift", |row| row.uplift)
        .estimate("gain", |row| row.gain)
        .number("p_better", |row| row.p_better)
        .table()
}

/// Rows of `what-if` by date.
pub fn reweighed_dates_table(model: &str, rows: &[ReweighedOnDate]) -> Table {
    Columns::new(model, rows)
        .text("channel", |row| row.channel.clone())
        .date("date", |row| row.date)
        .number("spend_before", |row| row.spend[0])
        .number("spend_after", |row| row.spend[1])
        .estimate("before", |row| row.contribution[0])
        .estimate("after", |row| row.contribution[1])
        .table()
}

/// Scores of sets of dates by their names.
pub fn scores_table(model: &str, rows: &[(&str, Scores)]) -> Table {
    Columns::new(model, rows)
        .text("set", |row| row.0.into())
        .number("r2", |row| row.1.r2)
        .number("mape", |row| row.1.mape)
        .number("crps", |row| row.1.crps)
        .number("coverage", |row| row.1.coverage)
        .table()
}
