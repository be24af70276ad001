// Cauchy prior; c = (alpha, 1/beta, -, log of the constant).

fn prior_cauchy(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.x - c.x) * c.y;
    let square = z * z;
    return vec2f(c.w - ln_1p(square), -2.0 * z * c.y / (square + 1.0));
}

fn prior_cauchy_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let z = (v.x - a.x) * inverse;
    let slope = 2.0 * z * inverse / (1.0 + z * z);
    return Nested(
        -ln(3.1415927 * a.y) - ln_1p(z * z),
        -slope,
        vec4f(slope, z * slope - inverse, 0.0, 0.0),
    );
}
