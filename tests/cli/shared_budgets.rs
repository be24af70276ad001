//! Budgets that several models, or several series of one model, share: pooled models, and fleets of
//! which not all models can take part.

use super::optimize::number;
use crate::common::command::Project;
use gigamix::analysis::{Estimate, Fitted};
use gigamix::fleet::Run;
use gigamix::optimizer::{Answer, Plan, Scenario, optimise};
use serde_json::{Value, json};
use std::path::Path;

const PERIODS: usize = 5;

/// Two brands pooled in one model.
fn pooled() -> Project {
    let project = Project::of_brands(&["a", "b"]).edit("panel =", "dims =");
    let ran = project.run("fit model.toml --out run --quiet");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    project
}

fn scenario(more: &str) -> String {
    format!("[budget]\ntotal = 150\nperiods = {PERIODS}\n{more}")
}

fn ask(project: &Project, scenario: &str) -> Value {
    std::fs::write(project.path("s.toml"), scenario).unwrap();
    let ran = project.run("optimize run s.toml --json --quiet");
    assert_eq!(ran.code, Some(0), "{scenario}: {ran:?}");
    ran.json()
}

fn rows(json: &Value) -> &Vec<Value> {
    json["rows"].as_array().unwrap()
}

fn series(project: &Project) -> Vec<Fitted> {
    let run = Run::open(&project.path("run")).unwrap();
    run.series(&run.model_file().unwrap(), "model").unwrap()
}

/// What a steady spend on a channel brings over the horizon and after it, draw by draw: geometric
/// adstock, then logistic saturation, date by date.
fn by_hand(fitted: &Fitted, c: usize, spend: f64) -> Vec<f64> {
    let structure = &fitted.model.structure;
    let (adstock, saturation) = (&structure.channels[c].adstock, &structure.channels[c].saturation);
    let scaled = fitted.panel.channel_scale[c].scale(spend);
    let one = |draw: &[f64]| {
        let (alpha, lam, beta) =
            (draw[adstock.slots[0]], draw[saturation.slots[0]], draw[saturation.slots[1]]);
        let sum: f64 = (0..4).map(|lag| alpha.powi(lag)).sum();
        let response = |date: i32| {
            let spent = |lag: &i32| (0..PERIODS as i32).contains(&(date - lag));
            let x: f64 = (0..4).filter(spent).map(|lag| alpha.powi(lag) / sum * scaled).sum();
            beta * (lam * x / 2.0).tanh()
        };
        let total: f64 = (0..PERIODS as i32 + 3).map(response).sum();
        total * fitted.panel.target_scale.factor
    };
    fitted.draws.chunks(structure.n_values).map(one).collect()
}

#[test]
fn every_series_of_a_pooled_model_has_its_spend() {
    let project = pooled();
    let limits = "[bounds]\ndefault = { lower = 0, upper = 90 }\n\"b:radio\" = { fixed = 7 }\n\
                  [[group]]\nchannels = [\"a:*\"]\nmin = 80\n[[group]]\nchannels = [\"tv\"]\nmax = 100\n";
    let json = ask(&project, &scenario(limits));
    let names: Vec<[&str; 3]> = rows(&json)
        .iter()
        .map(|row| ["model", "brand", "channel"].map(|name| row[name].as_str().unwrap()))
        .collect();
    let expected = [["a", "tv"], ["a", "radio"], ["b", "tv"], ["b", "radio"]];
    assert_eq!(names, expected.map(|[brand, channel]| ["model", brand, channel]));
    let after: Vec<f64> = rows(&json).iter().map(|row| number(&row["after"])).collect();
    assert!((after.iter().sum::<f64>() - 150.0).abs() < 1e-9 && after[3] == 7.0, "{after:?}");
    assert!(after[0] + after[1] >= 80.0 * (1.0 - 1e-9), "{after:?}");
    assert!(after[0] + after[2] <= 100.0 * (1.0 + 1e-9), "{after:?}");
    assert_eq!(json["status"], "optimal");

    // Expected responses, and the interval of the sum over draws that the series share.
    let mut sums = vec![0.0; series(&project)[0].n_draws()];
    for (k, (row, spend)) in rows(&json).iter().zip(&after).enumerate() {
        let fitted = &series(&project)[k / 2];
        let draws = by_hand(fitted, k % 2, *spend);
        let expected = Estimate::of(&draws);
        assert!((number(&row["response_after_mean"]) / expected.mean - 1.0).abs() < 1e-6, "{row}");
        let before = fitted.spend(k % 2) / fitted.panel.n_train as f64;
        assert!((number(&row["before"]) / before - 1.0).abs() < 1e-12, "{row}");
        sums.iter_mut().zip(draws).for_each(|(sum, x)| *sum += x);
    }
    let (objective, joint) = (&json["objective"], Estimate::of(&sums));
    for (got, expected) in [("after", joint.mean), ("hdi_3", joint.hdi_3), ("hdi_97", joint.hdi_97)]
    {
        assert!((number(&objective[got]) / expected - 1.0).abs() < 1e-6, "{got}: {objective}");
    }

    // The table for people, the page, and names that are not there.
    let ran = project.run("optimize run s.toml");
    for says in ["brand  channel", "a      tv", "b      radio", "the spend on tv"] {
        assert!(ran.stdout.contains(says), "{says:?} is not shown: {}", ran.stdout);
    }
    project.run("report run --series b --scenario s.toml").fails(0, &[]);
    let page = std::fs::read_to_string(project.path("run/report-b.html")).unwrap();
    assert!(page.contains("a:tv") && page.contains("b:radio"), "the page names the series");
    std::fs::write(project.path("s.toml"), scenario("[bounds]\n\"c:tv\" = { fixed = 0 }\n"))
        .unwrap();
    project.run("optimize run s.toml").fails(2, &["no channel \"c:tv\"", "there are: a, b"]);
}

/// Every allocation of a grid, by dynamic programming over the responses by hand.
#[test]
fn no_allocation_to_series_is_better() {
    const STEPS: usize = 60;
    let project = pooled();
    let json = ask(&project, &scenario("[bounds]\ndefault = { lower = 0, upper = 150 }\n"));
    let mut best = vec![0.0; STEPS + 1];
    for fitted in series(&project) {
        for c in 0..2 {
            let step = 150.0 / STEPS as f64;
            let mean = |k: usize| Estimate::of(&by_hand(&fitted, c, step * k as f64)).mean;
            let values: Vec<f64> = (0..=STEPS).map(mean).collect();
            let with = |k: usize| {
                (0..=k).map(|j| best[k - j] + values[j]).fold(f64::NEG_INFINITY, f64::max)
            };
            best = (0..=STEPS).map(with).collect();
        }
    }
    let (value, bound) = (number(&json["objective"]["after"]), number(&json["bound"]));
    assert!(best[STEPS] <= bound * (1.0 + 1e-6), "{} {bound}", best[STEPS]);
    assert!(best[STEPS] <= value * (1.0 + 1e-6), "{} {value}", best[STEPS]);
    assert!(best[STEPS] >= 0.98 * value, "the grid says nothing: {} {value}", best[STEPS]);
}

/// Series whose parameters are their own are the models of a portfolio.
#[test]
fn series_are_as_good_as_models() {
    let project = pooled();
    let limits = "[bounds]\ndefault = { change = 0.5 }\n\"a:tv\" = { change = 0.2 }\n\
                  [[group]]\nchannels = [\"b:*\"]\nmax_share = 0.5\n";
    let scenario = Scenario::parse(Path::new("s.toml"), &scenario(limits)).unwrap();
    let solve = |models: &[Fitted]| -> Answer {
        let plan = Plan::new(&scenario).unwrap();
        let shares = models.iter().map(|fitted| plan.share(fitted).unwrap()).collect();
        let budget = plan.budget(shares, PERIODS).unwrap();
        optimise(&budget).unwrap().unwrap_or_else(|why| panic!("{}", why.message))
    };
    let pooled = series(&project);
    let alone: Vec<Fitted> = pooled
        .iter()
        .cloned()
        .map(|mut fitted| {
            fitted.panel.key = fitted.panel.labels.remove(0);
            fitted.model.coords.dims.clear();
            fitted
        })
        .collect();
    let (series, models) = (solve(&pooled), solve(&alone));
    assert_eq!(series.effect.measure, models.effect.measure);
    assert_eq!(series.bound, models.bound);
    for (a, b) in series.rows.iter().zip(&models.rows) {
        assert_eq!((series.name(a), a.after), (models.name(b), b.after));
        assert_eq!((a.response, a.gain), (b.response, b.gain));
        assert_eq!((a.place.model.as_str(), b.place.labels.len()), ("model", 0));
    }
    assert_eq!(series.name(&series.rows[0]), "a:tv");
}

/// A fleet of which one model is damaged: it is named, with how to leave it out; the others have their
/// budget then, and what is missing is said.
#[test]
fn a_damaged_model_can_be_left_out() {
    let project = Project::of_brands(&["a", "b", "c"]);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    let store = |key: &str| project.path(&format!("run/posterior/{key}.zarr.zip"));
    std::fs::write(store("b"), "spoiled").unwrap();
    std::fs::write(project.path("s.toml"), scenario("")).unwrap();
    let says = ["1 of 3 cannot share the budget (b)", "is damaged", "`exclude = [\"b\"]`"];
    project.run("optimize run s.toml").fails(2, &says);
    std::fs::write(project.path("s.toml"), format!("exclude = [\"b\"]\n{}", scenario(""))).unwrap();
    let ran = project.run("optimize run s.toml --json");
    ran.fails(0, &["warning: 1 model of the run get", "add nothing to what it brings: b"]);
    assert_eq!(ran.json()["excluded_models"], json!(["b"]));
    let models: Vec<Value> = ran.rows().iter().map(|row| row["model"].clone()).collect();
    assert_eq!(models, ["a", "a", "c", "c"]);

    std::fs::remove_file(store("c")).unwrap();
    std::fs::write(project.path("s.toml"), scenario("")).unwrap();
    project.run("optimize run s.toml").fails(2, &["2 of 3 cannot share the budget (b, c)"]);
    for (text, says) in [
        ("exclude = [\"*\"]\n", "leaves no model"),
        ("exclude = [\"d\"]\n", "no model \"d\""),
        ("exclude = [\"[\"]\n", "no valid glob"),
    ] {
        std::fs::write(project.path("s.toml"), format!("{text}{}", scenario(""))).unwrap();
        project.run("optimize run s.toml").fails(2, &[says]);
    }
}

/// A panel that could not be fitted is refused with the same way out.
#[test]
fn a_failed_model_can_be_left_out() {
    let project = Project::of_brands(&["a", "b"]).fill_where("sales", "b", |_, _| 0.0);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(1));
    std::fs::write(project.path("s.toml"), scenario("")).unwrap();
    project.run("optimize run s.toml").fails(2, &["failed its gates", "`exclude = [\"b\"]`"]);
    project.run("optimize run s.toml --force").fails(2, &["cannot share the budget (b)"]);
    let json = ask(&project, &format!("exclude = [\"b\"]\n{}", scenario("")));
    assert_eq!((rows(&json).len(), &json["excluded_models"]), (2, &json!(["b"])));
}

/// Limits of three brands of which two contradict their bounds: both are named, with what would fit, and
/// what fits does.
#[test]
fn contradictions_of_brands_are_all_named() {
    let project = Project::of_brands(&["a", "b", "c"]);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    let caps = |[a, b, c]: [f64; 3]| {
        let cap = |(brand, cap)| format!("[[group]]\nchannels = [\"{brand}:*\"]\nmax = {cap:?}\n");
        let caps: String = [("a", a), ("b", b), ("c", c)].map(cap).concat();
        scenario(&format!("at_most = true\n[bounds]\ndefault = {{ change = 0.5 }}\n{caps}"))
    };
    std::fs::write(project.path("s.toml"), caps([1.0, 500.0, 2.0])).unwrap();
    let ran = project.run("optimize run s.toml --json");
    ran.fails(
        2,
        &[
            "the spend on a:* is to be at most 1; the lower bounds of a:tv, a:radio sum to",
            "There is one more contradiction: the spend on c:* is to be at most 2",
            "it would fit with the spend on a:* at most",
            "the other with the spend on c:* at most",
        ],
    );
    let json = ran.json();
    let further = json["further_conflicts"].as_array().unwrap();
    assert_eq!((json["status"].as_str(), further.len()), (Some("infeasible"), 1));
    let fits = |of: &Value| number(&of[0]["would_fit"]);
    let [a, c] = [fits(&json["conflict"]), fits(&further[0])];
    ask(&project, &caps([a, 500.0, c]));
    std::fs::write(project.path("s.toml"), caps([a, 500.0, 0.999 * c])).unwrap();
    project.run("optimize run s.toml").fails(2, &["the spend on c:* is to be at most"]);

    // A share is named as it was written.
    let share =
        "[bounds]\ndefault = { change = 0.1 }\n[[group]]\nchannels = [\"tv\"]\nmax_share = 0.01\n";
    for (most, says) in [
        ("", "the spend on tv (max_share = 0.01) is to be at most"),
        (
            "at_most = true\n",
            "the spend on tv less 0.01 of all spend (max_share) is to be at most 0",
        ),
    ] {
        std::fs::write(
            project.path("s.toml"),
            scenario(&format!("{most}{share}")).replace("150", "200"),
        )
        .unwrap();
        project.run("optimize run s.toml").fails(2, &[says, "share"]);
    }
}
