//! The charts of a report: each a function from numbers to a drawing.

use super::number::{amount, percent, significant};
use super::svg::{Anchor, Scale, Svg};
use crate::analysis::Estimate;
use jiff::civil::{Date, date};

/// How numbers along an axis are written.
pub type Format = fn(f64) -> String;

/// A line over dates.
pub struct Series<'a> {
    /// The style's class.
    pub class: &'a str,
    /// A value per date.
    pub values: &'a [f64],
}

/// An area between two lines over dates: the style's class, the lower and the upper line.
pub type Band<'a> = (&'a str, &'a [f64], &'a [f64]);

/// A number with three digits.
pub fn short(x: f64) -> String {
    significant(x, 3)
}

/// Numbers of an estimate in words.
pub fn words(estimate: &Estimate, format: Format) -> String {
    let Estimate { mean, hdi_3, hdi_97, .. } = *estimate;
    format!("{} ({} to {})", format(mean), format(hdi_3), format(hdi_97))
}

/// Room around a chart: left, right, top, bottom.
const ROOM: [f64; 4] = [58.0, 12.0, 14.0, 26.0];

/// The frame of a chart with numbers upwards: grid lines, their numbers, a line at 0.
pub(super) fn upwards(svg: &mut Svg, y: &Scale, x: [f64; 2], format: Format) {
    for tick in y.ticks(4) {
        let class = if tick == 0.0 { "zero" } else { "grid" };
        svg.segment(class, [x[0], y.at(tick)], [x[1], y.at(tick)]);
        svg.text("tick", [x[0] - 6.0, y.at(tick) + 4.0], Anchor::End, &tidy(format(tick)));
    }
}

/// A number of an axis without zeros that say nothing: `40 M`, not `40.0 M`.
fn tidy(text: String) -> String {
    let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
    if !number.contains('.') {
        return text;
    }
    let number = number.trim_end_matches('0').trim_end_matches('.');
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// Numbers below a chart.
pub(super) fn below(svg: &mut Svg, x: &Scale, y: [f64; 2], format: Format, about: usize) {
    for tick in x.ticks(about) {
        let class = if tick == 0.0 { "zero" } else { "grid" };
        svg.segment(class, [x.at(tick), y[0]], [x.at(tick), y[1]]);
        svg.text("tick", [x.at(tick), y[1] + 16.0], Anchor::Middle, &tidy(format(tick)));
    }
}

fn day(date_: Date) -> f64 {
    f64::from((date_ - date(1970, 1, 1)).get_days())
}

/// Years, or quarters of few years, below a chart over dates.
fn calendar(svg: &mut Svg, dates: &[Date], x: &Scale, y: [f64; 2]) {
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return };
    let months = if last.year() - first.year() > 3 { 12 } else { 3 };
    for year in first.year()..=last.year() {
        for month in (1..=12).step_by(months) {
            let start = date(year, month as i8, 1);
            if start < *first || start > *last {
                continue;
            }
            let at = x.at(day(start));
            svg.segment("grid", [at, y[0]], [at, y[1]]);
            let text = match month {
                1 => year.to_string(),
                _ => format!("{}", start.strftime("%b")),
            };
            svg.text("tick", [at, y[1] + 16.0], Anchor::Middle, &text);
        }
    }
}

/// Lines over dates, the bands behind them, and a line at `split`, where the test rows begin.
pub fn timeline(
    alt: &str,
    dates: &[Date],
    lines: &[Series<'_>],
    bands: &[Band<'_>],
    split: Option<usize>,
    zero: bool,
) -> String {
    let (width, height) = (960.0, 260.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = ROOM;
    let across = [left, width - right];
    let up = [height - bottom, top];
    let days: Vec<f64> = dates.iter().map(|&date| day(date)).collect();
    let x = Scale::spanning(days.iter().copied(), false, across);
    let values = lines.iter().flat_map(|line| line.values.iter().copied());
    let edges = bands.iter().flat_map(|(_, low, high)| low.iter().chain(*high).copied());
    let y = Scale::spanning(values.chain(edges), zero, up);
    upwards(&mut svg, &y, across, amount);
    calendar(&mut svg, dates, &x, [top, height - bottom]);
    let points = |values: &[f64]| -> Vec<[f64; 2]> {
        days.iter().zip(values).map(|(&day, &value)| [x.at(day), y.at(value)]).collect()
    };
    for (class, low, high) in bands {
        svg.area(class, &points(high), &points(low));
    }
    for line in lines {
        svg.line(line.class, &points(line.values));
    }
    if let Some(split) = split.filter(|&split| split > 0 && split < days.len()) {
        let at = x.at((days[split - 1] + days[split]) / 2.0);
        svg.segment("split", [at, top], [at, height - bottom]);
        svg.text("tick", [at + 5.0, top + 10.0], Anchor::Start, "test");
    }
    svg.finish(alt)
}

/// Layers on top of each other over dates; what is below 0 hangs down from it.
pub fn stack(alt: &str, dates: &[Date], layers: &[Series<'_>], actual: &[f64]) -> String {
    let (width, height) = (960.0, 320.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = ROOM;
    let across = [left, width - right];
    let n = dates.len();
    let (mut above, mut under) = (vec![0.0; n], vec![0.0; n]);
    let mut areas = Vec::new();
    for layer in layers {
        let (mut low, mut high) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (t, &value) in layer.values.iter().enumerate() {
            let sum = if value >= 0.0 { &mut above[t] } else { &mut under[t] };
            low.push(*sum);
            *sum += value;
            high.push(*sum);
        }
        areas.push((layer.class, low, high));
    }
    let days: Vec<f64> = dates.iter().map(|&date| day(date)).collect();
    let x = Scale::spanning(days.iter().copied(), false, across);
    let y = Scale::spanning(
        above.iter().chain(&under).chain(actual).copied(),
        true,
        [height - bottom, top],
    );
    upwards(&mut svg, &y, across, amount);
    calendar(&mut svg, dates, &x, [top, height - bottom]);
    let points = |values: &[f64]| -> Vec<[f64; 2]> {
        days.iter().zip(values).map(|(&day, &value)| [x.at(day), y.at(value)]).collect()
    };
    for (class, low, high) in &areas {
        svg.area(class, &points(high), &points(low));
    }
    svg.line("actual", &points(actual));
    svg.finish(alt)
}

/// A row of a forest: its name, an estimate, and one to hold it against.
pub struct Row {
    /// The name.
    pub name: String,
    /// The style's class.
    pub class: String,
    /// The estimate.
    pub estimate: Estimate,
    /// Another one, drawn paler above it.
    pub other: Option<Estimate>,
}

/// Means and intervals below each other.
pub fn forest(alt: &str, rows: &[Row], format: Format) -> String {
    let (width, left, step) = (460.0, 150.0, 28.0);
    let height = 40.0 + step * rows.len() as f64;
    let mut svg = Svg::new(width, height);
    let ends = rows.iter().flat_map(|row| {
        let of = |e: Estimate| [e.mean, e.hdi_3, e.hdi_97];
        of(row.estimate).into_iter().chain(row.other.map_or([f64::NAN; 3], of))
    });
    let x = Scale::spanning(ends, true, [left, width - 22.0]);
    below(&mut svg, &x, [8.0, height - 26.0], format, 5);
    for (k, row) in rows.iter().enumerate() {
        let y = 8.0 + step * (k as f64 + 0.5);
        svg.text("name", [left - 8.0, y + 4.0], Anchor::End, &cut(&row.name, 20));
        let mut whisker = |class: &str, estimate: &Estimate, y: f64, about: &str| {
            let (low, high) = (x.at(estimate.hdi_3), x.at(estimate.hdi_97));
            svg.segment(&format!("whisker {class}"), [low, y], [high, y]);
            svg.disc(class, [x.at(estimate.mean), y], 4.5, about);
        };
        let about = |what: &str, estimate: &Estimate| {
            format!("{}{what}: {}", row.name, words(estimate, format))
        };
        match &row.other {
            None => whisker(&row.class, &row.estimate, y, &about("", &row.estimate)),
            Some(other) => {
                whisker("pale", other, y - 5.0, &about(" before the data", other));
                whisker(&row.class, &row.estimate, y + 5.0, &about("", &row.estimate));
            }
        }
    }
    svg.finish(alt)
}

/// Components from 0 to their sum, each beginning where the one before ends.
pub fn waterfall(alt: &str, rows: &[(String, String, f64, bool)], total: f64) -> String {
    let (width, left, step) = (460.0, 150.0, 26.0);
    let height = 40.0 + step * rows.len() as f64;
    let mut svg = Svg::new(width, height);
    let mut end = 0.0;
    let mut ends = Vec::new();
    for (.., value, sum) in rows {
        let start = if *sum { 0.0 } else { end };
        ends.push([start, start + value]);
        if !sum {
            end += value;
        }
    }
    let x = Scale::spanning(ends.iter().flatten().copied(), true, [left, width - 62.0]);
    below(&mut svg, &x, [8.0, height - 26.0], amount, 4);
    for (k, ((name, class, value, _), [from, to])) in rows.iter().zip(&ends).enumerate() {
        let y = 8.0 + step * k as f64;
        svg.text("name", [left - 8.0, y + 17.0], Anchor::End, &cut(name, 20));
        let about = format!("{name}: {} ({})", amount(*value), percent(value / total));
        svg.rect(class, [x.at(*from), y + 4.0], [x.at(*to), y + step - 4.0], &about);
        let beside = x.at(from.max(*to)) + 5.0;
        svg.text("tick", [beside, y + 17.0], Anchor::Start, &percent(value / total));
    }
    svg.finish(alt)
}

/// A curve with its band: what is on its axes, where it is today, and values that were seen.
pub struct Curve<'a> {
    /// What it shows, above it.
    pub name: &'a str,
    /// The style's class.
    pub class: &'a str,
    /// Values along the bottom.
    pub x: &'a [f64],
    /// The estimate at each.
    pub y: &'a [Estimate],
    /// A value to mark, and what it is.
    pub mark: Option<(f64, &'a str)>,
    /// Values that were seen.
    pub seen: &'a [f64],
    /// How the numbers below are written.
    pub format: Format,
}

/// Draws a curve.
pub fn curve(alt: &str, curve: &Curve<'_>) -> String {
    let (width, height) = (300.0, 200.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [52.0, 18.0, 26.0, 26.0];
    let across = [left, width - right];
    let x = Scale::spanning(curve.x.iter().copied(), true, across);
    let tops = curve.y.iter().map(|e| e.hdi_97);
    let y = Scale::spanning(tops, true, [height - bottom, top]);
    svg.text("head", [left, 14.0], Anchor::Start, &cut(curve.name, 30));
    upwards(&mut svg, &y, across, amount);
    below(&mut svg, &x, [top, height - bottom], curve.format, 4);
    let points = |of: fn(&Estimate) -> f64| -> Vec<[f64; 2]> {
        curve.x.iter().zip(curve.y).map(|(&at, e)| [x.at(at), y.at(of(e))]).collect()
    };
    svg.area(&format!("band {}", curve.class), &points(|e| e.hdi_97), &points(|e| e.hdi_3));
    svg.line(&format!("line {}", curve.class), &points(|e| e.mean));
    for &seen in curve.seen.iter().filter(|&&seen| seen > 0.0 && seen <= x.values[1]) {
        let at = x.at(seen);
        svg.segment("rug", [at, height - bottom], [at, height - bottom - 6.0]);
    }
    if let Some((value, what)) = curve.mark {
        let at = x.at(value);
        svg.segment("split", [at, top], [at, height - bottom]);
        svg.text("tick", [at + 4.0, top + 10.0], Anchor::Start, what);
    }
    svg.finish(alt)
}

/// Bars with intervals, such as adstock weights by lag.
pub fn bars(alt: &str, name: &str, class: &str, bars: &[(String, Estimate)]) -> String {
    let (width, height) = (300.0, 170.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [52.0, 18.0, 26.0, 26.0];
    let across = [left, width - right];
    svg.text("head", [left, 14.0], Anchor::Start, &cut(name, 30));
    let tops = bars.iter().map(|(_, e)| e.hdi_97);
    let y = Scale::spanning(tops, true, [height - bottom, top]);
    upwards(&mut svg, &y, across, percent);
    let step = (across[1] - across[0]) / bars.len().max(1) as f64;
    for (k, (label, e)) in bars.iter().enumerate() {
        let middle = across[0] + step * (k as f64 + 0.5);
        let (from, to) = (middle - 0.32 * step, middle + 0.32 * step);
        let about = format!("{label}: {}", words(e, percent));
        svg.rect(class, [from, y.at(0.0)], [to, y.at(e.mean)], &about);
        svg.segment("error", [middle, y.at(e.hdi_3)], [middle, y.at(e.hdi_97)]);
        if bars.len() <= 8 || k % 2 == 0 {
            svg.text("tick", [middle, height - bottom + 16.0], Anchor::Middle, label);
        }
    }
    svg.finish(alt)
}

/// How many of the values lie where; a value to mark, and how a number of values is said.
pub fn histogram(
    alt: &str,
    values: &[f64],
    format: Format,
    mark: Option<f64>,
    said: &dyn Fn(usize) -> String,
) -> String {
    const BINS: usize = 24;
    let (width, height) = (300.0, 150.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [40.0, 22.0, 10.0, 26.0];
    let across = [left, width - right];
    let finite: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    let x = Scale::spanning(finite.iter().copied().chain(mark), false, across);
    let mut counts = [0.0; BINS];
    for value in &finite {
        let share = (value - x.values[0]) / (x.values[1] - x.values[0]);
        counts[((share * BINS as f64) as usize).min(BINS - 1)] += 1.0;
    }
    // Of few values, too, the axis has whole numbers.
    let y = Scale::spanning(counts.into_iter().chain([4.0]), true, [height - bottom, top]);
    upwards(&mut svg, &y, across, short);
    below(&mut svg, &x, [top, height - bottom], format, 4);
    let step = (across[1] - across[0]) / BINS as f64;
    for (k, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        let from = across[0] + step * k as f64;
        let (low, high) = ([from + 0.5, y.at(0.0)], [from + step - 0.5, y.at(count)]);
        svg.rect("c0", low, high, &said(count as usize));
    }
    if let Some(mark) = mark {
        svg.segment("split", [x.at(mark), top], [x.at(mark), height - bottom]);
    }
    svg.finish(alt)
}

/// A small chart of one column over dates, with a band if there is one.
pub fn small_series(
    alt: &str,
    name: &str,
    class: &str,
    dates: &[Date],
    values: &[f64],
    band: Option<&[Vec<f64>; 2]>,
) -> String {
    let (width, height) = (300.0, 130.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [52.0, 12.0, 26.0, 24.0];
    let across = [left, width - right];
    let x = Scale::spanning(dates.iter().map(|&date| day(date)), false, across);
    let all = band.into_iter().flatten().flatten().chain(values);
    let y = Scale::spanning(all.copied(), true, [height - bottom, top]);
    svg.text("head", [8.0, 14.0], Anchor::Start, &cut(name, 42));
    upwards(&mut svg, &y, across, amount);
    calendar(&mut svg, dates, &x, [top, height - bottom]);
    let points = |values: &[f64]| -> Vec<[f64; 2]> {
        dates.iter().zip(values).map(|(&date, &value)| [x.at(day(date)), y.at(value)]).collect()
    };
    if let Some([low, high]) = band {
        svg.area(&format!("band {class}"), &points(high), &points(low));
    }
    svg.line(&format!("line {class}"), &points(values));
    svg.finish(alt)
}

/// A small chart of a fit: what happened, what was predicted and its band.
pub fn small_fit(
    alt: &str,
    actual: &[f64],
    predicted: &[Estimate],
    split: Option<usize>,
) -> String {
    let (width, height) = (960.0, 180.0);
    let mut svg = Svg::new(width, height);
    let left = 58.0;
    let across = [left, width - 4.0];
    let ends = predicted.iter().flat_map(|e| [e.hdi_3, e.hdi_97]);
    let y = Scale::spanning(actual.iter().copied().chain(ends), false, [height - 4.0, 6.0]);
    let x = Scale { values: [0.0, actual.len().max(2) as f64 - 1.0], places: across };
    for tick in y.ticks(2) {
        svg.segment("grid", [left, y.at(tick)], [across[1], y.at(tick)]);
        svg.text("tick", [left - 5.0, y.at(tick) + 4.0], Anchor::End, &amount(tick));
    }
    // Whole units: a fleet has thousands of these.
    let points = |of: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        let whole = |t: usize| [x.at(t as f64).round(), y.at(of(t)).round()];
        (0..actual.len()).map(whole).collect()
    };
    svg.area("band c0", &points(&|t| predicted[t].hdi_97), &points(&|t| predicted[t].hdi_3));
    svg.line("line c0", &points(&|t| predicted[t].mean));
    svg.line("actual", &points(&|t| actual[t]));
    if let Some(split) = split {
        let at = x.at(split as f64 - 0.5).round();
        svg.segment("split", [at, 4.0], [at, height - 4.0]);
    }
    svg.finish(alt)
}

/// A text cut to so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
