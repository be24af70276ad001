//! What draws and slopes say of the metric of a model in parts.
//!
//! Given what is shared, x₀, a part is about Normal about A x₀ with some covariance S. Its slopes are
//! those of that conditional density, and g₀ + Σ Aᵀg are those of the marginal density of x₀. So every
//! part has a metric of its own, and x₀ has one, each of a few dimensions: a few hundred draws tell what
//! thousands would have to without the structure.

use super::arrow::{Arrow, Split, lower, times};
use super::linalg::{Matrix, cholesky, eigen, square};
use super::matching::balanced;
use super::metric::{between, shrink};
use super::stop::Parts;
use rayon::prelude::*;
use std::sync::Arc;

/// Directions in which what is shared moves the parts by less than this, in variance over what they vary
/// themselves, are left out, which changes eigenvalues of the metric by no more than a factor of 2.
const LITTLE: f64 = 0.5;

/// How draws and their slopes become metrics.
#[derive(Clone, Copy, Debug)]
pub(super) enum Likeness {
    /// Batch-and-match, for draws of the metric itself: held near the identity the more the smaller
    /// `strength` is. Only the `last` rounds charge the mean slope to the metric.
    Matched { strength: f64, last: bool },
    /// The Fisher metric of any draws, as many as `effective` independent ones.
    Fisher { effective: f64 },
}

impl Likeness {
    /// The metric of centred columns and their slopes, with the means of both; and the largest
    /// eigenvalue that the draws have in it.
    fn metric(self, x: &Matrix, g: &Matrix, means: [&Matrix; 2]) -> Option<(Matrix, f64)> {
        let n = x.ncols() as f64;
        let [mut cx, mut cg] = [x, g].map(|of| square(of.as_ref()));
        match self {
            Likeness::Fisher { effective } => {
                cx *= faer::Scale(1.0 / (n - 1.0));
                cg *= faer::Scale(1.0 / (n - 1.0));
                between(cx, cg, effective)
            }
            Likeness::Matched { strength, last } => {
                let pull = self.pull();
                let [x_mean, g_mean] = means.map(|mean| square(mean.as_ref()));
                let charge = if last { pull } else { 0.0 };
                let u = faer::Scale(strength / n) * cg + faer::Scale(charge) * g_mean;
                let v = Matrix::identity(x.nrows(), x.nrows())
                    + faer::Scale(strength / n) * cx
                    + faer::Scale(pull) * x_mean;
                Some((balanced(&u, &v)?, 1.0))
            }
        }
    }

    /// The covariance of what is shared, held away from zero.
    fn spread(self, x: &Matrix) -> Matrix {
        let mut c = faer::Scale(1.0 / x.ncols() as f64) * square(x.as_ref());
        match self {
            Likeness::Fisher { effective } => shrink(&mut c, effective),
            Likeness::Matched { strength, .. } => {
                (0..c.nrows()).for_each(|j| c[(j, j)] += 1.0 / strength);
            }
        }
        c
    }

    /// How far the mean goes.
    fn pull(self) -> f64 {
        match self {
            Likeness::Matched { strength, .. } => strength / (1.0 + strength),
            Likeness::Fisher { .. } => 1.0,
        }
    }
}

/// What draws say of the metric.
pub(super) struct Improved {
    pub factor: Arrow,
    /// From zero to the mean, one column.
    pub shift: Split,
    /// The largest eigenvalue of the draws' covariance in the metric.
    pub largest: f64,
}

/// What a part says, before what it takes from the shared is known.
struct Conditional {
    /// A.
    follows: Matrix,
    /// Lower factor of S.
    factor: Matrix,
    /// From what follows from the shared to the mean.
    shift: Matrix,
    largest: f64,
    /// L⁻¹A in units of the spread of what is shared.
    moved: Matrix,
    /// Variances of the errors of the rows of that.
    errors: Vec<f64>,
}

/// The metric of draws, where an older one has whitened them, and their slopes; exact for a Gaussian
/// however few they are, as long as they are more than what is shared and a part together.
pub(super) fn improved(
    parts: &Arc<Parts>,
    mut z: Split,
    mut g: Split,
    like: Likeness,
) -> Option<Improved> {
    let (z_mean, g_mean) = (z.center(), g.center());
    let n = z.count() as f64;
    let spread = cholesky(&like.spread(&z.shared))?;
    let conditionals: Vec<Conditional> = (0..parts.own.len())
        .into_par_iter()
        .map(|k| {
            // The regressions of draws and slopes on what is shared; what is left of both has the part's
            // own metric, by which the two regressions make up for each other's errors.
            let regression = |of: &Matrix| {
                let mut c = faer::Scale(1.0 / n) * times(of, &z.shared.transpose().to_owned());
                right_solve(&spread, &mut c);
                c
            };
            let [by_draws, by_slopes] = [&z.own[k], &g.own[k]].map(regression);
            let rest = |of: &Matrix, by: &Matrix, x0: &Matrix| of - times(by, x0);
            let [e, f] = [(&z.own[k], &by_draws), (&g.own[k], &by_slopes)]
                .map(|(of, by)| rest(of, by, &z.shared));
            let [e_mean, f_mean] = [(&z_mean.own[k], &by_draws), (&g_mean.own[k], &by_slopes)]
                .map(|(of, by)| rest(of, by, &z_mean.shared));
            let (metric, largest) = like.metric(&e, &f, [&e_mean, &f_mean])?;
            let follows = &by_draws + times(&metric, &by_slopes);
            let shift = faer::Scale(like.pull()) * (times(&metric, &f_mean) + &e_mean);
            let factor = cholesky(&metric)?;
            let mut moved = times(&follows, &spread);
            factor.solve_lower_triangular_in_place(&mut moved);
            // Of a Gaussian what is left of draws and slopes is the same, and A has no error.
            let mut error = e + times(&metric, &f);
            factor.solve_lower_triangular_in_place(&mut error);
            let errors = error.row_iter().map(|row| row.squared_norm_l2() / (n * n)).collect();
            Some(Conditional { follows, factor, shift, largest, moved, errors })
        })
        .collect::<Option<_>>()?;

    let kept = kept(&conditionals, parts.shared.len())?;
    let mut own = Vec::with_capacity(conditionals.len());
    for conditional in conditionals {
        let mut follows = lower(&conditional.factor, &times(&conditional.moved, &kept));
        right_solve_lower(&spread, &mut follows);
        own.push(Conditional { follows, ..conditional });
    }
    let marginal = |g: &Split| {
        let mut sum = g.shared.clone();
        for (part, g) in own.iter().zip(&g.own) {
            sum += times(&part.follows.transpose().to_owned(), g);
        }
        sum
    };
    let slope_mean = marginal(&g_mean);
    let means = [&z_mean.shared, &slope_mean];
    let (metric, mut largest) = like.metric(&z.shared, &marginal(&g), means)?;
    let shared = cholesky(&metric)?;
    let shift = faer::Scale(like.pull()) * (times(&metric, &slope_mean) + &z_mean.shared);
    let (mut shifts, mut factors) = (Split { shared: shift, own: Vec::new() }, Vec::new());
    for part in own {
        largest = largest.max(part.largest);
        shifts.own.push(times(&part.follows, &shifts.shared) + part.shift);
        factors.push((times(&part.follows, &shared), part.factor));
    }
    Some(Improved { factor: Arrow::new(parts, shared, factors), shift: shifts, largest })
}

/// The projection on the directions of the shared in which the parts are moved by more than a little, and
/// more than by chance.
fn kept(parts: &[Conditional], shared: usize) -> Option<Matrix> {
    let mut sum = Matrix::zeros(shared, shared);
    parts.iter().for_each(|part| sum += square(part.moved.transpose()));
    let (values, mut vectors) = eigen(&sum)?;
    // The largest singular value of a matrix of independent errors.
    let errors = || parts.iter().flat_map(|part| &part.errors);
    let most = errors().copied().fold(0.0, f64::max);
    let chance = (errors().sum::<f64>().sqrt() + (shared as f64 * most).sqrt()).powi(2);
    for j in (0..shared).filter(|&j| values[j] < LITTLE.max(chance)) {
        vectors.col_mut(j).fill(0.0);
    }
    Some(square(vectors.as_ref()))
}

/// c R⁻¹ of R = l lᵀ, in place.
fn right_solve(l: &Matrix, c: &mut Matrix) {
    let mut transposed = c.transpose().to_owned();
    l.solve_lower_triangular_in_place(&mut transposed);
    l.transpose().solve_upper_triangular_in_place(&mut transposed);
    *c = transposed.transpose().to_owned();
}

/// c l⁻¹, in place.
fn right_solve_lower(l: &Matrix, c: &mut Matrix) {
    let mut transposed = c.transpose().to_owned();
    l.transpose().solve_upper_triangular_in_place(&mut transposed);
    *c = transposed.transpose().to_owned();
}

#[cfg(test)]
mod tests {
    use super::super::arrow::tests::{example, parts};
    use super::*;
    use crate::math::{Key, normals, philox4x32};

    /// So many draws of N(0, L Lᵀ) and their slopes, where `old` has whitened them.
    fn draws(l: &Arrow, old: &Arrow, count: usize, round: u32) -> [Split; 2] {
        let normal = |j: usize, k: usize| {
            let counter = [(j / 4) as u32, k as u32, round, 0];
            f64::from(normals(philox4x32(counter, Key::new(3, "parts").0))[j % 4])
        };
        let z = Split::new(l.parts(), count, normal);
        // g = −L⁻ᵀ z, by the inverse of a lower triangle.
        let dense = l.dense().unwrap();
        let mut x = l.apply(&z);
        let mut slopes = x.rows(l.parts()).transpose().to_owned();
        dense.solve_lower_triangular_in_place(&mut slopes);
        dense.transpose().solve_upper_triangular_in_place(&mut slopes);
        slopes *= faer::Scale(-1.0);
        let g = Split::of_rows(l.parts(), &slopes.transpose().to_owned());
        old.whiten(&mut x);
        [x, old.apply_transposed(&g)]
    }

    /// Smallest and largest eigenvalue of the covariance of `l` where `found` is the metric.
    fn whitened(l: &Arrow, found: &Arrow) -> (f64, f64) {
        let [l, found] = [l, found].map(|l| l.dense().unwrap());
        let mut ratio = l;
        found.solve_lower_triangular_in_place(&mut ratio);
        let values = eigen(&square(ratio.as_ref())).unwrap().0;
        (values[0], values[values.len() - 1])
    }

    #[test]
    fn the_metric_of_a_gaussian_is_exact() {
        let parts = parts();
        let (l, one) = (example(&parts), Arrow::diagonal(&parts, &vec![1.0; parts.dim()]));
        // 24 draws of 163 dimensions.
        let [x, g] = draws(&l, &one, 24, 0);
        let like = Likeness::Fisher { effective: 1e12 };
        let found = improved(&parts, x, g, like).unwrap();
        let (low, high) = whitened(&l, &found.factor);
        assert!((low - 1.0).abs() < 1e-6 && (high - 1.0).abs() < 1e-6, "{low} {high}");
        // Where it was found it stays, whatever the shrinkage.
        let [x, g] = draws(&l, &l, 24, 1);
        let same = improved(&parts, x, g, Likeness::Fisher { effective: 20.0 }).unwrap();
        let (low, high) = whitened(&l, &l.times(&same.factor));
        assert!((low - 1.0).abs() < 1e-3 && (high - 1.0).abs() < 1e-3, "{low} {high}");
        assert!((1.0..3.0).contains(&same.largest), "{}", same.largest);
    }

    #[test]
    fn matching_finds_a_gaussian_from_draws_of_the_fit() {
        let parts = parts();
        let truth = example(&parts);
        let center = Split::new(&parts, 1, |j, _| j as f64 / 20.0);
        let mut fit = Arrow::diagonal(&parts, &vec![1.0; parts.dim()]);
        let mut mu = vec![0.0; parts.dim()];
        let mean = center.column(&parts, 0);
        for round in 0..12 {
            let [z, _] = draws(&fit, &fit, 40, round);
            let x = fit.apply(&z).rows(&parts);
            let mut off =
                Matrix::from_fn(parts.dim(), x.nrows(), |j, k| x[(k, j)] + mu[j] - mean[j]);
            let dense = truth.dense().unwrap();
            dense.solve_lower_triangular_in_place(&mut off);
            dense.transpose().solve_upper_triangular_in_place(&mut off);
            let g = faer::Scale(-1.0) * off.transpose();
            let g = fit.apply_transposed(&Split::of_rows(&parts, &g));
            let like = Likeness::Matched { strength: 30.0, last: false };
            let found = improved(&parts, z, g, like).unwrap();
            let shift = fit.apply(&found.shift).column(&parts, 0);
            mu.iter_mut().zip(shift).for_each(|(m, by)| *m += by);
            fit = fit.times(&found.factor);
        }
        // No nearer: directions in which parts move by little are left out.
        let (low, high) = whitened(&truth, &fit);
        assert!(low > 0.5 && high < 2.0, "{low} {high}");
        let mut off = Split::new(&parts, 1, |j, _| mu[j] - mean[j]);
        truth.whiten(&mut off);
        let off = off.rows(&parts).norm_l2();
        assert!(off < 0.2, "{off}");
    }
}
