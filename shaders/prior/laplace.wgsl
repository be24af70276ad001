// Laplace prior; c = (mu, 1/b, -, log of the constant).

fn prior_laplace(v: Mapped, c: vec4f) -> vec2f {
    let distance = v.x - c.x;
    let slope = select(-c.y, c.y, distance < 0.0);
    return vec2f(distance * slope + c.w, slope);
}

fn prior_laplace_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let distance = v.x - a.x;
    let slope = select(-inverse, inverse, distance < 0.0);
    let z = distance * slope;
    return Nested(z - ln(2.0 * a.y), slope, vec4f(-slope, -(z + 1.0) * inverse, 0.0, 0.0));
}
