// Laplace prior; c = (mu, 1/b, -, log of the constant).

fn prior_laplace(v: Mapped, c: vec4f) -> vec2f {
    let distance = v.x - c.x;
    let slope = select(-c.y, c.y, distance < 0.0);
    return vec2f(distance * slope + c.w, slope);
}
