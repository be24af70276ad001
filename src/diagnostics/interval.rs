//! Quantiles and highest-density intervals of draws.

use super::sort::{bits, sort_by_bits};

/// Probability of the intervals that are reported, from 3 % to 97 %.
pub const HDI_PROB: f64 = 0.94;
/// Probability of the intervals that are drawn inside those, from 25 % to 75 %.
pub const HALF_PROB: f64 = 0.5;

/// Narrowest interval that holds a share `prob` of the values, for one mode.
///
/// The lower one of equally narrow ones; NaN of no values or where one is not finite. Equals
/// `arviz.hdi(values, prob)`.
pub fn hdi(values: &[f64], prob: f64) -> [f64; 2] {
    hdi_sorted(&sorted(values), prob)
}

/// [`hdi`] of values in ascending order.
pub fn hdi_sorted(sorted: &[f64], prob: f64) -> [f64; 2] {
    let n = sorted.len();
    if !all_finite(sorted) || prob.is_nan() {
        return [f64::NAN; 2];
    }
    // As in ArviZ the interval spans ⌊prob · n⌋ steps; all values where prob leaves no choice.
    let steps = ((prob * n as f64).floor().max(0.0) as usize).min(n - 1);
    let mut best = 0;
    for low in 1..n - steps {
        if sorted[low + steps] - sorted[low] < sorted[best + steps] - sorted[best] {
            best = low;
        }
    }
    [sorted[best], sorted[best + steps]]
}

/// Quantile with linear interpolation between order statistics (type 7, NumPy's default).
///
/// `prob` is held between 0 and 1; NaN of no values or where one is not finite.
pub fn quantile(values: &[f64], prob: f64) -> f64 {
    quantile_sorted(&sorted(values), prob)
}

/// [`quantile`] of values in ascending order.
pub fn quantile_sorted(sorted: &[f64], prob: f64) -> f64 {
    if !all_finite(sorted) || prob.is_nan() {
        return f64::NAN;
    }
    let last = sorted.len() - 1;
    let position = last as f64 * prob.clamp(0.0, 1.0);
    let index = (position.floor() as usize).min(last);
    let (low, high) = (sorted[index], sorted[(index + 1).min(last)]);
    let share = position - index as f64;
    // From the nearer end: exact at both ends and where both are the same, so that "at most the
    // quantile" never turns on rounding.
    if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
}

/// A sorted copy.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sort_by_bits(&mut sorted, |&x| bits(x));
    sorted
}

/// Whether there are values and all are finite; sorted ones show it at their ends.
fn all_finite(sorted: &[f64]) -> bool {
    matches!((sorted.first(), sorted.last()), (Some(a), Some(b)) if a.is_finite() && b.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::fixture::{assert_close, cases};

    #[test]
    fn hdi_equals_arviz() {
        for case in cases() {
            let values: Vec<f64> = case.draws.iter().copied().collect();
            assert_eq!(hdi(&values, HDI_PROB), [case.hdi_3, case.hdi_97], "{}", case.name);
        }
    }

    #[test]
    fn hdi_of_few_values() {
        assert_eq!(hdi(&[2.0], 0.94), [2.0, 2.0]);
        assert_eq!(hdi(&[3.0, 1.0], 0.94), [1.0, 3.0]);
        assert_eq!(hdi(&[3.0, 1.0, 9.0], 1.0), [1.0, 9.0]);
        assert_eq!(hdi(&[0.0, 1.0, 2.0, 3.0], 0.5), [0.0, 2.0]);
        assert!(hdi(&[], 0.94)[0].is_nan());
        assert!(hdi(&[1.0, f64::NAN, 2.0], 0.94)[1].is_nan());
        assert!(hdi(&[1.0, f64::NEG_INFINITY], 0.94)[0].is_nan());
    }

    #[test]
    fn quantiles_equal_numpy() {
        // numpy 2.4.6: np.quantile([3, 1, 4, 1, 5, 9, 2, 6], p)
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for (prob, expected) in [(0.0, 1.0), (0.05, 1.0), (0.3, 2.1), (0.5, 3.5), (0.95, 7.95)] {
            assert_close(quantile(&values, prob), expected, 1e-14, "quantile");
        }
        assert_eq!(quantile(&values, 1.0), 9.0);
        assert_eq!(quantile(&values, 1.5), 9.0);
        assert_eq!(quantile(&[0.1; 7], 0.37), 0.1);
        assert!(quantile(&[], 0.5).is_nan());
        assert!(quantile(&[1.0, f64::INFINITY], 0.1).is_nan());
    }
}
