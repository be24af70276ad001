//! Models of several series: where parameters stand, the density against that of the series alone, the
//! engines against the oracle.

mod returns;
mod various;

use crate::common::software;
use gigamix::config::ModelFile;
use gigamix::data::{self, Dataset};
use gigamix::density::{self, CpuEngine, Engine, GpuEngine, Oracle, Request, Response};
use gigamix::error::Result;
use gigamix::math::Key;
use gigamix::model::layout::{Arguments, Operand, Parameter};
use gigamix::model::{self, Model, Space};
use various::various;

/// Priors of a hierarchy over geos: every way of dims that align.
pub const HIERARCHY: &str = r#"[model]
yearly_seasonality = 1
[adstock]
family = "delayed"
l_max = 4
mode = "overlap"
[adstock.priors]
alpha = { distribution = "Beta", alpha = { distribution = "Gamma", alpha = 2, beta = 1, dims = ["channel"] }, beta = 3, dims = ["channel", "geo"] }
theta = { distribution = "HalfNormal", sigma = 1 }
[saturation.priors]
lam = { distribution = "Gamma", alpha = 3, beta = 1, dims = ["geo"] }
beta = { distribution = "LogNormal", mean = { distribution = "LogNormal", mean = 0.5, std = 0.3 }, std = [0.3, 0.4], centered = false, dims = ["geo", "channel"] }
[priors]
intercept = { distribution = "Normal", mu = { distribution = "Normal", mu = 0.3, sigma = 0.5 }, sigma = { distribution = "HalfNormal", sigma = 0.5 }, dims = ["geo"] }
gamma_control = { distribution = "Normal", sigma = { distribution = "HalfNormal", sigma = 0.5, dims = ["control"] }, centered = false, dims = ["geo", "control"] }
[trend]
changepoints = 3
"#;

/// Priors that are centred on others, on the logarithmic scale, too, and of other laws.
const CENTRED: &str = r#"[likelihood]
sigma = { distribution = "LogNormal", mean = { distribution = "Gamma", alpha = 2, beta = 4 }, std = 0.2, dims = ["geo"] }
[[fourier]]
name = "monthly"
period = "month"
order = 1
priors.beta = { distribution = "LogNormal", mu = { distribution = "Normal", mu = -1, sigma = 0.5 }, sigma = { distribution = "HalfNormal", sigma = 0.5 }, dims = ["monthly"] }
[[fourier]]
name = "slow"
period = "year"
order = 1
priors.beta = { distribution = "Laplace", mu = { distribution = "Normal" }, b = { distribution = "HalfNormal" }, dims = ["slow"] }
[[fourier]]
name = "fast"
period = "month"
order = 1
priors.beta = { distribution = "StudentT", nu = 4, mu = { distribution = "Normal" }, sigma = { distribution = "HalfNormal" }, dims = ["fast"] }
[[fourier]]
name = "free"
period = "month"
order = 1
priors.beta = { distribution = "StudentT", nu = 3, mu = 0.1, sigma = { distribution = "HalfNormal" }, centered = false, dims = ["free"] }
"#;

/// Three geos of different lengths; one has no radio, in one holidays are the rule.
fn table() -> String {
    let mut csv = String::from("week,geo,y,tv,radio,price,holiday\n");
    let monday = |week: i64| jiff::civil::date(2024, 1, 1) + jiff::Span::new().weeks(week);
    let wave = |t: i64, period: i64| (t % period) as f64 / period as f64;
    for (g, (geo, weeks)) in [("north", 0..17), ("south", 3..14), ("west", 0..9)].iter().enumerate()
    {
        for t in weeks.clone() {
            let scale = 1.0 + g as f64;
            let sales = scale * (2.0 + wave(t, 5) + wave(t * t, 7));
            let (tv, radio) = (scale * wave(t + g as i64, 3), wave(t, 4));
            let radio = if *geo == "south" { 0.0 } else { radio };
            let holiday = if *geo == "west" { t % 5 != 0 } else { t == 4 };
            let (price, holiday) = (wave(t, 6) - 0.5, i32::from(holiday));
            csv += &format!("{},{geo},{sales},{tv},{radio},{price},{holiday}\n", monday(t));
        }
    }
    csv
}

const DATA: &str = "[data]\npath = \"data.csv\"\ndate = \"week\"\ntarget = \"y\"\n\
    channels = [\"tv\", \"radio\"]\ncontrols = [\"price\", \"holiday\"]\n";
const GEO: &str = "dims = [\"geo\"]\n";

fn read(csv: &str, text: &str) -> (ModelFile, Dataset) {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("data.csv"), csv).expect("write");
    let path = folder.path().join("model.toml");
    let file =
        ModelFile::parse("model.toml", &path, text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let dataset = data::load(&file, None).expect("data");
    assert!(dataset.failed.is_empty(), "{:?}", dataset.failed);
    (file, dataset)
}

fn try_pool(csv: &str, tables: &str) -> Result<Vec<Model>> {
    let (file, dataset) = read(csv, &format!("{DATA}{GEO}{tables}"));
    Ok(model::pool(&file, &dataset.panels)?.series)
}

fn pool(tables: &str) -> Vec<Model> {
    try_pool(&table(), tables).unwrap_or_else(|error| panic!("{error}\n{tables}"))
}

/// A point where nothing is special, no two numbers are the same (a Laplace effect has no slope at its mean),
/// the same for every number of elements.
fn point(dim: usize) -> Vec<f64> {
    (0..dim).map(|i| 0.4 * (i as f64 * 0.618_034).fract() - 0.25).collect()
}

/// What data may say of elements: nothing, a little, much.
fn known(dim: usize) -> Vec<[f32; 4]> {
    let known = [[0.0; 4], [3.0, -1.0, 0.5, 0.2], [200.0, 6.0, 80.0, -0.3]];
    let of = |i: usize| known[i % 3];
    (0..dim).map(of).collect()
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1.0)
}

#[test]
fn series_that_share_nothing_are_models_of_their_own() {
    let both = ["true", "false"];
    let families = ["geometric", "weibull_cdf", "recursion"];
    for (first, family) in both.iter().flat_map(|first| families.map(|family| (first, family))) {
        let tables = format!(
            "[scaling]\ntarget = {{ method = \"mean\", over = [] }}\nchannel.over = []\n\
             [model]\nadstock_first = {first}\nyearly_seasonality = 1\n\
             [adstock]\nfamily = \"{family}\"\nl_max = 3\n[saturation]\nfamily = \"michaelis_menten\"\n\
             [likelihood]\ndistribution = \"StudentT\"\n\
             [roas.priors]\ntv = {{ distribution = \"Gamma\", mu = 1.5, sigma = 0.7 }}\n\
             [[event]]\nname = \"sale\"\ndates = [\n\
             {{ name = \"a\", start = \"2024-01-30\", end = \"2024-02-07\" }}]\n\
             priors.sigma = {{ distribution = \"Gamma\", mu = 7, sigma = 1, dims = [\"geo\"] }}\n\
             priors.effect_size = {{ distribution = \"Normal\", dims = [\"geo\"] }}\n"
        );
        let pooled = pool(&format!("{tables}{CALIBRATION}"));
        let layout = &pooled[0].layout;
        let at = point(layout.dim());
        let whole = &Oracle::new(&pooled, Space::Plain).evaluate(&at)[0];
        let (mut logp, mut checked) = (0.0, 0);
        for (g, geo) in ["north", "south", "west"].into_iter().enumerate() {
            let csv = table();
            let own = |line: &&str| line.starts_with("week") || line.contains(&format!(",{geo},"));
            let csv = csv.lines().filter(own).map(|line| format!("{line}\n")).collect::<String>();
            let national = tables.replace(", over = []", "").replace("channel.over = []\n", "");
            let national = national.replace(", dims = [\"geo\"]", "") + &calibration_of(geo);
            let (file, dataset) = read(&csv, &format!("{DATA}{national}"));
            let alone = model::build(&file, &dataset.panels[0]).expect("model").model;
            // The elements of a geo in the pooled model: parameters are over (geo, …).
            let part = |p: &Parameter| {
                let pooled = layout.find(&p.name).expect("the same parameters");
                assert_eq!((pooled.len, pooled.dims[0].as_str()), (3 * p.len, "geo"));
                pooled.offset + g * p.len..pooled.offset + (g + 1) * p.len
            };
            let places: Vec<usize> = alone.layout.parameters.iter().flat_map(part).collect();
            let its: Vec<f64> = places.iter().map(|&i| at[i]).collect();
            let one = &Oracle::new(&alone, Space::Plain).evaluate(&its)[0];
            logp += one.logp;
            for (&place, slope) in places.iter().zip(&one.gradient) {
                assert!(close(whole.gradient[place], *slope, 1e-9), "{tables} {geo} {place}");
                checked += 1;
            }
        }
        assert!(whole.lift.is_some() && whole.cost.is_some() && whole.roas.is_some());
        assert!(close(whole.logp, logp, 1e-12), "{tables}: {} {logp}", whole.logp);
        assert_eq!(checked, layout.dim());
    }
}

#[test]
fn every_series_finds_its_own_parameters() {
    let series = pool(HIERARCHY);
    let model = &series[0];
    // Names of values, offsets included.
    let mut names = vec![String::new(); model.layout.n_values()];
    for (name, value) in model.parameter_names().into_iter().zip(model.layout.reported_values()) {
        names[value] = name;
    }
    assert!(names.contains(&"adstock_alpha[radio, south]".to_owned()), "{names:?}");
    for (model, geo) in series.iter().zip(["north", "south", "west"]) {
        assert_eq!(model.labels, [geo]);
        let s = &model.structure;
        for (channel, c) in s.channels.iter().zip(["tv", "radio"]) {
            let of = |slots: &[usize]| slots.iter().map(|&slot| &names[slot]).collect::<Vec<_>>();
            let adstock = [format!("adstock_alpha[{c}, {geo}]"), "adstock_theta".into()];
            assert_eq!(of(&channel.adstock.slots), adstock.each_ref());
            let saturation =
                [format!("saturation_lam[{geo}]"), format!("saturation_beta[{geo}, {c}]")];
            assert_eq!(of(&channel.saturation.slots), saturation.each_ref());
        }
        assert_eq!(names[s.likelihood_slots[0]], format!("y_sigma[{geo}]"));
        let columns: Vec<&str> =
            model.series.columns.iter().map(|column| names[column.element].as_str()).collect();
        let of = |name: &str| name.replace("GEO", geo);
        let expected = [
            "intercept_contribution[GEO]",
            "gamma_control[GEO, price]",
            "gamma_control[GEO, holiday]",
            "gamma_fourier[GEO, sin_1]",
            "gamma_fourier[GEO, cos_1]",
            "delta[0]",
            "delta[1]",
            "delta[2]",
        ];
        assert_eq!(columns, expected.map(of));
    }
    // Parents have fewer dims than their children, and in another order.
    for (at, name) in
        names.iter().enumerate().filter(|(_, name)| name.starts_with("adstock_alpha["))
    {
        let Arguments::Nested { operands, .. } = &model.layout.elements[at].arguments else {
            panic!("{name} has no parent")
        };
        let channel = &name["adstock_alpha[".len()..name.find(',').expect("two labels")];
        let Operand::Value(parent) = operands[0] else { panic!("{operands:?}") };
        assert_eq!(names[parent], format!("adstock_alpha_alpha[{channel}]"));
    }
    // A list of numbers is along the last dim.
    let beta = model.layout.find("saturation_beta_log_offset").expect("offsets");
    for at in 0..beta.len {
        let derived = model.layout.elements[beta.offset + at].derived.expect("made of it");
        assert_eq!(derived.operands[1], Operand::Constant([0.3, 0.4][at % 2]));
    }
}

#[test]
fn trends_of_all_series_have_one_clock() {
    let series = pool(HIERARCHY);
    let bend = |model: &Model| model.series.columns[5].values.clone();
    // Sixteen weeks from the first date of all to the last.
    let clock = |weeks: std::ops::Range<i64>| weeks.map(|t| t as f64 / 16.0).collect::<Vec<_>>();
    let expected = [clock(0..17), clock(3..14), clock(0..9)];
    for (model, expected) in series.iter().zip(expected) {
        assert!(bend(model).iter().zip(&expected).all(|(a, b)| close(*a, *b, 1e-12)));
        assert_eq!(bend(model).len(), expected.len());
    }
}

#[test]
fn the_gradient_of_a_pooled_model_is_that_of_its_density() {
    let spaces = [Space::Plain, Space::Sampling];
    for (k, series, space) in (various().into_iter().enumerate())
        .flat_map(|(k, series)| spaces.map(|space| (k, series.clone(), space)))
    {
        let dim = series[0].layout.dim();
        let oracle = Oracle::new(&series, space).knowing(&known(dim));
        let at = point(dim);
        let found = &oracle.evaluate(&at)[0];
        assert!(found.logp.is_finite());
        for i in 0..at.len() {
            let logp = |step: f64| {
                let mut shifted = at.clone();
                shifted[i] += step;
                oracle.evaluate(&shifted)[0].logp
            };
            let difference = (logp(1e-5) - logp(-1e-5)) / 2e-5;
            assert!(
                close(found.gradient[i], difference, 1e-6),
                "model {k}, {space:?}, element {i}: {} {difference}",
                found.gradient[i]
            );
        }
    }
}

/// A point of the sampler's space is found again from its values, and its log density is the plain one of
/// the values, but for the Jacobian.
#[test]
fn pooled_elements_have_their_values() {
    let series = pool(&format!("{HIERARCHY}{CENTRED}"));
    let layout = &series[0].layout;
    let pooled: Vec<_> = layout.pooled(Space::Sampling).into_iter().flatten().collect();
    // Offsets of beta, gamma_control and free; intercepts, noise and other coefficients themselves.
    let offsets = pooled.iter().filter(|pooled| pooled.offset).count();
    assert_eq!((offsets, pooled.len()), (6 + 6 + 2, 14 + 3 + 3 + 2 + 2 + 2));
    let (at, numbers) = (point(layout.dim()), known(layout.dim()));
    let found = &Oracle::new(&series, Space::Sampling).knowing(&numbers).evaluate(&at)[0];
    let again = layout.unmap(Space::Sampling, &numbers, &found.values);
    assert!(at.iter().zip(&again).all(|(a, b)| close(*a, *b, 1e-9)), "{at:?} {again:?}");
    // Parents come first, so the Jacobian is triangular.
    for known in [numbers, vec![[0.0; 4]; at.len()]] {
        let oracle = Oracle::new(&series, Space::Sampling).knowing(&known);
        let plain = |u: &[f64]| layout.unmap(Space::Plain, &[], &oracle.evaluate(u)[0].values);
        let slope = |i: usize| {
            let shifted = |step: f64| {
                let mut u = at.clone();
                u[i] += step;
                plain(&u)[i]
            };
            (shifted(1e-5) - shifted(-1e-5)) / 2e-5
        };
        let jacobian: f64 = (0..at.len()).map(|i| slope(i).abs().ln()).sum();
        let there = Oracle::new(&series, Space::Plain).evaluate(&plain(&at))[0].logp;
        let here = oracle.evaluate(&at)[0].logp;
        assert!(close(here, there + jacobian, 1e-7), "{here} {there} {jacobian}");
    }
}

#[test]
fn a_channel_that_a_series_lacks_follows_its_prior() {
    let series = pool("[saturation]\nfamily = \"hill\"\n");
    let layout = &series[0].layout;
    let at = point(layout.dim());
    let found = &Oracle::new(&series, Space::Sampling).evaluate(&at)[0];
    assert!(found.gradient.iter().all(|slope| slope.is_finite()));
    let names = series[0].parameter_names();
    let own: Vec<_> = (0..names.len()).filter(|&i| names[i].contains("[south, radio]")).collect();
    // alpha, slope, kappa, beta: standard normal in the sampler's coordinates.
    assert_eq!(own.len(), 4);
    own.iter().for_each(|&i| assert!(close(found.gradient[i], -at[i], 1e-12), "{}", names[i]));
}

/// What calibrates some of the geos: not all have lift tests, nor the same number of them.
const CALIBRATION: &str = r#"[[lift_test]]
geo = "north"
channel = "tv"
x = 0.1
delta_x = 0.4
delta_y = 0.9
sigma = 0.3
date = "2024-01-29"
[[lift_test]]
channel = "radio"
geo = "north"
x = 0.5
delta_x = -0.25
delta_y = -0.4
sigma = 0.2
date = "2024-02-05"
[[lift_test]]
channel = "tv"
geo = "west"
x = 0.2
delta_x = 0.4
delta_y = 0.7
sigma = 0.3
date = "2024-01-08"
[[cost_per_target]]
channel = "tv"
geo = "west"
cost_per_target = 2.5
sigma = 0.8
[[cost_per_target]]
channel = "tv"
geo = "west"
cost_per_target = 1.5
sigma = 0.6
[[cost_per_target]]
channel = "radio"
geo = "north"
cost_per_target = 1.5
sigma = 0.6
"#;

/// The rows of calibration that are about a geo, as a model of that geo alone has them.
fn calibration_of(geo: &str) -> String {
    let rows =
        CALIBRATION.split_inclusive("\n[[").filter(|row| row.contains(&format!("\"{geo}\"")));
    let row = |row: &str| {
        let row = row.trim_end_matches("[[").replace(&format!("geo = \"{geo}\"\n"), "");
        format!("[[{}\n", row.trim_start_matches("[["))
    };
    rows.map(row).collect()
}

/// Holds an engine against the oracle at one point.
fn engine_agrees(series: &[Model], engine: &mut dyn Engine) {
    let at: Vec<f32> = point(series[0].layout.dim()).iter().map(|&x| x as f32).collect();
    let exact: Vec<f64> = at.iter().map(|&x| f64::from(x)).collect();
    let numbers = known(at.len());
    let expected = &Oracle::new(series, Space::Sampling).knowing(&numbers).evaluate(&exact)[0];
    engine.execute(vec![(0, Request::Coordinates { numbers })]).expect("coordinates");
    let answers = engine.execute(vec![(0, Request::Evaluate { points: at })]).expect("evaluation");
    let Response::Evaluated { logp, grad } = &answers[0] else { panic!("not evaluated") };
    assert!(close(f64::from(logp[0]), expected.logp, 1e-5), "{} {}", logp[0], expected.logp);
    let norm = expected.gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    for (i, (&found, expected)) in grad.iter().zip(&expected.gradient).enumerate() {
        assert!((f64::from(found) - expected).abs() < 1e-5 * norm, "{i}: {found} {expected}");
    }
}

#[test]
fn the_cpu_engine_equals_the_oracle_on_pooled_models() {
    for series in various() {
        let models = [(&series, Key::new(0, "pooled"))];
        engine_agrees(&series, &mut CpuEngine::new(&models, Space::Sampling, 16));
    }
}

#[test]
fn the_gpu_engine_equals_the_oracle_on_pooled_models() {
    for series in various() {
        density::gpu::program(&series, Space::Sampling).check().expect("a valid program");
        let Some(gpu) = software() else { return };
        let models = [(&series, Key::new(0, "pooled"))];
        let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, 64).expect("engine");
        engine_agrees(&series, &mut engine);
    }
}

#[test]
fn dims_that_do_not_align_are_refused() {
    let refused = |tables: &str| try_pool(&table(), tables).expect_err("must be refused");
    for (tables, message, help) in [
        (
            "[priors]\nintercept = { distribution = \"Normal\", dims = [\"region\"] }",
            "intercept_contribution cannot have dims [\"region\"]",
            "allowed: dims = [\"geo\"], or none for one shared value",
        ),
        (
            "[saturation.priors]\nlam = { distribution = \"Gamma\", alpha = 3, beta = 1, dims = [\"control\"] }",
            "saturation_lam cannot have dims [\"control\"]",
            "allowed: any of [\"geo\", \"channel\"], or none for one shared value",
        ),
        (
            "[priors]\nintercept = { distribution = \"Normal\", mu = { distribution = \"Normal\", \
             dims = [\"geo\"] } }",
            "intercept_contribution_mu cannot have dims [\"geo\"]",
            "leave `dims` out: it is a scalar",
        ),
        (
            "[saturation.priors]\nbeta = { distribution = \"HalfNormal\", sigma = [1, 2, 3], \
             dims = [\"geo\", \"channel\"] }",
            "sigma has 3 values, saturation_beta has 6",
            "",
        ),
        (
            "[roas.priors]\ntv = { distribution = \"Gamma\", mu = 1, sigma = 1 }\n\
             [saturation.priors]\nbeta = { distribution = \"HalfNormal\", dims = [\"geo\"] }",
            "the return of \"tv\" needs numbers, and a beta of its own with numbers",
            "hierarchies and values shared by channels have no place here",
        ),
        (
            "[roas.priors]\n\
             tv = { distribution = \"Gamma\", mu = [1, 2, 1], sigma = 1, dims = [\"geo\"] }\n\
             [saturation.priors]\nbeta = { distribution = \"HalfNormal\", dims = [\"channel\"] }",
            "series that share a beta have the return of \"tv\" together, but their priors of it are \
             not the same",
            "give beta the dims of this prior",
        ),
    ] {
        let error = refused(tables);
        assert_eq!(error.message(), message);
        assert_eq!(error.help_text().unwrap_or_default(), help);
    }
}

#[test]
fn rows_about_series_that_there_are_not_are_refused() {
    let rest = "x = 1\ndelta_x = 1\ndelta_y = 1\nsigma = 1\n";
    let lift = format!("[[lift_test]]\nchannel = \"tv\"\n{rest}");
    let refused = |text: &str, says: &str, help: &str| {
        let path = std::path::Path::new("model.toml");
        let text = format!("{DATA}{GEO}{text}");
        let error = match ModelFile::parse("model.toml", path, &text) {
            Err(error) => error,
            Ok(_) => try_pool(&table(), text.trim_start_matches(DATA).trim_start_matches(GEO))
                .expect_err("must be refused"),
        };
        assert!(error.message().contains(says), "{error}");
        assert!(error.help_text().unwrap_or_default().contains(help), "{error}");
        assert!(error.place().is_some(), "{error}");
    };
    refused(&lift, "`geo` is missing in [[lift_test]]", "say which, as in geo = \"north\"");
    refused(&format!("{lift}geo = 1\n"), "`geo` in [[lift_test]] must be text", "");
    refused(&format!("{lift}geo = \"nort\"\n"), "there is no series \"nort\"", "\"north\"?");
    let region = format!("{lift}geo = \"north\"\nregion = \"a\"\n");
    refused(&region, "unknown key `region` in [[lift_test]]", "and the dims of [data]");
    let cost = "[[cost_per_target]]\nchannel = \"tv\"\ncost_per_target = 1\nsigma = 1\n";
    refused(cost, "`geo` is missing in [[cost_per_target]]", "");
    refused(&format!("{cost}geo = \"east\"\n"), "there is no series \"east\"", "");
    let varying = "[time_varying.media]\ndims = [\"region\"]\n";
    refused(varying, "\"region\" is no dim of [data]", "the dims are geo");
}
