//! R-hat and nested R-hat: do the chains, and the groups of chains, agree?

use super::{
    chains::{Chains, Halves, mean, variance},
    rank::{NormalScores, Order},
};
use ndarray::ArrayView2;

/// Rank-normalised split R-hat of draws (chain, draw), the larger one of bulk and folded.
///
/// NaN with fewer than 2 chains or 4 draws, a draw that is not finite, or all draws the same;
/// infinite if every chain stands still at its own place. Equals `arviz.rhat(x)`.
pub fn rhat(x: ArrayView2<f64>) -> f64 {
    if x.nrows() < 2 {
        return f64::NAN;
    }
    normalised(x).map_or(f64::NAN, |[bulk, folded]| worse(plain(&bulk), plain(&folded)))
}

/// Rank-normalised split nested R-hat, the larger one of bulk and folded; `superchain_of[chain]`
/// names each chain's group.
///
/// Margossian et al. define it on the draws as they are ([`rhat_nested_identity`]). The gate uses
/// ranks, folding and half-chains for the reasons plain R-hat does: heavy tails hide a
/// disagreement of means, equal means hide a disagreement of scales, and a common drift shows only
/// against halves. Halves count as chains of their superchain.
///
/// NaN as for [`rhat`], and unless there are at least two superchains of equal size. Never below
/// 1. Equals `arviz_stats.rhat_nested(x, method="rank", superchain_ids=superchain_of)`.
pub fn rhat_nested(x: ArrayView2<f64>, superchain_of: &[usize]) -> f64 {
    let Some(superchains) = Superchains::new(superchain_of, x.nrows()) else { return f64::NAN };
    normalised(x).map_or(f64::NAN, |[bulk, folded]| {
        worse(nested(&bulk, &superchains), nested(&folded, &superchains))
    })
}

/// Nested R-hat as published: of whole chains and draws as they are.
///
/// NaN as for [`rhat_nested`]. Equals `posterior::rhat_nested` in R and
/// `arviz_stats.rhat_nested(x, method="identity", …)`.
pub fn rhat_nested_identity(x: ArrayView2<f64>, superchain_of: &[usize]) -> f64 {
    match Superchains::new(superchain_of, x.nrows()) {
        Some(superchains) if Halves::new(x).is_some() => {
            nested(&Chains::new(x.t().iter().copied().collect(), x.nrows()), &superchains)
        }
        _ => f64::NAN,
    }
}

/// Normal scores of the half-chains and of their distances from the median.
fn normalised(x: ArrayView2<f64>) -> Option<[Chains; 2]> {
    let halves = Halves::new(x)?;
    let order = Order::new(&halves).split(&halves);
    let scores = NormalScores::new(order.values.len());
    Some([&order, &order.folded()].map(|order| scores.normalise(order, halves.columns)))
}

/// The larger one; where the folded one is undefined (all distances equal) the bulk one stands.
pub(super) fn worse(bulk: f64, folded: f64) -> f64 {
    if folded > bulk { folded } else { bulk }
}

/// R-hat of chains as they are.
pub(super) fn plain(chains: &Chains) -> f64 {
    let n = chains.draws as f64;
    let between = n * variance(&chains.means);
    let within = mean(&chains.variances);
    ((between / within + n - 1.0) / n).sqrt()
}

/// Groups of equally many chains.
pub(super) struct Superchains {
    /// Chains of each superchain.
    members: Vec<Vec<usize>>,
    chains: usize,
}

impl Superchains {
    /// Groups chains by any labels; `None` unless every chain has one and at least two groups of
    /// equal size come out.
    pub fn new(superchain_of: &[usize], chains: usize) -> Option<Self> {
        let mut labels = superchain_of.to_vec();
        labels.sort_unstable();
        labels.dedup();
        let chains_of = |label: &usize| {
            (0..superchain_of.len()).filter(|&chain| superchain_of[chain] == *label).collect()
        };
        let members: Vec<Vec<usize>> = labels.iter().map(chains_of).collect();
        let equal = members.iter().all(|group| group.len() == members[0].len());
        (superchain_of.len() == chains && members.len() > 1 && equal)
            .then_some(Self { members, chains })
    }
}

/// Nested R-hat of chains, or of half-chains when there are twice as many.
pub(super) fn nested(chains: &Chains, superchains: &Superchains) -> f64 {
    let mut means = Vec::with_capacity(superchains.members.len());
    let mut within = Vec::with_capacity(superchains.members.len());
    for group in &superchains.members {
        // First halves and second halves stand one block after the other.
        let columns: Vec<usize> = (0..chains.columns / superchains.chains)
            .flat_map(|block| group.iter().map(move |chain| block * superchains.chains + chain))
            .collect();
        let chain_means: Vec<f64> = columns.iter().map(|&column| chains.means[column]).collect();
        let variances: Vec<f64> = columns.iter().map(|&column| chains.variances[column]).collect();
        let between = if columns.len() > 1 { variance(&chain_means) } else { 0.0 };
        means.push(mean(&chain_means));
        within.push(mean(&variances) + between);
    }
    (1.0 + variance(&means) / mean(&within)).sqrt()
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
            assert_close(rhat(x), case.r_hat, 1e-12, name);
            let groups = &case.superchain_of;
            assert_close(rhat_nested(x, groups), case.r_hat_nested, 1e-12, name);
            let identity = rhat_nested_identity(x, groups);
            assert_close(identity, case.r_hat_nested_identity, 1e-12, name);
        }
    }

    #[test]
    fn odd_inputs_as_arviz() {
        // arviz 0.23.4: az.rhat
        let mut x = ar1(1, 4, 20, 0.5);
        x.row_mut(3).fill(0.3);
        assert_close(rhat(x.view()), 1.4729216754368601, 1e-12, "one frozen chain");
        let two_valued = ar1(1, 4, 20, 0.5).mapv(|x| if x > 0.0 { 1.0 } else { -1.0 });
        assert_close(rhat(two_valued.view()), 1.0054545119050409, 1e-12, "two values");
        let constants = Array2::from_shape_fn((4, 10), |(chain, _)| chain as f64);
        assert_eq!(rhat(constants.view()), f64::INFINITY);
        assert!(rhat(Array2::from_elem((4, 10), 0.1).view()).is_nan());
        assert!(rhat(ar1(1, 1, 60, 0.5).view()).is_nan());
        assert!(rhat(ar1(1, 4, 3, 0.5).view()).is_nan());
    }

    #[test]
    fn not_finite_is_nan() {
        for bad in [f64::NAN, f64::NEG_INFINITY] {
            let mut x = ar1(1, 4, 20, 0.5);
            x[(0, 0)] = bad;
            assert!(rhat(x.view()).is_nan());
            assert!(rhat_nested(x.view(), &[0, 0, 1, 1]).is_nan());
            assert!(rhat_nested_identity(x.view(), &[0, 0, 1, 1]).is_nan());
        }
    }

    #[test]
    fn superchains_must_cover_the_chains_evenly() {
        let x = ar1(1, 4, 20, 0.5);
        let bad: [&[usize]; 4] = [&[], &[0, 1], &[0, 0, 0, 1], &[0, 0, 0, 0]];
        for groups in bad {
            assert!(rhat_nested(x.view(), groups).is_nan(), "{groups:?}");
            assert!(rhat_nested_identity(x.view(), groups).is_nan(), "{groups:?}");
        }
        let labels_do_not_matter = rhat_nested(x.view(), &[70, 3, 70, 3]);
        assert_eq!(labels_do_not_matter, rhat_nested(x.view(), &[0, 1, 0, 1]));
    }

    #[test]
    fn many_short_chains_fail_plain_and_pass_nested() {
        // Perfect sampling of 55 quantities, 64 chains of 24 draws: the worst plain R-hat is too
        // high by construction.
        let groups: Vec<usize> = (0..64).map(|chain| chain / 16).collect();
        let quantities: Vec<_> = (100..155).map(|seed| ar1(seed, 64, 24, 0.0)).collect();
        let worst = |f: &dyn Fn(ArrayView2<f64>) -> f64| {
            quantities.iter().map(|x| f(x.view())).fold(1.0, f64::max)
        };
        assert!(worst(&rhat) > 1.01);
        assert!(worst(&|x| rhat_nested(x, &groups)) < 1.01);
    }

    #[test]
    fn superchains_that_differ_are_seen_in_place_and_in_scale() {
        let groups: Vec<usize> = (0..16).map(|chain| chain / 4).collect();
        let mut moved = ar1(32, 16, 100, 0.0);
        moved.rows_mut().into_iter().take(4).for_each(|mut row| row += 0.5);
        assert!(rhat_nested(moved.view(), &groups) > 1.01);
        let mut wide = ar1(33, 16, 100, 0.0);
        wide.rows_mut().into_iter().take(4).for_each(|mut row| row *= 2.0);
        assert!(rhat_nested(wide.view(), &groups) > 1.01);
        assert!(rhat_nested_identity(wide.view(), &groups) < 1.01);
    }
}
