//! The data of a model: its target, its spend, and how they go together.

use super::chart::{self, Series, cut};
use super::model::{Report, colour};
use super::number::{amount, count, decimals, percent, plural};
use super::page::{Page, table};
use super::pairs::{Pair, bars};
use super::svg::{Anchor, Svg};
use crate::data::Panel;
use crate::posterior::table::{Column, Table};
use std::ops::Range;

impl Report<'_> {
    /// Target, spend, and how they go together.
    pub fn data(&self, page: &mut Page) {
        let panel = &self.fitted.panel;
        page.section("Data");
        let (first, last) = (panel.dates[0], panel.dates[panel.dates.len() - 1]);
        let spend: f64 = self.analysis.channels.iter().map(|row| row.spend).sum();
        let target = self.file.data.target.as_str();
        page.text(&format!(
            "{} of {} from {first} to {last}: {} to learn from, {} to test. {}, {}; {} spent on the \
             training rows.",
            plural(panel.dates.len(), "row"),
            target,
            count(panel.n_train as f64),
            count((panel.dates.len() - panel.n_train) as f64),
            plural(panel.channels.len(), "channel"),
            plural(panel.controls.len(), "control"),
            amount(spend)
        ));
        let lines = [Series { class: "actual", values: &panel.target }];
        let alt = format!("{target} over time, from {first} to {last}");
        let drawing = chart::timeline(&alt, self.dates(), &lines, &[], self.split(), true);
        page.figure("wide", &drawing, &format!("{target}, as observed"), None);
        let train = panel.n_train;
        let mut columns = vec![panel.target[..train].to_vec()];
        columns.extend(panel.spend.columns().into_iter().map(|x| x.to_vec()[..train].to_vec()));
        let mut charts = String::new();
        for (c, name) in panel.channels.iter().enumerate() {
            let share = self.analysis.channels[c].spend / spend;
            let with = correlation(&columns[0], &columns[1 + c]);
            let head = format!("{name}: {} of spend, r = {}", percent(share), decimals(with, 2));
            let column: Vec<f64> = panel.spend.column(c).to_vec();
            charts += &chart::small_series(&head, &head, &colour(c), self.dates(), &column, None);
        }
        let caption = format!(
            "Spend of every channel per date, its part of all spend and its correlation with {target}"
        );
        page.figure("many", &charts, &caption, Some(&data_table(target, panel)));
        self.train_and_test(page);
        let names: Vec<&str> =
            std::iter::once(target).chain(panel.channels.iter().map(String::as_str)).collect();
        let matrix: Vec<Vec<f64>> =
            columns.iter().map(|a| columns.iter().map(|b| correlation(a, b)).collect()).collect();
        let alt = format!("Correlations of {}: {}", target, strongest(&names, &matrix));
        page.figure(
            "wide",
            &matrix_chart(&alt, &names, &matrix),
            "Correlations over the training rows. Channels that always run together cannot be told \
             apart; a correlation with the target is no effect",
            None,
        );
    }

    /// What was spent per date to learn from and to test, if there are test rows.
    fn train_and_test(&self, page: &mut Page) {
        const SIDES: [&str; 2] = ["training", "test"];
        let Some(split) = self.split() else { return };
        let panel = &self.fitted.panel;
        let mean = |c: usize, dates: Range<usize>| {
            let n = dates.len() as f64;
            dates.map(|date| panel.spend[[date, c]]).sum::<f64>() / n
        };
        let pair = |(c, name): (usize, &String)| Pair {
            name: name.clone(),
            class: colour(c),
            values: [mean(c, 0..split), mean(c, split..panel.dates.len())],
            ends: None,
        };
        let pairs: Vec<Pair> = panel.channels.iter().enumerate().map(pair).collect();
        let said = |pair: &Pair| {
            let [train, test] = pair.values.map(amount);
            format!("{} {train} and {test}", pair.name)
        };
        let said: Vec<String> = pairs.iter().map(said).collect();
        let alt = format!("Mean spend per date, training and test: {}", said.join(", "));
        let mut data = Table::default();
        data.push("channel", Column::Text(panel.channels.clone()));
        for (side, name) in SIDES.into_iter().enumerate() {
            let column = pairs.iter().map(|pair| pair.values[side]).collect();
            data.push(format!("{name}_mean_spend"), Column::Number(column));
        }
        let caption =
            "Mean spend per date: on the training rows in grey, on the test rows in colour";
        let figure = page.figure_of("", &bars(&alt, SIDES, &pairs), caption, Some(&data));
        let rows: Vec<Vec<String>> = pairs
            .iter()
            .map(|pair| [pair.name.clone()].into_iter().chain(pair.values.map(amount)).collect())
            .collect();
        let numbers = table("Mean spend per date", &["channel", "training", "test"], &rows);
        page.html(&format!("<div class=\"two\">{figure}<div>{numbers}</div></div>"));
    }
}

/// What was observed, date by date.
fn data_table(target: &str, panel: &Panel) -> Table {
    let mut table = Table::default();
    table.push("date", Column::Date(panel.dates.clone()));
    table.push(target, Column::Number(panel.target.clone()));
    for (name, column) in panel.channels.iter().zip(panel.spend.columns()) {
        table.push(name.as_str(), Column::Number(column.to_vec()));
    }
    table
}

/// Pearson's correlation; NaN where one of the two never changes.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let centred = |x: &[f64]| -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|x| x - mean).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (a, b) = (centred(a), centred(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

/// The pair that goes together most, in words.
fn strongest(names: &[&str], matrix: &[Vec<f64>]) -> String {
    let pairs = (0..names.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let known = pairs.filter(|&(i, j)| matrix[i][j].is_finite());
    let most = known.max_by(|a, b| matrix[a.0][a.1].abs().total_cmp(&matrix[b.0][b.1].abs()));
    most.map_or("none is known".into(), |(i, j)| {
        format!("the strongest is {} with {}, {}", names[i], names[j], decimals(matrix[i][j], 2))
    })
}

/// Correlations of each with those before it: the stronger, the darker; numbers where there is room for them.
fn matrix_chart(alt: &str, names: &[&str], matrix: &[Vec<f64>]) -> String {
    const LEVELS: f64 = 5.0;
    let (left, width) = (150.0, 960.0);
    let step = ((width - left) / names.len() as f64).min(90.0);
    let high = step.min(30.0);
    let mut svg = Svg::new(width, 20.0 + high * (names.len() - 1) as f64);
    let room = (step / 7.0) as usize;
    for (j, name) in names[..names.len() - 1].iter().enumerate() {
        let at = [left + step * (j as f64 + 0.5), 12.0];
        svg.text("tick", at, Anchor::Middle, &cut(name, room.max(2)));
    }
    for (i, (name, row)) in names.iter().zip(matrix).enumerate().skip(1) {
        let y = 20.0 + high * (i - 1) as f64;
        svg.text("name", [left - 8.0, y + 0.5 * high + 4.0], Anchor::End, &cut(name, 20));
        for (j, &r) in row.iter().enumerate().take(i) {
            let x = left + step * j as f64;
            let (side, level) = (if r < 0.0 { "cold" } else { "hot" }, (r.abs() * LEVELS).round());
            let about = format!("{name}, {}: {}", names[j], decimals(r, 2));
            if r.is_finite() {
                let class = format!("{side} l{level}");
                svg.rect(&class, [x + 1.0, y + 1.0], [x + step - 1.0, y + high - 1.0], &about);
            }
            if step > 40.0 {
                let middle = [x + 0.5 * step, y + 0.5 * high + 4.0];
                svg.text("name", middle, Anchor::Middle, &decimals(r, 2));
            }
        }
    }
    svg.finish(alt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations() {
        // statistics.correlation([1, 2, 3, 4], [2, 1, 4, 9]) of Python
        let r = correlation(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 9.0]);
        assert!((r - 0.870_571_500_132_014).abs() < 1e-14, "{r}");
        assert!((correlation(&[1.0, 2.0], &[3.0, -5.0]) + 1.0).abs() < 1e-15);
        assert!(correlation(&[1.0, 2.0], &[3.0, 3.0]).is_nan());
        let matrix = [vec![1.0, f64::NAN, -0.9], vec![f64::NAN, 1.0, 0.3], vec![-0.9, 0.3, 1.0]];
        assert_eq!(
            strongest(&["sales", "tv", "radio"], &matrix),
            "the strongest is radio with sales, -0.90"
        );
        let text = matrix_chart("alt", &["sales", "tv", "radio"], &matrix);
        assert!(text.contains("class=\"cold l5\"") && text.contains("class=\"hot l2\""), "{text}");
    }
}
