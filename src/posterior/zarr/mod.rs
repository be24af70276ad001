//! A small Zarr v3 store in one file: a zip of stored entries, one chunk per array, packed by gzip
//! where that gains anything.
//!
//! The subset that draws need, in the layout that zarr-python, xarray and ArviZ open without a
//! warning: JSON metadata, consolidated at the root, little-endian numbers, vlen-utf8 strings.

mod read;
mod write;

pub use read::{Store, read};
pub use write::write;

use super::date_after_1970;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// Attributes of a group or an array.
pub type Attributes = Map<String, Value>;

/// A group of arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name without `/`.
    pub name: String,
    /// Arrays with different names.
    pub arrays: Vec<Array>,
    /// Attributes for readers; numbers, texts, lists.
    pub attributes: Attributes,
}

/// An array with named dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Name without `/`.
    pub name: String,
    /// Name of each dimension.
    pub dims: Vec<String>,
    /// Length of each dimension; none for a scalar.
    pub shape: Vec<usize>,
    /// Elements, the last dimension fastest.
    pub data: Data,
    /// Attributes for readers, e.g. `units`.
    pub attributes: Attributes,
}

/// Elements of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Double precision.
    F64(Vec<f64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Integers.
    I64(Vec<i64>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Strings.
    Text(Vec<String>),
}

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::F64(x) => x.len(),
            Data::F32(x) => x.len(),
            Data::I64(x) => x.len(),
            Data::Bool(x) => x.len(),
            Data::Text(x) => x.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in double precision; none unless they are floating-point numbers.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        match self {
            Data::F64(x) => Some(x.clone()),
            Data::F32(x) => Some(x.iter().map(|&x| f64::from(x)).collect()),
            _ => None,
        }
    }

    /// The elements as dates, of whole days since 1970-01-01; none unless they are that.
    pub fn to_dates(&self) -> Option<Vec<Date>> {
        match self {
            Data::I64(x) => x.iter().map(|&days| date_after_1970(days)).collect(),
            _ => None,
        }
    }

    /// Zarr's name of the type.
    fn data_type(&self) -> &'static str {
        match self {
            Data::F64(_) => "float64",
            Data::F32(_) => "float32",
            Data::I64(_) => "int64",
            Data::Bool(_) => "bool",
            Data::Text(_) => "string",
        }
    }
}

/// Shape of the only chunk of an array: the array itself, but a chunk is never empty.
fn chunk_shape(shape: &[usize]) -> Vec<usize> {
    shape.iter().map(|&n| n.max(1)).collect()
}

/// Name of the only chunk of an array in the zip.
fn chunk_name(array: &str, rank: usize) -> String {
    format!("{array}/c{}", "/0".repeat(rank))
}

#[cfg(test)]
mod tests;
