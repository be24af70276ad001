//! A model with what it takes to measure on it: posterior and prior points, and a metric.

use super::{CHAINS, Shape};
use crate::density::{CpuEngine, Engine};
use crate::error::{Error, Result};
use crate::fleet;
use crate::math::{Key, Purpose};
use crate::model::{self, Model, Space};
use crate::sampler::{self, Outcome, Sampled, Settings};
use faer::{Mat, Side};
use std::sync::atomic::AtomicBool;

/// Effective draws of the fit that the points are taken from.
const ESS: f64 = 200.0;

/// A model, and where to evaluate it.
pub struct Study {
    /// The model.
    pub model: Model,
    /// Draws of the posterior in the sampler's coordinates, [`CHAINS`] × dim: where chains are.
    pub posterior: Vec<f32>,
    /// Draws of the prior, [`CHAINS`] × dim: where chains may come from.
    pub prior: Vec<f32>,
    /// Metric factor, dim × dim: the Cholesky factor of the posterior's covariance.
    pub factor: Vec<f32>,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Study {
    /// Of a shape; a short fit on the CPU engine finds the posterior.
    ///
    /// # Errors
    /// No temporary folder can be had.
    pub fn new(shape: &Shape, seed: u64) -> Result<Self> {
        let model = shape.model()?;
        let dim = model.layout.dim();
        let key = Key::new(seed, &model.key);
        let mut engine = CpuEngine::new(&[(&model, key)], Space::Sampling, CHAINS);
        let sampled = sample(&model, &mut engine, ESS, key)?;
        let posterior = sampled.draws[sampled.draws.len() - CHAINS * dim..].to_vec();
        let factor = factor(&sampled.draws, dim)?;
        let prior = prior(&model, CHAINS, key);
        Ok(Self { model, posterior, prior, factor, seed })
    }

    /// The key of the random numbers of copy `i` of the model.
    pub fn key(&self, i: usize) -> Key {
        Key::new(self.seed, &format!("bench {i}"))
    }
}

/// Draws of a model's prior in the sampler's coordinates, n × dim.
pub fn prior(model: &Model, n: usize, key: Key) -> Vec<f32> {
    let mut rng = key.stream(Purpose::Check, 0);
    let mut points = Vec::with_capacity(n * model.layout.dim());
    for _ in 0..n {
        let values = model::draw(model, &mut rng);
        let point = model.layout.unmap(Space::Sampling, &[], &values);
        points.extend(point.into_iter().map(|u| u as f32));
    }
    points
}

/// Samples the first model of an engine in memory, with [`CHAINS`] chains.
///
/// # Errors
/// Of the engine; a model that cannot be sampled, which is a bug.
pub fn sample(model: &Model, engine: &mut dyn Engine, ess: f64, key: Key) -> Result<Sampled> {
    let settings = Settings { chains: CHAINS, ess, ..Settings::default() };
    let sampler = fleet::sampler(model, &settings, key)?;
    let mut outcome = None;
    let cancel = AtomicBool::new(false);
    sampler::run(engine, vec![sampler], &mut |_| {}, &cancel, &mut |_, found| {
        outcome = Some(found);
        Ok(())
    })?;
    match outcome {
        Some(Outcome::Sampled(sampled)) => Ok(*sampled),
        Some(Outcome::Failed(failure)) => Err(Error::bug(failure.reason).context("benchmark")),
        None => Err(Error::bug("the benchmark's model has no outcome")),
    }
}

/// The Cholesky factor of the covariance of draws, row-major.
fn factor(draws: &[f32], dim: usize) -> Result<Vec<f32>> {
    let n = (draws.len() / dim) as f64;
    let rows = || draws.chunks_exact(dim);
    let mean: Vec<f64> =
        (0..dim).map(|i| rows().map(|row| f64::from(row[i])).sum::<f64>() / n).collect();
    let centred = |row: &[f32], i: usize| f64::from(row[i]) - mean[i];
    let covariance = Mat::<f64>::from_fn(dim, dim, |i, j| {
        rows().map(|row| centred(row, i) * centred(row, j)).sum::<f64>() / (n - 1.0)
    });
    let factor = covariance.llt(Side::Lower);
    let factor = factor.map_err(|_| Error::bug("the benchmark's draws do not fill their space"))?;
    let factor = factor.L();
    let entry = |at: usize| if at % dim <= at / dim { factor[(at / dim, at % dim)] } else { 0.0 };
    Ok((0..dim * dim).map(|at| entry(at) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_that_of_the_covariance() {
        // Covariance ((2, 1), (1, 5)) · 4/3, by hand.
        let draws = [1.0, 2.0, -1.0, -2.0, 1.0, 1.0, -1.0, -1.0].map(|x: f32| x + 7.0);
        let expected = [[4.0, 6.0], [6.0, 10.0]].map(|row| row.map(|x: f64| x / 3.0));
        let l = factor(&draws, 2).unwrap().into_iter().map(f64::from).collect::<Vec<_>>();
        assert_eq!(l[1], 0.0);
        let product = [[l[0] * l[0], l[0] * l[2]], [l[0] * l[2], l[2] * l[2] + l[3] * l[3]]];
        for (found, expected) in product.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-6, "{product:?} {expected:?}");
        }
        assert!(factor(&[1.0, 2.0, 2.0, 4.0, 3.0, 6.0], 2).is_err());
    }
}
