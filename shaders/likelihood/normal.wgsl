// Normal likelihood; p = (sigma), c = (1/sigma, log of the constant).

fn likelihood_normal_constants(p: vec2f, lower: f32) -> vec4f {
    return vec4f(1.0 / p.x, -ln(p.x) - HALF_LN_TAU, vec2f());
}

fn likelihood_normal(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    let z = (y - mu) * c.x;
    return Pointwise(-0.5 * z * z + c.y, z * c.x, vec2f((z * z - 1.0) * c.x, 0.0));
}
