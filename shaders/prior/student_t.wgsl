// StudentT prior; c = (mu, 1/(sigma sqrt(nu)), (nu + 1)/2, log of the constant).

fn prior_student_t(v: Mapped, c: vec4f) -> vec2f {
    let z = (v.x - c.x) * c.y;
    let square = z * z;
    return vec2f(c.w - c.z * ln_1p(square), -2.0 * c.z * z * c.y / (square + 1.0));
}
