//! Signs by which the warm-up tells lost chains, means that still move, and superchains that disagree.

use super::window::Window;
use ndarray::{ArrayView3, Axis};

/// Standard errors by which the mean may change from one segment to the next.
const DRIFT: f64 = 4.5;
/// Least squared correlation of a position in two coordinates that are as good as each other.
const ALIKE: f64 = 0.9;
/// Superchains into which the starts are grouped.
pub(super) const SUPERCHAINS: usize = 4;

/// The superchain of a chain: neighbours belong together, and so do chains of one starting point.
pub(super) fn superchain(chain: usize, chains: usize) -> usize {
    chain * SUPERCHAINS / chains
}

/// Chains whose log density is hopelessly below the median.
pub(super) fn far_below(logp: &[f32], dim: usize) -> Vec<bool> {
    let mut sorted: Vec<f64> = logp.iter().map(|&l| f64::from(l)).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let range = (at(0.75) - at(0.25)).max((dim as f64).sqrt());
    let limit = at(0.5) - 6.0 * range;
    logp.iter().map(|&l| f64::from(l) < limit).collect()
}

/// Whether the means of the chains went the same way from one segment to the next, more than
/// their spread explains.
pub(super) fn drifts(before: &Window, now: &Window) -> bool {
    let (a, b) = (before.chain_means(), now.chain_means());
    let change: Vec<f64> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
    let dim = now.center().len();
    let chains = (change.len() / dim) as f64;
    (0..dim).any(|j| {
        let of_chain = || change.iter().skip(j).step_by(dim);
        let mean = of_chain().sum::<f64>() / chains;
        let variance = of_chain().map(|c| (c - mean) * (c - mean)).sum::<f64>() / (chains - 1.0);
        mean * mean > DRIFT * DRIFT * variance / chains
    })
}

/// Whether a dimension of the same draws in two coordinates (draw, chain, dim) differs by more than the
/// metric can make up for, which is a factor and a shift.
pub(super) fn bends(before: ArrayView3<f32>, after: ArrayView3<f32>) -> bool {
    let count = (before.len() / before.len_of(Axis(2))) as f64;
    (0..before.len_of(Axis(2))).any(|j| {
        let pairs = || {
            let (a, b) = (before.index_axis(Axis(2), j), after.index_axis(Axis(2), j));
            a.into_iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)))
        };
        let (a, b) = pairs().fold((0.0, 0.0), |sum, (a, b)| (sum.0 + a, sum.1 + b));
        let (a, b) = (a / count, b / count);
        let product =
            |of: &dyn Fn(f64, f64) -> f64| pairs().map(|(x, y)| of(x - a, y - b)).sum::<f64>();
        let (xx, xy, yy) = (product(&|x, _| x * x), product(&|x, y| x * y), product(&|_, y| y * y));
        xy * xy < ALIKE * xx * yy
    })
}

/// Whether the means of the superchains differ no more than their chains explain, in every
/// dimension.
pub(super) fn superchains_agree(window: &Window) -> bool {
    let means = window.chain_means();
    let dim = window.center().len();
    let chains = means.len() / dim;
    if chains < 2 * SUPERCHAINS {
        return true;
    }
    (0..dim).all(|j| {
        let mut groups = [(0.0, 0.0, 0.0); SUPERCHAINS];
        for chain in 0..chains {
            let m = means[chain * dim + j];
            let (count, sum, squares) = &mut groups[superchain(chain, chains)];
            *count += 1.0;
            *sum += m;
            *squares += m * m;
        }
        let grand = groups.iter().map(|g| g.1).sum::<f64>() / chains as f64;
        let between: f64 =
            groups.iter().map(|(n, sum, _)| n * (sum / n - grand) * (sum / n - grand)).sum();
        let within: f64 = groups.iter().map(|(n, sum, squares)| squares - sum * sum / n).sum();
        let freedom = (chains - SUPERCHAINS) as f64;
        let f = between / (SUPERCHAINS - 1) as f64 / (within / freedom);
        // About one in 10,000 under agreement: the limit grows as the degrees of freedom fall.
        f.is_nan() || f < 8.0 * (1.0 + 16.0 / freedom)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::request::Moments;
    use ndarray::Array3;

    const CHAINS: usize = 16;

    /// A window of one trajectory where chain c stands at x(c).
    fn window(x: impl Fn(usize) -> f64) -> Window {
        let sums = Moments {
            trajectories: 1,
            x: (0..CHAINS).map(&x).collect(),
            g: vec![0.0],
            xx: vec![(0..CHAINS).map(|c| x(c) * x(c)).sum()],
            gg: vec![0.0],
        };
        let mut window = Window::new(CHAINS, vec![0.0]);
        window.add(&sums, &[0.0; CHAINS]);
        window
    }

    #[test]
    fn drift_is_told_from_noise() {
        let noise = |c: usize| ((c * 7 + 3) % 16) as f64 - 7.5;
        let before = window(noise);
        assert!(!drifts(&before, &window(|c| noise((c + 5) % 16))));
        assert!(drifts(&before, &window(|c| noise(c) + 2.0 + 0.01 * noise(c))));
    }

    #[test]
    fn coordinates_that_bend_are_told_from_those_that_stretch() {
        let draws = Array3::from_shape_fn((5, 4, 2), |(i, c, j)| ((7 * i + 5 * c + j) % 11) as f32);
        assert!(!bends(draws.view(), draws.mapv(|x| 1.0 - 3.0 * x).view()));
        let mut bent = draws.clone();
        bent.index_axis_mut(Axis(2), 1).mapv_inplace(|x| (x - 5.0).powi(2));
        assert!(bends(draws.view(), bent.view()));
    }

    #[test]
    fn superchains_that_disagree_are_noticed() {
        let noise = |c: usize| ((c * 7 + 3) % 16) as f64 - 7.5;
        assert!(superchains_agree(&window(noise)));
        assert!(!superchains_agree(&window(|c| noise(c) + 8.0 * (superchain(c, CHAINS) as f64))));
        let far = |c: usize| noise(c) + if c >= 12 { 30.0 } else { 0.0 };
        assert!(!superchains_agree(&window(far)));
    }
}
