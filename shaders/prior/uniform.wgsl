// Uniform prior; c = (-, -, -, log of the constant).

fn prior_uniform(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.w, 0.0);
}
