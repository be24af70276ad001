// HalfStudentT prior, twice that of StudentT about 0 (uses prior/student_t.wgsl); c = (0, 1/(sigma sqrt(nu)),
// (nu + 1)/2, log of the constant).

fn prior_half_student_t(v: Mapped, c: vec4f) -> vec2f {
    return prior_student_t(v, c);
}

fn prior_half_student_t_nested(v: Mapped, a: vec4f, signature: u32) -> Nested {
    let whole = prior_student_t_nested(v, vec4f(a.x, 0.0, a.y, f32()), signature);
    return Nested(whole.logp + 0.6931472, whole.dx, vec4f(whole.da.xz, 0.0, 0.0));
}
