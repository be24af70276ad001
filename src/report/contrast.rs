//! Whether everybody can tell what is drawn: contrasts of the palette, light and dark (WCAG 2.2, 1.4.3
//! and 1.4.11).

use super::svg::{DRAWING, PALETTE};
use std::collections::HashMap;

type Rgb = [f64; 3];

/// Names and colours, light and dark.
fn palettes() -> [(&'static str, HashMap<&'static str, Rgb>); 2] {
    let (light, dark) = PALETTE.split_once("@media").expect("light and dark");
    let colours = |text: &'static str| {
        let rule = |rule: &'static str| {
            let (name, value) = rule.trim().split_once(':')?;
            Some((name.strip_prefix("--")?, rgb(value)?))
        };
        text.split(['{', '}', ';']).filter_map(rule).collect()
    };
    [("light", colours(light)), ("dark", colours(dark))]
}

/// `#fff` or `#2f6fb3`, in parts of white.
fn rgb(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    let digits = match digits.len() {
        3 => digits.chars().flat_map(|c| [c, c]).collect(),
        _ => digits.to_owned(),
    };
    let part = |k: usize| u8::from_str_radix(digits.get(2 * k..2 * k + 2)?, 16).ok();
    Some([part(0)?, part(1)?, part(2)?].map(|x| f64::from(x) / 255.0))
}

/// Relative luminance of sRGB, WCAG 2.2.
fn luminance(colour: Rgb) -> f64 {
    let linear = |x: f64| if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) };
    let [r, g, b] = colour.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What is seen of a colour that lets some of the ground through.
fn over(colour: Rgb, ground: Rgb, opacity: f64) -> Rgb {
    std::array::from_fn(|k| opacity * colour[k] + (1.0 - opacity) * ground[k])
}

/// The opacity that the style gives a class.
fn opacity(class: &str) -> f64 {
    let rule = DRAWING.split(&format!(".{class}{{")).nth(1).expect(class);
    let rule = rule.split('}').next().expect("a rule");
    let value = rule.split(';').find_map(|part| part.split_once("opacity:"));
    value.map_or(1.0, |(_, value)| value.parse().expect("a number"))
}

#[test]
fn contrasts_are_those_of_the_standard() {
    let of = |a, b| contrast(rgb(a).expect("colour"), rgb(b).expect("colour"));
    // the worked examples of WebAIM: black on white, and the lightest grey that text may have on it
    assert!((of("#000", "#fff") - 21.0).abs() < 1e-12);
    assert!((of("#767676", "#ffffff") - 4.54).abs() < 0.005);
    assert!((of("#ff0000", "#fff") - 4.0).abs() < 0.005);
}

#[test]
fn texts_and_marks_stand_out_from_their_ground() {
    const TEXTS: [&str; 6] = ["ink", "muted", "link", "ok", "review", "failed"];
    const MARKS: [&str; 4] = ["base", "season", "control", "event"];
    for (mode, colours) in palettes() {
        let of = |name: &str| *colours.get(name).unwrap_or_else(|| panic!("{mode} has no {name}"));
        let channels: Vec<String> = (0..10).map(|c| format!("c{c}")).collect();
        let marks = || channels.iter().map(String::as_str).chain(MARKS);
        let mut bad = Vec::new();
        let mut hold = |what: String, found: f64, least: f64| {
            if found < least {
                bad.push(format!("{mode}: {what} {found:.2}"));
            }
        };
        for ground in ["paper", "panel"] {
            for text in TEXTS {
                hold(format!("{text} on {ground}"), contrast(of(text), of(ground)), 4.5);
            }
            for mark in marks() {
                hold(format!("{mark} on {ground}"), contrast(of(mark), of(ground)), 3.0);
            }
        }
        // Marks that let the paper through, and numbers on cells of a matrix.
        let paper = of("paper");
        for class in ["see", "thin"] {
            for mark in channels.iter().map(|mark| of(mark)) {
                let seen = over(mark, paper, opacity(class));
                hold(format!("{class} of {mark:?}"), contrast(seen, paper), 3.0);
            }
        }
        hold("rug".into(), contrast(over(of("muted"), paper, opacity("rug")), paper), 3.0);
        for (cell, level) in ["c0", "c1"].iter().flat_map(|cell| (0..=5).map(move |l| (cell, l))) {
            let ground = over(of(cell), paper, opacity(&format!("l{level}")));
            hold(format!("ink on {cell}, level {level}"), contrast(of("ink"), ground), 4.5);
        }
        assert!(bad.is_empty(), "{}", bad.join("; "));
    }
}
