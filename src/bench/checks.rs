//! Whether an engine computes what the oracle computes: gradients at points of the prior and of the
//! posterior, and the energy errors of trajectories.

use super::{CHAINS, LEAPFROGS, Step, Study};
use crate::density::{Engine, Oracle, Request, Response};
use crate::error::{Error, Result};
use crate::fleet::Backend;
use crate::math::{Key, Purpose, normals, philox4x32};
use crate::model::Space;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// ‖g − g*‖ / ‖g*‖, the worst over prior and posterior points.
    Gradient,
    /// |ΔH − ΔH*| / (1 + |ΔH*|) of a trajectory, the worst over chains; ΔH* is that of the same
    /// trajectory made by the oracle.
    Energy,
}

impl What {
    /// The largest error that passes.
    pub fn limit(self) -> f64 {
        match self {
            What::Gradient => 3e-4,
            What::Energy => 2e-3,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            What::Gradient => "gradient",
            What::Energy => "energy",
        }
    }
}

/// One comparison with the oracle.
#[derive(Clone, Debug)]
pub struct Check {
    /// The engine.
    pub backend: Backend,
    /// Models that were together on the engine.
    pub models: usize,
    /// Which of them was looked at.
    pub model: usize,
    /// What was compared.
    pub what: What,
    /// The worst error; not a number where the engine gave none.
    pub error: f64,
}

impl Check {
    /// Whether the error is small enough.
    pub fn passed(&self) -> bool {
        self.error <= self.what.limit()
    }
}

/// Holds the first, the middle and the last of an engine's copies of a study against the oracle. The
/// chains have to be in place; they have moved by one trajectory of number `first` afterwards.
pub(super) fn hold(
    engine: &mut dyn Engine,
    backend: Backend,
    study: &Study,
    models: usize,
    first: u32,
) -> Result<Vec<Check>> {
    let mut picked = vec![0, models / 2, models - 1];
    picked.dedup();
    let points = [&study.prior[..], &study.posterior].concat();
    let run = Step::run(first, 1);
    let each = |request: &Request| picked.iter().map(|&m| (m, request.clone())).collect();
    let gradients = engine.execute(each(&Request::Evaluate { points: points.clone() }))?;
    let energies = engine.execute(each(&run))?;

    let oracle = Oracle::new(&study.model, Space::Sampling);
    let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let exact = oracle.evaluate(&wide(&points));
    let dim = study.model.layout.dim();
    let mut checks = Vec::new();
    for ((&model, gradients), energies) in picked.iter().zip(gradients).zip(energies) {
        let (Response::Evaluated { grad, .. }, Response::Ran(ran)) = (gradients, energies) else {
            return Err(Error::bug("the engine gave other answers than asked for"));
        };
        let rows = grad.chunks_exact(dim).zip(&exact);
        let gradient = worst(rows.map(|(g, exact)| relative(g, &exact.gradient)));
        let expected = energy_errors(&oracle, study, study.key(model), first);
        let errors = ran.energy_error.iter().zip(expected);
        let energy =
            worst(errors.map(|(&e, exact)| (f64::from(e) - exact).abs() / (1.0 + exact.abs())));
        let check = |what, error| Check { backend, models, model, what, error };
        checks.extend([check(What::Gradient, gradient), check(What::Energy, energy)]);
    }
    Ok(checks)
}

/// The largest number; NaN if there is one.
fn worst(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a })
}

/// ‖found − expected‖ / ‖expected‖.
fn relative(found: &[f32], expected: &[f64]) -> f64 {
    let squares = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let difference = squares(&mut found.iter().zip(expected).map(|(&a, b)| f64::from(a) - b));
    (difference / squares(&mut expected.iter().copied())).sqrt()
}

/// The energy error of every chain of a study after the trajectory of number `first`, in double
/// precision and with the engines' momenta.
fn energy_errors(oracle: &Oracle, study: &Study, key: Key, first: u32) -> Vec<f64> {
    let dim = study.model.layout.dim();
    let epsilon = f64::from(Step::SIZE);
    let factor: Vec<f64> = study.factor.iter().map(|&l| f64::from(l)).collect();
    let mut q: Vec<f64> = study.posterior.iter().map(|&x| f64::from(x)).collect();
    let momentum = |at: usize| {
        let counter = [(at % dim / 4) as u32, (at / dim) as u32, first, Purpose::Momentum as u32];
        f64::from(normals(philox4x32(counter, key.0))[at % dim % 4])
    };
    let mut p: Vec<f64> = (0..CHAINS * dim).map(momentum).collect();
    let energies = |p: &[f64], logp: &[f64]| -> Vec<f64> {
        let kinetic = p.chunks_exact(dim).map(|p| 0.5 * p.iter().map(|p| p * p).sum::<f64>());
        kinetic.zip(logp).map(|(kinetic, logp)| kinetic - logp).collect()
    };
    let (mut g, mut logp) = (vec![0.0; q.len()], vec![0.0; CHAINS]);
    let evaluate = |q: &[f64], g: &mut [f64], logp: &mut [f64]| {
        for (chain, at) in oracle.evaluate(q).into_iter().enumerate() {
            g[chain * dim..][..dim].copy_from_slice(&at.gradient);
            logp[chain] = at.logp;
        }
    };
    // p += ε/2 Lᵀg
    let kick = |p: &mut [f64], g: &[f64]| {
        for (p, g) in p.chunks_exact_mut(dim).zip(g.chunks_exact(dim)) {
            for (j, p) in p.iter_mut().enumerate() {
                let sum: f64 = (j..dim).map(|i| factor[i * dim + j] * g[i]).sum();
                *p += 0.5 * epsilon * sum;
            }
        }
    };
    evaluate(&q, &mut g, &mut logp);
    let before = energies(&p, &logp);
    for _ in 0..LEAPFROGS {
        kick(&mut p, &g);
        // q += ε L p
        for (q, p) in q.chunks_exact_mut(dim).zip(p.chunks_exact(dim)) {
            for (i, q) in q.iter_mut().enumerate() {
                let row = &factor[i * dim..=i * dim + i];
                *q += epsilon * row.iter().zip(p).map(|(l, p)| l * p).sum::<f64>();
            }
        }
        evaluate(&q, &mut g, &mut logp);
        kick(&mut p, &g);
    }
    energies(&p, &logp).into_iter().zip(before).map(|(after, before)| after - before).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::super::gradients::place;
    use super::*;
    use crate::density::CpuEngine;

    /// An engine whose gradients, or energies, or momenta are off by a little.
    struct Spoiled(CpuEngine, fn(&mut Response));

    impl Engine for Spoiled {
        fn execute(&mut self, requests: Vec<(usize, Request)>) -> Result<Vec<Response>> {
            let mut answers = self.0.execute(requests)?;
            answers.iter_mut().for_each(self.1);
            Ok(answers)
        }
    }

    /// Which checks fail of two models on an engine that is spoiled like this.
    fn failing(spoil: fn(&mut Response)) -> Vec<(usize, What)> {
        let shape = Shape { weeks: 60, channels: 2, holidays: 2, orders: 1 };
        let study = Study::new(&shape, 3).unwrap();
        let models = [(&study.model, study.key(0)), (&study.model, study.key(1))];
        let mut engine = Spoiled(CpuEngine::new(&models, Space::Sampling, CHAINS), spoil);
        place(&mut engine, &study, 2).unwrap();
        let checks = hold(&mut engine, Backend::Cpu, &study, 2, 7).unwrap();
        let seen: Vec<_> = checks.iter().map(|check| (check.model, check.what)).collect();
        use What::{Energy, Gradient};
        assert_eq!(seen, [(0, Gradient), (0, Energy), (1, Gradient), (1, Energy)]);
        let failed = checks.iter().filter(|check| !check.passed());
        failed.map(|check| (check.model, check.what)).collect()
    }

    #[test]
    fn a_sound_engine_passes_and_a_spoiled_one_is_noticed() {
        use What::{Energy, Gradient};
        assert_eq!(failing(|_| ()), []);
        let one_gradient: fn(&mut Response) = |answer| {
            if let Response::Evaluated { grad, .. } = answer {
                let largest = grad.iter().take(12).fold(0f32, |a, g| a.max(g.abs()));
                grad[0] += 2e-3 * largest;
            }
        };
        assert_eq!(failing(one_gradient), [(0, Gradient), (1, Gradient)]);
        let one_energy: fn(&mut Response) = |answer| {
            if let Response::Ran(ran) = answer {
                ran.energy_error[63] = f32::NAN;
            }
        };
        assert_eq!(failing(one_energy), [(0, Energy), (1, Energy)]);
        let other_chain: fn(&mut Response) = |answer| {
            if let Response::Ran(ran) = answer {
                ran.energy_error.swap(0, 1);
            }
        };
        assert_eq!(failing(other_chain), [(0, Energy), (1, Energy)]);
    }
}
