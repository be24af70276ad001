//! Tables of a run: columns of equal length, written as Parquet, shown as JSON.

use super::{atomic, days_since_1970};
use crate::error::{Error, Result};
use jiff::{Span, civil::Date};
use polars::prelude as pl;
use polars::prelude::{IntoColumn, IntoSeries, NamedFrom, SerReader};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use std::io::Cursor;
use std::path::Path;

/// A table with named columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Columns in order, all of one length, with different names.
    pub columns: Vec<(String, Column)>,
}

/// The cells of a column, one per row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// Texts.
    Text(Vec<String>),
    /// Numbers; on disk and in JSON one that is not finite is null, and null reads as NaN.
    Number(#[serde(deserialize_with = "numbers_or_null")] Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Days; ISO 8601 in JSON.
    Date(Vec<Date>),
    /// Truth values.
    Bool(Vec<bool>),
}

/// Numbers of which those that are null are NaN.
fn numbers_or_null<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<f64>, D::Error> {
    let numbers = Vec::<Option<f64>>::deserialize(from)?;
    Ok(numbers.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Text(x) => x.len(),
            Column::Number(x) => x.len(),
            Column::Int(x) => x.len(),
            Column::Date(x) => x.len(),
            Column::Bool(x) => x.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of row `row` in JSON; null if the number is not finite or there is no such row.
    pub fn to_json(&self, row: usize) -> Value {
        match self {
            Column::Text(x) => json!(x.get(row)),
            Column::Number(x) => json!(x.get(row)),
            Column::Int(x) => json!(x.get(row)),
            Column::Date(x) => json!(x.get(row).map(Date::to_string)),
            Column::Bool(x) => json!(x.get(row)),
        }
    }

    fn extend(&mut self, other: Column) -> bool {
        match (self, other) {
            (Column::Text(x), Column::Text(y)) => x.extend(y),
            (Column::Number(x), Column::Number(y)) => x.extend(y),
            (Column::Int(x), Column::Int(y)) => x.extend(y),
            (Column::Date(x), Column::Date(y)) => x.extend(y),
            (Column::Bool(x), Column::Bool(y)) => x.extend(y),
            _ => return false,
        }
        true
    }
}

impl Table {
    /// Adds a column at the right.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        self.columns.push((name.into(), column));
    }

    /// The column `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, column)| column)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Adds the rows of `other` below; a table without columns takes those of `other`.
    ///
    /// # Errors
    /// An input error if the columns differ in name, order or type; this table is then unusable.
    pub fn append(&mut self, other: Table) -> Result<()> {
        if self.columns.is_empty() {
            *self = other;
            return Ok(());
        }
        let differ = || Error::input("the tables do not have the same columns");
        if self.columns.len() != other.columns.len() {
            return Err(differ());
        }
        for ((name, column), (its_name, its_column)) in self.columns.iter_mut().zip(other.columns) {
            if *name != its_name || !column.extend(its_column) {
                return Err(differ().help(format!("look at column {its_name:?}")));
            }
        }
        Ok(())
    }

    /// `{"rows": [{column: cell, …}, …]}`; numbers that are not finite are null.
    pub fn to_json_rows(&self) -> Value {
        let row = |row| -> Map<String, Value> {
            self.columns.iter().map(|(name, column)| (name.clone(), column.to_json(row))).collect()
        };
        json!({ "rows": (0..self.rows()).map(row).collect::<Vec<_>>() })
    }

    /// The table as comma-separated values (RFC 4180, lines ending in `\n`); numbers that are not finite
    /// are empty.
    pub fn to_csv(&self) -> String {
        let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let cell = |column: &Column, row: usize| match column.to_json(row) {
            Value::Null => String::new(),
            Value::String(text) => quoted(&text),
            other => other.to_string(),
        };
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let heads = line(self.columns.iter().map(|(name, _)| quoted(name)).collect());
        let row = |row| line(self.columns.iter().map(|(_, column)| cell(column, row)).collect());
        heads + &(0..self.rows()).map(row).collect::<String>()
    }

    /// Writes the Parquet file `path`, whole or not at all. The same table gives the same bytes.
    ///
    /// # Errors
    /// An input error with the path if it cannot be written. Columns of different lengths and
    /// doubled names are bugs of the caller.
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        let bug = |e: pl::PolarsError| Error::bug(format!("cannot write {}: {e}", path.display()));
        let columns = self.columns.iter().map(|(name, column)| to_polars(name, column)).collect();
        let mut frame = pl::DataFrame::new(self.rows(), columns).map_err(bug)?;
        // Packed in memory: an error of the disk then stays one, with its kind. Small tables gain
        // nothing from threads, nor from zstd, whose memory for every column costs more time than its
        // twentieth of the size is worth.
        let mut bytes = Vec::new();
        pl::ParquetWriter::new(&mut bytes)
            .with_compression(pl::ParquetCompression::Snappy)
            .set_parallel(false)
            .finish(&mut frame)
            .map_err(bug)?;
        atomic::write(path, &bytes)
    }

    /// Reads the Parquet file `path`.
    ///
    /// # Errors
    /// An input error with the path if the file is absent or damaged, has a column of another type
    /// than those of [`Column`], or an empty cell in a column other than numbers.
    pub fn read_parquet(path: &Path) -> Result<Table> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "read", &e))?;
        let damaged = |e: pl::PolarsError| {
            Error::input(format!("{} is not a Parquet table: {e}", path.display()))
        };
        let frame = pl::ParquetReader::new(Cursor::new(bytes)).finish().map_err(damaged)?;
        let mut table = Table::default();
        for column in frame.columns() {
            let name = column.name().as_str();
            let cells = from_polars(column).map_err(damaged)?.ok_or_else(|| {
                Error::input(format!(
                    "column {name:?} of {} ({}) is of no known type or has empty cells",
                    path.display(),
                    column.dtype()
                ))
            })?;
            table.push(name, cells);
        }
        Ok(table)
    }
}

fn to_polars(name: &str, column: &Column) -> pl::Column {
    let name = pl::PlSmallStr::from_str(name);
    match column {
        Column::Text(x) => pl::Series::new(name, x.as_slice()).into_column(),
        Column::Number(x) => {
            let finite: Vec<_> = x.iter().map(|x| x.is_finite().then_some(*x)).collect();
            pl::Series::new(name, finite).into_column()
        }
        Column::Int(x) => pl::Series::new(name, x.as_slice()).into_column(),
        Column::Date(x) => {
            let days = x.iter().map(|&day| days_since_1970(day)).collect();
            pl::Int32Chunked::from_vec(name, days).into_date().into_series().into_column()
        }
        Column::Bool(x) => pl::Series::new(name, x.as_slice()).into_column(),
    }
}

/// None if the type is not one of ours or a cell is empty that may not be.
fn from_polars(column: &pl::Column) -> pl::PolarsResult<Option<Column>> {
    use pl::DataType as Type;
    let day = |days: i32| Date::constant(1970, 1, 1).checked_add(Span::new().try_days(days)?);
    Ok(match column.dtype() {
        Type::String => {
            let texts = column.str()?.iter().map(|x| x.map(str::to_owned));
            texts.collect::<Option<_>>().map(Column::Text)
        }
        Type::Float32 | Type::Float64 => {
            let numbers = column.cast(&Type::Float64)?;
            let numbers = numbers.f64()?.iter().map(|x| x.unwrap_or(f64::NAN));
            Some(Column::Number(numbers.collect()))
        }
        kind if kind.is_integer() => {
            column.cast(&Type::Int64)?.i64()?.iter().collect::<Option<_>>().map(Column::Int)
        }
        Type::Date => {
            let days = column.date()?.physical().iter();
            days.map(|x| x.and_then(|x| day(x).ok())).collect::<Option<_>>().map(Column::Date)
        }
        Type::Boolean => column.bool()?.iter().collect::<Option<_>>().map(Column::Bool),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use jiff::civil::date;

    fn example() -> Table {
        let mut table = Table::default();
        table.push("model", Column::Text(vec!["a/b".into(), String::new(), "日本 \"x\"".into()]));
        table.push("mean", Column::Number(vec![0.1, -0.0, 1e300]));
        table.push("n", Column::Int(vec![i64::MIN, 0, i64::MAX]));
        let days = vec![date(2018, 2, 1), date(1969, 12, 31), date(-9999, 1, 1)];
        table.push("date", Column::Date(days));
        table.push("ok", Column::Bool(vec![true, false, true]));
        table
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/t.parquet");
        example().write_parquet(&path).unwrap();
        assert_eq!(Table::read_parquet(&path).unwrap(), example());
        let first = std::fs::read(&path).unwrap();
        example().write_parquet(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
    }

    #[test]
    fn tables_without_rows_or_columns_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut table = Table::default();
        table.write_parquet(&path).unwrap();
        assert_eq!(Table::read_parquet(&path).unwrap(), table);
        table.push("x", Column::Number(vec![]));
        table.push("t", Column::Text(vec![]));
        table.write_parquet(&path).unwrap();
        assert_eq!(Table::read_parquet(&path).unwrap(), table);
    }

    #[test]
    fn what_is_not_finite_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut table = Table::default();
        let numbers = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        table.push("x", Column::Number(numbers.to_vec()));
        table.write_parquet(&path).unwrap();
        let back = Table::read_parquet(&path).unwrap();
        let Some(Column::Number(x)) = back.column("x") else { panic!("{back:?}") };
        assert_eq!(x[0], 1.5);
        assert!(x[1..].iter().all(|x| x.is_nan()));
        let rows = r#"{"rows":[{"x":1.5},{"x":null},{"x":null},{"x":null}]}"#;
        assert_eq!(table.to_json_rows().to_string(), rows);
    }

    #[test]
    fn rows_in_json_keep_the_order_of_the_columns() {
        let first = &example().to_json_rows()["rows"][0];
        assert_eq!(
            first.to_string(),
            r#"{"model":"a/b","mean":0.1,"n":-9223372036854775808,"date":"2018-02-01","ok":true}"#
        );
    }

    #[test]
    fn comma_separated() {
        let mut table = Table::default();
        table.push("a, b", Column::Text(vec!["x".into(), "say \"no\"".into()]));
        table.push("n", Column::Number(vec![0.1, f64::NAN]));
        table.push("k", Column::Int(vec![3, -4]));
        assert_eq!(table.to_csv(), "\"a, b\",n,k\nx,0.1,3\n\"say \"\"no\"\"\",,-4\n");
        assert_eq!(Table::default().to_csv(), "\n");
    }

    #[test]
    fn appends_only_what_fits() {
        let mut table = Table::default();
        table.append(example()).unwrap();
        table.append(example()).unwrap();
        assert_eq!(table.rows(), 6);
        assert_eq!(table.columns.iter().map(|(_, c)| c.len()).max(), Some(6));
        let mut renamed = example();
        renamed.columns[1].0 = "median".to_owned();
        let mut retyped = example();
        retyped.columns[1].1 = Column::Int(vec![1, 2, 3]);
        for other in [renamed, retyped, Table::default()] {
            assert_eq!(table.clone().append(other).unwrap_err().kind(), Kind::Input);
        }
    }

    #[test]
    fn bad_tables_and_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        assert_eq!(Table::read_parquet(&path).unwrap_err().kind(), Kind::Input);
        let mut uneven = example();
        uneven.push("short", Column::Int(vec![1]));
        assert_eq!(uneven.write_parquet(&path).unwrap_err().kind(), Kind::Bug);
        assert_eq!(uneven.to_json_rows()["rows"][2]["short"], Value::Null);
        let mut twice = example();
        twice.push("n", Column::Int(vec![1, 2, 3]));
        assert_eq!(twice.write_parquet(&path).unwrap_err().kind(), Kind::Bug);
        assert!(!path.exists());
        example().write_parquet(&path).unwrap();
        let good = std::fs::read(&path).unwrap();
        for length in [0, 3, good.len() / 2, good.len() - 1] {
            std::fs::write(&path, &good[..length]).unwrap();
            let error = Table::read_parquet(&path).unwrap_err();
            assert_eq!(error.kind(), Kind::Input);
            assert!(error.message().contains("t.parquet"), "{error}");
        }
    }

    #[test]
    fn empty_texts_and_foreign_types_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let name = || pl::PlSmallStr::from_str("x");
        let empty = pl::Series::new(name(), [Some("a"), None]).into_column();
        let list = pl::Series::new(name(), [pl::Series::new(name(), [1i64])]).into_column();
        for column in [empty, list] {
            let mut frame = pl::DataFrame::new(column.len(), vec![column]).unwrap();
            let file = std::fs::File::create(&path).unwrap();
            pl::ParquetWriter::new(file).finish(&mut frame).unwrap();
            let error = Table::read_parquet(&path).unwrap_err();
            assert!(error.message().starts_with("column \"x\" of "), "{error}");
        }
        let small = pl::Series::new(name(), [3u32]).into_column();
        let mut frame = pl::DataFrame::new(1, vec![small]).unwrap();
        pl::ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let back = Table::read_parquet(&path).unwrap();
        assert_eq!(back.column("x"), Some(&Column::Int(vec![3])));
    }
}
