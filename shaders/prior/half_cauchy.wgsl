// HalfCauchy prior; c = (-, 1/beta, -, log of the constant).

fn prior_half_cauchy(v: Mapped, c: vec4f) -> vec2f {
    let z = v.x * c.y;
    let square = z * z;
    return vec2f(c.w - ln_1p(square), -2.0 * z * c.y / (square + 1.0));
}
