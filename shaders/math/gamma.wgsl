// ln Gamma with its derivative, for parameters of distributions (uses elementary.wgsl).

// (ln Gamma(x), psi(x)) for x > 0: the recurrence up to 8, then the asymptotic series (Abramowitz
// and Stegun 6.1.41, 6.3.18). Error about 3e-6, relative to the value where that exceeds 1.
fn ln_gamma(x: f32) -> vec2<f32> {
    var y = x;
    var product = 1.0;
    var below = 0.0;
    for (var i = 0; i < 8; i++) {
        if y < 8.0 {
            product *= y;
            below += 1.0 / y;
            y += 1.0;
        }
    }
    let log_y = ln(y);
    let inverse = 1.0 / y;
    let square = inverse * inverse;
    let value_series = inverse * fma(square, fma(square, 7.9365079e-4, -2.7777778e-3), 0.083333333);
    let slope_series = square * fma(square, fma(square, 3.9682540e-3, -8.3333333e-3), 0.083333333);
    let value = fma(y - 0.5, log_y, 0.9189385 - y) + value_series - ln(product);
    let slope = log_y - 0.5 * inverse - slope_series - below;
    return select(vec2<f32>(value, slope), vec2<f32>(x), is_nan(x));
}
