// Exponential prior; c = (lam, -, -, log of the constant).

fn prior_exponential(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.w - c.x * v.x, -c.x);
}
