//! Rank normalisation: draws sorted once, their normal scores, and those of the folded draws.

use super::{
    chains::{Chains, Halves},
    sort::{bits, sort_by_bits},
};

/// Draws in ascending order with their places in [`Halves::all`].
pub(super) struct Order {
    /// Ascending values.
    pub values: Vec<f64>,
    places: Vec<u32>,
}

impl Order {
    /// Sorts all draws, the middle ones of odd chains included.
    pub fn new(halves: &Halves) -> Self {
        let mut pairs: Vec<(f64, u32)> = halves.all().iter().copied().zip(0..).collect();
        sort_by_bits(&mut pairs, |pair| bits(pair.0));
        let (values, places) = pairs.into_iter().unzip();
        Self { values, places }
    }

    /// The draws of the half-chains alone, still in order.
    pub fn split(self, halves: &Halves) -> Self {
        let len = halves.split().len();
        if len == self.values.len() {
            return self;
        }
        let pairs = self.values.into_iter().zip(self.places);
        let (values, places) = pairs.filter(|&(_, place)| (place as usize) < len).unzip();
        Self { values, places }
    }

    /// Distances from the median in ascending order: a merge of the two sides, no second sort.
    pub fn folded(&self) -> Self {
        let median = median_sorted(&self.values);
        let n = self.values.len();
        let mut below = self.values.partition_point(|&value| value < median);
        let mut above = below;
        let mut folded = Self { values: Vec::with_capacity(n), places: Vec::with_capacity(n) };
        for _ in 0..n {
            let left = if below > 0 { median - self.values[below - 1] } else { f64::INFINITY };
            let right = if above < n { self.values[above] - median } else { f64::INFINITY };
            // Which side is nearer cannot be guessed: no branch. Of the draws, one side is finite.
            let lower = usize::from(left < right);
            below -= lower;
            folded.values.push(left.min(right));
            folded.places.push(self.places[if lower == 1 { below } else { above }]);
            above += 1 - lower;
        }
        folded
    }
}

/// Normal scores of the ranks of a given number of draws.
pub(super) struct NormalScores {
    /// Score of rank r at 2r; ties have half ranks.
    table: Vec<f64>,
}

impl NormalScores {
    /// z = Φ⁻¹((r − 3/8) / (n + 1/4)), Blom's offset, for r = 1, 1½, …, n.
    pub fn new(n: usize) -> Self {
        let mut table = vec![0.0; 2 * n + 1];
        // Ranks r and n + 1 − r have opposite scores.
        for twice in 2..=n {
            let z = normal_quantile((twice as f64 / 2.0 - 0.375) / (n as f64 + 0.25));
            table[twice] = z;
            table[2 * n + 2 - twice] = -z;
        }
        Self { table }
    }

    /// Half-chains of the normal scores of draws, ties having the mean of their ranks.
    pub fn normalise(&self, order: &Order, columns: usize) -> Chains {
        let n = order.values.len();
        let mut scores = vec![0.0; n];
        let mut start = 0;
        while start < n {
            let value = order.values[start];
            let ties = order.values[start..].iter().take_while(|&&other| other == value).count();
            // Mean of the ranks start + 1 … start + ties, doubled.
            let z = self.table[2 * start + ties + 1];
            for &place in &order.places[start..start + ties] {
                scores[place as usize] = z;
            }
            start += ties;
        }
        Chains::new(scores, columns)
    }
}

/// Median of ascending values.
pub(super) fn median_sorted(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Φ⁻¹(p) for 0 < p ≤ 1/2.
fn normal_quantile(p: f64) -> f64 {
    use std::f64::consts::{SQRT_2, TAU};
    // Abramowitz and Stegun 26.2.23, good to 4.5e-4, then two Halley steps on Φ(z) = p, each of
    // which cubes the error.
    let t = (-2.0 * libm::log(p)).sqrt();
    let top = 2.515517 + t * (0.802853 + t * 0.010328);
    let bottom = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    let mut z = top / bottom - t;
    for _ in 0..2 {
        let miss = 0.5 * libm::erfc(-z / SQRT_2) - p;
        let step = miss * TAU.sqrt() * libm::exp(0.5 * z * z);
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn normal_quantile_equals_scipy() {
        // scipy 1.17.1: norm.ppf
        for (p, z) in [
            (0.3, -0.5244005127080409),
            (0.1, -1.2815515655446004),
            (0.01, -2.3263478740408408),
            (1e-5, -4.264890793922825),
            (1e-10, -6.361340902404056),
            (0.625 / 400.25, -2.955359596251267),
        ] {
            assert!((normal_quantile(p) / z - 1.0_f64).abs() < 1e-14, "{p}");
        }
        assert!(normal_quantile(0.5).abs() < 1e-15);
    }

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        let halves = Halves::new(array![[3.0, 1.0, 3.0, 2.0]].view()).unwrap();
        let scores = NormalScores::new(4);
        let chains = scores.normalise(&Order::new(&halves), halves.columns);
        // Ranks 3.5, 1 | 3.5, 2; scipy: norm.ppf((rankdata(x) - 0.375) / 4.25)
        let z = [0.62890421763219, -1.0491313979639707, -0.2993069104656671];
        assert!((chains.means[0] - (z[0] + z[1]) / 2.0).abs() < 1e-14);
        assert!((chains.means[1] - (z[0] + z[2]) / 2.0).abs() < 1e-14);
    }

    #[test]
    fn folding_by_merge_equals_sorting_distances() {
        let x = array![[5.0, 1.0, 2.0, 9.0, 4.0, 4.0], [4.0, 4.0, 3.0, 6.0, -7.0, 2.0]];
        let halves = Halves::new(x.view()).unwrap();
        let folded = Order::new(&halves).folded();
        let mut expected: Vec<f64> = x.iter().map(|value| (value - 4.0_f64).abs()).collect();
        expected.sort_unstable_by(f64::total_cmp);
        assert_eq!(folded.values, expected);
        for (value, &place) in folded.values.iter().zip(&folded.places) {
            assert_eq!(*value, (halves.all()[place as usize] - 4.0).abs());
        }
    }
}
