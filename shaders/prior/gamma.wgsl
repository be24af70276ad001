// Gamma prior; c = (alpha - 1, beta, -, log of the constant).

fn prior_gamma(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.x * v.ln_below - c.y * v.x + c.w, c.x / v.x - c.y);
}
