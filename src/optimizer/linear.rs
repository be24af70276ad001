//! Small dense linear systems.

/// A pivot of scaled rows that is none.
const SINGULAR: f64 = 1e-13;

/// The solution of a square system with its right side as last column (Gauss and Jordan, with
/// pivoting); none where it is singular.
pub fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = system.len();
    // Rows of any scale alike.
    for row in &mut system {
        let size = row[..n].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        row.iter_mut().for_each(|x| *x /= size);
    }
    for k in 0..n {
        let largest = |&i: &usize, &j: &usize| system[i][k].abs().total_cmp(&system[j][k].abs());
        let pivot = (k..n).max_by(largest)?;
        system.swap(k, pivot);
        let row = system[k].clone();
        // NaN, too: a row of zeros.
        if row[k].abs().partial_cmp(&SINGULAR) != Some(std::cmp::Ordering::Greater) {
            return None;
        }
        for (i, other) in system.iter_mut().enumerate() {
            if i != k {
                let share = other[k] / row[k];
                other.iter_mut().zip(&row).for_each(|(x, y)| *x -= share * y);
            }
        }
    }
    Some(system.iter().enumerate().map(|(k, row)| row[n] / row[k]).collect())
}

/// The lower triangle whose square a symmetric matrix is (Cholesky), row by row.
pub struct Cholesky {
    lower: Vec<f64>,
    n: usize,
}

impl Cholesky {
    /// Of a matrix of `n` rows; none where it is not positive definite.
    pub fn new(matrix: &[f64], n: usize) -> Option<Self> {
        let mut lower = matrix.to_vec();
        for i in 0..n {
            for j in 0..=i {
                let (above, row) = lower.split_at(i * n);
                let left = if i == j { &row[..j] } else { &above[j * n..][..j] };
                let dot: f64 = row[..j].iter().zip(left).map(|(a, b)| a * b).sum();
                let rest = row[j] - dot;
                lower[i * n + j] = match i == j {
                    true if rest > 0.0 => rest.sqrt(),
                    true => return None,
                    false => rest / lower[j * n + j],
                };
            }
        }
        Some(Self { lower, n })
    }

    /// The solution for a right side.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (n, mut x) = (self.n, right.to_vec());
        for i in 0..n {
            let row = &self.lower[i * n..][..=i];
            let dot: f64 = row[..i].iter().zip(&x).map(|(a, b)| a * b).sum();
            x[i] = (x[i] - dot) / row[i];
        }
        for i in (0..n).rev() {
            let below: f64 = (i + 1..n).map(|k| self.lower[k * n + i] * x[k]).sum();
            x[i] = (x[i] - below) / self.lower[i * n + i];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved() {
        // 2x + y = 4, x + 3y = 7; the first pivot is not the largest.
        let found = solve(vec![vec![1.0, 3.0, 7.0], vec![2.0, 1.0, 4.0]]).expect("regular");
        assert!(
            found.len() == 2 && (found[0] - 1.0).abs() < 1e-14 && (found[1] - 2.0).abs() < 1e-14
        );
        assert_eq!(solve(vec![vec![1.0, 2.0, 1.0], vec![2.0, 4.0, 2.0]]), None);
        assert_eq!(solve(Vec::new()), Some(Vec::new()));
        let matrix = [4.0, 2.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 3.0];
        let found = Cholesky::new(&matrix, 3).unwrap().solve(&[8.0, 15.0, 11.0]);
        for (i, right) in [8.0, 15.0, 11.0].into_iter().enumerate() {
            let sum: f64 = (0..3).map(|j| matrix[3 * i + j] * found[j]).sum();
            assert!((sum - right).abs() < 1e-12);
        }
        assert!(Cholesky::new(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
