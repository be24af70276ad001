//! Which column plays which role: renaming, globs, and what is missing or named twice.

use std::{collections::HashMap, ops::Range};

use glob::Pattern;

use crate::{
    config::{ModelFile, Spanned},
    error::{Error, Result, suggest},
};

/// Columns by role, under their new names.
pub(super) struct Roles {
    pub date: String,
    pub panel: Vec<String>,
    pub dims: Vec<String>,
    /// None where the table has no target and needs none.
    pub target: Option<String>,
    pub channels: Vec<String>,
    pub controls: Vec<String>,
}

impl Roles {
    /// Finds the columns that `file` names among the (renamed) `columns` of the table `from`.
    pub fn resolve(
        file: &ModelFile,
        columns: &[String],
        from: &str,
        needs_target: bool,
    ) -> Result<Roles> {
        let mut finder = Finder { file, columns, from, taken: HashMap::new() };
        let date = finder.one(&file.data.date, "the date")?;
        let target = match needs_target || columns.contains(&file.data.target) {
            true => Some(finder.one(&file.data.target, "the target")?),
            false => None,
        };
        let mut panel = Vec::new();
        for name in &file.data.panel {
            panel.push(finder.one(name, "a panel column")?);
        }
        let mut dims = Vec::new();
        for name in &file.data.dims {
            dims.push(finder.one(name, "a dim")?);
        }
        let channels = finder.many(&file.data.channels, "a channel")?;
        let controls = finder.many(&file.data.controls, "a control")?;
        Ok(Roles { date, panel, dims, target, channels, controls })
    }

    /// The columns of text: the date, then those of [`Roles::labels`].
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.date.as_str()).chain(self.labels())
    }

    /// The columns that tell series apart: the panel columns, then the dims.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.panel.iter().chain(&self.dims).map(String::as_str)
    }

    /// The columns of numbers: the target if there is one, then channels, then controls.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        self.target.iter().chain(&self.channels).chain(&self.controls).map(String::as_str)
    }
}

/// Gives the columns of the table `from` the names that the model file uses.
pub(super) fn rename(
    file: &ModelFile,
    header: &[String],
    from: &str,
    needs_target: bool,
) -> Result<Vec<String>> {
    for (old, new) in &file.data.rename {
        if !header.contains(old) && (needs_target || *new != *file.data.target) {
            return Err(Error::input(format!(
                "{}: [data] rename: no column {old:?} in {from}",
                file.source.name
            ))
            .help(hint(old, header)));
        }
    }
    let new = |name: &String| file.data.rename.get(name).unwrap_or(name).clone();
    Ok(header.iter().map(new).collect())
}

struct Finder<'a> {
    file: &'a ModelFile,
    columns: &'a [String],
    from: &'a str,
    /// Role of every column found so far.
    taken: HashMap<&'a str, &'static str>,
}

impl<'a> Finder<'a> {
    fn one(&mut self, name: &Spanned<String>, role: &'static str) -> Result<String> {
        let Some(column) = self.columns.iter().find(|column| **column == **name) else {
            return Err(self.missing(name));
        };
        self.take(column, role, &name.span)?;
        Ok(column.clone())
    }

    fn many(&mut self, names: &[Spanned<String>], role: &'static str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for name in names {
            // a column may be called what looks like a glob: `spend[tv]`
            if self.columns.contains(name) || !name.contains(['*', '?', '[']) {
                found.push(self.one(name, role)?);
                continue;
            }
            let pattern = Pattern::new(name).map_err(|error| {
                self.file
                    .error(name.span.clone(), format!("{:?} is not a glob: {}", **name, error.msg))
                    .help("* stands for any text, ? for one character, [abc] for one of these")
            })?;
            let mut matched: Vec<&'a String> =
                self.columns.iter().filter(|column| pattern.matches(column)).collect();
            if matched.is_empty() {
                return Err(self.missing(name));
            }
            matched.sort();
            for column in matched {
                self.take(column, role, &name.span)?;
                found.push(column.clone());
            }
        }
        Ok(found)
    }

    fn take(&mut self, column: &'a str, role: &'static str, span: &Range<usize>) -> Result<()> {
        if self.columns.iter().filter(|other| *other == column).count() > 1 {
            let message = format!("{} has two columns called {column:?}", self.from);
            return Err(self.file.error(span.clone(), message).help(
                "give one of them another name in the table; [data] rename may cause it too",
            ));
        }
        match self.taken.insert(column, role) {
            None => Ok(()),
            Some(before) => {
                let message = if before == role {
                    format!("column {column:?} is named twice as {role}")
                } else {
                    format!("column {column:?} cannot be {role}: it is already {before}")
                };
                Err(self
                    .file
                    .error(span.clone(), message)
                    .help("a column has one role and is named once; globs count too"))
            }
        }
    }

    fn missing(&self, name: &Spanned<String>) -> Error {
        let what = if name.contains('*') { "no column matches" } else { "no column" };
        let message = format!("{what} {:?} in {}", **name, self.from);
        self.file.error(name.span.clone(), message).help(hint(name, self.columns))
    }
}

/// The nearest column, or all of them where none is near.
fn hint(name: &str, columns: &[String]) -> String {
    const SHOWN: usize = 20;
    if let [only] = columns {
        let other = [(';', "semicolons"), ('\t', "tabs")];
        if let Some((_, word)) = other.iter().find(|(separator, _)| only.contains(*separator)) {
            return format!("the columns seem to be separated by {word}: use commas");
        }
    }
    if let Some(near) = suggest(name, columns.iter().map(String::as_str)) {
        return format!("did you mean {near:?}?");
    }
    let mut list = columns.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if columns.len() > SHOWN {
        list += &format!(", and {} more", columns.len() - SHOWN);
    }
    format!("the columns are: {list}")
}
