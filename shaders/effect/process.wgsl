// What varies in time: spectral densities of the Matérn 5/2 kernel, and the softplus (uses elementary.wgsl).

// The root of the spectral density at omega over eta, and its derivative in the length scale.
fn process_amplitude(omega: f32, length_scale: f32) -> vec2f {
    let ls = clamp(length_scale, 1e-18, 1e17);
    let r = ls * omega;
    let inverse = 1.0 / fma(r, r, 5.0);
    let value = 17.2668 * sqrt(ls) * inverse * sqrt(inverse);
    return vec2f(value, value * (0.5 / ls - 3.0 * r * omega * inverse));
}

// ln(1 + e^x) and its derivative.
fn softplus(x: f32) -> vec2f {
    let e = exp_accurate(-abs(x));
    return vec2f(max(x, 0.0) + ln_1p(e), select(1.0, e, x < 0.0) / (1.0 + e));
}
