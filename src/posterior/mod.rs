//! Draws with names and coordinates, and the files of a run folder.

pub mod atomic;
pub mod cells;
pub mod inference_data;
pub mod path;
pub mod table;
pub mod zarr;

use jiff::Span;
use jiff::civil::{Date, date};

/// Days from 1970-01-01 to `date`: what Parquet and CF conventions store.
fn days_since_1970(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

/// The date so many days after 1970-01-01; none out of the calendar.
fn date_after_1970(days: i64) -> Option<Date> {
    Span::new().try_days(days).and_then(|days| date(1970, 1, 1).checked_add(days)).ok()
}
