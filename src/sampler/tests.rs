//! The sampler against posteriors whose moments are known, with fixed keys.

use super::arrow::tests::{example, parts};
use super::linalg::Matrix;
use super::{targets::*, *};
use crate::density::request::{Request, Response};
use crate::diagnostics::{mcse_mean, mcse_sd};
use crate::math::Key;
use ndarray::{Array2, ArrayView3, Axis};
use std::sync::Arc;

fn draws(outcome: Outcome) -> Sampled {
    match outcome {
        Outcome::Sampled(sampled) => *sampled,
        Outcome::Failed(failure) => panic!("{}", failure.reason),
    }
}

fn sample_one(target: &dyn Target, name: &str, settings: &Settings) -> Sampled {
    let sampled = draws(sample(&[(target, Key::new(1, name))], settings).remove(0));
    let ess = sampled.worst.ess_bulk.min(sampled.worst.ess_tail);
    // Shown where a test fails, or with --nocapture.
    println!(
        "{name}, {} chains: {:.0} + {:.0} + {:.0} gradients per chain, {} draws, ESS {:.0} / {:.0}, \
         {:.1} gradients per effective draw, step {:.3}, length {:.2}, acceptance {:.2}, {:?}",
        sampled.chains,
        sampled.gradients.start,
        sampled.gradients.warmup,
        sampled.gradients.sampling,
        sampled.len(),
        sampled.worst.ess_bulk,
        sampled.worst.ess_tail,
        sampled.gradients.sampling * sampled.chains as f64 / ess,
        sampled.step_size,
        sampled.length,
        sampled.harmonic_acceptance,
        sampled.escalations,
    );
    sampled
}

/// Draws of one dimension, (chain, draw).
fn column(sampled: &Sampled, j: usize) -> Array2<f64> {
    sampled.view().index_axis(Axis(2), j).t().mapv(f64::from)
}

/// Mean and standard deviation within 4.5 Monte-Carlo errors: over the comparisons below, one
/// set of keys in a thousand would fail.
fn assert_moments(sampled: &Sampled, j: usize, mean: f64, variance: f64) {
    let x = column(sampled, j);
    let (m, sd) = (x.mean().unwrap(), x.std(1.0));
    let z = ((m - mean) / mcse_mean(x.view()), (sd - variance.sqrt()) / mcse_sd(x.view()));
    assert!(z.0.abs() < 4.5, "mean {j}: {m} for {mean}, z {:.2}", z.0);
    assert!(z.1.abs() < 4.5, "sd {j}: {sd} for {}, z {:.2}", variance.sqrt(), z.1);
}

#[test]
fn a_gaussian_of_many_scales() {
    let target = Gaussian::new(20);
    for chains in [16, 64] {
        let sampled = sample_one(&target, "gaussian", &Settings { chains, ..Settings::default() });
        assert_eq!((sampled.missed.clone(), sampled.divergences, sampled.stuck), (None, 0, 0));
        for j in 0..20 {
            assert_moments(&sampled, j, target.mean[j], target.variance(j));
        }
        // The metric is exact: a quarter period of the unit circle.
        assert!((sampled.length - 1.571).abs() < 0.3, "{}", sampled.length);
        assert!((sampled.harmonic_acceptance - 0.8).abs() < 0.06);
        assert!(sampled.gradients.total() * (chains as f64) < 25_000.0);
    }
}

/// N(0, Σ) of parts that share little, and their positions.
struct InParts {
    parts: Arc<Parts>,
    /// Lower Cholesky factor of Σ.
    factor: Matrix,
}

impl Target for InParts {
    fn dim(&self) -> usize {
        self.parts.dim()
    }

    fn evaluate(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let mut z = Matrix::from_fn(x.len(), 1, |i, _| x[i]);
        self.factor.solve_lower_triangular_in_place(&mut z);
        let logp = -0.5 * z.squared_norm_l2();
        self.factor.transpose().solve_upper_triangular_in_place(&mut z);
        grad.iter_mut().enumerate().for_each(|(i, g)| *g = -z[(i, 0)]);
        logp
    }

    fn prior_deviation(&self) -> f64 {
        5.0
    }
}

impl Meaning for InParts {
    fn quantities(&self) -> usize {
        self.parts.dim()
    }

    fn values(&self, quantity: usize, numbers: &[[f32; 4]], draws: ArrayView3<f32>) -> Vec<f64> {
        Positions(self.parts.dim()).values(quantity, numbers, draws)
    }

    fn parts(&self) -> Option<Parts> {
        Some(Parts::clone(&self.parts))
    }
}

#[test]
fn a_gaussian_in_parts() {
    let parts = parts();
    let factor = example(&parts).dense().unwrap();
    let variance: Vec<f64> = (0..parts.dim()).map(|i| factor.row(i).squared_norm_l2()).collect();
    let target = Arc::new(InParts { parts, factor });
    let (key, settings) = (Key::new(1, "parts"), Settings::default());
    let start = prior(&*target, key);
    let sampler = ModelSampler::new(&settings, target.dim(), key, start, target.clone()).unwrap();
    let mut engine = PlainEngine::new(&[(&*target, key)]);
    let (cancel, mut outcome) = (AtomicBool::new(false), None);
    run(&mut engine, vec![sampler], &mut |_| {}, &cancel, &mut |_, found| {
        outcome = Some(found);
        Ok(())
    })
    .unwrap();
    let sampled = draws(outcome.unwrap());
    assert_eq!((sampled.missed.clone(), sampled.divergences, sampled.stuck), (None, 0, 0));
    assert!(sampled.escalations.is_empty(), "{:?}", sampled.escalations);
    for (j, &variance) in variance.iter().enumerate() {
        assert_moments(&sampled, j, 0.0, variance);
    }
    let gradients = sampled.gradients;
    println!("in parts: {gradients:?}, {} draws, length {:.2}", sampled.len(), sampled.length);
    // The metric is exact: a quarter period of the unit circle.
    assert!((sampled.length - 1.571).abs() < 0.4, "{}", sampled.length);
    assert!(gradients.total() < 900.0, "{gradients:?}");
}

#[test]
fn skewed_margins() {
    let shapes = [0.5, 1.0, 2.0, 5.0, 20.0];
    // digamma and trigamma of the shapes, by SciPy.
    let means = [-1.963510026021, -0.577215664902, 0.422784335098, 1.506117668432, 2.970523992242];
    let variances =
        [4.934802200545, 1.644934066848, 0.644934066848, 0.221322955737, 0.051270822935];
    let target = LogGamma { shapes: shapes.iter().copied().cycle().take(25).collect() };
    for chains in [16, 64] {
        let sampled = sample_one(&target, "log gamma", &Settings { chains, ..Settings::default() });
        assert_eq!(sampled.missed, None);
        for j in 0..25 {
            assert_moments(&sampled, j, means[j % 5], variances[j % 5]);
        }
        assert!(sampled.gradients.total() * (chains as f64) < 50_000.0);
    }
}

#[test]
fn curved_ridges() {
    let settings = Settings { ess: 2000.0, ..Settings::default() };
    let sampled = sample_one(&Bananas { pairs: 3 }, "bananas", &settings);
    assert_eq!(sampled.missed, None);
    for pair in 0..3 {
        assert_moments(&sampled, 2 * pair, 0.0, 1.0);
        assert_moments(&sampled, 2 * pair + 1, 1.0, 2.09);
    }
}

#[test]
fn a_funnel() {
    let sampled = sample_one(&Funnel { groups: 8 }, "funnel", &Settings::default());
    assert_eq!(sampled.missed, None);
    // Given log tau, y is N(0, 1 + tau²): moments by quadrature (SciPy).
    assert_moments(&sampled, 0, -1.138084498775, 0.410024947873);
}

#[test]
fn modes_that_touch() {
    let target = Modes { dim: 5, distance: 2.0 };
    let sampled = sample_one(&target, "near modes", &Settings::default());
    assert_eq!(sampled.missed, None);
    for j in 0..5 {
        // Mixture of weights 3/4 and 1/4: mean 2/4, variance 1 + 4 · 3/16.
        assert_moments(&sampled, j, 0.5, 1.75);
    }
}

#[test]
fn modes_apart_are_noticed() {
    let target = Modes { dim: 5, distance: 8.0 };
    let settings = Settings { max_gradients: 20_000, ..Settings::default() };
    let sampled = sample_one(&target, "far modes", &settings);
    let missed = sampled.missed.as_deref().unwrap();
    assert!(missed.starts_with("effective draws do not grow"), "{missed}");
    assert!(sampled.worst.r_hat_nested > 1.05);
    assert!(sampled.escalations[0].contains("another mode"), "{:?}", sampled.escalations);
    assert!(sampled.escalations.iter().any(|e| e.contains("acceptance 0.95")));
    assert!(sampled.gradients.total() < 21_000.0);
}

#[test]
fn the_budget_is_kept() {
    let settings = Settings { ess: 1e6, max_gradients: 3_000, ..Settings::default() };
    let sampled = sample_one(&Gaussian::new(8), "budget", &settings);
    assert!(sampled.missed.unwrap().starts_with("no gradients left"));
    let spent = sampled.gradients.warmup + sampled.gradients.sampling;
    assert!((3_000.0..3_200.0).contains(&spent), "{spent}");
}

#[test]
fn hopeless_densities_fail_with_a_reason() {
    for (target, reason) in [(Broken::Nowhere, "not finite"), (Broken::Lying, "accepted")] {
        let outcome = sample(&[(&target, Key::new(1, "broken"))], &Settings::default()).remove(0);
        match outcome {
            Outcome::Failed(failure) => {
                assert!(failure.reason.contains(reason), "{}", failure.reason);
                assert!(failure.gradients.total() > 0.0);
            }
            Outcome::Sampled(_) => panic!("sampled"),
        }
    }
}

#[test]
fn draws_do_not_depend_on_the_batch() {
    let (a, b, c) = (Gaussian::new(6), Bananas { pairs: 1 }, Broken::Nowhere);
    let settings = Settings { ess: 400.0, ..Settings::default() };
    let key = |name| Key::new(7, name);
    let alone = draws(sample(&[(&a, key("a"))], &settings).remove(0));
    let mut batch =
        sample(&[(&b, key("b")), (&c, key("c")), (&a, key("a")), (&a, key("other"))], &settings);
    let other = draws(batch.remove(3));
    let together = draws(batch.remove(2));
    let bits = |s: &Sampled| s.draws.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&alone), bits(&together));
    assert_eq!(alone.n_steps, together.n_steps);
    assert_ne!(bits(&alone), bits(&other));
}

#[test]
fn energy_errors_obey_their_identity() {
    // At stationarity the mean of exp(−ΔH) is 1, and a trajectory is accepted with
    // probability min(1, exp(−ΔH)).
    let sampled = sample_one(&Gaussian::new(20), "energy", &Settings::default());
    for (error, acceptance) in sampled.energy_error.iter().zip(&sampled.acceptance) {
        assert!((f64::from(-error).exp().min(1.0) - f64::from(*acceptance)).abs() < 1e-5);
    }
    let weights: Vec<f64> = sampled.energy_error.iter().map(|&e| f64::from(-e).exp()).collect();
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n;
    assert!((mean - 1.0).abs() < 4.0 * (variance / n).sqrt(), "{mean}");
}

#[test]
fn facts_have_their_shapes() {
    let settings = Settings { chains: 32, ess: 200.0, ..Settings::default() };
    let s = sample_one(&Gaussian::new(5), "shapes", &settings);
    assert_eq!(s.draws.len(), s.len() * 32 * 5);
    for values in [&s.logp, &s.energy, &s.energy_error, &s.acceptance] {
        assert_eq!(values.len(), s.len() * 32);
    }
    assert_eq!(s.superchains[..9], [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!((s.unmoved, s.superchains[31]), (0, 3));
    assert!(s.gradients.sampling >= s.leapfrogs() as f64);
}

fn samplers<'a>(target: &'a Gaussian, settings: &Settings) -> (PlainEngine<'a>, Vec<ModelSampler>) {
    let key = Key::new(1, "driver");
    let sampler = sampler(target, key, settings).unwrap();
    (PlainEngine::new(&[(target, key)]), vec![sampler])
}

#[test]
fn progress_grows_to_the_end_and_cancelling_stops() {
    let target = Gaussian::new(4);
    let (mut engine, models) = samplers(&target, &Settings::default());
    let cancel = AtomicBool::new(false);
    let mut seen = Vec::new();
    run(&mut engine, models, &mut |p| seen.push(p), &cancel, &mut |_, _| Ok(())).unwrap();
    assert_eq!(seen.last(), Some(&Progress { done: 1, total: 1, fraction: 1.0 }));
    assert!(seen.iter().all(|p| (0.0..=1.0).contains(&p.fraction)));

    let (mut engine, models) = samplers(&target, &Settings::default());
    let mut steps = 0;
    let mut stop = |_| {
        steps += 1;
        cancel.store(steps == 30, Ordering::Relaxed);
    };
    let error = run(&mut engine, models, &mut stop, &cancel, &mut |_, _| Ok(())).unwrap_err();
    assert_eq!((error.kind(), steps), (Kind::Interrupted, 30));
}

#[test]
fn bad_answers_and_settings_are_errors() {
    struct Wrong(Response);
    impl Engine for Wrong {
        fn execute(&mut self, requests: Vec<(usize, Request)>) -> Result<Vec<Response>> {
            Ok(requests.iter().map(|_| self.0.clone()).collect())
        }
    }
    let target = Gaussian::new(4);
    for response in [
        Response::Done,
        Response::Ran(Default::default()),
        Response::Evaluated { logp: vec![0.0; 3], grad: vec![0.0; 12] },
    ] {
        let (_, models) = samplers(&target, &Settings::default());
        let cancel = AtomicBool::new(false);
        let mut engine = Wrong(response);
        let error = run(&mut engine, models, &mut |_| {}, &cancel, &mut |_, _| Ok(()));
        assert_eq!(error.unwrap_err().kind(), Kind::Bug);
    }
    let key = Key::new(1, "settings");
    for settings in [
        Settings { chains: 6, ..Settings::default() },
        Settings { chains: 0, ..Settings::default() },
        Settings { ess: f64::NAN, ..Settings::default() },
        Settings { target_acceptance: 1.0, ..Settings::default() },
    ] {
        let error = sampler(&target, key, &settings).err().unwrap();
        assert_eq!(error.kind(), Kind::Input);
    }
    let (start, positions) = (prior(&target, key), Arc::new(Positions(3)));
    let error = ModelSampler::new(&Settings::default(), 3, key, start, positions).err().unwrap();
    assert_eq!(error.kind(), Kind::Bug);
}
