//! `gigamix report`: one page that says it all.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use clap::Args;
use rayon::prelude::*;
use serde_json::json;

use super::{Models, Selection, Write};
use crate::{
    analysis::Fitted,
    cli::{number::plural, optimize::ask, output::Output},
    error::{Error, Result, suggest},
    posterior::{atomic, path},
    report::{Figure, Planned, of_fleet, of_model, png},
};

/// `report`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix report runs/portfolio                        report.html in the run folder
  gigamix report runs/portfolio --model brandA/north   one model in full
  gigamix report runs/pooled --series north            one series of a model with dims
  gigamix report runs/portfolio --out this_week.html
  gigamix report runs/sales --charts pictures          every picture as SVG and PNG, its numbers as CSV
  gigamix report runs/portfolio --scenario next_quarter.toml   with a budget

One file that opens in any browser, without a network. Of several models, or of the series of a model
with dims, it has a table to sort and to search, and a look at each; of one alone everything.")]
pub(in crate::cli) struct Report {
    /// The run folder
    pub run: PathBuf,
    /// Only this model, such as brandA/north
    #[arg(long, value_name = "KEY")]
    pub model: Option<String>,
    /// With dims: this series of the model, its labels joined by /, such as north
    #[arg(long, value_name = "LABELS")]
    pub series: Option<String>,
    /// Report a model that failed its gate too; it is marked
    #[arg(long)]
    pub force: bool,
    /// A budget scenario to answer, as of `gigamix optimize`
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// The file [default: report.html in the run folder, or report-KEY.html, report-KEY-LABELS.html]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Write every picture into this folder too, as SVG and as PNG, and its numbers as CSV
    #[arg(long, value_name = "DIR")]
    pub charts: Option<PathBuf>,
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
    let asked = args.scenario.as_ref().map(|path| ask(&selection.run, path, args.force));
    let asked = match asked.transpose()? {
        Some(Err(why)) => return Err(Error::input(why.message).help(why.help)),
        Some(Ok(asked)) => Some(asked),
        None => None,
    };
    let planned =
        asked.as_ref().map(|asked| Planned { budget: &asked.budget, answer: &asked.answer });
    let pooled = !selection.file.data.dims.is_empty();
    let (run, file) = (&selection.run, &selection.file);
    let document = match (&args.series, &selection.models[..]) {
        (Some(_), _) if !pooled => {
            return Err(Error::input("--series, and the model file has no dims")
                .help("leave it out: --model KEY says which model"));
        }
        (Some(_), _) if !single => {
            return Err(Error::input("--series without --model, and the run has several models")
                .help("say which, as in --model KEY --series LABELS"));
        }
        (Some(labels), [(key, _)]) => {
            of_model(run, file, choose(&run.series(file, key)?, labels)?, planned)?
        }
        (None, [(key, _)]) if single && !pooled => {
            of_model(run, file, &run.fitted(file, key)?, planned)?
        }
        _ => of_fleet(run, file, args.model.as_deref(), planned)?,
    };
    let parts: Vec<String> =
        args.model.iter().chain(&args.series).map(|part| path::file_stem(part)).collect();
    let name = match &parts[..] {
        [] => "report.html".to_owned(),
        parts => format!("report-{}.html", parts.join("-")),
    };
    let path = args.out.clone().unwrap_or_else(|| args.run.join(name));
    atomic::write(&path, document.html.as_bytes())?;
    if let Some(dir) = &args.charts {
        let files = charts(dir, &document.figures, out)?;
        out.note(format!("{} written to {}", plural(files, "file"), dir.display()));
    }
    if out.json {
        return out.print_json(&json!({ "report": path, "bytes": document.html.len() }));
    }
    out.print(&format!("{}\n", path.display()))
}

/// Writes the pictures and their numbers; the number of files.
fn charts(dir: &Path, figures: &[Figure], out: &Output) -> Result<usize> {
    let write = |name: String, bytes: &[u8]| atomic::write(&dir.join(name), bytes);
    let (mut drawings, mut tables) = (Vec::new(), 0);
    for (k, figure) in figures.iter().enumerate() {
        let name = format!("{:02}-{}", k + 1, figure.name);
        if let Some(numbers) = &figure.numbers {
            write(format!("{name}.csv"), numbers.to_csv().as_bytes())?;
            tables += 1;
        }
        let several = figure.drawings.len() > 1;
        drawings.extend(figure.drawings.iter().enumerate().map(|(n, drawing)| {
            let which = if several { format!("-{}", n + 1) } else { String::new() };
            (format!("{name}{which}"), drawing)
        }));
    }
    let done = AtomicUsize::new(0);
    drawings.par_iter().try_for_each(|(name, drawing)| {
        write(format!("{name}.svg"), drawing.as_bytes())?;
        write(format!("{name}.png"), &png(drawing)?)?;
        let told = 1 + done.fetch_add(1, Ordering::Relaxed);
        let share = told as f64 / drawings.len() as f64;
        out.progress(share, format!("{told} of {}", plural(drawings.len(), "picture")));
        Ok(())
    })?;
    out.end_progress();
    Ok(2 * drawings.len() + tables)
}

/// The series with these labels.
fn choose<'a>(series: &'a [Fitted], labels: &str) -> Result<&'a Fitted> {
    let names: Vec<String> = series.iter().map(|fitted| fitted.panel.labels.join("/")).collect();
    let at = names.iter().position(|name| name == labels);
    at.map(|at| &series[at]).ok_or_else(|| {
        let error = Error::input(format!("the model has no series {labels:?}"));
        match suggest(labels, names.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean {near:?}?")),
            None => error.help(format!("it has: {}", names.join(", "))),
        }
    })
}
