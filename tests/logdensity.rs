//! The log density against the peer's (`data/reference/`).

use crate::common::reference::{Case, case_study, cases};
use crate::common::software;
use gigamix::density::{CpuEngine, Engine, GpuEngine, Oracle, Request, Response};
use gigamix::math::Key;
use gigamix::model::Space;

/// Configurations made of the families there are.
const NATIONAL: [&str; 23] = [
    "01_", "02_", "03_", "04_", "05_", "06_", "07_", "09_", "10_", "11_", "16_", "17_", "19_",
    "40_", "42_", "43_", "45_", "50_", "52_", "53_", "55_", "70_", "71_",
];

/// Configurations of several series.
const POOLED: [&str; 6] = ["30_", "32_", "34_", "60_", "61_", "62_"];

/// |found − expected| / |expected|, as vectors.
fn relative(found: &[f64], expected: &[f64]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    difference / norm(&mut expected.iter().copied())
}

/// Where the peer divides by zero, the slope is the limit of difference quotients.
fn is_limit(case: &Case, oracle: &Oracle, position: &[f64], i: usize, slope: f64) {
    let logp = |step: f64| {
        let mut shifted = position.to_vec();
        shifted[i] += step;
        oracle.evaluate(&shifted)[0].logp
    };
    let difference = (logp(1e-5) - logp(-1e-5)) / 2e-5;
    let error = (slope - difference).abs();
    assert!(error < 1e-5 * difference.abs().max(1.0), "{} {i}: {slope} {difference}", case.id);
}

fn oracle_agrees(case: &Case) {
    let oracle = Oracle::new(&case.model, Space::Plain);
    for (k, point) in case.points.iter().enumerate() {
        let found = &oracle.evaluate(&point.position)[0];
        let error = ((found.logp - point.logp) / point.logp).abs();
        assert!(error < 1e-9, "{} point {k}: {} {} ({error:e})", case.id, found.logp, point.logp);
        let (mut gradient, mut expected) = (Vec::new(), Vec::new());
        for (i, (&ours, &peer)) in found.gradient.iter().zip(&point.gradient).enumerate() {
            if peer.is_nan() {
                is_limit(case, &oracle, &point.position, i, ours);
            } else {
                gradient.push(ours);
                expected.push(peer);
            }
        }
        let error = relative(&gradient, &expected);
        assert!(error < 1e-7, "{} point {k}: gradient off by {error:e}", case.id);
        for (name, expected) in &point.terms {
            let mut parameters = case.model[0].layout.sampled();
            let found = match parameters.position(|p| &p.name == name) {
                Some(at) => found.priors[at],
                None if name == "lift_measurements" => found.lift.expect("lift tests"),
                None if name == "potential:cpt_calibration" => found.cost.expect("costs"),
                None => found.likelihood,
            };
            assert!((found - expected).abs() < 1e-5, "{} {name}: {found} {expected}", case.id);
        }
    }
}

#[test]
fn oracle_equals_the_peer_on_national_models() {
    let cases = cases(&NATIONAL);
    assert_eq!(cases.len(), NATIONAL.len());
    cases.iter().for_each(oracle_agrees);
}

#[test]
fn oracle_equals_the_peer_on_pooled_models() {
    let cases = cases(&POOLED);
    assert_eq!(cases.len(), POOLED.len());
    for case in cases {
        assert_eq!(case.model.len(), 3);
        oracle_agrees(&case);
    }
}

#[test]
fn oracle_equals_the_peer_on_the_case_study() {
    if let Some(case) = case_study() {
        assert_eq!((case.model[0].layout.dim(), case.points.len()), (55, 20));
        oracle_agrees(&case);
    }
}

/// Holds an engine against the oracle at some points of both spaces.
fn engine_agrees(case: &Case, engine: &mut dyn Engine, space: Space) {
    let layout = &case.model[0].layout;
    let oracle = Oracle::new(&case.model, Space::Plain);
    for (k, point) in case.points.iter().enumerate() {
        // The same parameter values in the engine's space, rounded to single precision first.
        let values = &oracle.evaluate(&point.position)[0].values;
        let position: Vec<f32> =
            layout.unmap(space, &[], values).into_iter().map(|u| u as f32).collect();
        // A random point may lie where a prior-quantile coordinate has no single-precision value.
        if space == Space::Sampling && position.iter().any(|u| u.abs() > 8.0) {
            assert!(k >= 10, "a posterior draw must have coordinates");
            continue;
        }
        let exact: Vec<f64> = position.iter().map(|&u| f64::from(u)).collect();
        let expected = &Oracle::new(&case.model, space).evaluate(&exact)[0];
        let requests = vec![(0, Request::Evaluate { points: position })];
        let Response::Evaluated { logp, grad } = &engine.execute(requests).unwrap()[0] else {
            panic!("not evaluated")
        };
        let gradient: Vec<f64> = grad.iter().map(|&g| f64::from(g)).collect();
        let error = relative(&gradient, &expected.gradient);
        assert!(error < 1e-5, "{} {space:?} point {k}: gradient off by {error:e}", case.id);
        let error = (f64::from(logp[0]) - expected.logp).abs();
        let allowed = if expected.logp > 0.0 { 2e-3 } else { 1e-5 * expected.logp.abs() };
        assert!(error < allowed, "{} {space:?} point {k}: logp off by {error:e}", case.id);
    }
}

/// All configurations, and the case study if it is there.
fn all() -> impl Iterator<Item = Case> {
    cases(&NATIONAL).into_iter().chain(cases(&POOLED)).chain(case_study())
}

#[test]
fn cpu_engine_equals_the_oracle() {
    for case in all() {
        for space in [Space::Plain, Space::Sampling] {
            let models = [(&case.model, Key::new(0, &case.id))];
            engine_agrees(&case, &mut CpuEngine::new(&models, space, 16), space);
        }
    }
}

#[test]
fn gpu_engine_equals_the_oracle() {
    for case in all() {
        for space in [Space::Plain, Space::Sampling] {
            let Some(gpu) = software() else { return };
            let models = [(&case.model, Key::new(0, &case.id))];
            let mut engine = GpuEngine::new(gpu, &models, space, 64).expect("engine");
            engine_agrees(&case, &mut engine, space);
        }
    }
}
