// Skew normal likelihood; p = (sigma, alpha), c = (1/sigma, log of the constant).

fn likelihood_skew_normal_constants(p: vec2f, lower: f32) -> vec4f {
    return vec4f(1.0 / p.x, 0.6931471806 - ln(p.x) - HALF_LN_TAU, vec2f());
}

fn likelihood_skew_normal(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    let z = (y - mu) * c.x;
    let mass = log_ndtr(p.y * z);
    let pull = z - p.y * mass.y;
    return Pointwise(
        -0.5 * z * z + mass.x + c.y,
        pull * c.x,
        vec2f((z * pull - 1.0) * c.x, z * mass.y),
    );
}
