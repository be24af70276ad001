//! A budget problem in numbers: responses, bounds, linear rows.

use super::response::Response;

/// How far a row may be missed by rounding, as a share of what it sums.
pub const ROUNDING: f64 = 1e-11;

/// Limits of a weighted sum of spends. Limits may be infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Channels, each once, and their weights.
    pub terms: Vec<(usize, f64)>,
    /// The least sum.
    pub lower: f64,
    /// The largest sum.
    pub upper: f64,
}

impl Row {
    /// The weighted sum.
    pub fn sum(&self, spends: &[f64]) -> f64 {
        self.terms.iter().map(|&(c, weight)| weight * spends[c]).sum()
    }

    /// Whether the sum is within the limits, up to rounding.
    pub fn holds(&self, spends: &[f64]) -> bool {
        let size: f64 = self.terms.iter().map(|&(c, weight)| (weight * spends[c]).abs()).sum();
        let (sum, slack) = (self.sum(spends), ROUNDING * size);
        sum >= self.lower - slack && sum <= self.upper + slack
    }
}

/// Maximise the sum of responses less `cost` per unit of spend, within bounds and rows.
#[derive(Clone)]
pub struct Program<'a> {
    /// What each channel brings.
    pub responses: Vec<&'a dyn Response>,
    /// Least spend per channel.
    pub lower: Vec<f64>,
    /// Largest spend per channel, finite.
    pub upper: Vec<f64>,
    /// Limits of sums.
    pub rows: Vec<Row>,
    /// What one unit of spend costs, in units of the response.
    pub cost: f64,
}

impl Program<'_> {
    /// Whether spends are within the bounds and rows, up to rounding.
    pub fn allows(&self, spends: &[f64]) -> bool {
        let within = |c: usize| {
            let slack = ROUNDING * (self.upper[c] - self.lower[c]);
            spends[c] >= self.lower[c] - slack && spends[c] <= self.upper[c] + slack
        };
        (0..spends.len()).all(within) && self.rows.iter().all(|row| row.holds(spends))
    }

    /// What prices of the rows make of the price of every channel, its cost included.
    pub fn prices(&self, prices: &[f64]) -> Vec<f64> {
        let mut price = vec![self.cost; self.lower.len()];
        for (row, &p) in self.rows.iter().zip(prices) {
            row.terms.iter().for_each(|&(c, a)| price[c] += p * a);
        }
        price
    }

    /// Bounds without what the rows forbid, whatever the other channels do. Rows that nothing
    /// satisfies forbid nothing here.
    pub fn reach(&self) -> Vec<[f64; 2]> {
        let mut ends: Vec<[f64; 2]> =
            self.lower.iter().zip(&self.upper).map(|(&l, &u)| [l, u]).collect();
        for row in &self.rows {
            // As two upper limits: of the sum, and of its negative.
            for (sign, limit) in [(1.0, row.upper), (-1.0, -row.lower)] {
                let least =
                    |&(c, a): &(usize, f64)| f64::min(sign * a * ends[c][0], sign * a * ends[c][1]);
                let spare = limit - row.terms.iter().map(least).sum::<f64>();
                if !spare.is_finite() || spare < 0.0 {
                    continue;
                }
                for &(c, a) in &row.terms {
                    let [low, high] = ends[c];
                    let far = spare / a.abs();
                    match sign * a > 0.0 {
                        true => ends[c][1] = high.min(low + far),
                        false => ends[c][0] = low.max(high - far),
                    }
                }
            }
        }
        ends
    }
}

/// The answer to a [`Program`].
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// The spends.
    pub spends: Vec<f64>,
    /// What they bring, cost deducted.
    pub value: f64,
    /// Slope of each channel's response there.
    pub slopes: Vec<f64>,
    /// No spends within bounds and rows bring more than this.
    pub bound: f64,
    /// Price of each row: what one more unit of its limit is worth.
    pub prices: Vec<f64>,
    /// Boxes that were looked at: hardly ever more than 1 where responses are concave.
    pub boxes: u64,
}

impl Solved {
    /// How far the value may be from the best, as a share of it.
    pub fn gap(&self) -> f64 {
        let missed = self.bound - self.value;
        if missed <= 0.0 { 0.0 } else { missed / self.value.abs().max(f64::MIN_POSITIVE) }
    }
}
