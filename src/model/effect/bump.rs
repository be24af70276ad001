//! The bump of an event: the density of a normal distribution at a date's distance from it, in days.

use super::super::family::{Wgsl, wgsl};
use crate::math::Lane;
use jiff::civil::Date;

/// The WGSL twin of [`bump`].
pub const WGSL: Wgsl = wgsl!("effect/bump");

/// 1/√(2π).
const FRAC_1_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;
/// The distance of dates on which a bump is nothing.
pub const FAR: f64 = 1e9;
/// Deviations beyond which a bump is nothing.
const REACH: f64 = 38.0;
/// Widths below this one are as good as it.
const NARROWEST: f64 = 1e-12;

/// Where a bump finds its parameters: what it adds is size · height · bump.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bump {
    /// Value of its size.
    pub size: usize,
    /// Value of its height; none for 1.
    pub height: Option<usize>,
    /// Value of its width.
    pub sigma: usize,
}

/// The density of Normal(0, sigma) at z, and its derivative in sigma.
#[inline(always)]
pub fn bump<L: Lane>(z: L, sigma: L) -> [L; 2] {
    let inverse = L::splat(1.0) / sigma.max(L::splat(NARROWEST));
    let r = (z.abs() * inverse).min(L::splat(REACH));
    let square = r * r;
    let value = L::splat(FRAC_1_SQRT_2_PI) * inverse * (square * L::splat(-0.5)).exp();
    [value, value * inverse * (square - L::splat(1.0))]
}

/// Days from an event to a date: 0 from its first day to its last, negative before, positive after.
pub fn distance(date: Date, start: Date, end: Date) -> f64 {
    let days = |from: Date| f64::from(date.since(from).map_or(0, |span| span.get_days()));
    let (start, end) = (days(start), days(end));
    start.min(0.0) + end.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Wide;
    use jiff::civil::date;

    type Number = Wide<f64, 1, false>;

    #[test]
    fn bumps_are_normal_densities() {
        // Python: math.exp(-z*z/2/s**2)/s/math.sqrt(2*math.pi), and its difference quotient in s
        for (z, sigma, value, slope) in [
            (0.0, 7.0, 0.056_991_754_343_061_81, -0.008_141_679_191_865_973),
            (-3.0, 2.0, 0.064_758_797_832_945_87, 0.040_474_248_645_591_17),
            (10.0, 4.0, 0.004_382_075_123_392_135, 0.005_751_473_599_452_177),
        ] {
            let found = bump(Number::splat(z), Number::splat(sigma)).map(|x| x.get(0));
            for (found, expected) in found.iter().zip([value, slope]) {
                assert!((found - expected).abs() < 1e-15, "{z} {sigma}: {found} {expected}");
            }
        }
        for sigma in [0.0, 1e-300, 1.0, 1e6] {
            let far = bump(Number::splat(FAR), Number::splat(sigma)).map(|x| x.get(0));
            assert!(far.iter().all(|x| x.abs() < 1e-280), "{sigma}: {far:?}");
        }
    }

    #[test]
    fn distances_are_from_the_nearer_edge() {
        let (start, end) = (date(2024, 2, 27), date(2024, 3, 2));
        let found = [(2, 20), (2, 27), (2, 29), (3, 2), (3, 9)]
            .map(|(month, day)| distance(date(2024, month, day), start, end));
        assert_eq!(found, [-7.0, 0.0, 0.0, 0.0, 7.0]);
    }
}
