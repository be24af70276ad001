// HalfNormal prior; c = (-, 1/sigma, -, log of the constant).

fn prior_half_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = v.x * c.y;
    return vec2f(-0.5 * z * z + c.w, -z * c.y);
}

fn prior_half_normal_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.x;
    let z = v.x * inverse;
    return Nested(
        -0.5 * z * z - ln(a.x) - 0.22579135,
        -z * inverse,
        vec4f((z * z - 1.0) * inverse, 0.0, 0.0, 0.0),
    );
}
