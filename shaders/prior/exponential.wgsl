// Exponential prior; c = (lam, -, -, log of the constant).

fn prior_exponential(v: Mapped, c: vec4f) -> vec2f {
    return vec2f(c.w - c.x * v.x, -c.x);
}

fn prior_exponential_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let lam = select(a.x, 1.0 / a.x, signature == 1u);
    let dlam = 1.0 / lam - v.x;
    let da = select(dlam, -dlam * lam * lam, signature == 1u);
    return Nested(ln(lam) - lam * v.x, -lam, vec4f(da, 0.0, 0.0, 0.0));
}
