// Gamma likelihood by mean and standard deviation; p = (sigma), c = (1/sigma).

fn likelihood_gamma_constants(p: vec2f, lower: f32) -> vec4f {
    return vec4f(1.0 / p.x, vec3f());
}

fn likelihood_gamma(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    if mu <= 0.0 {
        return Pointwise(-infinity(), 0.0, vec2f(0.0));
    }
    let inverse = 1.0 / mu;
    let ratio = mu * c.x;
    let alpha = ratio * ratio;
    let d = (y - mu) * inverse;
    let gap = d - ln_1p(d);
    let remainder = stirling_remainder(alpha);
    // d logp / d alpha, times 2 alpha
    let pull = 1.0 - 2.0 * alpha * (gap + remainder.y);
    return Pointwise(
        0.5 * ln(alpha) - HALF_LN_TAU - ln(y) - alpha * gap - remainder.x,
        (pull + alpha * d) * inverse,
        vec2f(-pull * c.x, 0.0),
    );
}
