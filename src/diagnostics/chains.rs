//! The two layouts the diagnostics work on: half-chains side by side, and their moments.

use ndarray::ArrayView2;

/// Draws that every diagnostic needs at least (ArviZ's rule).
const MIN_DRAWS: usize = 4;

/// Draws of one quantity cut into half-chains, as `[draw × half-chains + half-chain]`.
///
/// Draw-major, so that the autocovariance of all chains at a lag is one long dot product. First
/// halves stand before second halves; of an odd number of draws the middle one belongs to no half.
pub(super) struct Halves {
    /// The half-chains, then the middle draws (none, or one per chain).
    values: Vec<f64>,
    /// Number of half-chains, twice the chains.
    pub columns: usize,
    /// How many of the values belong to half-chains.
    len: usize,
}

impl Halves {
    /// Cuts (chain, draw); `None` if there are too few draws to judge or one is not finite.
    pub fn new(x: ArrayView2<f64>) -> Option<Self> {
        let (chains, draws) = x.dim();
        if draws < MIN_DRAWS || chains == 0 || x.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let half = draws / 2;
        let mut values = Vec::with_capacity(chains * draws);
        for draw in 0..half {
            values.extend(x.column(draw));
            values.extend(x.column(draw + draws - half));
        }
        let len = values.len();
        if draws % 2 == 1 {
            values.extend(x.column(half));
        }
        Some(Self { values, columns: 2 * chains, len })
    }

    /// The draws of the half-chains.
    pub fn split(&self) -> &[f64] {
        &self.values[..self.len]
    }

    /// Every draw: those of the half-chains, then the middle ones.
    pub fn all(&self) -> &[f64] {
        &self.values
    }

    /// The half-chains of a function of the draws.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Chains {
        Chains::new(self.split().iter().map(|&value| f(value)).collect(), self.columns)
    }
}

/// Chains about their own means, draw-major.
pub(super) struct Chains {
    deviations: Vec<f64>,
    /// Number of chains.
    pub columns: usize,
    /// Draws of each chain.
    pub draws: usize,
    /// Mean of each chain.
    pub means: Vec<f64>,
    /// Variance of each chain, divided by draws − 1.
    pub variances: Vec<f64>,
}

impl Chains {
    /// Takes values as `[draw × columns + column]`.
    pub fn new(mut values: Vec<f64>, columns: usize) -> Self {
        let draws = values.len() / columns;
        // About the first draw, so that a constant chain has exactly its value as its mean.
        let first = values[..columns].to_vec();
        let mut sums = vec![0.0; columns];
        for row in values.chunks_exact(columns) {
            for ((sum, x), origin) in sums.iter_mut().zip(row).zip(&first) {
                *sum += x - origin;
            }
        }
        let means: Vec<f64> =
            sums.iter().zip(&first).map(|(sum, origin)| origin + sum / draws as f64).collect();
        let mut squares = vec![0.0; columns];
        for row in values.chunks_exact_mut(columns) {
            for ((square, x), mean) in squares.iter_mut().zip(row).zip(&means) {
                *x -= mean;
                *square += *x * *x;
            }
        }
        let variances = squares.iter().map(|square| square / (draws as f64 - 1.0)).collect();
        Self { deviations: values, columns, draws, means, variances }
    }

    /// Mean over chains of the autocovariance at a lag, divided by the number of draws.
    pub fn autocovariance(&self, lag: usize) -> f64 {
        let shift = lag * self.columns;
        let len = self.deviations.len();
        dot(&self.deviations[..len - shift], &self.deviations[shift..]) / len as f64
    }

    /// Whether all draws of all chains are the same.
    pub fn constant(&self) -> bool {
        self.variances.iter().all(|&variance| variance == 0.0)
            && self.means.iter().all(|&mean| mean == self.means[0])
    }
}

/// Mean, summed about the first value; NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    let Some(&origin) = values.first() else { return f64::NAN };
    origin + values.iter().map(|x| x - origin).sum::<f64>() / values.len() as f64
}

/// Variance divided by n − 1; NaN of fewer than two values.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Dot product in a fixed order, with as many partial sums as fill vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn halves_leave_the_middle_draw_out() {
        let x = array![[1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]];
        let halves = Halves::new(x.view()).unwrap();
        assert_eq!(halves.split(), [1.0, 6.0, 4.0, 9.0, 2.0, 7.0, 5.0, 10.0]);
        assert_eq!(halves.all()[8..], [3.0, 8.0]);
    }

    #[test]
    fn too_few_or_bad_draws_are_refused() {
        assert!(Halves::new(Array2::zeros((4, 3)).view()).is_none());
        assert!(Halves::new(Array2::zeros((0, 30)).view()).is_none());
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut x = Array2::zeros((2, 10));
            x[(1, 7)] = bad;
            assert!(Halves::new(x.view()).is_none());
        }
    }

    #[test]
    fn moments_of_two_chains() {
        // Chains (1, 2, 6) and (5, 5, 5): means 3 and 5, variances 7 and 0; autocovariances at
        // lag 1 are ((−2)(−1) + (−1)(3)) / 3 and 0.
        let chains = Chains::new(vec![1.0, 5.0, 2.0, 5.0, 6.0, 5.0], 2);
        assert_eq!(chains.means, [3.0, 5.0]);
        assert_eq!(chains.variances, [7.0, 0.0]);
        assert!((chains.autocovariance(1) + 1.0 / 6.0).abs() < 1e-15);
        assert!(!chains.constant());
        assert!(Chains::new(vec![0.1; 30], 3).constant());
    }

    #[test]
    fn dot_of_every_length() {
        for n in 0..70 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            // Σ i (i + 1) = (n − 1) n (n + 1) / 3
            let b: Vec<f64> = a.iter().map(|x| x + 1.0).collect();
            assert_eq!(dot(&a, &b), f64::from((n - 1) * n * (n + 1) / 3));
        }
    }
}
