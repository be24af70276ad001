//! Writes the WGSL of one structure's log likelihood: straight-line code over its channels and dense
//! columns, one loop over the dates.

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
fn value(element: usize) -> String {
    format!("v{element}")
}

/// Up to `N` values, filled up with zeros.
fn vector<const N: usize>(slots: &[usize]) -> String {
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
        declare_channel(&mut code, s, c, channel);
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

/// Weights, saturation parameters, the window of spends and what flows back.
fn declare_channel(code: &mut String, s: &Structure, c: usize, channel: &Channel) {
    let (adstock, n) = (&channel.adstock, channel.adstock.n_weights);
    line(code, 1, format!("var w{c}: Weights;"));
    line(code, 1, format!("var dw{c}: WeightSlopes;"));
    let (family, slots) = (adstock.family.family().name, vector::<2>(&adstock.slots));
    line(code, 1, format!("adstock_{family}({slots}, {n}, &w{c}, &dw{c});"));
    if adstock.normalize {
        line(code, 1, format!("let inverse{c} = normalize_weights({n}, &w{c});"));
    }
    line(code, 1, format!("let p{c} = {};", vector::<4>(&channel.saturation.slots)));
    line(code, 1, format!("var p{c}_back = vec4f(0.0);"));
    let nothing = if s.adstock_first { "0.0" } else { "Response()" };
    for j in 0..n {
        line(code, 1, format!("let w{c}_{j} = w{c}[{j}];"));
        line(code, 1, format!("var w{c}_{j}_back = 0.0;"));
        line(code, 1, format!("var x{c}_{j} = {nothing};"));
    }
}

/// The head of a loop over the rows: their numbers in registers.
pub fn rows(code: &mut String, columns: &Columns) {
    line(code, 1, "for (var t = 0u; t < model.n_rows; t++) {");
    line(code, 2, "let row = model.rows + t * model.row_stride;");
    for k in 0..columns.registers() {
        line(code, 2, format!("let r{k} = rows[row + {k}u];"));
    }
}

/// Moves the window of a channel's spends, or of its responses, to the next row.
pub fn slide(code: &mut String, s: &Structure, columns: &Columns, c: usize) {
    let (channel, spend) = (&s.channels[c], word(columns.spends() + c));
    for j in (1..channel.adstock.n_weights).rev() {
        line(code, 2, format!("x{c}_{j} = x{c}_{};", j - 1));
    }
    if s.adstock_first {
        line(code, 2, format!("x{c}_0 = {spend};"));
    } else {
        line(code, 2, format!("x{c}_0 = Response();"));
        // Outside of the training rows there is no response, whatever the family says of no spend.
        let response = format!("saturation_{}({spend}, p{c})", saturation(channel));
        let date = format!("t - {}u", s.max_shift() - channel.adstock.shift);
        line(code, 2, format!("if {date} < model.n_train {{ x{c}_0 = {response}; }}"));
    }
}

/// Adds what a channel contributes to the variable `sum`.
pub fn respond(code: &mut String, s: &Structure, c: usize, sum: &str) {
    let channel = &s.channels[c];
    let n = channel.adstock.n_weights;
    if s.adstock_first {
        line(code, 2, format!("var a{c} = 0.0;"));
        for j in 0..n {
            line(code, 2, format!("a{c} = fma(w{c}_{j}, x{c}_{j}, a{c});"));
        }
        line(code, 2, format!("let m{c} = saturation_{}(a{c}, p{c});", saturation(channel)));
        line(code, 2, format!("{sum} += m{c}.value;"));
    } else {
        for j in 0..n {
            line(code, 2, format!("{sum} = fma(w{c}_{j}, x{c}_{j}.value, {sum});"));
        }
    }
}

/// Carries what flows back to a channel's contribution, `back`, to its weights and parameters.
pub fn respond_back(code: &mut String, s: &Structure, c: usize, back: &str) {
    let n = s.channels[c].adstock.n_weights;
    if s.adstock_first {
        line(code, 2, format!("let d{c} = {back} * m{c}.dx;"));
        line(code, 2, format!("p{c}_back = fma(vec4f({back}), m{c}.dp, p{c}_back);"));
        for j in 0..n {
            line(code, 2, format!("w{c}_{j}_back = fma(d{c}, x{c}_{j}, w{c}_{j}_back);"));
        }
    } else {
        for j in 0..n {
            let fma = format!("fma({back}, x{c}_{j}.value, w{c}_{j}_back)");
            line(code, 2, format!("w{c}_{j}_back = {fma};"));
            let slope = format!("vec4f({back} * w{c}_{j}), x{c}_{j}.dp, p{c}_back");
            line(code, 2, format!("p{c}_back = fma({slope});"));
        }
    }
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

/// From weights and saturation parameters to the elements.
fn pull_back(code: &mut String, c: usize, channel: &Channel) {
    let n = channel.adstock.n_weights;
    if channel.adstock.normalize {
        line(code, 1, format!("var mean{c} = 0.0;"));
        for j in 0..n {
            line(code, 1, format!("mean{c} = fma(w{c}_{j}_back, w{c}_{j}, mean{c});"));
        }
        for j in 0..n {
            let centred = format!("(w{c}_{j}_back - mean{c}) * inverse{c}");
            line(code, 1, format!("w{c}_{j}_back = {centred};"));
        }
    }
    for (p, e) in channel.adstock.slots.iter().enumerate() {
        for j in 0..n {
            line(code, 1, format!("g{e} = fma(w{c}_{j}_back, dw{c}[{j}][{p}], g{e});"));
        }
    }
    for (p, e) in channel.saturation.slots.iter().enumerate() {
        line(code, 1, format!("g{e} += p{c}_back[{p}];"));
    }
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
