//! Changes of spend on a software device against the processor's lanes.

use super::super::Fitted;
use super::super::change::{Change, totals};
use super::super::device::{Piece, program, totals_by};
use super::super::forward::Window;
use super::{CSV, model, recursion, repository, toml};
use crate::gpu::testing::software;
use crate::gpu::{Gpu, Program};
use crate::math::Key;
use crate::model::saturation::Saturation;
use std::mem::offset_of;

/// Relative to the largest sum of a change: both sides add up a few single-precision numbers.
const SAME: f64 = 3e-6;

/// A model of a given saturation, adstock first or not, with draws that fill more than a workgroup.
fn fitted(saturation: &str, adstock_first: bool, mode: &str) -> Fitted {
    of_file(
        &toml(adstock_first, &format!("mode = \"{mode}\""), "Normal")
            .replace("family = \"logistic\"", &format!("family = \"{saturation}\"")),
    )
}

/// The same with recursion adstock.
fn endless(adstock_first: bool, normalize: bool) -> Fitted {
    of_file(&recursion(&toml(adstock_first, &format!("normalize = {normalize}"), "Normal")))
}

fn of_file(file: &str) -> Fitted {
    let (model, panel) = model(file, CSV);
    let key = Key::new(0, &model.key);
    let draws = super::super::prior_draws(&model, key, 150);
    Fitted { key, model, panel, draws: draws.into(), chains: 2 }
}

/// Every channel as it was, at a third more, and at nothing less than that; and the last dates alone.
fn changes<'a>(fitted: &Fitted, windows: &'a [Window<'a, f32>; 2]) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for window in windows {
        for channel in 0..fitted.panel.channels.len() {
            let at =
                |times: f64| window.pad(|date| times * fitted.model.series.spend[channel][date]);
            let change = |spend, against| Change { window, channel, spend, against };
            changes.push(change(at(1.0), None));
            changes.push(change(at(4.0 / 3.0), Some(at(0.0))));
            changes.push(change(at(0.5), Some(at(1.0))));
        }
    }
    changes
}

/// The worst difference, in parts of the largest sum of its change.
fn worst(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    assert_eq!(a.len(), b.len());
    let of = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        assert_eq!(a.len(), b.len());
        let largest = a.iter().fold(1e-30, |most: f64, x| most.max(x.abs()));
        a.iter().zip(b).map(|(a, b)| (a - b).abs() / largest).fold(0.0, f64::max)
    };
    a.iter().zip(b).map(of).fold(0.0, f64::max)
}

#[test]
fn the_device_agrees_with_the_lanes() {
    let Some(gpu) = software() else { return };
    for (k, saturation) in Saturation::names().enumerate() {
        for first in [true, false] {
            let fitted = fitted(saturation, first, ["after", "before", "overlap"][k % 3]);
            let error = difference(&gpu, &fitted);
            assert!(error < SAME, "{saturation}, adstock first {first}: {error}");
        }
    }
    for (first, normalize) in [(true, false), (true, true), (false, false), (false, true)] {
        let error = difference(&gpu, &endless(first, normalize));
        assert!(error < SAME, "recursion, adstock first {first}, {normalize}: {error}");
    }
}

fn difference(gpu: &Gpu, fitted: &Fitted) -> f64 {
    let windows = [Window::train(&fitted.model), Window::on(&fitted.model, 2..4)];
    let changes = changes(fitted, &windows);
    let expected = totals(fitted, &changes);
    assert!(expected.iter().flatten().any(|x| *x > 0.0));
    let program = program(&fitted.model.structure);
    worst(&expected, &totals_by(gpu, &program, fitted, &changes).expect("totals"))
}

#[test]
fn a_kernel_that_is_wrong_is_noticed() {
    let Some(gpu) = software() else { return };
    let spoils = [
        ("newest + date - j", "newest + date - j - 1u"),
        ("j < change.n_weights", "j + 1u < change.n_weights"),
        ("total -=", "total +="),
        ("date < change.n_rows", "date + 1u < change.n_rows"),
        ("change.n_weights + k", "change.n_weights + (k + 1u) % 4u"),
        ("at >= change.first", "at > change.first"),
        (
            "fma(parameter(change, j, draw), x, sum)",
            "fma(1.0001 * parameter(change, j, draw), x, sum)",
        ),
    ];
    // Without adstock first, a spend outside of the sample would have a response but for the bounds.
    noticed(&gpu, &fitted("logistic", false, "after"), &spoils);
    let spoils = [
        ("fma(alpha, left.x,", "fma(1.001 * alpha, left.x,"),
        ("fma(alpha, left.y,", "fma(1.001 * alpha, left.y,"),
        ("parameter(change, 0u, draw)", "1.0"),
        ("at >= change.newest", "at > change.newest"),
        ("at < change.end; at++", "at + 1u < change.end; at++"),
        ("total -= respond", "total += respond"),
        ("change.spend, at)", "change.against, at)"),
    ];
    noticed(&gpu, &endless(true, true), &spoils);
}

fn noticed(gpu: &Gpu, fitted: &Fitted, spoils: &[(&str, &str)]) {
    let windows = [Window::train(&fitted.model), Window::on(&fitted.model, 2..4)];
    let changes = changes(fitted, &windows);
    let expected = totals(fitted, &changes);
    let sound = program(&fitted.model.structure).text();
    for (from, to) in spoils {
        assert!(sound.contains(from), "{from}");
        let spoiled = Program::new().file("spoiled", sound.replace(from, to));
        let found = totals_by(gpu, &spoiled, fitted, &changes).expect("totals");
        let error = worst(&expected, &found);
        assert!(error > 10.0 * SAME, "{to} goes unnoticed: {error}");
    }
}

#[test]
fn every_saturation_makes_a_valid_kernel() {
    for saturation in Saturation::names() {
        for first in [true, false] {
            program(&fitted(saturation, first, "after").model.structure).check().unwrap();
        }
    }
}

#[test]
fn the_struct_is_the_same_on_both_sides() {
    let path = repository("shaders/kernel/sweep.wgsl");
    let types = repository("shaders/types.wgsl");
    let [text, types] = [path, types].map(|path| std::fs::read_to_string(path).expect("shader"));
    let rest = "const ADSTOCK_FIRST: bool = true;\n\
         fn saturation(code: u32, x: f32, p: vec4f) -> Response { return Response(); }\n";
    let module = naga::front::wgsl::parse_str(&format!("{rest}{types}{text}")).expect("WGSL");
    let found = module.types.iter().find_map(|(_, kind)| match &kind.inner {
        naga::TypeInner::Struct { members, span } if kind.name.as_deref() == Some("Change") => {
            let named = members.iter().filter(|m| !m.name.as_ref().unwrap().starts_with("pad"));
            Some((named.map(|m| (m.name.clone().unwrap(), m.offset as usize)).collect(), *span))
        }
        _ => None,
    });
    let (members, span): (Vec<(String, usize)>, u32) = found.expect("the struct");
    macro_rules! fields {
        ($($field:ident),+) => { vec![$((stringify!($field).to_owned(), offset_of!(Piece, $field))),+] };
    }
    let expected = fields!(
        spend, against, newest, n_rows, first, end, saturation, parameters, n_weights, recursion,
        draws
    );
    assert_eq!((members, span as usize), (expected, size_of::<Piece>()));
}
