//! A picture of the model: its parameters with dims and priors, what they make, and the target.

use super::chart::{cut, short};
use super::model::Report;
use super::page::Page;
use super::svg::{Anchor, Svg};
use crate::model::Model;
use crate::model::effect::Part;
use crate::model::layout::{Arguments, Element, Operand, Parameter, Role};
use std::collections::BTreeSet;

/// What a parameter is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feeds {
    Part(Part),
    Media,
    Noise,
}

/// Parameters that make one thing.
struct Plate {
    feeds: Feeds,
    /// Name with dims, and prior.
    lines: Vec<[String; 2]>,
}

/// Sizes: a parameter, the gap between plates, and the columns' left edges and widths.
const LINE: f64 = 38.0;
const GAP: f64 = 14.0;
const COLUMNS: [[f64; 2]; 3] = [[1.0, 390.0], [450.0, 210.0], [720.0, 239.0]];

impl Report<'_> {
    /// The model: parameters, dims, priors.
    pub fn picture(&self, page: &mut Page) {
        let model = &self.fitted.model;
        page.section("Model");
        let [likelihood, target] =
            [model.structure.likelihood.family().name, self.file.data.target.as_str()];
        let plates = plates(model);
        let said = plates.iter().flat_map(|plate| &plate.lines);
        let said: Vec<String> = said.map(|[name, prior]| format!("{name} ~ {prior}")).collect();
        let alt = format!(
            "{target} ~ {likelihood} around the sum of its components; parameters: {}",
            said.join(", ")
        );
        page.figure(
            "wide",
            &drawing(&alt, &plates, model, [target, likelihood]),
            "Parameters with their dims and priors, what they make, and how it becomes the target. \
             All of it is on the model's scale",
            None,
        );
    }
}

/// The parameters of interest by what they are a part of, in the order of the tables.
fn plates(model: &Model) -> Vec<Plate> {
    let parts = Part::ALL.into_iter().map(Feeds::Part);
    let all = parts.chain([Feeds::Media, Feeds::Noise]);
    let plate = |feeds: Feeds| {
        let own = model.layout.reported().filter(|parameter| feeding(model, parameter) == feeds);
        let line = |parameter: &Parameter| {
            let dims = match &parameter.dims[..] {
                [] => String::new(),
                dims => format!(" [{}: {}]", dims.join(" × "), parameter.len),
            };
            [format!("{}{dims}", parameter.name), prior(model, parameter)]
        };
        Plate { feeds, lines: own.map(line).collect() }
    };
    all.map(plate).filter(|plate| !plate.lines.is_empty()).collect()
}

/// What a parameter is a part of: what its values are used for, or those that depend on them.
fn feeding(model: &Model, parameter: &Parameter) -> Feeds {
    let mut values: BTreeSet<usize> =
        (parameter.offset..parameter.offset + parameter.len).collect();
    // Whatever depends on one of them comes later.
    for (i, element) in model.layout.elements.iter().enumerate() {
        if operands(element)
            .iter()
            .any(|operand| matches!(operand, Operand::Value(v) if values.contains(v)))
        {
            values.insert(i);
            values.extend(element.derived.as_ref().map(|derived| derived.value));
        }
    }
    let structure = &model.structure;
    let column = model.series.columns.iter().find(|column| values.contains(&column.element));
    if let Some(column) = column {
        return Feeds::Part(column.part);
    }
    match structure.likelihood_slots.iter().any(|slot| values.contains(slot)) {
        true => Feeds::Noise,
        false => Feeds::Media,
    }
}

/// What an element or what is made of it depends on.
fn operands(element: &Element) -> Vec<Operand> {
    let mut all = match &element.arguments {
        Arguments::Fixed(_) => Vec::new(),
        Arguments::Nested { operands, .. } => operands.clone(),
    };
    all.extend(element.derived.iter().flat_map(|derived| derived.operands));
    all
}

/// The prior of a parameter: `HalfNormal(sigma = 0.05 to 0.45)`.
fn prior(model: &Model, parameter: &Parameter) -> String {
    let own = parameter.offset..parameter.offset + parameter.len;
    let made =
        |element: &&Element| element.derived.as_ref().is_some_and(|d| own.contains(&d.value));
    let elements: Vec<&Element> = match parameter.role {
        Role::Derived => model.layout.elements.iter().filter(made).collect(),
        _ => model.layout.elements[own.clone()].iter().collect(),
    };
    let Some(first) = elements.first() else { return String::new() };
    let family = first.distribution.family();
    let signature = match &first.arguments {
        Arguments::Nested { signature, .. } => *signature,
        Arguments::Fixed(_) => 0,
    };
    let argument = |(k, argument): (usize, &crate::model::prior::Argument)| {
        let of = |element: &&Element| match &element.arguments {
            Arguments::Fixed(numbers) => numbers.get(k).map(|&x| Operand::Constant(x)),
            Arguments::Nested { operands, .. } => operands.get(k).copied(),
        };
        let found: Vec<Operand> = elements.iter().filter_map(of).collect();
        // Bounds that are none are not worth a word.
        let bounded =
            |operand: &Operand| !matches!(operand, Operand::Constant(x) if x.is_infinite());
        found.iter().any(bounded).then(|| format!("{} = {}", argument.name, spread(model, &found)))
    };
    let arguments: Vec<String> =
        family.signatures[signature].iter().enumerate().filter_map(argument).collect();
    let text = format!("{}({})", family.name, arguments.join(", "));
    match &first.derived {
        None => text,
        Some(_) => {
            let of = |k: usize| -> Vec<Operand> {
                elements.iter().filter_map(|e| Some(e.derived.as_ref()?.operands[k])).collect()
            };
            format!("{} + {} · {text}", spread(model, &of(0)), spread(model, &of(1)))
        }
    }
}

/// Numbers as one or as a range, values by the names of their parameters.
fn spread(model: &Model, operands: &[Operand]) -> String {
    let number = |operand: &Operand| match operand {
        Operand::Constant(x) => Some(*x),
        Operand::Value(_) => None,
    };
    let numbers: Vec<f64> = operands.iter().filter_map(number).collect();
    let [low, high] = [f64::min as fn(f64, f64) -> f64, f64::max]
        .map(|pick| numbers.iter().copied().reduce(pick).unwrap_or(f64::NAN));
    let value = operands.iter().find_map(|operand| match operand {
        Operand::Value(value) => Some(*value),
        Operand::Constant(_) => None,
    });
    match value {
        Some(value) => {
            let own = |p: &&Parameter| (p.offset..p.offset + p.len).contains(&value);
            model.layout.parameters.iter().find(own).map_or_else(String::new, |p| p.name.clone())
        }
        None if low == high => plain(low),
        None => format!("{} to {}", plain(low), plain(high)),
    }
}

/// A number as it was written, or with three digits.
fn plain(x: f64) -> String {
    let text = format!("{x}");
    if text.len() > 5 { short(x) } else { text }
}

/// What the transforms of the channels are: of all, or of how many kinds.
fn transforms(model: &Model) -> Vec<String> {
    let kinds = |of: &dyn Fn(&crate::model::Channel) -> &'static str| -> String {
        let names: BTreeSet<&str> = model.structure.channels.iter().map(of).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let adstock = format!("adstock: {}", kinds(&|c| c.adstock.family.family().name));
    let saturation = format!("saturation: {}", kinds(&|c| c.saturation.family.family().name));
    if model.structure.adstock_first {
        vec![adstock, saturation]
    } else {
        vec![saturation, adstock]
    }
}

fn drawing(alt: &str, plates: &[Plate], model: &Model, [target, likelihood]: [&str; 2]) -> String {
    let lines: usize = plates.iter().map(|plate| plate.lines.len()).sum();
    let height = LINE * lines as f64 + (GAP + 10.0) * plates.len() as f64;
    let mut svg = Svg::new(960.0, height);
    let [[left, wide], [middle, broad], [right, last]] = COLUMNS;
    let mut y = 1.0;
    let mut ends: Vec<(Feeds, f64)> = Vec::new();
    for plate in plates {
        let high = LINE * plate.lines.len() as f64 + 10.0;
        svg.rect("plate", [left, y], [left + wide, y + high], "");
        for (k, [name, prior]) in plate.lines.iter().enumerate() {
            let at = y + LINE * k as f64 + 20.0;
            svg.text("head", [left + 10.0, at], Anchor::Start, &cut(name, 56));
            svg.text("tick", [left + 10.0, at + 16.0], Anchor::Start, &cut(prior, 62));
        }
        ends.push((plate.feeds, y + 0.5 * high));
        y += high + GAP;
    }
    let top = ends.iter().map(|(_, at)| *at).fold(f64::INFINITY, f64::min);
    let bottom = ends.iter().map(|(_, at)| *at).fold(0.0, f64::max);
    let centre = 0.5 * (top + bottom);
    let outcome = [
        ("head", format!("{target} ~ {likelihood}")),
        ("tick", "around the sum of all".to_owned()),
    ];
    for (feeds, at) in ends {
        let texts = match feeds {
            Feeds::Part(part) => vec![part.name().to_owned()],
            Feeds::Media => {
                let n = model.structure.channels.len();
                std::iter::once(format!("{n} channels")).chain(transforms(model)).collect()
            }
            Feeds::Noise => vec!["noise".to_owned()],
        };
        let half = 9.0 * texts.len() as f64 + 6.0;
        svg.rect("plate", [middle, at - half], [middle + broad, at + half], "");
        for (k, text) in texts.iter().enumerate() {
            let class = if k == 0 { "head" } else { "tick" };
            let place = [middle + 0.5 * broad, at - half + 18.0 * k as f64 + 19.0];
            svg.text(class, place, Anchor::Middle, &cut(text, 32));
        }
        arrow(&mut svg, [left + wide, at], [middle, at]);
        arrow(&mut svg, [middle + broad, at], [right, centre]);
    }
    svg.rect("plate", [right, centre - 26.0], [right + last, centre + 26.0], "");
    for (k, (class, text)) in outcome.iter().enumerate() {
        let place = [right + 0.5 * last, centre - 5.0 + 18.0 * k as f64];
        svg.text(class, place, Anchor::Middle, &cut(text, 34));
    }
    svg.finish(alt)
}

/// A line with a tip.
fn arrow(svg: &mut Svg, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
    svg.segment("arrow", [x1, y1], [x2 - 6.0, y2]);
    svg.area("tip", &[[x2, y2], [x2 - 8.0, y2 - 4.0]], &[[x2, y2], [x2 - 8.0, y2 + 4.0]]);
}
