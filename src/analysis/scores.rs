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
    /// Scores of several series together, each with its rows and their scores.
    pub fn together(parts: &[(&[TimeRow], Scores)]) -> Self {
        if let [(_, only)] = parts {
            return *only;
        }
        let rows: Vec<TimeRow> = parts.iter().flat_map(|(rows, _)| rows.to_vec()).collect();
        // In a mean, every row of a series may stand for their mean.
        let crps = parts.iter().flat_map(|(rows, scores)| vec![scores.crps; rows.len()]);
        Self::new(&rows, &crps.collect::<Vec<_>>())
    }

    /// Scores of dates and the CRPS of each; dates whose target is unknown do not count.
    pub(super) fn new(rows: &[TimeRow], crps: &[f64]) -> Self {
        let known = || rows.iter().filter(|row| !row.actual.is_nan());
        let average = |values: &mut dyn Iterator<Item = f64>| {
            let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
            sum / n
        };
        let mean = average(&mut known().map(|row| row.actual));
        let residual = average(&mut known().map(|r| (r.actual - r.predicted_mean).powi(2)));
        let variance = average(&mut known().map(|row| (row.actual - mean).powi(2)));
        let relative = |r: &TimeRow| ((r.actual - r.predicted_mean) / r.actual).abs();
        let covered = |row: &TimeRow| {
            if row.predicted_hdi_3.is_nan() {
                return f64::NAN;
            }
            f64::from((row.predicted_hdi_3..=row.predicted_hdi_97).contains(&row.actual))
        };
        Self {
            r2: if variance > 0.0 { 1.0 - residual / variance } else { f64::NAN },
            mape: average(&mut known().filter(|row| row.actual != 0.0).map(relative)),
            crps: average(
                &mut rows.iter().zip(crps).filter(|(r, _)| !r.actual.is_nan()).map(|(_, x)| *x),
            ),
            coverage: average(&mut known().map(covered)),
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
    use super::super::time::Set;
    use super::*;

    fn row(actual: f64, predicted_mean: f64) -> TimeRow {
        TimeRow {
            date: jiff::civil::date(2024, 1, 1),
            set: Set::Train,
            actual,
            predicted_mean,
            predicted_hdi_3: predicted_mean - 1.0,
            predicted_hdi_97: predicted_mean + 1.0,
            baseline: 0.0,
            seasonality: 0.0,
            control: 0.0,
            event: None,
            channels: Vec::new(),
        }
    }

    #[test]
    fn scores_by_hand() {
        let rows = [row(2.0, 1.0), row(0.0, 0.5), row(4.0, 6.0)];
        let scores = Scores::new(&rows, &[0.5, 1.0, 3.0]);
        // residuals 1, -0.5, -2: 5.25 of 8; the target of 0 has no relative error
        assert_eq!(
            scores,
            Scores { r2: 1.0 - 5.25 / 8.0, mape: 0.5, crps: 1.5, coverage: 2.0 / 3.0 }
        );
        assert!(Scores::new(&[row(1.0, 1.0), row(1.0, 2.0)], &[0.0; 2]).r2.is_nan());
        assert!(Scores::new(&[], &[]).crps.is_nan());
    }

    #[test]
    fn crps_equals_the_mean_over_all_pairs() {
        // In Python, x the draws: mean(|v - 1.1|) - mean(|v - w| over all pairs)/2
        let sorted = [-0.4, 0.3, 0.9, 0.9, 1.7, 2.2, 5.0];
        assert!((crps(&sorted, 1.1) - 0.336_734_693_877_550_7).abs() < 1e-15);
        // of one draw the absolute error
        assert_eq!(crps(&[3.0], 1.0), 2.0);
        assert!(crps(&[], 1.0).is_nan());
    }
}
