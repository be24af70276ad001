//! E-BFMI: does resampling the momentum move the energy as widely as the posterior does?

use super::chains::mean;
use ndarray::ArrayView2;

/// Estimated Bayesian fraction of missing information of each chain, from energies (chain, draw).
///
/// Mean squared change over variance; about 1 when all is well, below 0.3 the chain crosses energy
/// levels too slowly for its tails to be trusted (Betancourt 2016). NaN where an energy is not
/// finite, all are the same, or there are fewer than two. Equals `arviz.bfmi`.
pub fn bfmi(energy: ArrayView2<f64>) -> Vec<f64> {
    energy.rows().into_iter().map(|chain| ratio(&[chain.to_vec()])).collect()
}

/// E-BFMI of all chains together: mean squared change within chains over the variance of all
/// energies about their common mean.
///
/// With many short chains the number to judge by: a chain too short to cross the energy levels
/// knows only part of their spread, which hides slow mixing from its own ratio. NaN as for
/// [`bfmi`].
pub fn bfmi_pooled(energy: ArrayView2<f64>) -> f64 {
    let chains: Vec<Vec<f64>> = energy.rows().into_iter().map(|chain| chain.to_vec()).collect();
    ratio(&chains)
}

/// Mean squared change within chains over the variance of all values.
fn ratio(chains: &[Vec<f64>]) -> f64 {
    let all = chains.concat();
    let mean = mean(&all);
    let spread: f64 = all.iter().map(|value| (value - mean) * (value - mean)).sum();
    let changes: Vec<f64> = chains
        .iter()
        .flat_map(|chain| chain.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])))
        .collect();
    let variance = spread / (all.len() as f64 - 1.0);
    changes.iter().sum::<f64>() / changes.len() as f64 / variance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::fixture::{ar1, assert_close};
    use ndarray::{Array2, array};

    #[test]
    fn by_hand() {
        // Changes 1, 2, 1 and −3, 0, 3: mean squares 2 and 6; variances 10/3 and 3.
        let energy = array![[0.0, 1.0, 3.0, 4.0], [3.0, 0.0, 0.0, 3.0]];
        let each = bfmi(energy.view());
        assert_close(each[0], 2.0 / (10.0 / 3.0), 1e-14, "first");
        assert_close(each[1], 6.0 / 3.0, 1e-14, "second");
        // All eight: mean 1.75, sum of squares 44 − 8 · 1.75² = 19.5, variance 19.5 / 7.
        assert_close(bfmi_pooled(energy.view()), 4.0 / (19.5 / 7.0), 1e-14, "pooled");
    }

    #[test]
    fn of_ar1_energies_is_twice_one_minus_rho() {
        let energy = ar1(51, 16, 2000, 0.9);
        assert_close(bfmi_pooled(energy.view()), 0.2, 0.1, "pooled");
        // 20 draws see too little of the spread: each chain's own ratio looks better than it is.
        let short = ar1(52, 400, 20, 0.9);
        assert_close(bfmi_pooled(short.view()), 0.2, 0.1, "pooled, short");
        assert!(mean(&bfmi(short.view())) > 0.3);
    }

    #[test]
    fn undefined_is_nan() {
        assert!(bfmi_pooled(Array2::from_elem((2, 9), 4.0).view()).is_nan());
        assert!(bfmi_pooled(Array2::zeros((0, 0)).view()).is_nan());
        assert!(bfmi(array![[1.0]].view())[0].is_nan());
        let each = bfmi(array![[1.0, f64::NAN, 2.0], [1.0, 2.0, 4.0]].view());
        assert!(each[0].is_nan() && each[1].is_finite());
    }
}
