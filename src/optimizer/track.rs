//! One channel of a schedule: the room between its path and the limits from period to period, their
//! logarithmic barriers, and its part of a Newton step.

use super::course::Course;
use super::linear::Cholesky;
use super::media::Local;

/// A channel's limits from period to period.
pub struct Track<'a> {
    /// The limits.
    pub course: &'a Course,
    /// Whether they leave anything to decide.
    pub free: bool,
}

/// What a channel adds to a Newton step.
pub struct Part {
    /// Slopes of the objective with its barriers.
    pub rise: Vec<f64>,
    /// The step if nothing coupled the channels.
    pub step: Vec<f64>,
    /// How the step gives way to a price of the mean.
    pub yields: Vec<f64>,
}

impl Track<'_> {
    /// The paths with the least and the largest mean, with some room on every side.
    pub fn ends(&self, room: f64) -> Option<[Vec<f64>; 2]> {
        let room = if self.free { room } else { 0.0 };
        let course = self.course.within(room);
        Some([course.extreme(false)?, course.extreme(true)?])
    }

    /// Every limit: how much room there is, and in which periods and directions it grows.
    fn limits(&self, path: &[f64], mut each: impl FnMut(f64, &[(usize, f64)])) {
        let Course { lower, upper, ramp, last, .. } = *self.course;
        for (t, spend) in path.iter().enumerate() {
            each(spend - lower, &[(t, 1.0)]);
            each(upper - spend, &[(t, -1.0)]);
        }
        if ramp.is_infinite() {
            return;
        }
        if let Some(last) = last {
            each(ramp - (path[0] - last), &[(0, -1.0)]);
            each(ramp + (path[0] - last), &[(0, 1.0)]);
        }
        for t in 1..path.len() {
            let change = path[t] - path[t - 1];
            each(ramp - change, &[(t, -1.0), (t - 1, 1.0)]);
            each(ramp + change, &[(t, 1.0), (t - 1, -1.0)]);
        }
    }

    /// Number of limits.
    pub fn count(&self, path: &[f64]) -> usize {
        let mut count = 0;
        self.limits(path, |_, _| count += 1);
        count
    }

    /// The least room to any limit; negative outside.
    pub fn room(&self, path: &[f64]) -> f64 {
        let mut least = f64::INFINITY;
        self.limits(path, |room, _| least = least.min(room));
        least
    }

    /// Sum of the logarithms of all room.
    pub fn barrier(&self, path: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.limits(path, |room, _| sum += room.ln());
        sum
    }

    /// How much of a step leads to the first limit.
    pub fn reach(&self, path: &[f64], step: &[f64]) -> f64 {
        let mut reach = f64::INFINITY;
        self.limits(path, |room, grows| {
            let change: f64 = grows.iter().map(|&(t, sign)| sign * step[t]).sum();
            if change < 0.0 {
                reach = reach.min(-room / change);
            }
        });
        reach
    }

    /// Prices of the ramp limits where the barriers weigh so much, as a Newton step leaves them: of the
    /// first change if there is a spend before it, then of the others.
    pub fn prices(&self, path: &[f64], step: &[f64], weight: f64) -> Vec<f64> {
        let mut sides = Vec::new();
        self.limits(path, |room, grows| {
            let change: f64 = grows.iter().map(|&(t, sign)| sign * step[t]).sum();
            sides.push(weight / room * (1.0 - change / room));
        });
        // After the bounds each change has its upper limit first.
        sides[2 * path.len()..].chunks(2).map(|pair| pair[0] - pair[1]).collect()
    }

    /// The channel's part of a Newton step, where a unit of spend costs `price` in every period.
    pub fn part(&self, path: &[f64], local: &Local, price: f64, weight: f64) -> Part {
        let n = path.len();
        let mut rise: Vec<f64> = local.slopes.iter().map(|slope| slope - price).collect();
        let mut bends = local.bends.clone();
        self.limits(path, |room, grows| {
            let force = weight / room;
            for &(t, sign) in grows {
                rise[t] += force * sign;
                for &(s, other) in grows {
                    bends[t * n + s] += force / room * sign * other;
                }
            }
        });
        // Where a response is not concave, the step is that of one that is.
        let size = (0..n).map(|t| bends[t * n + t].abs()).fold(f64::MIN_POSITIVE, f64::max);
        let mut shift = 1e-14 * size;
        let factor = loop {
            if let Some(factor) = Cholesky::new(&bends, n) {
                break factor;
            }
            (0..n).for_each(|t| bends[t * n + t] += shift);
            shift *= 10.0;
        };
        let step = factor.solve(&rise);
        Part { step, yields: factor.solve(&vec![1.0 / n as f64; n]), rise }
    }
}
