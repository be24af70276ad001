//! Every family in every combination: the density against plain formulas and its gradient against
//! difference quotients, the engines against the oracle; families per channel.

use crate::common::small::{model, try_model};
use crate::common::software;
use gigamix::analysis::{Components, Parameters, Window};
use gigamix::density::{CpuEngine, Engine, GpuEngine, Oracle, Request, Response};
use gigamix::math::{Key, Lane, Wide};
use gigamix::model::adstock::Adstock;
use gigamix::model::family::Support;
use gigamix::model::likelihood::Likelihood;
use gigamix::model::saturation::Saturation;
use gigamix::model::{Model, Space, simulate};

type Number = Wide<f64, 1, false>;

/// Engines in single precision: relative error of a gradient, as a vector.
const GRADIENT: f64 = 3e-4;
/// And of a log density, or of 1.
const LOGP: f64 = 1e-4;

/// Channels of their own: other families, lags, sides and norms in one model.
pub const PER_CHANNEL: [&str; 5] = [
    "[adstock]\nl_max = 3\n[[adstock.channel]]\nchannels = [\"radio\"]\nfamily = \"weibull_cdf\"\n\
     l_max = 5\nmode = \"before\"\nnormalize = false\n\
     [[saturation.channel]]\nchannels = [\"tv\"]\nfamily = \"hill\"\n",
    // the same parameters in two families
    "[adstock]\nfamily = \"delayed\"\nl_max = 4\nmode = \"overlap\"\n\
     [[adstock.channel]]\nchannels = [\"tv\"]\nfamily = \"binomial\"\nl_max = 2\n\
     priors.alpha = { distribution = \"Uniform\", dims = [\"channel\"] }\n\
     [saturation]\nfamily = \"michaelis_menten\"\n\
     [[saturation.channel]]\nchannels = [\"radio\"]\nfamily = \"root\"\n",
    "[[adstock.channel]]\nchannels = [\"tv\"]\nfamily = \"none\"\nmode = \"before\"\n\
     [[saturation.channel]]\nchannels = [\"tv\"]\nfamily = \"none\"\n",
    // a recursion beside windows that look ahead
    "[adstock]\nl_max = 3\nmode = \"overlap\"\n[[adstock.channel]]\nchannels = [\"radio\"]\n\
     family = \"recursion\"\nmode = \"after\"\nnormalize = false\n\
     [[saturation.channel]]\nchannels = [\"tv\"]\nfamily = \"hill\"\n",
    // two of them that share their alpha
    "[adstock]\nfamily = \"recursion\"\n[adstock.priors]\n\
     alpha = { distribution = \"Uniform\", lower = 0, upper = 1 }\n",
];

/// Effects that are not linear, and what calibrates the channels, in every mix; the dates of the panel are
/// Mondays.
pub const EFFECTS: [&str; 11] = [
    "[time_varying.intercept]\nm = 5\n",
    "[time_varying.media]\nm = 6\n[time_varying.media.priors]\n\
     eta = { distribution = \"HalfNormal\", sigma = { distribution = \"HalfNormal\" } }\n",
    "[adstock]\nl_max = 3\nmode = \"overlap\"\n\
     [time_varying.intercept]\nm = 3\n[time_varying.media]\nm = 7\n",
    "[[event]]\nname = \"sale\"\ndates = [\n\
     { name = \"a\", start = \"2024-01-16\", end = \"2024-01-17\" },\n\
     { name = \"b\", start = \"2024-01-28\", end = \"2024-01-28\" },\n]\n\
     priors.sigma = { distribution = \"Gamma\", mu = 7, sigma = 1 }\n",
    "[[event]]\nname = \"before\"\nbasis = \"half_gaussian\"\nmode = \"before\"\n\
     include_event = false\ndates = [{ name = \"a\", start = \"2024-01-16\", end = \"2024-01-22\" }]\n\
     [[event]]\nname = \"feast\"\nbasis = \"asymmetric_gaussian\"\nevent_in = \"exclude\"\n\
     dates = [{ name = \"x\", start = \"2024-02-05\", end = \"2024-02-11\" },\n\
     { name = \"y\", start = \"2024-02-20\", end = \"2024-02-20\" }]\n\
     [time_varying.media]\nm = 4\n",
    "[adstock]\nl_max = 3\nmode = \"before\"\n\
     [[cost_per_target]]\nchannel = \"tv\"\ncost_per_target = 2.5\nsigma = 0.8\n\
     [[cost_per_target]]\nchannel = \"radio\"\ncost_per_target = 1.5\nsigma = 0.6\n\
     [[lift_test]]\nchannel = \"radio\"\nx = 0.1\ndelta_x = 0.4\ndelta_y = 0.6\nsigma = 0.2\n",
    "[time_varying.media]\nm = 5\n\
     [[cost_per_target]]\nchannel = \"radio\"\ncost_per_target = 1.5\nsigma = 0.6\n\
     [[lift_test]]\nchannel = \"tv\"\nx = 0.5\ndelta_x = -0.4\ndelta_y = -0.6\nsigma = 0.2\n\
     date = \"2024-01-29\"\n\
     [[lift_test]]\nchannel = \"tv\"\nx = 0.5\ndelta_x = 0.4\ndelta_y = 0.6\nsigma = 0.2\n\
     date = 2024-03-18\n",
    "[saturation]\nfamily = \"hill\"\n[roas.priors]\n\
     tv = { distribution = \"LogNormal\", mu = 0.2, sigma = 0.9 }\n\
     radio = { distribution = \"Gamma\", mu = 1.5, sigma = 0.7 }\n",
    "[adstock]\nl_max = 3\nmode = \"overlap\"\n[time_varying.media]\nm = 5\n\
     [saturation]\nfamily = \"michaelis_menten\"\n[roas.priors]\n\
     radio = { distribution = \"HalfNormal\", sigma = 2 }\n\
     [[cost_per_target]]\nchannel = \"radio\"\ncost_per_target = 1.5\nsigma = 0.6\n",
    "[adstock]\nfamily = \"recursion\"\nnormalize = false\n[time_varying.media]\nm = 5\n\
     [saturation]\nfamily = \"michaelis_menten\"\n[roas.priors]\n\
     radio = { distribution = \"HalfNormal\", sigma = 2 }\n\
     [[cost_per_target]]\nchannel = \"tv\"\ncost_per_target = 2.5\nsigma = 0.8\n\
     [[cost_per_target]]\nchannel = \"radio\"\ncost_per_target = 1.5\nsigma = 0.6\n",
    "[adstock]\nl_max = 3\nmode = \"before\"\n[[adstock.channel]]\nchannels = [\"tv\"]\n\
     family = \"recursion\"\nmode = \"after\"\n[roas.priors]\n\
     tv = { distribution = \"LogNormal\", mu = 0.2, sigma = 0.9 }\n\
     [[cost_per_target]]\nchannel = \"tv\"\ncost_per_target = 2.5\nsigma = 0.8\n",
];

/// A side of an adstock; a recursion has but one.
pub fn side(adstock: &str, turn: usize) -> &'static str {
    if adstock == "recursion" { "after" } else { ["after", "before", "overlap"][turn % 3] }
}

/// Every combination of families and orders; sides of the adstock and norms take turns.
fn combinations() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for adstock in Adstock::names() {
        for saturation in Saturation::names() {
            for likelihood in Likelihood::names() {
                for first in [true, false] {
                    let mode = side(adstock, all.len() / 2);
                    let normalize = all.len() / 6 % 2 == 0;
                    let name = format!("{adstock} {saturation} {likelihood} {first} {mode}");
                    let tables = format!(
                        "[model]\nadstock_first = {first}\nyearly_seasonality = 1\n\
                         [adstock]\nfamily = \"{adstock}\"\nl_max = 4\nmode = \"{mode}\"\n\
                         normalize = {normalize}\n[saturation]\nfamily = \"{saturation}\"\n\
                         [likelihood]\ndistribution = \"{likelihood}\"\n"
                    );
                    all.push((name, tables));
                }
            }
        }
    }
    for (k, tables) in PER_CHANNEL.iter().chain(&EFFECTS).enumerate() {
        for first in [true, false] {
            let tables = format!("[model]\nadstock_first = {first}\n{tables}");
            all.push((format!("further {k} {first}"), tables));
        }
    }
    all
}

/// A value of every parameter in the middle of its domain, with positive means of the target.
fn values(model: &Model) -> Vec<f64> {
    let value = |(i, element): (usize, &gigamix::model::layout::Element)| {
        let step = 0.11 * ((i * 7) % 5) as f64;
        match element.support() {
            Support::Real => 0.1 * step - 0.02,
            Support::Above(lower) => lower + 0.35 + step,
            Support::Below(upper) => upper - 0.35 - step,
            Support::Between(lower, upper) => lower + (upper - lower) * (0.3 + step),
        }
    };
    let mut values: Vec<f64> = model.layout.elements.iter().enumerate().map(value).collect();
    let names = ["intercept_contribution", "intercept_baseline"];
    let intercept = names.into_iter().find_map(|name| model.layout.find(name)).expect("intercept");
    values[intercept.offset] = 0.6;
    values
}

/// Their coordinates in a space, rounded to single precision.
fn position(model: &Model, space: Space) -> Vec<f32> {
    model.layout.unmap(space, &[], &values(model)).into_iter().map(|u| u as f32).collect()
}

fn exact(position: &[f32]) -> Vec<f64> {
    position.iter().map(|&u| f64::from(u)).collect()
}

/// |found − expected| / |expected|, as vectors.
fn relative(found: &[f64], expected: &[f64]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    difference / norm(&mut expected.iter().copied())
}

#[test]
fn the_density_is_that_of_the_plain_formulas() {
    for (name, tables) in combinations() {
        let model = model(&tables);
        let values = values(&model);
        let mean = simulate::mean(&model, &values);
        let s = &model.structure;
        let mut p = [Number::zero(); _];
        for (p, &element) in p.iter_mut().zip(&s.likelihood_slots) {
            *p = Number::splat(values[element]);
        }
        let c = s.likelihood.constants(&p, Number::splat(model.lower));
        let means: Vec<Number> = mean.iter().map(|&mu| Number::splat(mu)).collect();
        let mut dmu = vec![Number::zero(); means.len()];
        let total = s.likelihood.log_density(None, &model.series.target, &means, &p, &c, &mut dmu);

        let coordinates = model.layout.coordinates(Space::Plain);
        let u: Vec<f64> = coordinates.iter().zip(&values).map(|(c, &x)| c.unmap(x)).collect();
        let found = &Oracle::new(&model, Space::Plain).evaluate(&u)[0];
        let error = (found.likelihood - total.logp.get(0)).abs();
        assert!(error < 1e-10 * found.likelihood.abs().max(1.0), "{name}: {error:e}");

        // the analysis' own pass
        let window = Window::<f64>::train(&model);
        let parameters = Parameters::<Number>::new(&model, &values);
        let mut components = Components::new(&window);
        components.fill(&window, &parameters);
        let media = simulate::media(&model, &values, model.series.n_train);
        for (found, expected) in components.channels.iter().zip(&media) {
            for (found, expected) in found.iter().zip(expected) {
                let error = (found.get(0) - expected).abs();
                assert!(error < 1e-12, "{name}: {found:?} {expected}");
            }
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_density() {
    for (name, tables) in combinations() {
        let model = model(&tables);
        for space in [Space::Plain, Space::Sampling] {
            let oracle = Oracle::new(&model, space);
            let u = exact(&position(&model, space));
            let found = &oracle.evaluate(&u)[0];
            assert!(found.logp.is_finite(), "{name}");
            let slope = |i: usize| {
                let at = |step: f64| {
                    let mut u = u.clone();
                    u[i] += step;
                    oracle.evaluate(&u)[0].logp
                };
                (at(1e-5) - at(-1e-5)) / 2e-5
            };
            let differences: Vec<f64> = (0..u.len()).map(slope).collect();
            let error = relative(&found.gradient, &differences);
            assert!(error < 1e-7, "{name} {space:?}: {error:e}");
        }
    }
}

fn engine_agrees(name: &str, model: &Model, space: Space, engine: &mut dyn Engine) {
    let position = position(model, space);
    let expected = &Oracle::new(model, space).evaluate(&exact(&position))[0];
    let requests = vec![(0, Request::Evaluate { points: position })];
    let Response::Evaluated { logp, grad } = &engine.execute(requests).expect("execute")[0] else {
        panic!("not evaluated")
    };
    let error = relative(&exact(grad), &expected.gradient);
    assert!(error < GRADIENT, "{name} {space:?}: gradient off by {error:e}");
    let error = (f64::from(logp[0]) - expected.logp).abs() / expected.logp.abs().max(1.0);
    assert!(error < LOGP, "{name} {space:?}: logp off by {error:e}");
}

#[test]
fn cpu_engine_equals_the_oracle_in_every_combination() {
    for (name, tables) in combinations() {
        let model = model(&tables);
        for space in [Space::Plain, Space::Sampling] {
            let models = [(&model, Key::new(0, &name))];
            engine_agrees(&name, &model, space, &mut CpuEngine::new(&models, space, 16));
        }
    }
}

#[test]
fn gpu_engine_equals_the_oracle_in_many_combinations() {
    let all = combinations();
    let plain = all.len() - 2 * (PER_CHANNEL.len() + EFFECTS.len());
    // With a step that shares no factor with the numbers of families each is met with many others.
    let some = (0..plain).step_by(47).chain(plain..all.len());
    for (name, tables) in some.map(|k| &all[k]) {
        let Some(gpu) = software() else { return };
        let model = model(tables);
        let models = [(&model, Key::new(0, name))];
        let mut engine = GpuEngine::new(gpu, &models, Space::Sampling, 64).expect("engine");
        engine_agrees(name, &model, Space::Sampling, &mut engine);
    }
}

/// A recursion is the geometric adstock with as many lags as there are dates.
#[test]
fn a_recursion_is_geometric_adstock_over_all_dates() {
    let further = [&EFFECTS[..], &["[saturation]\nfamily = \"root\"\n"]].concat();
    let alike = further.into_iter().filter(|tables| !tables.contains("[adstock]"));
    for (tables, first) in alike.flat_map(|tables| [(tables, true), (tables, false)]) {
        let [recursion, geometric] = ["recursion", "geometric"].map(|family| {
            model(&format!(
                "[model]\nadstock_first = {first}\n[adstock]\nfamily = \"{family}\"\nl_max = 12\n\
                 normalize = false\n{tables}"
            ))
        });
        assert_eq!(recursion.structure.max_weights(), 1);
        let u = exact(&position(&recursion, Space::Plain));
        let [found, expected] = [&recursion, &geometric]
            .map(|model| Oracle::new(model, Space::Plain).evaluate(&u).remove(0));
        let error = (found.logp - expected.logp).abs() / expected.logp.abs();
        assert!(error < 1e-12, "{tables} {first}: {error:e}");
        let error = relative(&found.gradient, &expected.gradient);
        assert!(error < 1e-12, "{tables} {first}: gradient off by {error:e}");
    }
}

/// What was spent before a window is carried into it, however long ago.
#[test]
fn a_window_remembers_all_that_a_recursion_does() {
    for (first, normalize) in [(true, true), (true, false), (false, true), (false, false)] {
        let model = model(&format!(
            "[model]\nadstock_first = {first}\n[adstock]\nfamily = \"recursion\"\n\
             normalize = {normalize}\n"
        ));
        let parameters = Parameters::<Number>::new(&model, &values(&model));
        let media = simulate::media(&model, &values(&model), 12);
        for begin in [0, 1, 7, 11] {
            let window = Window::<f64>::on(&model, begin..12);
            let mut found = Components::new(&window);
            found.fill(&window, &parameters);
            for (found, expected) in found.channels.iter().zip(&media) {
                for (found, expected) in found.iter().zip(&expected[begin..]) {
                    assert!(
                        (found.get(0) - expected).abs() < 1e-13,
                        "{begin}: {found:?} {expected}"
                    );
                }
            }
        }
    }
}

/// A prior of the return is one of the coefficient: p(R) dR/dbeta in place of p(beta).
#[test]
fn the_prior_of_a_return_is_carried_to_its_coefficient() {
    let tables = "[roas.priors]\ntv = { distribution = \"LogNormal\", mu = 0.2, sigma = 0.9 }\n";
    let (with, without) = (model(tables), model(""));
    let values = values(&with);
    let panel = crate::common::small::panel();
    let spend: f64 = panel.spend.column(0).sum();
    let contribution: f64 = simulate::media(&with, &values, with.series.n_train)[0].iter().sum();
    let ln_return = (contribution * panel.target_scale.factor / spend).ln();
    let tau = std::f64::consts::TAU;
    // ln p(R) + ln R of a log-normal
    let normal = -0.5 * ((ln_return - 0.2) / 0.9).powi(2) - (0.9 * tau.sqrt()).ln();
    let coordinates = with.layout.coordinates(Space::Plain);
    let u: Vec<f64> = coordinates.iter().zip(&values).map(|(c, &x)| c.unmap(x)).collect();
    let [found, plain] =
        [&with, &without].map(|m| Oracle::new(m, Space::Plain).evaluate(&u).remove(0));
    assert!((found.roas.expect("returns") - normal).abs() < 1e-12, "{:?} {normal}", found.roas);
    let beta = with.layout.find("saturation_beta").expect("beta").offset;
    // HalfNormal(2) and the Jacobian of ln beta, which the coefficient has no more
    let own = (2.0 / (2.0 * tau.sqrt())).ln() - values[beta].powi(2) / 8.0 + u[beta];
    let error = (found.logp - (plain.logp - own + normal)).abs();
    assert!(error < 1e-10, "{error:e}");

    // Draws of the prior have that return.
    let mut rng = Key::new(0, "returns").stream(gigamix::math::Purpose::Prior, 0);
    let n = 4000;
    let draw = |_| {
        let values = gigamix::model::draw(&with, &mut rng);
        let total: f64 = simulate::media(&with, &values, with.series.n_train)[0].iter().sum();
        (total * panel.target_scale.factor / spend).ln()
    };
    let draws: Vec<f64> = (0..n).map(draw).collect();
    let mean = draws.iter().sum::<f64>() / f64::from(n);
    let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n - 1);
    let z = (mean - 0.2) / (0.9 / f64::from(n).sqrt());
    assert!(z.abs() < 4.0, "{mean}");
    let z = (variance / 0.81 - 1.0) / (2.0 / f64::from(n)).sqrt();
    assert!(z.abs() < 4.0, "{variance}");
}

#[test]
fn priors_of_returns_that_cannot_be_are_refused() {
    let refused = |tables: &str, message: &str| {
        let error = try_model(tables).expect_err(tables);
        assert!(error.message().contains(message), "{error}");
    };
    let tv = |prior: &str| format!("[roas.priors]\ntv = {{ distribution = {prior} }}\n");
    let fine = tv("\"LogNormal\", mu = 0, sigma = 1");
    refused(&fine.replace("tv", "tvv"), "unknown channel \"tvv\" in [roas.priors]");
    refused(&format!("[saturation]\nfamily = \"tanh\"\n{fine}"), "has no coefficient");
    refused(&tv("\"Normal\", sigma = 1"), "must be above 0, but this Normal prior reaches beyond");
    refused(&tv("\"Uniform\", lower = 1, upper = 2"), "must be of all positive numbers");
    refused(&tv("\"HalfNormal\", sigma = { distribution = \"HalfNormal\" }"), "needs numbers");
    let shared = "[saturation.priors]\nbeta = { distribution = \"HalfNormal\" }\n";
    refused(&format!("{shared}{fine}"), "a beta of its own");
}

#[test]
fn parameters_cover_the_channels_that_have_them() {
    let names = |tables: &str| model(tables).parameter_names();
    let has = |names: &[String], expected: &[&str]| {
        for expected in expected {
            assert!(names.iter().any(|name| name == expected), "{expected}: {names:?}");
        }
    };
    let some = names(PER_CHANNEL[0]);
    has(
        &some,
        &[
            "adstock_alpha[tv]",
            "adstock_lam[radio]",
            "adstock_k[radio]",
            "saturation_lam[radio]",
            "saturation_kappa[tv]",
            "saturation_beta[tv]",
            "saturation_beta[radio]",
        ],
    );
    assert!(!some.contains(&"adstock_alpha[radio]".to_owned()), "{some:?}");
    let shared = model(PER_CHANNEL[1]);
    let alpha = shared.layout.find("adstock_alpha").expect("alpha");
    assert_eq!((alpha.len, alpha.dims.as_slice()), (2, &["channel".to_owned()][..]));
    let priors = shared.layout.elements[alpha.offset..][..2].iter().map(|e| e.distribution);
    let priors: Vec<String> = priors.map(|d| d.family().name.to_owned()).collect();
    assert_eq!(priors, ["Uniform", "Beta"], "tv is binomial, radio delayed");
    let theta = shared.layout.find("adstock_theta").expect("theta");
    assert_eq!(theta.dims, ["adstock_theta_channel"]);
    assert_eq!(shared.coords.of("adstock_theta_channel"), ["radio"]);
}

/// Written out per channel, one family for all is the same model.
#[test]
fn the_same_family_per_channel_changes_nothing() {
    let plain = model("[adstock]\nfamily = \"delayed\"\nl_max = 4\n");
    let own = model(
        "[adstock]\nfamily = \"delayed\"\nl_max = 4\n\
         [[adstock.channel]]\nchannels = [\"radio\"]\n\
         [[saturation.channel]]\nchannels = [\"tv\"]\n",
    );
    assert_eq!((&plain.structure, &plain.layout), (&own.structure, &own.layout));
}

#[test]
fn faults_of_channels_of_their_own() {
    for (tables, message, help) in [
        (
            "[[adstock.channel]]\nchannels = [\"radoi\"]",
            "unknown channel \"radoi\"",
            "did you mean \"radio\"?",
        ),
        (
            "[[adstock.channel]]\nchannels = [\"tv\"]\n[[adstock.channel]]\nchannels = [\"tv\"]",
            "channel \"tv\" stands in two tables",
            "remove one of the two",
        ),
        (
            "[[saturation.channel]]\nchannels = [\"tv\"]\nfamily = \"hil\"",
            "unknown saturation `hil`",
            "did you mean `hill`?",
        ),
        (
            "[[adstock.channel]]\nchannels = [\"tv\"]\nfamily = \"none\"\n\
             priors.alpha = { distribution = \"Beta\", alpha = 1, beta = 3 }",
            "none adstock has no parameter `alpha`",
            "it has no parameters",
        ),
        (
            "[adstock]\nmode = \"before\"\n[[adstock.channel]]\nchannels = [\"tv\"]\n\
             family = \"recursion\"",
            "recursion adstock has its effects after the spend alone",
            "use mode = \"after\"",
        ),
        (
            "[likelihood]\ndistribution = \"LogNormal\"\nlower = 0",
            "`lower` has no meaning for a LogNormal likelihood",
            "TruncatedNormal",
        ),
        (
            "[saturation]\nfamily = \"tanh_baselined\"\n[saturation.priors]\n\
             r = { distribution = \"HalfNormal\" }",
            "saturation_r must be between 0 and 1, but this HalfNormal prior reaches beyond",
            "",
        ),
    ] {
        let error = try_model(tables).expect_err(tables);
        assert_eq!(error.message(), message);
        let found = error.help_text().unwrap_or_default();
        assert!(found.contains(help), "{message}: {found}");
    }
}
