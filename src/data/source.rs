//! One opened file of a table, CSV or Parquet: its columns' names, its columns, places for errors.

use std::{io::Cursor, path::Path, sync::Arc};

use polars::prelude::{ArrowDataType, ArrowSchema, Column, ParquetReader, PolarsResult, SerReader};

use super::{columns::Bad, csv::Csv};
use crate::error::{Error, Result};

/// A file whose format is known.
pub(super) struct Source<'a> {
    from: String,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Csv(Csv<'a>),
    Parquet { bytes: &'a [u8], schema: Arc<ArrowSchema> },
}

impl<'a> Source<'a> {
    /// Opens the `bytes` of the file at `path`, whose extension tells the format.
    pub fn open(bytes: &'a [u8], path: &Path) -> Result<Source<'a>> {
        let from = path.display().to_string();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let kind = match extension.as_str() {
            "csv" => Kind::Csv(Csv::scan(bytes, &from)?),
            "parquet" => {
                let schema = ParquetReader::new(Cursor::new(bytes)).schema().map_err(|error| {
                    Error::input(format!("{from}: {error}"))
                        .help("the file is damaged, or not a Parquet file")
                })?;
                Kind::Parquet { bytes, schema }
            }
            _ => {
                return Err(Error::input(format!("cannot tell the format of {from} by its name"))
                    .help("tables are CSV or Parquet: their names end in .csv or .parquet"));
            }
        };
        Ok(Source { from, kind })
    }

    /// Names of all columns.
    pub fn header(&self) -> Vec<String> {
        match &self.kind {
            Kind::Csv(csv) => csv.header.clone(),
            Kind::Parquet { schema, .. } => schema.iter_names().map(|x| x.to_string()).collect(),
        }
    }

    /// The columns at `texts`, then those at `numbers`; their values are still to be checked.
    pub fn columns(&self, texts: &[usize], numbers: &[usize]) -> Result<Vec<Column>> {
        let columns = match &self.kind {
            Kind::Csv(csv) => csv.columns(texts, numbers),
            Kind::Parquet { bytes, schema } => {
                let wanted: Vec<usize> = texts.iter().chain(numbers).copied().collect();
                for (name, field) in wanted.iter().filter_map(|&i| schema.get_at_index(i)) {
                    if !readable(&field.dtype) {
                        let what = format!("the type {:?} is not supported", field.dtype);
                        let help = "store numbers as 64-bit floats or integers, texts as plain \
                                    strings, dates as dates without a time zone";
                        return Err(self.blame(name, Bad { row: None, what, help }));
                    }
                }
                parquet(bytes, schema, wanted)
            }
        };
        columns.map_err(|error| Error::input(format!("{}: {error}", self.from)))
    }

    /// Says where in the file the trouble with a column is.
    pub fn blame(&self, column: &str, bad: Bad) -> Error {
        let place = match (bad.row, &self.kind) {
            (None, _) => String::new(),
            (Some(row), Kind::Csv(csv)) => format!(", row {} (line {})", row + 1, csv.line(row)),
            (Some(row), Kind::Parquet { .. }) => format!(", row {}", row + 1),
        };
        Error::input(format!("{}{place}, column {column:?}: {}", self.from, bad.what))
            .help(bad.help)
    }
}

fn parquet(bytes: &[u8], schema: &ArrowSchema, wanted: Vec<usize>) -> PolarsResult<Vec<Column>> {
    let names = wanted.iter().filter_map(|&i| schema.get_at_index(i)).map(|(name, _)| name);
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    let frame = ParquetReader::new(Cursor::new(bytes)).with_projection(Some(wanted)).finish()?;
    names.iter().map(|name| frame.column(name).cloned()).collect()
}

/// The types that polars, as built here, can read; it panics on others.
fn readable(data_type: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    match data_type {
        T::Timestamp(_, zone) => zone.as_ref().is_none_or(|zone| zone == "UTC"),
        T::Boolean | T::Int32 | T::Int64 | T::UInt32 | T::UInt64 | T::Float32 | T::Float64 => true,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Date32 | T::Date64 => true,
        _ => false,
    }
}
