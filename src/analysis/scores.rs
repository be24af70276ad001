//! How well dates were predicted.

use super::time::TimeRow;

/// Fit over some dates; NaN where there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// 1 − Σ(actual − predicted mean)² / Σ(actual − its mean)²; NaN if the target does not vary.
    pub r2: f64,
    /// Mean of |actual − predicted mean| / |actual| over the dates with a target other than 0.
    pub mape: f64,
    /// Mean continuous ranked probability score of the posterior predictive, in the target's units.
    pub crps: f64,
    /// Share of dates whose target lies in the 94 % interval.
    pub coverage: f64,
}

impl Scores {
    /// Scores of dates and the CRPS of each.
    pub(super) fn new(rows: &[TimeRow], crps: &[f64]) -> Self {
        let average = |values: &mut dyn Iterator<Item = f64>| {
            let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
            sum / n
        };
        let mean = average(&mut rows.iter().map(|row| row.actual));
        let residual = average(&mut rows.iter().map(|r| (r.actual - r.predicted_mean).powi(2)));
        let variance = average(&mut rows.iter().map(|row| (row.actual - mean).powi(2)));
        let relative = |r: &TimeRow| ((r.actual - r.predicted_mean) / r.actual).abs();
        let covered = |row: &TimeRow| {
            if row.predicted_hdi_3.is_nan() {
                return f64::NAN;
            }
            f64::from((row.predicted_hdi_3..=row.predicted_hdi_97).contains(&row.actual))
        };
        Self {
            r2: if variance > 0.0 { 1.0 - residual / variance } else { f64::NAN },
            mape: average(&mut rows.iter().filter(|row| row.actual != 0.0).map(relative)),
            crps: average(&mut crps.iter().copied()),
            coverage: average(&mut rows.iter().map(covered)),
        }
    }
}

/// CRPS of draws in ascending order against what happened: the mean distance to it less half the
/// mean distance between two draws, mean|x−y| − Σ (x₍ᵢ₊₁₎−x₍ᵢ₎) i(n−i)/n² (Gneiting and Raftery,
/// 2007).
pub fn crps(sorted: &[f64], actual: f64) -> f64 {
    let n = sorted.len() as f64;
    let error = sorted.iter().map(|x| (x - actual).abs()).sum::<f64>() / n;
    let gaps = sorted.windows(2).enumerate().map(|(i, pair)| {
        let below = (i + 1) as f64;
        (pair[1] - pair[0]) * below * (n - below)
    });
    error - gaps.sum::<f64>() / (n * n)
}

#[cfg(test)]
mod tests {
    use super::*;
}
