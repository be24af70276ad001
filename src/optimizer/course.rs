//! What the spend of a channel may be from period to period: bounds, and how fast it may change.

/// Limits of the spends of consecutive periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Number of periods.
    pub periods: usize,
    /// Least spend in a period.
    pub lower: f64,
    /// Largest spend in a period.
    pub upper: f64,
    /// Largest change from one period to the next; may be infinite.
    pub ramp: f64,
    /// Spend in the period before the first, where that counts.
    pub last: Option<f64>,
}

impl Course {
    /// The spends that rise (or fall) as fast and as far as the limits allow: no others have a larger
    /// (or smaller) mean. None where no spends are within the limits.
    pub fn extreme(&self, highest: bool) -> Option<Vec<f64>> {
        let reach = self.last.map_or([f64::NEG_INFINITY, f64::INFINITY], |last| {
            [last - self.ramp, last + self.ramp]
        });
        let [low, high] = [self.lower.max(reach[0]), self.upper.min(reach[1])];
        if low > high {
            return None;
        }
        let first = if highest { high } else { low };
        let next = |spend: &f64| {
            Some(match highest {
                true => (spend + self.ramp).min(self.upper),
                false => (spend - self.ramp).max(self.lower),
            })
        };
        Some(std::iter::successors(Some(first), next).take(self.periods).collect())
    }

    /// The same with less room on every side, by a share of it.
    pub fn within(&self, share: f64) -> Self {
        let margin = share * (self.upper - self.lower);
        let [lower, upper] = [self.lower + margin, self.upper - margin];
        Self { lower, upper, ramp: (1.0 - share) * self.ramp, ..self.clone() }
    }
}

/// Least and largest mean spend for which spends of these shares of it change by `ramp` at most from
/// period to period, from the spend `last` on where that counts. Where they cross there is none.
pub fn steady(share: &[f64], ramp: f64, last: Option<f64>) -> [f64; 2] {
    let change = |pair: &[f64]| (pair[1] - pair[0]).abs();
    let largest = share.windows(2).map(change).fold(0.0, f64::max);
    let upper = if largest > 0.0 { ramp / largest } else { f64::INFINITY };
    match (last, share[0] > 0.0) {
        (None, _) => [0.0, upper],
        (Some(last), true) => {
            [((last - ramp) / share[0]).max(0.0), upper.min((last + ramp) / share[0])]
        }
        (Some(last), false) if last <= ramp => [0.0, upper],
        (Some(_), false) => [f64::INFINITY, upper],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_rise_and_fall_as_fast_as_they_may() {
        let course = Course { periods: 4, lower: 1.0, upper: 10.0, ramp: 3.0, last: Some(5.0) };
        assert_eq!(course.extreme(true).unwrap(), [8.0, 10.0, 10.0, 10.0]);
        assert_eq!(course.extreme(false).unwrap(), [2.0, 1.0, 1.0, 1.0]);
        let free = Course { last: None, ..course.clone() };
        assert_eq!(free.extreme(true).unwrap(), [10.0; 4]);
        let far = Course { last: Some(20.0), ..course.clone() };
        assert_eq!(far.extreme(true), None);
        let inside = course.within(0.5);
        assert_eq!((inside.lower, inside.upper, inside.ramp), (5.5, 5.5, 1.5));
    }

    #[test]
    fn ramps_bound_the_mean_of_a_given_flighting() {
        // steps of 0.5 and 1.0 of the mean
        let share = [0.5, 1.0, 2.0, 0.5];
        assert_eq!(steady(&share, 30.0, None), [0.0, 20.0]);
        assert_eq!(steady(&share, 30.0, Some(40.0)), [20.0, 20.0]);
        assert_eq!(steady(&[1.0, 1.0], 5.0, None), [0.0, f64::INFINITY]);
        assert_eq!(steady(&[1.0, 1.0], 5.0, Some(20.0)), [15.0, 25.0]);
        let [lower, upper] = steady(&[0.0, 2.0], 5.0, Some(20.0));
        assert!(lower > upper);
        assert_eq!(steady(&[0.0, 2.0], 5.0, Some(5.0)), [0.0, 2.5]);
    }
}
