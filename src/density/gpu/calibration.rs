//! Writes the WGSL of lift tests, costs per target and priors of returns.

use super::body::{line, respond, respond_back, rows, saturation, slide, word};
use super::pack::Columns;
use crate::model::Structure;
use crate::model::prior::gamma;
use crate::model::roas::LEAST;

/// Lift test `k`, of channel `c`.
pub fn lift(code: &mut String, s: &Structure, k: usize, c: usize) {
    let (saturation, varies) = (saturation(&s.channels[c]), s.curved.media.is_some());
    line(code, 1, format!("let l{k} = rows[model.lifts + {k}u];"));
    line(code, 1, format!("let before{k} = saturation_{saturation}(l{k}.x, p{c});"));
    line(code, 1, format!("let after{k} = saturation_{saturation}(l{k}.y, p{c});"));
    line(code, 1, format!("let plain{k} = after{k}.value - before{k}.value;"));
    if varies {
        let at = s.lifts.len() + k;
        line(code, 1, format!("let row{k} = model.rows + u32(rows[model.lifts + {at}u].x);"));
        line(code, 1, format!("let at{k} = process_at(&media, row{k});"));
    }
    let times_factor = if varies { format!(" * at{k}.x") } else { String::new() };
    line(code, 1, format!("let change{k} = plain{k}{times_factor};"));
    let effect = format!("Mapped(l{k}.z, l{k}.z, 0.0, ln(l{k}.z), 0.0, 0.0, 0.0, 0.0)");
    let arguments = format!("vec4f(abs(change{k}), l{k}.w, 0.0, 0.0), {}u", gamma::BY_MEAN);
    line(code, 1, format!("let d{k}_lift = prior_gamma_nested({effect}, {arguments});"));
    line(code, 1, format!("logp += d{k}_lift.logp;"));
    line(
        code,
        1,
        format!("let back{k} = select(d{k}_lift.da.x, -d{k}_lift.da.x, change{k} < 0.0);"),
    );
    if varies {
        line(code, 1, format!("process_take(&media, row{k}, at{k}, back{k} * plain{k});"));
    }
    line(
        code,
        1,
        format!(
            "p{c}_back = fma(vec4f(back{k}{times_factor}), after{k}.dp - before{k}.dp, p{c}_back);"
        ),
    );
}

/// Cost per target `k`, of channel `c`: its mean in one loop over the dates, what flows back in another.
pub fn cost(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    let at = costs(s) + k;
    let spent = word(columns.spent() + k);
    line(code, 1, format!("let c{k} = rows[model.lifts + {at}u];"));
    line(code, 1, format!("var cost{k} = 0.0;"));
    contribution(code, s, columns, c);
    line(code, 2, format!("cost{k} += {spent} / max(contribution, c{k}.z);"));
    line(code, 1, "}");
    line(code, 1, format!("cost{k} = (cost{k} / f32(model.n_train) - c{k}.x) / c{k}.y;"));
    line(code, 1, format!("logp -= 0.5 * cost{k} * cost{k};"));
    line(code, 1, format!("let cost{k}_back = cost{k} / c{k}.y / f32(model.n_train);"));
    contribution(code, s, columns, c);
    line(code, 2, format!("let slope = {spent} / contribution / contribution * cost{k}_back;"));
    line(code, 2, format!("let cost_back = select(0.0, slope, contribution > c{k}.z);"));
    contribution_back(code, s, c, "cost_back");
}

/// Prior `k` of a return, of channel `c`: its sum in one loop over the dates, what flows back in another.
pub fn roas(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    let at = costs(s) + s.costs.len() + 2 * k;
    line(code, 1, format!("let n{k} = rows[model.lifts + {at}u];"));
    line(code, 1, format!("let n{k}_prior = rows[model.lifts + {}u];", at + 1));
    line(code, 1, format!("var sum{k} = 0.0;"));
    contribution(code, s, columns, c);
    line(code, 2, format!("sum{k} += contribution;"));
    line(code, 1, "}");
    line(code, 1, format!("let total{k} = max(sum{k}, {LEAST:e});"));
    line(code, 1, format!("let x{k}_return = total{k} * n{k}.x;"));
    line(code, 1, format!("let ln{k}_return = ln(total{k}) + n{k}.y;"));
    let distances = format!("x{k}_return, x{k}_return, 0.0, ln{k}_return");
    let value = format!("Mapped({distances}, 0.0, 0.0, 0.0, 0.0)");
    line(code, 1, format!("let q{k} = prior_density(u32(n{k}.z), {value}, n{k}_prior);"));
    line(code, 1, format!("logp += q{k}.x + ln{k}_return;"));
    line(code, 1, format!("let slope{k} = fma(q{k}.y, n{k}.x, 1.0 / total{k});"));
    line(code, 1, format!("let sum{k}_back = select(0.0, slope{k}, sum{k} > {LEAST:e});"));
    contribution(code, s, columns, c);
    contribution_back(code, s, c, &format!("sum{k}_back"));
}

/// Where the costs per target begin, in vec4s from the lift tests on.
fn costs(s: &Structure) -> usize {
    s.lifts.len() * if s.curved.media.is_some() { 2 } else { 1 }
}

/// The begin of a loop over the dates with what channel `c` contributes: `plain`, the `factor` on all media,
/// and their product `contribution`; no factor where media do not vary.
fn contribution(code: &mut String, s: &Structure, columns: &Columns, c: usize) {
    let nothing = if s.adstock_first { "0.0" } else { "Response()" };
    for j in 0..s.channels[c].adstock.n_weights {
        line(code, 1, format!("x{c}_{j} = {nothing};"));
    }
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
