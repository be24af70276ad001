// Beta prior; c = (alpha - 1, beta - 1, -, log of the constant).

fn prior_beta(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(
        c.x * v.ln_below + c.y * v.ln_above + c.w,
        c.x / v.below - c.y / v.above,
    );
}
