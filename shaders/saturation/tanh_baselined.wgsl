// Hyperbolic tangent saturation by a reference point: beta gain x0 tanh(z)/r, z = artanh(r) x/x0;
// p = (x0, gain, r, beta). With t = tanh(z)/z = 1/(1 + z^2 u) and a = artanh(r)/r = 1/(1 - r^2 v)
// nothing cancels; u and v of small arguments are continued fractions.

fn saturation_tanh_baselined(x: f32, p: vec4f) -> Response {
    let r = p.z;
    let q = x / max(p.x, 1e-15);

    let room = max(1.0 - r, 1e-12);
    let artanh_r = 0.5 * ln_1p(2.0 * r / room);
    let square = r * r;
    let far = 11.0 - 36.0 * square / 13.0;
    let inner = 7.0 - 16.0 * square / (9.0 - 25.0 * square / far);
    var v = 1.0 / (3.0 - 4.0 * square / (5.0 - 9.0 * square / inner));
    if r >= 0.5 {
        v = (1.0 - r / artanh_r) / square;
    }
    let a = 1.0 / (1.0 - square * v);

    let z = q * artanh_r;
    let tanh_z = tanh_accurate(z);
    let z_square = z * z;
    var u = 1.0 / (3.0 + z_square / (5.0 + z_square / 7.0));
    if z >= 0.5 {
        u = (z / tanh_z - 1.0) / z_square;
    }
    let t = 1.0 / (1.0 + z_square * u);

    let s = fma(-tanh_z, tanh_z, 1.0);
    let scale = p.w * p.y;
    let share = a * t * x;
    let bend = a * q * t * (t - u);
    let pull = fma(a * q * q, t - u, v);
    let tilt = fma(-a * t, pull, s / (room * (1.0 + r)));
    return Response(
        scale * share,
        scale * s * a,
        vec4f(scale * bend * z_square, p.w * share, scale * x * r * tilt, p.y * share),
    );
}
