// What the logarithm of the gamma function has beyond Stirling's formula (uses elementary.wgsl).

// ln Gamma(x) - (x - 1/2) ln x + x - ln(2 pi)/2 and its derivative, for x > 0: the asymptotic series,
// for small x at x + 8.
fn stirling_remainder(x: f32) -> vec2f {
    var rise = vec2f(0.0);
    var b = x;
    if x < 8.0 {
        b = x + 8.0;
        // x (x + 1) ... (x + 7), the factors in pairs, and its derivative
        let t = x * (x + 7.0);
        let outer = vec2f(t * (t + 6.0), t + t + 6.0);
        let inner = vec2f((t + 10.0) * (t + 12.0), t + t + 22.0);
        let product = outer.x * inner.x;
        let slope = (2.0 * x + 7.0) * fma(outer.y, inner.x, inner.y * outer.x);
        let square = b * b;
        let power = square * square;
        let log = ln_1p(8.0 / x);
        rise = vec2f(
            fma(x - 0.5, log, ln(power * power / product) - 8.0),
            log + 4.0 / (x * b) - slope / product,
        );
    }
    let inverse = 1.0 / b;
    let square = inverse * inverse;
    let value = fma(fma(square, 0.00079365079, -0.0027777778), square, 0.083333333);
    let slope = fma(fma(square, -0.003968254, 0.0083333333), square, -0.083333333);
    return vec2f(value * inverse, slope * square) + rise;
}

// ln Gamma(x) and its derivative, for x > 0.
fn ln_gamma(x: f32) -> vec2f {
    let remainder = stirling_remainder(x);
    let log = ln(x);
    return vec2f((x - 0.5) * log - x + 0.91893853, log - 0.5 / x) + remainder;
}
