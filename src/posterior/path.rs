//! Names of files: a model's key, percent-encoded, never leads out of its folder.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The longest stem in bytes: with extensions it stays under the 255 that file systems allow.
const LONGEST: usize = 200;

/// Hex digits of the hash (128 bits) that ends a shortened stem.
const HASH: usize = 32;

/// The stem of the files of the model `key`.
///
/// Letters, digits, `_`, `-` and `.` stay (but not a leading `.`), every other byte of the UTF-8
/// text becomes `%XX`. The empty key is `%`. A longer stem than 200 bytes is cut and ends in `~` and
/// a hash of the key, so that different keys never share a stem.
pub fn file_stem(key: &str) -> String {
    if key.is_empty() {
        return "%".to_owned();
    }
    let mut stem = String::with_capacity(key.len());
    let mut cut = 0;
    for (i, byte) in key.bytes().enumerate() {
        let kept = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if kept && !(i == 0 && byte == b'.') {
            stem.push(char::from(byte));
        } else {
            stem += &format!("%{byte:02X}");
        }
        // The cut falls between bytes of the key, never inside `%XX`.
        if stem.len() < LONGEST - HASH {
            cut = stem.len();
        }
    }
    if stem.len() > LONGEST {
        stem.truncate(cut);
        stem.push('~');
        stem.extend(Sha256::digest(key).iter().take(HASH / 2).map(|byte| format!("{byte:02x}")));
    }
    stem
}

/// The key that [`file_stem`] made `stem` of; none if it did not, or if the stem was shortened
/// (the key then stands in the file: attribute `model`).
pub fn model_key(stem: &str) -> Option<String> {
    if stem == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        rest = after;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
    }
    let key = String::from_utf8(bytes).ok()?;
    (file_stem(&key) == stem).then_some(key)
}

/// The store of the draws of the model `key` in the run folder `run`.
pub fn store(run: &Path, key: &str) -> PathBuf {
    run.join("posterior").join(format!("{}.zarr.zip", file_stem(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_names() {
        for (key, stem) in [
            ("model", "model"),
            ("brandA/north", "brandA%2Fnorth"),
            ("a b%", "a%20b%25"),
            ("München", "M%C3%BCnchen"),
            ("", "%"),
            (".", "%2E"),
            ("..", "%2E."),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            ("v1.5_a-b", "v1.5_a-b"),
            ("c:\\x\0\n~", "c%3A%5Cx%00%0A%7E"),
        ] {
            assert_eq!(file_stem(key), stem);
            assert_eq!(model_key(stem).as_deref(), Some(key));
        }
    }

    #[test]
    fn foreign_names_have_no_key() {
        for stem in ["", ".", "..", "a b", "a%2", "%2f", "%41", "%FF", "%+1", "a~b", ".hidden", "é"]
        {
            assert_eq!(model_key(stem), None, "{stem:?}");
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let fits = "x".repeat(200);
        assert_eq!(file_stem(&fits), fits);
        for long in ["x".repeat(201), "ü".repeat(67), "日本/".repeat(50)] {
            let (a, b) = (file_stem(&long), file_stem(&format!("{long}!")));
            assert!(a.len() <= 200 && a.len() > 190, "{}", a.len());
            assert_ne!(a, b);
            assert_eq!(model_key(&a), None);
            // What is left in front of the hash is made of whole `%XX`.
            let (head, hash) = a.split_once('~').unwrap();
            assert_eq!(hash.len(), 32);
            assert!(head.split('%').skip(1).all(|part| part.len() >= 2), "{head}");
        }
        // printf 'x%.0s' {1..201} | sha256sum
        assert!(file_stem(&"x".repeat(201)).ends_with("84a0678c90937f5dcf9994d5866668da"));
    }

    #[test]
    fn the_store_stays_in_its_folder() {
        let path = store(Path::new("run"), "../a/b");
        assert_eq!(path, Path::new("run/posterior/%2E.%2Fa%2Fb.zarr.zip"));
        assert_eq!(store(Path::new("r"), "..").parent(), Some(Path::new("r/posterior")));
    }

    proptest! {
        #[test]
        fn any_key_comes_back(key in any::<String>()) {
            let stem = file_stem(&key);
            prop_assert!(stem.len() <= LONGEST);
            prop_assert!(!stem.is_empty() && !stem.starts_with('.'));
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"_-.%~".contains(&b);
            prop_assert!(stem.bytes().all(safe));
            if !stem.contains('~') {
                prop_assert_eq!(model_key(&stem), Some(key));
            }
        }

        #[test]
        fn any_stem_has_one_key(stem in "[a-zA-Z0-9%~._/ -]{0,40}") {
            if let Some(key) = model_key(&stem) {
                prop_assert_eq!(file_stem(&key), stem);
            }
        }
    }
}
