// TruncatedNormal prior; c = (mu, 1/sigma, -, log of the constant).

fn prior_truncated_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.x - c.x) * c.y;
    return vec2f(-0.5 * z * z + c.w, -z * c.y);
}

fn truncated_normal_density(z: f32, mass: f32) -> f32 {
    return exp_accurate(-0.5 * z * z - HALF_LN_TAU - mass);
}

fn prior_truncated_normal_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let z = (v.x - a.x) * inverse;
    let below = clamp((a.z - a.x) * inverse, -30.0, 30.0);
    let above = clamp((a.w - a.x) * inverse, -30.0, 30.0);
    let left = select(below, -above, below > 0.0);
    let right = select(above, -below, below > 0.0);
    let ln_right = log_ndtr(right).x;
    let mass = ln_right + ln_1p(-exp_accurate(log_ndtr(left).x - ln_right));
    let at_below = truncated_normal_density(below, mass);
    let at_above = truncated_normal_density(above, mass);
    let slope = z * inverse;
    let dsigma = z * slope - inverse + (above * at_above - below * at_below) * inverse;
    return Nested(
        -0.5 * z * z - ln(a.y) - HALF_LN_TAU - mass,
        -slope,
        vec4f(slope + (at_above - at_below) * inverse, dsigma, 0.0, 0.0),
    );
}
