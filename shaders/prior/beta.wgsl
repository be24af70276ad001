// Beta prior; c = (alpha - 1, beta - 1, -, log of the constant).

fn prior_beta(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(
        c.x * v.ln_below + c.y * v.ln_above + c.w,
        c.x / v.below - c.y / v.above,
    );
}

fn prior_beta_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / (a.y * a.y);
    let nu = a.x * (1.0 - a.x) * inverse - 1.0;
    let p = select(a.xy, vec2f(a.x * nu, (1.0 - a.x) * nu), signature == 1u);
    let of_alpha = ln_gamma(p.x);
    let of_beta = ln_gamma(p.y);
    let of_sum = ln_gamma(p.x + p.y);
    var da = vec2f(v.ln_below - of_alpha.y + of_sum.y, v.ln_above - of_beta.y + of_sum.y);
    if signature == 1u {
        let dnu = da.x * a.x + da.y * (1.0 - a.x);
        let dmu = (da.x - da.y) * nu + dnu * (1.0 - 2.0 * a.x) * inverse;
        da = vec2f(dmu, -2.0 * dnu * (nu + 1.0) / a.y);
    }
    let left = p.x - 1.0;
    let right = p.y - 1.0;
    return Nested(
        left * v.ln_below + right * v.ln_above - of_alpha.x - of_beta.x + of_sum.x,
        left / v.below - right / v.above,
        vec4f(da, 0.0, 0.0),
    );
}
