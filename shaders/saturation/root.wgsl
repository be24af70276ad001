// Root saturation: beta x^alpha; p = (alpha, beta).

fn saturation_root(spend: f32, p: vec4f) -> Response {
    let x = max(spend, 1.26217745e-29);
    let spent = select(0.0, 1.0, spend > 0.0);
    let log = ln(x);
    let power = exp_accurate(p.x * log);
    let value = p.y * power * spent;
    return Response(value, p.y * p.x * power / x, vec4f(value * log, power * spent, 0.0, 0.0));
}
