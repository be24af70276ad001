//! The normal distribution in single precision: ln Φ with its derivative, and the half-normal
//! quantile.
//!
//! Everything is a smooth factor times something elementary. The factors are minimax fits and
//! Chebyshev interpolants of our own; that of the quantile above 0 is in (t − 3)/(t + 3), which maps
//! [0, ∞) to [−1, 1): the change of variable of Shepherd and Laframboise (Math. Comp. 36, 1981).

use std::f32::consts::LN_2;

use super::elementary::{FRACTION, artanh_tail, at_least, at_most, exp_of_sum, fma, polynomial};

/// 1/√(2π).
const FRAC_1_SQRT_2_PI: f32 = 0.398_942_3;

/// From here on φ(t)/Φ(−t), which is above t, is t to the last bit.
const FAR: f32 = 6000.0;

/// Φ(−t)e^(t²/2) = P(t)/Q(t) for 0 ≤ t ≤ [`FAR`], as P and Q: the rational minimax fit on [0, ∞), by
/// least squares with Lawson's weights, in 60 digits; relative error 8 · 10⁻⁸. All terms are
/// positive: nothing cancels.
#[inline(always)]
fn tail<const FMA: bool>(t: f32) -> (f32, f32) {
    const P: [f32; 5] = [35.260_24, 33.461_586, 14.898_567, 3.555_538_2, 0.398_942_3];
    const Q: [f32; 6] = [70.520_48, 123.190_55, 92.826_91, 38.343_746, 8.912_432, 1.0];
    (polynomial::<FMA, _>(t, P), polynomial::<FMA, _>(t, Q))
}

/// e^(−t²/2) for t ≥ 0. The square is formed in two parts, the first exact or with a known error, as
/// its rounding error would be magnified to t²/2 units in the last place.
#[inline(always)]
fn gauss<const FMA: bool>(t: f32) -> f32 {
    // it is 0 from 14.4 on
    let t = at_most(t, 15.0);
    if FMA {
        let (half, square) = (-0.5 * t, -0.5 * t * t);
        exp_of_sum::<FMA>(square, half.mul_add(t, -square))
    } else {
        let head = f32::from_bits(t.to_bits() & 0xffff_f000);
        exp_of_sum::<FMA>(-0.5 * head * head, -0.5 * (t - head) * (t + head))
    }
}

/// ln Φ(x) and φ(x)/Φ(x).
///
/// With t = |x|, g = e^(−t²/2) and Φ(−t) = gP/Q: below 0 they are ln(P/Q) − t²/2 and Q/P/√(2π), above
/// 0 ln(1 − gP/Q) and g/(1 − gP/Q)/√(2π). One logarithm serves both sides: that of a/Q, where a is P
/// or Q − gP.
#[inline(always)]
pub(super) fn log_ndtr<const FMA: bool>(x: f32) -> (f32, f32) {
    let negative = x < 0.0;
    let t = x.abs();
    let (p, q) = tail::<FMA>(at_most(t, FAR));
    let g = gauss::<FMA>(t);
    let upper = g * p;
    let a = if negative { p } else { q - upper };

    // e is nearly log₂(a/Q): the bits of a number, as an integer, are nearly its logarithm
    const MIDDLE: u32 = 1 << (FRACTION - 1);
    let bits = a.to_bits().wrapping_sub(q.to_bits()).wrapping_add(MIDDLE);
    let e = bits as i32 >> FRACTION;
    let scale = f32::from_bits(1.0f32.to_bits().wrapping_sub(e.wrapping_shl(FRACTION) as u32));
    // 2⁻ᵉa − Q, without cancellation where Φ is nearly 1; with s, ln(2⁻ᵉa/Q) is 2 artanh s
    let part = if negative { p } else { -upper };
    let rest = if negative { -1.0 } else { scale - 1.0 };
    let difference = fma::<FMA>(part, scale, rest * q);
    let s = difference / fma::<FMA>(2.0, q, difference);
    let log = fma::<FMA>(e as f32, LN_2, s + s + artanh_tail::<FMA>(s));

    let below = fma::<FMA>(-0.5 * t, t, log);
    let value = if negative { below } else { log };
    let slope = if negative { FRAC_1_SQRT_2_PI } else { FRAC_1_SQRT_2_PI * g } * q / a;
    // the slope is above −x everywhere, and −x to the last bit where t is cut
    (value, at_least(slope, -x))
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
    let (p, q) = tail::<FMA>(at_most(t, FAR));
    let p = gauss::<FMA>(t) * (p / q);
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
