// Weibull prior; c = (alpha, ln beta, -, log of the constant).

fn prior_weibull(v: Mapped, c: vec4f) -> vec2f {
    let l = v.ln_below - c.y;
    let power = exp_accurate(c.x * l);
    let before = c.x - 1.0;
    return vec2f(before * l - power + c.w, (before - c.x * power) / v.x);
}

fn prior_weibull_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let ln_beta = ln(a.y);
    let l = v.ln_below - ln_beta;
    let power = exp_accurate(a.x * l);
    return Nested(
        ln(a.x) - ln_beta + (a.x - 1.0) * l - power,
        (a.x - 1.0 - a.x * power) / v.x,
        vec4f(1.0 / a.x + l - power * l, a.x * (power - 1.0) / a.y, 0.0, 0.0),
    );
}
