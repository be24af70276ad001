//! The normal distribution in single precision: ln Φ with its derivative, and the half-normal
//! quantile.
//!
//! Everything is a smooth factor times something elementary. The factors are Chebyshev interpolants
//! of our own, over t in [0, ∞) in q = (t − a)/(t + a) = 1 − 2a/(t + a), which lies in [−1, 1): the
//! change of variable of Shepherd and Laframboise (Math. Comp. 36, 1981).

use super::elementary::{at_most, exp_of_sum, exponent, fma, ln_of_parts, polynomial};

/// ½ ln 2π.
const HALF_LN_2_PI: f32 = 0.918_938_5;

/// 1/√(2π).
const FRAC_1_SQRT_2_PI: f32 = 0.398_942_3;

/// Mills ratio R(t) = (1 − Φ(t))/φ(t) for t ≥ 0: a polynomial in w = 1/(t + 4), which keeps the
/// digits that rounding would take from one in q.
#[inline(always)]
fn mills<const FMA: bool>(t: f32) -> f32 {
    const C: [f32; 12] = [
        1.0,
        3.999_995_2,
        15.000_918,
        51.928_64,
        165.907_1,
        373.319_2,
        2_057.249_3,
        -9_985.664,
        72_441.52,
        -327_624.9,
        646_070.25,
        -473_247.78,
    ];
    let w = 1.0 / (t + 4.0);
    w * polynomial::<FMA, _>(w, C)
}

/// φ(t) for t ≥ 0. The square is formed in two parts, the first exact, as its rounding error would
/// be magnified to t²/2 units in the last place.
#[inline(always)]
fn density<const FMA: bool>(t: f32) -> f32 {
    // φ(15) is 0 in single precision
    let t = at_most(t, 15.0);
    let head = f32::from_bits(t.to_bits() & 0xffff_f000);
    FRAC_1_SQRT_2_PI * exp_of_sum::<FMA>(-0.5 * head * head, -0.5 * (t - head) * (t + head))
}

/// ln Φ(x) and φ(x)/Φ(x).
///
/// With t = |x| and Mills ratio R: below 0 they are −t²/2 − ½ ln 2π + ln R and 1/R, above 0
/// ln(1 − φR) and φ/(1 − φR). One logarithm serves both sides.
#[inline(always)]
pub(super) fn log_ndtr<const FMA: bool>(x: f32) -> (f32, f32) {
    let negative = x < 0.0;
    let t = x.abs();
    let ratio = mills::<FMA>(t);
    let density = density::<FMA>(t);
    let upper = density * ratio;
    let lower = 1.0 - upper;

    // the argument of the logarithm is R, or 1 − upper taken apart as in ln_1p
    let argument = if negative { ratio } else { lower };
    let e = exponent(argument);
    let scale = f32::from_bits((127i32.wrapping_sub(e) as u32).wrapping_shl(23));
    let part = if negative { ratio } else { -upper };
    let rest = if negative { -1.0 } else { scale - 1.0 };
    let log = ln_of_parts::<FMA>(e as f32, fma::<FMA>(part, scale, rest));

    let below = fma::<FMA>(-0.5 * t, t, log - HALF_LN_2_PI);
    let value = if negative { below } else { log };
    let derivative = if negative { 1.0 } else { density } / argument;
    (value, derivative)
}

/// h(z) = −Φ⁻¹(Φ(−z)/2).
///
/// Below 0, with p = Φ(z): h = Φ⁻¹((1 + p)/2), which is p times a series in p². Above 0,
/// (z + 3)(h − z) is a polynomial in q, a = 3; h − z falls from 0.67 to ln 2/z.
#[inline(always)]
pub(super) fn half_normal_quantile<const FMA: bool>(z: f32) -> f32 {
    const BELOW: [f32; 7] = [
        1.253_314_1,
        0.328_116_54,
        0.180_413_66,
        0.121_887_356,
        0.097_529_374,
        0.042_256_422,
        0.137_811,
    ];
    const ABOVE: [f32; 14] = [
        1.230_929_5,
        -0.751_376_87,
        0.191_776_89,
        0.089_624_46,
        -0.085_043_81,
        0.001_371_717_2,
        0.025_890_382,
        -0.007_610_516_6,
        -0.006_203_32,
        0.003_833_816_9,
        0.001_047_775_8,
        -0.001_194_025_2,
        -8.921_588e-5,
        1.903_627_6e-4,
    ];
    let t = z.abs();
    let p = density::<FMA>(t) * mills::<FMA>(t);
    let below = p * polynomial::<FMA, _>(p * p, BELOW);
    let w = 1.0 / (t + 3.0);
    let above = fma::<FMA>(w, polynomial::<FMA, _>(fma::<FMA>(-6.0, w, 1.0), ABOVE), z);
    if z > 0.0 { above } else { below }
}

#[cfg(test)]
mod tests {
    use super::super::scalar;
    use super::*;

    /// The oracle is held against literal values in its own tests.
    fn relative(got: f32, want: f64) -> f64 {
        // below the normal range single precision has fewer digits
        let floor = f64::from(f32::MIN_POSITIVE);
        (f64::from(got) - want).abs() / want.abs().max(floor)
    }

    #[test]
    fn log_ndtr_and_its_derivative() {
        let mut worst = [0f64; 4];
        let grid = (-400_000..=400_000).map(|i| i as f32 * 1e-4);
        for x in grid.chain([-1e18, -1e10, -1e5, -1234.5, 1e3, 1e30]) {
            let want = scalar::log_ndtr(f64::from(x));
            for (k, got) in [log_ndtr::<false>(x), log_ndtr::<true>(x)].into_iter().enumerate() {
                worst[2 * k] = worst[2 * k].max(relative(got.0, want.0));
                worst[2 * k + 1] = worst[2 * k + 1].max(relative(got.1, want.1));
            }
        }
        assert!(worst.iter().all(|w| *w < 7e-7), "{worst:?}");
    }

    #[test]
    fn ends_of_the_domain() {
        let inf = f32::INFINITY;
        assert_eq!(log_ndtr::<false>(inf), (0.0, 0.0));
        assert_eq!(log_ndtr::<false>(-inf), (-inf, inf));
        let (value, derivative) = log_ndtr::<false>(f32::NAN);
        assert!(value.is_nan() && derivative.is_nan());
        assert_eq!(half_normal_quantile::<false>(inf), inf);
        assert_eq!(half_normal_quantile::<false>(-inf), 0.0);
        assert!(half_normal_quantile::<false>(f32::NAN).is_nan());
    }

    #[test]
    fn half_normal_quantile_in_both_tails() {
        let mut worst = [0f64; 2];
        for z in (-140_000..=400_000).map(|i| i as f32 * 1e-4) {
            let want = scalar::half_normal_quantile(f64::from(z));
            for (k, got) in [half_normal_quantile::<false>(z), half_normal_quantile::<true>(z)]
                .into_iter()
                .enumerate()
            {
                worst[k] = worst[k].max(relative(got, want));
            }
        }
        assert!(worst.iter().all(|w| *w < 7e-7), "{worst:?}");
        let grid = (-12_000..12_000).map(|i| half_normal_quantile::<true>(i as f32 * 1e-3));
        assert!(grid.is_sorted());
    }
}
