//! Budgets: one national model with 4,000 draws, from its draws to the certified answer; and, where
//! `GIGAMIX_BUDGET_INSTANCES` names a folder, random instances with our answers, written for
//! `benches/peers/budget.py` to solve them by other means.

#[path = "../tests/common/hills.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod hills;

use criterion::{Criterion, criterion_group, criterion_main};
use gigamix::bench::{Shape, prior};
use gigamix::density::Oracle;
use gigamix::math::Key;
use gigamix::model::Space;
use gigamix::optimizer::{Flight, Media, Program, Response, Row, Tables};
use hills::{Instance, Kind};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const DRAWS: usize = 4000;
const PERIODS: usize = 26;
const INSTANCES: u64 = 1000;
/// Instances that a conic solver can take, too: every response is beta x/(kappa + x).
const CONIC: u64 = 200;
const HYPERBOLAS: Kind = Kind { channels: [3, 20], draws: [1, 8], slopes: [1.0, 1.0], groups: 2 };

fn national(c: &mut Criterion) {
    if let Some(folder) = std::env::var_os("GIGAMIX_BUDGET_INSTANCES") {
        write(Path::new(&folder)).expect("instances");
    }
    let model = Shape::CASE_STUDY.model().expect("model");
    let structure = Arc::new(model.structure.clone());
    let points = prior(&model, DRAWS, Key::new(0, "budget"));
    let points: Vec<f64> = points.into_iter().map(f64::from).collect();
    let oracle = Oracle::new(&model, Space::Sampling);
    let draws: Vec<f64> = oracle.evaluate(&points).into_iter().flat_map(|e| e.values).collect();
    let n = structure.channels.len();
    let varied = |t: usize| 1.0 + 0.5 * (0.7 * t as f64).sin();
    for (name, share) in
        [("uniform", vec![1.0; PERIODS]), ("historical", (0..PERIODS).map(varied).collect())]
    {
        let flight = Flight { before: Vec::new(), fixed: 0.0, per: 1.0, share, carry_out: true };
        c.bench_function(&format!("budget/national/{name}"), |bencher| {
            bencher.iter(|| {
                let media = |c| Media::new(&structure, c, &draws, &flight, 1.0).expect("media");
                let media: Vec<Media> = (0..n).map(media).collect();
                let program = Program {
                    responses: media.iter().map(|media| media as &dyn Response).collect(),
                    lower: vec![0.2; n],
                    upper: vec![0.6; n],
                    rows: vec![Row {
                        terms: (0..n).map(|c| (c, 1.0)).collect(),
                        lower: 0.4 * n as f64,
                        upper: 0.4 * n as f64,
                    }],
                    cost: 0.0,
                };
                let solved = Tables::new(&program).solve(&program).expect("feasible");
                assert!(solved.gap() < 1e-6);
                solved
            });
        });
    }
}

/// Instances with our answers: `instances.json`, and the draws of all channels in `draws.bin`
/// (beta, kappa, slope, in double precision, little-endian).
fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let (mut bytes, mut all) = (Vec::new(), Vec::new());
    for seed in 0..INSTANCES + CONIC {
        let kind = if seed < INSTANCES { Kind::ANY } else { HYPERBOLAS };
        let instance = Instance::new(seed, kind);
        let program = instance.program();
        let begun = Instant::now();
        let solved = Tables::new(&program).solve(&program).expect("feasible");
        let seconds = begun.elapsed().as_secs_f64();
        for draw in instance.hills.iter().flat_map(|hill| &hill.draws) {
            bytes.extend(draw.iter().flat_map(|x| x.to_le_bytes()));
        }
        let row = |row: &Row| json!({ "terms": row.terms, "lower": row.lower, "upper": row.upper });
        all.push(json!({
            "seed": seed,
            "channels": instance.hills.len(),
            "draws": instance.hills[0].draws.len(),
            "lower": instance.lower,
            "upper": instance.upper,
            "feasible": instance.feasible,
            "rows": instance.rows.iter().map(row).collect::<Vec<_>>(),
            "ours": {
                "spends": solved.spends,
                "value": solved.value,
                "bound": solved.bound,
                "gap": solved.gap(),
                "boxes": solved.boxes,
                "seconds": seconds,
            },
        }));
    }
    std::fs::write(folder.join("draws.bin"), bytes)?;
    std::fs::write(folder.join("instances.json"), serde_json::to_vec(&all)?)
}

criterion_group!(benches, national);
criterion_main!(benches);
