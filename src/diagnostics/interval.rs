//! Quantiles and highest-density intervals of draws.

use super::sort::{bits, sort_by_bits};

/// Probability of the intervals that are reported, from 3 % to 97 %.
pub const HDI_PROB: f64 = 0.94;
/// Probability of the intervals that are drawn inside those, from 25 % to 75 %.
pub const HALF_PROB: f64 = 0.5;

/// From so many values on it pays not to sort all of them.
const MANY: usize = 256;
/// About so many of them tell where the least and the largest are.
const SOME: usize = 256;

/// Narrowest interval that holds a share `prob` of the values, for one mode.
///
/// The lower one of equally narrow ones; NaN of no values or where one is not finite. Equals
/// `arviz.hdi(values, prob)`.
pub fn hdi(values: &[f64], prob: f64) -> [f64; 2] {
    let (n, steps) = (values.len(), steps(values.len(), prob));
    // An interval starts at one of the least values and ends at one of the largest; with few of both
    // the order of all others need not be known.
    let choices = n - steps;
    if n < MANY || choices > steps {
        return hdi_sorted(&sorted(values), prob);
    }
    if let Some([low, high]) = ends(values, choices) {
        return narrowest(&low, &high);
    }
    let mut values = values.to_vec();
    let key = |x: &f64| bits(*x);
    values.select_nth_unstable_by_key(choices, key);
    values[choices..].select_nth_unstable_by_key(steps - choices, key);
    values[..choices].sort_unstable_by_key(key);
    values[steps..].sort_unstable_by_key(key);
    hdi_sorted(&values, prob)
}

/// The `k` least and the `k` largest values in ascending order, if some of all tell well enough how
/// large those are: one pass over the values, and no guess at what it will meet.
fn ends(values: &[f64], k: usize) -> Option<[Vec<f64>; 2]> {
    let mut some: Vec<u64> = values.iter().step_by(values.len() / SOME).map(|&x| bits(x)).collect();
    some.sort_unstable();
    let last = some.len() - 1;
    // What is likely to be beyond the k-th by a few standard deviations of that place.
    let place = (k * some.len()) as f64 / values.len() as f64;
    let place = ((place + 3.0 * place.sqrt() + 2.0) as usize).min(last);
    let [top, bottom] = [some[place], some[last - place]];
    let room = 4 * k + SOME;
    let [mut low, mut high] = [(); 2].map(|()| vec![0.0; room + 1]);
    let [mut lows, mut highs] = [0; 2];
    for &x in values {
        low[lows.min(room)] = x;
        lows += usize::from(bits(x) <= top);
        high[highs.min(room)] = x;
        highs += usize::from(bits(x) >= bottom);
    }
    if lows < k || highs < k || lows > room || highs > room {
        return None;
    }
    low.truncate(lows);
    high.truncate(highs);
    low.sort_unstable_by_key(|&x| bits(x));
    high.sort_unstable_by_key(|&x| bits(x));
    low.truncate(k);
    high.drain(..highs - k);
    Some([low, high])
}

/// How many steps an interval spans: ⌊prob · n⌋ as in ArviZ, all where prob leaves no choice.
fn steps(n: usize, prob: f64) -> usize {
    ((prob * n as f64).floor().max(0.0) as usize).min(n.saturating_sub(1))
}

/// [`hdi`] of values in ascending order.
pub fn hdi_sorted(sorted: &[f64], prob: f64) -> [f64; 2] {
    let n = sorted.len();
    if !all_finite(sorted) || prob.is_nan() {
        return [f64::NAN; 2];
    }
    let steps = steps(n, prob);
    narrowest(&sorted[..n - steps], &sorted[steps..])
}

/// The narrowest interval of those from one of `low` to its partner in `high`, both in ascending order;
/// NaN where one is not finite.
fn narrowest(low: &[f64], high: &[f64]) -> [f64; 2] {
    if !(low[0].is_finite() && high[high.len() - 1].is_finite()) {
        return [f64::NAN; 2];
    }
    let mut best = 0;
    for k in 1..low.len() {
        if high[k] - low[k] < high[best] - low[best] {
            best = k;
        }
    }
    [low[best], high[best]]
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

    /// Whether the middle is sorted or not.
    #[test]
    fn hdi_needs_the_order_of_the_ends_alone() {
        use crate::math::philox4x32;
        for n in [MANY - 1, MANY, 1000, 6007] {
            for coarse in [false, true] {
                let number = |i: u32| {
                    let [a, b, ..] = philox4x32([i, 0, 0, 0], [5, n as u32]);
                    let x = f64::from(a) * f64::from(b) - 1e18;
                    // many equal ones, zeros of both signs among them
                    if coarse { (x / 1e18).round() } else { x }
                };
                let values: Vec<f64> = (0..n as u32).map(number).collect();
                for prob in [0.5, 0.51, 0.94, 0.999, 1.0] {
                    let (got, expected) = (hdi(&values, prob), hdi_sorted(&sorted(&values), prob));
                    assert_eq!(got.map(f64::to_bits), expected.map(f64::to_bits), "{n} {prob}");
                }
                for odd in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let mut values = values.clone();
                    values[n / 3] = odd;
                    assert!(hdi(&values, 0.94)[0].is_nan(), "{n} {odd}");
                }
            }
        }
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
