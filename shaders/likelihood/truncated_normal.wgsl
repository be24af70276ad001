// Normal likelihood cut off below; p = (sigma), c = (1/sigma, log of the constant, lower).

fn likelihood_truncated_normal_constants(p: vec2f, lower: f32) -> vec4f {
    return vec4f(1.0 / p.x, -ln(p.x) - HALF_LN_TAU, lower, f32());
}

fn likelihood_truncated_normal(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    let z = (y - mu) * c.x;
    let m = (mu - c.z) * c.x;
    let mass = log_ndtr(m);
    let slope = mass.y * c.x;
    return Pointwise(
        -0.5 * z * z + c.y - mass.x,
        z * c.x - slope,
        vec2f(fma(slope, m, (z * z - 1.0) * c.x), 0.0),
    );
}
