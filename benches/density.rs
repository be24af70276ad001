//! Gradients per second of the engines, on simulated numbers in the shape of the case study: 183
//! weeks, 7 channels, 22 holidays, 5 Fourier orders, a truncated normal likelihood (dimension 55).
//!
//! `GIGAMIX_BENCH_DEVICE=hardware|software|NAME` adds the GPU engine on that adapter.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigamix::config::ModelFile;
use gigamix::data::{Panel, Scale};
use gigamix::density::{Collect, CpuEngine, Engine, GpuEngine, Oracle, Request};
use gigamix::gpu::{Choice, Gpu};
use gigamix::math::Key;
use gigamix::model::{self, Model, Space};
use ndarray::Array2;
use std::path::Path;

const WEEKS: usize = 183;
const CHANNELS: usize = 7;
const HOLIDAYS: usize = 22;
/// Leapfrog steps of a trajectory, each with one gradient.
const LEAPFROGS: u32 = 10;

const MODEL: &str = r#"
[data]
path = "none.csv"
date = "week"
target = "sales"
channels = ["c*"]
controls = ["h*"]
[model]
yearly_seasonality = 5
[adstock]
family = "geometric"
l_max = 6
[saturation]
family = "logistic"
[saturation.priors]
lam = { distribution = "Gamma", alpha = 3, beta = 1, dims = ["channel"] }
beta = { distribution = "HalfNormal", sigma = "spend_share", dims = ["channel"] }
[priors]
intercept = { distribution = "Normal", mu = 0.2, sigma = 0.05 }
gamma_control = { distribution = "Normal", mu = 0, sigma = 1, dims = ["control"] }
[likelihood]
distribution = "TruncatedNormal"
lower = 0
sigma = { distribution = "HalfNormal", sigma = 1 }
"#;

/// The model of some numbers that look like weekly sales.
fn simulated() -> Model {
    // Between 0 and 1, irregular, always the same.
    let noise = |t: usize, k: usize| ((t * 7919 + k * 104_729) as f64).sin().mul_add(0.5, 0.5);
    let first = jiff::civil::date(2014, 8, 3);
    let holiday = |t: usize, h: usize| f64::from((t + 5 * h) % 52 < 2);
    let panel = Panel {
        key: "model".into(),
        values: Vec::new(),
        dates: (0..WEEKS).map(|t| first + jiff::Span::new().weeks(t as i64)).collect(),
        n_train: WEEKS,
        channels: (0..CHANNELS).map(|c| format!("c{c}")).collect(),
        controls: (0..HOLIDAYS).map(|h| format!("h{h:02}")).collect(),
        target: (0..WEEKS).map(|t| 0.3 + 0.2 * noise(t, 0) + 0.3 * noise(t / 8, 1)).collect(),
        spend: Array2::from_shape_fn((WEEKS, CHANNELS), |(t, c)| noise(t / 3, c + 2)),
        control: Array2::from_shape_fn((WEEKS, HOLIDAYS), |(t, h)| holiday(t, h)),
        target_scale: Scale::NONE,
        channel_scale: vec![Scale::NONE; CHANNELS],
        notes: Vec::new(),
    };
    let file = ModelFile::parse("density", Path::new("density.toml"), MODEL).expect("model file");
    let model = model::build(&file, &panel).expect("model").model;
    assert_eq!(model.layout.dim(), 55);
    model
}

/// Points around the middle of the prior, chains × dim.
fn starts(chains: usize, dim: usize) -> Vec<f32> {
    (0..chains * dim).map(|i| 0.2 * (i as f32).sin()).collect()
}

/// Trajectories on all chains: whole requests, as the sampler makes them.
fn trajectories(c: &mut Criterion, name: &str, chains: usize, engine: &mut dyn Engine, dim: usize) {
    let points = starts(chains, dim);
    engine.execute(vec![(0, Request::Place { points })]).expect("placed");
    let mut group = c.benchmark_group("gradients");
    group.throughput(Throughput::Elements(chains as u64 * u64::from(LEAPFROGS)));
    let mut first = 0;
    group.bench_function(BenchmarkId::new(name, chains), |bencher| {
        bencher.iter(|| {
            let collect = Collect::Nothing;
            let n_steps = vec![LEAPFROGS];
            let run = Request::Run { step_size: 0.02, first, n_steps, collect };
            first += 1;
            // The answer is read back: nothing is still under way when the clock stops.
            engine.execute(vec![(0, run)]).expect("ran")
        });
    });
    group.finish();
}

fn cpu(c: &mut Criterion) {
    let model = simulated();
    let models = [(&model, Key::new(0, "density"))];
    for chains in [16, 64, 256] {
        let mut engine = CpuEngine::new(&models, Space::Sampling, chains);
        let name = format!("cpu {:?}", engine.isa());
        trajectories(c, &name, chains, &mut engine, model.layout.dim());
    }
}

fn gpu(c: &mut Criterion) {
    let Ok(device) = std::env::var("GIGAMIX_BENCH_DEVICE") else { return };
    let choice = match device.as_str() {
        "hardware" => Choice::Hardware,
        "software" => Choice::Software,
        name => Choice::Named(name.into()),
    };
    let model = simulated();
    let models = [(&model, Key::new(0, "density"))];
    let several: &[usize] = if device == "software" { &[64, 256] } else { &[64, 4096, 65_536] };
    for &chains in several {
        let gpu = Gpu::open(&choice).expect("device");
        let name = gpu.info().name.clone();
        let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, chains).expect("engine");
        trajectories(c, &name, chains, &mut engine, model.layout.dim());
    }
}

fn oracle(c: &mut Criterion) {
    let model = simulated();
    let oracle = Oracle::new(&model, Space::Sampling);
    let points: Vec<f64> = starts(8, model.layout.dim()).into_iter().map(f64::from).collect();
    let mut group = c.benchmark_group("gradients");
    group.throughput(Throughput::Elements(8));
    group.bench_function(BenchmarkId::new("oracle", 8), |bencher| {
        bencher.iter(|| oracle.evaluate(&points));
    });
    group.finish();
}

criterion_group!(benches, cpu, oracle, gpu);
criterion_main!(benches);
