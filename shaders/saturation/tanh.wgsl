// Hyperbolic tangent saturation: b tanh(x/(b c)); p = (b, c).

fn saturation_tanh(x: f32, p: vec4f) -> Response {
    let z = x / max(p.x * p.y, 1e-30);
    let t = tanh_accurate(z);
    let slope = 1.0 - t * t;
    let dx = slope / max(p.y, 1e-30);
    return Response(p.x * t, dx, vec4f(t - slope * z, -dx * p.x * z, 0.0, 0.0));
}
