//! The program, run on a small table.

use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const MODEL: &str = r#"[data]
path = "sales.csv"
date = "week"
target = "sales"
channels = ["tv", "radio"]

[adstock]
l_max = 4

[likelihood]
sigma = { distribution = "HalfNormal", sigma = 0.5 }

[sampler]
chains = 32
ess = 400
"#;

/// A folder with a model file `model.toml` and a table `sales.csv`, in which commands run.
pub struct Project {
    folder: TempDir,
    model: String,
    /// Header, then one row per week.
    pub table: Vec<Vec<String>>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// 60 weeks of one brand, two channels.
    pub fn new() -> Self {
        let header = ["week", "brand", "sales", "tv", "radio"].map(str::to_owned).to_vec();
        let project = Self {
            folder: tempfile::tempdir().expect("folder"),
            model: MODEL.into(),
            table: vec![header],
        };
        project.with_brand("a")
    }

    /// The same with a panel for each of these brands.
    pub fn of_brands(brands: &[&str]) -> Self {
        let mut project = Self::new();
        project.table.truncate(1);
        let project = brands.iter().fold(project, |project, brand| project.with_brand(brand));
        project.edit("[adstock]", "panel = [\"brand\"]\n\n[adstock]")
    }

    fn with_brand(mut self, brand: &str) -> Self {
        let first = jiff::civil::date(2024, 1, 1);
        // Numbers without a pattern: a linear congruential generator.
        let mut state = brand.bytes().fold(1u64, |state, byte| state * 31 + u64::from(byte));
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let mut before = 50.0;
        for week in 0..60 {
            let (tv, radio) = (100.0 * uniform(), 40.0 * uniform());
            let noise = 20.0 * (uniform() + uniform() + uniform() - 1.5);
            let sales = 500.0 + 2.0 * tv + before + 3.0 * radio + noise;
            before = tv;
            let date = first + jiff::Span::new().weeks(week);
            let numbers = [sales, tv, radio].map(|x| format!("{x:.1}"));
            let texts = [date.to_string(), brand.to_owned()];
            self.table.push(texts.into_iter().chain(numbers).collect());
        }
        self
    }

    /// Replaces a text of the model file, which must be there.
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        assert!(self.model.contains(from), "{from:?} is not in the model file");
        self.model = self.model.replace(from, to);
        self
    }

    /// Writes `value` into the column of the row `row`, which counts from 0 without the header.
    pub fn set(mut self, row: usize, column: &str, value: &str) -> Self {
        let column = self.column(column);
        self.table[row + 1][column] = value.into();
        self
    }

    /// Writes what `value` makes of every row into a column.
    pub fn fill(mut self, column: &str, value: impl Fn(&[String]) -> String) -> Self {
        let column = self.column(column);
        for row in &mut self.table[1..] {
            row[column] = value(row);
        }
        self
    }

    /// Writes a function of both spends into a column of one brand.
    pub fn fill_where(mut self, column: &str, brand: &str, of: impl Fn(f64, f64) -> f64) -> Self {
        let column = self.column(column);
        for row in self.table.iter_mut().filter(|row| row[1] == brand) {
            let spend = |at: usize| row[at].parse::<f64>().expect("a number");
            row[column] = of(spend(3), spend(4)).to_string();
        }
        self
    }

    fn column(&self, name: &str) -> usize {
        self.table[0].iter().position(|column| column == name).expect("column")
    }

    /// A path in the folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes the files and runs `gigamix` with these arguments.
    pub fn run(&self, arguments: &str) -> Ran {
        self.write();
        run(self.folder.path(), arguments)
    }

    /// Writes the files.
    pub fn write(&self) {
        let lines: Vec<String> = self.table.iter().map(|row| row.join(",")).collect();
        std::fs::write(self.path("sales.csv"), lines.join("\n") + "\n").expect("table");
        std::fs::write(self.path("model.toml"), &self.model).expect("model file");
    }
}

impl Ran {
    /// The one line of JSON on standard output.
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The rows of that JSON.
    pub fn rows(&self) -> Vec<Value> {
        self.json()["rows"].as_array().unwrap_or_else(|| panic!("no rows: {self:?}")).clone()
    }

    /// Checks exit code and what standard error says.
    pub fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in says {
            assert!(self.stderr.contains(text), "{text:?} is not said: {}", self.stderr);
        }
    }
}

/// Runs `gigamix` in a folder with arguments that are separated by spaces.
pub fn run(folder: &Path, arguments: &str) -> Ran {
    let output = command(folder, arguments).output().expect("gigamix");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Ran { code: output.status.code(), stdout, stderr }
}

/// The command without being run.
pub fn command(folder: &Path, arguments: &str) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gigamix"));
    command.current_dir(folder).args(arguments.split_whitespace()).env_remove("RUST_BACKTRACE");
    // Kernels that tests compile are not left in the user's cache.
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}
