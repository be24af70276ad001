// Uniform prior; c = (-, -, -, log of the constant).

fn prior_uniform(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.w, 0.0);
}

fn prior_uniform_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / (a.y - a.x);
    return Nested(ln(inverse), 0.0, vec4f(inverse, -inverse, 0.0, 0.0));
}
