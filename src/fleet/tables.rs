//! The rows a model adds to the tables of a run.

use super::derived::Columns;
use crate::analysis::{ChannelRow, Scores, TimeRow};
use crate::diagnostics::{Status, Summary};
use crate::posterior::table::{Column, Table};
use serde::{Deserialize, Serialize};

/// A column's name and where its value is.
type Named<Row, Value> = (&'static str, fn(&Row) -> Value);

/// What a finished model adds to the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its verdict.
    pub status: String,
    /// One row of `models.parquet`.
    pub models: Table,
    /// Rows of `parameters.parquet`.
    pub parameters: Table,
    /// Rows of `channels.parquet`.
    pub channels: Table,
    /// Rows of `time.parquet`.
    pub time: Table,
}

/// One row of `models.parquet`.
pub struct ModelRow {
    pub model: String,
    pub status: String,
    pub reason: String,
    pub advice: String,
    pub r_hat_max: f64,
    pub r_hat_nested_max: f64,
    pub ess_bulk_min: f64,
    pub ess_tail_min: f64,
    pub divergences: i64,
    pub bfmi: f64,
    pub gradients: f64,
    pub escalations: String,
    pub seconds: f64,
    pub scores: [Scores; 2],
}

impl ModelRow {
    /// The row of a model without draws.
    pub fn failed(model: &str, reason: &str, advice: &str) -> Self {
        let (nan, unknown) =
            (f64::NAN, Scores { r2: f64::NAN, mape: f64::NAN, crps: f64::NAN, coverage: f64::NAN });
        Self {
            model: model.into(),
            status: Status::Failed.as_str().into(),
            reason: reason.into(),
            advice: advice.into(),
            r_hat_max: nan,
            r_hat_nested_max: nan,
            ess_bulk_min: nan,
            ess_tail_min: nan,
            divergences: 0,
            bfmi: nan,
            gradients: 0.0,
            escalations: String::new(),
            seconds: 0.0,
            scores: [unknown; 2],
        }
    }

    pub fn table(self) -> Table {
        let mut table = Table::default();
        let text = |x: String| Column::Text(vec![x]);
        let number = |x: f64| Column::Number(vec![x]);
        table.push("model", text(self.model));
        table.push("status", text(self.status));
        table.push("reason", text(self.reason));
        table.push("advice", text(self.advice));
        table.push("r_hat_max", number(self.r_hat_max));
        table.push("r_hat_nested_max", number(self.r_hat_nested_max));
        table.push("ess_bulk_min", number(self.ess_bulk_min));
        table.push("ess_tail_min", number(self.ess_tail_min));
        table.push("divergences", Column::Int(vec![self.divergences]));
        table.push("bfmi", number(self.bfmi));
        table.push("gradients", number(self.gradients));
        table.push("escalations", text(self.escalations));
        table.push("seconds", number(self.seconds));
        for (scores, set) in self.scores.iter().zip(["train", "test"]) {
            table.push(format!("r2_{set}"), number(scores.r2));
            table.push(format!("mape_{set}"), number(scores.mape));
            table.push(format!("crps_{set}"), number(scores.crps));
            table.push(format!("coverage_{set}"), number(scores.coverage));
        }
        table
    }
}

/// The part of a model that could not be fitted.
pub fn failed(model: &str, reason: &str, advice: &str) -> Part {
    Part {
        status: Status::Failed.as_str().into(),
        models: ModelRow::failed(model, reason, advice).table(),
        parameters: parameters(model, &[], &[]),
        channels: channels(model, &[]),
        time: time(model, &[], &[]),
    }
}

/// Rows of `parameters.parquet`.
pub fn parameters(model: &str, names: &[String], summaries: &[Summary]) -> Table {
    let mut table = Table::default();
    table.push("model", Column::Text(vec![model.to_owned(); names.len()]));
    table.push("parameter", Column::Text(names.to_vec()));
    let columns: [Named<Summary, f64>; 11] = [
        ("mean", |s| s.mean),
        ("sd", |s| s.sd),
        ("median", |s| s.median),
        ("hdi_3", |s| s.hdi_3),
        ("hdi_97", |s| s.hdi_97),
        ("mcse_mean", |s| s.mcse_mean),
        ("mcse_sd", |s| s.mcse_sd),
        ("ess_bulk", |s| s.ess_bulk),
        ("ess_tail", |s| s.ess_tail),
        ("r_hat", |s| s.r_hat),
        ("r_hat_nested", |s| s.r_hat_nested),
    ];
    for (name, of) in columns {
        table.push(name, Column::Number(summaries.iter().map(of).collect()));
    }
    table
}

/// Rows of `channels.parquet`.
pub fn channels(model: &str, rows: &[ChannelRow]) -> Table {
    Columns::new(model, rows)
        .text("channel", |row| row.channel.clone())
        .number("spend", |row| row.spend)
        .estimate("contribution", |row| row.contribution)
        .estimate("share", |row| row.share)
        .estimate("roas", |row| row.roas)
        .estimate("mroas", |row| row.mroas)
        .table()
}

/// Rows of `time.parquet`.
pub fn time(model: &str, channels: &[String], rows: &[TimeRow]) -> Table {
    let mut table = Table::default();
    table.push("model", Column::Text(vec![model.to_owned(); rows.len()]));
    table.push("date", Column::Date(rows.iter().map(|row| row.date).collect()));
    table.push("set", Column::Text(rows.iter().map(|row| row.set.name().into()).collect()));
    let columns: [Named<TimeRow, f64>; 9] = [
        ("actual", |row| row.actual),
        ("predicted_mean", |row| row.predicted_mean),
        ("predicted_hdi_3", |row| row.predicted_hdi_3),
        ("predicted_hdi_97", |row| row.predicted_hdi_97),
        ("predicted_hdi_25", |row| row.predicted_hdi_25),
        ("predicted_hdi_75", |row| row.predicted_hdi_75),
        ("baseline", |row| row.baseline),
        ("seasonality", |row| row.seasonality),
        ("control", |row| row.control),
    ];
    for (name, of) in columns {
        table.push(name, Column::Number(rows.iter().map(of).collect()));
    }
    // Only where the model has events: it is the same for all models of a run.
    if let Some(column) = rows.iter().map(|row| row.event).collect::<Option<Vec<f64>>>()
        && !column.is_empty()
    {
        table.push("event", Column::Number(column));
    }
    for (c, channel) in channels.iter().enumerate() {
        let column = rows.iter().map(|row| row.channels[c]).collect();
        table.push(channel.clone(), Column::Number(column));
    }
    table
}
