//! Reads one table of the model file by its section: typed values with their place, or an error
//! that says what is allowed there.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use jiff::civil::Date;
use toml::de::{DeString, DeTable, DeValue};

use super::{
    Spanned,
    keys::{PRIOR, ROOT},
    kind::{Key, Kind, Rest, Section},
};
use crate::error::{Error, Result, Source, suggest};

/// A value as the TOML parser gives it.
pub(super) type Raw<'a> = toml::Spanned<DeValue<'a>>;

/// A key as the TOML parser gives it.
pub(super) type Name<'a> = toml::Spanned<DeString<'a>>;

/// A table of the model file, whose keys are all known.
pub(super) struct Table<'a> {
    pub source: &'a Arc<Source>,
    /// What the table is called in messages.
    pub title: String,
    pub span: Range<usize>,
    section: &'static Section,
    entries: Option<&'a DeTable<'a>>,
    /// The table around it, from which it inherits.
    outer: Option<&'a DeTable<'a>>,
}

impl<'a> Table<'a> {
    /// The whole file. Errors: keys unknown.
    pub fn root(source: &'a Arc<Source>, entries: &'a DeTable<'a>) -> Result<Self> {
        let title = "the model file".into();
        let (section, entries) = (&ROOT, Some(entries));
        Self { source, title, span: 0..0, section, entries, outer: None }.checked()
    }

    /// The table of a prior, called `title` in messages, if `value` is a table.
    pub fn prior(source: &'a Arc<Source>, title: String, value: &'a Raw<'a>) -> Option<Self> {
        let entries = Some(value.get_ref().as_table()?);
        Some(Self { source, title, span: value.span(), section: &PRIOR, entries, outer: None })
    }

    /// The table under `key`, empty if the file has none.
    pub fn table(&self, key: &str) -> Result<Table<'a>> {
        let Kind::Table(section) = &self.section.key(key).kind else { unreachable!() };
        let (entries, span) = match self.get(key)? {
            Some(value) => {
                let entries = value.get_ref().as_table();
                (Some(entries.ok_or_else(|| self.wrong(key, value))?), value.span())
            }
            None => (None, 0..0),
        };
        let title = format!("[{}]", section.path);
        Table { source: self.source, title, span, section, entries, outer: None }.checked()
    }

    /// The table under `key`, if the file has one.
    pub fn given(&self, key: &str) -> Result<Option<Table<'a>>> {
        Ok(if self.get(key)?.is_some() { Some(self.table(key)?) } else { None })
    }

    /// The tables under `key`, none if the file has none; they inherit from this one.
    pub fn tables(&self, key: &str) -> Result<Vec<Table<'a>>> {
        let Kind::Tables(section) = &self.section.key(key).kind else { unreachable!() };
        let Some(value) = self.get(key)? else { return Ok(Vec::new()) };
        let list = value.get_ref().as_array().ok_or_else(|| self.wrong(key, value))?;
        let table = |item: &'a Raw<'a>| {
            let entries = item.get_ref().as_table().ok_or_else(|| self.wrong(key, item))?;
            let (title, span) = (format!("[[{}]]", section.path), item.span());
            let (entries, outer) = (Some(entries), self.entries);
            Table { source: self.source, title, span, section, entries, outer }.checked()
        };
        list.iter().map(table).collect()
    }

    /// The text under `key`.
    pub fn text(&self, key: &str) -> Result<Option<Spanned<String>>> {
        self.get(key)?.map(|value| self.as_text(key, value)).transpose()
    }

    /// The text under `key`, else its default with the place of the table, else an error.
    pub fn name(&self, key: &str) -> Result<Spanned<String>> {
        let default = || match self.section.key(key) {
            Key { kind: Kind::Name(Some(name)), .. } => {
                Ok(Spanned { value: (*name).into(), span: self.span.clone() })
            }
            key => Err(self.missing(key)),
        };
        self.text(key)?.map_or_else(default, Ok)
    }

    /// The texts under `key`, none of them empty or twice; `None` without the key.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<Spanned<String>>>> {
        let Some(value) = self.get(key)? else { return Ok(None) };
        let list = value.get_ref().as_array().ok_or_else(|| self.wrong(key, value))?;
        let mut texts: Vec<Spanned<String>> = Vec::new();
        for item in list.iter() {
            let text = self.as_text(key, item)?;
            if texts.iter().any(|earlier| earlier.value == text.value) {
                let title = &self.title;
                let message = format!("\"{}\" stands twice in `{key}` in {title}", text.value);
                return Err(self.error(text.span, message).help("remove one of the two"));
            }
            texts.push(text);
        }
        if texts.is_empty() && self.section.key(key).required {
            let message = format!("`{key}` in {} is empty", self.title);
            return Err(self.error(value.span(), message).help(self.section.key(key).help()));
        }
        Ok(Some(texts))
    }

    /// The flag under `key` or its default.
    pub fn flag(&self, key: &str) -> Result<bool> {
        let Kind::Flag(default) = self.section.key(key).kind else { unreachable!() };
        let Some(value) = self.get(key)? else { return Ok(default) };
        value.get_ref().as_bool().ok_or_else(|| self.wrong(key, value))
    }

    /// The whole number under `key` or its default.
    pub fn count(&self, key: &str) -> Result<usize> {
        let Kind::Count { default, min, max, step } = self.section.key(key).kind else {
            unreachable!()
        };
        let Some(value) = self.get(key)? else { return Ok(default) };
        let count = value.get_ref().as_integer().and_then(|whole| {
            let count = usize::from_str_radix(whole.as_str(), whole.radix()).ok()?;
            ((min..=max).contains(&count) && count % step == 0).then_some(count)
        });
        count.ok_or_else(|| self.wrong(key, value))
    }

    /// The number under `key`.
    pub fn number(&self, key: &str) -> Result<Option<f64>> {
        let Some(value) = self.get(key)? else { return Ok(None) };
        finite(value).map(Some).ok_or_else(|| self.wrong(key, value))
    }

    /// The number under `key`, which must be there.
    pub fn required_number(&self, key: &str) -> Result<f64> {
        self.number(key)?.ok_or_else(|| self.missing(self.section.key(key)))
    }

    /// The positive number under `key`, else its default, else an error.
    pub fn positive(&self, key: &str) -> Result<f64> {
        let Kind::Positive(default) = self.section.key(key).kind else { unreachable!() };
        let Some(value) = self.get(key)? else {
            return default.ok_or_else(|| self.missing(self.section.key(key)));
        };
        finite(value).filter(|number| *number > 0.0).ok_or_else(|| self.wrong(key, value))
    }

    /// Whether `key` is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.contains_key(key))
    }

    /// The value whose name stands under `key`, or the first.
    pub fn choice<T: Copy>(&self, key: &str, all: &[(&'static str, T)]) -> Result<T> {
        match self.get(key)? {
            Some(value) => self.chosen(key, value, all),
            None => Ok(all[0].1),
        }
    }

    /// The value whose name stands under `key`, which must be there.
    pub fn required_choice<T: Copy>(&self, key: &str, all: &[(&'static str, T)]) -> Result<T> {
        match self.get(key)? {
            Some(value) => self.chosen(key, value, all),
            None => Err(self.missing(self.section.key(key))),
        }
    }

    fn chosen<T: Copy>(&self, key: &str, value: &Raw, all: &[(&'static str, T)]) -> Result<T> {
        let name = value.get_ref().as_str().ok_or_else(|| self.wrong(key, value))?;
        let chosen = all.iter().find(|(known, _)| *known == name);
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            match suggest(name, all.iter().map(|(known, _)| *known)) {
                Some(near) => self.wrong(key, value).help(format!("did you mean \"{near}\"?")),
                None => self.wrong(key, value),
            }
        })
    }

    /// The date under `key`, written as text or as a TOML date.
    pub fn date(&self, key: &str) -> Result<Option<Date>> {
        let Some(value) = self.get(key)? else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => return Err(self.wrong(key, value)),
        };
        // the parser also takes dates with a time: only the plain form is let through
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
        date.map(Some).ok_or_else(|| self.wrong(key, value))
    }

    /// The date under `key`, which must be there.
    pub fn required_date(&self, key: &str) -> Result<Date> {
        self.date(key)?.ok_or_else(|| self.missing(self.section.key(key)))
    }

    /// The new names under `key`, old to new.
    pub fn renames(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let Some(value) = self.get(key)? else { return Ok(BTreeMap::new()) };
        let table = value.get_ref().as_table().ok_or_else(|| self.wrong(key, value))?;
        let mut renames = BTreeMap::new();
        let mut olds = BTreeMap::new();
        for (old, new) in by_place(table) {
            let new = self.as_text(key, new)?;
            if let Some(other) = olds.insert(new.value.clone(), old.get_ref()) {
                let old = old.get_ref();
                let message = format!("`{other}` and `{old}` are both renamed to \"{}\"", *new);
                return Err(self.error(new.span, message).help("give each column its own name"));
            }
            renames.insert(old.to_string(), new.value);
        }
        Ok(renames)
    }

    /// The keys beyond those of the section, with their values.
    pub fn rest(&self) -> impl Iterator<Item = (&'a Name<'a>, &'a Raw<'a>)> {
        let entries = self.entries.into_iter().flat_map(by_place);
        entries.filter(|(key, _)| self.section.find(key.get_ref()).is_none())
    }

    /// The labels under these keys, in their order; no other keys are left.
    pub fn labels(&self, dims: &[Spanned<String>]) -> Result<Vec<Spanned<String>>> {
        let is_dim = |key: &Name| dims.iter().any(|dim| dim.value == *key.get_ref());
        if let Some((key, _)) = self.rest().find(|(key, _)| !is_dim(key)) {
            return Err(self.unknown(key));
        }
        let label = |dim: &Spanned<String>| {
            let help = format!("the series have a {dim}: say which, as in {dim} = \"north\"");
            let its = self.rest().find(|(key, _)| dim.value == *key.get_ref());
            let Some((_, value)) = its else {
                let message = format!("`{dim}` is missing in {}", self.title);
                return Err(self.error(self.span.clone(), message).help(help));
            };
            match value.get_ref().as_str() {
                Some(text) => Ok(Spanned { value: text.into(), span: value.span() }),
                None => {
                    let what = found(self.source, value);
                    let message = format!("`{dim}` in {} must be text, not {what}", self.title);
                    Err(self.error(value.span(), message).help(help))
                }
            }
        };
        dims.iter().map(label).collect()
    }

    /// An error at a place of the file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        error_at(self.source, span, message)
    }

    /// An error about a key that this table does not have.
    pub fn unknown(&self, key: &Name) -> Error {
        let (span, key) = (key.span(), key.get_ref());
        let meant = match self.section.nearest(key) {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        let help = format!("{meant}allowed here: {}", self.section.allowed());
        self.error(span, format!("unknown key `{key}` in {}", self.title)).help(help)
    }

    /// The value under `key`; without one, an error if it is required.
    fn get(&self, key: &str) -> Result<Option<&'a Raw<'a>>> {
        let name = key;
        let key = self.section.key(name);
        let outer = self.outer.filter(|_| key.inherited);
        let value = [self.entries, outer].into_iter().flatten().find_map(|table| table.get(name));
        if value.is_none() && key.required { Err(self.missing(key)) } else { Ok(value) }
    }

    fn as_text(&self, key: &str, value: &Raw) -> Result<Spanned<String>> {
        match value.get_ref().as_str() {
            Some("") => {
                let message = format!("empty text in `{key}` in {}", self.title);
                Err(self.error(value.span(), message).help(self.section.key(key).help()))
            }
            Some(text) => Ok(Spanned { value: text.into(), span: value.span() }),
            None => Err(self.wrong(key, value)),
        }
    }

    /// The value under `key` is not what it must be.
    fn wrong(&self, key: &str, value: &Raw) -> Error {
        let key = self.section.key(key);
        let (name, title, expected) = (key.name, &self.title, key.kind.expected());
        let found = found(self.source, value);
        let message = format!("`{name}` in {title} must be {expected}, not {found}");
        self.error(value.span(), message).help(key.help())
    }

    fn missing(&self, key: &Key) -> Error {
        let message = format!("`{}` is missing in {}", key.name, self.title);
        self.error(self.span.clone(), message).help(key.help())
    }

    /// The table itself if all its keys are known.
    fn checked(self) -> Result<Self> {
        for (key, value) in self.rest() {
            let name = key.get_ref();
            // a misspelt key is told from a parameter by its value: a prior is a table
            let misspelt = !value.get_ref().is_table() && self.section.nearest(name).is_some();
            // which dims there are is known later
            if self.section.rest == Rest::Nothing || misspelt && self.section.rest != Rest::Labels {
                return Err(self.unknown(key));
            }
        }
        Ok(self)
    }
}

/// An error at a place of a text; an empty place stands for the whole text.
pub(super) fn error_at(
    source: &Arc<Source>,
    span: Range<usize>,
    message: impl Into<String>,
) -> Error {
    let error = Error::input(message);
    if span.is_empty() { error.context(&source.name) } else { error.at(source, span) }
}

/// The error about what a later release adds: `what`, verb included, and what it is.
pub(super) fn later(source: &Arc<Source>, span: Range<usize>, what: &str, about: &str) -> Error {
    error_at(source, span, format!("{what} not supported yet"))
        .help(format!("{about}: a later release adds it; remove it for now"))
}

/// Refuses a path that is not one of this machine.
pub(super) fn local(source: &Arc<Source>, path: &Spanned<String>) -> Result<()> {
    if path.contains("://") {
        let about = "data read from an object store or the web";
        return Err(later(source, path.span.clone(), "a remote path is", about));
    }
    Ok(())
}

/// What stands there, for `not …`.
pub(super) fn found(source: &Source, value: &Raw) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
        _ => source.text.get(value.span()).unwrap_or_default().into(),
    }
}

/// The finite number that stands there.
pub(super) fn finite(value: &Raw) -> Option<f64> {
    let number: f64 = match value.get_ref() {
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok()? as f64,
        DeValue::Float(float) => float.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// The entries of a table in the order of the file, so that its first fault is reported.
fn by_place<'a>(table: &'a DeTable<'a>) -> Vec<(&'a Name<'a>, &'a Raw<'a>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
