// Hill saturation: beta / (1 + (x/kappa)^-slope); p = (slope, kappa, beta).

fn saturation_hill(spend: f32, p: vec4f) -> Response {
    let x = max(spend, 1.26217745e-29);
    let spent = select(0.0, 1.0, spend > 0.0);
    let kappa = max(p.y, 1.26217745e-29);
    let log = ln(x) - ln(kappa);
    let y = p.x * log;
    let e = exp_accurate(-abs(y));
    let inverse = 1.0 / (1.0 + e);
    let share = select(1.0, e, y < 0.0) * inverse;
    let bell = p.z * e * inverse * inverse;
    // e/x, where both are tiny by the power that is nearer to 0 and so has more digits.
    let near = y < 0.0 && p.x > 0.5;
    let rise = select(e / x, exp_accurate((p.x - 1.0) * log) / kappa, near);
    return Response(
        p.z * share * spent,
        p.z * p.x * rise * inverse * inverse,
        spent * vec4f(bell * log, -bell * p.x / kappa, share, 0.0),
    );
}
