// LogNormal prior; c = (mu, 1/sigma, -, log of the constant).

fn prior_log_normal(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.ln_below - c.x) * c.y;
    return vec2f(-0.5 * z * z - v.ln_below + c.w, -(z * c.y + 1.0) / v.x);
}

// Mean and standard deviation as mu and sigma, and the derivatives of v = sigma^2 in both.
fn log_normal_moments(mean: f32, deviation: f32) -> vec4f {
    let ratio = deviation / mean;
    let spread = ln_1p(ratio * ratio);
    let dv = 2.0 * ratio / (1.0 + ratio * ratio) / mean;
    return vec4f(ln(mean) - 0.5 * spread, sqrt(spread), -dv * ratio, dv);
}

// From derivatives in mu and sigma to those in mean and standard deviation.
fn log_normal_moments_back(mean: f32, m: vec4f, dmu: f32, dsigma: f32) -> vec2f {
    let spread = 0.5 * (dsigma / m.y - dmu);
    return vec2f(dmu / mean + spread * m.z, spread * m.w);
}

fn prior_log_normal_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    var m = a;
    if signature == 1u {
        m = log_normal_moments(a.x, a.y);
    }
    let inverse = 1.0 / m.y;
    let z = (v.ln_below - m.x) * inverse;
    var da = vec2f(z * inverse, (z * z - 1.0) * inverse);
    let dx = -(da.x + 1.0) / v.x;
    if signature == 1u {
        da = log_normal_moments_back(a.x, m, da.x, da.y);
    }
    let logp = -0.5 * z * z - ln(m.y) - HALF_LN_TAU - v.ln_below;
    return Nested(logp, dx, vec4f(da, 0.0, 0.0));
}
