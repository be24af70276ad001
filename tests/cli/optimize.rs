//! `gigamix optimize` as a user meets it, and the case study's numbers.

use crate::common::command::{Project, run};
use crate::common::{case_study, repository};
use gigamix::posterior::table::Table;
use serde_json::Value;
use std::fmt::Write as _;

/// A fitted project of two brands with a scenario.
pub fn fitted(scenario: &str) -> Project {
    let project = Project::of_brands(&["a", "b"]);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    std::fs::write(project.path("s.toml"), scenario).unwrap();
    project
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub const SCENARIO: &str =
    "[budget]\ntotal = 150\nperiods = 13\n[bounds]\ndefault = { change = 0.5 }\n";

#[test]
fn a_portfolio_shares_a_budget() {
    let project = fitted(SCENARIO);
    let text = project.run("optimize run s.toml --parquet answer.parquet");
    assert_eq!(text.code, Some(0), "{text:?}");
    for says in
        ["a      tv", "b      radio", "over 13 periods", "status optimal", "the total budget"]
    {
        assert!(text.stdout.contains(says), "{says:?} is not shown: {}", text.stdout);
    }
    let json = project.run("optimize run s.toml --json --quiet").json();
    let rows = json["rows"].as_array().unwrap();
    let written = Table::read_parquet(&project.path("answer.parquet")).unwrap().to_json_rows();
    for (row, written) in rows.iter().zip(written["rows"].as_array().unwrap()) {
        assert_eq!(row["channel"], written["channel"]);
        assert_eq!(row["after"], written["after"]);
        assert_eq!(row["gain_hdi_3"], written["gain_hdi_3"]);
    }
    let columns = ["model", "channel", "before", "after", "multiplier", "marginal_roas", "binding"];
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().take(7).collect();
    assert_eq!(keys, columns);
    assert_eq!(rows.len(), 4);
    let after: f64 = rows.iter().map(|row| number(&row["after"])).sum();
    assert!((after - 150.0).abs() < 1e-9, "{after}");
    assert_eq!(json["status"], "optimal");
    assert!(number(&json["gap"]) <= 1e-6);
    let objective = &json["objective"];
    assert!(number(&json["bound"]) >= number(&objective["after"]));
    assert!(number(&objective["hdi_3"]) < number(&objective["after"]));
    assert!((0.0..=1.0).contains(&number(&objective["p_better"])));
    for row in rows {
        let multiplier = number(&row["multiplier"]);
        assert!((0.5 - 1e-9..=1.5 + 1e-9).contains(&multiplier), "{row}");
        let at = if multiplier < 0.5 + 1e-6 { "lower" } else { "upper" };
        let inside = (0.5 + 1e-6..1.5 - 1e-6).contains(&multiplier);
        assert_eq!(row["binding"], if inside { Value::Null } else { at.into() }, "{row}");
    }
    // One model of the run, with a frontier; the same numbers whatever is asked beside.
    let one =
        format!("models = [\"a\"]\n{}", SCENARIO.replace("150", "70\nfrontier = [80, 60, 70]"));
    std::fs::write(project.path("s.toml"), one).unwrap();
    let json = project.run("optimize run s.toml --json --quiet").json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    let frontier = json["frontier"].as_array().unwrap();
    let totals: Vec<f64> = frontier.iter().map(|step| number(&step["total"])).collect();
    assert_eq!(totals, [60.0, 70.0, 80.0]);
    let at_70 = number(&frontier[1]["objective"]);
    assert!((at_70 / number(&json["objective"]["after"]) - 1.0).abs() < 1e-7);
}

#[test]
fn questions_and_risks() {
    let project = fitted("");
    let ask = |scenario: &str| {
        std::fs::write(project.path("s.toml"), scenario).unwrap();
        let ran = project.run("optimize run s.toml --json --quiet");
        assert_eq!(ran.code, Some(0), "{scenario}: {ran:?}");
        ran.json()
    };
    let spent = |json: &Value| -> f64 {
        json["rows"].as_array().unwrap().iter().map(|row| number(&row["after"])).sum()
    };
    let best = ask(&SCENARIO.replace("total = 150", "total = 150\nat_most = true"));
    let reached = number(&best["objective"]["after"]);
    let free = SCENARIO.replace("total = 150\n", "");
    // The smallest budget for what 150 bring is 150.
    let asked = ask(&format!("{free}[target]\nobjective = {reached}\n"));
    assert!((spent(&asked) / spent(&best) - 1.0).abs() < 1e-6, "{}", spent(&asked));
    // Where the last unit is to bring as much as at 150, 150 are spent.
    let price = number(&best["limits"][0]["shadow_price"]);
    let asked = ask(&format!("{free}[target]\nmroas = {price}\n"));
    assert!((spent(&asked) / 150.0 - 1.0).abs() < 1e-3, "{}", spent(&asked));
    // The largest budget that keeps the return of 150.
    let roas = reached / (150.0 * 13.0);
    for target in [format!("roas = {roas}"), format!("cpa = {}", 1.0 / roas)] {
        let asked = ask(&format!("{free}[target]\n{target}\n"));
        assert!((spent(&asked) / 150.0 - 1.0).abs() < 1e-6, "{}", spent(&asked));
    }
    // A floor of a group is no reason to find the question infeasible.
    let floor = "[[group]]\nchannels = [\"*\"]\nmin = 120\n";
    let asked = ask(&format!("{free}{floor}[target]\nobjective = {reached}\n"));
    assert!((spent(&asked) / spent(&best) - 1.0).abs() < 1e-6, "{}", spent(&asked));

    let mean = ask(SCENARIO);
    for risk in ["{ mean_minus_sd = 2.0 }", "{ cvar = 0.1 }", "{ quantile = 0.1 }", "\"sharpe\""] {
        let json = ask(&format!("{SCENARIO}[objective]\nrisk = {risk}\n"));
        let value = number(&json["objective"]["after"]);
        assert!(value < number(&mean["objective"]["after"]), "{risk}");
        assert!((spent(&json) - 150.0).abs() < 1e-9, "{risk}");
        match risk.contains("quantile") || risk.contains("sharpe") {
            true => assert_eq!((&json["bound"], &json["status"]), (&Value::Null, &"local".into())),
            false => {
                assert!(value <= number(&json["bound"]), "{risk}");
                assert!(number(&json["gap"]) < 1e-3, "{risk}: {}", json["gap"]);
            }
        }
    }
    // Profit leaves unspent what does not pay.
    let profit = "[budget]\ntotal = 150\nat_most = true\nperiods = 13\n[bounds]\n\
                  default = { change = [-1.0, 0.5] }\n[objective]\nmaximize = \"profit\"\nmargin = 1e-6\n";
    assert_eq!(spent(&ask(profit)), 0.0);
}

#[test]
fn a_model_that_failed_its_gate_is_refused() {
    let project = Project::new().edit("ess = 400", "ess = 400\nmax_gradients = 300");
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(1));
    std::fs::write(project.path("s.toml"), SCENARIO.replace("150", "75")).unwrap();
    project.run("optimize run s.toml").fails(2, &["failed its gates", "--force"]);
    let ran = project.run("optimize run s.toml --force --json");
    ran.fails(0, &["rests on models that failed their gates: model"]);
    assert_eq!(ran.json()["failed_models"][0], "model");
}

/// The case study's budgets against PyMC-Marketing's optimiser on a long run of its own
/// (`data/reference/case_study_derived.json`).
#[test]
fn the_case_study() {
    let Some(data) = case_study() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (model, data) = (repository("data/case_study.toml"), data.canonicalize().unwrap());
    let fit = format!("fit {} --data {} --out run --quiet", model.display(), data.display());
    assert_eq!(run(folder.path(), &fit).code, Some(0));
    let derived = repository("data/reference/case_study_derived.json");
    let derived: Value = serde_json::from_str(&std::fs::read_to_string(derived).unwrap()).unwrap();
    let notebook = &derived["optimizer"];
    let solve = |reference: &str, total: f64, more: &str| {
        let scenario = format!(
            "[budget]\ntotal = {total:?}\nperiods = 26\n[reference]\nspend = {reference}\n\
             [bounds]\ndefault = {{ change = 0.5 }}\n{more}"
        );
        std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
        let ran = run(folder.path(), "optimize run s.toml --json --quiet");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.json()
    };
    let check = |json: &Value, expected: &Value, tolerance: &dyn Fn(&str) -> f64| {
        for row in json["rows"].as_array().unwrap() {
            let channel = row["channel"].as_str().unwrap();
            let (got, wanted) = (number(&row["multiplier"]), number(&expected[channel]));
            assert!((got - wanted).abs() < tolerance(channel), "{channel}: {got} {wanted}");
        }
        assert_eq!(json["status"], "optimal");
        assert!(number(&json["gap"]) < 1e-7, "{}", json["gap"]);
    };
    // The notebook divides spend by the number of channels as well as by the weeks.
    let mut initial = "{ ".to_owned();
    for (channel, spend) in notebook["initial"].as_object().unwrap() {
        write!(initial, "\"{channel}\" = {:?}, ", number(spend)).unwrap();
    }
    let initial = initial.trim_end_matches(", ").to_owned() + " }";
    let total = number(&notebook["total_budget_passed"]);
    let json = solve(&initial, total, "");
    check(&json, &notebook["multiplier"], &|_| 1e-4);
    // Monte-Carlo error of two posterior means.
    let near = |got: &Value, wanted: f64| {
        assert!((number(got) / wanted - 1.0).abs() < 0.02, "{got} {wanted}");
    };
    near(&json["objective"]["after"], -number(&notebook["objective_value"]));
    near(&json["objective"]["before"], number(&notebook["numpy_objective_at_initial"]));

    let masked = &derived["optimizer_TV_masked"];
    let json = solve(&initial, total, "TV = { fixed = 0 }\n");
    check(&json, &masked["multiplier"], &|_| 1e-4);
    near(&json["objective"]["after"], number(&masked["numpy_objective"]));

    // The true weekly budget: two channels inside, at the same marginal return.
    let real = &derived["optimizer_full_weekly_budget(not divided by 7)"];
    let json = solve("\"test\"", 7.0 * total, "");
    let inside = ["Radio", "Social Media"];
    check(&json, &real["multiplier"], &|c| if inside.contains(&c) { 0.1 } else { 1e-4 });
    near(&json["objective"]["after"], -number(&real["objective_value"]));
    let rows = json["rows"].as_array().unwrap();
    let marginal = |channel: &str| {
        let row = rows.iter().find(|row| row["channel"] == channel).unwrap();
        assert_eq!(row["binding"], Value::Null, "{row}");
        number(&row["marginal_roas"])
    };
    let [a, b] = inside.map(marginal);
    assert!((a / b - 1.0).abs() < 1e-6, "{a} {b}");
    assert!((number(&json["limits"][0]["shadow_price"]) / a - 1.0).abs() < 1e-6);
    // On our own draws the peer's allocation is never better.
    let peers = real["allocation"].as_object().unwrap();
    let mut reference = "{ ".to_owned();
    let mut bounds = String::new();
    for (channel, spend) in peers {
        write!(reference, "\"{channel}\" = {:?}, ", number(spend)).unwrap();
        let weekly = 7.0 * number(&notebook["initial"][channel]);
        let ends = format!("{{ lower = {:?}, upper = {:?} }}", 0.5 * weekly, 1.5 * weekly);
        writeln!(bounds, "\"{channel}\" = {ends}").unwrap();
    }
    let reference = reference.trim_end_matches(", ").to_owned() + " }";
    let held = solve(&reference, 7.0 * total, &bounds);
    let [theirs, ours] = ["before", "after"].map(|which| number(&held["objective"][which]));
    assert!(ours >= theirs * (1.0 - 1e-9), "{ours} {theirs}");
    assert!((ours / number(&json["objective"]["after"]) - 1.0).abs() < 1e-9);
}
