// Normal likelihood; p = (sigma).

fn likelihood_normal(y: f32, mu: f32, p: vec2f, lower: f32) -> Pointwise {
    let inverse = 1.0 / p.x;
    let z = (y - mu) * inverse;
    return Pointwise(
        -0.5 * z * z - ln(p.x) - HALF_LN_TAU,
        z * inverse,
        vec2f((z * z - 1.0) * inverse, 0.0),
    );
}
