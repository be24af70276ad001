//! Simulation-based calibration: parameters drawn from the prior, data drawn given them, a posterior
//! fitted to the data. Over many data sets the rank of the true value among the posterior's draws is
//! uniform, whatever the model (Talts and others 2018, arXiv:1804.06788); the log density, which depends
//! on the data, is ranked as well (Modrák and others 2023, doi:10.1214/23-BA1404).

use crate::common::small;
use gigamix::density::{CpuEngine, Oracle};
use gigamix::math::{Isa, Key, Lane, Purpose, Wide};
use gigamix::model::likelihood::Noise;
use gigamix::model::{Model, Space, simulate};
use gigamix::sampler::{Outcome, Settings, run};
use std::sync::atomic::AtomicBool;

/// Data sets per model.
const DATA_SETS: u32 = 120;
/// Bins of ranks: 64 draws have 65 places between them, 13 to a bin.
const BINS: usize = 5;
const PLACES: usize = 13;
/// How often a right sampler may fail the test of one model, all of its quantities together. Fixed
/// before the first run.
const FALSE_ALARM: f64 = 0.001;

/// One plain number in place of a batch of chains.
type Plain = Wide<f64, 1, false>;

/// Counts of ranks, `[quantity][bin]`, and how many of the posteriors missed the gate.
struct Ranks {
    counts: Vec<[f64; BINS]>,
    missed: usize,
}

/// The names of what is ranked: elements, then the log density.
fn quantities(model: &Model) -> Vec<String> {
    let sampled = model.layout.sampled();
    let mut names: Vec<String> =
        sampled.flat_map(|p| (0..p.len).map(|k| format!("{}[{k}]", p.name))).collect();
    names.push("log density".into());
    names
}

/// Draws parameters and data, and fits them; the truth is moved by `shift` before it is ranked, in the
/// sampler's coordinates, where priors are standard normal.
fn ranks(name: &str, tables: &str, shift: f64) -> Ranks {
    let base = small::weekly_model(60, tables);
    let mut truths = Vec::new();
    let mut models = Vec::new();
    for k in 0..DATA_SETS {
        let key = Key::new(u64::from(k), name);
        let values = base.layout.draw(&mut key.stream(Purpose::Prior, 7));
        let mut model = base.clone();
        let p = std::array::from_fn(|i| {
            let slot = base.structure.likelihood_slots.get(i);
            Plain::splat(slot.map_or(0.0, |&slot| values[slot]))
        });
        let mean = simulate::mean(&base, &values);
        for (date, (y, mu)) in model.series.target.iter_mut().zip(mean).enumerate() {
            let noise = Noise { key, date: date as u32, draw: 0 };
            let mu = Plain::splat(mu);
            *y = base.structure.likelihood.sample(mu, &p, base.lower, noise).get(0);
        }
        truths.push(values);
        models.push((model, key));
    }
    let settings = Settings { ess: 200.0, ..Settings::default() };
    let samplers = (models.iter())
        .map(|(model, key)| gigamix::fleet::sampler(model, &settings, *key).expect("settings"))
        .collect();
    let of: Vec<(&Model, Key)> = models.iter().map(|(model, key)| (model, *key)).collect();
    let mut engine = CpuEngine::on(Isa::detect(), &of, Space::Sampling, settings.chains);
    let mut ranks = Ranks { counts: vec![[0.0; BINS]; base.layout.dim() + 1], missed: 0 };
    run(&mut engine, samplers, &mut |_| (), &AtomicBool::new(false), &mut |index, outcome| {
        let Outcome::Sampled(sampled) = outcome else {
            panic!("{name}, data set {index}: {outcome:?}");
        };
        ranks.missed += usize::from(sampled.missed.is_some());
        // The last draw of every chain.
        let last = sampled.view();
        let last = last.index_axis(ndarray::Axis(0), sampled.len() - 1);
        let (model, known) = (&models[index].0, &sampled.coordinates);
        let truth = &model.layout.unmap(Space::Sampling, known, &truths[index]);
        let mut count = |quantity: usize, truth: f64, draws: &mut dyn Iterator<Item = f64>| {
            let rank = draws.filter(|draw| *draw < truth).count();
            ranks.counts[quantity][rank / PLACES] += 1.0;
        };
        for (i, truth) in truth.iter().enumerate() {
            count(i, truth + shift, &mut last.column(i).iter().map(|&x| f64::from(x)));
        }
        let oracle = Oracle::new(model, Space::Sampling).knowing(known);
        let logp = oracle.evaluate(truth)[0].logp;
        let draws = &sampled.logp[sampled.logp.len() - sampled.chains..];
        count(truth.len(), logp, &mut draws.iter().map(|&x| f64::from(x)));
        Ok(())
    })
    .unwrap_or_else(|error| panic!("{name}: {}", error.one_line()));
    ranks
}

/// P(χ² ≥ x) with four degrees of freedom.
fn p_value(counts: &[f64; BINS]) -> f64 {
    let expected = f64::from(DATA_SETS) / BINS as f64;
    let chi2: f64 = counts.iter().map(|n| (n - expected).powi(2) / expected).sum();
    (-0.5 * chi2).exp() * (1.0 + 0.5 * chi2)
}

/// Holds the ranks of one model against uniform ones.
fn calibrated(tables: &str) {
    let found = ranks(tables, tables, 0.0);
    let names = quantities(&small::weekly_model(60, tables));
    assert_eq!(names.len(), found.counts.len());
    assert!(found.missed <= 6, "{} of {DATA_SETS} missed the gate\n{tables}", found.missed);
    for (name, counts) in names.iter().zip(&found.counts) {
        let p = p_value(counts);
        assert!(
            p > FALSE_ALARM / names.len() as f64,
            "{name}: ranks {counts:?} are not uniform, p = {p:.1e}\n{tables}"
        );
    }
}

const _: () = assert!(64 + 1 == BINS * PLACES);

/// One test for each model, so that they are named and run side by side; what stands last follows the
/// likelihood's distribution.
macro_rules! calibrated {
    ($($name:ident: $adstock:literal, $saturation:literal, $likelihood:literal, $rest:literal;)+) => { $(
        #[test]
        fn $name() {
            calibrated(concat!(
                "[adstock]\nfamily = \"", $adstock, "\"\nl_max = 4\n",
                "[saturation]\nfamily = \"", $saturation, "\"\n",
                "[likelihood]\ndistribution = \"", $likelihood, "\"\n", $rest,
            ));
        }
    )+ };
}

calibrated! {
    geometric_logistic_normal: "geometric", "logistic", "Normal", "";
    delayed_hill_student_t: "delayed", "hill", "StudentT", "";
    weibull_pdf_tanh_laplace: "weibull_pdf", "tanh", "Laplace", "";
    weibull_cdf_michaelis_menten_truncated_normal:
        "weibull_cdf", "michaelis_menten", "TruncatedNormal", "";
    // Its mean must be positive; small sigmas make shapes of thousands, and posteriors of many modes.
    binomial_root_gamma: "binomial", "root", "Gamma", r#"
        sigma = { distribution = "Gamma", mu = 0.3, sigma = 0.1 }
        [priors]
        intercept = { distribution = "Gamma", mu = 1.0, sigma = 0.2 }
        gamma_control = { distribution = "HalfNormal", sigma = 0.5, dims = ["control"] }"#;
    no_adstock_hill_sigmoid_log_normal: "none", "hill_sigmoid", "LogNormal", "";
    saturation_first_inverse_scaled_logistic_skew_normal:
        "geometric", "inverse_scaled_logistic", "SkewNormal", "[model]\nadstock_first = false";
    tanh_baselined_normal: "geometric", "tanh_baselined", "Normal", "";
    recursion_logistic_normal: "recursion", "logistic", "Normal", "";
    linear_normal: "geometric", "none", "Normal", "";
    hierarchy_of_channels_and_controls: "geometric", "logistic", "Normal", r#"
        [saturation.priors]
        beta.distribution = "HalfNormal"
        beta.sigma = { distribution = "HalfNormal", sigma = 1.0 }
        beta.dims = ["channel"]
        [priors.gamma_control]
        distribution = "Normal"
        mu = { distribution = "Normal", mu = 0.0, sigma = 1.0 }
        sigma = { distribution = "HalfNormal", sigma = 1.0 }
        dims = ["control"]
        centered = false"#;
}

#[test]
fn ranks_of_wrong_truths_are_noticed() {
    let tables =
        "[adstock]\nfamily = \"geometric\"\nl_max = 4\n[likelihood]\ndistribution = \"Normal\"\n";
    let found = ranks(tables, tables, 0.3);
    let names = quantities(&small::weekly_model(60, tables));
    let noticed = |name: &str| {
        let at = names.iter().position(|n| n == name).expect("quantity");
        p_value(&found.counts[at]) < FALSE_ALARM / names.len() as f64
    };
    assert!(noticed("intercept_contribution[0]") && noticed("y_sigma[0]"));
}
