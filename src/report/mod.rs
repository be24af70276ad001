//! What people read: one page per run that opens anywhere, without a network: charts drawn once,
//! their numbers beside them.

pub mod number;

mod budget;
mod chains;
mod chart;
#[cfg(test)]
mod contrast;
mod data;
mod fleet;
mod media;
mod model;
mod page;
mod pairs;
mod picture;
mod png;
mod scatter;
mod svg;
mod unit;

use crate::analysis::Fitted;
use crate::config::ModelFile;
use crate::error::Result;
use crate::fleet::Run;
use crate::posterior::cells::Cells;
use crate::posterior::table::Table;
use page::Page;
use svg::escape;

pub use budget::Planned;
pub use png::png;

/// A report: the page, and what is drawn on it as files of their own.
#[derive(Clone, Debug)]
pub struct Document {
    /// The page, in HTML.
    pub html: String,
    /// Its figures, in their order.
    pub figures: Vec<Figure>,
}

/// One or more drawings with a caption and the numbers behind them.
#[derive(Clone, Debug)]
pub struct Figure {
    /// A name for files, made of the caption: letters, digits and hyphens.
    pub name: String,
    /// The drawings as SVG files.
    pub drawings: Vec<String>,
    /// The numbers.
    pub numbers: Option<Table>,
}

/// Most notes about the data that are shown.
const NOTES: usize = 40;

/// The report on one model of a run, with a budget if there is one.
///
/// # Errors
/// The run's tables cannot be read.
pub fn of_model(
    run: &Run,
    file: &ModelFile,
    fitted: &Fitted,
    planned: Option<Planned>,
) -> Result<Document> {
    model::page(run, file, fitted, planned)
}

/// The report on all models of a run or on one of them, with dims on all of their series; with a budget if
/// there is one.
///
/// # Errors
/// The run's tables cannot be read.
pub fn of_fleet(
    run: &Run,
    file: &ModelFile,
    key: Option<&str>,
    planned: Option<Planned>,
) -> Result<Document> {
    fleet::page(run, file, key, planned)
}

/// A verdict: the status, why, and what to do.
fn verdict(models: &Table, row: usize) -> String {
    let cells = Cells(models);
    let status = cells.text("status", row);
    let meaning = match status {
        "ok" => "The sampler converged: the numbers below may be used.",
        "review" => "Look before you use the numbers below.",
        _ => "The model failed its gate: do not use the numbers below.",
    };
    let mut text = format!(
        "<div class=\"verdict\"><p><span class=\"badge {0}\">{0}</span> {meaning}</p>",
        escape(status)
    );
    for (what, name) in [("Why", "reason"), ("What to do", "advice")] {
        let words = cells.text(name, row);
        if !words.is_empty() {
            text += &format!("<p><b>{what}:</b> {}</p>", escape(words));
        }
    }
    text + "</div>"
}

/// What was repaired or doubtful in the data, of one model or of all.
fn doubts(page: &mut Page, run: &Run, key: Option<&str>) {
    let Some(notes) = run.manifest()["notes"].as_array() else {
        return page.text("The run folder keeps no notes: it was made by an older version.");
    };
    let about = |note: &&serde_json::Value| match (key, note["model"].as_str()) {
        (Some(key), Some(of)) => key == of,
        _ => true,
    };
    let notes: Vec<String> = notes
        .iter()
        .filter(about)
        .map(|note| {
            let text = note["text"].as_str().unwrap_or_default();
            match (key, note["model"].as_str()) {
                (None, Some(of)) => format!("{of}: {text}"),
                _ => text.to_owned(),
            }
        })
        .collect();
    if notes.is_empty() {
        return page.text("Nothing was repaired, and nothing odd was found in the data.");
    }
    page.text("Nothing is changed in the data without being listed here.");
    let shown: String =
        notes.iter().take(NOTES).map(|note| format!("<li>{}</li>", escape(note))).collect();
    page.html(&format!("<ul>{shown}</ul>"));
    if notes.len() > NOTES {
        page.text(&format!("… and {} more", notes.len() - NOTES));
    }
}

/// How to make the run again.
fn reproduce(page: &mut Page, run: &Run, file: &ModelFile) {
    let manifest = run.manifest();
    let text = |pointer: &str| match manifest.pointer(pointer) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Null) | None => number::NOTHING.to_owned(),
        Some(other) => other.to_string(),
    };
    page.text(
        "The same data, model file, seed and instruction set give the same numbers, bit for bit.",
    );
    let command = format!(
        "gigamix fit {} --data {} --seed {}",
        text("/model_file/path"),
        text("/data"),
        text("/identity/seed")
    );
    page.html(&format!("<pre>{}</pre>", escape(&command)));
    let rows = [
        ("version", format!("gigamix {}", text("/gigamix"))),
        ("device", format!("{}, {}", text("/device/backend"), text("/device/adapter"))),
        ("chains", text("/chains")),
        ("seed", text("/identity/seed")),
        ("SHA-256 of the data", text("/identity/data_sha256")),
        ("SHA-256 of the model file", text("/identity/model_file_sha256")),
    ];
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    page.html(&page::table("Provenance", &["", ""], &rows));
    page.html(&format!(
        "<details><summary>The model file</summary><pre>{}</pre></details>",
        escape(&file.canonical())
    ));
}
