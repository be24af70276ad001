// Elementary functions to a few units in the last place, where the built-in ones may be off by more.

fn is_nan(x: f32) -> bool {
    // by bits: compilers may assume that x == x
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn infinity() -> f32 {
    var bits = 0x7f800000u; // a variable: constants may not be infinite
    return bitcast<f32>(bits);
}

fn not_a_number() -> f32 {
    var bits = 0x7fc00000u;
    return bitcast<f32>(bits);
}

// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693359375;
const LN_2_LOW: f32 = -0.00021219444;

// 2^n for -126 <= n <= 127.
fn power_of_2(n: i32) -> f32 {
    return bitcast<f32>((n + 127) << 23u);
}

// (n, r) with x = n ln 2 + r, |r| <= ln 2 / 2, for |x| < 200.
fn exp_reduce(x: f32) -> vec2<f32> {
    let n = round(x * 1.44269504);
    // bounds that it never reaches, so that no compiler joins the two parts of ln 2
    let high = clamp(fma(n, -LN_2_HIGH, x), -1.0, 1.0);
    return vec2<f32>(n, fma(n, -LN_2_LOW, high));
}

// e^r - 1 for |r| <= ln 2 / 2.
fn exp_m1_reduced(r: f32) -> f32 {
    var p = fma(r, 0.0013926376, 0.0083633335);
    p = fma(p, r, 0.041666552);
    p = fma(p, r, 0.16666576);
    p = fma(p, r, 0.5);
    return fma(r * r, p, r);
}

// e^(x + low) for -150 < x < 90 and a small `low`.
fn exp_of_sum(x: f32, low: f32) -> f32 {
    let reduced = exp_reduce(x);
    let n = i32(reduced.x);
    // two factors, as 2^n alone may be subnormal or infinite
    let first = n >> 1u;
    return (1.0 + exp_m1_reduced(reduced.y + low)) * power_of_2(first) * power_of_2(n - first);
}

// e^x; 0 below -104, infinite above 88.73.
fn exp_accurate(x: f32) -> f32 {
    let value = exp_of_sum(clamp(x, -104.0, 89.0), 0.0);
    return select(value, x, is_nan(x));
}

// e^x - 1 for -30 < x <= 89.
fn exp_m1_bounded(x: f32) -> f32 {
    let reduced = exp_reduce(x);
    // half the result, as 2^n may be infinite
    let scale = power_of_2(i32(reduced.x) - 1);
    let half = fma(scale, exp_m1_reduced(reduced.y), scale - 0.5);
    return half + half;
}

// e^x - 1, without cancellation near 0.
fn exp_m1(x: f32) -> f32 {
    let value = exp_m1_bounded(clamp(x, -20.0, 89.0));
    return select(value, x, is_nan(x));
}

// tanh x = (e^2x - 1)/(e^2x + 1), by |x|; never outside [-1, 1].
fn tanh_accurate(x: f32) -> f32 {
    let em1 = exp_m1_bounded(2.0 * min(abs(x), 10.0));
    let value = em1 / (em1 + 2.0);
    let with_sign = bitcast<f32>(bitcast<u32>(value) | (bitcast<u32>(x) & 0x80000000u));
    return select(with_sign, x, is_nan(x));
}

// The exponent e with 2^-e x in [sqrt(1/2), sqrt(2)), for a normal x > 0.
fn ln_exponent(x: f32) -> i32 {
    return (bitcast<i32>(x) - 0x3f3504f3) >> 23u;
}

// ln(2^e (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)).
fn ln_of_parts(e: f32, f: f32) -> f32 {
    var p = fma(f, 0.06971612, -0.11479734);
    p = fma(p, f, 0.1168542);
    p = fma(p, f, -0.12425687);
    p = fma(p, f, 0.14249058);
    p = fma(p, f, -0.16667803);
    p = fma(p, f, 0.20000716);
    p = fma(p, f, -0.24999997);
    p = fma(p, f, 0.3333333);
    p = fma(p, f, -0.5);
    return fma(e, LN_2_HIGH, f + fma(e, LN_2_LOW, f * f * p));
}

// Gives a logarithm its values at the ends of the domain: x = 0, x < 0, infinity, NaN.
fn ln_limits(x: f32, value: f32) -> f32 {
    let inside = select(x, value, is_finite(x));
    let positive = select(inside, -infinity(), x == 0.0);
    return select(positive, not_a_number(), x < 0.0);
}

// ln x; minus infinity at 0, NaN below.
fn ln(x: f32) -> f32 {
    let subnormal = x < 1.17549435e-38;
    let y = select(x, x * 8388608.0, subnormal);
    let e = ln_exponent(y);
    let m = bitcast<f32>(bitcast<i32>(y) - (e << 23u));
    return ln_limits(x, ln_of_parts(f32(e) - select(0.0, 23.0, subnormal), m - 1.0));
}

// ln(1 + x), without cancellation near 0: f = 2^-e (1 + x) - 1 straight from x.
fn ln_1p(x: f32) -> f32 {
    let y = 1.0 + x;
    let e = ln_exponent(y);
    // 4 times 2^-e, as 2^-128 is subnormal
    let scale = power_of_2(2 - e);
    // chosen, so that no compiler adds x to the 1 first
    let rest = select(fma(0.25, scale, -1.0), 0.0, e == 0);
    let f = fma(0.25 * x, scale, rest);
    return ln_limits(y, ln_of_parts(f32(e), f));
}

// (sin 2 pi x, cos 2 pi x) for 0 <= x <= 1.
fn sin_cos_turns(x: f32) -> vec2<f32> {
    // quarter turns: the remainder, within 1/8, is exact
    let turn = round(4.0 * x);
    let r = fma(turn, -0.25, x);
    let square = r * r;
    var s = fma(square, -75.40161, 81.592545);
    s = fma(s, square, -41.341663);
    s = r * fma(s, square, 6.2831855);
    var c = fma(square, 59.424107, -85.44882);
    c = fma(c, square, 64.93937);
    c = fma(c, square, -19.739208);
    c = fma(c, square, 1.0);
    let quarters = u32(turn);
    let both = select(vec2<f32>(s, c), vec2<f32>(c, s), (quarters & 1u) == 1u);
    let signs = vec2<u32>((quarters & 2u) << 30u, ((quarters + 1u) & 2u) << 30u);
    return bitcast<vec2<f32>>(bitcast<vec2<u32>>(both) ^ signs);
}
