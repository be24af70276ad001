//! Adam from many points at once: towards the modes, in steps of prior standard deviations.

use super::batch::Batch;

/// Steps taken from each point.
pub(super) const ADAM_STEPS: usize = 60;
/// Step size, from first to last.
const RATE: (f64, f64) = (0.1, 0.01);
const BETAS: (f64, f64) = (0.9, 0.98);
/// Gradients longer than this are cut to it.
const CLIP: f64 = 1e3;

/// Ascends the log density from every point at once.
pub(super) struct Adam {
    /// Steps done.
    pub step: usize,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Last points with a finite density; a step out of its domain is taken back.
    good: Vec<f64>,
}

impl Adam {
    pub fn new(points: &[f64]) -> Self {
        let zeros = vec![0.0; points.len()];
        Self { step: 0, first: zeros.clone(), second: zeros, good: points.to_vec() }
    }

    /// Moves every point by one step, given the gradients there.
    pub fn ascend(&mut self, points: &mut [f64], batch: &Batch, deviation: &[f64]) {
        let dim = deviation.len();
        let t = self.step as f64;
        let rate = RATE.0 + (RATE.1 - RATE.0) * t / (ADAM_STEPS - 1) as f64;
        let correct = (1.0 - BETAS.0.powf(t + 1.0), 1.0 - BETAS.1.powf(t + 1.0));
        self.step += 1;
        let mut finite = batch.finite.iter().peekable();
        for i in 0..points.len() / dim {
            let range = i * dim..(i + 1) * dim;
            if finite.next_if_eq(&&i).is_none() {
                points[range.clone()].copy_from_slice(&self.good[range.clone()]);
                self.first[range].fill(0.0);
                continue;
            }
            self.good[range.clone()].copy_from_slice(&points[range.clone()]);
            // Steps are taken in prior standard deviations, the one scale known by now.
            let slope = |k: usize| batch.grad[k] * deviation[k - i * dim];
            let norm = range.clone().map(|k| slope(k).powi(2)).sum::<f64>().sqrt();
            let clip = (CLIP / norm).min(1.0);
            for k in range {
                let g = slope(k) * clip;
                self.first[k] += (1.0 - BETAS.0) * (g - self.first[k]);
                self.second[k] += (1.0 - BETAS.1) * (g * g - self.second[k]);
                let direction =
                    self.first[k] / correct.0 / ((self.second[k] / correct.1).sqrt() + 1e-8);
                points[k] += rate * deviation[k - i * dim] * direction;
            }
        }
    }
}
