//! Model files from PyMC-Marketing's: the YAML of its builder becomes our TOML, and what cannot be said
//! in it is listed.

mod effects;
mod model;
mod node;
mod prior;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use self::node::{Left, Node};
use crate::error::{Error, Result, Source};

/// Longest text that is read, in bytes.
const LONGEST: usize = 4 << 20;
/// Most nodes of a document, those of its aliases counted as often as they are used.
const NODES: usize = 100_000;

/// A model file made from another.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The text of ours; what could not be carried over stands at its top as comments.
    pub toml: String,
    /// What could not be carried over, and why.
    pub left: Vec<String>,
}

/// Makes a model file from the YAML `text` of PyMC-Marketing's model builder; `name` is what errors and
/// the result call it.
///
/// # Errors
/// The text is no YAML, too large, or describes no model.
pub fn import(name: &str, text: &str) -> Result<Imported> {
    let mut left = Left::default();
    let root = Node::new("", read(name, text)?, &mut left);
    let Some(mut root) = root.filter(|root| root.has("model")) else {
        return Err(Error::input(format!("{name} describes no model")).help(
            "`import` reads the YAML of PyMC-Marketing's model builder: model: { class, kwargs }",
        ));
    };
    let mut toml = String::new();
    let dims = model::write(&mut root, &mut toml, &mut left);
    effects::write(&mut root, &dims, &mut toml, &mut left);
    root.take("schema_version");
    if root.take("original_scale_vars").is_some() {
        left.add("original_scale_vars", "not needed: contributions are in the target's units");
    }
    if root.take("sample_kwargs").is_some() {
        left.add("sample_kwargs", SAMPLER);
    }
    if root.take("idata_path").is_some() {
        left.add("idata_path", "draws of another program are not read");
    }
    root.close(&mut left);
    let mut head = format!("# Imported from {} (PyMC-Marketing).\n", one_line(name));
    head.push_str(
        "# Priors left out take the defaults of its versions from 0.19 on: one value per label.\n",
    );
    if !left.lines.is_empty() {
        head.push_str("#\n# Not carried over:\n");
    }
    for line in &left.lines {
        writeln!(head, "# * {line}").expect("writing to a String");
    }
    Ok(Imported { toml: format!("{head}\n{toml}"), left: left.lines })
}

/// Why settings of samplers are left out.
const SAMPLER: &str = "the sampler here tunes itself: see [sampler], and --seed";

/// The document as plain values. Tags mean nothing, and aliases repeat no more than a document may hold.
fn read(name: &str, text: &str) -> Result<Value> {
    if text.len() > LONGEST {
        return Err(Error::input(format!("{name} is too long: {} bytes", text.len()))
            .help("a model file has a few kilobytes"));
    }
    let mut budget = serde_saphyr::Budget::default();
    budget.max_nodes = NODES;
    budget.max_events = 2 * NODES;
    budget.max_documents = 1;
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = NODES;
    options.with_snippet = false;
    // A column may be called y.
    options.strict_booleans = true;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = format!("not valid YAML: {}", one_line(&error.to_string()));
        let source = Arc::new(Source { name: name.into(), text: text.into() });
        let error_at = Error::input(message);
        match error.location() {
            Some(location) => {
                let before = usize::try_from(location.line()).unwrap_or(1).saturating_sub(1);
                let at: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
                let line = text[at..].lines().next().unwrap_or_default().len();
                error_at.at(&source, at..at + line)
            }
            None => error_at.context(name),
        }
    })
}

/// A text without line breaks, for comments and messages.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// A list of texts as TOML writes it.
fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.into() } else { quoted(name) }
}

/// A line of the result.
fn line(toml: &mut String, text: impl std::fmt::Display) {
    writeln!(toml, "{text}").expect("writing to a String");
}
