//! The median of several measurements, and how far they lie apart.

use crate::error::Result;
use std::time::{Duration, Instant};

/// Most measurements of one thing.
const MOST: usize = 9;
/// Fewest, unless they take more than twice their time.
pub(super) const FEWEST: usize = 3;

/// Measurements of one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// How many there were.
    pub repeats: usize,
}

impl Spread {
    /// Of at least one number.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let n = numbers.len();
        let median = (numbers[(n - 1) / 2] + numbers[n / 2]) / 2.0;
        Self { median, low: numbers[0], high: numbers[n - 1], repeats: n }
    }

    /// The same in another unit, `f` of it.
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (f(self.low), f(self.high));
        Self { median: f(self.median), low: a.min(b), high: a.max(b), repeats: self.repeats }
    }
}

/// Seconds that the work takes, again and again for about `time`.
pub(super) fn seconds(time: Duration, mut work: impl FnMut() -> Result<()>) -> Result<Spread> {
    let begun = Instant::now();
    let mut seconds = Vec::new();
    loop {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
        let (n, spent) = (seconds.len(), begun.elapsed());
        if n == MOST || (n >= FEWEST && spent >= time) || spent >= 2 * time {
            return Ok(Spread::of(seconds));
        }
    }
}

/// How often some work fits into one of the measurements that share `time`. The first call may
/// compile, and learn how long a dispatch may be: the second counts.
pub(super) fn fitting(time: Duration, mut work: impl FnMut() -> Result<()>) -> Result<usize> {
    work()?;
    let begun = Instant::now();
    work()?;
    let share = time.as_secs_f64() / (2 * FEWEST) as f64;
    Ok((share / begun.elapsed().as_secs_f64()).clamp(1.0, 1e6) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_ends() {
        let spread = Spread::of(vec![3.0, 1.0, 8.0]);
        assert_eq!(spread, Spread { median: 3.0, low: 1.0, high: 8.0, repeats: 3 });
        assert_eq!(Spread::of(vec![4.0, 1.0]).median, 2.5);
        let rates = spread.map(|seconds| 24.0 / seconds);
        assert_eq!(rates, Spread { median: 8.0, low: 3.0, high: 24.0, repeats: 3 });
    }

    #[test]
    fn short_work_is_repeated_and_long_work_is_not() {
        assert_eq!(seconds(Duration::from_secs(60), || Ok(())).unwrap().repeats, MOST);
        assert_eq!(seconds(Duration::ZERO, || Ok(())).unwrap().repeats, 1);
        let mut n = 0;
        let failing = || {
            n += 1;
            if n == 2 { Err(crate::error::Error::device("lost")) } else { Ok(()) }
        };
        assert!(seconds(Duration::from_secs(60), failing).is_err());
    }
}
