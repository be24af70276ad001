// SkewNormal prior; c = (mu, 1/sigma, alpha, log of the constant).

fn prior_skew_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.x - c.x) * c.y;
    let mass = log_ndtr(c.z * z);
    return vec2f(-0.5 * z * z + mass.x + c.w, (c.z * mass.y - z) * c.y);
}

fn prior_skew_normal_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let z = (v.x - a.x) * inverse;
    let mass = log_ndtr(a.z * z);
    let slope = (a.z * mass.y - z) * inverse;
    return Nested(
        -0.5 * z * z + mass.x + 0.69314718 - HALF_LN_TAU - ln(a.y),
        slope,
        vec4f(-slope, -z * slope - inverse, z * mass.y, 0.0),
    );
}
