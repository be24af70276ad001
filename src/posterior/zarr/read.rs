//! Reads a store that [`write`](super::write) made.

use super::{Array, Attributes, Data, chunk_name, chunk_shape};
use crate::error::{Error, Result, suggest};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zip::ZipArchive;

/// An open store; arrays are read and decoded when asked for.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    zip: Mutex<ZipArchive<BufReader<File>>>,
    /// Bytes of the file.
    length: u64,
    /// Metadata by path in the store, from the root.
    nodes: Attributes,
}

/// Opens the store `path`.
///
/// # Errors
/// An input error with the path if the file is absent, damaged or of another layout.
pub fn read(path: &Path) -> Result<Store> {
    let unreadable = |e: std::io::Error| Error::io(path, "read", &e);
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let zip = ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(path, &e.to_string()))?;
    let (path, zip) = (path.to_owned(), Mutex::new(zip));
    let mut store = Store { path, zip, length, nodes: Attributes::new() };
    let mut root: Value = serde_json::from_slice(&store.entry("zarr.json")?)
        .map_err(|e| damaged(&store.path, &format!("zarr.json: {e}")))?;
    match root.pointer_mut("/consolidated_metadata/metadata").map(Value::take) {
        Some(Value::Object(nodes)) => store.nodes = nodes,
        _ => return Err(damaged(&store.path, "zarr.json has no consolidated metadata")),
    }
    Ok(store)
}

impl Store {
    /// Names of the groups, sorted.
    pub fn groups(&self) -> Vec<&str> {
        self.nodes.keys().map(String::as_str).filter(|path| !path.contains('/')).collect()
    }

    /// Names of the arrays of `group`, sorted; none if there is no such group.
    pub fn arrays(&self, group: &str) -> Vec<&str> {
        let inside = self.nodes.keys().filter_map(|path| path.split_once('/'));
        inside.filter(|(of, _)| *of == group).map(|(_, name)| name).collect()
    }

    /// Attributes of `group`; none if there is no such group.
    pub fn attributes(&self, group: &str) -> Option<&Attributes> {
        self.nodes.get(group)?["attributes"].as_object()
    }

    /// The array `name` of `group`.
    ///
    /// # Errors
    /// An input error with the path if there is no such array or it is damaged.
    pub fn array(&self, group: &str, name: &str) -> Result<Array> {
        let path = format!("{group}/{name}");
        let Some(node) = self.nodes.get(&path) else {
            let error = Error::input(format!("{} has no array {path}", self.path.display()));
            let known = self.nodes.keys().map(String::as_str);
            return Err(match suggest(&path, known) {
                Some(near) => error.help(format!("did you mean {near}?")),
                None => error,
            });
        };
        let damaged = |why: &str| damaged(&self.path, &format!("{path}: {why}"));
        let shape: Vec<usize> =
            serde_json::from_value(node["shape"].clone()).map_err(|_| damaged("no shape"))?;
        let dims: Vec<String> = serde_json::from_value(node["dimension_names"].clone())
            .map_err(|_| damaged("no names of dimensions"))?;
        let elements = shape.iter().try_fold(1usize, |n, &length| n.checked_mul(length));
        let elements = elements.ok_or_else(|| damaged("impossible shape"))?;
        if dims.len() != shape.len() {
            return Err(damaged("not one name for each dimension"));
        }
        let data_type = node["data_type"].as_str().unwrap_or_default();
        let (codec, width) = match data_type {
            "float64" | "int64" => ("bytes", Some(8)),
            "float32" => ("bytes", Some(4)),
            "bool" => ("bytes", Some(1)),
            "string" => ("vlen-utf8", None),
            other => return Err(damaged(&format!("unknown data type {other:?}"))),
        };
        // What comes after the codec of the elements.
        let packing = node["codecs"].as_array().and_then(|codecs| codecs.get(1..));
        let packing: Option<Vec<&str>> =
            packing.and_then(|codecs| codecs.iter().map(|codec| codec["name"].as_str()).collect());
        let packing = packing.as_deref();
        if node["chunk_grid"]["configuration"]["chunk_shape"] != json!(chunk_shape(&shape))
            || node["codecs"][0]["name"] != codec
            || node["codecs"][0]["configuration"]["endian"] == "big"
            || !matches!(packing, Some([] | ["gzip"]))
        {
            return Err(damaged("not in the layout that gigamix writes"));
        }
        let mut bytes = Vec::new();
        if elements > 0 {
            let wanted = width.map_or(u64::MAX, |width| (elements as u64).saturating_mul(width));
            bytes = self.entry(&chunk_name(&path, shape.len()))?;
            if packing == Some(&["gzip"]) {
                let packed = std::mem::take(&mut bytes);
                // One byte more than wanted: too long a chunk is noticed, but never held whole.
                GzDecoder::new(&packed[..])
                    .take(wanted.saturating_add(1))
                    .read_to_end(&mut bytes)
                    .map_err(|e| damaged(&e.to_string()))?;
            }
        }
        let data = match data_type {
            "float64" => Data::F64(numbers(&bytes, f64::from_le_bytes)),
            "float32" => Data::F32(numbers(&bytes, f32::from_le_bytes)),
            "int64" => Data::I64(numbers(&bytes, i64::from_le_bytes)),
            "bool" => Data::Bool(numbers(&bytes, |[byte]| byte != 0)),
            _ if elements == 0 => Data::Text(Vec::new()),
            _ => Data::Text(texts(&bytes).ok_or_else(|| damaged("strings that cannot be read"))?),
        };
        if data.len() != elements
            || width.is_some_and(|w| bytes.len() as u64 != w * elements as u64)
        {
            return Err(damaged("not as many elements as its shape says"));
        }
        let attributes = node["attributes"].as_object().cloned().unwrap_or_default();
        Ok(Array { name: name.to_owned(), dims, shape, data, attributes })
    }

    /// The bytes of an entry of the zip, its checksum verified.
    fn entry(&self, name: &str) -> Result<Vec<u8>> {
        let damaged = |why: String| damaged(&self.path, &format!("{name}: {why}"));
        let mut zip = self.zip.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entry = zip.by_name(name).map_err(|e| damaged(e.to_string()))?;
        // Never more than the file has, whatever its directory says.
        let mut bytes = Vec::with_capacity(entry.size().min(self.length) as usize);
        entry.read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
        Ok(bytes)
    }
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::input(format!("{} is damaged: {why}", path.display()))
        .help("remove the file and fit the model again")
}

fn numbers<T, const N: usize>(bytes: &[u8], from: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&bytes| from(bytes)).collect()
}

/// Decodes vlen-utf8; none if it is not exactly that.
fn texts(mut bytes: &[u8]) -> Option<Vec<String>> {
    let count = |bytes: &mut &[u8]| {
        let (count, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        usize::try_from(u32::from_le_bytes(*count)).ok()
    };
    let n = count(&mut bytes)?;
    let mut texts = Vec::new();
    for _ in 0..n {
        let length = count(&mut bytes)?;
        let (text, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        texts.push(std::str::from_utf8(text).ok()?.to_owned());
    }
    bytes.is_empty().then_some(texts)
}
