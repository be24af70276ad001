//! Simulated fleets from the table on the disk to a finished run folder. One element is a model.

mod common;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigamix::config::ModelFile;
use gigamix::fleet::{self, DeviceChoice, Options};
use gigamix::simulation::{self, Spec};
use std::sync::atomic::AtomicBool;

fn fleets(c: &mut Criterion) {
    let devices = std::iter::once(DeviceChoice::Cpu).chain(common::device());
    for device in devices {
        for brands in [1, 4] {
            let folder = tempfile::tempdir().expect("folder");
            let spec = Spec { brands, ..Spec::default() };
            let written = simulation::write(&spec, folder.path()).expect("fleet");
            let options = Options {
                data: None,
                out: folder.path().join("run"),
                seed: 0,
                device: device.clone(),
                force: false,
                batch: None,
            };
            let mut group = c.benchmark_group("fleet");
            group.sample_size(10).throughput(Throughput::Elements(written.panels as u64));
            let id = BenchmarkId::new(format!("{device:?}").to_lowercase(), written.panels);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    // A finished run would only be shown.
                    let _ = std::fs::remove_dir_all(&options.out);
                    let file = ModelFile::load(&written.model_file).expect("model file");
                    fleet::fit(&file, &options, &mut |_| {}, &AtomicBool::new(false)).expect("fit")
                });
            });
            group.finish();
        }
    }
}

criterion_group!(benches, fleets);
criterion_main!(benches);
