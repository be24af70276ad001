//! `gigamix report`: one page that says it all.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Models, Selection, Write};
use crate::{
    cli::output::Output,
    error::Result,
    posterior::{atomic, path},
    report::{of_fleet, of_model},
};

/// `report`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix report runs/portfolio                        report.html in the run folder
  gigamix report runs/portfolio --model brandA/north   one model in full
  gigamix report runs/portfolio --out this_week.html

One file that opens in any browser, without a network. Of several models it has a table to sort and to
search, and a look at each; of one model everything.")]
pub(in crate::cli) struct Report {
    /// The run folder
    pub run: PathBuf,
    /// Only this model, such as brandA/north
    #[arg(long, value_name = "KEY")]
    pub model: Option<String>,
    /// Report a model that failed its gate too; it is marked
    #[arg(long)]
    pub force: bool,
    /// The file [default: report.html in the run folder, or report-KEY.html]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// Writes the report.
pub(in crate::cli) fn report(args: &Report, out: &Output) -> Result<()> {
    let which = Models {
        run: args.run.clone(),
        model: args.model.clone(),
        // A fleet's report marks the models that failed; of one alone there is nothing else.
        force: args.force,
        write: Write { parquet: None },
    };
    let selection = Selection::open(&which, out)?;
    let single = args.model.is_some() || selection.run.models()?.rows() == 1;
    let html = match (&selection.models[..], single) {
        ([(key, _)], true) => {
            let fitted = selection.run.fitted(&selection.file, key)?;
            of_model(&selection.run, &selection.file, &fitted)?
        }
        _ => of_fleet(&selection.run, &selection.file)?,
    };
    let name = match &args.model {
        Some(key) => format!("report-{}.html", path::file_stem(key)),
        None => "report.html".to_owned(),
    };
    let path = args.out.clone().unwrap_or_else(|| args.run.join(name));
    atomic::write(&path, html.as_bytes())?;
    if out.json {
        return out.print_json(&json!({ "report": path, "bytes": html.len() }));
    }
    out.print(&format!("{}\n", path.display()))
}
