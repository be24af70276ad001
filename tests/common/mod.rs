//! Reference data, the models that belong to it, and the program on small tables.

pub mod command;
pub mod hills;
pub mod reference;
pub mod small;

use std::io::Write;
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
    not_run(&format!("no case study at {} (set GIGAMIX_CASE_STUDY)", path.display()));
    None
}

/// Says that the current test was not run, and why. Written past the test harness, which would keep
/// what a passing test prints to itself.
fn not_run(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "{test}: not run: {reason}");
}

/// A software Vulkan device. Without one, tests that need it are not run and say so, unless
/// `GIGAMIX_REQUIRE_VULKAN=1` (as in CI) turns that into a failure.
pub fn software() -> Option<gigamix::gpu::Gpu> {
    match gigamix::gpu::Gpu::open(&gigamix::gpu::Choice::Software) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("GIGAMIX_REQUIRE_VULKAN").is_some_and(|v| v == "1") => {
            panic!("GIGAMIX_REQUIRE_VULKAN=1, but {}", error.one_line())
        }
        Err(error) => {
            not_run(&error.one_line());
            None
        }
    }
}
