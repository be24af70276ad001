//! How well dates were predicted.

use super::time::TimeRow;

/// What a date's prediction is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The target; NaN where it is not known.
    pub actual: f64,
    /// The mean of the posterior predictive.
    pub mean: f64,
    /// Its 94 % interval.
    pub interval: [f64; 2],
    /// Its CRPS.
    pub crps: f64,
}

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

impl Judged {
    fn new(row: &TimeRow, crps: f64) -> Self {
        let interval = [row.predicted_hdi_3, row.predicted_hdi_97];
        Self { actual: row.actual, mean: row.predicted_mean, interval, crps }
    }
}

impl Scores {
    /// Scores of several series together, each with its rows and their scores.
    pub fn together(parts: &[(&[TimeRow], Scores)]) -> Self {
        if let [(_, only)] = parts {
            return *only;
        }
        // In a mean, every row of a series may stand for their mean.
        let dates = parts.iter().flat_map(|(rows, scores)| {
            rows.iter().map(|row| Judged::new(row, scores.crps)).collect::<Vec<_>>()
        });
        Self::of(&dates.collect::<Vec<_>>())
    }

    /// Scores of dates and the CRPS of each.
    pub(super) fn new(rows: &[TimeRow], crps: &[f64]) -> Self {
        let dates = rows.iter().zip(crps).map(|(row, &crps)| Judged::new(row, crps));
        Self::of(&dates.collect::<Vec<_>>())
    }

    /// Scores of dates; those whose target is unknown do not count.
    pub fn of(dates: &[Judged]) -> Self {
        let known = || dates.iter().filter(|date| !date.actual.is_nan());
        let average = |values: &mut dyn Iterator<Item = f64>| {
            let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
            sum / n
        };
        let mean = average(&mut known().map(|date| date.actual));
        let residual = average(&mut known().map(|date| (date.actual - date.mean).powi(2)));
        let variance = average(&mut known().map(|date| (date.actual - mean).powi(2)));
        let relative = |date: &Judged| ((date.actual - date.mean) / date.actual).abs();
        let covered = |date: &Judged| match date.interval {
            [low, _] if low.is_nan() => f64::NAN,
            [low, high] => f64::from((low..=high).contains(&date.actual)),
        };
        Self {
            r2: if variance > 0.0 { 1.0 - residual / variance } else { f64::NAN },
            mape: average(&mut known().filter(|date| date.actual != 0.0).map(relative)),
            crps: average(&mut known().map(|date| date.crps)),
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
            predicted_hdi_25: predicted_mean - 0.3,
            predicted_hdi_75: predicted_mean + 0.3,
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
