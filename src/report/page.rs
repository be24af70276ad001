//! The page around the charts: head, navigation, figures with the numbers behind them, tables.

use super::svg::{DRAWING, PALETTE, escape, standalone};
use super::{Document, Figure};
use crate::posterior::table::{Column, Table};
use serde_json::{Value, json};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page that grows section by section.
pub struct Page {
    title: String,
    sections: Vec<(String, String)>,
    body: String,
    figures: Vec<Figure>,
    /// Names and classes that the next figure's files explain.
    legend: Vec<(String, String)>,
}

impl Page {
    /// An empty page.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            sections: Vec::new(),
            body: String::new(),
            figures: Vec::new(),
            legend: Vec::new(),
        }
    }

    /// Begins a section.
    pub fn section(&mut self, name: &str) {
        let id = format!("s{}", self.sections.len());
        self.body += &format!("<h2 id=\"{id}\">{}</h2>\n", escape(name));
        self.sections.push((id, name.to_owned()));
    }

    /// A paragraph of plain text.
    pub fn text(&mut self, text: &str) {
        self.body += &format!("<p>{}</p>\n", escape(text));
    }

    /// HTML that is made of escaped parts.
    pub fn html(&mut self, html: &str) {
        self.body += html;
        self.body.push('\n');
    }

    /// The legend of the figure that follows: names of classes.
    pub fn legend<'a>(&mut self, entries: impl IntoIterator<Item = (&'a str, String)>) {
        let entries: Vec<(&str, String)> = entries.into_iter().collect();
        self.explain(entries.iter().map(|(name, class)| (*name, class.clone())));
        self.html(&legend(entries));
    }

    /// The same for a figure beside one that has it on the page already: its file has its own.
    pub fn explain<'a>(&mut self, entries: impl IntoIterator<Item = (&'a str, String)>) {
        self.legend = entries.into_iter().map(|(name, class)| (name.to_owned(), class)).collect();
    }

    /// A figure: a drawing or several, what it shows, and its numbers to take away.
    pub fn figure(&mut self, class: &str, drawing: &str, caption: &str, data: Option<&Table>) {
        let figure = self.figure_of(class, drawing, caption, data);
        self.body += &figure;
    }

    /// A figure as HTML, for a place beside others.
    pub fn figure_of(
        &mut self,
        class: &str,
        drawing: &str,
        caption: &str,
        data: Option<&Table>,
    ) -> String {
        let mut text = format!(
            "<figure><div class=\"{class}\">{drawing}</div><figcaption><span>{}</span>",
            escape(caption)
        );
        let legend = std::mem::take(&mut self.legend);
        let drawings =
            drawing.split_inclusive("</svg>").map(|one| standalone(one, &legend)).collect();
        self.figures.push(Figure { name: slug(caption), drawings, numbers: data.cloned() });
        if let Some(table) = data {
            let id = format!("data{}", self.figures.len());
            text += &format!(
                "<button class=\"csv\" data-of=\"{id}\" data-name=\"{}\">numbers as CSV</button>",
                slug(caption)
            );
            text += &format!(
                "<script type=\"application/json\" id=\"{id}\">{}</script>",
                numbers(table).to_string().replace('<', "\\u003c")
            );
        }
        text + "</figcaption></figure>\n"
    }

    /// Names and values side by side.
    pub fn facts(&mut self, facts: &[(&str, String)]) {
        self.body += "<dl class=\"facts\">";
        for (name, value) in facts {
            self.body += &format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
        }
        self.body += "</dl>\n";
    }

    /// The whole page and its figures.
    pub fn finish(self) -> Document {
        let links: String = self
            .sections
            .iter()
            .map(|(id, name)| format!("<a href=\"#{id}\">{}</a>", escape(name)))
            .collect();
        let (title, body) = (escape(&self.title), &self.body);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\
             <title>{title}</title><style>{PALETTE}{DRAWING}{STYLE}</style></head><body>\
             <a class=\"skip\" href=\"#main\">Skip to the content</a>\
             <header><h1>{title}</h1></header>\
             <nav aria-label=\"Sections\"><div>{links}</div></nav>\
             <main id=\"main\">\n{body}</main>\
             <footer>Made by gigamix {}. Intervals are 94 % highest-density intervals. \
             This page needs no network.</footer>\
             <script>{SCRIPT}</script></body></html>\n",
            env!("CARGO_PKG_VERSION")
        );
        Document { html, figures: self.figures }
    }
}

/// A caption as part of a file's name: `share-of-contribution-against-roas`.
fn slug(caption: &str) -> String {
    let end = caption.find([',', ';', ':', '(', '.']).unwrap_or(caption.len());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let words: String = caption[..end].chars().map(plain).collect();
    words.split_whitespace().take(8).collect::<Vec<_>>().join("-")
}

/// A table as columns and rows, numbers to six digits.
fn numbers(table: &Table) -> Value {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let cell = |column: &Column, row: usize| match column {
        Column::Number(x) => {
            json!(format!("{:.5e}", x[row]).parse::<f64>().ok().filter(|x| x.is_finite()))
        }
        column => column.to_json(row),
    };
    let row = |row| -> Vec<Value> { table.columns.iter().map(|(_, c)| cell(c, row)).collect() };
    json!({ "columns": columns, "rows": (0..table.rows()).map(row).collect::<Vec<_>>() })
}

/// The names of classes with a patch of their colour.
pub fn legend<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let entry = |(name, class): (&str, String)| {
        format!(
            "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{class}\" \
             width=\"10\" height=\"10\"/></svg>{}</li>",
            escape(name)
        )
    };
    let entries: String = entries.into_iter().map(entry).collect();
    format!("<ul class=\"legend\">{entries}</ul>")
}

/// A table of texts; the first column names the row.
pub fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    // Columns of texts stand on the left, of numbers on the right.
    let side = |k: usize| {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let text =
            |row: &Vec<String>| row[k].starts_with(char::is_alphabetic) || letters(&row[k]) > 8;
        if rows.iter().any(text) { " class=\"t\"" } else { "" }
    };
    let head =
        |(k, head): (usize, &&str)| format!("<th scope=\"col\"{}>{}</th>", side(k), escape(head));
    let named = heads.iter().any(|head| !head.is_empty());
    let heads: String = heads.iter().enumerate().map(head).collect();
    let heads = if named { format!("<thead><tr>{heads}</tr></thead>") } else { String::new() };
    let row = |cells: &Vec<String>| {
        let mut text = String::from("<tr>");
        for (k, cell) in cells.iter().enumerate() {
            let cell = escape(cell);
            text += &if k == 0 {
                format!("<th scope=\"row\">{cell}</th>")
            } else {
                format!("<td{}>{cell}</td>", side(k))
            };
        }
        text + "</tr>"
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table>\
         <caption>{0}</caption>{heads}<tbody>{rows}</tbody></table></div>\n",
        escape(caption)
    )
}
