// Laplace likelihood; p = (b), c = (1/b, log of the constant).

fn likelihood_laplace_constants(p: vec2f, lower: f32) -> vec4f {
    return vec4f(1.0 / p.x, -ln(2.0 * p.x), vec2f());
}

fn likelihood_laplace(y: f32, mu: f32, p: vec2f, c: vec4f) -> Pointwise {
    let slope = select(c.x, -c.x, y < mu);
    let distance = (y - mu) * slope;
    return Pointwise(c.y - distance, slope, vec2f((distance - 1.0) * c.x, 0.0));
}
