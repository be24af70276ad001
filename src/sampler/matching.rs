//! Batch-and-match: a Gaussian fitted to the scores of its own draws.

use super::{
    arrow::Split,
    batch::{Batch, median},
    conditional::{Likeness, improved},
    factor::Factor,
    linalg::{Matrix, Part, cholesky, eigen, product, sandwich, scale_columns, square},
};

/// Updates made.
pub(super) const MATCHES: usize = 20;
/// The last updates, which average over their draws and settle the mean.
const LAST: usize = 5;

/// Strong updates made to a model in parts: in a thousand dimensions they come to swing between two fits.
const HURRY: usize = 6;

/// N(mu, L Lᵀ).
#[derive(Clone)]
pub(super) struct Fit {
    pub mu: Vec<f64>,
    /// L.
    pub factor: Factor,
}

impl Fit {
    /// |L⁻¹(x − mu)|.
    pub fn distance(&self, x: &[f64]) -> f64 {
        self.factor.distance(&x.iter().zip(&self.mu).map(|(x, m)| x - m).collect::<Vec<_>>())
    }

    /// One update of batch-and-match (Cai et al. 2024, "Batch and match"), in the coordinates z
    /// that the fit so far whitens: there its covariance is the identity and its mean zero.
    pub fn improve(&mut self, white: &Matrix, batch: &Batch, round: usize) {
        let dim = self.mu.len();
        if batch.finite.len() * 4 < white.nrows() * 3 {
            // The fit reaches out of the domain of the density.
            self.factor.scale(0.7);
            return;
        }
        let n = batch.finite.len();
        let gradient = Matrix::from_fn(n, dim, |i, j| batch.grad[batch.finite[i] * dim + j]);
        let mut g = self.factor.slopes(&gradient);
        let mut norms = vec![0.0; n];
        for j in 0..dim {
            norms.iter_mut().zip(g.col(j).iter()).for_each(|(norm, g)| *norm += g * g);
        }
        norms.iter_mut().for_each(|norm: &mut f64| *norm = norm.sqrt());
        let limit = 5.0 * median(&norms);
        for (i, norm) in norms.iter().enumerate().filter(|(_, norm)| **norm > limit) {
            for j in 0..dim {
                g[(i, j)] *= limit / norm;
            }
        }
        let z = Matrix::from_fn(n, dim, |i, j| white[(batch.finite[i], j)]);
        let last = round + LAST >= MATCHES;
        let gentle = matches!(self.factor, Factor::Arrow(_)) && round >= HURRY;
        let strong = ((n * dim) as f64 / (round + 1) as f64).min(30.0);
        let strength = if last || gentle { 2.0 } else { strong };
        let shift = match &mut self.factor {
            Factor::Dense(old) => {
                let Some((shift, factor)) = matched(z, g, strength, last) else { return };
                let shift = &*old * &shift;
                let [l, new] = [&*old, &factor].map(|l| (l.as_ref(), Part::Lower));
                *old = product(l, new, Part::Lower);
                (0..dim).map(|j| shift[(j, 0)]).collect()
            }
            Factor::Arrow(old) => {
                let [z, g] = [z, g].map(|rows| Split::of_rows(old.parts(), &rows));
                let like = Likeness::Matched { strength, last };
                let Some(new) = improved(old.parts(), z, g, like) else { return };
                let shift = old.apply(&new.shift).column(old.parts(), 0);
                *old = old.times(&new.factor);
                shift
            }
        };
        self.mu.iter_mut().zip(shift).for_each(|(m, by): (_, f64)| *m += by);
    }
}

/// Mean (a column) and Cholesky factor of the Gaussian nearest in score to draws z and scores g,
/// held near N(0, I) the more the smaller `strength` is.
///
/// Only the `last` rounds charge the mean score to the covariance, as the published update always
/// does: while the mean is far off, that keeps wide directions narrow and the mean from moving
/// (251 dimensions, prior 1,000 times too wide: 7 times fewer warm-up gradients without it).
fn matched(mut z: Matrix, mut g: Matrix, strength: f64, last: bool) -> Option<(Matrix, Matrix)> {
    let (n, dim) = (z.nrows() as f64, z.ncols());
    let z_mean = center(&mut z);
    let g_mean = center(&mut g);
    let pull = strength / (1.0 + strength);
    let u = faer::Scale(strength / n) * square(g.transpose())
        + faer::Scale(if last { pull } else { 0.0 }) * (&g_mean * g_mean.transpose());
    let v = Matrix::identity(dim, dim)
        + faer::Scale(strength / n) * square(z.transpose())
        + faer::Scale(pull) * (&z_mean * z_mean.transpose());
    let s = balanced(&u, &v)?;
    let factor = cholesky(&s)?;
    let shift = faer::Scale(pull) * (&s * &g_mean + &z_mean);
    Some((shift, factor))
}

/// The positive definite S of S u S + S = v.
pub(super) fn balanced(u: &Matrix, v: &Matrix) -> Option<Matrix> {
    // With v = C Cᵀ: S = C T Cᵀ, T = 2 (I + (I + 4 Cᵀ u C)^½)⁻¹.
    let c = cholesky(v)?;
    let (values, vectors) = eigen(&sandwich(&c, u))?;
    let mut y = product((c.as_ref(), Part::Lower), (vectors.as_ref(), Part::All), Part::All);
    scale_columns(&mut y, |j| {
        let root = (1.0 + 4.0 * values[j].max(0.0)).sqrt();
        (2.0 / (1.0 + root)).sqrt()
    });
    Some(square(y.as_ref()))
}

/// Subtracts the column means and returns them as a column.
fn center(a: &mut Matrix) -> Matrix {
    let n = a.nrows() as f64;
    let mean = Matrix::from_fn(a.ncols(), 1, |j, _| a.col(j).iter().sum::<f64>() / n);
    for j in 0..a.ncols() {
        a.col_mut(j).iter_mut().for_each(|x| *x -= mean[(j, 0)]);
    }
    mean
}
