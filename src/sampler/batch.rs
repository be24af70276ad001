//! Points of the start with their gradients, and the random numbers that they are drawn with.

use super::linalg::Matrix;
use crate::math::{Key, Lane, Purpose, Task, lane_normals};

/// Points with their gradients.
pub(super) struct Batch {
    pub points: Vec<f64>,
    pub grad: Vec<f64>,
    /// Indices of the points where everything is finite, increasing.
    pub finite: Vec<usize>,
}

impl Batch {
    pub fn new(points: &[f64], logp: &[f32], grad: &[f32], dim: usize) -> Self {
        let finite = (0..logp.len())
            .filter(|&i| {
                logp[i].is_finite() && grad[i * dim..(i + 1) * dim].iter().all(|g| g.is_finite())
            })
            .collect();
        let grad = grad.iter().map(|&g| f64::from(g)).collect();
        Self { points: points.to_vec(), grad, finite }
    }
}

/// Fills a matrix with the independent standard normals of a round, a row for each point.
pub(super) struct Normals<'a> {
    pub key: Key,
    pub round: usize,
    pub to: &'a mut Matrix,
}

impl Task for Normals<'_> {
    type Scalar = f32;
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) {
        let (points, dim) = (self.to.nrows(), self.to.ncols());
        for first in (0..points).step_by(L::LEN) {
            for block in (0..dim).step_by(4) {
                let four = (block / 4) as u32;
                let z = lane_normals::<L>(
                    self.key,
                    four,
                    first as u32,
                    self.round as u32,
                    Purpose::Start,
                );
                for (j, z) in (block..dim).zip(z) {
                    for (lane, i) in (first..points).take(L::LEN).enumerate() {
                        self.to[(i, j)] = z.get(lane);
                    }
                }
            }
        }
    }
}

/// The upper median.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
