//! What the rows of the page of many are: models or, of pooled models, their series.

use super::number::count;
use crate::analysis::{Judged, Scores};
use crate::error::Result;
use crate::posterior::cells::{Cells, filter};
use crate::posterior::table::{Column, Table};
use std::collections::HashMap;
use std::ops::Range;

/// Rows of the page.
pub struct Units {
    /// As `models.parquet`, a row per unit: `model` is its name; with dims `key` is that of its model,
    /// `series` its labels, and the scores are its own.
    pub table: Table,
    /// Rows of `channels.parquet` by name.
    pub channels: HashMap<String, Range<usize>>,
    /// Rows of `time.parquet` by name.
    pub time: HashMap<String, Range<usize>>,
    /// What one is called, and what several are.
    pub noun: [&'static str; 2],
}

impl Units {
    /// The models, or their series if there are dims.
    ///
    /// # Errors
    /// None, unless the tables are not those of a run.
    pub fn new(models: &Table, channels: &Table, time: &Table, dims: &[String]) -> Result<Self> {
        let several = models.rows() > 1;
        let name = |cells: Cells<'_>, row: usize| {
            let (key, labels) = (cells.text("model", row), labels(cells, row, dims));
            match (&labels[..], several) {
                ("", _) => key.to_owned(),
                (labels, false) => labels.to_owned(),
                (labels, true) => format!("{key} ({labels})"),
            }
        };
        let ranges = |table: &Table| {
            let mut ranges: HashMap<String, Range<usize>> = HashMap::new();
            let cells = Cells(table);
            for row in cells.rows() {
                ranges.entry(name(cells, row)).or_insert(row..row).end = row + 1;
            }
            ranges
        };
        let found = ranges(time);
        let (table, noun) = match dims {
            [] => (models.clone(), ["model", "models"]),
            dims => (series(models, time, &found, dims)?, ["series", "series"]),
        };
        Ok(Self { table, channels: ranges(channels), time: found, noun })
    }

    /// `1 model`, `2 series`.
    pub fn count(&self, n: usize) -> String {
        format!("{} {}", count(n as f64), self.noun[usize::from(n != 1)])
    }
}

fn labels(cells: Cells<'_>, row: usize, dims: &[String]) -> String {
    let labels: Vec<&str> = dims.iter().map(|dim| cells.text(dim, row)).collect();
    labels.join("/")
}

/// The row of its model for every series, with its own scores; a model without any keeps its row.
fn series(
    models: &Table,
    time: &Table,
    ranges: &HashMap<String, Range<usize>>,
    dims: &[String],
) -> Result<Table> {
    let (cells, dates) = (Cells(models), Cells(time));
    let mut own: HashMap<&str, Vec<(&String, &Range<usize>)>> = HashMap::new();
    for (name, range) in ranges {
        own.entry(dates.text("model", range.start)).or_default().push((name, range));
    }
    let mut all = Table::default();
    for row in cells.rows() {
        let key = cells.text("model", row);
        let mut series = own.remove(key).unwrap_or_default();
        series.sort_by_key(|(_, range)| range.start);
        let mut push = |name: &str, labels: String, rows: &Range<usize>| {
            let mut unit = filter(models, |other| other == row);
            set(&mut unit, "model", Column::Text(vec![name.to_owned()]));
            set(&mut unit, "key", Column::Text(vec![key.to_owned()]));
            set(&mut unit, "series", Column::Text(vec![labels]));
            for which in ["train", "test"] {
                let Scores { r2, mape, coverage, .. } = scores(dates, rows, which);
                for (what, x) in [("r2", r2), ("mape", mape), ("coverage", coverage)] {
                    set(&mut unit, &format!("{what}_{which}"), Column::Number(vec![x]));
                }
            }
            all.append(unit)
        };
        if series.is_empty() {
            push(key, String::new(), &(0..0))?;
        }
        for (name, rows) in series {
            push(name, labels(dates, rows.start, dims), rows)?;
        }
    }
    Ok(all)
}

fn set(table: &mut Table, name: &str, column: Column) {
    match table.columns.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = column,
        None => table.push(name, column),
    }
}

/// Scores of the rows of a set; of what the table does not keep they are NaN.
fn scores(dates: Cells<'_>, rows: &Range<usize>, set: &str) -> Scores {
    let own = rows.clone().filter(|&row| dates.text("set", row) == set);
    let judged = own.map(|row| {
        let number = |name: &str| dates.number(name, row);
        let interval = [number("predicted_hdi_3"), number("predicted_hdi_97")];
        let (actual, mean) = (number("actual"), number("predicted_mean"));
        Judged { actual, mean, interval, crps: f64::NAN }
    });
    Scores::of(&judged.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Date, date};

    fn table(texts: &[(&str, &[&str])], numbers: &[(&str, &[f64])]) -> Table {
        let mut table = Table::default();
        for (name, cells) in texts {
            let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
            table.push(*name, Column::Text(cells));
        }
        for (name, cells) in numbers {
            table.push(*name, Column::Number(cells.to_vec()));
        }
        table
    }

    fn tables(keys: &[&str]) -> [Table; 3] {
        let n = keys.len();
        let models = table(
            &[("model", keys), ("status", &vec!["ok"; n])],
            &[("r2_train", &vec![0.5; n]), ("mape_train", &vec![0.5; n])],
        );
        let of = |names: [&'static str; 4]| -> Vec<&str> { names.repeat(n) };
        let model: Vec<&str> = keys.iter().flat_map(|key| [*key; 4]).collect();
        let geo = of(["n", "n", "n", "s"]);
        let mut time = table(
            &[("model", &model), ("geo", &geo), ("set", &of(["train", "train", "test", "train"]))],
            &[
                ("actual", &[2.0, 4.0, 5.0, 1.0].repeat(n)),
                ("predicted_mean", &[1.0, 4.0, 4.0, 2.0].repeat(n)),
                ("predicted_hdi_3", &[0.0, 3.0, 5.5, 0.0].repeat(n)),
                ("predicted_hdi_97", &[2.0, 5.0, 6.0, 3.0].repeat(n)),
            ],
        );
        let dates: Vec<Date> = (1..=4).map(|day| date(2024, 1, day)).collect();
        time.push("date", Column::Date(dates.repeat(n)));
        let channels = table(&[("model", &model), ("geo", &geo)], &[]);
        [models, channels, time]
    }

    #[test]
    fn series_have_their_own_names_rows_and_scores() {
        let dims = ["geo".to_owned()];
        let [models, channels, time] = tables(&["m"]);
        let units = Units::new(&models, &channels, &time, &dims).expect("units");
        let cells = Cells(&units.table);
        let texts = |name: &str| cells.rows().map(|row| cells.text(name, row)).collect::<Vec<_>>();
        assert_eq!((texts("model"), texts("key")), (vec!["n", "s"], vec!["m", "m"]));
        assert_eq!((texts("series"), texts("status")), (vec!["n", "s"], vec!["ok", "ok"]));
        assert_eq!((&units.time["n"], &units.channels["s"]), (&(0..3), &(3..4)));
        // residuals 1 and 0 of a variance of 1; relative errors 1/2 and 0; both are covered
        let scores = ["r2_train", "mape_train", "coverage_train", "mape_test", "coverage_test"];
        assert_eq!(scores.map(|name| cells.number(name, 0)), [0.5, 0.25, 1.0, 0.2, 0.0]);
        assert!(cells.number("coverage_test", 1).is_nan());
        assert_eq!([units.count(1), units.count(1200)], ["1 series", "1,200 series"]);
    }

    #[test]
    fn series_of_several_models_are_told_apart() {
        let [models, channels, time] = tables(&["a", "b"]);
        let units = Units::new(&models, &channels, &time, &["geo".to_owned()]).expect("units");
        let cells = Cells(&units.table);
        let names: Vec<&str> = cells.rows().map(|row| cells.text("model", row)).collect();
        assert_eq!(names, ["a (n)", "a (s)", "b (n)", "b (s)"]);
        assert_eq!(units.time["b (n)"], 4..7);
        // Without dims the models are what there is; one without dates keeps its row with them.
        let units = Units::new(&models, &channels, &time, &[]).expect("units");
        assert_eq!((units.table.rows(), &units.time["b"]), (2, &(4..8)));
        let [more, ..] = tables(&["a", "b", "c"]);
        let units = Units::new(&more, &channels, &time, &["geo".to_owned()]).expect("units");
        assert_eq!((units.table.rows(), Cells(&units.table).text("model", 4)), (5, "c"));
    }
}
