// The bump of an event: the density of Normal(0, sigma) at z, and its derivative in sigma (uses elementary.wgsl).

fn bump(z: f32, sigma: f32) -> vec2f {
    let inverse = 1.0 / max(sigma, 1e-12);
    let r = min(abs(z) * inverse, 38.0);
    let square = r * r;
    let value = 0.3989423 * inverse * exp_accurate(-0.5 * square);
    return vec2f(value, value * inverse * (square - 1.0));
}
