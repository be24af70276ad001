//! The page of many models, or of the series of pooled ones: all of them in a table, their distributions,
//! and a look at each.

use super::chart::{self, Row, short, words};
use super::model::colour;
use super::number::{amount, count, decimals, percent, plural};
use super::page::{Page, table};
use super::svg::escape;
use super::unit::Units;
use super::{Document, Planned, doubts, reproduce};
use crate::analysis::Estimate;
use crate::config::ModelFile;
use crate::diagnostics::{Status, quantile};
use crate::error::Result;
use crate::fleet::Run;
use crate::posterior::cells::{Cells, filter};
use crate::posterior::table::{Column, Table};
use std::ops::Range;

/// The columns of the big table: heads, columns of `models.parquet`, and how they are written.
const COLUMNS: [(&str, &str, chart::Format); 8] = [
    ("R² train", "r2_train", two),
    ("R² test", "r2_test", two),
    ("MAPE train", "mape_train", percent),
    ("MAPE test", "mape_test", percent),
    ("in interval, test", "coverage_test", percent),
    ("R-hat (nested)", "r_hat_nested_max", three),
    ("ESS bulk", "ess_bulk_min", count),
    ("divergences", "divergences", count),
];

fn two(x: f64) -> String {
    decimals(x, 2)
}

fn three(x: f64) -> String {
    decimals(x, 3)
}

/// The columns above that are of a series alone, and not of its model.
const OF_SERIES: usize = 5;

/// A run's tables, and where each row's numbers are.
struct Fleet {
    models: Table,
    channels: Table,
    time: Table,
    units: Units,
    /// Whether the rows are series of pooled models.
    pooled: bool,
    /// Names of the channels in the order in which they first appear.
    names: Vec<String>,
}

/// The page.
pub fn page(
    run: &Run,
    file: &ModelFile,
    key: Option<&str>,
    planned: Option<Planned>,
) -> Result<Document> {
    let own = |table: Table| match key {
        None => table,
        Some(key) => filter(&table, |row| Cells(&table).text("model", row) == key),
    };
    let [models, channels, time] = [run.models()?, run.channels()?, run.time()?].map(own);
    let mut names: Vec<String> = Vec::new();
    let cells = Cells(&channels);
    for row in cells.rows() {
        let name = cells.text("channel", row);
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let dims: Vec<String> = file.data.dims.iter().map(|dim| dim.value.clone()).collect();
    let units = Units::new(&models, &channels, &time, &dims)?;
    let fleet = Fleet { models, channels, time, units, pooled: !dims.is_empty(), names };
    let [one, many] = fleet.units.noun;
    let several = if fleet.models.rows() > 1 { "s" } else { "" };
    let mut page = Page::new(&format!("Marketing mix model{several}: {}", file.name()));
    fleet.verdict(&mut page);
    fleet.distributions(&mut page);
    fleet.returns(&mut page);
    if let Some(planned) = planned {
        planned.section(&mut page);
    }
    page.section(&format!("All {many}"));
    page.html(&fleet.all());
    page.section(&format!("One {one}"));
    page.text(&format!("Choose a {one} in the table above: it is shown here."));
    let rows = Cells(&fleet.units.table).rows();
    let details: String = rows.map(|row| fleet.detail(row, run)).collect();
    page.html(&details);
    page.section("Repaired or doubtful");
    doubts(&mut page, run, key);
    page.section("How to reproduce");
    reproduce(&mut page, run, file);
    Ok(page.finish())
}

impl Fleet {
    fn statuses(&self) -> [(Status, Vec<usize>); 3] {
        let cells = Cells(&self.models);
        [Status::Ok, Status::Review, Status::Failed].map(|status| {
            let of = |row: &usize| cells.text("status", *row) == status.as_str();
            (status, cells.rows().filter(of).collect())
        })
    }

    /// The columns of the big table.
    fn columns(&self) -> &'static [(&'static str, &'static str, chart::Format)] {
        if self.pooled { &COLUMNS[..OF_SERIES] } else { &COLUMNS }
    }

    /// A column of the rows whose model did not fail.
    fn usable(&self, name: &str) -> Vec<f64> {
        let cells = Cells(&self.units.table);
        let failed = Status::Failed.as_str();
        let rows = cells.rows().filter(|&row| cells.text("status", row) != failed);
        rows.map(|row| cells.number(name, row)).collect()
    }

    /// Rows of `channels.parquet` of the models that did not fail.
    fn usable_channels(&self) -> Vec<usize> {
        let cells = Cells(&self.units.table);
        let failed = Status::Failed.as_str();
        let rows = cells.rows().filter(|&row| cells.text("status", row) != failed);
        rows.filter_map(|row| self.units.channels.get(cells.text("model", row)))
            .flat_map(Clone::clone)
            .collect()
    }

    fn verdict(&self, page: &mut Page) {
        page.section("Verdict");
        let statuses = self.statuses();
        let words = statuses.iter().filter(|(_, rows)| !rows.is_empty()).map(|(status, rows)| {
            format!("<span class=\"badge {status}\">{} {status}</span>", count(rows.len() as f64))
        });
        let badges = words.collect::<Vec<_>>().join(" ");
        let advice = match statuses[2].1.len() {
            0 => "Every model passed its gate.".to_owned(),
            n => format!("Nothing below counts the {} that failed.", plural(n, "model")),
        };
        page.html(&format!("<div class=\"verdict\"><p>{badges}</p><p>{advice}</p></div>"));
        let middle = |name: &str| quantile(&finite(self.usable(name)), 0.5);
        let cells = Cells(&self.channels);
        let sum = |name: &str| -> f64 {
            finite(self.usable_channels().iter().map(|&row| cells.number(name, row)).collect())
                .iter()
                .sum()
        };
        let (spend, contribution) = (sum("spend"), sum("contribution_mean"));
        let mut facts = vec![("models", count(self.models.rows() as f64))];
        if self.pooled {
            facts.push(("series", count(self.units.table.rows() as f64)));
        }
        facts.extend([
            ("R² train, median", two(middle("r2_train"))),
            ("MAPE test, median", percent(middle("mape_test"))),
            ("test dates in their interval", percent(middle("coverage_test"))),
            ("spend", amount(spend)),
            ("contribution", amount(contribution)),
            ("ROAS of all", short(contribution / spend)),
        ]);
        page.facts(&facts);
        let groups = |status: usize| &statuses[status].1;
        let cells = Cells(&self.models);
        let rows: Vec<Vec<String>> = groups(2)
            .iter()
            .chain(groups(1))
            .take(50)
            .map(|&row| {
                ["model", "status", "reason", "advice"]
                    .map(|name| cells.text(name, row).to_owned())
                    .to_vec()
            })
            .collect();
        if !rows.is_empty() {
            page.html(&table(
                "Models to look at",
                &["model", "status", "why", "what to do"],
                &rows,
            ));
        }
    }

    fn distributions(&self, page: &mut Page) {
        page.section("How well they fit");
        let many = self.units.noun[1];
        let figures: String = self
            .columns()
            .iter()
            .take(7)
            .filter_map(|(head, name, format)| {
                let values = finite(self.usable(name));
                if values.is_empty() {
                    return None;
                }
                let mark = if *name == "r_hat_nested_max" { Some(1.01) } else { None };
                let middle = format(quantile(&values, 0.5));
                let alt = format!("Distribution of {head} over the {many}, median {middle}");
                let drawing =
                    chart::histogram(&alt, &values, *format, mark, &|n| self.units.count(n));
                Some(page.figure_of("", &drawing, &format!("{head}: median {middle}"), None))
            })
            .collect();
        page.html(&format!("<div class=\"many\">{figures}</div>"));
    }

    /// Of every channel the middle and the spread of its returns over the models.
    fn returns(&self, page: &mut Page) {
        let [one, many] = self.units.noun;
        let caption = format!("Returns over the {many}");
        page.section(&caption);
        let cells = Cells(&self.channels);
        let rows = self.usable_channels();
        let spread = |c: usize, name: &str| {
            let own = rows.iter().filter(|&&row| cells.text("channel", row) == self.names[c]);
            let values = finite(own.map(|&row| cells.number(name, row)).collect());
            let [hdi_3, mean, hdi_97] = [0.1, 0.5, 0.9].map(|p| quantile(&values, p));
            Estimate { mean, sd: f64::NAN, hdi_3, hdi_97 }
        };
        let mut figures = String::new();
        let mut numbers: Vec<Vec<String>> =
            self.names.iter().map(|name| vec![name.clone()]).collect();
        for (what, name) in [("ROAS", "roas_mean"), ("marginal ROAS", "mroas_mean")] {
            let rows: Vec<Row> = (0..self.names.len())
                .map(|c| {
                    let estimate = spread(c, name);
                    numbers[c].push(words(&estimate, short));
                    let (name, class) = (self.names[c].clone(), colour(c));
                    Row { name, class, estimate, other: None }
                })
                .collect();
            let alt = format!("Median and spread of {what} over the {many}, by channel");
            let drawing = chart::forest(&alt, &rows, short);
            figures += &page.figure_of(
                "",
                &drawing,
                &format!("{what}: the median {one}, and where 80 % of the {many} lie"),
                None,
            );
        }
        page.html(&format!("<div class=\"two\">{figures}</div>"));
        let roas = format!("ROAS (10 % to 90 % of the {many})");
        page.html(&table(&caption, &["channel", &roas, "marginal ROAS"], &numbers));
    }

    fn all(&self) -> String {
        let cells = Cells(&self.units.table);
        let [one, many] = self.units.noun;
        let head = |class: &str, head: &str| {
            format!("<th scope=\"col\"{class}><button type=\"button\">{head}</button></th>")
        };
        let numbers = self.columns().iter().map(|(head, ..)| *head);
        let numbers = numbers.chain(["spend", "of sales from media", "ROAS"]);
        let heads: String = ([one, "status"].map(|text| head(" class=\"t\"", text)).into_iter())
            .chain(numbers.map(|number| head("", number)))
            .collect();
        let row = |row: usize| {
            let (key, status) = (cells.text("model", row), cells.text("status", row));
            let mut text = format!(
                "<tr><th scope=\"row\"><a href=\"#m{row}\">{}</a></th><td class=\"t {1}\">{1}</td>",
                escape(key),
                escape(status)
            );
            let mut number = |x: f64, format: chart::Format| {
                let value = if x.is_finite() { short_exact(x) } else { String::new() };
                text += &format!("<td data-x=\"{value}\">{}</td>", format(x));
            };
            for (_, name, format) in self.columns() {
                number(cells.number(name, row), *format);
            }
            let [spend, contribution] = self.sums(key);
            number(spend, amount);
            number(contribution / self.predicted(key), percent);
            number(contribution / spend, short);
            text + "</tr>"
        };
        let rows: String = cells.rows().map(row).collect();
        let n = cells.rows().len();
        format!(
            "<div class=\"controls\"><label>Find <input id=\"find\" type=\"search\" \
             placeholder=\"part of a name\"></label><label>Status <select id=\"status\">\
             <option value=\"\">any</option><option>ok</option><option>review</option>\
             <option>failed</option></select></label><span id=\"count\" role=\"status\">{n} of {n}\
             </span></div><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All {many}\">\
             <table class=\"sortable\"><caption>All {many}: choose a head to sort, a name to look at one\
             </caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    }

    /// Spend and contribution of all channels of a model.
    fn sums(&self, key: &str) -> [f64; 2] {
        let cells = Cells(&self.channels);
        let rows = self.units.channels.get(key).cloned().unwrap_or_default();
        ["spend", "contribution_mean"]
            .map(|name| rows.clone().map(|row| cells.number(name, row)).sum())
    }

    /// What a model predicts over its training rows.
    fn predicted(&self, key: &str) -> f64 {
        let cells = Cells(&self.time);
        let rows = self.units.time.get(key).cloned().unwrap_or_default();
        let train = rows.filter(|&row| cells.text("set", row) == "train");
        train.map(|row| cells.number("predicted_mean", row)).sum()
    }

    fn detail(&self, row: usize, run: &Run) -> String {
        let cells = Cells(&self.units.table);
        let name = cells.text("model", row);
        let mut text = format!(
            "<section class=\"model\" id=\"m{row}\"><h3>{}</h3>{}",
            escape(name),
            super::verdict(&self.units.table, row)
        );
        if let Some(rows) = self.units.time.get(name) {
            text += &self.fit(name, rows.clone());
        }
        if let Some(rows) = self.units.channels.get(name) {
            text += &self.channels_of(name, rows.clone());
            let mut command = format!("gigamix report {}", run.dir().display());
            let options = match self.pooled {
                true => [("model", cells.text("key", row)), ("series", cells.text("series", row))],
                false => [("model", name), ("series", "")],
            };
            for (option, value) in options.iter().filter(|(_, value)| !value.is_empty()) {
                command += &match value.contains(char::is_whitespace) {
                    true => format!(" --{option} '{value}'"),
                    false => format!(" --{option} {value}"),
                };
            }
            text += &format!("<p>All about it: <code>{}</code></p>", escape(&command));
        }
        text + "<p><a href=\"#find\">Back to the table</a></p></section>"
    }

    fn fit(&self, key: &str, rows: Range<usize>) -> String {
        let cells = Cells(&self.time);
        let of =
            |name: &str| -> Vec<f64> { rows.clone().map(|row| cells.number(name, row)).collect() };
        let estimate = |row: usize| Estimate {
            mean: cells.number("predicted_mean", row),
            sd: f64::NAN,
            hdi_3: cells.number("predicted_hdi_3", row),
            hdi_97: cells.number("predicted_hdi_97", row),
        };
        let predicted: Vec<Estimate> = rows.clone().map(estimate).collect();
        let split = rows.clone().position(|row| cells.text("set", row) == "test");
        let alt = format!("Observed and predicted target of {key}");
        let span = match self.time.column("date") {
            Some(Column::Date(dates)) if !rows.is_empty() => {
                format!(" from {} to {}", dates[rows.start], dates[rows.end - 1])
            }
            _ => String::new(),
        };
        format!(
            "<figure>{}<figcaption>Observed (line) and predicted{span}</figcaption></figure>",
            chart::small_fit(&alt, &of("actual"), &predicted, split)
        )
    }

    fn channels_of(&self, key: &str, rows: Range<usize>) -> String {
        let cells = Cells(&self.channels);
        let of = |name: &str, row: usize| Estimate {
            mean: cells.number(&format!("{name}_mean"), row),
            sd: f64::NAN,
            hdi_3: cells.number(&format!("{name}_hdi_3"), row),
            hdi_97: cells.number(&format!("{name}_hdi_97"), row),
        };
        let rows: Vec<Vec<String>> = rows
            .map(|row| {
                vec![
                    cells.text("channel", row).to_owned(),
                    amount(cells.number("spend", row)),
                    amount(cells.number("contribution_mean", row)),
                    percent(cells.number("share_mean", row)),
                    words(&of("roas", row), short),
                    short(cells.number("mroas_mean", row)),
                ]
            })
            .collect();
        let heads = ["channel", "spend", "contribution", "share", "ROAS", "mROAS"];
        table(&format!("Channels of {key}"), &heads, &rows)
    }
}

fn finite(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().filter(|x| x.is_finite()).collect()
}

/// A number to five digits, for sorting.
fn short_exact(x: f64) -> String {
    format!("{x:.4e}")
}
