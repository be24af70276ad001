//! From polars columns to our own: dates, texts and numbers, with the row of what is wrong.

use jiff::{
    Span,
    civil::{Date, DateTime, date},
};
use polars::prelude::{Column, DataType, PolarsError, TimeUnit};

const DATE_HELP: &str = "write 2024-01-31, with or without a time (2024-01-31T00:00:00)";
const NUMBER_HELP: &str =
    "write 1234.5, without thousands separators or units; missing: nothing, NA or NaN";

/// What is wrong with a column, on which row where that is known, and what to do.
#[derive(Debug, PartialEq)]
pub(super) struct Bad {
    pub row: Option<usize>,
    pub what: String,
    pub help: &'static str,
}

impl From<PolarsError> for Bad {
    fn from(error: PolarsError) -> Self {
        Bad { row: None, what: error.to_string(), help: "store the column in another type" }
    }
}

/// Dates of a column of ISO 8601 texts, dates or datetimes.
pub(super) fn dates(column: &Column) -> Result<Vec<Date>, Bad> {
    let days = match column.dtype() {
        DataType::String => {
            return column.str()?.iter().enumerate().map(|(row, x)| parse_date(row, x)).collect();
        }
        DataType::Date => 1,
        DataType::Datetime(TimeUnit::Milliseconds, _) => 86_400_000,
        DataType::Datetime(TimeUnit::Microseconds, _) => 86_400_000_000,
        DataType::Datetime(TimeUnit::Nanoseconds, _) => 86_400_000_000_000,
        other => {
            let what = format!("values of type {other} are not dates");
            return Err(Bad { row: None, what, help: "store dates, or texts such as 2024-01-31" });
        }
    };
    let epoch = date(1970, 1, 1);
    let civil = |x: i64| {
        Span::new().try_days(x.div_euclid(days)).and_then(|span| epoch.checked_add(span)).ok()
    };
    let physical = column.cast(&DataType::Int64)?;
    let parse = |(row, x): (usize, Option<i64>)| {
        let bad = |what: &str| Bad { row: Some(row), what: what.into(), help: DATE_HELP };
        let x = x.ok_or_else(|| bad("the date is missing"))?;
        civil(x).ok_or_else(|| bad("the date is out of range"))
    };
    physical.i64()?.iter().enumerate().map(parse).collect()
}

fn parse_date(row: usize, text: Option<&str>) -> Result<Date, Bad> {
    let bad = |what| Bad { row: Some(row), what, help: DATE_HELP };
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        return Err(bad("the date is missing".into()));
    }
    // the forms of ISO 8601 without hyphens are left out: they may be any number
    if text.get(4..5) == Some("-") {
        if let Ok(date) = text.parse::<Date>() {
            return Ok(date);
        }
        if let Ok(time) = text.parse::<DateTime>() {
            return Ok(time.date());
        }
    }
    Err(bad(format!("{text:?} is not a date")))
}

/// Texts of a column, missing ones as nothing; numbers are written out.
pub(super) fn texts(column: &Column) -> Result<Vec<Option<String>>, Bad> {
    let column = column.cast(&DataType::String)?;
    Ok(column.str()?.iter().map(|x| x.map(str::to_owned)).collect())
}

/// Numbers of a column, missing ones as NaN.
pub(super) fn numbers(column: &Column) -> Result<Vec<f64>, Bad> {
    if *column.dtype() == DataType::String {
        return column.str()?.iter().enumerate().map(|(row, x)| parse_number(row, x)).collect();
    }
    if !(column.dtype().is_primitive_numeric() || column.dtype().is_bool()) {
        let what = format!("values of type {} are not numbers", column.dtype());
        return Err(Bad { row: None, what, help: "store numbers" });
    }
    let column = column.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().map(|x| x.unwrap_or(f64::NAN)).collect())
}

fn parse_number(row: usize, text: Option<&str>) -> Result<f64, Bad> {
    const MISSING: [&str; 6] = ["", "na", "n/a", "nan", "null", "none"];
    let text = text.unwrap_or_default().trim();
    let lower = text.to_ascii_lowercase();
    if MISSING.contains(&lower.as_str()) {
        return Ok(f64::NAN);
    }
    match lower.as_str() {
        "true" => Ok(1.0),
        "false" => Ok(0.0),
        _ => text.parse().map_err(|_| Bad {
            row: Some(row),
            what: format!("{text:?} is not a number"),
            help: NUMBER_HELP,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_texts() {
        let day = Ok(date(2024, 1, 31));
        for text in [
            "2024-01-31",
            " 2024-01-31 ",
            "2024-01-31T23:59:59",
            "2024-01-31 00:00",
            "2024-01-31 00:00:00.000",
        ] {
            assert_eq!(parse_date(0, Some(text)), day, "{text}");
        }
        for text in ["31/01/2024", "2024-02-30", "20240131", "2024-1-31", "January", "2024-W05"] {
            let bad = parse_date(7, Some(text)).unwrap_err();
            assert_eq!(bad.row, Some(7));
            assert_eq!(bad.what, format!("{text:?} is not a date"));
        }
        assert_eq!(parse_date(1, None).unwrap_err().what, "the date is missing");
    }

    #[test]
    fn dates_of_days_and_times() {
        let days = Column::new("d".into(), [0, 19_753, -1]).cast(&DataType::Date).unwrap();
        let expected = [date(1970, 1, 1), date(2024, 1, 31), date(1969, 12, 31)];
        assert_eq!(dates(&days).unwrap(), expected);
        let millis = Column::new("d".into(), [1, 19_753 * 86_400_000 + 5, -1i64]);
        let times = millis.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
        assert_eq!(dates(&times).unwrap(), expected);
        assert!(dates(&millis).unwrap_err().what.contains("are not dates"));
        let missing = Column::new("d".into(), [Some(1), None]).cast(&DataType::Date).unwrap();
        assert_eq!(dates(&missing).unwrap_err().row, Some(1));
    }

    #[test]
    fn numbers_of_texts() {
        assert_eq!(parse_number(0, Some(" 1e3 ")), Ok(1000.0));
        assert_eq!(parse_number(0, Some("True")), Ok(1.0));
        for missing in [None, Some(""), Some("NA"), Some("nan"), Some("NULL"), Some("n/a")] {
            assert!(parse_number(0, missing).unwrap().is_nan());
        }
        let bad = parse_number(3, Some("1,234")).unwrap_err();
        assert_eq!(bad.row, Some(3));
        assert_eq!(bad.what, "\"1,234\" is not a number");
    }
}
