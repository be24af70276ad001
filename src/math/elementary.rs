//! Elementary functions in single precision, branch-free, so that loops over them vectorise.
//!
//! Argument reduction is Cody and Waite's (Software Manual for the Elementary Functions, 1980); the
//! polynomials are Chebyshev interpolants and, for the logarithm, a minimax fit by Remez' algorithm, of
//! our own, made in 45 digits.

/// `a · b + c`, rounded once if `FMA`.
#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// c₀ + c₁x + c₂x² + …
#[inline(always)]
pub(super) fn polynomial<const FMA: bool, const N: usize>(x: f32, c: [f32; N]) -> f32 {
    let mut sum = c[N - 1];
    for k in (0..N - 1).rev() {
        sum = fma::<FMA>(sum, x, c[k]);
    }
    sum
}

/// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// 1.5 · 2²³: adding it rounds a small number to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;
/// The bias of exponents.
const BIAS: f32 = 127.0;
/// Bits of the fraction, below the exponent.
pub(super) const FRACTION: u32 = 23;

/// 2ⁿ, given any number with n + 127 in its lowest 9 bits, for −127 < n < 128.
#[inline(always)]
fn power_of_2(biased: u32) -> f32 {
    f32::from_bits(biased.wrapping_shl(FRACTION))
}

/// The bits of n + `offset`, and r, where x = (n ln 2 + r) / `times` with |r| ≤ ½ ln 2 / `times`, for
/// |x| < 200 / `times`.
#[inline(always)]
fn reduce<const FMA: bool>(x: f32, times: f32, offset: f32) -> (u32, f32) {
    let shifted = fma::<FMA>(x, times * std::f32::consts::LOG2_E, ROUND + offset);
    let n = shifted - (ROUND + offset);
    let r = fma::<FMA>(n, -LN_2_LOW / times, fma::<FMA>(n, -LN_2_HIGH / times, x));
    (shifted.to_bits(), r)
}

/// (e^(`times` r) − 1) / `times` for |r| ≤ ½ ln 2 / `times`. Two halves of the polynomial at once: it is
/// waited for.
#[inline(always)]
fn exp_m1_reduced<const FMA: bool>(r: f32, times: f32) -> f32 {
    const C: [f32; 5] = [0.5, 0.166_665_76, 0.041_666_552, 0.008_363_334, 0.001_392_637_6];
    let mut power = 1.0;
    let c = C.map(|c| {
        power *= times;
        c * power
    });
    let square = r * r;
    let low = fma::<FMA>(c[1], r, c[0]);
    let high = fma::<FMA>(c[4], square, fma::<FMA>(c[3], r, c[2]));
    fma::<FMA>(square, fma::<FMA>(square, high, low), r)
}

/// e^(x + low) for −150 < x < 90 and a small `low`.
#[inline(always)]
pub(super) fn exp_of_sum<const FMA: bool>(x: f32, low: f32) -> f32 {
    let (bits, r) = reduce::<FMA>(x, 1.0, 2.0 * BIAS);
    // two factors, as 2ⁿ alone may be subnormal or infinite
    let first = bits >> 1;
    let second = bits.wrapping_sub(first);
    (1.0 + exp_m1_reduced::<FMA>(r + low, 1.0)) * power_of_2(first) * power_of_2(second)
}

/// The larger of a variable and a bound; keeps NaN.
#[inline(always)]
pub(super) fn at_least(x: f32, bound: f32) -> f32 {
    if x < bound { bound } else { x }
}

/// The smaller of a variable and a bound; keeps NaN.
#[inline(always)]
pub(super) fn at_most(x: f32, bound: f32) -> f32 {
    if x > bound { bound } else { x }
}

/// eˣ; 0 below −104, ∞ above 88.73.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    exp_of_sum::<FMA>(at_least(at_most(x, 89.0), -104.0), -0.0)
}

/// eˣ − 1.
#[inline(always)]
pub(super) fn exp_m1<const FMA: bool>(x: f32) -> f32 {
    // half the result, as 2ⁿ may be infinite
    let (bits, r) = reduce::<FMA>(at_least(at_most(x, 89.0), -20.0), 1.0, BIAS - 1.0);
    let scale = power_of_2(bits);
    let half = fma::<FMA>(scale, exp_m1_reduced::<FMA>(r, 1.0), scale - 0.5);
    half + half
}

/// tanh x = h / (h + 1) with h = (e²ˣ − 1) / 2.
#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f32) -> f32 {
    // tanh 10 rounds to 1
    let (bits, r) = reduce::<FMA>(at_least(at_most(x, 10.0), -10.0), 2.0, BIAS);
    let scale = power_of_2(bits);
    let h = fma::<FMA>(scale, exp_m1_reduced::<FMA>(r, 2.0), fma::<FMA>(scale, 0.5, -0.5));
    h / (h + 1.0)
}

/// The exponent e with 2⁻ᵉx in [√½, √2), for a normal x > 0.
#[inline(always)]
fn exponent(x: f32) -> i32 {
    (x.to_bits() as i32).wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32) >> FRACTION
}

/// 2 artanh s − 2s for |s| ≤ 0.2; the polynomial's error in 2 artanh s is 3 · 10⁻⁹, relative.
#[inline(always)]
pub(super) fn artanh_tail<const FMA: bool>(s: f32) -> f32 {
    const C: [f32; 3] = [0.666_669_5, 0.399_577, 0.303_647_97];
    let square = s * s;
    s * square * polynomial::<FMA, _>(square, C)
}

/// ln(2ᵉ(1 + f)) for 1 + f in [√½, √2): with s = f/(2 + f) it is 2 artanh s, and 2s = f − sf, in
/// which only the small part is rounded.
#[inline(always)]
fn ln_of_parts<const FMA: bool>(e: f32, f: f32) -> f32 {
    let s = f / (2.0 + f);
    let small = fma::<FMA>(e, LN_2_LOW, fma::<FMA>(-s, f, artanh_tail::<FMA>(s)));
    fma::<FMA>(e, LN_2_HIGH, f + small)
}

/// Gives a logarithm its values at the ends of the domain: x = 0, x < 0, x = ∞, NaN.
#[inline(always)]
fn ln_limits(x: f32, ln: f32) -> f32 {
    let outside = if x < 0.0 { f32::NAN } else { f32::NEG_INFINITY };
    let ln = if x > 0.0 { ln } else { outside };
    if x < f32::INFINITY { ln } else { x }
}

/// ln x.
#[inline(always)]
pub(super) fn ln<const FMA: bool>(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let y = if subnormal { x * 8_388_608.0 } else { x };
    let offset = if subnormal { -23.0 } else { 0.0 };
    let e = exponent(y);
    let m = f32::from_bits((y.to_bits() as i32).wrapping_sub(e.wrapping_shl(FRACTION)) as u32);
    ln_limits(x, ln_of_parts::<FMA>(e as f32 + offset, m - 1.0))
}

/// ln(1 + x): the exponent of 1 + x, then f = 2⁻ᵉ(1 + x) − 1 = 2⁻ᵉx + (2⁻ᵉ − 1) straight from x.
#[inline(always)]
pub(super) fn ln_1p<const FMA: bool>(x: f32) -> f32 {
    let y = 1.0 + x;
    let e = exponent(y);
    // 4 · 2⁻ᵉ, as 2⁻¹²⁸ is subnormal
    let scale = power_of_2(129i32.wrapping_sub(e) as u32);
    let f = fma::<FMA>(0.25 * x, scale, fma::<FMA>(0.25, scale, -1.0));
    ln_limits(y, ln_of_parts::<FMA>(e as f32, f))
}

/// (sin 2πx, cos 2πx) for 0 ≤ x ≤ 1.
#[inline(always)]
pub(super) fn sin_cos_turns(x: f32) -> (f32, f32) {
    const S: [f32; 4] = [6.283_185_5, -41.341_663, 81.592_545, -75.401_61];
    const C: [f32; 4] = [-19.739_208, 64.939_37, -85.448_82, 59.424_107];
    // quarter turns: the remainder, within ±1/8, is exact
    let shifted = 4.0 * x + ROUND;
    let r = x - 0.25 * (shifted - ROUND);
    let quarters = shifted.to_bits();
    let square = r * r;
    let sin = r * polynomial::<false, _>(square, S);
    let cos = 1.0 + square * polynomial::<false, _>(square, C);
    let odd = quarters & 1 == 1;
    let (sin, cos) = (if odd { cos } else { sin }, if odd { sin } else { cos });
    let sin_sign = (quarters & 2) << 30;
    let cos_sign = (quarters.wrapping_add(1) & 2) << 30;
    (f32::from_bits(sin.to_bits() ^ sin_sign), f32::from_bits(cos.to_bits() ^ cos_sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance of `got` from `want` in units in the last place of `want`.
    fn ulps(got: f32, want: f64) -> f64 {
        let unit = ((want.abs() as f32).max(f32::MIN_POSITIVE).to_bits() & 0x7f80_0000) as i32;
        (f64::from(got) - want).abs() / (f64::from(f32::from_bits(unit as u32)) * 2f64.powi(-23))
    }

    /// Largest error over `n` floats spread evenly in their bit patterns between `from` and `to`.
    fn worst(f: fn(f32) -> f32, true_f: fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let (a, b, n) = (f64::from(from.to_bits()), f64::from(to.to_bits()), 200_000);
        (0..=n)
            .map(|i| f32::from_bits((a + (b - a) * f64::from(i) / f64::from(n)) as u32))
            .map(|x| ulps(f(x), true_f(f64::from(x))))
            .fold(0.0, f64::max)
    }

    fn check(
        name: &str,
        with: [fn(f32) -> f32; 2],
        f: fn(f64) -> f64,
        range: [f32; 2],
        limit: f64,
    ) {
        for (fused, g) in [false, true].into_iter().zip(with) {
            let error = worst(g, f, range[0], range[1]);
            assert!(error <= limit, "{name}, fused {fused}: {error} ulp on {range:?}");
        }
    }

    #[test]
    fn a_few_units_in_the_last_place() {
        let both = [exp::<false>, exp::<true>];
        check("exp", both, libm::exp, [1e-30, 88.7], 1.5);
        check("exp", both, libm::exp, [-1e-30, -87.0], 1.5);
        let both = [exp_m1::<false>, exp_m1::<true>];
        check("exp_m1", both, libm::expm1, [1e-37, 88.7], 2.5);
        check("exp_m1", both, libm::expm1, [-1e-37, -100.0], 2.5);
        let both = [ln::<false>, ln::<true>];
        check("ln", both, libm::log, [1e-45, f32::MAX], 1.5);
        check("ln", both, libm::log, [0.9, 1.1], 1.5);
        let both = [ln_1p::<false>, ln_1p::<true>];
        check("ln_1p", both, libm::log1p, [1e-37, f32::MAX], 2.5);
        check("ln_1p", both, libm::log1p, [-1e-37, -0.999_999_94], 2.5);
        let both = [tanh::<false>, tanh::<true>];
        check("tanh", both, libm::tanh, [1e-37, 30.0], 3.0);
        check("tanh", both, libm::tanh, [-1e-37, -30.0], 3.0);
    }

    #[test]
    fn ends_of_the_domains() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        for (name, f, cases) in [
            (
                "exp",
                exp::<false> as fn(f32) -> f32,
                [(0.0, 1.0), (88.8, inf), (inf, inf), (-104.0, 0.0), (-inf, 0.0), (nan, nan)],
            ),
            (
                "exp_m1",
                exp_m1::<false>,
                [(0.0, 0.0), (88.8, inf), (inf, inf), (-104.0, -1.0), (-inf, -1.0), (nan, nan)],
            ),
            (
                "ln",
                ln::<false>,
                [(1.0, 0.0), (0.0, -inf), (-1e-9, nan), (inf, inf), (-inf, nan), (nan, nan)],
            ),
            (
                "ln_1p",
                ln_1p::<false>,
                [(0.0, 0.0), (-1.0, -inf), (-1.001, nan), (inf, inf), (-inf, nan), (nan, nan)],
            ),
            (
                "tanh",
                tanh::<false>,
                [(0.0, 0.0), (40.0, 1.0), (inf, 1.0), (-40.0, -1.0), (-inf, -1.0), (nan, nan)],
            ),
        ] {
            for (x, want) in cases {
                let got = f(x);
                assert!(got == want || got.is_nan() && want.is_nan(), "{name}({x}) = {got}");
            }
        }
        // gradual underflow: e^-100 = 3.72e-44, 27 steps of the smallest subnormal
        assert_eq!(exp::<false>(-100.0).to_bits(), 27);
    }

    #[test]
    fn tanh_is_bounded() {
        for i in -100_000..100_000 {
            let x = i as f32 * 2e-4;
            let y = tanh::<true>(x);
            assert!(y.abs() <= 1.0 && y * x >= 0.0, "tanh {x} = {y}");
        }
    }

    #[test]
    fn sine_and_cosine_of_turns() {
        for i in 0..=400_000 {
            let x = i as f32 / 400_000.0;
            let (sin, cos) = sin_cos_turns(x);
            let want = (std::f64::consts::TAU * f64::from(x)).sin_cos();
            assert!((f64::from(sin) - want.0).abs() < 1e-7, "sin {x}");
            assert!((f64::from(cos) - want.1).abs() < 1e-7, "cos {x}");
        }
        assert_eq!(sin_cos_turns(0.25), (1.0, 0.0));
    }
}
