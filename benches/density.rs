//! Log density and gradient, without any step: points per second of the engines and the oracle, on
//! models of several sizes.

mod common;

use common::gpu;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigamix::bench::{Shape, prior};
use gigamix::density::{CpuEngine, Engine, GpuEngine, Oracle, Request};
use gigamix::math::Key;
use gigamix::model::{Model, Space};

/// Points of one call.
const POINTS: usize = 1024;
/// Points of one call of the oracle: its lanes.
const ORACLE_POINTS: usize = 8;

fn models() -> [(&'static str, Model); 4] {
    let shape = |weeks, channels, holidays, orders| Shape { weeks, channels, holidays, orders };
    [
        ("183 × 7, case study", Shape::CASE_STUDY),
        ("104 × 3", shape(104, 3, 0, 2)),
        ("156 × 8", shape(156, 8, 10, 3)),
        ("1000 × 40", shape(1000, 40, 30, 5)),
    ]
    .map(|(name, shape)| (name, shape.model().expect("model")))
}

fn key() -> Key {
    Key::new(0, "density")
}

/// Evaluates [`POINTS`] draws of the prior.
fn evaluate(c: &mut Criterion, name: &str, shape: &str, model: &Model, engine: &mut dyn Engine) {
    let points = prior(model, POINTS, key());
    let mut group = c.benchmark_group("density");
    group.throughput(Throughput::Elements(POINTS as u64));
    group.bench_function(BenchmarkId::new(name, shape), |bencher| {
        bencher.iter(|| {
            let request = Request::Evaluate { points: points.clone() };
            engine.execute(vec![(0, request)]).expect("evaluated")
        });
    });
    group.finish();
}

fn cpu(c: &mut Criterion) {
    for (shape, model) in &models() {
        let mut engine = CpuEngine::new(&[(model, key())], Space::Sampling, 16);
        let name = format!("cpu, {}, 16 lanes of f32", engine.isa().name());
        evaluate(c, &name, shape, model, &mut engine);
    }
}

fn oracle(c: &mut Criterion) {
    let mut group = c.benchmark_group("density");
    group.throughput(Throughput::Elements(ORACLE_POINTS as u64));
    for (shape, model) in &models() {
        let oracle = Oracle::new(model, Space::Sampling);
        let points: Vec<f64> =
            prior(model, ORACLE_POINTS, key()).into_iter().map(f64::from).collect();
        group.bench_function(BenchmarkId::new("oracle, 8 lanes of f64", shape), |bencher| {
            bencher.iter(|| oracle.evaluate(&points));
        });
    }
    group.finish();
}

fn device(c: &mut Criterion) {
    for (shape, model) in &models() {
        let Some(gpu) = gpu() else { return };
        let name = gpu.info().name.clone();
        let models = [(model, key())];
        let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, 64).expect("engine");
        evaluate(c, &name, shape, model, &mut engine);
    }
}

criterion_group!(benches, cpu, oracle, device);
criterion_main!(benches);
