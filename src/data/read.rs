//! Finds the files of a table and reads the columns needed, file after file, into one table.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::{
    Note, columns,
    roles::{self, Roles},
    source::Source,
};
use crate::{
    config::{ModelFile, Spanned},
    error::{Error, Result},
};

/// The rows of all files in their order, by column.
#[derive(Default)]
pub(super) struct Table {
    pub dates: Vec<Date>,
    /// Index into `panels` for each row.
    pub panel: Vec<usize>,
    /// Values of the panel columns and the dims, each combination once; a missing value is empty.
    pub panels: Vec<Vec<String>>,
    /// Columns in the order of [`Roles::numbers`]; a missing number is NaN.
    pub numbers: Vec<Vec<f64>>,
    pub notes: Vec<Note>,
    pub hash: String,
}

/// Reads the files that `path`, or else the model file, names; where no `target` is needed, the
/// table may do without.
pub(super) fn read(file: &ModelFile, path: Option<&Path>, target: bool) -> Result<(Table, Roles)> {
    let paths = find(file, &file.data.path, path)?;
    let mut table = Table::default();
    let mut known = HashMap::new();
    let mut hash = Sha256::new();
    let mut first: Option<(Roles, BTreeSet<String>, String)> = None;
    for path in &paths {
        let from = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| Error::io(path, "read", &error))?;
        hash.update(&bytes);
        let source = Source::open(&bytes, path)?;
        let names = roles::rename(file, &source.header(), &from, target)?;
        let set: BTreeSet<String> = names.iter().cloned().collect();
        if let Some((_, expected, other)) = &first
            && let Some(name) = expected.symmetric_difference(&set).next()
        {
            let (with, without) = if set.contains(name) { (&from, other) } else { (other, &from) };
            return Err(Error::input(format!("column {name:?} is in {with} but not in {without}"))
                .help("files that are read together have the same columns, in any order"));
        }
        // every file is asked anew: another one may have a column twice
        let found = Roles::resolve(file, &names, &from, target)?;
        let (roles, ..) = first.get_or_insert((found, set, from));
        table.append(&source, &names, roles, &mut known)?;
    }
    let Some((roles, ..)) = first else {
        return Err(Error::bug("no file was read"));
    };
    if table.dates.is_empty() {
        return Err(Error::input(format!("{} has no rows", paths[0].display()))
            .help("a table has one row per date (and panel) below the names of its columns"));
    }
    if paths.len() > 1 {
        let (n, rows) = (paths.len(), table.dates.len());
        let (a, b) = (paths[0].display(), paths[n - 1].display());
        table
            .notes
            .push(Note { panel: None, text: format!("{rows} rows from {n} files: {a} to {b}") });
    }
    table.hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((table, roles))
}

/// Files behind a path or glob, sorted: `path`, or else the one `named` in the model file.
pub(super) fn find(
    file: &ModelFile,
    named: &Spanned<String>,
    path: Option<&Path>,
) -> Result<Vec<PathBuf>> {
    let (wanted, dir) = match path {
        Some(path) => (path, Path::new("")),
        None => (Path::new(named.as_str()), file.dir()),
    };
    let full = dir.join(wanted);
    let fail = |message: String| match path {
        Some(_) => Error::input(message).help("name a CSV or Parquet file, or a glob of them"),
        None => file
            .error(named.span.clone(), message)
            .help("a path in the model file is relative to that file's folder"),
    };
    if full.is_file() {
        return Ok(vec![full]);
    }
    if full.is_dir() {
        return Err(fail(format!(
            "{} is a folder: name its files as {}",
            full.display(),
            full.join("*.csv").display()
        )));
    }
    let shown = wanted.to_string_lossy();
    if !shown.contains(['*', '?', '[']) {
        return Err(fail(format!("there is no file {}", full.display())));
    }
    let escaped = PathBuf::from(glob::Pattern::escape(&dir.to_string_lossy()));
    let matches = glob::glob(&escaped.join(wanted).to_string_lossy())
        .map_err(|error| fail(format!("{shown:?} is not a glob: {}", error.msg)))?;
    let mut paths = Vec::new();
    for found in matches {
        let path = found.map_err(|error| Error::io(error.path(), "read", error.error()))?;
        if path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(fail(format!("no file matches {}", full.display())));
    }
    paths.sort();
    Ok(paths)
}

impl Table {
    /// Adds the rows of a file whose columns are called `names`. `known` holds the index of every
    /// combination of panel values so far.
    fn append(
        &mut self,
        source: &Source,
        names: &[String],
        roles: &Roles,
        known: &mut HashMap<Vec<String>, usize>,
    ) -> Result<()> {
        let position: HashMap<&str, usize> =
            names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let texts: Vec<usize> = roles.texts().map(|name| position[name]).collect();
        let numbers: Vec<usize> = roles.numbers().map(|name| position[name]).collect();
        let columns = source.columns(&texts, &numbers)?;
        let (date, columns) = columns.split_at(1);
        let (panel, columns) = columns.split_at(roles.labels().count());

        let blame = |name: &str, bad| source.blame(name, bad);
        let dates = columns::dates(&date[0]).map_err(|bad| blame(&roles.date, bad))?;
        let mut values = Vec::new();
        for (column, name) in panel.iter().zip(roles.labels()) {
            values.push(columns::texts(column).map_err(|bad| blame(name, bad))?);
        }
        let mut combination = vec![String::new(); values.len()];
        for row in 0..dates.len() {
            for (text, column) in combination.iter_mut().zip(&values) {
                text.clear();
                text.push_str(column[row].as_deref().unwrap_or_default());
            }
            let index = match known.get(&combination) {
                Some(&index) => index,
                None => {
                    let index = self.panels.len();
                    known.insert(combination.clone(), index);
                    self.panels.push(combination.clone());
                    index
                }
            };
            self.panel.push(index);
        }
        self.dates.extend(dates);
        self.numbers.resize(numbers.len(), Vec::new());
        for ((column, name), all) in columns.iter().zip(roles.numbers()).zip(&mut self.numbers) {
            all.extend(columns::numbers(column).map_err(|bad| blame(name, bad))?);
        }
        Ok(())
    }
}
