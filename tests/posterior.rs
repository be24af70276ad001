//! The sampler end to end: posteriors against long reference runs, known truths, and the promise
//! that the answer depends on data, model file and seed alone.

use crate::common::{case_study, repository, software};
use gigamix::config::ModelFile;
use gigamix::fleet::{DeviceChoice, Event, Fit, Options, Run, fit};
use gigamix::posterior::table::{Column, Table};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn options(out: &Path, seed: u64, device: DeviceChoice) -> Options {
    Options { data: None, out: out.to_owned(), seed, device, force: false, batch: None }
}

fn fitted(file: &ModelFile, options: &Options) -> Fit {
    let cancel = AtomicBool::new(false);
    fit(file, options, &mut |_| (), &cancel).unwrap_or_else(|error| panic!("{}", error.one_line()))
}

fn text<'a>(table: &'a Table, name: &str) -> &'a [String] {
    match table.column(name) {
        Some(Column::Text(values)) => values,
        other => panic!("{name}: {other:?}"),
    }
}

fn number<'a>(table: &'a Table, name: &str) -> &'a [f64] {
    match table.column(name) {
        Some(Column::Number(values)) => values,
        other => panic!("{name}: {other:?}"),
    }
}

/// Fits the case study and holds all 55 parameters against the peer's long run.
fn agrees_with_reference(seed: u64, device: DeviceChoice) {
    let Some(data) = case_study() else { return };
    let mut file = ModelFile::load(&repository("data/case_study.toml")).expect("model file");
    file.sampler.ess = 4000.0;
    let folder = tempfile::tempdir().expect("folder");
    let mut options = options(&folder.path().join("run"), seed, device);
    options.data = Some(data);
    let fit = fitted(&file, &options);
    assert_eq!(text(&fit.models, "status"), ["ok"], "{:?}", text(&fit.models, "reason"));
    assert!(number(&fit.models, "r_hat_nested_max")[0] < 1.01);
    let found = Run::open(&fit.run).and_then(|run| run.parameters()).expect("parameters");
    let least = |name: &str| number(&found, name).iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least("ess_bulk") >= 4000.0 && least("ess_tail") >= 4000.0);

    let reference = repository("data/reference/case_study_posterior.csv");
    let reference = std::fs::read_to_string(reference).expect("reference");
    let mut checked = 0;
    for line in reference.lines().skip(1) {
        // Names have no commas: name,mean,sd,mcse_mean,mcse_sd,…
        let fields: Vec<&str> = line.split(',').collect();
        let value = |k: usize| fields[k].parse::<f64>().expect("number");
        let row = text(&found, "parameter").iter().position(|name| name == fields[0]);
        let row = row.unwrap_or_else(|| panic!("{} is missing", fields[0]));
        let z = |ours: &str, error: &str, theirs: f64, their_error: f64| {
            let error = number(&found, error)[row].hypot(their_error);
            (number(&found, ours)[row] - theirs).abs() / error
        };
        let (mean, sd) =
            (z("mean", "mcse_mean", value(1), value(3)), z("sd", "mcse_sd", value(2), value(4)));
        assert!(mean < 4.0, "seed {seed}: mean of {} is {mean:.1} standard errors off", fields[0]);
        assert!(sd < 5.0, "seed {seed}: sd of {} is {sd:.1} standard errors off", fields[0]);
        checked += 1;
    }
    assert_eq!(checked, 55);
}

#[test]
fn case_study_equals_the_reference_posterior_on_the_cpu() {
    for seed in 0..3 {
        agrees_with_reference(seed, DeviceChoice::Cpu);
    }
}

#[test]
fn case_study_equals_the_reference_posterior_on_the_gpu() {
    if software().is_some() {
        for seed in 0..3 {
            agrees_with_reference(seed, DeviceChoice::Software);
        }
    }
}

/// A binomial interval fixed beforehand: 12 panels × 24 parameters, 94 % each. Parameters of one
/// panel are correlated, so the bounds are those of a quarter as many independent ones (72), at
/// three standard deviations: 0.94 ± 0.084.
const COVERAGE: std::ops::RangeInclusive<f64> = 0.856..=1.0;

#[test]
fn demo_truth_lies_in_the_intervals_at_the_right_rate() {
    let file = ModelFile::load(&repository("data/demo/portfolio.toml")).expect("model file");
    let truth = gigamix::data::load_truth(&file).expect("truth").expect("the demo has a truth");
    let folder = tempfile::tempdir().expect("folder");
    let fit = fitted(&file, &options(&folder.path().join("run"), 0, DeviceChoice::Cpu));
    assert_eq!(fit.models.rows(), 12);
    let statuses = text(&fit.models, "status");
    assert!(statuses.iter().all(|status| status != "failed"), "{statuses:?}");
    let found = Run::open(&fit.run).and_then(|run| run.parameters()).expect("parameters");
    let (mut inside, mut all) = (0, 0);
    for row in 0..found.rows() {
        let panel = &truth.0[&text(&found, "model")[row]];
        let truth = panel[&text(&found, "parameter")[row]];
        let interval = number(&found, "hdi_3")[row]..=number(&found, "hdi_97")[row];
        inside += usize::from(interval.contains(&truth));
        all += 1;
    }
    let rate = f64::from(inside as u32) / f64::from(all as u32);
    assert_eq!(all, 12 * 24);
    assert!(COVERAGE.contains(&rate), "{inside} of {all} truths in their 94 % intervals");
}

/// Everything of a run that must not depend on how it was carried out.
fn answers(fit: &Fit) -> (Table, Vec<(String, Vec<u8>)>) {
    let parameters = Run::open(&fit.run).and_then(|run| run.parameters()).expect("parameters");
    let stores = std::fs::read_dir(fit.run.join("posterior")).expect("stores");
    let mut draws: Vec<(String, Vec<u8>)> = stores
        .map(|entry| {
            let path = entry.expect("entry").path();
            let name = path.file_name().expect("name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("store"))
        })
        .collect();
    draws.sort();
    (parameters, draws)
}

/// Two panels of the demo, rows as they come or reversed.
fn small_fleet(folder: &Path, reversed: bool) -> ModelFile {
    let toml = std::fs::read_to_string(repository("data/demo/portfolio.toml")).expect("demo");
    let table = std::fs::read_to_string(repository("data/demo/portfolio.csv")).expect("demo");
    let (header, rows) = table.split_once('\n').expect("rows");
    let mut rows: Vec<&str> =
        rows.lines().filter(|row| row.contains("brandA,") && !row.contains("south")).collect();
    if reversed {
        rows.reverse();
    }
    std::fs::create_dir_all(folder).expect("folder");
    std::fs::write(folder.join("portfolio.csv"), format!("{header}\n{}\n", rows.join("\n")))
        .expect("write");
    let path = folder.join("portfolio.toml");
    let toml = toml.replace("truth = ", "# truth = ");
    std::fs::write(&path, toml).expect("write");
    let mut file = ModelFile::load(&path).expect("model file");
    file.sampler.ess = 400.0;
    file
}

fn depends_on_data_model_and_seed_alone(device: &DeviceChoice) {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    let file = small_fleet(&at("a"), false);
    let reference = answers(&fitted(&file, &options(&at("run"), 1, device.clone())));
    assert_eq!(reference.1.len(), 3);

    let turned = small_fleet(&at("b"), true);
    let found = answers(&fitted(&turned, &options(&at("turned"), 1, device.clone())));
    assert!(found == reference, "rows in another order");

    let one_by_one = Options { batch: Some(1), ..options(&at("alone"), 1, device.clone()) };
    assert!(answers(&fitted(&file, &one_by_one)) == reference, "another batch size");

    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("pool");
    let single = pool.install(|| fitted(&file, &options(&at("single"), 1, device.clone())));
    assert!(answers(&single) == reference, "one thread");

    let other = answers(&fitted(&file, &options(&at("other"), 2, device.clone())));
    assert!(other != reference, "the seed must matter");
}

#[test]
fn cpu_answers_depend_on_data_model_and_seed_alone() {
    depends_on_data_model_and_seed_alone(&DeviceChoice::Cpu);
}

#[test]
fn gpu_answers_depend_on_data_model_and_seed_alone() {
    if software().is_some() {
        depends_on_data_model_and_seed_alone(&DeviceChoice::Software);
    }
}

#[test]
fn the_gpu_engine_fuses_models_and_leapfrogs_and_reads_only_between_runs() {
    if software().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let file = small_fleet(&folder.path().join("a"), false);
    let fit = fitted(&file, &options(&folder.path().join("run"), 0, DeviceChoice::Software));
    let run = Run::open(&fit.run).expect("run");
    let work = |name: &str| run.manifest()["work"][name].as_f64().expect("counted");
    let dispatches = work("dispatches");
    assert!(work("models_dispatched") / dispatches > 2.0, "several models per dispatch");
    assert!(work("leapfrogs") / dispatches >= 10.0, "at least 10 leapfrogs per dispatch");
    // What comes back is draws, statistics and sums: a gradient per leapfrog and chain would be
    // dim × chains × 4 bytes for each of them.
    let gradients = work("leapfrogs") * 24.0 * 64.0 * 4.0;
    assert!(work("bytes_read") < gradients, "{} bytes read", work("bytes_read"));
}

#[test]
fn a_cancelled_fit_keeps_what_is_finished_and_resumes() {
    let folder = tempfile::tempdir().expect("folder");
    let file = small_fleet(&folder.path().join("a"), false);
    let whole = fitted(&file, &options(&folder.path().join("whole"), 0, DeviceChoice::Cpu));

    let out = folder.path().join("run");
    let options = Options { batch: Some(1), ..options(&out, 0, DeviceChoice::Cpu) };
    let cancel = AtomicBool::new(false);
    let mut stop = |event: Event| {
        if matches!(event, Event::Finished { .. }) {
            cancel.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let stopped = fit(&file, &options, &mut stop, &cancel).expect("interrupted, not failed");
    assert!(stopped.interrupted && stopped.models.rows() < 3);

    let mut resumed = 0;
    let mut watch = |event: Event| {
        if let Event::Resumed { finished, .. } = event {
            resumed = finished;
        }
    };
    let finished = fit(&file, &options, &mut watch, &AtomicBool::new(false)).expect("resumed");
    assert_eq!(resumed, stopped.models.rows());
    assert!(answers(&finished) == answers(&whole), "resuming changes nothing");
}
