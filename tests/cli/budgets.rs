//! Scenarios of `gigamix optimize` in detail: schedules, ramps, limits across models, execution noise, the
//! report; and what is refused, with what words.

use super::optimize::{SCENARIO, fitted, number};
use crate::common::command::{Project, Ran};
use serde_json::Value;

fn ask(project: &Project, scenario: &str) -> Value {
    std::fs::write(project.path("s.toml"), scenario).unwrap();
    let ran = project.run("optimize run s.toml --json --quiet");
    assert_eq!(ran.code, Some(0), "{scenario}: {ran:?}");
    ran.json()
}

fn rows(json: &Value) -> &Vec<Value> {
    json["rows"].as_array().unwrap()
}

fn with(from: &str, to: &str) -> String {
    assert!(SCENARIO.contains(from));
    SCENARIO.replace(from, to)
}

#[test]
fn schedules_and_ramps() {
    let project = fitted("");
    let given = ask(&project, SCENARIO);
    let free = with("periods = 13", "periods = 13\nflighting = \"optimize\"");
    let json = ask(&project, &free);
    assert_eq!(json["status"], "optimal");
    assert!(number(&json["gap"]) < 1e-6);
    let objective = |json: &Value| number(&json["objective"]["after"]);
    assert!(objective(&json) >= objective(&given) * (1.0 - 1e-8), "{json} {given}");
    for row in rows(&json) {
        let path: Vec<f64> = row["path"].as_array().unwrap().iter().map(number).collect();
        let mean = path.iter().sum::<f64>() / 13.0;
        assert_eq!(path.len(), 13);
        assert!((mean / number(&row["after"]) - 1.0).abs() < 1e-12);
        // Bounds hold in every period.
        let before = number(&row["before"]);
        assert!(path.iter().all(|x| (0.5 * before..=1.5 * before).contains(x)), "{row}");
    }
    let text = project.run("optimize run s.toml");
    assert!(text.stdout.contains("period") && text.code == Some(0), "{text:?}");
    // From the last week on, by a tenth of the reference a week.
    let ramp = format!("{free}[ramp]\ndefault = {{ change = 0.1 }}\n")
        .replace("13\nfl", "13\ncarry_in = true\nfl")
        .replace("total = 150", "total = 160\nat_most = true");
    let json = ask(&project, &ramp.replace("change = 0.5", "change = [-1.0, 2.0]"));
    let last = |model: &str, channel: &str| -> f64 {
        let column = project.table[0].iter().position(|name| name == channel).unwrap();
        let row = project.table.iter().rev().find(|row| row[1] == model).unwrap();
        row[column].parse().unwrap()
    };
    for row in rows(&json) {
        let mut spend = last(row["model"].as_str().unwrap(), row["channel"].as_str().unwrap());
        for next in row["path"].as_array().unwrap() {
            let change = (number(next) - spend).abs() / number(&row["before"]);
            assert!(change <= 0.1 + 1e-9, "{row}: {change}");
            spend = number(next);
        }
    }
    // With a given flighting a ramp is a bound of the mean.
    let shape: String = (0..13).map(|t| format!("{},1\n", 1 + t % 2)).collect();
    std::fs::write(project.path("flighting.csv"), format!("tv,radio\n{shape}")).unwrap();
    let table = with("periods = 13", "periods = 13\nflighting = { path = \"flighting.csv\" }");
    let json = ask(&project, &format!("{table}[ramp]\ntv = {{ spend = 40 }}\n"));
    let share = 1.0 / (19.0 / 13.0);
    for row in rows(&json).iter().filter(|row| row["channel"] == "tv") {
        assert!(number(&row["after"]) * share <= 40.0 * (1.0 + 1e-9), "{row}");
    }
}

#[test]
fn limits_across_models_dates_and_execution() {
    let project = fitted("");
    let spent = |json: &Value, model: &str| -> f64 {
        rows(json).iter().filter(|row| row["model"] == model).map(|row| number(&row["after"])).sum()
    };
    // A cap of a brand and a floor of a channel of all brands.
    let groups = "[[group]]\nchannels = [\"a:*\"]\nmax = 70\n[[group]]\nchannels = [\"radio\"]\n\
                  min_share = 0.35\n";
    let json = ask(&project, &format!("{SCENARIO}{groups}"));
    assert!(spent(&json, "a") <= 70.0 * (1.0 + 1e-9) && spent(&json, "b") >= 80.0 * (1.0 - 1e-9));
    let radio = rows(&json).iter().filter(|row| row["channel"] == "radio");
    let radio: f64 = radio.map(|row| number(&row["after"])).sum();
    assert!(radio >= 0.35 * 150.0 * (1.0 - 1e-9), "{radio}");
    assert_eq!(json["status"], "optimal");
    // Dates as TOML has them, and as texts.
    let dated =
        |start: &str, end: &str| with("periods = 13", &format!("start = {start}\nend = {end}"));
    let [plain, quoted] = [
        ask(&project, &dated("2025-03-03", "2025-05-26")),
        ask(&project, &dated("\"2025-03-03\"", "\"2025-05-26\"")),
    ];
    assert_eq!(plain, quoted);
    assert_eq!(plain["periods"], 13);
    // What is not executed as planned is less sure, and moves no spend.
    let exact = ask(&project, SCENARIO);
    let noisy = ask(&project, &with("periods = 13", "periods = 13\nnoise_level = 0.3"));
    let width = |json: &Value, of: &str| {
        let gain = &json["objective"][of];
        number(&gain["hdi_97"]) - number(&gain["hdi_3"])
    };
    assert!(width(&noisy, "draws_after") > width(&exact, "draws_after"));
    assert_eq!(noisy["objective"]["after"], exact["objective"]["after"]);
    let before = |json: &Value| number(&json["objective"]["before"]);
    assert!((before(&noisy) / before(&exact) - 1.0).abs() < 1e-12);
    for (a, b) in rows(&exact).iter().zip(rows(&noisy)) {
        assert_eq!(a["after"], b["after"]);
    }
}

#[test]
fn the_report_shows_the_budget() {
    let project = fitted("");
    let scenario =
        with("periods = 13", "periods = 13\nflighting = \"optimize\"\nnoise_level = 0.05");
    std::fs::write(project.path("s.toml"), scenario).unwrap();
    project.run("report run --scenario s.toml --out fleet.html").fails(0, &[]);
    std::fs::write(project.path("s.toml"), format!("models = [\"a\"]\n{}", with("150", "75")))
        .unwrap();
    project
        .run("report run --model a --scenario s.toml --out one.html --charts charts")
        .fails(0, &[]);
    // Both pictures that show before and now say which is which, each in its own file.
    let charts: Vec<_> = std::fs::read_dir(project.path("charts")).unwrap().collect();
    for name in ["-spend-per-period.", "-what-the-channels-bring"] {
        let file = charts.iter().map(|file| file.as_ref().unwrap().path()).find(|path| {
            path.extension().is_some_and(|e| e == "svg")
                && path.display().to_string().contains(name)
        });
        let svg = std::fs::read_to_string(file.expect(name)).unwrap();
        assert!(svg.contains(">before</text>") && svg.contains(">now</text>"), "{name}: {svg}");
    }
    for (file, says) in [
        (
            "fleet.html",
            ["Budget", "a:tv", "Flighting", "No allocation within the limits", "off by 5"],
        ),
        (
            "one.html",
            ["Budget", "Responses", "More or less money", "marginal ROAS", "the total budget"],
        ),
    ] {
        let html = std::fs::read_to_string(project.path(file)).unwrap();
        for text in says {
            assert!(html.contains(text), "{text:?} is not in {file}");
        }
        assert!(!html.contains("http://") && !html.contains("https://"), "{file} wants a network");
        assert!(
            !html.contains("\"NaN") && !html.contains(">NaN"),
            "{file} has numbers that are none"
        );
    }
    std::fs::write(project.path("s.toml"), with("150", "1")).unwrap();
    project.run("report run --scenario s.toml").fails(2, &["nothing satisfies all limits"]);
}

/// Everything that may be wrong in a scenario: one message each, with what is allowed.
#[test]
fn what_cannot_be_is_explained() {
    let project = fitted("");
    let run = |scenario: &str| -> Ran {
        std::fs::write(project.path("s.toml"), scenario).unwrap();
        project.run("optimize run s.toml")
    };
    let group = |text: &str| format!("{SCENARIO}[[group]]\nchannels = [\"tv\"]\n{text}\n");
    let bound = |text: &str| with("{ change = 0.5 }", text);
    let budget = |text: &str| with("periods = 13", text);
    let objective = |text: &str| format!("{SCENARIO}[objective]\n{text}\n");
    let target = |text: &str| format!("{}[target]\n{text}\n", with("total = 150\n", ""));
    let free = budget("periods = 13\nflighting = \"optimize\"");
    let table: Vec<(String, &[&str])> = vec![
        // limits that contradict each other
        (
            with("150", "1"),
            &["the total budget is to be at most 1", "lower bounds of a:tv, a:radio", "fit with"],
        ),
        (with("150", "9999"), &["the total budget is to be at least 9999", "upper bounds"]),
        (group("max = 10"), &["the spend on tv is to be at most 10", "lower bounds of a:tv, b:tv"]),
        (
            format!("{}[[group]]\nchannels = [\"*\"]\nmax = 100\n", group("min = 101")),
            &["the spend on tv is to be at least 101", "the spend on * is to be at most 100"],
        ),
        // names
        (
            format!("{SCENARIO}\"tvv\" = {{ fixed = 0 }}\n"),
            &["no channel \"tvv\"", "did you mean \"tv\"?"],
        ),
        (format!("{SCENARIO}[ramp]\ntvv = {{ spend = 1 }}\n"), &["no channel \"tvv\""]),
        (format!("models = [\"c\"]\n{SCENARIO}"), &["no model \"c\" in run", "a, b"]),
        (budget("perids = 13"), &["unknown field `perids`", "did you mean `periods`?", "s.toml:3"]),
        // numbers
        (with("150", "-1"), &["total must be a number, at least 0, not -1"]),
        (with("150", "nan"), &["total must be a number", "not NaN"]),
        (with("150", "inf"), &["total must be a number", "not inf"]),
        (with("150", "\"much\""), &["expected a number"]),
        (budget("periods = 1.5"), &["expected a whole number", "s.toml:3"]),
        (bound("{ lower = 9, upper = 3 }"), &["lower = 9 is above upper = 3"]),
        (bound("{ lower = -9, upper = 3 }"), &["lower must be a number, at least 0, not -9"]),
        (bound("{ fixed = nan }"), &["fixed must be a number, at least 0, not NaN"]),
        (bound("{ change = -0.5 }"), &["change must be at least 0"]),
        (bound("{ change = [0.5, -0.5] }"), &["allows nothing"]),
        (bound("{ change = \"half\" }"), &["`change` must be a number such as 0.5"]),
        (bound("{ change = 0.5, fixed = 3 }"), &["not one kind of limit", "give `change`"]),
        (bound("{}"), &["not one kind of limit"]),
        (group("min = 9\nmax = 3"), &["min = 9 is above its maximum of 3"]),
        (group("max_share = 1.5"), &["max_share must be between 0 and 1"]),
        (group(""), &["limits nothing", "give min, max"]),
        (format!("{SCENARIO}[[group]]\nchannels = []\nmax = 3\n"), &["names no channels"]),
        (budget("periods = 13\nnoise_level = 5"), &["noise_level must be between 0 and 1, not 5"]),
        (
            format!("{SCENARIO}[ramp]\ndefault = {{ change = 0 }}\n"),
            &["must be above 0", "uniform"],
        ),
        (
            format!("{SCENARIO}[reference]\nspend = {{ tv = -3 }}\n"),
            &["tv must be a number, at least 0, not -3"],
        ),
        (
            format!("{SCENARIO}[reference]\nspend = {{ tv = 3 }}\n"),
            &["\"radio\"", "no spend in the table", "\"*\" = 0"],
        ),
        // the horizon
        (budget("periods = 0"), &["an empty horizon"]),
        (budget("periods = 1000000"), &["more than 10000"]),
        (with("periods = 13\n", ""), &["the horizon is not known"]),
        (budget("start = 2025-02-01\nend = 2025-01-01"), &["the horizon is empty", "2025-02-01"]),
        (
            budget("start = \"soon\"\nperiods = 13"),
            &["\"soon\" is no date", "2024-01-31", "s.toml:3"],
        ),
        (
            budget("start = 2025-02-01\nend = 9999-12-31"),
            &["periods", "are the dates those that were meant?"],
        ),
        // questions
        (with("total = 150\n", ""), &["how much may be spent is not said", "give `total`"]),
        (format!("{SCENARIO}[target]\nroas = 3\n"), &["both a total budget and a target"]),
        (target("objective = 1e12"), &["at most, not 1"]),
        (target("roas = -1"), &["target must be a number, at least 0"]),
        (target("cpa = 0"), &["cpa must be above 0"]),
        (objective("maximize = \"profit\""), &["needs `margin`"]),
        (objective("maximize = \"revenue\""), &["needs `price`"]),
        (objective("maximize = \"fame\""), &["fame", "expected one of `contribution`"]),
        (objective("risk = { cvar = 2 }"), &["cvar must be between 0 and 1, not 2"]),
        (format!("{SCENARIO}[reference]\nspend = \"test\"\n"), &["has no test rows"]),
        (
            budget("periods = 13\nfrontier = [100]\n[objective]\nrisk = { cvar = 0.1 }"),
            &["`frontier` is of the mean"],
        ),
        // flighting and ramps
        (budget("periods = 13\nflighting = { path = \"none.csv\" }"), &["cannot read", "none.csv"]),
        (
            format!("{free}\n[objective]\nrisk = {{ cvar = 0.1 }}\n"),
            &["flighting = \"optimize\" is for the mean"],
        ),
        (
            bound("{ lower = 500, upper = 900 }").replace("= 13", "= 13\ncarry_in = true")
                + "[ramp]\ndefault = { spend = 1 }\n",
            &["ramp limit allows spends from", "its bounds from", "widen one of them"],
        ),
    ];
    for (scenario, says) in &table {
        run(scenario).fails(2, says);
    }
    std::fs::write(project.path("s.toml"), with("150", "1")).unwrap();
    let json = project.run("optimize run s.toml --json").json();
    assert_eq!(json["status"], "infeasible");
    assert!(number(&json["conflict"][0]["would_fit"]) > 1.0, "{json}");
    project.run("optimize run nowhere.toml").fails(2, &["cannot read the scenario nowhere.toml"]);
}

/// A channel without spend in training stays where it is, and is named.
#[test]
fn channels_without_spend_stay() {
    let project = Project::new().fill("radio", |_| "0".into());
    let fit = project.run("fit model.toml --out run --quiet");
    assert!(matches!(fit.code, Some(0 | 1)), "{fit:?}");
    let scenario = with("150", "50").replace("change = 0.5", "lower = 0, upper = 80");
    std::fs::write(project.path("s.toml"), scenario).unwrap();
    let ran = project.run("optimize run s.toml --json --force");
    ran.fails(0, &["never spent on in training, kept at the lower bound: radio"]);
    for row in rows(&ran.json()) {
        let spend = if row["channel"] == "radio" { 0.0 } else { 50.0 };
        assert!((number(&row["after"]) - spend).abs() < 1e-9, "{row}");
    }
}
