//! Monte-Carlo standard errors of the mean and of the standard deviation.

use super::{
    chains::{Halves, mean, variance},
    ess::ess,
};
use ndarray::ArrayView2;

/// Monte-Carlo standard error of the mean of draws (chain, draw): sd / √ESS of the mean.
///
/// NaN with fewer than 4 draws per chain or a draw that is not finite. Equals
/// `arviz.mcse(x, method="mean")`.
pub fn mcse_mean(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| of_mean(&halves, variance(halves.all())))
}

/// Monte-Carlo standard error of the standard deviation of draws (chain, draw), with no assumption
/// of normality: that of the variance (Kenney and Keeping 1951, p. 141) by the delta method.
///
/// NaN as for [`mcse_mean`], and if all draws are the same. Equals `arviz.mcse(x, method="sd")` of
/// 0.23 and `posterior::mcse_sd`: the ESS is that of squared deviations. (arviz-stats took the ESS
/// of the mean up to 0.8.0, which its issue 428 calls an error.)
pub fn mcse_sd(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| of_sd(&halves, mean(halves.all())))
}

/// Error of the mean, given the variance of all draws.
pub(super) fn of_mean(halves: &Halves, variance: f64) -> f64 {
    (variance / ess(&halves.map(|value| value))).sqrt()
}

/// Error of the standard deviation, given the mean of all draws.
pub(super) fn of_sd(halves: &Halves, mean: f64) -> f64 {
    let squares = halves.map(|value| (value - mean) * (value - mean));
    let n = halves.all().len() as f64;
    let (mut second, mut fourth) = (0.0, 0.0);
    for value in halves.all() {
        let square = (value - mean) * (value - mean);
        second += square / n;
        fourth += square * square / n;
    }
    let variance_of_variance = (fourth - second * second) / ess(&squares);
    (variance_of_variance / second / 4.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::fixture::{ar1, assert_close, cases};
    use ndarray::Array2;

    #[test]
    fn equal_arviz() {
        for case in cases() {
            let (x, name) = (case.draws.view(), case.name);
            assert_close(mcse_mean(x), case.mcse_mean, 1e-10, name);
            assert_close(mcse_sd(x), case.mcse_sd, 1e-9, name);
        }
    }

    #[test]
    fn constant_draws() {
        // arviz 0.23.4: 0.0, nan
        let x = Array2::from_elem((4, 10), 0.1);
        assert_eq!(mcse_mean(x.view()), 0.0);
        assert!(mcse_sd(x.view()).is_nan());
    }

    #[test]
    fn independent_normal_draws_by_theory() {
        // Of n normal draws: σ/√n for the mean, σ/√(2n) for the standard deviation.
        let x = ar1(41, 64, 1000, 0.0) * 3.0;
        assert_close(mcse_mean(x.view()), 3.0 / 64_000_f64.sqrt(), 0.04, "mean");
        assert_close(mcse_sd(x.view()), 3.0 / 128_000_f64.sqrt(), 0.06, "sd");
    }
}
