//! Pairs of bars: before and now, training and test.

use super::chart::{below, cut};
use super::number::{amount, percent};
use super::svg::{Anchor, Scale, Svg};

/// Two numbers of a channel.
pub struct Pair {
    pub name: String,
    pub class: String,
    pub values: [f64; 2],
    /// Intervals around them.
    pub ends: Option<[[f64; 2]; 2]>,
}

/// Bars of both below each other, with intervals where there are any, and the change; `names` says what
/// they are.
pub fn bars(alt: &str, names: [&str; 2], pairs: &[Pair]) -> String {
    let (width, left, step) = (460.0, 150.0, 34.0);
    let height = 40.0 + step * pairs.len() as f64;
    let mut svg = Svg::new(width, height);
    let ends = pairs
        .iter()
        .flat_map(|pair| pair.values.into_iter().chain(pair.ends.into_iter().flatten().flatten()));
    let x = Scale::spanning(ends, true, [left, width - 62.0]);
    below(&mut svg, &x, [8.0, height - 26.0], amount, 4);
    for (k, pair) in pairs.iter().enumerate() {
        let y = 8.0 + step * k as f64;
        svg.text("name", [left - 8.0, y + 21.0], Anchor::End, &cut(&pair.name, 20));
        for (which, (value, what)) in pair.values.iter().zip(names).enumerate() {
            let (from, to) = (y + 4.0 + 13.0 * which as f64, y + 16.0 + 13.0 * which as f64);
            let class = if which == 0 { "pale" } else { &pair.class };
            let mut about = format!("{} {what}: {}", pair.name, amount(*value));
            if let Some(ends) = pair.ends {
                let [low, high] = ends[which];
                about += &format!(" ({} to {})", amount(low), amount(high));
            }
            svg.rect(class, [x.at(0.0), from], [x.at(*value), to], &about);
            if let Some(ends) = pair.ends {
                let middle = (from + to) / 2.0;
                let [low, high] = ends[which].map(|end| [x.at(end), middle]);
                svg.segment("error", low, high);
            }
        }
        let [before, after] = pair.values;
        let change = after / before - 1.0;
        if change.is_finite() {
            let sign = if change > 0.0 { "+" } else { "" };
            let text = format!("{sign}{}", percent(change));
            svg.text("tick", [width - 6.0, y + 21.0], Anchor::End, &text);
        }
    }
    svg.finish(alt)
}
