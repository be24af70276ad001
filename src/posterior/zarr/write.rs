//! Writes a store.

use super::{Array, Data, Group, chunk_name, chunk_shape};
use crate::error::{Error, Result};
use crate::posterior::atomic;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// Writes `groups` as the store `path`, whole or not at all. The same groups give the same bytes.
///
/// # Errors
/// An input error with the path if it cannot be written. Names that are empty, doubled or hold a
/// `/`, and shapes that do not fit the data, are bugs of the caller.
pub fn write(path: &Path, groups: &[Group]) -> Result<()> {
    let nodes = nodes(groups)?;
    // Packed in memory, so that an error of the disk stays one, with its kind.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let bytes = fill(&mut zip, groups, &nodes).and_then(|()| zip.finish());
    let bytes = bytes.map_err(|e| Error::bug(format!("cannot pack {}: {e}", path.display())))?;
    atomic::write(path, bytes.get_ref())
}

/// Metadata of every group and array by its path in the store.
///
/// The order of the keys matters: zarr-python 3.1 loses arrays when they are not sorted.
fn nodes(groups: &[Group]) -> Result<BTreeMap<String, Value>> {
    let mut nodes = BTreeMap::new();
    let mut add = |path: String, name: &str, node| {
        if matches!(name, "" | "." | ".." | "zarr.json") || name.contains('/') {
            return Err(Error::bug(format!("{path:?} cannot be a path in a store")));
        }
        match nodes.insert(path.clone(), node) {
            None => Ok(()),
            Some(_) => Err(Error::bug(format!("{path:?} stands twice in a store"))),
        }
    };
    for group in groups {
        let node = json!({
            "zarr_format": 3, "node_type": "group", "attributes": group.attributes,
        });
        add(group.name.clone(), &group.name, node)?;
        for array in &group.arrays {
            let path = format!("{}/{}", group.name, array.name);
            let elements: usize = array.shape.iter().product();
            if elements != array.data.len() || array.shape.len() != array.dims.len() {
                return Err(Error::bug(format!(
                    "{path:?} has dimensions {:?} of lengths {:?}, but {} elements",
                    array.dims,
                    array.shape,
                    array.data.len()
                )));
            }
            add(path, &array.name, array_node(array))?;
        }
    }
    Ok(nodes)
}

fn array_node(array: &Array) -> Value {
    let numbers = json!({ "name": "bytes", "configuration": { "endian": "little" } });
    let (codec, fill_value) = match array.data {
        Data::F64(_) | Data::F32(_) => (numbers, json!("NaN")),
        Data::I64(_) => (numbers, json!(0)),
        Data::Bool(_) => (json!({ "name": "bytes" }), json!(false)),
        Data::Text(_) => (json!({ "name": "vlen-utf8", "configuration": {} }), json!("")),
    };
    let mut codecs = vec![codec];
    if packed(&array.data) {
        codecs.push(json!({ "name": "gzip", "configuration": { "level": LEVEL } }));
    }
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": array.shape,
        "data_type": array.data.data_type(),
        "chunk_grid": {
            "name": "regular", "configuration": { "chunk_shape": chunk_shape(&array.shape) },
        },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": fill_value,
        "codecs": codecs,
        "attributes": array.attributes,
        "dimension_names": array.dims,
        "storage_transformers": [],
    })
}

/// A higher level costs time and gains nothing.
const LEVEL: u32 = 1;
/// Bytes from which on packing can gain anything.
const WORTH_IT: usize = 1024;

/// Whether gzip gains anything: draws in single precision lose 5 % of their size by it, and most of
/// the time that a store takes is theirs.
fn packed(data: &Data) -> bool {
    !matches!(data, Data::F32(_)) && 8 * data.len() > WORTH_IT
}

fn fill(
    zip: &mut ZipWriter<Cursor<Vec<u8>>>,
    groups: &[Group],
    nodes: &BTreeMap<String, Value>,
) -> std::result::Result<(), ZipError> {
    // Nothing of the machine or the hour: no time, no permissions of the user.
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
        .unix_permissions(0o644);
    let root = json!({
        "zarr_format": 3, "node_type": "group", "attributes": {},
        "consolidated_metadata": { "kind": "inline", "must_understand": false, "metadata": nodes },
    });
    zip.start_file("zarr.json", stored)?;
    zip.write_all(root.to_string().as_bytes())?;
    for (path, node) in nodes {
        zip.start_file(format!("{path}/zarr.json"), stored)?;
        zip.write_all(node.to_string().as_bytes())?;
    }
    for group in groups {
        for array in group.arrays.iter().filter(|array| !array.data.is_empty()) {
            let path = format!("{}/{}", group.name, array.name);
            // No element takes more than 8 bytes but strings, and those are never gigabytes.
            let large = array.data.len() > (u32::MAX / 16) as usize;
            zip.start_file(chunk_name(&path, array.shape.len()), stored.large_file(large))?;
            let bytes = encode(&array.data)?;
            if packed(&array.data) {
                let mut gzip = GzEncoder::new(&mut *zip, Compression::new(LEVEL));
                gzip.write_all(&bytes)?;
                gzip.finish()?;
            } else {
                zip.write_all(&bytes)?;
            }
        }
    }
    Ok(())
}

/// The elements as little-endian numbers, bytes 0 and 1, or vlen-utf8: the number of strings, then
/// each with its length in front, counts as 32 bits.
fn encode(data: &Data) -> std::io::Result<Vec<u8>> {
    let count = |n: usize| u32::try_from(n).map_err(std::io::Error::other).map(u32::to_le_bytes);
    Ok(match data {
        Data::F64(x) => numbers(x, f64::to_le_bytes),
        Data::F32(x) => numbers(x, f32::to_le_bytes),
        Data::I64(x) => numbers(x, i64::to_le_bytes),
        Data::Bool(x) => numbers(x, |x| [u8::from(x)]),
        Data::Text(x) => {
            let mut bytes = count(x.len())?.to_vec();
            for x in x {
                bytes.extend(count(x.len())?);
                bytes.extend(x.as_bytes());
            }
            bytes
        }
    })
}

fn numbers<T: Copy, const N: usize>(x: &[T], to: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; x.len() * N];
    bytes.as_chunks_mut().0.iter_mut().zip(x).for_each(|(bytes, &x)| *bytes = to(x));
    bytes
}
