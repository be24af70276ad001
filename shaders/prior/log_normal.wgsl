// LogNormal prior; c = (mu, 1/sigma, -, log of the constant).

fn prior_log_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.ln_below - c.x) * c.y;
    return vec2f(-0.5 * z * z - v.ln_below + c.w, -(z * c.y + 1.0) / v.x);
}
