//! Writes the WGSL of one structure's log likelihood: straight-line code over its channels and dense
//! columns, one loop over the dates.

use super::channel::{declare, pull_back, respond, respond_back, slide};
use super::pack::Columns;
use super::{calibration, curved};
use crate::model::{Channel, Structure};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Words of a row before its dense columns: target, first sparse entry, number of them.
pub const ROW_HEAD: usize = 3;

/// The component of word `at` of a row.
pub fn word(at: usize) -> String {
    format!("r{}.{}", at / 4, ["x", "y", "z", "w"][at % 4])
}

/// A value of an element as a register.
pub fn value(element: usize) -> String {
    format!("v{element}")
}

/// Up to `N` values, filled up with zeros.
pub fn vector<const N: usize>(slots: &[usize]) -> String {
    let parts = (0..N).map(|k| slots.get(k).map_or("0.0".into(), |&e| value(e)));
    format!("vec{N}f({})", parts.collect::<Vec<_>>().join(", "))
}

/// The slots that the density of a structure reads.
pub fn slots(s: &Structure, columns: &Columns) -> BTreeSet<usize> {
    let mut slots = registers(s, columns);
    for process in s.curved.processes() {
        slots.extend([process.eta, process.ls]);
        slots.extend(process.first..process.first + process.m);
    }
    slots
}

/// Those whose values it holds in registers.
fn registers(s: &Structure, columns: &Columns) -> BTreeSet<usize> {
    let mut registers: BTreeSet<usize> = columns.dense.iter().copied().collect();
    registers.extend(&s.likelihood_slots);
    for channel in &s.channels {
        registers.extend(channel.adstock.slots.iter().chain(&channel.saturation.slots));
    }
    registers.extend(curved::registers(&s.curved));
    registers
}

/// The function `log_likelihood` of a structure.
pub fn log_likelihood(s: &Structure, columns: &Columns) -> String {
    let registers = registers(s, columns);
    let mut code = String::from(
        "// The log likelihood of one structure.\n\n\
         fn log_likelihood(place: Place) -> f32 {\n    \
         let model = models[place.model];\n    var logp = 0.0;\n",
    );
    for &e in &registers {
        line(&mut code, 1, format!("let v{e} = state[at(place, VALUE, {e}u)];"));
        line(&mut code, 1, format!("var g{e} = 0.0;"));
    }
    for (c, channel) in s.channels.iter().enumerate() {
        declare(&mut code, s, c, channel);
    }
    let likelihood = stem(s.likelihood.family().wgsl.path);
    line(&mut code, 1, format!("let noise = {};", vector::<2>(&s.likelihood_slots)));
    let constants = format!("likelihood_{likelihood}_constants(noise, model.lower)");
    line(&mut code, 1, format!("let constants = {constants};"));
    line(&mut code, 1, "var noise_back = vec2f(0.0);");
    curved::declare(&mut code, &s.curved);
    dates(&mut code, s, columns);
    calibration::lifts(&mut code, s);
    for (k, &c) in s.costs.iter().enumerate() {
        calibration::cost(&mut code, s, columns, k, c);
    }
    for (k, &c) in s.roas.iter().enumerate() {
        calibration::roas(&mut code, s, columns, k, c);
    }
    curved::pull_back(&mut code, &s.curved);
    for (c, channel) in s.channels.iter().enumerate() {
        pull_back(&mut code, c, channel);
    }
    for (k, e) in s.likelihood_slots.iter().enumerate() {
        line(&mut code, 1, format!("g{e} += noise_back[{k}];"));
    }
    for &e in &registers {
        line(&mut code, 1, format!("add_gradient(place, {e}u, g{e});"));
    }
    code.push_str("    return logp;\n}\n");
    code
}

/// The head of a loop over the rows: their numbers in registers.
pub fn rows(code: &mut String, columns: &Columns) {
    line(code, 1, "for (var t = 0u; t < model.n_rows; t++) {");
    line(code, 2, "let row = model.rows + t * model.row_stride;");
    for k in 0..columns.registers() {
        line(code, 2, format!("let r{k} = rows[row + {k}u];"));
    }
}

/// The function `parts_of_returns`: what one of several series adds to the returns that they have together.
pub fn parts_of_returns(s: &Structure, columns: &Columns) -> String {
    let mut code = String::from("fn parts_of_returns(place: Place) {\n");
    if s.joint {
        line(&mut code, 1, "let model = models[place.model];");
        let channels = || s.roas.iter().map(|&c| &s.channels[c]);
        let slots = channels().flat_map(|of| of.adstock.slots.iter().chain(&of.saturation.slots));
        for e in slots.collect::<BTreeSet<_>>() {
            line(&mut code, 1, format!("let v{e} = state[at(place, VALUE, {e}u)];"));
        }
        for &c in &s.roas {
            declare(&mut code, s, c, &s.channels[c]);
        }
        curved::declare(&mut code, &s.curved);
        for (k, &c) in s.roas.iter().enumerate() {
            line(&mut code, 1, format!("let n{k} = rows[model.calibration + {}u];", 2 * k));
            calibration::part_of_return(&mut code, s, columns, k, c);
            line(&mut code, 1, format!("state[return_at(place, {k}u)] = sum{k};"));
        }
    }
    code.push_str("}\n");
    code
}

/// The loop over the dates.
fn dates(code: &mut String, s: &Structure, columns: &Columns) {
    let shift = s.max_shift();
    rows(code, columns);
    for c in 0..s.channels.len() {
        slide(code, s, columns, c);
    }
    if shift > 0 {
        line(code, 2, format!("if t < {shift}u {{ continue; }}"));
    }
    line(code, 2, "var mu = 0.0;");
    for (k, e) in columns.dense.iter().enumerate() {
        line(code, 2, format!("mu = fma(v{e}, {}, mu);", word(ROW_HEAD + k)));
    }
    line(code, 2, "let sparse = model.rows + u32(r0.y);");
    line(code, 2, "let sparse_end = sparse + u32(r0.z);");
    line(code, 2, "for (var k = sparse; k < sparse_end; k++) {");
    line(code, 3, "let entry = rows[k];");
    line(code, 3, "mu = fma(state[at(place, VALUE, u32(entry.x))], entry.y, mu);");
    line(code, 2, "}");
    let (sum, media_back) = curved::add(code, &s.curved, columns);
    for c in 0..s.channels.len() {
        respond(code, s, c, sum);
    }
    curved::add_media(code, &s.curved);
    let likelihood = stem(s.likelihood.family().wgsl.path);
    line(code, 2, format!("let point = likelihood_{likelihood}(r0.x, mu, noise, constants);"));
    line(code, 2, "logp += point.logp;");
    line(code, 2, "noise_back += point.dp;");
    line(code, 2, "let back = point.dmu;");
    for (k, e) in columns.dense.iter().enumerate() {
        line(code, 2, format!("g{e} = fma(back, {}, g{e});", word(ROW_HEAD + k)));
    }
    line(code, 2, "for (var k = sparse; k < sparse_end; k++) {");
    line(code, 3, "let entry = rows[k];");
    line(code, 3, "add_gradient(place, u32(entry.x), back * entry.y);");
    line(code, 2, "}");
    curved::take(code, &s.curved);
    for c in 0..s.channels.len() {
        respond_back(code, s, c, media_back);
    }
    line(code, 1, "}");
}

/// The stem of a shader's path: what its functions are called after.
pub fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".wgsl").unwrap_or(file)
}

/// The name of a channel's saturation in its functions.
pub fn saturation(channel: &Channel) -> &'static str {
    stem(channel.saturation.family.family().wgsl.path)
}

/// Adds a line.
pub fn line(code: &mut String, depth: usize, text: impl std::fmt::Display) {
    writeln!(code, "{:width$}{text}", "", width = 4 * depth).expect("writing to a String");
}
