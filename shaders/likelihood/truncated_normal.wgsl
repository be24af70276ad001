// Normal likelihood cut off below; p = (sigma).

fn likelihood_truncated_normal(y: f32, mu: f32, p: vec2f, lower: f32) -> Pointwise {
    let inverse = 1.0 / p.x;
    let z = (y - mu) * inverse;
    let m = (mu - lower) * inverse;
    let mass = log_ndtr(m);
    let slope = mass.y * inverse;
    return Pointwise(
        -0.5 * z * z - ln(p.x) - HALF_LN_TAU - mass.x,
        z * inverse - slope,
        vec2f(fma(slope, m, (z * z - 1.0) * inverse), 0.0),
    );
}
