//! Tests of the simulated retailer as a whole.

use std::{fs, path::Path};

use super::*;
use crate::{
    config::ModelFile,
    data::{Panel, Truth, load, load_truth},
    error::Kind,
    model::{self, Model, simulate},
};

/// A panel as its readers see it.
struct Read {
    panel: Panel,
    model: Model,
    truth: std::collections::BTreeMap<String, f64>,
    /// The true value of every element.
    values: Vec<f64>,
}

/// Writes the files and reads them back.
fn round_trip(spec: &Spec) -> Vec<Read> {
    let dir = tempfile::tempdir().unwrap();
    let written = write(spec, dir.path()).unwrap();
    let file = ModelFile::load(&written.model_file).unwrap();
    let data = load(&file, None).unwrap();
    let truth = load_truth(&file).unwrap().unwrap();
    assert!(data.failed.is_empty() && data.notes.is_empty());
    assert_eq!((data.panels.len(), truth.0.len()), (written.panels, written.panels));
    let read = |panel: Panel| {
        assert_eq!(panel.notes, []);
        assert_eq!(panel.dates.len(), spec.weeks);
        let built = model::build(&file, &panel).unwrap();
        let truth = truth.0[&panel.key].clone();
        let values = built.model.parameter_names().iter().map(|name| truth[name]).collect();
        Read { panel, model: built.model, truth, values }
    };
    data.panels.into_iter().map(read).collect()
}

#[test]
fn the_truth_explains_the_table() {
    for panel in round_trip(&Spec::default()) {
        let n = panel.panel.n_train;
        assert_eq!(n, 143);
        let mean = simulate::mean_on(&panel.model, &panel.values, panel.model.series.n_dates());
        let residual = |t: usize| panel.model.series.target[t] - mean[t];
        let rms = |rows: std::ops::Range<usize>| {
            let count = rows.len() as f64;
            (rows.map(|t| residual(t).powi(2)).sum::<f64>() / count).sqrt()
        };
        // five standard errors, sigma / √(2n)
        let sigma = panel.truth["y_sigma"];
        assert!((rms(0..n) / sigma - 1.0).abs() < 5.0 / (2.0 * n as f64).sqrt());
        assert!((rms(n..156) / sigma - 1.0).abs() < 5.0 / 26f64.sqrt());
        let bias = (0..n).map(residual).sum::<f64>() / n as f64;
        assert!(bias.abs() < 5.0 * sigma / (n as f64).sqrt());
    }
}

#[test]
fn contributions_and_returns_are_those_of_the_parameters() {
    for Read { panel, model, truth, values } in round_trip(&Spec::default()) {
        let media = simulate::media(&model, &values, panel.n_train);
        for (c, name) in panel.channels.iter().enumerate() {
            let close = |found: f64, key: String| {
                let expected = truth[&key];
                assert!((found - expected).abs() < 1e-4 * expected, "{key}: {found} {expected}");
            };
            let contribution = panel.target_scale.factor * media[c].iter().sum::<f64>();
            close(contribution, format!("contribution[{name}]"));
            let spent = panel.spend.column(c).iter().take(panel.n_train).sum::<f64>();
            close(contribution / spent, format!("roas[{name}]"));
        }
    }
}

#[test]
fn numbers_are_plausible() {
    for Read { panel, .. } in round_trip(&Spec { channels: 12, controls: 6, ..Spec::default() }) {
        assert!(panel.target.iter().all(|y| *y > 0.0));
        assert!(panel.spend.iter().all(|x| *x >= 0.0));
        for column in panel.spend.columns() {
            // flighted channels and always-on ones alike spend in a part of all weeks
            let weeks = column.iter().filter(|x| **x > 0.0).count();
            assert!((30..=156).contains(&weeks), "{weeks}");
        }
        let spent = panel.spend.sum() / panel.target.iter().sum::<f64>();
        assert!((0.05..0.6).contains(&spent), "{spent}");
        assert_eq!(panel.dates[0].to_string(), "2021-01-04");
    }
}

#[test]
fn a_panel_depends_on_its_name_and_the_seed_alone() {
    let large = Spec { brands: 2, regions: 3, ..Spec::default() };
    let small = Spec { brands: 1, regions: 1, ..large.clone() };
    let (large_files, small_files) = (portfolio(&large).unwrap(), portfolio(&small).unwrap());
    let only = small_files.table.lines().skip(1).collect::<Vec<_>>();
    let of_large = large_files.table.lines().filter(|row| row.contains(",brandA,north,"));
    assert_eq!(of_large.collect::<Vec<_>>(), only);
    let truth = |text: &str| Truth::parse("t", text).unwrap().0.remove("brandA/north").unwrap();
    assert_eq!(truth(&large_files.truth), truth(&small_files.truth));

    assert_eq!(portfolio(&large).unwrap(), large_files);
    let other = portfolio(&Spec { seed: 1, ..small }).unwrap();
    assert_ne!(other.table, small_files.table);
    assert_ne!(other.truth, small_files.truth);
}

/// Series of one model: what they share is the same, what they sell is explained by the truth of each.
#[test]
fn geos_are_series_of_one_model() {
    let dir = tempfile::tempdir().unwrap();
    let spec = Spec { brands: 1, regions: 2, geos: 10, weeks: 80, channels: 3, ..Spec::default() };
    let written = write(&spec, dir.path()).unwrap();
    assert_eq!((written.panels, written.rows), (2, 1600));
    let file = ModelFile::load(&written.model_file).unwrap();
    let data = load(&file, None).unwrap();
    let truth = load_truth(&file).unwrap().unwrap();
    assert!(data.failed.is_empty() && data.notes.is_empty());
    assert_eq!(data.models().map(<[Panel]>::len).collect::<Vec<_>>(), [10, 10]);
    for panels in data.models() {
        let models = model::pool(&file, panels).unwrap().series;
        let truth = &truth.0[&panels[0].key];
        let layout = &models[0].layout;
        let mut values = vec![f64::NAN; layout.n_values()];
        for (name, value) in models[0].parameter_names().iter().zip(layout.reported_values()) {
            values[value] = truth[name];
        }
        let mut squares = 0.0;
        for (panel, model) in panels.iter().zip(&models) {
            let mean = simulate::mean(model, &values);
            let residuals = model.series.target.iter().zip(&mean).map(|(y, mean)| y - mean);
            squares += residuals.map(|x| x * x).sum::<f64>();
            let media = simulate::media(model, &values, panel.n_train);
            let tv = format!("contribution[{}, tv]", panel.labels[0]);
            let found = panel.target_scale.factor * media[0].iter().sum::<f64>();
            assert!((found / truth[&tv] - 1.0).abs() < 1e-4, "{tv}: {found}");
        }
        // five standard errors, sigma / √(2n)
        let n = f64::from(10 * 67);
        let rms = (squares / n).sqrt();
        assert!((rms / truth["y_sigma"] - 1.0).abs() < 5.0 / (2.0 * n).sqrt(), "{rms}");
        assert_ne!(truth["saturation_beta[geo_01, tv]"], truth["saturation_beta[geo_10, tv]"]);
    }
}

#[test]
fn small_and_odd_sizes() {
    let small = Spec {
        brands: 30,
        regions: 9,
        geos: 0,
        weeks: 52,
        channels: 1,
        controls: 0,
        test_weeks: 0,
        seed: u64::MAX,
    };
    let panels = round_trip(&small);
    assert_eq!(panels.len(), 270);
    assert!(panels.iter().all(|read| read.panel.n_train == 52));
    let keys = |key: &str| panels.iter().any(|read| read.panel.key == key);
    assert!(keys("brandA/north") && keys("brandZ/islands") && keys("brandAD/region_9"));
    let wide = round_trip(&Spec { brands: 1, regions: 1, channels: 13, controls: 7, ..small });
    assert_eq!(wide[0].panel.channels[12], "channel_13");
    assert_eq!(wide[0].panel.controls[4..], ["control_5", "control_6", "control_7"]);
}

#[test]
fn bad_sizes() {
    let refused = |spec: Spec| {
        let error = portfolio(&spec).unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        error.one_line()
    };
    let spec = Spec::default;
    assert_eq!(refused(Spec { brands: 0, ..spec() }), "brands = 0: there must be at least 1");
    assert_eq!(refused(Spec { regions: 0, ..spec() }), "regions = 0: there must be at least 1");
    assert_eq!(refused(Spec { channels: 0, ..spec() }), "channels = 0: there must be at least 1");
    assert_eq!(
        refused(Spec { weeks: 20, test_weeks: 13, ..spec() }),
        "weeks = 20 with test_weeks = 13 leaves 7 weeks to learn from, but at least 52 are needed: \
         yearly seasonality takes a year (take at least 65 weeks, or fewer test weeks)"
    );
    assert!(refused(Spec { weeks: 0, ..spec() }).contains("leaves 0 weeks"));
    let test_weeks = usize::MAX;
    assert!(refused(Spec { test_weeks, ..spec() }).contains("leaves 0 weeks"));
    assert_eq!(refused(Spec { weeks: 6000, ..spec() }), "weeks = 6000: at most 5200 are allowed");
    let brands = usize::MAX;
    assert!(refused(Spec { brands, ..spec() }).contains("more than 50 million numbers"));
}

#[test]
fn files_of_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let spec = Spec { brands: 1, regions: 1, ..Spec::default() };
    let first = write(&spec, dir.path()).unwrap();
    assert_eq!((first.panels, first.rows), (1, 156));
    assert_eq!(write(&spec, dir.path()).unwrap(), first);
    let before = fs::read(&first.truth).unwrap();
    let error = write(&Spec { seed: 1, ..spec }, dir.path()).unwrap_err();
    assert!(error.message().ends_with("portfolio.csv is there already"), "{error}");
    assert_eq!(fs::read(&first.truth).unwrap(), before);
}

/// The demo is `gigamix simulate --out data/demo`.
#[test]
fn the_demo_is_what_seed_0_makes() {
    let made = portfolio(&Spec::default()).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    for (name, text) in [
        ("portfolio.csv", made.table),
        ("portfolio.toml", made.model_file),
        ("truth.toml", made.truth),
    ] {
        let found = fs::read_to_string(demo.join(name)).unwrap().replace("\r\n", "\n");
        assert!(found == text, "data/demo/{name} is not what `gigamix simulate` makes");
    }
}
