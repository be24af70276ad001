// HalfStudentT prior; c = (-, 1/(sigma sqrt(nu)), (nu + 1)/2, log of the constant).

fn prior_half_student_t(v: Mapped, c: vec4f) -> vec2f {
    let z = v.x * c.y;
    let square = z * z;
    return vec2f(c.w - c.z * ln_1p(square), -2.0 * c.z * z * c.y / (square + 1.0));
}

fn prior_half_student_t_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let inverse = 1.0 / a.y;
    let z = v.x * inverse;
    let share = z * z / a.x;
    let power = 0.5 * (a.x + 1.0);
    let log = ln_1p(share);
    let upper = ln_gamma(power);
    let lower = ln_gamma(0.5 * a.x);
    let pull = (a.x + 1.0) * z / a.x / (1.0 + share);
    let dnu = 0.5 * (upper.y - lower.y - 1.0 / a.x - log + pull * z / a.x);
    return Nested(
        upper.x - lower.x - 0.5 * ln(0.7853982 * a.x) - ln(a.y) - power * log,
        -pull * inverse,
        vec4f(dnu, (pull * z - 1.0) * inverse, 0.0, 0.0),
    );
}
