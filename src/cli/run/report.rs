//! `gigamix report`: one page that says it all.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Models, Selection, Write};
use crate::{
    analysis::Fitted,
    cli::{number::plural, optimize::ask, output::Output},
    error::{Error, Result},
    posterior::{atomic, path},
    report::{Figure, Planned, of_fleet, of_model},
};

/// `report`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix report runs/portfolio                        report.html in the run folder
  gigamix report runs/portfolio --model brandA/north   one model in full
  gigamix report runs/portfolio --out this_week.html
  gigamix report runs/sales --charts pictures          every picture as SVG, its numbers as CSV
  gigamix report runs/portfolio --scenario next_quarter.toml   with a budget

One file that opens in any browser, without a network. Of several models it has a table to sort and to
search, and a look at each; of one model everything.")]
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
    /// Write every picture into this folder too, as SVG, and its numbers as CSV
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
    let document = match (&selection.models[..], single) {
        ([(key, _)], true) => {
            let series = selection.run.series(&selection.file, key)?;
            let fitted = choose(&series, args.series.as_deref())?;
            of_model(&selection.run, &selection.file, fitted, planned)?
        }
        _ if pooled => {
            return Err(Error::input("a report on several models with dims is not supported yet")
                .help("say which model and which series: --model KEY --series LABELS"));
        }
        _ => of_fleet(&selection.run, &selection.file, planned)?,
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
        let files = charts(dir, &document.figures)?;
        out.note(format!("{} written to {}", plural(files, "file"), dir.display()));
    }
    if out.json {
        return out.print_json(&json!({ "report": path, "bytes": document.html.len() }));
    }
    out.print(&format!("{}\n", path.display()))
}

/// Writes the pictures and their numbers; the number of files.
fn charts(dir: &Path, figures: &[Figure]) -> Result<usize> {
    let mut files = 0;
    let mut write = |name: String, text: &str| {
        files += 1;
        atomic::write(&dir.join(name), text.as_bytes())
    };
    for (k, figure) in figures.iter().enumerate() {
        let name = format!("{:02}-{}", k + 1, figure.name);
        for (n, drawing) in figure.drawings.iter().enumerate() {
            let which =
                if figure.drawings.len() > 1 { format!("-{}", n + 1) } else { String::new() };
            write(format!("{name}{which}.svg"), drawing)?;
        }
        if let Some(numbers) = &figure.numbers {
            write(format!("{name}.csv"), &numbers.to_csv())?;
        }
    }
    Ok(files)
}

/// The series that was asked for, or the only one.
fn choose<'a>(series: &'a [Fitted], labels: Option<&str>) -> Result<&'a Fitted> {
    let names: Vec<String> = series.iter().map(|fitted| fitted.panel.labels.join("/")).collect();
    let error = match labels {
        None if names[0].is_empty() => return Ok(&series[0]),
        None => Error::input(format!("the model has {} series", series.len())),
        Some(labels) => match names.iter().position(|name| name == labels) {
            Some(at) => return Ok(&series[at]),
            None => Error::input(format!("the model has no series {labels:?}")),
        },
    };
    let known: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    Err(match known.first() {
        None => error.help("its model file has no dims: leave --series out"),
        Some(first) => {
            error.help(format!("say which, as in --series {first}: there are {}", known.join(", ")))
        }
    })
}
