// Student's t likelihood; p = (nu, sigma), c = (1/(sigma sqrt(nu)), 1/sigma, log of the constant, its
// derivative in nu).

fn likelihood_student_t_constants(p: vec2f, lower: f32) -> vec4f {
    let inverse = 1.0 / p.y;
    let x = 0.5 * p.x;
    let above = stirling_remainder(x + 0.5);
    let below = stirling_remainder(x);
    let log = ln_1p(1.0 / p.x);
    return vec4f(
        inverse / sqrt(p.x),
        inverse,
        x * log - 0.5 + above.x - below.x - HALF_LN_TAU - ln(p.y),
        0.5 * (log - 1.0 / (p.x + 1.0) + above.y - below.y),
    );
}

fn likelihood_student_t(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    let z = (y - mu) * c.x;
    let q = z * z;
    let log = ln_1p(q);
    let weight = (p.x + 1.0) / (q + 1.0);
    return Pointwise(
        c.z - 0.5 * (p.x + 1.0) * log,
        weight * z * c.x,
        vec2f(c.w + 0.5 * (weight * q / p.x - log), (weight * q - 1.0) * c.y),
    );
}
