// HalfNormal prior; c = (-, 1/sigma, -, log of the constant).

fn prior_half_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = v.x * c.y;
    return vec2f(-0.5 * z * z + c.w, -z * c.y);
}
