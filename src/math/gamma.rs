//! What the logarithm of the gamma function has beyond Stirling's formula.

use super::lane::Lane;

/// From here on the asymptotic series holds every digit; smaller arguments are raised by it.
const ENOUGH: f64 = 8.0;

/// Coefficients of x⁻¹, x⁻³, … : B₂ₖ/(2k (2k − 1)).
const SERIES: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];

/// δ(x) = ln Γ(x) − (x − ½) ln x + x − ½ ln 2π and its derivative, for x > 0.
///
/// Where ln Γ appears beside the terms of Stirling's formula, as in densities, taking these together
/// leaves a small number, and no digits are lost.
#[inline(always)]
pub fn stirling_remainder<L: Lane>(x: L) -> (L, L) {
    let (one, half, enough) = (L::splat(1.0), L::splat(0.5), L::splat(ENOUGH));
    // small x: Γ(x) = Γ(x + 8)/p with p = x (x + 1) … (x + 7), so
    // δ(x) = δ(x + 8) + (x − ½) ln(1 + 8/x) + ln((x + 8)⁸/p) − 8
    let small = x.min(enough);
    let raised = small + enough;
    // the factors in pairs: x (x + 7) = t, (x + 1) (x + 6) = t + 6, …
    let t = small * (small + L::splat(7.0));
    let pairs = [t, t + L::splat(6.0), t + L::splat(10.0), t + L::splat(12.0)];
    let outer = (pairs[0] * pairs[1], pairs[0] + pairs[1]);
    let inner = (pairs[2] * pairs[3], pairs[2] + pairs[3]);
    let inverse = one / (outer.0 * inner.0);
    let slope = (small + raised - one) * outer.1.mul_add(inner.0, inner.1 * outer.0);
    let square = raised * raised;
    let power = square * square;
    let log = (enough / small).ln_1p();
    let rise = (small - half).mul_add(log, (power * power * inverse).ln() - enough);
    let rise_slope = log + half * enough / (small * raised) - slope * inverse;

    let is_small = |yes, no| L::select_lt(x, enough, yes, no);
    let inverse = one / is_small(raised, x);
    let square = inverse * inverse;
    let (mut value, mut derivative) = (L::zero(), L::zero());
    for (k, &c) in SERIES.iter().enumerate().rev() {
        value = value.mul_add(square, L::splat(c));
        derivative = derivative.mul_add(square, L::splat(-c * (2 * k + 1) as f64));
    }
    (
        value * inverse + is_small(rise, L::zero()),
        derivative * square + is_small(rise_slope, L::zero()),
    )
}

/// ln Γ(x) and its derivative ψ(x), for x > 0.
#[inline(always)]
pub fn ln_gamma<L: Lane>(x: L) -> (L, L) {
    let half = L::splat(0.5);
    let (remainder, slope) = stirling_remainder(x);
    let ln = x.ln();
    let half_ln_tau = L::splat(0.5 * std::f64::consts::TAU.ln());
    ((x - half) * ln - x + half_ln_tau + remainder, ln - half / x + slope)
}

#[cfg(test)]
mod tests {
    use super::super::{F32, F64, scalar};
    use super::*;

    #[test]
    fn remainder_and_slope() {
        // mpmath 1.3, 40 digits: loggamma and digamma
        for (x, value, slope) in [
            (1e-06, 5.9888309840731795, -499986.76170346205),
            (0.05, 0.7518611447477621, -7.502112717745879),
            (0.5, 0.15342640972002736, -0.27036284546147815),
            (1.0, 0.08106146679532726, -0.07721566490153287),
            (1.5, 0.05481412105191765, -0.03564180079625453),
            (3.7, 0.022468770580143144, -0.006044145153532239),
            (7.999, 0.010412565487973913, -0.0013003882996521574),
            (8.0, 0.010411265261972096, -0.0013000637242259318),
            (8.5, 0.009799416126158804, -0.0011518165050859435),
            (20.0, 0.004166319691996922, -0.00020828131184194256),
            (150.0, 0.000555554732520739, -3.7036872431467165e-06),
            (10000.0, 8.333333330555555e-06, -8.333333325e-10),
        ] {
            let (found, found_slope) = stirling_remainder(F64::<true>::splat(x));
            let scale = 1.0 + x.ln().abs();
            assert!((found.get(0) - value).abs() < 2e-14 * scale, "{x}: {found:?} {value}");
            let error = (found_slope.get(0) - slope).abs();
            assert!(error < 2e-14 * slope.abs().max(1.0), "{x}: slope {found_slope:?} {slope}");
            let (found, found_slope) = stirling_remainder(F32::<true>::splat(x));
            assert!((found.get(0) - value).abs() < 4e-6 * scale, "{x}: {found:?} {value}");
            let error = (found_slope.get(0) - slope).abs();
            assert!(error < 2e-6 * slope.abs().max(1.0), "{x}: slope {found_slope:?} {slope}");
        }
    }

    #[test]
    fn it_completes_stirlings_formula() {
        for k in 1..4000 {
            let x = 0.013 * f64::from(k);
            let (remainder, _) = stirling_remainder(F64::<false>::splat(x));
            let stirling = (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_7;
            let (found, expected) = (remainder.get(0) + stirling, scalar::ln_gamma(x));
            assert!((found - expected).abs() < 1e-13 * expected.abs().max(1.0), "{x}");
        }
    }
}
