// Logistic saturation by its half-way point: beta tanh(ln(3)/2 x/lam); p = (lam, beta).

fn saturation_inverse_scaled_logistic(x: f32, p: vec4f) -> Response {
    let lam = max(p.x, 1e-18);
    let rate = 0.5493061443 / lam;
    let t = tanh_accurate(rate * x);
    // 1 - t^2 without cancellation where t is nearly 1: it is divided by small lam.
    let e = exp_accurate(-2.0 * rate * x);
    let slope = 4.0 * e / ((1.0 + e) * (1.0 + e)) * p.y * rate;
    return Response(p.y * t, slope, vec4f(-slope * x / lam, t, 0.0, 0.0));
}
