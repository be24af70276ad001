//! Trajectories as the sampler asks for them: momenta, leapfrog steps with the dense metric,
//! acceptances, answers read back. One element is one gradient with its step.

mod common;

use common::gpu;
use cpu_time::ProcessTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigamix::bench::{LEAPFROGS, Shape, Step, Study, place};
use gigamix::density::{Collect, CpuEngine, Engine, GpuEngine, Request};
use gigamix::math::{Isa, Key};
use gigamix::model::{Model, Space};
use std::time::Duration;

/// Chains of every model.
const CHAINS: usize = gigamix::bench::CHAINS;
/// Trajectories of a request when the sampler is in its stride.
const RUN: u32 = 25;

fn copies(study: &Study, models: usize) -> Vec<(&Model, Key)> {
    (0..models).map(|m| (&study.model, study.key(m))).collect()
}

/// So many trajectories of every chain in one request.
fn trajectories<M: Measurement>(
    c: &mut Criterion<M>,
    id: BenchmarkId,
    study: &Study,
    models: usize,
    engine: &mut dyn Engine,
    (n, collect): (u32, Collect),
) {
    place(engine, study, models).expect("placed");
    let mut group = c.benchmark_group("transition");
    group.throughput(Throughput::Elements(u64::from(n) * Step::gradients(models) as u64));
    let mut number = 0;
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            let mut request = Step::run(number, n as usize);
            if let Request::Run { collect: wanted, .. } = &mut request {
                *wanted = collect.clone();
            }
            number += n;
            let requests = (0..models).map(|m| (m, request.clone())).collect();
            engine.execute(requests).expect("ran")
        });
    });
    group.finish();
}

fn cpu(c: &mut Criterion) {
    let study = Study::new(&Shape::CASE_STUDY, 0).expect("study");
    for models in [1, 16, 256] {
        let mut engine = CpuEngine::new(&copies(&study, models), Space::Sampling, CHAINS);
        let name = format!("cpu, {}", engine.isa().name());
        let id = BenchmarkId::new(name, format!("{models} × {CHAINS} × {LEAPFROGS}"));
        trajectories(c, id, &study, models, &mut engine, (1, Collect::Nothing));
    }
    // What it costs to bring something back.
    let center = study.posterior[..study.model.layout.dim()].to_vec();
    for (what, collect) in [("moments", Collect::Moments { center }), ("draws", Collect::Draws)] {
        let mut engine = CpuEngine::new(&copies(&study, 1), Space::Sampling, CHAINS);
        let id = BenchmarkId::new(format!("cpu, {what}"), format!("1 × {CHAINS} × {LEAPFROGS}"));
        trajectories(c, id, &study, 1, &mut engine, (1, collect));
    }
}

fn device(c: &mut Criterion) {
    let Some(mut gpu) = gpu() else { return };
    let study = Study::new(&Shape::CASE_STUDY, 0).expect("study");
    let several: &[usize] = if gpu.info().kind.is_hardware() { &[1, 16, 256, 4096] } else { &[1] };
    for &models in several {
        let name = gpu.info().name.clone();
        let copies = copies(&study, models);
        let mut engine = GpuEngine::new(gpu, &copies, Space::Sampling, CHAINS).expect("engine");
        let id = BenchmarkId::new(name, format!("{models} × {CHAINS} × {LEAPFROGS}"));
        trajectories(c, id, &study, models, &mut engine, (1, Collect::Nothing));
        gpu = engine.into_gpu();
    }
}

/// CPU time: what other work on the machine takes away does not count.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ProcessTime;
    type Value = Duration;

    fn start(&self) -> ProcessTime {
        ProcessTime::now()
    }

    fn end(&self, begun: ProcessTime) -> Duration {
        begun.elapsed()
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, time: &Duration) -> f64 {
        time.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// What one thread does with each instruction set that this processor has, in CPU time. The last one: from
/// here on the main thread is a pool by itself.
fn one_thread(c: &mut Criterion<CpuTime>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    let _pool = pool.build().expect("a thread");
    let study = Study::new(&Shape::CASE_STUDY, 0).expect("study");
    for isa in Isa::available() {
        let mut engine = CpuEngine::on(isa, &copies(&study, 1), Space::Sampling, CHAINS);
        let id = BenchmarkId::new(format!("one thread, {}", isa.name()), LEAPFROGS);
        trajectories(c, id, &study, 1, &mut engine, (RUN, Collect::Nothing));
    }
}

criterion_group!(benches, cpu, device);
criterion_group! {
    name = alone;
    config = Criterion::default().with_measurement(CpuTime);
    targets = one_thread
}
criterion_main!(benches, alone);
