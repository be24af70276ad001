//! Elementary functions in double precision, branch-free, so that loops over them vectorise.
//!
//! Argument reduction is Cody and Waite's (Software Manual for the Elementary Functions, 1980); the
//! polynomials are minimax fits of our own, by Remez' algorithm in 50 digits.

/// `a · b + c`, rounded once if `FMA`.
#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// c₀ + c₁x + c₂x² + …, even and odd powers side by side: half as many steps wait for each other.
#[inline(always)]
pub(super) fn polynomial<const FMA: bool, const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let square = x * x;
    let (mut last, mut other) = (c[N - 1], c[N - 2]);
    for k in (0..N - 2).rev() {
        (last, other) = (other, fma::<FMA>(last, square, c[k]));
    }
    // `other` has the constant term
    fma::<FMA>(last, x, other)
}

/// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// 1.5 · 2⁵²: adding it rounds a small number to an integer, which is then in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The bias of exponents.
const BIAS: f64 = 1023.0;
/// Bits of the fraction, below the exponent.
pub(super) const FRACTION: u32 = 52;

/// 2ⁿ, given any number with n + 1023 in its lowest 12 bits, for −1023 < n < 1024.
#[inline(always)]
fn power_of_2(biased: u64) -> f64 {
    f64::from_bits(biased.wrapping_shl(FRACTION))
}

/// The bits of n + `offset`, and r, where x = n ln 2 + r with |r| ≤ ½ ln 2, for |x| < 10⁶.
#[inline(always)]
fn reduce<const FMA: bool>(x: f64, offset: f64) -> (u64, f64) {
    let shifted = fma::<FMA>(x, std::f64::consts::LOG2_E, ROUND + offset);
    let n = shifted - (ROUND + offset);
    let r = fma::<FMA>(n, -LN_2_LOW, fma::<FMA>(n, -LN_2_HIGH, x));
    (shifted.to_bits(), r)
}

/// eʳ − 1 for |r| ≤ ½ ln 2; relative error of the polynomial 2 · 10⁻¹⁷.
#[inline(always)]
fn exp_m1_reduced<const FMA: bool>(r: f64) -> f64 {
    const C: [f64; 10] = [
        0.500_000_000_000_000_6,
        0.166_666_666_666_665_9,
        0.041_666_666_666_577_17,
        0.008_333_333_333_389_176,
        0.001_388_888_893_145_562,
        0.000_198_412_697_197_303_17,
        2.480_150_538_489_217_8e-5,
        2.755_740_696_624_312e-6,
        2.762_599_924_580_906_5e-7,
        2.505_393_859_455_411_2e-8,
    ];
    fma::<FMA>(r * r, polynomial::<FMA, _>(r, C), r)
}

/// e^(x + low) for −800 < x < 720 and a small `low`.
#[inline(always)]
pub(super) fn exp_of_sum<const FMA: bool>(x: f64, low: f64) -> f64 {
    let (bits, r) = reduce::<FMA>(x, 2.0 * BIAS);
    // two factors, as 2ⁿ alone may be subnormal or infinite
    let first = bits >> 1;
    let second = bits.wrapping_sub(first);
    (1.0 + exp_m1_reduced::<FMA>(r + low)) * power_of_2(first) * power_of_2(second)
}

/// The larger of a variable and a bound; keeps NaN.
#[inline(always)]
pub(super) fn at_least(x: f64, bound: f64) -> f64 {
    if x < bound { bound } else { x }
}

/// The smaller of a variable and a bound; keeps NaN.
#[inline(always)]
pub(super) fn at_most(x: f64, bound: f64) -> f64 {
    if x > bound { bound } else { x }
}

/// eˣ; 0 below −745.2, ∞ above 709.8, subnormal where it should be.
#[inline(always)]
pub(in super::super) fn exp<const FMA: bool>(x: f64) -> f64 {
    exp_of_sum::<FMA>(at_least(at_most(x, 710.0), -746.0), -0.0)
}

/// eˣ − 1; subnormal results may be off by their last bit.
#[inline(always)]
pub(in super::super) fn exp_m1<const FMA: bool>(x: f64) -> f64 {
    // half the result, as 2ⁿ may be infinite
    let (bits, r) = reduce::<FMA>(at_least(at_most(x, 710.0), -40.0), BIAS - 1.0);
    let scale = power_of_2(bits);
    let half = fma::<FMA>(scale, exp_m1_reduced::<FMA>(r), scale - 0.5);
    half + half
}

/// tanh x = (e²ˣ − 1)/(e²ˣ + 1), by |x|.
#[inline(always)]
pub(in super::super) fn tanh<const FMA: bool>(x: f64) -> f64 {
    // tanh 20 rounds to 1
    let y = at_most(x.abs(), 20.0);
    let (bits, r) = reduce::<FMA>(y + y, BIAS);
    let scale = power_of_2(bits);
    let em1 = fma::<FMA>(scale, exp_m1_reduced::<FMA>(r), scale - 1.0);
    (em1 / (em1 + 2.0)).copysign(x)
}

/// The exponent e with 2⁻ᵉx in [√½, √2), as its bits with bias, for a normal x > 0.
#[inline(always)]
fn exponent(x: f64) -> u64 {
    const TO_ONE: u64 = 1.0f64.to_bits() - std::f64::consts::FRAC_1_SQRT_2.to_bits();
    x.to_bits().wrapping_add(TO_ONE) >> FRACTION
}

/// A biased exponent as a number.
#[inline(always)]
pub(super) fn number(biased: u64) -> f64 {
    const UNIT: f64 = 4_503_599_627_370_496.0; // 2⁵², whose units are its lowest bits
    f64::from_bits(biased | UNIT.to_bits()) - (UNIT + BIAS)
}

/// 2 artanh s − 2s for |s| ≤ 0.2; the polynomial's error in 2 artanh s is 2 · 10⁻¹⁷, relative.
#[inline(always)]
pub(super) fn artanh_tail<const FMA: bool>(s: f64) -> f64 {
    const C: [f64; 7] = [
        0.666_666_666_666_723_7,
        0.399_999_999_962_611_04,
        0.285_714_293_862_130_54,
        0.222_221_387_879_090_15,
        0.181_863_572_327_056_5,
        0.152_499_763_675_607_72,
        0.153_709_633_903_288_32,
    ];
    let square = s * s;
    s * square * polynomial::<FMA, _>(square, C)
}

/// ln(2ᵉ(1 + f)) for 1 + f in [√½, √2): with s = f/(2 + f) it is 2 artanh s, and 2s = f − sf, in
/// which only the small part is rounded. The sum is in an order that leaves few steps waiting for
/// each other, which the vectoriser needs as well: it follows a chain only so far.
#[inline(always)]
fn ln_of_parts<const FMA: bool>(e: f64, f: f64) -> f64 {
    let s = f / (2.0 + f);
    let small = fma::<FMA>(e, LN_2_LOW, fma::<FMA>(-s, f, artanh_tail::<FMA>(s)));
    fma::<FMA>(e, LN_2_HIGH, f) + small
}

/// Gives a logarithm its values at the ends of the domain: x = 0, x < 0, x = ∞, NaN.
#[inline(always)]
fn ln_limits(x: f64, ln: f64) -> f64 {
    let outside = if x < 0.0 { f64::NAN } else { f64::NEG_INFINITY };
    let ln = if x > 0.0 { ln } else { outside };
    if x < f64::INFINITY { ln } else { x }
}

/// ln x.
#[inline(always)]
pub(in super::super) fn ln<const FMA: bool>(x: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let y = if subnormal { x * 18_014_398_509_481_984.0 } else { x };
    let offset = if subnormal { -54.0 } else { 0.0 };
    let e = exponent(y);
    let m = f64::from_bits(y.to_bits().wrapping_sub(e.wrapping_sub(1023).wrapping_shl(FRACTION)));
    ln_limits(x, ln_of_parts::<FMA>(number(e) + offset, m - 1.0))
}

/// ln(1 + x): the exponent of 1 + x, then f = 2⁻ᵉ(1 + x) − 1 = 2⁻ᵉx + (2⁻ᵉ − 1) straight from x.
/// Subnormal results may be off by their last bits.
#[inline(always)]
pub(in super::super) fn ln_1p<const FMA: bool>(x: f64) -> f64 {
    let y = 1.0 + x;
    let e = exponent(y);
    // 4 · 2⁻ᵉ, as 2⁻¹⁰²⁴ is subnormal
    let scale = power_of_2(2048u64.wrapping_sub(e));
    let f = fma::<FMA>(0.25 * x, scale, fma::<FMA>(0.25, scale, -1.0));
    ln_limits(y, ln_of_parts::<FMA>(number(e), f))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance of `got` from `want` in units in the last place of `want`.
    fn ulps(got: f64, want: f64) -> f64 {
        let unit = want.abs().max(f64::MIN_POSITIVE).to_bits() & f64::INFINITY.to_bits();
        if got == want { 0.0 } else { (got - want).abs() / f64::from_bits(unit) * 2f64.powi(52) }
    }

    /// Largest difference from libm, which itself errs by a unit or two, over numbers spread
    /// evenly in their bit patterns between the ends of `ranges`.
    fn check(
        name: &str,
        with: [fn(f64) -> f64; 2],
        true_f: fn(f64) -> f64,
        ranges: &[[f64; 2]],
        limit: f64,
    ) {
        const N: u64 = 200_000;
        for (fused, f) in [false, true].into_iter().zip(with) {
            for [from, to] in ranges {
                let (a, step) = (from.to_bits(), (to.to_bits() - from.to_bits()) / N);
                for x in (0..=N).map(|i| f64::from_bits(a + step * i)) {
                    let error = ulps(f(x), true_f(x));
                    assert!(error <= limit, "{name}({x:e}), fused {fused}: {error} ulp");
                }
            }
        }
    }

    #[test]
    fn a_few_units_in_the_last_place() {
        let both = [exp::<false>, exp::<true>];
        check("exp", both, libm::exp, &[[1e-300, 709.7], [1.0, 709.7]], 1.0);
        check("exp", both, libm::exp, &[[-1e-300, -745.0], [-1.0, -745.0]], 1.0);
        let both = [exp_m1::<false>, exp_m1::<true>];
        check("exp_m1", both, libm::expm1, &[[1e-300, 709.7], [0.1, 10.0]], 2.0);
        check("exp_m1", both, libm::expm1, &[[-1e-300, -800.0], [-0.1, -50.0]], 2.0);
        let both = [ln::<false>, ln::<true>];
        check("ln", both, libm::log, &[[5e-324, f64::MAX], [0.5, 2.0], [0.99, 1.01]], 1.0);
        let both = [ln_1p::<false>, ln_1p::<true>];
        check("ln_1p", both, libm::log1p, &[[1e-300, f64::MAX], [0.01, 10.0]], 2.0);
        check("ln_1p", both, libm::log1p, &[[-1e-300, -0.999_999_999_999_999], [-0.01, -0.9]], 2.0);
        let both = [tanh::<false>, tanh::<true>];
        check("tanh", both, libm::tanh, &[[1e-300, 40.0], [0.1, 25.0]], 4.0);
        check("tanh", both, libm::tanh, &[[-1e-300, -40.0], [-0.1, -25.0]], 4.0);
    }

    #[test]
    fn ends_of_the_domains() {
        let (inf, nan, tiny) = (f64::INFINITY, f64::NAN, 5e-324);
        type Row = (&'static str, fn(f64) -> f64, [(f64, f64); 8]);
        let table: [Row; 5] = [
            (
                "exp",
                exp::<false>,
                [
                    (0.0, 1.0),
                    (-0.0, 1.0),
                    (709.8, inf),
                    (inf, inf),
                    (-745.1, tiny),
                    (-745.2, 0.0),
                    (-inf, 0.0),
                    (nan, nan),
                ],
            ),
            (
                "exp_m1",
                exp_m1::<false>,
                [
                    (0.0, 0.0),
                    (-0.0, -0.0),
                    (f64::MIN_POSITIVE, f64::MIN_POSITIVE),
                    (709.8, inf),
                    (inf, inf),
                    (-40.0, -1.0),
                    (-inf, -1.0),
                    (nan, nan),
                ],
            ),
            (
                "ln",
                ln::<false>,
                [
                    (1.0, 0.0),
                    (0.0, -inf),
                    (-0.0, -inf),
                    (-tiny, nan),
                    (inf, inf),
                    (-inf, nan),
                    (nan, nan),
                    (tiny, -744.440_071_921_381_2),
                ],
            ),
            (
                "ln_1p",
                ln_1p::<false>,
                [
                    (0.0, 0.0),
                    (1e-307, 1e-307),
                    (-1.0, -inf),
                    (-1.001, nan),
                    (inf, inf),
                    (-inf, nan),
                    (nan, nan),
                    (f64::MAX, 709.782_712_893_384),
                ],
            ),
            (
                "tanh",
                tanh::<false>,
                [
                    (0.0, 0.0),
                    (-0.0, -0.0),
                    (tiny, tiny),
                    (20.0, 1.0),
                    (inf, 1.0),
                    (-1e300, -1.0),
                    (-inf, -1.0),
                    (nan, nan),
                ],
            ),
        ];
        for (name, f, cases) in table {
            for (x, want) in cases {
                let got = f(x);
                assert!(got == want || got.is_nan() && want.is_nan(), "{name}({x:e}) = {got:e}");
            }
        }
    }

    #[test]
    fn tanh_is_odd_and_bounded() {
        for i in 0..200_000 {
            let x = f64::from(i) * 1.1e-4;
            assert!(tanh::<true>(x) <= 1.0 && tanh::<false>(x) <= 1.0);
            assert_eq!(tanh::<true>(-x), -tanh::<true>(x));
        }
    }
}
