//! The engines against each other: the same requests, the same chains.

use crate::common::{repository, software};
use gigamix::config::ModelFile;
use gigamix::data;
use gigamix::density::{Collect, CpuEngine, Engine, GpuEngine, Ran, Request, Response};
use gigamix::math::Key;
use gigamix::model::{self, Model, Space};

const CHAINS: usize = 64;

/// Two panels of the demo.
fn models() -> Vec<Model> {
    let file = ModelFile::load(&repository("data/demo/portfolio.toml")).expect("model file");
    let dataset = data::load(&file, None).expect("data");
    let build = |panel| model::build(&file, panel).expect("model").model;
    dataset.panels[..2].iter().map(build).collect()
}

/// Points near the truth, a little different for every chain.
fn points(model: &Model) -> Vec<f32> {
    let file = ModelFile::load(&repository("data/demo/portfolio.toml")).expect("model file");
    let truth = data::load_truth(&file).expect("truth").expect("truth");
    let truth = &truth.0[&model.key];
    let coordinates = model.layout.coordinates(Space::Sampling);
    let names = model.parameter_names();
    let center: Vec<f64> =
        names.iter().zip(&coordinates).map(|(name, c)| c.unmap(truth[name])).collect();
    assert!(center.iter().all(|u| u.is_finite()), "{names:?} {center:?}");
    let shifted = |chain: usize| {
        let shift = 1e-4 * (chain as f64 - 31.5);
        center.iter().enumerate().map(move |(i, u)| (u + shift * (1.0 + 0.1 * i as f64)) as f32)
    };
    (0..CHAINS).flat_map(shifted).collect()
}

/// A lower-triangular factor with entries off the diagonal.
fn factor(dim: usize) -> Vec<f32> {
    let entry = |i: usize, j: usize| match i.cmp(&j) {
        std::cmp::Ordering::Equal => 0.008 + 0.0004 * i as f32,
        std::cmp::Ordering::Greater => 0.001 / (1.0 + (i - j) as f32),
        std::cmp::Ordering::Less => 0.0,
    };
    (0..dim * dim).map(|at| entry(at / dim, at % dim)).collect()
}

/// Places, copies and runs; what came back of the two runs of every model.
fn work(engine: &mut dyn Engine, models: &[Model]) -> Vec<[Ran; 2]> {
    let dim = models[0].layout.dim();
    let each = |request: &dyn Fn(&Model) -> Request| {
        models.iter().enumerate().map(|(m, model)| (m, request(model))).collect::<Vec<_>>()
    };
    let ran = |responses: Vec<Response>| -> Vec<Ran> {
        let one = |response| match response {
            Response::Ran(ran) => ran,
            other => panic!("{other:?}"),
        };
        responses.into_iter().map(one).collect()
    };
    let run = |first, n_steps: &[u32], collect| Request::Run {
        step_size: 0.25,
        first,
        n_steps: n_steps.to_vec(),
        collect,
    };
    engine.execute(each(&|model| Request::Place { points: points(model) })).expect("place");
    engine.execute(each(&|_| Request::Metric { factor: factor(dim) })).expect("metric");
    engine.execute(each(&|_| Request::Copy { pairs: vec![(3, 60), (5, 61)] })).expect("copy");
    let center = |model: &Model| points(model)[..dim].to_vec();
    let moments = |model: &Model| run(0, &[2, 3], Collect::Moments { center: center(model) });
    let moments = ran(engine.execute(each(&moments)).expect("run"));
    let draws = ran(engine.execute(each(&|_| run(2, &[4, 1], Collect::Draws))).expect("run"));
    moments.into_iter().zip(draws).map(|(a, b)| [a, b]).collect()
}

fn close(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let allowed = tolerance * (1.0 + expected.abs());
        assert!((found - expected).abs() <= allowed, "{name}[{at}]: {found} {expected}");
    }
}

#[test]
fn gpu_trajectories_are_those_of_the_cpu() {
    let Some(gpu) = software() else { return };
    let models = models();
    let keyed: Vec<_> = models.iter().map(|m| (m, Key::new(7, &m.key))).collect();
    let cpu = work(&mut CpuEngine::new(&keyed, Space::Sampling, CHAINS), &models);
    let mut engine = GpuEngine::new(gpu, &keyed, Space::Sampling, CHAINS).expect("engine");
    let gpu = work(&mut engine, &models);
    let mut accepted = 0.0;
    for (gpu, cpu) in gpu.iter().flatten().zip(cpu.iter().flatten()) {
        close("acceptance", &gpu.acceptance, &cpu.acceptance, 2e-3);
        close("energy error", &gpu.energy_error, &cpu.energy_error, 2e-3);
        close("energy", &gpu.energy, &cpu.energy, 1e-4);
        close("logp", &gpu.logp, &cpu.logp, 1e-4);
        close("draws", &gpu.draws, &cpu.draws, 1e-3);
        accepted += cpu.acceptance.iter().sum::<f32>() / cpu.acceptance.len() as f32;
        let (Some(gpu), Some(cpu)) = (&gpu.moments, &cpu.moments) else { continue };
        assert_eq!(gpu.trajectories, cpu.trajectories);
        let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
        for (name, gpu, cpu) in [
            ("x", &gpu.x, &cpu.x),
            ("g", &gpu.g, &cpu.g),
            ("xx", &gpu.xx, &cpu.xx),
            ("gg", &gpu.gg, &cpu.gg),
        ] {
            let scale = cpu.iter().fold(1e-12f64, |m, x| m.max(x.abs())) as f32;
            let scaled = |x: &[f64]| narrow(x).iter().map(|x| x / scale).collect::<Vec<_>>();
            close(name, &scaled(gpu), &scaled(cpu), 1e-3);
        }
    }
    // The comparison is worth something only where chains move and not all moves are taken.
    let mean = accepted / 4.0;
    assert!((0.05..0.999).contains(&mean), "mean acceptance {mean}");
    let moved = cpu[0][1].draws.iter().zip(points(&models[0])).any(|(a, b)| *a != b);
    assert!(moved);
}
