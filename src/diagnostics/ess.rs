//! Effective sample sizes: bulk, tail, of the mean, of the standard deviation.

use super::{
    chains::{Chains, Halves, mean, variance},
    interval::quantile_sorted,
    rank::{NormalScores, Order},
};
use ndarray::ArrayView2;

/// Probabilities of the quantiles whose indicators make the tail ESS.
const TAILS: [f64; 2] = [0.05, 0.95];

/// Bulk ESS of draws (chain, draw): that of the rank-normalised half-chains.
///
/// NaN with fewer than 4 draws per chain or a draw that is not finite; the number of draws if all
/// are the same. Equals `arviz.ess(x, method="bulk")`.
pub fn ess_bulk(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| {
        let order = Order::new(&halves).split(&halves);
        ess(&NormalScores::new(order.values.len()).normalise(&order, halves.columns))
    })
}

/// Tail ESS of draws (chain, draw): the smaller one of the 5 % and 95 % quantiles.
///
/// NaN as for [`ess_bulk`]. Equals `arviz.ess(x, method="tail")`.
pub fn ess_tail(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| tail(&halves, &Order::new(&halves).values))
}

/// ESS of the mean of draws (chain, draw), not rank-normalised.
///
/// NaN as for [`ess_bulk`]. Equals `arviz.ess(x, method="mean")`.
pub fn ess_mean(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| ess(&halves.map(|value| value)))
}

/// ESS of the standard deviation of draws (chain, draw): that of squared deviations from the mean.
///
/// NaN as for [`ess_bulk`]. Equals `arviz.ess(x, method="sd")`.
pub fn ess_sd(x: ArrayView2<f64>) -> f64 {
    Halves::new(x).map_or(f64::NAN, |halves| {
        let mean = mean(halves.all());
        ess(&halves.map(|value| (value - mean) * (value - mean)))
    })
}

/// Tail ESS, given all draws in ascending order.
pub(super) fn tail(halves: &Halves, sorted: &[f64]) -> f64 {
    let [low, high] = TAILS.map(|prob| {
        let quantile = quantile_sorted(sorted, prob);
        ess(&halves.map(|value| f64::from(u8::from(value <= quantile))))
    });
    low.min(high)
}

/// ESS of chains as they are: Geyer's initial monotone positive sequence on the autocorrelations
/// pooled over chains.
///
/// Autocovariances are computed lag by lag: well-mixed chains stop after a few, which an FFT of
/// every chain could not.
pub(super) fn ess(chains: &Chains) -> f64 {
    let n = chains.draws;
    let size = (n * chains.columns) as f64;
    if chains.constant() {
        return size;
    }
    let within = mean(&chains.variances);
    let between = if chains.columns > 1 { variance(&chains.means) } else { 0.0 };
    let total = within * (n as f64 - 1.0) / n as f64 + between;
    if !total.is_finite() {
        return f64::NAN;
    }
    let autocorrelation = |lag| 1.0 - (within - chains.autocovariance(lag)) / total;

    // Sums of neighbouring autocorrelations are positive and decreasing in theory; the sequence
    // ends at the first that is not positive, and each is held below the one before.
    let (mut even, mut odd) = (1.0, autocorrelation(1));
    let (mut pairs, mut bound) = (0.0, f64::INFINITY);
    let mut lag = 1;
    while lag + 3 < n && even + odd > 0.0 {
        bound = bound.min(even + odd);
        pairs += bound;
        (even, odd) = (autocorrelation(lag + 1), autocorrelation(lag + 2));
        lag += 2;
    }
    // Of the last pair the even lag counts once, which improves antithetic chains.
    let last = if even + odd >= 0.0 { even } else { even.max(0.0) };
    let time = -1.0 + 2.0 * pairs + last;
    // At most size · log10(size): beyond that an antithetic estimate is not to be believed.
    size / time.max(1.0 / size.log10())
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
            assert_close(ess_bulk(x), case.ess_bulk, 1e-10, name);
            assert_close(ess_tail(x), case.ess_tail, 1e-10, name);
            assert_close(ess_mean(x), case.ess_mean, 1e-10, name);
            // With a mean of a million standard deviations NumPy's own rounding shows.
            assert_close(ess_sd(x), case.ess_sd, 1e-8, name);
        }
    }

    #[test]
    fn odd_inputs_as_arviz() {
        // arviz 0.23.4: az.ess(x, method=m) for m in bulk, tail, mean, sd
        let all = |x: ArrayView2<f64>| [ess_bulk(x), ess_tail(x), ess_mean(x), ess_sd(x)];
        assert_eq!(all(Array2::from_elem((4, 10), 0.1).view()), [40.0; 4]);
        assert_eq!(all(Array2::from_elem((4, 11), 0.1).view()), [40.0; 4]);
        let one_chain = ar1(13, 1, 60, 0.5);
        let expected = [30.75486976073352, 68.0697498104625, 30.973729767787287, 68.46270568662221];
        for (ours, theirs) in all(one_chain.view()).into_iter().zip(expected) {
            assert_close(ours, theirs, 1e-10, "one chain");
        }
        let mut frozen = ar1(1, 4, 20, 0.5);
        frozen.row_mut(3).fill(0.3);
        let expected =
            [49.60085399302729, 109.16496945010178, 49.27561836474418, 87.10045224279057];
        for (ours, theirs) in all(frozen.view()).into_iter().zip(expected) {
            assert_close(ours, theirs, 1e-10, "one frozen chain");
        }
        let constants = Array2::from_shape_fn((4, 10), |(chain, _)| chain as f64);
        assert_close(ess_bulk(constants.view()), 10.0, 1e-10, "each chain constant");
    }

    #[test]
    fn nothing_to_judge_is_nan() {
        let mut x = ar1(1, 4, 20, 0.5);
        x[(2, 5)] = f64::INFINITY;
        assert!(ess_bulk(x.view()).is_nan() && ess_tail(x.view()).is_nan());
        assert!(ess_mean(ar1(1, 4, 3, 0.5).view()).is_nan());
    }

    #[test]
    fn independent_draws_count_in_full_and_correlated_ones_by_theory() {
        // AR(1): ESS / N = (1 − ρ) / (1 + ρ). Of 64 × 1000 draws; the variance of 128 means of
        // half-chains, known to 12 %, counts the more the longer the chains remember.
        for (seed, rho) in [(21, 0.0), (22, 0.3), (23, 0.6), (24, 0.9), (25, -0.4)] {
            let share = ess_bulk(ar1(seed, 64, 1000, rho).view()) / 64_000.0;
            let tolerance = 0.05 + 0.2 * rho.abs();
            assert_close(share, (1.0 - rho) / (1.0 + rho), tolerance, &format!("AR({rho})"));
        }
    }
}
