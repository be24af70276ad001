// Normal prior; c = (mu, 1/sigma, -, log of the constant).

fn prior_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.x - c.x) * c.y;
    return vec2f(-0.5 * z * z + c.w, -z * c.y);
}

fn prior_normal_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let z = (v.x - a.x) * inverse;
    let slope = z * inverse;
    return Nested(
        -0.5 * z * z - ln(a.y) - HALF_LN_TAU,
        -slope,
        vec4f(slope, z * slope - inverse, 0.0, 0.0),
    );
}
