//! Models of several series on a software device: trajectories against the CPU engine, spoiled kernels,
//! batches.

use super::*;
use crate::config::ModelFile;
use crate::data;
use crate::density::CpuEngine;
use crate::density::request::{Collect, Ran};
use crate::gpu::testing::software;
use crate::model;

const CHAINS: usize = 64;
/// Of log densities and gradients, and of what a few leapfrog steps make of them.
const SAME: f32 = 1e-5;
const SAME_RUN: f32 = 1e-3;

/// Parameters of all series and of each, made of others or with priors that depend on others; a return that
/// all series have together; a column of few dates.
const FILE: &str = r#"[data]
path = "data.csv"
date = "week"
target = "y"
channels = ["tv", "radio"]
controls = ["price", "holiday"]
dims = ["geo"]
[adstock]
family = "geometric"
l_max = 3
[adstock.priors]
alpha = { distribution = "Beta", alpha = 1, beta = 3, dims = ["channel"] }
[saturation]
family = "logistic"
[saturation.priors]
lam = { distribution = "Gamma", alpha = 3, beta = 1, dims = ["geo", "channel"] }
beta = { distribution = "Normal", mu = { distribution = "Normal", mu = 0.4, sigma = 0.3, dims = ["channel"] }, sigma = { distribution = "HalfNormal", sigma = 0.3 }, centered = false, dims = ["geo", "channel"] }
[[saturation.channel]]
channels = ["radio"]
family = "michaelis_menten"
priors.alpha = { distribution = "HalfNormal", dims = ["channel"] }
[roas.priors]
radio = { distribution = "LogNormal", mu = 0.1, sigma = 0.5 }
[priors]
intercept = { distribution = "Normal", mu = { distribution = "Normal", mu = 0.3, sigma = 0.5 }, sigma = 0.2, dims = ["geo"] }
gamma_control = { distribution = "Normal", mu = 0, sigma = 1, dims = ["control"] }
"#;

/// The series of a model of three geos, of different lengths; holidays are rare in all of them.
fn series() -> Vec<Model> {
    let mut csv = String::from("week,geo,y,tv,radio,price,holiday\n");
    let wave = |t: i64, period: i64| (t % period) as f64 / period as f64;
    for (g, (geo, weeks)) in [("north", 17), ("south", 12), ("west", 9)].into_iter().enumerate() {
        for t in 0..weeks {
            let monday = jiff::civil::date(2024, 1, 1) + jiff::Span::new().weeks(t);
            let y = 2.0 + g as f64 + wave(t, 5) + wave(t * t, 7);
            let (tv, radio, price) = (wave(t + g as i64, 3), wave(t, 4), wave(t, 6) - 0.5);
            let holiday = if t == 4 + g as i64 { 2 } else { 0 };
            csv += &format!("{monday},{geo},{y},{tv},{radio},{price},{holiday}\n");
        }
    }
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("data.csv"), csv).expect("write");
    let path = folder.path().join("model.toml");
    let file = ModelFile::parse("model.toml", &path, FILE).unwrap_or_else(|e| panic!("{e}"));
    let dataset = data::load(&file, None).expect("data");
    model::pool(&file, &dataset.panels).expect("model").series
}

/// Points of all chains, a little different for every one.
fn points(dim: usize) -> Vec<f32> {
    let point = |chain: usize| {
        let shift = 1e-3 * (chain as f32 - 31.5);
        (0..dim).map(move |i| 0.4 * ((i * i * 7 + 3 * i) % 11) as f32 / 11.0 - 0.25 + shift)
    };
    (0..CHAINS).flat_map(point).collect()
}

/// A lower-triangular factor with entries off the diagonal.
fn factor(dim: usize) -> Vec<f32> {
    let entry = |i: usize, j: usize| match i.cmp(&j) {
        std::cmp::Ordering::Equal => 0.2 + 0.004 * i as f32,
        std::cmp::Ordering::Greater => 0.02 / (1.0 + (i - j) as f32),
        std::cmp::Ordering::Less => 0.0,
    };
    (0..dim * dim).map(|at| entry(at / dim, at % dim)).collect()
}

/// Places the chains of the model `at` of some, or of all of `at`, and runs them; then evaluates points.
/// What came back, model by model: draws and statistics, log densities, gradients.
fn work(engine: &mut dyn Engine, dim: usize, at: &[usize]) -> Vec<[Vec<f32>; 3]> {
    let mut all = |request: &dyn Fn(usize) -> Request| {
        let requests = at.iter().enumerate().map(|(m, &of)| (m, request(of))).collect();
        engine.execute(requests).expect("an answer")
    };
    all(&|_| Request::Place { points: points(dim) });
    all(&|_| Request::Metric { factor: factor(dim) });
    // Models that end their trajectories at different steps.
    let n_steps = |of: usize| vec![2 + of as u32, 5 - of as u32, 1];
    let run = |of: usize| Request::Run {
        step_size: 0.3,
        first: 0,
        n_steps: n_steps(of),
        collect: Collect::Draws,
    };
    let runs = all(&run);
    // Fewer points than a workgroup has invocations.
    let evaluations = all(&|_| Request::Evaluate { points: points(dim)[..5 * dim].to_vec() });
    let both = |(run, evaluation)| match (run, evaluation) {
        (Response::Ran(run), Response::Evaluated { logp, grad }) => {
            let Ran { acceptance, energy_error, energy, logp: kept, draws, .. } = run;
            [[acceptance, energy_error, energy, kept, draws].concat(), logp, grad]
        }
        other => panic!("{other:?}"),
    };
    runs.into_iter().zip(evaluations).map(both).collect()
}

/// The worst differences of runs, log densities and gradients, in parts of what is allowed.
fn worst(found: &[[Vec<f32>; 3]], expected: &[[Vec<f32>; 3]]) -> f32 {
    let of = |(found, expected): (&[Vec<f32>; 3], &[Vec<f32>; 3])| {
        let allowed = [SAME_RUN, SAME, SAME];
        let mut worst = 0.0f32;
        for ((found, expected), allowed) in found.iter().zip(expected).zip(allowed) {
            assert_eq!(found.len(), expected.len());
            for (a, b) in found.iter().zip(expected) {
                let off = (a - b).abs() / (1.0 + b.abs()) / allowed;
                worst = worst.max(if off.is_finite() { off } else { f32::MAX });
            }
        }
        worst
    };
    found.iter().zip(expected).map(of).fold(0.0, f32::max)
}

fn keyed(series: &[Model], models: usize) -> Vec<(&[Model], Key)> {
    (0..models).map(|m| (series, Key::new(m as u64, "pooled"))).collect()
}

#[test]
fn trajectories_of_several_series_are_those_of_the_cpu_and_a_wrong_kernel_is_noticed() {
    let Some(mut gpu) = software() else { return };
    let series = series();
    let dim = series[0].layout.dim();
    let models = keyed(&series, 1);
    let expected = work(&mut CpuEngine::new(&models, Space::Sampling, CHAINS), dim, &[1]);
    // Worth something only where chains move, and not all moves are taken.
    let acceptance = &expected[0][0][..3 * CHAINS];
    let mean = acceptance.iter().sum::<f32>() / acceptance.len() as f32;
    assert!((0.3..0.99).contains(&mean), "mean acceptance {mean}");

    let spoils = [
        ("", ""),
        ("k < table.y", "k + 1u < table.y"),
        ("s < N_SERIES", "s + 1u < N_SERIES"),
        ("job.model + 1u + s,", "job.model + 1u,"),
        (".y == group", ".y != group"),
        ("logp += n0.w *", "logp +="),
        ("= other[at(chain, SLOPE, value)]", "= 1.0"),
        ("0.5 * job.step_size, first_step", "job.step_size, first_step"),
        ("id.z, 0.5 * job.step_size", "id.z, job.step_size"),
        ("hierarchy_back(place);", ""),
        ("u32(entry.x), back * entry.y", "u32(entry.x), back"),
    ];
    for (from, to) in spoils {
        let spoiled = |shape: &Shape| {
            let sound = compose::density(shape).text();
            assert!(sound.contains(from), "{from}");
            Program::new().file("spoiled", sound.replace(from, to))
        };
        let mut engine =
            GpuEngine::by(spoiled, gpu, &models, Space::Sampling, CHAINS).expect("engine");
        let off = worst(&work(&mut engine, dim, &[1]), &expected);
        let noticed = off > if from.is_empty() { 1.0 } else { 10.0 };
        assert_eq!(noticed, !from.is_empty(), "{from:?} → {to:?}: {off}");
        gpu = engine.into_gpu();
    }
}

#[test]
fn a_model_of_several_series_does_not_depend_on_its_batch() {
    let Some(mut gpu) = software() else { return };
    let series = series();
    let dim = series[0].layout.dim();
    let models = keyed(&series, 3);
    let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, CHAINS).expect("engine");
    let together = work(&mut engine, dim, &[0, 1, 2]);
    gpu = engine.into_gpu();
    for m in [2, 0] {
        let mut engine =
            GpuEngine::new(gpu, &models[m..=m], Space::Sampling, CHAINS).expect("engine");
        let alone = work(&mut engine, dim, &[m]);
        for (alone, together) in alone[0].iter().zip(&together[m]) {
            assert!(alone.iter().zip(together).all(|(a, b)| a.to_bits() == b.to_bits()), "{m}");
        }
        gpu = engine.into_gpu();
    }
    assert_ne!(together[0][0], together[2][0], "keys and lengths differ");
}
