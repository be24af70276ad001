//! Writes the WGSL of lift tests and costs per target.

use super::body::{line, respond, respond_back, rows, saturation, slide, word};
use super::pack::Columns;
use crate::model::Structure;
use crate::model::prior::gamma;

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
    } else {
        line(code, 1, format!("let at{k} = vec2f(1.0, 0.0);"));
    }
    line(code, 1, format!("let change{k} = plain{k} * at{k}.x;"));
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
            "p{c}_back = fma(vec4f(back{k} * at{k}.x), after{k}.dp - before{k}.dp, p{c}_back);"
        ),
    );
}

/// Cost per target `k`, of channel `c`: its mean in one loop over the dates, what flows back in another.
pub fn cost(code: &mut String, s: &Structure, columns: &Columns, k: usize, c: usize) {
    let varies = s.curved.media.is_some();
    let at = k + s.lifts.len() * if varies { 2 } else { 1 };
    let spent = word(columns.spent() + k);
    line(code, 1, format!("let c{k} = rows[model.lifts + {at}u];"));
    line(code, 1, format!("var cost{k} = 0.0;"));
    let contribution = |code: &mut String| {
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
        let factor = if varies { "process_at(&media, row)" } else { "vec2f(1.0, 0.0)" };
        line(code, 2, format!("let factor = {factor};"));
        line(code, 2, "let contribution = plain * factor.x;");
    };
    contribution(code);
    line(code, 2, format!("cost{k} += {spent} / max(contribution, c{k}.z);"));
    line(code, 1, "}");
    line(code, 1, format!("cost{k} = (cost{k} / f32(model.n_train) - c{k}.x) / c{k}.y;"));
    line(code, 1, format!("logp -= 0.5 * cost{k} * cost{k};"));
    line(code, 1, format!("let cost{k}_back = cost{k} / c{k}.y / f32(model.n_train);"));
    contribution(code);
    line(code, 2, format!("let slope = {spent} / contribution / contribution * cost{k}_back;"));
    line(code, 2, format!("let cost_back = select(0.0, slope, contribution > c{k}.z);"));
    if varies {
        line(code, 2, "process_take(&media, row, factor, cost_back * plain);");
    }
    line(code, 2, "let plain_back = cost_back * factor.x;");
    respond_back(code, s, c, "plain_back");
    line(code, 1, "}");
}
