//! Reference data and the models that belong to it.

pub mod reference;

use std::path::PathBuf;

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The case study's table, which is not part of the repository: `GIGAMIX_CASE_STUDY`, or
/// `../shared/reference/case_study/data.csv`. Says so when there is none.
pub fn case_study() -> Option<PathBuf> {
    let path = match std::env::var_os("GIGAMIX_CASE_STUDY") {
        Some(path) => PathBuf::from(path),
        None => repository("../shared/reference/case_study/data.csv"),
    };
    if path.exists() {
        return Some(path);
    }
    eprintln!("not run: no case study at {} (set GIGAMIX_CASE_STUDY)", path.display());
    None
}
