//! What channels would have contributed at other spends, draw by draw: the building blocks of
//! sweeps and response curves. One element is a channel's contribution over all weeks for one
//! multiplier and one draw.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gigamix::analysis::{Components, Parameters, Window};
use gigamix::bench::{Shape, Study};
use gigamix::density::Oracle;
use gigamix::math::{F32, Lane};
use gigamix::model::Space;

/// The lanes of the analysis.
type Lanes = F32<false>;

/// Spends, 0 to 1.5 times what was spent.
const MULTIPLIERS: usize = 16;

fn sweep(c: &mut Criterion) {
    let study = Study::new(&Shape::CASE_STUDY, 0).expect("study");
    let model = &study.model;
    let dim = model.layout.dim();
    let positions: Vec<f64> = study.posterior.iter().map(|&x| f64::from(x)).collect();
    let oracle = Oracle::new(model, Space::Sampling);
    let draws: Vec<f64> = oracle.evaluate(&positions).into_iter().flat_map(|e| e.values).collect();
    let n_draws = draws.len() / dim;

    let window = Window::<f32>::train(model);
    let channels = model.series.spend.len();
    let spend: Vec<Vec<Vec<f32>>> = (0..channels)
        .map(|channel| {
            let of = |k: usize| {
                let multiplier = 1.5 * k as f64 / (MULTIPLIERS - 1) as f64;
                window.pad(|date| multiplier * model.series.spend[channel][date])
            };
            (0..MULTIPLIERS).map(of).collect()
        })
        .collect();

    let mut group = c.benchmark_group("sweep");
    group.throughput(Throughput::Elements((channels * MULTIPLIERS * n_draws) as u64));
    group.bench_function("channels", |bencher| {
        let mut response = vec![Lanes::zero(); window.n_dates()];
        bencher.iter(|| {
            let mut total = Lanes::zero();
            for draws in draws.chunks(Lanes::LEN * dim) {
                let parameters = Parameters::<Lanes>::new(model, draws);
                for (channel, spends) in spend.iter().enumerate() {
                    for spend in spends {
                        window.media(channel, spend, &parameters, &mut response);
                        response.iter().for_each(|&x| total += x);
                    }
                }
            }
            total
        });
    });
    // The mean and all its components: what predictions and contributions are made of.
    group.throughput(Throughput::Elements(n_draws as u64));
    group.bench_function("components", |bencher| {
        let mut components = Components::<Lanes>::new(&window);
        bencher.iter(|| {
            for draws in draws.chunks(Lanes::LEN * dim) {
                components.fill(&window, &Parameters::new(model, draws));
            }
            components.mu[0]
        });
    });
    group.finish();
}

criterion_group!(benches, sweep);
criterion_main!(benches);
