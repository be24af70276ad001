// Michaelis-Menten saturation: alpha x/(lam + x); p = (alpha, lam).

fn saturation_michaelis_menten(x: f32, p: vec4f) -> Response {
    let lam = max(p.y, 1e-30);
    let inverse = 1.0 / (lam + x);
    let share = x * inverse;
    let value = p.x * share;
    return Response(value, p.x * (lam * inverse) * inverse, vec4f(share, -value * inverse, 0.0, 0.0));
}
