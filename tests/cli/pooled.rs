//! Models with dims, from the model file to the commands that read a run.

use crate::common::command::{Project, run};
use serde_json::Value;

/// Two brands pooled in one model, the second with fewer weeks; twelve weeks are held out.
fn project() -> Project {
    let mut project = Project::of_brands(&["a", "b"])
        .edit("panel =", "train_until = \"2024-11-25\"\ndims =")
        .edit("[adstock]", "[adstock.priors]\nalpha = { distribution = \"Beta\", alpha = 1, beta = 3, dims = [\"channel\"] }\n[adstock]");
    // The first weeks of the second brand are missing.
    project.table.drain(61..69);
    project
}

fn fitted() -> Project {
    let project = project();
    let ran = project.run("fit model.toml --out run");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("data: 1 model of 88 + 24 rows, 2 channels"), "{ran:?}");
    project
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}"))
}

fn texts<'a>(rows: &'a [Value], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"))).collect()
}

#[test]
fn a_pooled_model_is_fitted_and_read_series_by_series() {
    let project = fitted();
    let rows = |command: &str| project.run(&format!("{command} --json --quiet")).rows();
    let parameters = rows("summary run");
    let names = texts(&parameters, "parameter");
    let expected = [
        "intercept_contribution[a]",
        "intercept_contribution[b]",
        "adstock_alpha[tv]",
        "adstock_alpha[radio]",
        "saturation_lam[a, tv]",
        "saturation_lam[a, radio]",
        "saturation_lam[b, tv]",
    ];
    for name in expected {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let models = rows("diagnose run");
    assert_eq!((models.len(), &models[0]["status"]), (1, &"ok".into()));
    assert!(number(&models[0], "r2_train") > 0.5 && number(&models[0], "r2_test").is_finite());

    let roas = rows("roas run");
    assert_eq!(texts(&roas, "brand"), ["a", "a", "b", "b"]);
    assert_eq!(texts(&roas, "channel"), ["tv", "radio", "tv", "radio"]);
    // The table's own sums.
    let spend = |brand: &str, column: usize| -> f64 {
        let train =
            project.table[1..].iter().filter(|r| r[1] == brand && r[0].as_str() <= "2024-11-25");
        train.map(|row| row[column].parse::<f64>().expect("spend")).sum()
    };
    for (row, (brand, column)) in roas.iter().zip([("a", 3), ("a", 4), ("b", 3), ("b", 4)]) {
        assert!((number(row, "spend") / spend(brand, column) - 1.0).abs() < 1e-12);
    }

    // What is read back says the same as what the fit wrote.
    let components = rows("contributions run --by component");
    let of = |brand: &str, component: &str| {
        let found = components.iter().find(|r| r["brand"] == brand && r["component"] == component);
        number(found.expect("component"), "contribution_mean")
    };
    for row in &roas {
        let [brand, channel] = ["brand", "channel"].map(|name| row[name].as_str().expect("text"));
        let again = of(brand, channel) / number(row, "contribution_mean");
        assert!((again - 1.0).abs() < 1e-6, "{row} {again}");
    }
    let swept = rows("sweep run --channel tv --values 0,1");
    assert_eq!(texts(&swept, "brand"), ["a", "a", "b", "b"]);
    assert!((number(&swept[3], "contribution_mean") / of("b", "tv") - 1.0).abs() < 1e-6);
    assert_eq!(rows("curves run --adstock --channel tv").len(), 2 * 4);
    assert_eq!(rows("contributions run --by date").len(), 3 * (60 + 52));
    let what_if = rows("what-if run --times tv=2");
    assert_eq!(what_if.len(), 2 * 5);
    assert!(number(&what_if[5], "uplift_mean") > 0.0);
    let what_if = rows("what-if run --times tv=2 --by date");
    assert_eq!(
        (&what_if[0]["brand"], &what_if[what_if.len() - 1]["brand"]),
        (&"a".into(), &"b".into())
    );

    let compared = project.run("compare run run --json --quiet").json();
    assert_eq!(compared["rows"].as_array().expect("rows").len(), 1);
    assert_eq!(number(&compared["rows"][0], "elpd_difference"), 0.0);
    assert_eq!(compared["channels"][3]["channel"], "b, radio");

    let predicted = rows("predict run");
    assert_eq!(predicted.len(), 60 + 52);
    assert_eq!(
        (&predicted[60]["brand"], &predicted[60]["date"]),
        (&"b".into(), &"2024-02-26".into())
    );
    let table = project.run("roas run");
    assert!(table.stdout.starts_with("brand  channel"), "{}", table.stdout);

    // The rows that were fitted, then the others: as the run has them.
    let again = project.run("predict run sales.csv --json --quiet").json();
    let known = project.run("predict run --json --quiet").json();
    assert_eq!(again["rows"].as_array().expect("rows").len(), 24);
    assert_eq!(again["rows"][12], known["rows"][60 + 40]);
    let new = "week,brand,tv,radio\n2025-03-03,b,10,5\n";
    std::fs::write(project.path("new.csv"), new).expect("table");
    let ran = project.run("predict run new.csv --json");
    assert_eq!(ran.rows().len(), 1, "{ran:?}");
    assert!(ran.stderr.contains("no new rows of model (a)"), "{ran:?}");
    assert!(number(&ran.rows()[0], "predicted_mean") > 0.0);
    let ran = project.run("what-if run --times tv=2 --data new.csv --json --quiet");
    assert_eq!(ran.rows().len(), 5, "{ran:?}");
}

#[test]
fn a_report_has_all_series_or_one() {
    let project = fitted();
    let page = |command: &str, path: &str| {
        let ran = project.run(command);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        std::fs::read_to_string(project.path(path)).expect("page")
    };
    let all = page("report run", "run/report.html");
    for part in [
        "<dt>models</dt><dd>1</dd>",
        "<dt>series</dt><dd>2</dd>",
        ">All series</h2>",
        "2 of 2",
        "<h3>b</h3>",
        "Channels of a",
        "Observed and predicted target of b",
        "gigamix report run --model model --series b",
    ] {
        assert!(all.contains(part), "{part}");
    }
    assert!(!all.contains("ESS bulk"), "what is of the model is not said of a series");
    let one = page("report run --series b", "run/report-b.html");
    assert!(one.contains("Marketing mix model: model, b"), "the title");
    project.run("report run --series c").fails(2, &["no series \"c\"", "it has: a, b"]);
}

#[test]
fn a_pooled_model_has_a_log_density_and_a_prior() {
    let project = project();
    let point = r#"{"points": [{"intercept_contribution": [0.1, 0.2], "adstock_alpha": [0, 0],
        "saturation_lam": [[0, 0], [0, 0.5]], "saturation_beta": [[-1, -1], [-1, -1]],
        "y_sigma": -1}]}"#;
    project.write();
    std::fs::write(project.path("points.json"), point).expect("points");
    let answer = project.run("logp model.toml --points points.json --f64 --json").json();
    let lam = answer["points"][0]["grad"]["saturation_lam"].as_array().expect("nested").clone();
    assert_eq!((lam.len(), lam[1].as_array().expect("a row").len()), (2, 2));
    let prior = project.run("prior model.toml --draws 200 --json --quiet").rows();
    assert_eq!(texts(&prior, "brand"), ["a", "a", "b", "b"]);
}

/// Effects and calibration of a pooled model, from the files to the tables.
#[test]
fn effects_and_calibration_know_their_series() {
    let text = "[[event]]\nname = \"sale\"\n\
        dates = [{ name = \"summer\", start = \"2024-07-01\", end = \"2024-07-03\" }]\n\
        priors.effect_size = { distribution = \"Normal\", sigma = 10, dims = [\"brand\", \"sale\"] }\n\
        [time_varying.intercept]\nm = 4\n\
        [[lift_test]]\npath = \"lift.csv\"\n\n[likelihood]";
    let mut project = project().edit("ess = 400", "ess = 100").edit("[likelihood]", text);
    // 400 more sales of the second brand in one week.
    let row = project.table.iter_mut().find(|row| row[0] == "2024-07-01" && row[1] == "b");
    let row = row.expect("row");
    row[2] = (row[2].parse::<f64>().expect("sales") + 400.0).to_string();
    let lift = "brand,channel,x,delta_x,delta_y,sigma\nb,tv,0,50,500,5\n";
    std::fs::write(project.path("lift.csv"), lift).expect("lift");
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    let rows = |command: &str| project.run(&format!("{command} --json --quiet")).rows();
    let parameters = rows("summary run");
    let names = texts(&parameters, "parameter");
    for name in [
        "intercept_baseline[a]",
        "intercept_latent_process_raw_hsgp_coefs_offset[b, 3]",
        "sale_effect_size[a, summer]",
        "sale_sigma[summer]",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let by_date = rows("contributions run --by date");
    let event = |brand: &str| {
        let of = |row: &&Value| {
            row["component"] == "event" && row["brand"] == brand && row["date"] == "2024-07-01"
        };
        number(by_date.iter().find(of).expect("event"), "contribution_mean")
    };
    assert!((250.0..550.0).contains(&event("b")), "{}", event("b"));
    assert!(event("a").abs() < 150.0, "{}", event("a"));
    // The test says ten times the spend; the sales about three.
    let roas = rows("roas run");
    let tv = |brand: &str| {
        let row = roas.iter().find(|r| r["brand"] == brand && r["channel"] == "tv");
        number(row.expect("tv"), "roas_mean")
    };
    assert!(tv("b") > 1.3 * tv("a"), "{} {}", tv("b"), tv("a"));

    std::fs::write(project.path("lift.csv"), lift.replace("brand,", "").replace("b,", ""))
        .expect("lift");
    project.run("fit model.toml").fails(2, &["lift.csv: no column \"brand\"", "about one of them"]);
}

/// Sales made from a known truth: where the posterior is, the truth may be.
#[test]
fn simulated_geos_are_fitted_and_held_against_the_truth() {
    let folder = tempfile::tempdir().expect("folder");
    let size = "--geos 5 --weeks 96 --channels 3 --controls 1 --test-weeks 8";
    let made = run(folder.path(), &format!("simulate --out demo {size} --json"));
    assert_eq!(
        (made.json()["panels"].as_u64(), made.json()["rows"].as_u64()),
        (Some(1), Some(480))
    );
    let ran = run(folder.path(), "fit demo/portfolio.toml --out run");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("lie in their 94 % intervals"), "{ran:?}");
    let text = std::fs::read_to_string(folder.path().join("demo/truth.toml")).expect("truth");
    let truth = gigamix::data::Truth::parse("truth.toml", &text).expect("truth");
    let truth = &truth.0["brandA/north"];
    let rows = run(folder.path(), "summary run --json --quiet").rows();
    // Intercepts and their parents, carry-over, curves and their parents, control, seasons, noise.
    assert_eq!(rows.len(), (5 + 2) + 3 + (3 + 15 + 6) + 1 + 4 + 1);
    let mut outside = 0;
    for row in &rows {
        let name = row["parameter"].as_str().expect("name");
        let (true_value, z) = (truth[name], |x: f64| (x - number(row, "mean")) / number(row, "sd"));
        assert!(z(true_value).abs() < 5.0, "{name}: {true_value} {row}");
        let inside = number(row, "hdi_3")..=number(row, "hdi_97");
        outside += usize::from(!inside.contains(&true_value));
    }
    // 2.4 of 40 are expected; ten or more come about once in ten thousand.
    assert!(outside < 10, "{outside} of {}", rows.len());
}

#[test]
fn the_answer_does_not_depend_on_the_order_of_rows() {
    let project = project().edit("ess = 400", "ess = 100");
    let first = project.run("fit model.toml --out one --json --quiet").json();
    let mut turned = project;
    turned.table[1..].reverse();
    let second = turned.run("fit model.toml --out two --json --quiet").json();
    let logp = |run: &Value| {
        let rows = run["rows"].as_array().expect("rows").clone();
        (
            rows[0]["r_hat_max"].clone(),
            rows[0]["ess_bulk_min"].clone(),
            rows[0]["crps_train"].clone(),
        )
    };
    assert_eq!(logp(&first), logp(&second));
}

#[test]
fn series_that_cannot_be_are_named() {
    let project = || Project::of_brands(&["a", "b"]).edit("panel =", "dims =");
    let mut twice = project();
    twice.table.push(twice.table[100].clone());
    let says = ["b: date ", "is there 2 times: keep one row per date and brand"];
    twice.run("fit model.toml").fails(2, &says);
    let mut lonely = project();
    lonely.table.truncate(62);
    lonely.run("fit model.toml").fails(2, &["b: only 1 training row", "at the very least"]);
    let gap = project().set(70, "tv", "");
    gap.run("fit model.toml").fails(2, &["b: channel \"tv\" has no value on"]);
    let nameless = project().set(70, "brand", "");
    nameless.run("fit model.toml").fails(2, &["dim column \"brand\" is empty (rows: 1)"]);
    let unknown = project().edit("dims = [\"brand\"]", "dims = [\"region\"]");
    unknown.run("fit model.toml").fails(2, &["no column \"region\"", "the columns are"]);
    let both = project().edit("dims = [\"brand\"]", "panel = [\"brand\"]\ndims = [\"brand\"]");
    both.run("fit model.toml").fails(2, &["\"brand\" is a dim, but it is a panel column already"]);
    let over = project().edit("[adstock]", "[scaling]\ntarget.over = [\"geo\"]\n[adstock]");
    over.run("fit model.toml").fails(2, &["\"geo\" is no dim of [data]", "the dims are brand"]);
}
