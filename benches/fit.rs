//! One model sampled in memory, from nothing to 1,000 effective draws of every parameter. One element
//! is an effective draw of the parameter with the fewest, bulk or tail.

mod common;

use common::gpu;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gigamix::bench::{CHAINS, Shape, sample};
use gigamix::density::{CpuEngine, Engine, GpuEngine};
use gigamix::math::Key;
use gigamix::model::{Model, Space};

const ESS: f64 = 1000.0;

fn target() -> (Model, Key) {
    let model = Shape::CASE_STUDY.model().expect("model");
    let key = Key::new(0, &model.key);
    (model, key)
}

/// The effective draws that a fit on this engine comes to.
fn fit(model: &Model, key: Key, engine: &mut dyn Engine) -> f64 {
    let worst = sample(model, engine, ESS, key).expect("sampled").worst;
    worst.ess_bulk.min(worst.ess_tail)
}

/// Measures fits that always come to the same number of effective draws.
fn measure(c: &mut Criterion, name: &str, mut fit: impl FnMut() -> f64) {
    let mut group = c.benchmark_group("fit");
    group.sample_size(10).throughput(Throughput::Elements(fit() as u64));
    group.bench_function(name, |bencher| bencher.iter(&mut fit));
    group.finish();
}

fn cpu(c: &mut Criterion) {
    let (model, key) = target();
    measure(c, "cpu", || {
        fit(&model, key, &mut CpuEngine::new(&[(&model, key)], Space::Sampling, CHAINS))
    });
}

fn device(c: &mut Criterion) {
    let Some(gpu) = gpu() else { return };
    let (model, key) = target();
    let (name, mut gpu) = (gpu.info().name.clone(), Some(gpu));
    measure(c, &name, || {
        let device = gpu.take().expect("given back");
        let models = [(&model, key)];
        let mut engine = GpuEngine::new(device, &models, Space::Sampling, CHAINS).expect("engine");
        let ess = fit(&model, key, &mut engine);
        gpu = Some(engine.into_gpu());
        ess
    });
}

criterion_group!(benches, cpu, device);
criterion_main!(benches);
