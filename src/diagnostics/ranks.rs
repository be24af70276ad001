//! Ranks of the draws by chain: what a picture of mixing is made of.

use ndarray::{Array2, ArrayView2};

/// How far each chain's distribution of ranks is from that of all chains together, (chain, point).
///
/// Draws (chain, draw) are ranked together, equal ones sharing the mean of their ranks, and ranks made
/// shares of all, (r − ½) / n. At each point z of `points`, the share of a chain's ranks up to z, less
/// z: about 0 everywhere where the chains agree (Säilynoja, Bürkner and Vehtari 2022, "Graphical test
/// for discrete uniformity and its applications"). NaN where a draw is not finite.
pub fn rank_ecdf(x: ArrayView2<f64>, points: &[f64]) -> Array2<f64> {
    let (chains, draws) = x.dim();
    if x.iter().any(|value| !value.is_finite()) {
        return Array2::from_elem((chains, points.len()), f64::NAN);
    }
    let mut order: Vec<(f64, usize)> =
        x.indexed_iter().map(|((chain, _), &value)| (value, chain)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = order.len() as f64;
    let mut shares: Vec<Vec<f64>> = vec![Vec::with_capacity(draws); chains];
    let mut before = 0;
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        let share = (before as f64 + 0.5 * ties.len() as f64) / n;
        ties.iter().for_each(|&(_, chain)| shares[chain].push(share));
        before += ties.len();
    }
    Array2::from_shape_fn((chains, points.len()), |(chain, k)| {
        let up_to = shares[chain].partition_point(|share| *share <= points[k]);
        up_to as f64 / draws as f64 - points[k]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::fixture::{ar1, assert_close};
    use ndarray::array;

    #[test]
    fn by_hand() {
        // Ranks 1, 3 and 2, 4 of four: shares 1/8, 5/8 and 3/8, 7/8.
        let found = rank_ecdf(array![[10.0, 30.0], [20.0, 40.0]].view(), &[0.25, 0.5, 0.75]);
        assert_eq!(found, array![[0.25, 0.0, 0.25], [-0.25, 0.0, -0.25]]);
        // Equal draws share the mean of their ranks.
        let found = rank_ecdf(array![[1.0, 1.0], [1.0, 1.0]].view(), &[0.4, 0.6]);
        assert_eq!(found, array![[-0.4, 0.4], [-0.4, 0.4]]);
        assert!(rank_ecdf(array![[1.0, f64::NAN]].view(), &[0.5])[[0, 0]].is_nan());
    }

    #[test]
    fn chains_that_agree_stay_near_nothing_and_one_that_does_not_leaves() {
        let mut x = ar1(71, 4, 2000, 0.0);
        let points = [0.1, 0.5, 0.9];
        for (k, off) in rank_ecdf(x.view(), &points).indexed_iter() {
            let sd = (points[k.1] * (1.0 - points[k.1]) / 2000.0).sqrt();
            assert!(off.abs() < 4.0 * sd, "{k:?}: {off}");
        }
        // One chain a standard deviation higher has fewer low ranks: by the mixture's quantile.
        x.row_mut(0).mapv_inplace(|value| value + 1.0);
        let off = rank_ecdf(x.view(), &[0.5]);
        // The median m of all: Φ(m − 1) + 3 Φ(m) = 2.
        assert_close(off[[0, 0]], -0.2780, 0.12, "Φ(m − 1) − ½");
        assert_close(off[[1, 0]], 0.0927, 0.35, "Φ(m) − ½");
    }
}
