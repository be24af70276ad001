//! The answer as tables: a row per channel, a row per channel and period, a row per total.

use super::answer::{Answer, ArmRow, Step};
use crate::analysis::Estimate;
use crate::posterior::table::{Column, Table};

impl Answer {
    /// A row per channel: spend and response before and now. `binding` is empty where no limit is.
    pub fn table(&self) -> Table {
        let rows = &self.rows;
        let mut table = named(&rows.iter().collect::<Vec<_>>());
        let mut number = |name: &str, of: &dyn Fn(&ArmRow) -> f64| {
            table.push(name, Column::Number(rows.iter().map(of).collect()));
        };
        number("before", &|row| row.before);
        number("after", &|row| row.after);
        number("multiplier", &|row| row.after / row.before);
        number("marginal_roas", &|row| row.marginal_roas);
        let binding = rows.iter().map(|row| row.binding.unwrap_or_default().to_owned());
        table.push("binding", Column::Text(binding.collect()));
        estimates(&mut table, "response_before", rows, |row| row.response[0]);
        estimates(&mut table, "response_after", rows, |row| row.response[1]);
        estimates(&mut table, "gain", rows, |row| row.gain);
        let beyond = rows.iter().map(|row| row.beyond.unwrap_or(f64::NAN)).collect();
        table.push("beyond_seen", Column::Number(beyond));
        table
    }

    /// A row per channel and period, where the flighting was decided on; else no rows.
    pub fn schedule(&self) -> Table {
        let spends = self.rows.iter().flat_map(|row| {
            let path = row.path.iter().flatten().enumerate();
            path.map(move |(period, spend)| (row, period, *spend))
        });
        let spends: Vec<_> = spends.collect();
        let mut table = named(&spends.iter().map(|(row, ..)| *row).collect::<Vec<_>>());
        let periods = spends.iter().map(|(_, period, _)| *period as i64 + 1).collect();
        table.push("period", Column::Int(periods));
        table.push("spend", Column::Number(spends.iter().map(|(.., spend)| *spend).collect()));
        table
    }
}

/// The columns that say whose spend a row is: model, one for each of its dims, channel.
fn named(rows: &[&ArmRow]) -> Table {
    let mut table = Table::default();
    let text = |of: &dyn Fn(&ArmRow) -> &str| {
        Column::Text(rows.iter().map(|row| of(row).to_owned()).collect())
    };
    table.push("model", text(&|row| &row.place.model));
    let dims = rows.first().map_or(&[][..], |row| &row.place.labels);
    for (k, (dim, _)) in dims.iter().enumerate() {
        table.push(dim.clone(), text(&|row| row.place.labels.get(k).map_or("", |(_, l)| l)));
    }
    table.push("channel", text(&|row| &row.channel));
    table
}

/// A row per total of a frontier; what no spends satisfy has no numbers.
pub fn frontier_table(steps: &[Step]) -> Table {
    let mut table = Table::default();
    let mut number = |name: &str, of: &dyn Fn(&Step) -> Option<f64>| {
        let numbers = steps.iter().map(|step| of(step).unwrap_or(f64::NAN)).collect();
        table.push(name, Column::Number(numbers));
    };
    number("total", &|step| Some(step.total));
    number("objective", &|step| step.solved.as_ref().map(|solved| solved.value));
    number("bound", &|step| step.solved.as_ref().map(|solved| solved.bound));
    table
}

/// Mean and interval of an estimate as three columns.
fn estimates(table: &mut Table, name: &str, rows: &[ArmRow], of: fn(&ArmRow) -> Estimate) {
    type End = fn(Estimate) -> f64;
    let ends: [(&str, End); 3] =
        [("mean", |e| e.mean), ("hdi_3", |e| e.hdi_3), ("hdi_97", |e| e.hdi_97)];
    for (end, number) in ends {
        let numbers = rows.iter().map(|row| number(of(row))).collect();
        table.push(format!("{name}_{end}"), Column::Number(numbers));
    }
}
