//! Equal marginal returns: from the relaxed answer to spends whose slopes match the prices.
//!
//! The slopes of the tables, joined by straight lines, make the dual problem smooth; Newton's method
//! on the prices of the rows then finds in a few steps what the hulls alone would close in on slowly.
//! It proposes: what it finds is looked at exactly, and counts only if it is within the rows.

use super::curve::Curve;
use super::linear;
use super::program::Row;
use super::response::Point;

/// Newton steps at most.
const MOST_STEPS: usize = 60;
/// How well the rows are met, as a share of their sums.
const MET: f64 = 1e-13;

/// What a channel spends at a price, near what it spends now: the falling run of its slope there.
struct Demand {
    /// Rising spends with falling slopes; at least one.
    spends: Vec<f64>,
    slopes: Vec<f64>,
}

impl Demand {
    fn new(curve: &Curve, spend: f64, [lower, upper]: [f64; 2]) -> Self {
        let points = curve.points();
        let first = points.partition_point(|p| p.spend < lower);
        let end = points.partition_point(|p| p.spend <= upper);
        let points = &points[first..end.max(first)];
        let after = points.partition_point(|p| p.spend <= spend);
        let falls = |i: usize| points[i].slope > points[i + 1].slope;
        let cell = after.saturating_sub(1);
        // A known spend may have its falling run on either side.
        let run = match cell + 1 < points.len() && falls(cell) {
            true => Some([cell, cell + 1]),
            false if cell > 0 && points[cell].spend == spend && falls(cell - 1) => {
                Some([cell - 1, cell])
            }
            false if curve.said() < 0.0 && !points.is_empty() => Some([cell; 2]),
            false => None,
        };
        let Some([mut from, mut to]) = run else {
            return Self { spends: vec![spend], slopes: vec![0.0] };
        };
        while from > 0 && falls(from - 1) {
            from -= 1;
        }
        while to + 1 < points.len() && falls(to) {
            to += 1;
        }
        let mut known: Vec<Point> = points[from..=to].to_vec();
        // Beyond what is known, what is said of it.
        let (first, last) = (points[from], points[to]);
        let beyond = |p: Point, spend: f64| {
            let slope = p.slope + curve.said() * (spend - p.spend);
            (curve.said() < 0.0 && p.slope.is_finite()).then_some(Point { spend, slope, ..p })
        };
        if from == 0
            && first.spend > lower
            && let Some(start) = beyond(first, lower)
        {
            known.insert(0, start);
        }
        if to + 1 == points.len() && last.spend < upper {
            known.extend(beyond(last, upper));
        }
        Self {
            spends: known.iter().map(|p| p.spend).collect(),
            slopes: known.iter().map(|p| p.slope).collect(),
        }
    }

    /// Spend at a price, and how it changes with the price.
    fn at(&self, price: f64) -> (f64, f64) {
        let after = self.slopes.partition_point(|&slope| slope > price);
        if after == 0 {
            return (self.spends[0], 0.0);
        }
        if after == self.slopes.len() {
            return (self.spends[after - 1], 0.0);
        }
        let [s, t] = [self.spends[after - 1], self.spends[after]];
        let [high, low] = [self.slopes[after - 1], self.slopes[after]];
        if high.is_infinite() {
            // As of a square root.
            let share = (t - s) * (low / price) * (low / price);
            return (s + share, -2.0 * share / price);
        }
        let change = (t - s) / (low - high);
        (s + (price - high) * change, change)
    }
}

/// Spends that meet the rows with equal marginal returns, and the rows' prices; none if Newton's
/// method does not get there.
pub fn polish(
    curves: &[Curve],
    boxes: &[[f64; 2]],
    rows: &[Row],
    cost: f64,
    spends: &[f64],
    prices: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let active: Vec<usize> =
        (0..rows.len()).filter(|&r| prices[r] != 0.0 || rows[r].lower == rows[r].upper).collect();
    // The active rows of every channel, by their places among the active ones.
    let mut of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); curves.len()];
    for (i, &r) in active.iter().enumerate() {
        rows[r].terms.iter().for_each(|&(c, a)| of[c].push((i, a)));
    }
    let limit = |r: usize| if prices[r] < 0.0 { rows[r].lower } else { rows[r].upper };
    let demands: Vec<Demand> =
        curves.iter().zip(boxes).zip(spends).map(|((c, b), &s)| Demand::new(c, s, *b)).collect();
    let mut prices = prices.to_vec();
    let demanded = |prices: &[f64]| -> Vec<(f64, f64)> {
        let mut price = vec![cost; curves.len()];
        for &r in &active {
            rows[r].terms.iter().for_each(|&(c, a)| price[c] += prices[r] * a);
        }
        demands.iter().zip(price).map(|(demand, price)| demand.at(price)).collect()
    };
    let missed = |found: &[(f64, f64)]| -> Vec<f64> {
        let sum = |r: usize| rows[r].terms.iter().map(|&(c, a)| a * found[c].0).sum::<f64>();
        active.iter().map(|&r| sum(r) - limit(r)).collect()
    };
    let size: Vec<f64> = active
        .iter()
        .map(|&r| rows[r].terms.iter().map(|&(c, a)| (a * boxes[c][1]).abs()).sum::<f64>())
        .collect();
    let norm = |missed: &[f64]| {
        missed.iter().zip(&size).map(|(x, size)| (x / size).abs()).fold(0.0, f64::max)
    };
    let mut found = demanded(&prices);
    let mut miss = missed(&found);
    for _ in 0..MOST_STEPS {
        if norm(&miss) <= MET {
            return Some((found.into_iter().map(|(spend, _)| spend).collect(), prices));
        }
        let step = newton(&of, &found, &miss)?;
        let mut share = 1.0;
        loop {
            let mut next = prices.clone();
            active.iter().zip(&step).for_each(|(&r, step)| next[r] += share * step);
            let (next_found, next_miss) = {
                let found = demanded(&next);
                let miss = missed(&found);
                (found, miss)
            };
            if norm(&next_miss) < norm(&miss) {
                (prices, found, miss) = (next, next_found, next_miss);
                break;
            }
            share /= 2.0;
            if share < 1e-6 {
                return None;
            }
        }
    }
    None
}

/// The change of the prices that would meet the rows if demand were linear: solves
/// `Σ_c a_c a_cᵀ demand′_c · step = −missed`; none where no demand changes.
fn newton(of: &[Vec<(usize, f64)>], found: &[(f64, f64)], missed: &[f64]) -> Option<Vec<f64>> {
    let n = missed.len();
    let mut system: Vec<Vec<f64>> =
        missed.iter().map(|miss| [vec![0.0; n], vec![-miss]].concat()).collect();
    for (rows, &(_, change)) in of.iter().zip(found).filter(|(_, (_, change))| *change != 0.0) {
        for &(i, a) in rows {
            rows.iter().for_each(|&(j, b)| system[i][j] += a * b * change);
        }
    }
    linear::solve(system)
}
