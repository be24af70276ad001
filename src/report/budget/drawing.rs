//! The charts of a budget.

use crate::analysis::Estimate;
use crate::report::chart::{below, cut, upwards, words};
use crate::report::number::amount;
use crate::report::svg::{Anchor, Scale, Svg};

/// A channel's response to its spend, before and now.
pub struct Curve<'a> {
    pub name: &'a str,
    pub class: &'a str,
    pub spends: &'a [f64],
    pub responses: &'a [Estimate],
    /// The spend per period up to which the model has seen any.
    pub seen: f64,
    /// Spend and response before and now.
    pub points: [(f64, Estimate); 2],
}

impl Curve<'_> {
    /// Draws it.
    pub fn draw(&self) -> String {
        let Curve { name, class, spends, responses, seen, points } = self;
        let (width, height) = (300.0, 200.0);
        let mut svg = Svg::new(width, height);
        let [left, right, top, bottom] = [52.0, 18.0, 26.0, 26.0];
        let across = [left, width - right];
        let x = Scale::spanning(spends.iter().copied(), true, across);
        let tops = responses.iter().map(|e| e.hdi_97).chain(points.iter().map(|(_, e)| e.mean));
        let y = Scale::spanning(tops, true, [height - bottom, top]);
        svg.text("head", [left, 14.0], Anchor::Start, &cut(name, 34));
        upwards(&mut svg, &y, across, amount);
        below(&mut svg, &x, [top, height - bottom], amount, 3);
        let line = |of: fn(&Estimate) -> f64| -> Vec<[f64; 2]> {
            spends.iter().zip(*responses).map(|(&at, e)| [x.at(at), y.at(of(e))]).collect()
        };
        svg.area(&format!("band {class}"), &line(|e| e.hdi_97), &line(|e| e.hdi_3));
        svg.line(&format!("line {class}"), &line(|e| e.mean));
        if *seen > 0.0 && *seen < x.values[1] {
            svg.segment("split", [x.at(*seen), top], [x.at(*seen), height - bottom]);
            svg.text("tick", [x.at(*seen) + 4.0, height - bottom - 5.0], Anchor::Start, "not seen");
        }
        let mut alt = format!("Response of {name}.");
        for ((spend, response), (what, hollow)) in
            points.iter().zip([("before", "hollow "), ("now", "")])
        {
            let about =
                format!("{name} {what}: {} bring {}", amount(*spend), words(response, amount));
            svg.disc(&format!("{hollow}{class}"), [x.at(*spend), y.at(response.mean)], 5.0, &about);
            alt += &format!(" {about}.");
        }
        svg.finish(&alt)
    }
}

/// The spend of every period, and the mean before.
pub fn path(name: &str, class: &str, path: &[f64], before: f64) -> String {
    let (width, height) = (300.0, 130.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [52.0, 12.0, 26.0, 24.0];
    let across = [left, width - right];
    let x = Scale { values: [0.5, path.len() as f64 + 0.5], places: across };
    let y = Scale::spanning(path.iter().copied().chain([before]), true, [height - bottom, top]);
    svg.text("head", [left, 14.0], Anchor::Start, &cut(name, 34));
    upwards(&mut svg, &y, across, amount);
    for (t, &spend) in path.iter().enumerate() {
        let period = (t + 1) as f64;
        let (from, to) = ([x.at(period - 0.42), y.at(0.0)], [x.at(period + 0.42), y.at(spend)]);
        svg.rect(class, from, to, &format!("period {}: {}", t + 1, amount(spend)));
        if t % path.len().div_ceil(6).max(1) == 0 {
            let place = [x.at(period), height - bottom + 16.0];
            svg.text("tick", place, Anchor::Middle, &(t + 1).to_string());
        }
    }
    svg.segment("split", [across[0], y.at(before)], [across[1], y.at(before)]);
    let low = path.iter().copied().fold(f64::INFINITY, f64::min);
    let high = path.iter().copied().fold(0.0, f64::max);
    let (low, high) = (amount(low), amount(high));
    svg.finish(&format!("Spend on {name} in every period, from {low} to {high}"))
}

/// What totals bring at best, and where the spends before and now are.
pub fn frontier(totals: &[[f64; 2]], before: [f64; 2], now: [f64; 2]) -> String {
    let (width, height) = (960.0, 300.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [58.0, 60.0, 14.0, 44.0];
    let across = [left, width - right];
    let all = || totals.iter().copied().chain([before, now]);
    let x = Scale::spanning(all().map(|[total, _]| total), false, across);
    let y = Scale::spanning(all().map(|[_, value]| value), false, [height - bottom, top]);
    upwards(&mut svg, &y, across, amount);
    below(&mut svg, &x, [top, height - bottom], amount, 6);
    svg.text("label", [left, height - 8.0], Anchor::Start, "spend per period, at its best");
    let place = |[total, value]: [f64; 2]| [x.at(total), y.at(value)];
    let points: Vec<[f64; 2]> = totals.iter().map(|&step| place(step)).collect();
    svg.line("line c0", &points);
    let mut said = Vec::new();
    for (&[total, value], point) in totals.iter().zip(&points) {
        let about = format!("{} bring {} at best", amount(total), amount(value));
        svg.disc("c0", *point, 3.0, &about);
        said.push(about);
    }
    for (name, class, [total, value]) in [("before", "pale", before), ("now", "c0", now)] {
        let [at, up] = place([total, value]);
        svg.disc(
            class,
            [at, up],
            6.5,
            &format!("{name}: {} bring {}", amount(total), amount(value)),
        );
        svg.text("name halo", [at + 9.0, up + 14.0], Anchor::Start, name);
    }
    svg.finish(&format!("What a total per period brings: {}", said.join(", ")))
}
