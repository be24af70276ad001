//! Round trips, damage, and the layout byte by byte.

use super::*;
use crate::error::Kind;
use proptest::prelude::*;
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

fn array(name: &str, dims: &[&str], shape: &[usize], data: Data) -> Array {
    let dims = dims.iter().map(|&d| d.to_owned()).collect();
    Array { name: name.to_owned(), dims, shape: shape.to_vec(), data, attributes: Map::new() }
}

fn attributes(value: Value) -> Attributes {
    value.as_object().unwrap().clone()
}

fn example() -> Vec<Group> {
    let mut day = array("date", &["date"], &[2], Data::I64(vec![-1, 20_000]));
    day.attributes = attributes(json!({ "units": "days since 1970-01-01" }));
    vec![
        Group {
            name: "posterior".to_owned(),
            arrays: vec![
                array("beta", &["chain", "draw"], &[2, 1], Data::F64(vec![0.1, f64::INFINITY])),
                array(
                    "alpha",
                    &["chain", "draw", "channel"],
                    &[1, 1, 2],
                    Data::F32(vec![1.5, -0.0]),
                ),
                array(
                    "channel",
                    &["channel"],
                    &[2],
                    Data::Text(vec!["TV".into(), "Übér, \"日\"".into()]),
                ),
                day,
            ],
            attributes: attributes(json!({ "model": "a/b", "seed": 7, "list": [1, "x"] })),
        },
        Group {
            name: "odd".to_owned(),
            arrays: vec![
                array("scalar", &[], &[], Data::F64(vec![3.0])),
                array("none", &["draw", "x"], &[0, 3], Data::F64(vec![])),
                array("no_text", &["draw"], &[0], Data::Text(vec![])),
                array("empty_text", &["draw"], &[1], Data::Text(vec![String::new()])),
                array("flag", &["draw"], &[3], Data::Bool(vec![true, false, true])),
                array("long", &["step"], &[200], Data::I64((0..200).collect())),
                array("single", &["step"], &[200], Data::F32(vec![0.5; 200])),
            ],
            attributes: Map::new(),
        },
    ]
}

fn entry(path: &Path, name: &str) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posterior/a.zarr.zip");
    write(&path, &example()).unwrap();
    let store = read(&path).unwrap();
    assert_eq!(store.groups(), ["odd", "posterior"]);
    assert_eq!(store.arrays("posterior"), ["alpha", "beta", "channel", "date"]);
    for group in example() {
        assert_eq!(store.attributes(&group.name), Some(&group.attributes));
        for array in group.arrays {
            assert_eq!(store.array(&group.name, &array.name).unwrap(), array);
        }
    }
}

#[test]
fn the_layout_is_that_of_the_specification() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zarr.zip");
    write(&path, &example()).unwrap();
    let beta = entry(&path, "posterior/beta/c/0/0");
    assert_eq!(beta, [0.1f64.to_le_bytes(), f64::INFINITY.to_le_bytes()].concat());
    assert_eq!(entry(&path, "odd/scalar/c"), 3.0f64.to_le_bytes());
    assert_eq!(entry(&path, "odd/flag/c/0"), [1, 0, 1]);
    // Long arrays are packed, draws in single precision are not.
    let long: Vec<u8> = (0..200i64).flat_map(i64::to_le_bytes).collect();
    assert_eq!(gunzip(&entry(&path, "odd/long/c/0")), long);
    assert_eq!(entry(&path, "odd/single/c/0"), 0.5f32.to_le_bytes().repeat(200));
    // vlen-utf8 by hand: two strings, lengths 2 and 11.
    let mut texts = b"\x02\0\0\0\x02\0\0\0TV\x0d\0\0\0".to_vec();
    texts.extend("Übér, \"日\"".bytes());
    assert_eq!(entry(&path, "posterior/channel/c/0"), texts);
    let node: Value = serde_json::from_slice(&entry(&path, "posterior/alpha/zarr.json")).unwrap();
    assert_eq!(node["dimension_names"], json!(["chain", "draw", "channel"]));
    assert_eq!(node["data_type"], "float32");
    let root: Value = serde_json::from_slice(&entry(&path, "zarr.json")).unwrap();
    let nodes = root["consolidated_metadata"]["metadata"].as_object().unwrap();
    assert!(nodes.keys().is_sorted());
    assert_eq!(nodes["posterior/alpha"], node);
    assert_eq!(nodes.len(), 2 + 4 + 7);
    let codecs = |array: &str| nodes[array]["codecs"].as_array().unwrap().len();
    assert_eq!((codecs("odd/long"), codecs("odd/single")), (2, 1));
}

#[test]
fn the_same_groups_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write(&a, &example()).unwrap();
    write(&b, &example()).unwrap();
    assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
}

#[test]
fn impossible_groups_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let x = |name: &str| array(name, &["d"], &[1], Data::F64(vec![1.0]));
    let group = |arrays| Group { name: "g".to_owned(), arrays, attributes: Map::new() };
    for arrays in [
        vec![x("a"), x("a")],
        vec![x("a/b")],
        vec![x("..")],
        vec![x("")],
        vec![array("a", &["d"], &[2], Data::F64(vec![1.0]))],
        vec![array("a", &[], &[1], Data::F64(vec![1.0]))],
    ] {
        assert_eq!(write(&path, &[group(arrays)]).unwrap_err().kind(), Kind::Bug);
    }
    assert!(!path.exists());
}

#[test]
fn bad_files_are_input_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zarr.zip");
    assert!(read(&path).unwrap_err().message().contains("a.zarr.zip"));
    write(&path, &example()).unwrap();
    let error = read(&path).unwrap().array("posterior", "alpa").unwrap_err();
    assert_eq!(error.help_text(), Some("did you mean posterior/alpha?"));
    assert!(read(&path).unwrap().array("posterior", "").is_err());

    // Cut anywhere or with any byte turned over: the old values or an input error, never a panic.
    let good = fs::read(&path).unwrap();
    let all = |path: &Path| -> crate::error::Result<()> {
        let store = read(path)?;
        for group in example() {
            for array in group.arrays {
                assert_eq!(store.array(&group.name, &array.name)?.data, array.data);
            }
        }
        Ok(())
    };
    all(&path).unwrap();
    let mut noticed = 0;
    for at in (0..good.len()).step_by(7) {
        fs::write(&path, &good[..at]).unwrap();
        assert_eq!(all(&path).unwrap_err().kind(), Kind::Input);
        let mut bad = good.clone();
        bad[at] ^= 0xff;
        fs::write(&path, bad).unwrap();
        noticed += usize::from(all(&path).is_err());
    }
    // Some bytes do not matter: times, the nodes' own metadata (that of the root is read).
    assert!(noticed * 7 * 3 > good.len(), "{noticed} of {}", good.len() / 7);
}

/// A store of one array `g/a` with the given metadata and chunk.
fn forged(path: &Path, change: impl Fn(&mut Value), chunk: &[u8]) {
    let mut node = json!({
        "node_type": "array", "shape": [2], "data_type": "float64", "dimension_names": ["d"],
        "chunk_grid": { "configuration": { "chunk_shape": [2] } },
        "codecs": [{ "name": "bytes" }, { "name": "gzip" }],
    });
    change(&mut node);
    let root = json!({ "consolidated_metadata": { "metadata": { "g": {}, "g/a": node } } });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(chunk).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("zarr.json", options).unwrap();
    zip.write_all(root.to_string().as_bytes()).unwrap();
    zip.start_file("g/a/c/0", options).unwrap();
    zip.write_all(&gzip.finish().unwrap()).unwrap();
    zip.finish().unwrap();
}

#[test]
fn lying_metadata_is_an_input_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zarr.zip");
    let try_it = |change: &dyn Fn(&mut Value), chunk: &[u8]| {
        forged(&path, change, chunk);
        read(&path).and_then(|store| store.array("g", "a"))
    };
    assert_eq!(try_it(&|_| (), &[0; 16]).unwrap().data, Data::F64(vec![0.0; 2]));
    // A packed chunk that says it is a plain one.
    assert!(try_it(&|node| node["codecs"] = json!([{ "name": "bytes" }]), &[0; 16]).is_err());
    assert!(try_it(&|node| node["codecs"] = json!([]), &[0; 16]).is_err());
    let refused = |change: &dyn Fn(&mut Value), chunk: &[u8]| {
        assert_eq!(try_it(change, chunk).unwrap_err().kind(), Kind::Input);
    };
    for length in [0, 15, 17, 24] {
        refused(&|_| (), &vec![0; length]);
    }
    refused(&|node| node["shape"] = json!([u64::MAX, 3]), &[0; 16]);
    refused(&|node| node["shape"] = json!([-1]), &[0; 16]);
    refused(&|node| node["dimension_names"] = json!([]), &[0; 16]);
    refused(&|node| node["data_type"] = json!("float16"), &[0; 16]);
    refused(&|node| node["codecs"][1]["name"] = json!("zstd"), &[0; 16]);
    refused(
        &|node| {
            node["codecs"][0] = json!({ "name": "bytes", "configuration": { "endian": "big" } })
        },
        &[0; 16],
    );
    refused(&|node| node["chunk_grid"]["configuration"]["chunk_shape"] = json!([1]), &[0; 16]);
    // A shape far beyond the file must not make us ask for that much memory.
    let huge = |node: &mut Value| {
        node["shape"] = json!([1u64 << 60]);
        node["chunk_grid"]["configuration"]["chunk_shape"] = json!([1u64 << 60]);
    };
    refused(&huge, &[0; 16]);
    let text = |node: &mut Value| {
        node["data_type"] = json!("string");
        node["codecs"][0]["name"] = json!("vlen-utf8");
    };
    assert!(try_it(&text, b"\x02\0\0\0\0\0\0\0\x01\0\0\0a").is_ok());
    for chunk in [
        &b""[..],
        b"\x02\0\0\0\0\0\0\0\x01\0\0\0",
        b"\x02\0\0\0\0\0\0\0\x01\0\0\0ab",
        b"\x01\0\0\0\x01\0\0\0a",
        b"\x02\0\0\0\0\0\0\0\x01\0\0\0\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        refused(&text, chunk);
    }
}

proptest! {
    #[test]
    fn any_bits_come_back(
        numbers in prop::collection::vec(any::<u64>(), 0..20),
        texts in prop::collection::vec(any::<String>(), 0..10),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let n = numbers.len();
        let data = Data::F64(numbers.iter().map(|&bits| f64::from_bits(bits)).collect());
        let arrays = vec![
            array("x", &["d"], &[n], data),
            array("t", &["e"], &[texts.len()], Data::Text(texts.clone())),
        ];
        write(&path, &[Group { name: "g".to_owned(), arrays, attributes: Map::new() }]).unwrap();
        let store = read(&path).unwrap();
        let Data::F64(x) = store.array("g", "x").unwrap().data else { panic!("not f64") };
        prop_assert_eq!(x.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), numbers);
        prop_assert_eq!(store.array("g", "t").unwrap().data, Data::Text(texts));
    }
}
