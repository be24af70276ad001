// InverseGamma prior; c = (alpha + 1, beta, -, log of the constant).

fn prior_inverse_gamma(v: Mapped, c: vec4f) -> vec2f {
    let inverse = 1.0 / v.x;
    let ratio = c.y * inverse;
    return vec2f(c.w - c.x * v.ln_below - ratio, (ratio - c.x) * inverse);
}

fn prior_inverse_gamma_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let squares = (a.x / a.y) * (a.x / a.y);
    let p = select(a.xy, vec2f(squares + 2.0, a.x * (squares + 1.0)), signature == 1u);
    let ln_beta = ln(p.y);
    let norm = ln_gamma(p.x);
    let inverse = 1.0 / v.x;
    var da = vec2f(ln_beta - norm.y - v.ln_below, p.x / p.y - inverse);
    if signature == 1u {
        let both = 2.0 * squares * (da.x + da.y * a.x);
        da = vec2f(da.y * (squares + 1.0) + both / a.x, -both / a.y);
    }
    return Nested(
        p.x * ln_beta - norm.x - (p.x + 1.0) * v.ln_below - p.y * inverse,
        (p.y * inverse - p.x - 1.0) * inverse,
        vec4f(da, 0.0, 0.0),
    );
}
