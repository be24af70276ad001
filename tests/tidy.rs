//! House rules that no compiler checks: the order of the rooms, who may name what, twins, headers.
//!
//! Every rule is a function from files to complaints, so that the rules themselves are tested.

use crate::common::repository;
use std::path::Path;

/// What the rooms hold, lowest first.
const LAST_ROOMS: [&str; 2] = ["cli", "main"];
/// A name and the only places whose code may use it.
const RESERVED: [(&str, &[&str]); 8] = [
    ("wgpu", &["src/gpu/"]),
    ("polars", &["src/data/", "src/posterior/"]),
    ("resvg", &["src/report/"]),
    ("clap", &["src/cli/", "src/main.rs"]),
    ("println!", &["src/cli/", "src/main.rs"]),
    ("eprintln!", &["src/cli/", "src/main.rs"]),
    ("print!", &["src/cli/", "src/main.rs"]),
    ("eprint!", &["src/cli/", "src/main.rs"]),
];
/// What must not be left behind, anywhere.
const LEFTOVERS: [&str; 9] = [
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    "FIXME",
    "XXX",
    "#[ignore]",
    "/home/",
    "/root/",
    "/Users/",
];
/// Folders of families, equal in `src/model/` and `shaders/`.
const KINDS: [&str; 4] = ["adstock", "saturation", "likelihood", "prior"];
/// Shaders whose twin has another name.
const TWINS: [(&str, &str); 3] = [
    ("shaders/coordinate.wgsl", "src/model/coordinate.rs"),
    ("shaders/effect/bump.wgsl", "src/model/effect/bump.rs"),
    ("shaders/effect/process.wgsl", "src/model/effect/process.rs"),
    // The lanes compute it in double precision, whatever their own.
];
/// Longest file, in lines.
const LONGEST: usize = 500;
/// Dependencies whose minor versions break: one exact version.
const PINNED: [&str; 1] = ["polars"];

/// A file of the repository.
struct File {
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// `adstock/geometric` of `src/model/adstock/geometric.rs` below `src/model/`.
    fn stem(&self, folder: &str, extension: &str) -> Option<&str> {
        self.path.strip_prefix(folder)?.strip_suffix(extension)
    }

    /// The code that is no test, without comments; lines keep their numbers.
    fn code(&self) -> String {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return String::new();
        }
        let (mut code, mut lines) = (String::new(), self.text.lines());
        while let Some(line) = lines.next() {
            if let Some(indent) = line.strip_suffix("#[cfg(test)]") {
                // Up to the end of the item: nothing inside it stands as far left.
                let ends = |line: &&str| {
                    let item = line.strip_prefix(indent).unwrap_or_default();
                    !item.starts_with(' ') && (item.ends_with(';') || item == "}")
                };
                code.push('\n');
                lines.by_ref().inspect(|_| code.push('\n')).find(ends);
            } else {
                code += line.split("//").next().unwrap_or_default();
                code.push('\n');
            }
        }
        code
    }
}

/// Whether `text` has `name` as a whole word.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) =
            (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The rooms, lowest first: the modules of `lib.rs`, then the command line.
fn rooms(files: &[File]) -> Vec<String> {
    let lib =
        files.iter().find(|file| file.path == "src/lib.rs").map(File::code).unwrap_or_default();
    let module = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    let mut rooms: Vec<String> = lib.lines().filter_map(|line| module(line.trim())).collect();
    rooms.retain(|room| !LAST_ROOMS.contains(&room.as_str()));
    rooms.extend(LAST_ROOMS.map(String::from));
    rooms
}

/// The rooms that code names, each with its line: those after `crate::`, alone or in braces.
fn used(code: &str) -> Vec<(usize, &str)> {
    let first = |name| str::trim(name).split(|c: char| !c.is_alphanumeric() && c != '_').next();
    let mut used = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        let (line, rest) = (code[..at].matches('\n').count() + 1, &code[at + prefix.len()..]);
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split(';').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        used.extend(names.into_iter().filter_map(first).map(|name| (line, name)));
    }
    used
}

/// A room uses the rooms above it in `lib.rs`, never one below.
fn order(files: &[File]) -> Vec<String> {
    let rooms = rooms(files);
    let rank = |name: &str| rooms.iter().position(|room| room == name);
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "src/lib.rs") {
        let Some(module) = file.stem("src/", ".rs") else { continue };
        let path: Vec<&str> = module.split('/').filter(|name| *name != "mod").collect();
        let Some(own) = rank(path[0]) else {
            complaints.push(format!("{}: {} is no room of src/lib.rs", file.path, path[0]));
            continue;
        };
        let code = file.code();
        for (n, name) in used(&code) {
            if rank(name).is_some_and(|used| used > own) {
                complaints
                    .push(format!("{}:{n}: {} uses {name}, a later room", file.path, path[0]));
            }
        }
        // As many `super`s as this leave the room, where the order would not be seen.
        let escape = "super::".repeat(path.len());
        for (n, _) in code.lines().enumerate().filter(|(_, line)| line.contains(&escape)) {
            complaints.push(format!(
                "{}:{}: `super` leaves the room: say `crate`",
                file.path,
                n + 1
            ));
        }
    }
    complaints
}

/// What only some rooms may name.
fn reserved(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.stem("src/", ".rs").is_some()) {
        for (line, n) in file.code().lines().zip(1..) {
            for (name, places) in RESERVED {
                if names(line, name) && !places.iter().any(|place| file.path.starts_with(place)) {
                    let places = places.join(" and ");
                    complaints.push(format!("{}:{n}: {name} is only for {places}", file.path));
                }
            }
        }
    }
    complaints
}

/// Every family leaf and every mathematical shader has its twin.
fn twins(files: &[File]) -> Vec<String> {
    let exists = |path: &str| files.iter().any(|file| file.path == path);
    let mut complaints = Vec::new();
    for file in files {
        for kind in KINDS {
            let (rust, wgsl) = (format!("src/model/{kind}/"), format!("shaders/{kind}/"));
            let twin = match (file.stem(&rust, ".rs"), file.stem(&wgsl, ".wgsl")) {
                (Some("mod" | "tests"), _) | (None, None) => continue,
                (Some(leaf), _) => format!("{wgsl}{leaf}.wgsl"),
                (_, Some(leaf)) => format!("{rust}{leaf}.rs"),
            };
            if !exists(&twin) {
                complaints.push(format!("{}: has no twin {twin}", file.path));
            }
        }
        let elsewhere = TWINS.iter().find(|(shader, _)| *shader == file.path);
        let twin = match (elsewhere, file.stem("shaders/math/", ".wgsl")) {
            (Some((_, twin)), _) => (*twin).to_owned(),
            (None, Some(stem)) => format!("src/math/{stem}.rs"),
            (None, None) => continue,
        };
        if !exists(&twin) {
            complaints.push(format!("{}: has no twin {twin}", file.path));
        }
    }
    complaints
}

/// Every file opens with a sentence on its role, and stays short.
fn headers(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let opening = match file.path.rsplit('.').next() {
            Some("rs") => "//! ",
            Some("wgsl") => "// ",
            _ => continue,
        };
        if !file.text.starts_with(opening) {
            complaints.push(format!("{}: does not open with a `{opening}` sentence", file.path));
        }
        let lines = file.text.lines().count();
        if lines > LONGEST {
            complaints.push(format!("{}: {lines} lines, more than {LONGEST}", file.path));
        }
    }
    complaints
}

/// Nothing is left behind: markers, debug output, machine paths, tests switched off without reason.
fn leftovers(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "tests/tidy.rs") {
        for (line, n) in file.text.lines().zip(1..) {
            for leftover in LEFTOVERS.iter().filter(|leftover| line.contains(**leftover)) {
                complaints.push(format!("{}:{n}: has {leftover}", file.path));
            }
        }
    }
    complaints
}

/// The map of the rooms shows every one, in their order.
fn mapped(files: &[File]) -> Vec<String> {
    let Some(map) = files.iter().find(|file| file.path == "ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md: is not there".into()];
    };
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned());
    let shown: Vec<String> = map.text.lines().filter_map(row).collect();
    let mut rooms = rooms(files);
    rooms.retain(|room| room != "main");
    if shown.iter().filter(|name| rooms.contains(name)).eq(&rooms) {
        return Vec::new();
    }
    vec![format!("ARCHITECTURE.md: the table of rooms is not that of src/lib.rs: {rooms:?}")]
}

/// Dependencies that must stay at one version do.
fn pins(files: &[File]) -> Vec<String> {
    let manifests = files.iter().filter(|file| file.path == "Cargo.toml");
    let pinned = |file: &File, name: &str| {
        let line = file.text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.is_some_and(|line| line.contains("\"=") && names(line, name))
    };
    let missing =
        |file| PINNED.iter().filter(move |name| !pinned(file, name)).map(move |n| (file, n));
    let complaint =
        |(file, name): (&File, _)| format!("{}: {name} needs an exact version", file.path);
    manifests.flat_map(missing).map(complaint).collect()
}

/// Reads the files below a folder that are text of ours.
fn read(folder: &str, files: &mut Vec<File>) {
    let entries = std::fs::read_dir(repository(folder)).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
        let ours = ["rs", "wgsl", "toml", "md", "py"];
        if entry.is_dir() {
            read(&path, files);
        } else if Path::new(name).extension().is_some_and(|e| ours.iter().any(|ours| e == *ours)) {
            let text = std::fs::read_to_string(&entry).unwrap_or_else(|e| panic!("{path}: {e}"));
            files.push(File { path, text });
        }
    }
}

#[test]
fn the_repository_is_tidy() {
    let mut files = Vec::new();
    for folder in ["src", "shaders", "tests", "benches", "docs"] {
        read(folder, &mut files);
    }
    for path in ["Cargo.toml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", ".ci/run"] {
        let text =
            std::fs::read_to_string(repository(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        files.push(File::new(path, &text));
    }
    let rules = [order, mapped, reserved, twins, headers, leftovers, pins];
    let complaints: Vec<String> = rules.iter().flat_map(|rule| rule(&files)).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// A rule finds in these files exactly what is expected, in order.
fn finds(rule: fn(&[File]) -> Vec<String>, files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
    assert_eq!(rule(&files), expected);
}

#[test]
fn the_order_of_rooms_is_checked() {
    let lib = ("src/lib.rs", "pub mod error;\npub mod data;\npub mod gpu;\npub mod cli;\n");
    finds(
        order,
        &[
            lib,
            ("src/data/read.rs", "use crate::gpu::Gpu;\nuse crate::error::Error; // crate::gpu\n"),
            (
                "src/error.rs",
                "fn f() { crate::data::load() }\nuse crate::{error::Error, \n    gpu::Gpu};",
            ),
            ("src/gpu/mod.rs", "use super::data;\n#[cfg(test)]\nmod tests { use crate::cli; }\n"),
            ("src/gpu/tests.rs", "use crate::cli;\n"),
            ("src/cli/mod.rs", "use crate::gpu::Gpu;\n"),
            ("src/extra.rs", ""),
        ],
        &[
            "src/data/read.rs:1: data uses gpu, a later room",
            "src/error.rs:1: error uses data, a later room",
            "src/error.rs:2: error uses gpu, a later room",
            "src/gpu/mod.rs:1: `super` leaves the room: say `crate`",
            "src/extra.rs: extra is no room of src/lib.rs",
        ],
    );
}

#[test]
fn the_map_of_rooms_is_checked() {
    let lib = ("src/lib.rs", "pub mod error;\npub mod data;\n");
    let right =
        "| `error` | errors |\n| `data` | tables |\n| `other` | x |\n| `cli` | commands |\n";
    finds(mapped, &[lib, ("ARCHITECTURE.md", right)], &[]);
    let wrong = right.replace("data", "model");
    let complaint = "ARCHITECTURE.md: the table of rooms is not that of src/lib.rs: \
                     [\"error\", \"data\", \"cli\"]";
    finds(mapped, &[lib, ("ARCHITECTURE.md", &wrong)], &[complaint]);
}

#[test]
fn reserved_names_are_checked() {
    finds(
        reserved,
        &[
            ("src/gpu/mod.rs", "use wgpu::Device;\n"),
            ("src/model/mod.rs", "//! Knows no wgpu.\nlet wgpu_like = 1;\nwgpu::Device::new();\n"),
            ("src/data/mod.rs", "#[cfg(test)]\nmod x {\n    println!(\"\");\n}\nprintln!(\"\");\n"),
            ("src/cli/mod.rs", "println!(\"\");\n"),
        ],
        &[
            "src/model/mod.rs:3: wgpu is only for src/gpu/",
            "src/data/mod.rs:5: println! is only for src/cli/ and src/main.rs",
        ],
    );
}

#[test]
fn lone_twins_are_found() {
    finds(
        twins,
        &[
            ("src/model/prior/mod.rs", ""),
            ("src/model/prior/tests.rs", ""),
            ("src/model/prior/normal.rs", ""),
            ("shaders/prior/normal.wgsl", ""),
            ("src/model/prior/cauchy.rs", ""),
            ("shaders/adstock/weibull.wgsl", ""),
            ("shaders/math/bessel.wgsl", ""),
            ("shaders/coordinate.wgsl", ""),
        ],
        &[
            "src/model/prior/cauchy.rs: has no twin shaders/prior/cauchy.wgsl",
            "shaders/adstock/weibull.wgsl: has no twin src/model/adstock/weibull.rs",
            "shaders/math/bessel.wgsl: has no twin src/math/bessel.rs",
            "shaders/coordinate.wgsl: has no twin src/model/coordinate.rs",
        ],
    );
}

#[test]
fn headers_and_lengths_are_checked() {
    let long = format!("//! Long.\n{}", "\n".repeat(LONGEST));
    finds(
        headers,
        &[("a.rs", "use x;"), ("b.wgsl", "fn f() {}"), ("c.rs", &long), ("d.rs", "//! Fine.")],
        &[
            "a.rs: does not open with a `//! ` sentence",
            "b.wgsl: does not open with a `// ` sentence",
            "c.rs: 501 lines, more than 500",
        ],
    );
}

#[test]
fn leftovers_and_missing_pins_are_found() {
    finds(
        leftovers,
        &[(
            "src/a.rs",
            "//! A.\nfn f() { todo!() }\n#[ignore = \"slow\"]\n#[ignore]\n// see /home/x\n",
        )],
        &["src/a.rs:2: has todo!(", "src/a.rs:4: has #[ignore]", "src/a.rs:5: has /home/"],
    );
    let manifest =
        |version: &str| format!("[dependencies]\npolars = {{ version = \"{version}\" }}\n");
    finds(pins, &[("Cargo.toml", &manifest("=0.55.2"))], &[]);
    finds(
        pins,
        &[("Cargo.toml", &manifest("0.55"))],
        &["Cargo.toml: polars needs an exact version"],
    );
}
