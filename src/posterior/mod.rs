//! Draws with names and coordinates, and the files of a run folder.

pub mod atomic;
pub mod inference_data;
pub mod path;
pub mod table;
pub mod zarr;

use jiff::civil::{Date, date};

/// Days from 1970-01-01 to `date`: what Parquet and CF conventions store.
fn days_since_1970(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}
