//! `gigamix import`: a model file from one of PyMC-Marketing's.

use std::path::Path;

use serde_json::json;

use super::{args::Import, output::Output};
use crate::{
    config::{self, ModelFile},
    error::{Error, Result},
    posterior::atomic,
};

/// Writes the model file, and lists what could not be carried over.
///
/// # Errors
/// The YAML cannot be read or describes no model; the file exists; what was made is not yet a model file
/// that this version takes.
pub(super) fn import(args: &Import, out: &Output) -> Result<()> {
    let from = args.model.display().to_string();
    let text = std::fs::read_to_string(&args.model).map_err(|error| {
        Error::io(&args.model, "read", &error)
            .help("the first argument is the YAML file of a PyMC-Marketing model")
    })?;
    let name = args.model.file_name().unwrap_or_default().to_string_lossy();
    let imported = config::import(&name, &text)?;
    if let Some(to) = &args.out {
        if to.exists() && !args.force {
            return Err(Error::input(format!("{} exists", to.display()))
                .help("choose another file with -o, or replace it with --force"));
        }
        atomic::write(to, imported.toml.as_bytes())?;
    }
    let to = args.out.as_deref().unwrap_or(Path::new("the imported model file"));
    let shown = to.display().to_string();
    if out.json {
        out.print_json(&json!({
            "model_file": args.out,
            "toml": imported.toml,
            "not_carried_over": imported.left,
        }))?;
    } else if args.out.is_none() {
        out.print(&imported.toml)?;
    }
    for line in &imported.left {
        out.warn(format!("not carried over: {line}"));
    }
    ModelFile::parse(&shown, to, &imported.toml)
        .map(|_| ())
        .map_err(|error| error.context(format!("{from} was imported, but is not complete")))
}
