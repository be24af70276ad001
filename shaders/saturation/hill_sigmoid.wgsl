// Hill saturation as a shifted sigmoid: sigma (T(x) + T0)/2, T(x) = tanh(beta (x - lam)/2),
// T0 = tanh(beta lam/2); p = (sigma, beta, lam).

fn saturation_hill_sigmoid(x: f32, p: vec4f) -> Response {
    let here = tanh_accurate(0.5 * p.y * (x - p.z));
    let start = tanh_accurate(0.5 * p.y * p.z);
    let share = 0.5 * (here + start);
    let here_slope = 0.25 * p.x * (1.0 - here * here);
    let start_slope = 0.25 * p.x * (1.0 - start * start);
    return Response(
        p.x * share,
        here_slope * p.y,
        vec4f(
            share,
            here_slope * (x - p.z) + start_slope * p.z,
            p.y * (start_slope - here_slope),
            0.0,
        ),
    );
}
