//! The normal distribution in double precision: ln Φ with its derivative, and the half-normal
//! quantile; formulas as in single precision.

use std::f64::consts::LN_2;

use super::super::scalar::{ABOVE, CENTRAL};
use super::elementary::{
    FRACTION, artanh_tail, at_least, at_most, exp_of_sum, fma, number, polynomial,
};

/// 1/√(2π).
const FRAC_1_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;

/// The bits of 2ᵃ and 2⁻ᵃ, as integers, have this sum.
const TWICE_BIAS: u64 = 2 * 1.0f64.to_bits();

/// From here on φ(t)/Φ(−t), which is above t, is t to the last bit.
const FAR: f64 = 1.5e8;

/// Φ(−t)e^(t²/2) = P(t)/Q(t) for 0 ≤ t ≤ [`FAR`], as P and Q: the rational minimax fit on [0, ∞), by
/// least squares with Lawson's weights, in 60 digits; relative error 4 · 10⁻¹⁶. All terms are
/// positive: nothing cancels.
#[inline(always)]
fn tail<const FMA: bool>(t: f64) -> (f64, f64) {
    const P: [f64; 10] = [
        102_100.124_507_644_66,
        163_840.352_733_597_97,
        129_579.132_421_973_23,
        65_086.191_611_232_9,
        22_688.271_551_324_06,
        5_674.315_726_757_615,
        1_019.030_294_278_691,
        127.302_411_060_668_35,
        10.133_894_664_833_573,
        0.398_942_280_401_432_54,
    ];
    const Q: [f64; 11] = [
        204_200.249_015_289_4,
        490_608.931_468_581_26,
        548_507.432_147_508_8,
        376_822.937_746_383_6,
        176_742.097_387_226_47,
        59_374.589_046_103_84,
        14_540.500_068_146_055,
        2_579.732_055_179_083_5,
        320.099_822_993_777_76,
        25.401_906_899_003_077,
        1.0,
    ];
    (polynomial::<FMA, _>(t, P), polynomial::<FMA, _>(t, Q))
}

/// e^(−t²/2) for t ≥ 0. The square is formed in two parts, the first exact or with a known error, as
/// its rounding error would be magnified to t²/2 units in the last place.
#[inline(always)]
fn gauss<const FMA: bool>(t: f64) -> f64 {
    // it is 0 from 38.6 on
    let t = at_most(t, 39.0);
    if FMA {
        let (half, square) = (-0.5 * t, -0.5 * t * t);
        exp_of_sum::<FMA>(square, half.mul_add(t, -square))
    } else {
        let head = f64::from_bits(t.to_bits() & 0xffff_ffff_f800_0000);
        exp_of_sum::<FMA>(-0.5 * head * head, -0.5 * (t - head) * (t + head))
    }
}

/// ln Φ(x) and φ(x)/Φ(x).
///
/// With t = |x|, g = e^(−t²/2) and Φ(−t) = gP/Q: below 0 they are ln(P/Q) − t²/2 and Q/P/√(2π), above
/// 0 ln(1 − gP/Q) and g/(1 − gP/Q)/√(2π). One logarithm serves both sides: that of a/Q, where a is P
/// or Q − gP.
#[inline(always)]
pub(in super::super) fn log_ndtr<const FMA: bool>(x: f64) -> (f64, f64) {
    let negative = x < 0.0;
    let t = x.abs();
    let (p, q) = tail::<FMA>(at_most(t, FAR));
    let g = gauss::<FMA>(t);
    let upper = g * p;
    let a = if negative { p } else { q - upper };

    // e is nearly log₂(a/Q): the bits of a number, as an integer, are nearly its logarithm
    const MIDDLE: u64 = 1.0f64.to_bits() + (1 << (FRACTION - 1));
    let bits = a.to_bits().wrapping_sub(q.to_bits()).wrapping_add(MIDDLE);
    let scale = f64::from_bits(TWICE_BIAS.wrapping_sub(bits & f64::INFINITY.to_bits()));
    let e = number(bits >> FRACTION);
    // 2⁻ᵉa − Q, without cancellation where Φ is nearly 1; with s, ln(2⁻ᵉa/Q) is 2 artanh s
    let part = if negative { p } else { -upper };
    let rest = if negative { -1.0 } else { scale - 1.0 };
    let difference = fma::<FMA>(part, scale, rest * q);
    let s = difference / fma::<FMA>(2.0, q, difference);
    let log = fma::<FMA>(e, LN_2, s + s + artanh_tail::<FMA>(s));

    let below = fma::<FMA>(-0.5 * t, t, log);
    let value = if negative { below } else { log };
    let slope = if negative { FRAC_1_SQRT_2_PI } else { FRAC_1_SQRT_2_PI * g } * q / a;
    // the slope is above −x everywhere, and −x to the last bit where t is cut
    (value, at_least(slope, -x))
}

/// h(z) = −Φ⁻¹(Φ(−z)/2).
///
/// Below 0, with p = Φ(z): h = Φ⁻¹((1 + p)/2), which is p times a series in p². Above 0,
/// (z + 3)(h − z) is a polynomial in (z − 3)/(z + 3).
#[inline(always)]
pub(in super::super) fn half_normal_quantile<const FMA: bool>(z: f64) -> f64 {
    let t = z.abs();
    let (p, q) = tail::<FMA>(at_most(t, FAR));
    let p = gauss::<FMA>(t) * (p / q);
    let below = p * polynomial::<FMA, _>(p * p, CENTRAL);
    let w = 1.0 / (t + 3.0);
    let above = fma::<FMA>(w, polynomial::<FMA, _>(fma::<FMA>(-6.0, w, 1.0), ABOVE), z);
    if z > 0.0 { above } else { below }
}

#[cfg(test)]
mod tests {
    use super::super::super::scalar;
    use super::*;

    /// The oracle, by libm and another approximation, is held against literal values in its tests.
    fn relative(got: f64, want: f64) -> f64 {
        // below the normal range there are fewer digits
        (got - want).abs() / want.abs().max(f64::MIN_POSITIVE)
    }

    #[test]
    fn log_ndtr_and_its_derivative() {
        let mut worst = [0f64; 4];
        let grid = (-400_000..=400_000).map(|i| f64::from(i) * 1e-4);
        let far = (0..4000).map(|i| -(f64::from(i) * 0.08).exp());
        for x in grid.chain(far).chain([1e3, 1e300, -1e-300]) {
            let want = scalar::log_ndtr(x);
            for (k, got) in [log_ndtr::<false>(x), log_ndtr::<true>(x)].into_iter().enumerate() {
                worst[2 * k] = worst[2 * k].max(relative(got.0, want.0));
                worst[2 * k + 1] = worst[2 * k + 1].max(relative(got.1, want.1));
            }
        }
        assert!(worst.iter().all(|w| *w < 4e-15), "{worst:?}");
    }

    #[test]
    fn ends_of_the_domain() {
        let inf = f64::INFINITY;
        assert_eq!(log_ndtr::<false>(inf), (0.0, 0.0));
        assert_eq!(log_ndtr::<false>(-inf), (-inf, inf));
        let (value, derivative) = log_ndtr::<false>(f64::NAN);
        assert!(value.is_nan() && derivative.is_nan());
        assert_eq!(half_normal_quantile::<false>(inf), inf);
        assert_eq!(half_normal_quantile::<false>(-inf), 0.0);
        assert!(half_normal_quantile::<false>(f64::NAN).is_nan());
    }

    #[test]
    fn half_normal_quantile_in_both_tails() {
        let mut worst = [0f64; 2];
        for z in (-400_000..=400_000).map(|i| f64::from(i) * 1e-4).chain([1e5, 1e100]) {
            let want = scalar::half_normal_quantile(z);
            let both = [half_normal_quantile::<false>(z), half_normal_quantile::<true>(z)];
            for (worst, got) in worst.iter_mut().zip(both) {
                *worst = worst.max(relative(got, want));
            }
        }
        assert!(worst.iter().all(|w| *w < 4e-15), "{worst:?}");
        let grid = (-120_000..120_000).map(|i| half_normal_quantile::<true>(f64::from(i) * 1e-4));
        assert!(grid.is_sorted_by(|a, b| a < b));
    }
}
