// Logistic saturation: beta tanh(lam x / 2); p = (lam, beta).

fn saturation_logistic(x: f32, p: vec4f) -> Response {
    let t = tanh_accurate(0.5 * p.x * x);
    let slope = (1.0 - t * t) * p.y * 0.5;
    return Response(p.y * t, slope * p.x, vec4f(slope * x, t, 0.0, 0.0));
}
