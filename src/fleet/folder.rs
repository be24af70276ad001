//! The run folder: what it belongs to, what is finished in it, and its tables.

use super::tables::Part;
use crate::config::ModelFile;
use crate::error::{Error, Result};
use crate::posterior::table::Table;
use crate::posterior::{atomic, path};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "run.json";
/// One file per finished model until the tables are complete.
const PARTS: &str = "parts";
const POSTERIOR: &str = "posterior";
const TABLES: [&str; 4] = ["models", "parameters", "channels", "time"];

/// What decides the answers of a run: a folder belongs to one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of the model file.
    pub model_file: String,
    /// SHA-256 of the data.
    pub data: String,
    /// The seed.
    pub seed: u64,
}

impl Identity {
    /// The identity of a model file, data and seed.
    pub fn new(file: &ModelFile, data: &str, seed: u64) -> Self {
        let hash = Sha256::digest(file.canonical().as_bytes());
        let model_file = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { model_file, data: data.to_owned(), seed }
    }

    fn json(&self) -> Value {
        json!({ "model_file_sha256": self.model_file, "data_sha256": self.data, "seed": self.seed })
    }
}

/// A run folder that is written.
pub struct Folder {
    dir: PathBuf,
    identity: Identity,
    complete: bool,
}

impl Folder {
    /// Opens the folder of a run; an existing one of another identity is refused unless `force`
    /// replaces it.
    ///
    /// # Errors
    /// The folder belongs to another run, or cannot be written.
    pub fn open(dir: &Path, identity: Identity, force: bool) -> Result<Self> {
        let mut folder = Self { dir: dir.to_owned(), identity, complete: false };
        let manifest = dir.join(MANIFEST);
        if manifest.exists() {
            let found = read_json(&manifest)?;
            if found["identity"] == folder.identity.json() {
                for place in [dir.to_owned(), dir.join(PARTS), dir.join(POSTERIOR)] {
                    atomic::sweep(&place);
                }
                folder.complete = found["complete"] == json!(true);
                return Ok(folder);
            }
            if !force {
                let what = difference(&found["identity"], &folder.identity.json());
                return Err(Error::input(format!(
                    "{} holds a run with another {what}",
                    dir.display()
                ))
                .help("choose another folder with --out, or replace it with --force"));
            }
            folder.clear()?;
        } else if dir.exists() && !is_empty(dir)? {
            return Err(Error::input(format!("{} exists and is not a run folder", dir.display()))
                .help("choose another folder with --out"));
        }
        folder.write_manifest(json!({}), false)?;
        Ok(folder)
    }

    /// Whether every model was finished and the tables are written.
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The part of a model, if it is finished.
    pub fn part(&self, model: &str) -> Option<Part> {
        let text = std::fs::read_to_string(self.part_path(model)).ok()?;
        // A part that cannot be read is as good as none: the model is fitted again.
        serde_json::from_str(&text).ok()
    }

    /// Keeps the part of a finished model.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep(&self, model: &str, part: &Part) -> Result<()> {
        let text = serde_json::to_vec(part).map_err(|error| Error::bug(error.to_string()))?;
        atomic::write(&self.part_path(model), &text)
    }

    /// Writes the tables of all parts; a complete run loses its parts.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_tables(&mut self, parts: Vec<Part>, about: Value, complete: bool) -> Result<()> {
        let mut tables: [Table; 4] = Default::default();
        for part in parts {
            let rows = [part.models, part.parameters, part.channels, part.time];
            for (table, rows) in tables.iter_mut().zip(rows) {
                // A part without rows may lack the columns that depend on the channels.
                if table.rows() == 0 {
                    *table = rows;
                } else if rows.rows() > 0 {
                    table.append(rows)?;
                }
            }
        }
        for (table, name) in tables.iter().zip(TABLES) {
            table.write_parquet(&self.dir.join(format!("{name}.parquet")))?;
        }
        self.write_manifest(about, complete)?;
        self.complete = complete;
        let parts = self.dir.join(PARTS);
        if complete && parts.exists() {
            std::fs::remove_dir_all(&parts)
                .map_err(|error| Error::io(&parts, "remove the folder", &error))?;
        }
        Ok(())
    }

    fn write_manifest(&self, about: Value, complete: bool) -> Result<()> {
        let mut manifest = json!({
            "gigamix": env!("CARGO_PKG_VERSION"),
            "identity": self.identity.json(),
            "complete": complete,
        });
        if let (Value::Object(manifest), Value::Object(about)) = (&mut manifest, about) {
            manifest.extend(about);
        }
        let text = format!("{manifest:#}\n");
        atomic::write(&self.dir.join(MANIFEST), text.as_bytes())
    }

    fn part_path(&self, model: &str) -> PathBuf {
        self.dir.join(PARTS).join(format!("{}.json", path::file_stem(model)))
    }

    /// Removes what a run wrote, and nothing else.
    fn clear(&self) -> Result<()> {
        let folders = [PARTS, POSTERIOR].map(|name| self.dir.join(name));
        let files = TABLES.map(|name| self.dir.join(format!("{name}.parquet")));
        for folder in folders.iter().filter(|folder| folder.exists()) {
            std::fs::remove_dir_all(folder)
                .map_err(|error| Error::io(folder, "remove the folder", &error))?;
        }
        for file in files.iter().filter(|file| file.exists()) {
            std::fs::remove_file(file).map_err(|error| Error::io(file, "remove", &error))?;
        }
        Ok(())
    }
}

fn is_empty(dir: &Path) -> Result<bool> {
    let mut entries = std::fs::read_dir(dir).map_err(|error| Error::io(dir, "read", &error))?;
    Ok(entries.next().is_none())
}

/// What two identities differ in, for people.
fn difference(found: &Value, wanted: &Value) -> String {
    let names = [("model_file_sha256", "model file"), ("data_sha256", "data"), ("seed", "seed")];
    let differs = names.iter().filter(|(key, _)| found[key] != wanted[key]);
    let names: Vec<_> = differs.map(|(_, name)| *name).collect();
    names.join(" and ")
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read", &error))?;
    serde_json::from_str(&text).map_err(|error| {
        Error::input(format!("{} is damaged: {error}", path.display()))
            .help("remove the run folder and fit again")
    })
}

/// A run folder that is read.
#[derive(Clone, Debug)]
pub struct Run {
    dir: PathBuf,
    manifest: Value,
}

impl Run {
    /// Opens a run folder.
    ///
    /// # Errors
    /// It is not one, or its run has no table yet.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(MANIFEST);
        if !path.exists() {
            return Err(Error::input(format!(
                "{} is not a run folder: no {MANIFEST}",
                dir.display()
            ))
            .help("`gigamix fit MODEL.toml` makes one, by default runs/<name of the model file>"));
        }
        let run = Self { dir: dir.to_owned(), manifest: read_json(&path)? };
        if !dir.join("models.parquet").exists() {
            return Err(Error::input(format!(
                "the run in {} has no finished model",
                dir.display()
            ))
            .help("give the same `gigamix fit` command again to resume it"));
        }
        Ok(run)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `run.json`.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// `models.parquet`.
    ///
    /// # Errors
    /// The file is absent or damaged.
    pub fn models(&self) -> Result<Table> {
        self.table("models")
    }

    /// `parameters.parquet`.
    ///
    /// # Errors
    /// As [`Run::models`].
    pub fn parameters(&self) -> Result<Table> {
        self.table("parameters")
    }

    /// `channels.parquet`.
    ///
    /// # Errors
    /// As [`Run::models`].
    pub fn channels(&self) -> Result<Table> {
        self.table("channels")
    }

    /// `time.parquet`.
    ///
    /// # Errors
    /// As [`Run::models`].
    pub fn time(&self) -> Result<Table> {
        self.table("time")
    }

    fn table(&self, name: &str) -> Result<Table> {
        Table::read_parquet(&self.dir.join(format!("{name}.parquet")))
    }
}
