//! The analysis against numbers computed elsewhere, naive loops, and the density.

mod device;
mod questions;

use super::forward::{Components, Parameters, Window};
use super::{Analysis, Set, analyse, predictive_draws};
use crate::config::ModelFile;
use crate::data::{self, Panel};
use crate::density::Oracle;
use crate::diagnostics::{HDI_PROB, hdi};
use crate::math::{F64, Key, Lane};
use crate::model::effect::Part;
use crate::model::{self, Model, Space};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Double-precision lanes, for exact comparisons.
type Exact = F64<false>;

const CSV: &str = "date,y,A,B,z\n\
    2024-01-01,10,100,0,0\n\
    2024-01-08,14,0,30,1\n\
    2024-01-15,9,50,10,0\n\
    2024-01-22,20,200,0,2\n\
    2024-01-29,15,80,0,1\n\
    2024-02-05,16,0,40,0\n";

/// Parameters of two draws: intercept, alpha, lam and beta of A and B, control, sine and cosine,
/// sigma.
const DRAWS: [f64; 22] = [
    0.3, 0.5, 0.2, 2.0, 1.5, 0.4, 0.3, 0.1, 0.05, -0.02, 0.1, //
    0.2, 0.3, 0.6, 1.0, 2.5, 0.6, 0.2, -0.05, -0.03, 0.04, 0.2,
];

/// A model file for a table with the columns of [`CSV`].
fn toml(adstock_first: bool, adstock: &str, distribution: &str) -> String {
    format!(
        "[data]\npath = \"data.csv\"\ndate = \"date\"\ntarget = \"y\"\nchannels = [\"A\", \"B\"]\n\
         controls = [\"z\"]\ntrain_until = \"2024-01-22\"\n\
         [model]\nadstock_first = {adstock_first}\nyearly_seasonality = 1\n\
         [adstock]\nfamily = \"geometric\"\nl_max = 3\n{adstock}\n\
         [saturation]\nfamily = \"logistic\"\n\
         [likelihood]\ndistribution = \"{distribution}\"\n"
    )
}

/// The same with recursion adstock.
fn recursion(toml: &str) -> String {
    let family = "\"geometric\"\nl_max = 3";
    assert!(toml.contains(family), "{toml}");
    toml.replace(family, "\"recursion\"")
}

fn model(toml: &str, csv: &str) -> (Model, Panel) {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("data.csv"), csv).expect("write");
    let file = ModelFile::parse("model.toml", &folder.path().join("model.toml"), toml);
    let file = file.unwrap_or_else(|e| panic!("{e}\n{toml}"));
    let mut dataset = data::load(&file, None).expect("data");
    assert!(dataset.failed.is_empty(), "{:?}", dataset.failed);
    let panel = dataset.panels.remove(0);
    let model = model::build(&file, &panel).expect("model").model;
    (model, panel)
}

fn tiny(distribution: &str) -> (Model, Panel, Analysis) {
    let (model, panel) = model(&toml(true, "", distribution), CSV);
    assert_eq!(model.structure.dim, 11);
    let analysis = analyse(&model, &panel, Key::new(0, &model.key), &DRAWS);
    (model, panel, analysis)
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    let good = (found - expected).abs() <= tolerance * expected.abs().max(1e-300);
    assert!(good || found == expected, "{found} is not {expected}");
}

#[track_caller]
fn all_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(&found, &expected)| close(found, expected, tolerance));
}

// The literals of the tiny model come from loops in NumPy 2.4 over the formulas of the model.

#[test]
fn components_of_a_tiny_model() {
    let (_, panel, analysis) = tiny("Normal");
    let column =
        |of: fn(&super::TimeRow) -> f64| -> Vec<f64> { analysis.time.iter().map(of).collect() };
    all_close(&column(|row| row.baseline), &[5.0; 6], 1e-6);
    let seasonality = [
        0.203_410_723_474_806_76,
        0.225_546_158_333_156_78,
        0.244_415_068_412_505_02,
        0.259_744_180_327_117_66,
        0.271_311_486_642_777_27,
        0.278_949_461_151_165,
    ];
    all_close(&column(|row| row.seasonality), &seasonality, 1e-6);
    all_close(&column(|row| row.control), &[0.0, 0.5, 0.0, 1.0, 0.5, 0.0], 1e-6);
    let a = [
        2.180_391_217_193_327_5,
        0.890_999_974_317_043_8,
        1.478_571_459_923_640_6,
        4.478_389_811_091_594,
        3.527_248_412_100_654_7,
        1.458_862_139_977_793_2,
    ];
    all_close(&column(|row| row.channels[0]), &a, 1e-6);
    let b = [
        0.0,
        2.748_189_381_607_275,
        2.002_820_340_426_007_7,
        0.878_670_109_894_690_3,
        0.176_956_123_628_308_73,
        3.385_378_672_365_711,
    ];
    all_close(&column(|row| row.channels[1]), &b, 1e-6);
    let predicted = [
        7.383_801_940_668_135,
        9.364_735_514_257_475,
        8.725_806_868_762_152,
        11.616_804_101_313_4,
        9.475_516_022_371_743,
        10.123_190_273_494_668,
    ];
    all_close(&column(|row| row.predicted_mean), &predicted, 1e-6);
    for (t, row) in analysis.time.iter().enumerate() {
        assert_eq!((row.date, row.actual), (panel.dates[t], panel.target[t]));
        assert_eq!(row.set, if t < 4 { Set::Train } else { Set::Test });
        assert!(row.predicted_hdi_3 <= row.predicted_hdi_25);
        assert!(row.predicted_hdi_25 <= row.predicted_hdi_75);
        assert!(row.predicted_hdi_75 <= row.predicted_hdi_97);
    }
    close(analysis.train.r2, -0.320_178_254_012_194_9, 1e-5);
    close(analysis.train.mape, 0.260_583_956_187_142_25, 1e-6);
    close(analysis.test.r2, -129.113_631_561_238, 1e-5);
    close(analysis.test.mape, 0.367_799_769_874_233_6, 1e-6);
}

#[test]
fn a_truncated_likelihood_moves_the_prediction() {
    let (.., analysis) = tiny("TruncatedNormal");
    let predicted = [
        7.570_034_219_664_306,
        9.578_923_489_541_769,
        8.834_972_972_714_796,
        11.710_552_578_640_431,
        9.674_940_501_195_69,
        10.235_232_831_275_011,
    ];
    let found: Vec<f64> = analysis.time.iter().map(|row| row.predicted_mean).collect();
    all_close(&found, &predicted, 1e-6);
    close(analysis.train.r2, -0.260_104_664_563_844_5, 1e-5);
    assert!(analysis.time.iter().all(|row| row.predicted_hdi_3 >= 0.0));
}

#[test]
fn channels_of_a_tiny_model() {
    let (.., analysis) = tiny("Normal");
    // mean, sd, smaller and larger draw: of two draws the interval holds both
    let expected = [
        [
            [9.028_352_462_525_607, 0.785_639_861_241_086_2, 8.472_821_189_071_576],
            [0.615_350_329_790_685_6, 0.028_286_091_659_660_183, 0.595_349_042_564_875_6],
            [0.025_795_292_750_073_16, 0.002_244_685_317_831_675, 0.024_208_060_540_204_503],
            [0.023_342_738_843_978_326, 0.000_693_654_722_194_237_6, 0.022_852_250_886_112_71],
        ],
        [
            [5.629_679_831_927_973, 0.182_696_467_457_388_7, 5.500_493_920_890_026],
            [0.384_649_670_209_314_4, 0.028_286_091_659_660_183, 0.364_648_382_983_504_44],
            [0.140_741_995_798_199_32, 0.004_567_411_686_434_711, 0.137_512_348_022_250_65],
            [0.117_291_671_112_851_24, f64::NAN, 0.117_287_279_347_193_75],
        ],
    ];
    for (row, (channel, spend)) in analysis.channels.iter().zip([("A", 350.0), ("B", 40.0)]) {
        assert_eq!((row.channel.as_str(), row.spend), (channel, spend));
        let found = [row.contribution, row.share, row.roas, row.mroas];
        let expected = &expected[usize::from(channel == "B")];
        for (k, (found, [mean, sd, low])) in found.iter().zip(expected).enumerate() {
            // The marginal return is a difference of a hundredth of the contribution.
            let tolerance = if k == 3 { 3e-5 } else { 1e-6 };
            close(found.mean, *mean, tolerance);
            close(found.hdi_3, *low, tolerance);
            close(found.hdi_97, 2.0 * mean - low, tolerance);
            // That of B's marginal return is too small a difference to be compared.
            if !sd.is_nan() {
                close(found.sd, *sd, 300.0 * tolerance);
            }
        }
        close(row.roas.mean, row.contribution.mean / row.spend, 1e-14);
    }
    let shares: f64 = analysis.channels.iter().map(|row| row.share.mean).sum();
    close(shares, 1.0, 1e-14);
}

#[test]
fn the_marginal_return_is_the_slope_halfway() {
    let (model, panel) = model(&toml(true, "", "Normal"), CSV);
    let [intercept, alpha, lam, beta] = [0.3, 0.45, 2.0, 0.4];
    let draw = [intercept, alpha, 0.2, lam, 1.5, beta, 0.3, 0.1, 0.05, -0.02, 0.1];
    let row = &analyse(&model, &panel, Key::new(0, ""), &draw).channels[0];
    let sum = 1.0 + alpha + alpha * alpha;
    let spend = &model.series.spend[0];
    let slope: f64 = (0..4)
        .map(|t| {
            let lag = |j: usize| if t >= j { alpha.powi(j as i32) * spend[t - j] } else { 0.0 };
            let adstocked = (lag(0) + lag(1) + lag(2)) / sum;
            let tanh = (lam * 1.005 * adstocked / 2.0).tanh();
            beta * lam / 2.0 * (1.0 - tanh * tanh) * adstocked
        })
        .sum();
    close(row.mroas.mean, slope * panel.target_scale.factor / 350.0, 3e-5);
    assert!(row.mroas.mean < row.roas.mean);
}

/// Random parameters on their natural scale, draws × dim.
fn random_draws(n: u32) -> Vec<f64> {
    let mut draws = Vec::new();
    for draw in 0..n {
        for i in 0..11 {
            let words = crate::math::philox4x32([i, draw, 0, 0], [1, 2]);
            draws.push(0.05 + 0.9 * f64::from(crate::math::uniform(words[0])));
        }
    }
    draws
}

/// Channel `c` on date `t` of draw `p` by the definition; nothing is seen outside `dates`.
fn naive(model: &Model, p: &[f64], c: usize, t: usize, dates: std::ops::Range<i64>) -> f64 {
    let (s, spend) = (&model.structure, &model.series.spend[c]);
    let adstock = &s.channels[c].adstock;
    let (alpha, lam, beta) = (p[1 + c], p[3 + c], p[5 + c]);
    let saturate = |x: f64| beta * (1.0 - (-lam * x).exp()) / (1.0 + (-lam * x).exp());
    let (lags, total) = match adstock.is_recursion() {
        true => (1 + t as i32, 1.0 / (1.0 - alpha)),
        false => (3, (0..3).map(|j| alpha.powi(j)).sum()),
    };
    let mut adstocked = 0.0;
    for j in 0..lags {
        let at = t as i64 + adstock.shift as i64 - i64::from(j);
        if dates.contains(&at) {
            let x = spend[at as usize];
            let x = if s.adstock_first { x } else { saturate(x) };
            adstocked += alpha.powi(j) / if adstock.normalize { total } else { 1.0 } * x;
        }
    }
    if s.adstock_first { saturate(adstocked) } else { adstocked }
}

#[test]
fn contributions_equal_naive_loops_and_the_density() {
    let draws = random_draws(5);
    let adstocks =
        ["", "normalize = false", "mode = \"before\"", "mode = \"overlap\"\nnormalize = false"];
    let geometric = |first, distribution| adstocks.map(|a| toml(first, a, distribution)).to_vec();
    for (first, distribution) in [true, false]
        .iter()
        .flat_map(|first| ["Normal", "TruncatedNormal"].map(|distribution| (*first, distribution)))
    {
        let files = geometric(first, distribution);
        let endless: Vec<String> = files[..2].iter().map(|file| recursion(file)).collect();
        for file in files.iter().chain(&endless) {
            let (model, _) = model(file, CSV);
            let s = &model.structure;
            let p = Parameters::<Exact>::new(&model, &draws);
            assert_eq!(p.n_draws, 5);
            let windows = [Window::train(&model), Window::test(&model)];
            let mut likelihood = Exact::zero();
            for window in &windows {
                let mut parts = Components::new(window);
                parts.fill(window, &p);
                for (row, t) in window.dates.clone().enumerate() {
                    // Training rows end where training ends; test rows see all that was before.
                    let seen = if t < 4 { 0..4 } else { 0..6 };
                    for lane in 0..5 {
                        let draw = &draws[lane * 11..][..11];
                        for c in 0..2 {
                            let expected = naive(&model, draw, c, t, seen.clone());
                            close(parts.channels[c][row].get(lane), expected, 1e-12);
                        }
                        let linear = model.series.columns.iter();
                        let linear: f64 = linear.map(|x| draw[x.element] * x.values[t]).sum();
                        let media: f64 = parts.channels.iter().map(|x| x[row].get(lane)).sum();
                        close(parts.mu[row].get(lane), linear + media, 1e-14);
                    }
                    if t < 4 {
                        let y = model.series.target[t];
                        let lower = Exact::splat(model.lower);
                        let mu = parts.mu[row];
                        let (p, out) = (&p.likelihood, &mut [Exact::zero()]);
                        let c = s.likelihood.constants(p, lower);
                        likelihood += s.likelihood.log_density(None, &[y], &[mu], p, &c, out).logp;
                    }
                }
            }
            let coordinates = model.layout.coordinates(Space::Plain);
            let points: Vec<f64> =
                draws.iter().enumerate().map(|(i, &x)| coordinates[i % 11].unmap(x)).collect();
            for (lane, point) in
                Oracle::new(&model, Space::Plain).evaluate(&points).iter().enumerate()
            {
                close(likelihood.get(lane), point.likelihood, 1e-11);
            }
        }
    }
}

#[test]
fn parts_without_columns_are_nothing() {
    let toml = toml(true, "", "Normal")
        .replace("controls = [\"z\"]\n", "")
        .replace("yearly_seasonality = 1\n", "");
    let (model, _) = model(&toml, CSV);
    let window = Window::<f64>::train(&model);
    let means = [0.3, 0.5, 0.2, 2.0, 1.5, 0.4, 0.3, 0.1];
    for (part, expected) in [(Part::Baseline, 0.3), (Part::Seasonality, 0.0), (Part::Control, 0.0)]
    {
        assert_eq!(window.linear(part, &means), [expected; 4], "{part:?}");
    }
}

#[test]
fn the_answer_depends_on_draws_key_and_dates_alone() {
    let (model, panel) = model(&toml(true, "", "TruncatedNormal"), CSV);
    let draws = random_draws(40);
    let of = |key, draws: &[f64]| analyse(&model, &panel, key, draws);
    let (a, b) = (of(Key::new(1, "m"), &draws), of(Key::new(1, "m"), &draws));
    assert_eq!((&a.channels, &a.time), (&b.channels, &b.time));
    let other = of(Key::new(2, "m"), &draws);
    assert_eq!(a.channels, other.channels);
    assert_ne!(a.time[0].predicted_hdi_3, other.time[0].predicted_hdi_3);
    assert_eq!(a.time[0].predicted_mean, other.time[0].predicted_mean);
}

#[test]
fn the_stored_draws_are_those_of_the_intervals() {
    let (model, panel) = model(&toml(true, "", "TruncatedNormal"), CSV);
    let (draws, key) = (random_draws(40), Key::new(1, "m"));
    let stored = predictive_draws(&model, &panel, key, &draws);
    assert_eq!(stored.len(), 40 * 6);
    for (t, row) in analyse(&model, &panel, key, &draws).time.iter().enumerate() {
        let of_date: Vec<f64> = stored.iter().skip(t).step_by(6).map(|&y| y.into()).collect();
        let interval = [row.predicted_hdi_3, row.predicted_hdi_97];
        all_close(&hdi(&of_date, HDI_PROB), &interval, 1e-6);
    }
}

#[test]
fn intervals_rest_on_a_subset_of_many_draws() {
    let (model, panel) = model(&toml(true, "", "Normal"), CSV);
    let n = super::MAX_PREDICTIONS + 1;
    let analysis = analyse(&model, &panel, Key::new(0, "m"), &DRAWS[..11].repeat(n));
    for row in &analysis.time {
        // Normal with sigma 0.1 on a target scale of 20: ±1.881 sigma hold 94 %
        close(row.predicted_hdi_97 - row.predicted_hdi_3, 2.0 * 1.881 * 2.0, 0.06);
        // and ±0.6745 sigma half of it
        close(row.predicted_hdi_75 - row.predicted_hdi_25, 2.0 * 0.6745 * 2.0, 0.15);
    }
    // the same draw over and over
    assert!(analysis.channels[0].contribution.sd < 1e-9);
}

#[test]
fn what_is_not_there_is_nan() {
    let without_test = toml(true, "", "Normal").replace("train_until = \"2024-01-22\"\n", "");
    let (all, panel) = model(&without_test, CSV);
    let analysis = analyse(&all, &panel, Key::new(0, ""), &DRAWS);
    assert_eq!(analysis.time.len(), 6);
    let super::Scores { r2, mape, crps, coverage } = analysis.test;
    assert!([r2, mape, crps, coverage].iter().all(|x| x.is_nan()));
    assert!(analysis.train.crps > 0.0);

    let (tiny, panel) = model(&toml(true, "", "Normal"), CSV);
    let nothing = analyse(&tiny, &panel, Key::new(0, ""), &[]);
    assert!(nothing.channels[0].roas.mean.is_nan() && nothing.train.r2.is_nan());
    assert!(nothing.train.coverage.is_nan());
}

#[test]
fn a_channel_without_training_spend_has_no_return() {
    let csv = "date,y,A,B,z\n2024-01-01,10,100,0,0\n2024-01-08,14,0,0,1\n2024-01-15,9,50,0,0\n\
               2024-01-22,20,200,0,2\n2024-01-29,15,80,5,1\n";
    let (model, panel) = model(&toml(true, "", "Normal"), csv);
    let analysis = analyse(&model, &panel, Key::new(0, ""), &DRAWS);
    let row = &analysis.channels[1];
    assert_eq!((row.spend, row.contribution.mean, row.share.mean), (0.0, 0.0, 0.0));
    assert!(row.roas.mean.is_nan() && row.mroas.hdi_97.is_nan());
    close(analysis.channels[0].share.mean, 1.0, 1e-14);
}

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The case study with its posterior means as the one draw, against a long run's draws.
#[test]
fn case_study_at_its_posterior_mean() {
    let data_path = match std::env::var_os("GIGAMIX_CASE_STUDY") {
        Some(path) => PathBuf::from(path),
        None => repository("../shared/reference/case_study/data.csv"),
    };
    if !data_path.exists() {
        // Past the test harness, which would keep what a passing test prints to itself.
        let reason = format!("no {} (set GIGAMIX_CASE_STUDY)", data_path.display());
        let _ = writeln!(std::io::stderr(), "analysis: not run: {reason}");
        return;
    }
    let file = ModelFile::load(&repository("data/case_study.toml")).expect("model file");
    let panel = data::load(&file, Some(&data_path)).expect("case study").panels.remove(0);
    let model = model::build(&file, &panel).expect("model").model;
    let text = |name: &str| {
        std::fs::read_to_string(repository("data/reference").join(name)).expect("reference")
    };
    let posterior = text("case_study_posterior.csv");
    let mean = |name: &String| -> f64 {
        let row = posterior.lines().find_map(|line| line.strip_prefix(&format!("{name},")));
        row.and_then(|row| row.split(',').next()).expect(name).parse().expect("number")
    };
    let draw: Vec<f64> = model.parameter_names().iter().map(mean).collect();
    let analysis = analyse(&model, &panel, Key::new(0, &model.key), &draw);
    assert_eq!((analysis.time.len(), analysis.channels.len()), (209, 7));

    let derived: serde_json::Value =
        serde_json::from_str(&text("case_study_derived.json")).expect("JSON");
    let number = |path: &str| derived.pointer(path).and_then(|x| x.as_f64()).expect("number");
    let train: Vec<_> = analysis.time.iter().filter(|row| row.set == Set::Train).collect();
    assert_eq!(train.len(), 183);
    // What is linear in the parameters has its posterior mean at their mean.
    type Of = fn(&super::TimeRow) -> f64;
    let linear: [(&str, Of); 3] = [
        ("intercept", |row| row.baseline),
        ("seasonality", |row| row.seasonality),
        ("control", |row| row.control),
    ];
    for (name, of) in linear {
        let total: f64 = train.iter().map(|row| of(row)).sum();
        let of = |what: &str| number(&format!("/component_total/{name}/{what}"));
        assert!((total - of("mean")).abs() < 0.1 * of("sd"), "{name}: {total} {}", of("mean"));
    }
    for row in &analysis.channels {
        close(row.spend, number(&format!("/spend_training/{}", row.channel)), 1e-12);
        let of = |what: &str| number(&format!("/roas_all_time/{}/{what}", row.channel));
        let roas = row.roas.mean;
        assert!(of("q3") < roas && roas < of("q97"), "{}: {roas}", row.channel);
        assert!(0.0 < row.mroas.mean && row.mroas.mean < roas, "{}", row.channel);
        let total: f64 = train.iter().map(|t| t.channels[channel(&panel, row)]).sum();
        close(row.contribution.mean, total, 1e-6);
    }
    // The scores of one draw, even a central one, are only near those of the posterior predictive.
    let scores = [
        (analysis.train.r2, number("/r2_train_of_mean_mu"), 0.05),
        (analysis.train.mape, number("/mape_train"), 0.1),
        (analysis.test.mape, number("/mape_test"), 0.1),
    ];
    for (found, expected, tolerance) in scores {
        close(found, expected, tolerance);
    }
}

/// Index of a row's channel.
fn channel(panel: &Panel, row: &super::ChannelRow) -> usize {
    panel.channels.iter().position(|name| *name == row.channel).expect("channel")
}
