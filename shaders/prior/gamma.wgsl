// Gamma prior; c = (alpha - 1, beta, -, log of the constant).

fn prior_gamma(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.x * v.ln_below - c.y * v.x + c.w, c.x / v.x - c.y);
}

fn prior_gamma_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let rate = a.x / (a.y * a.y);
    let p = select(a.xy, vec2f(a.x * rate, rate), signature == 1u);
    let ln_beta = ln(p.y);
    let norm = ln_gamma(p.x);
    var da = vec2f(v.ln_below + ln_beta - norm.y, p.x / p.y - v.x);
    if signature == 1u {
        let both = da.x * p.x + da.y * rate;
        da = vec2f(rate * (2.0 * da.x + da.y / a.x), -2.0 * both / a.y);
    }
    return Nested(
        (p.x - 1.0) * v.ln_below - p.y * v.x + p.x * ln_beta - norm.x,
        (p.x - 1.0) / v.x - p.y,
        vec4f(da, 0.0, 0.0),
    );
}
