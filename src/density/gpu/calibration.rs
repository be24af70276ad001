//! Writes the WGSL of lift tests, costs per target and priors of returns.

use super::body::{line, rows, saturation, word};
use super::channel::{empty, respond, respond_back, slide};
use super::pack::Columns;
use crate::model::Structure;
use crate::model::prior::gamma;
use crate::model::roas::LEAST;

/// The vec4 of a series that counts its lift tests and costs per target.
fn counts(s: &Structure) -> String {
    format!("model.calibration + {}u", 2 * s.roas.len())
}

/// The lift tests: one loop over those that the series has, a case for each channel.
pub fn lifts(code: &mut String, s: &Structure) {
    if s.lifts.is_empty() {
        return;
    }
    line(code, 1, format!("let lifts = {};", counts(s)));
    line(code, 1, "for (var k = 0u; k < u32(rows[lifts].x); k++) {");
    line(code, 2, "let lift = rows[lifts + 1u + 2u * k];");
    line(code, 2, "let whose = rows[lifts + 2u + 2u * k];");
    line(code, 2, "var before = Response();");
    line(code, 2, "var after = Response();");
    line(code, 2, "switch u32(whose.x) {");
    for &c in &s.lifts {
        let saturation = saturation(&s.channels[c]);
        let at = |x: &str| format!("saturation_{saturation}(lift.{x}, p{c})");
        let both = format!("before = {}; after = {};", at("x"), at("y"));
        line(code, 3, format!("case {c}u: {{ {both} }}"));
    }
    line(code, 3, "default: {}");
    line(code, 2, "}");
    line(code, 2, "let plain = after.value - before.value;");
    match s.curved.media {
        None => line(code, 2, "let factor = 1.0;"),
        Some(_) => {
            line(code, 2, "let row = model.rows + u32(whose.y);");
            line(code, 2, "let varies = process_at(&media, row);");
            line(code, 2, "let factor = varies.x;");
        }
    }
    line(code, 2, "let change = plain * factor;");
    line(code, 2, "let effect = Mapped(lift.z, lift.z, 0.0, ln(lift.z), 0.0, 0.0, 0.0, 0.0);");
    let arguments = format!("vec4f(abs(change), lift.w, 0.0, 0.0), {}u", gamma::BY_MEAN);
    line(code, 2, format!("let density = prior_gamma_nested(effect, {arguments});"));
    line(code, 2, "logp += density.logp;");
    line(code, 2, "let lift_back = select(density.da.x, -density.da.x, change < 0.0);");
    if s.curved.media.is_some() {
        line(code, 2, "process_take(&media, row, varies, lift_back * plain);");
    }
    line(code, 2, "let slope = vec4f(lift_back * factor) * (after.dp - before.dp);");
    line(code, 2, "switch u32(whose.x) {");
    for &c in &s.lifts {
        line(code, 3, format!("case {c}u: {{ p{c}_back += slope; }}"));
    }
    line(code, 3, "default: {}");
    line(code, 2, "}");
    line(code, 1, "}");
}

/// The costs per target of channel `c`, whose spend is `k` in the rows: their mean in one loop over the
/// dates, what flows back in another. A series without any has a spend of 0 and no loop over costs.
pub fn cost(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    let spent = word(columns.spent() + k);
    line(code, 1, format!("let counts{k} = rows[{}];", counts(s)));
    line(code, 1, format!("let costs{k} = {} + 1u + 2u * u32(counts{k}.x);", counts(s)));
    line(code, 1, format!("var least{k} = 1.0;"));
    each_cost(code, k, c, &format!("least{k} = cost.z;"));
    line(code, 1, format!("var cost{k} = 0.0;"));
    contribution(code, s, columns, c);
    line(code, 2, format!("cost{k} += {spent} / max(contribution, least{k});"));
    line(code, 1, "}");
    line(code, 1, format!("cost{k} /= f32(model.n_train);"));
    line(code, 1, format!("var cost{k}_back = 0.0;"));
    let deviation = format!("let deviation = (cost{k} - cost.x) / cost.y;");
    let back = format!("cost{k}_back += deviation / cost.y / f32(model.n_train);");
    let body = format!("{deviation} logp -= 0.5 * deviation * deviation; {back}");
    each_cost(code, k, c, &body);
    contribution(code, s, columns, c);
    line(code, 2, format!("let slope = {spent} / contribution / contribution * cost{k}_back;"));
    line(code, 2, format!("let cost_back = select(0.0, slope, contribution > least{k});"));
    contribution_back(code, s, c, "cost_back");
}

/// A loop over the costs of a series that are those of channel `c`.
fn each_cost(code: &mut String, k: usize, c: usize, body: &str) {
    line(code, 1, format!("for (var i = 0u; i < u32(counts{k}.y); i++) {{"));
    line(code, 2, format!("let cost = rows[costs{k} + i];"));
    line(code, 2, format!("if u32(cost.w) == {c}u {{ {body} }}"));
    line(code, 1, "}");
}

/// Prior `k` of a return, of channel `c`: its sum in one loop over the dates, what flows back in another. A
/// return of several series together is known before, from their parts.
pub fn roas(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    let at = |i: usize| format!("rows[model.calibration + {}u]", 2 * k + i);
    line(code, 1, format!("let n{k} = {};", at(0)));
    line(code, 1, format!("let n{k}_prior = {};", at(1)));
    if s.joint {
        line(code, 1, format!("let sum{k} = joint_return(place, {k}u, n{k}.y);"));
    } else {
        part_of_return(code, s, columns, k, c);
    }
    line(code, 1, format!("let x{k}_return = max(sum{k}, {LEAST:e});"));
    line(code, 1, format!("let ln{k}_return = ln(x{k}_return);"));
    let distances = format!("x{k}_return, x{k}_return, 0.0, ln{k}_return");
    let value = format!("Mapped({distances}, 0.0, 0.0, 0.0, 0.0)");
    line(code, 1, format!("let q{k} = prior_density(u32(n{k}.z), {value}, n{k}_prior);"));
    // Of several series the first counts it.
    line(code, 1, format!("logp += n{k}.w * (q{k}.x + ln{k}_return);"));
    line(code, 1, format!("let slope{k} = (q{k}.y + 1.0 / x{k}_return) * n{k}.x;"));
    line(code, 1, format!("let sum{k}_back = select(0.0, slope{k}, sum{k} > {LEAST:e});"));
    contribution(code, s, columns, c);
    contribution_back(code, s, c, &format!("sum{k}_back"));
}

/// What the series adds to return `k`, of channel `c`, as the variable `sum{k}`; `n{k}` is the first vec4 of
/// its prior.
pub fn part_of_return(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    line(code, 1, format!("var sum{k} = 0.0;"));
    contribution(code, s, columns, c);
    line(code, 2, format!("sum{k} += contribution;"));
    line(code, 1, "}");
    line(code, 1, format!("sum{k} *= n{k}.x;"));
}

/// The begin of a loop over the dates with what channel `c` contributes: `plain`, the `factor` on all media,
/// and their product `contribution`; no factor where media do not vary.
fn contribution(code: &mut String, s: &Structure, columns: &Columns, c: usize) {
    empty(code, s, c);
    rows(code, columns);
    slide(code, s, columns, c);
    if s.max_shift() > 0 {
        line(code, 2, format!("if t < {}u {{ continue; }}", s.max_shift()));
    }
    line(code, 2, "var plain = 0.0;");
    respond(code, s, c, "plain");
    if s.curved.media.is_some() {
        line(code, 2, "let factor = process_at(&media, row);");
        line(code, 2, "let contribution = plain * factor.x;");
    } else {
        line(code, 2, "let contribution = plain;");
    }
}

/// The end of such a loop: carries what flows back to a contribution, `back`, to what it is made of.
fn contribution_back(code: &mut String, s: &Structure, c: usize, back: &str) {
    if s.curved.media.is_some() {
        line(code, 2, format!("process_take(&media, row, factor, {back} * plain);"));
        line(code, 2, format!("let plain_back = {back} * factor.x;"));
        respond_back(code, s, c, "plain_back");
    } else {
        respond_back(code, s, c, back);
    }
    line(code, 1, "}");
}
