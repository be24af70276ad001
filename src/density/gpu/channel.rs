//! Writes the WGSL of one channel: its adstock, a window of weights or a recursion, and its saturation.

use super::body::{line, saturation, value, vector, word};
use super::pack::Columns;
use crate::model::{Channel, Structure};

/// Weights, saturation parameters, the window of spends and what flows back.
pub fn declare(code: &mut String, s: &Structure, c: usize, channel: &Channel) {
    let (adstock, n) = (&channel.adstock, channel.adstock.n_weights);
    line(code, 1, format!("let p{c} = {};", vector::<4>(&channel.saturation.slots)));
    line(code, 1, format!("var p{c}_back = vec4f(0.0);"));
    let nothing = nothing(s);
    for j in 0..n {
        line(code, 1, format!("var x{c}_{j} = {nothing};"));
    }
    if let Some(alpha) = alpha(channel) {
        let gain = format!("adstock_recursion_gain({alpha}, {})", adstock.normalize);
        line(code, 1, format!("let gain{c} = {gain};"));
        // what is carried over, and its derivatives: in alpha, and in the saturation's parameters
        line(code, 1, format!("var a{c} = vec2f(0.0);"));
        if !s.adstock_first {
            line(code, 1, format!("var a{c}_dp = vec4f(0.0);"));
        }
        return;
    }
    line(code, 1, format!("var w{c}: Weights;"));
    line(code, 1, format!("var dw{c}: WeightSlopes;"));
    let (family, slots) = (adstock.family.family().name, vector::<2>(&adstock.slots));
    line(code, 1, format!("adstock_{family}({slots}, {n}, &w{c}, &dw{c});"));
    if adstock.normalize {
        line(code, 1, format!("let inverse{c} = normalize_weights({n}, &w{c});"));
    }
    for j in 0..n {
        line(code, 1, format!("let w{c}_{j} = w{c}[{j}];"));
        line(code, 1, format!("var w{c}_{j}_back = 0.0;"));
    }
}

/// What an empty window holds.
fn nothing(s: &Structure) -> &'static str {
    if s.adstock_first { "0.0" } else { "Response()" }
}

/// The register of a recursion's alpha, if the channel has one.
fn alpha(channel: &Channel) -> Option<String> {
    channel.adstock.is_recursion().then(|| value(channel.adstock.slots[0]))
}

/// Empties the window of a channel's spends, or of its responses, before another loop over the rows.
pub fn empty(code: &mut String, s: &Structure, c: usize) {
    let (adstock, nothing) = (&s.channels[c].adstock, nothing(s));
    for j in 0..adstock.n_weights {
        line(code, 1, format!("x{c}_{j} = {nothing};"));
    }
    if adstock.is_recursion() {
        line(code, 1, format!("a{c} = vec2f(0.0);"));
        if !s.adstock_first {
            line(code, 1, format!("a{c}_dp = vec4f(0.0);"));
        }
    }
}

/// Moves the window of a channel's spends, or of its responses, to the next row; a recursion carries them
/// over to it.
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
    if let Some(alpha) = alpha(channel) {
        let x = if s.adstock_first { "" } else { ".value" };
        let next = format!("adstock_recursion(a{c}, x{c}_0{x}, {alpha}, gain{c})");
        line(code, 2, format!("a{c} = {next};"));
        if !s.adstock_first {
            let next = format!("fma(vec4f({alpha}), a{c}_dp, gain{c}.x * x{c}_0.dp)");
            line(code, 2, format!("a{c}_dp = {next};"));
        }
    }
}

/// Adds what a channel contributes to the variable `sum`.
pub fn respond(code: &mut String, s: &Structure, c: usize, sum: &str) {
    let channel = &s.channels[c];
    let (n, recursion) = (channel.adstock.n_weights, channel.adstock.is_recursion());
    if s.adstock_first {
        let mut adstocked = format!("a{c}.x");
        if !recursion {
            adstocked = format!("a{c}");
            line(code, 2, format!("var a{c} = 0.0;"));
            for j in 0..n {
                line(code, 2, format!("a{c} = fma(w{c}_{j}, x{c}_{j}, a{c});"));
            }
        }
        line(code, 2, format!("let m{c} = saturation_{}({adstocked}, p{c});", saturation(channel)));
        line(code, 2, format!("{sum} += m{c}.value;"));
    } else if recursion {
        line(code, 2, format!("{sum} += a{c}.x;"));
    } else {
        for j in 0..n {
            line(code, 2, format!("{sum} = fma(w{c}_{j}, x{c}_{j}.value, {sum});"));
        }
    }
}

/// Carries what flows back to a channel's contribution, `back`, to its weights and parameters.
pub fn respond_back(code: &mut String, s: &Structure, c: usize, back: &str) {
    let adstock = &s.channels[c].adstock;
    let (n, recursion) = (adstock.n_weights, adstock.is_recursion());
    let mut slope = back.to_owned();
    if s.adstock_first {
        slope = format!("d{c}");
        line(code, 2, format!("let d{c} = {back} * m{c}.dx;"));
        line(code, 2, format!("p{c}_back = fma(vec4f({back}), m{c}.dp, p{c}_back);"));
    }
    if recursion {
        let alpha = adstock.slots[0];
        line(code, 2, format!("g{alpha} = fma({slope}, a{c}.y, g{alpha});"));
        if !s.adstock_first {
            line(code, 2, format!("p{c}_back = fma(vec4f({back}), a{c}_dp, p{c}_back);"));
        }
        return;
    }
    let x = if s.adstock_first { "" } else { ".value" };
    for j in 0..n {
        line(code, 2, format!("w{c}_{j}_back = fma({slope}, x{c}_{j}{x}, w{c}_{j}_back);"));
        if !s.adstock_first {
            let slope = format!("vec4f({back} * w{c}_{j}), x{c}_{j}.dp, p{c}_back");
            line(code, 2, format!("p{c}_back = fma({slope});"));
        }
    }
}

/// From weights and saturation parameters to the elements.
pub fn pull_back(code: &mut String, c: usize, channel: &Channel) {
    for (p, e) in channel.saturation.slots.iter().enumerate() {
        line(code, 1, format!("g{e} += p{c}_back[{p}];"));
    }
    // What flows back to a recursion's alpha is its own.
    if channel.adstock.is_recursion() {
        return;
    }
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
}
