//! Effects and calibration, from the model file to the tables.

use crate::common::command::Project;

#[test]
fn trend_and_seasonality_are_fitted_and_reported() {
    let project = Project::new().edit(
        "[likelihood]",
        "[trend]\nchangepoints = 3\n[trend.priors]\nk = { distribution = \"Normal\", sigma = 0.1 }\n\
         [[fourier]]\nname = \"monthly\"\nperiod = \"month\"\norder = 2\n\n[likelihood]",
    );
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("summary runs/model --json").rows();
    let names: Vec<&str> =
        rows.iter().map(|row| row["parameter"].as_str().expect("name")).collect();
    for name in ["k", "delta[0]", "delta[2]", "monthly_beta[sin_1]", "monthly_beta[cos_2]"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

#[test]
fn effects_that_cannot_be_are_refused() {
    let refused = |text: &str, says: &[&str]| {
        let project = Project::new().edit("[likelihood]", &format!("{text}\n\n[likelihood]"));
        project.run("fit model.toml").fails(2, says);
    };
    let fourier =
        |name: &str, more: &str| format!("[[fourier]]\nname = \"{name}\"\nperiod = {more}");
    refused(&fourier("../x", "\"month\""), &["the name \"../x\" must be letters, digits and _"]);
    refused(&fourier("channel", "\"month\""), &["the name \"channel\" is taken"]);
    for name in ["saturation", "y_sigma", "scale", "delta"] {
        refused(&fourier(name, "\"month\""), &["is taken: choose another"]);
    }
    refused(&fourier("m", "\"moon\""), &["must be one of \"year\", \"month\", \"week\""]);
    refused("[[fourier]]\nname = \"m\"", &["`period` is missing in [[fourier]]"]);
    let twice = format!("{}\n{}", fourier("m", "\"week\""), fourier("m", "\"year\""));
    refused(&twice, &["the name \"m\" is taken"]);
    refused("[trend]\nchangepoints = 0", &["`changepoints` in [trend] must be"]);
    refused(
        "[trend.priors]\nalpha = { distribution = \"Normal\" }",
        &["[trend] has no parameter `alpha`", "it has: delta, k"],
    );
}

/// 400 more sales in one week, which is row 26.
fn with_a_sale(more: &str) -> Project {
    let mut project = Project::new();
    let sales: f64 = project.table[27][2].parse().expect("sales");
    assert_eq!(project.table[27][0], "2024-07-01");
    project.table[27][2] = (sales + 400.0).to_string();
    // The question is the event, not the tails of the saturation.
    project.edit("ess = 400", "ess = 100").edit(
        "[likelihood]",
        &format!(
            "[[event]]\nname = \"sale\"\n{more}\n\
             dates = [{{ name = \"summer\", start = \"2024-07-01\", end = \"2024-07-03\" }}]\n\
             priors.effect_size = {{ distribution = \"Normal\", sigma = 10, dims = [\"sale\"] }}\n\
             [likelihood]"
        ),
    )
}

#[test]
fn events_are_fitted_and_reported() {
    for (more, width) in [
        ("", "sale_sigma"),
        ("basis = \"half_gaussian\"\nmode = \"before\"", "sale_sigma"),
        ("basis = \"asymmetric_gaussian\"\nevent_in = \"before\"", "sale_sigma_before"),
    ] {
        let project = with_a_sale(more);
        assert_eq!(project.run("fit model.toml --quiet").code, Some(0), "{more}");
        let rows = project.run("summary runs/model --json").rows();
        let has = |name: &str| rows.iter().any(|row| row["parameter"] == name);
        assert!(has("sale_effect_size[summer]") && has(&format!("{width}[summer]")), "{rows:?}");
        let rows = project.run("contributions runs/model --by date --json").rows();
        let on = |date: &str, component: &str| {
            let row = rows.iter().find(|row| row["component"] == component && row["date"] == date);
            row.expect("row")["contribution_mean"].as_f64().expect("mean")
        };
        let (on_the_day, later) = (on("2024-07-01", "event"), on("2024-09-30", "event"));
        assert!((300.0..500.0).contains(&on_the_day), "{more}: {on_the_day}");
        assert!(later.abs() < 1.0, "{more}: {later}");
        let parts: f64 =
            ["baseline", "event", "tv", "radio"].map(|c| on("2024-07-01", c)).iter().sum();
        let sales = 400.0 + Project::new().table[27][2].parse::<f64>().expect("sales");
        assert!((parts / sales - 1.0).abs() < 0.1, "{more}: {parts} of {sales}");
        let totals = project.run("contributions runs/model --by component --json").rows();
        let event = totals.iter().find(|row| row["component"] == "event").expect("event");
        let total = event["contribution_mean"].as_f64().expect("mean");
        assert!(total >= 0.99 * on_the_day, "{more}: {total}");
    }
}

#[test]
fn events_that_cannot_be_are_refused() {
    let refused = |text: &str, says: &[&str]| {
        let project = Project::new().edit("[likelihood]", &format!("{text}\n\n[likelihood]"));
        project.run("fit model.toml").fails(2, says);
    };
    let event = |name: &str, more: &str| format!("[[event]]\nname = \"{name}\"\n{more}");
    let date = "dates = [{ name = \"a\", start = \"2024-07-01\", end = \"2024-07-02\" }]";
    refused(&event("e", ""), &["`dates` is missing in [[event]]"]);
    refused(&event("e", "dates = []"), &["`dates` in [[event]] is empty"]);
    refused(&event("channel", date), &["the name \"channel\" is taken"]);
    refused(&event("y_x", date), &["is taken: choose another"]);
    refused(&event("e", &date.replace("07-02", "06-02")), &["is before `start`"]);
    refused(&event("e", &date.replace("07-02", "07-32")), &["must be a date as in"]);
    refused(&event("e", &format!("basis = \"gauss\"\n{date}")), &["did you mean \"gaussian\"?"]);
    refused(
        &event("e", &format!("mode = \"after\"\n{date}")),
        &["is for basis = \"half_gaussian\""],
    );
    let prior = "priors.width = { distribution = \"HalfNormal\" }";
    refused(
        &event("e", &format!("{date}\n{prior}")),
        &["has no parameter `width`", "sigma, effect_size"],
    );
    let twice = "dates = [{ name = \"a\", start = \"2024-07-01\", end = \"2024-07-01\" }, \
                 { name = \"a\", start = \"2024-08-01\", end = \"2024-08-01\" }]";
    refused(&event("e", twice), &["\"a\" stands twice in `dates`"]);
}

#[test]
fn an_intercept_that_varies_follows_the_sales() {
    // A slow wave of ± 100 on sales of about 700.
    let mut project = Project::new();
    for (week, row) in project.table[1..].iter_mut().enumerate() {
        let wave = 100.0 * (std::f64::consts::TAU * week as f64 / 60.0).sin();
        row[2] = format!("{:.1}", row[2].parse::<f64>().expect("sales") + wave);
    }
    let project = project.edit("[likelihood]", "[time_varying.intercept]\nm = 6\n\n[likelihood]");
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("contributions runs/model --by date --json").rows();
    let baseline: Vec<f64> = rows
        .iter()
        .filter(|row| row["component"] == "baseline")
        .map(|row| row["contribution_mean"].as_f64().expect("mean"))
        .collect();
    assert_eq!(baseline.len(), 60);
    let swing = baseline[15] - baseline[45];
    assert!((120.0..280.0).contains(&swing), "{swing}");
    let summary = project.run("summary runs/model --json").rows();
    let has = |name: &str| summary.iter().any(|row| row["parameter"] == name);
    assert!(has("intercept_baseline") && has("intercept_latent_process_raw_ls"), "{summary:?}");
    // New dates keep the mean of the training rows.
    std::fs::write(
        project.path("new.csv"),
        "week,brand,tv,radio\n2025-02-24,a,50,20\n2025-03-03,a,50,20\n2027-03-01,a,0,0\n",
    )
    .expect("write");
    let rows = project.run("predict runs/model new.csv --json").rows();
    let last = baseline.iter().rev().take(4).sum::<f64>() / 4.0;
    let next = rows[0]["baseline"].as_f64().expect("baseline");
    assert!((next - last).abs() < 100.0, "{next} follows {last}");
    assert!(rows.iter().all(|row| row["baseline"].as_f64().expect("baseline") > 0.0));
}

#[test]
fn media_that_vary_multiply_every_channel() {
    // From the middle on, spend works half as well.
    let mut project = Project::new();
    for row in project.table[1..].iter_mut().skip(30) {
        let spend = |at: usize| row[at].parse::<f64>().expect("spend");
        let less = 1.5 * (spend(3) + spend(4));
        row[2] = format!("{:.1}", row[2].parse::<f64>().expect("sales") - less);
    }
    let project = project.edit("[likelihood]", "[time_varying.media]\nm = 4\n\n[likelihood]");
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("contributions runs/model --by date --json").rows();
    let per_spend = |component: &str, weeks: std::ops::Range<usize>, column: usize| {
        let of = rows.iter().filter(|row| row["component"] == component);
        let effect: f64 = of
            .skip(weeks.start)
            .take(weeks.len())
            .map(|row| row["contribution_mean"].as_f64().expect("mean"))
            .sum();
        let spend = project.table[1..][weeks].iter().map(|row| row[column].parse::<f64>().unwrap());
        effect / spend.sum::<f64>()
    };
    for (channel, column) in [("tv", 3), ("radio", 4)] {
        let (early, late) = (per_spend(channel, 0..25, column), per_spend(channel, 35..60, column));
        assert!(late < 0.8 * early, "{channel}: {early} then {late}");
    }
}

#[test]
fn costs_per_target_hold_a_channel_to_what_is_known() {
    let roas = |text: &str| {
        let project = Project::new().edit("[likelihood]", &format!("{text}\n[likelihood]"));
        assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
        let rows = project.run("roas runs/model --json").rows();
        let tv = rows.iter().find(|row| row["channel"] == "tv").expect("tv");
        tv["roas_mean"].as_f64().expect("mean")
    };
    let free = roas("");
    let cost = 1.0 / (1.5 * free);
    let held = roas(&format!(
        "[[cost_per_target]]\nchannel = \"tv\"\ncost_per_target = {cost}\nsigma = {}\n",
        cost / 100.0
    ));
    assert!(held > 1.2 * free, "{free} without the cost, {held} with it");
    let refused = |text: &str, says: &[&str]| {
        let test = format!("[[cost_per_target]]\n{text}\n[likelihood]");
        Project::new().edit("[likelihood]", &test).run("fit model.toml").fails(2, says);
    };
    refused(
        "channel = \"tv\"\nsigma = 1",
        &["`cost_per_target` is missing in [[cost_per_target]]"],
    );
    refused("channel = \"tvv\"\ncost_per_target = 1\nsigma = 1", &["unknown channel \"tvv\""]);
    refused(
        "channel = \"tv\"\ncost_per_target = 1\nsigma = 0",
        &["`sigma` in [[cost_per_target]] must be a finite number above 0, not 0"],
    );
}

#[test]
fn returns_may_have_priors() {
    let project = Project::new().edit(
        "[likelihood]",
        "[roas.priors]\ntv = { distribution = \"LogNormal\", mu = 1.6, sigma = 0.01 }\n\n[likelihood]",
    );
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("roas runs/model --json").rows();
    let tv = rows.iter().find(|row| row["channel"] == "tv").expect("tv");
    // The sales say about three; the prior is sure of e^1.6, about five.
    let roas = tv["roas_mean"].as_f64().expect("mean");
    assert!((4.0..5.2).contains(&roas), "{roas}");
}

#[test]
fn lift_tests_may_stand_in_a_table() {
    let with = |csv: &str, panel: bool| {
        let project = if panel { Project::of_brands(&["a", "b"]) } else { Project::new() };
        let project =
            project.edit("[likelihood]", "[[lift_test]]\npath = \"lift.csv\"\n[likelihood]");
        std::fs::write(project.path("lift.csv"), csv).expect("write");
        project
    };
    let logp = |project: &Project, key: &str| {
        let point = r#"{"points": [{"intercept_contribution": 0.1, "adstock_alpha": [0, 0],
            "saturation_lam": [0, 0], "saturation_beta": [0, 0], "y_sigma": -1}]}"#;
        std::fs::write(project.path("p.json"), point).expect("write");
        let answer =
            project.run(&format!("logp model.toml --points p.json --f64 --json{key}")).json();
        answer["points"][0]["terms"]["lift_measurements"].as_f64()
    };
    let rows = "channel,x,delta_x,delta_y,sigma\ntv,0,50,500,50\nradio,10,-5,-20,4\n";
    let inline = Project::new().edit(
        "[likelihood]",
        "[[lift_test]]\nchannel = \"tv\"\nx = 0\ndelta_x = 50\ndelta_y = 500\nsigma = 50\n\
         [[lift_test]]\nchannel = \"radio\"\nx = 10\ndelta_x = -5\ndelta_y = -20\nsigma = 4\n\
         [likelihood]",
    );
    let expected = logp(&inline, "");
    assert!(expected.is_some());
    assert_eq!(logp(&with(rows, false), ""), expected);
    assert_eq!(logp(&with(rows, true), " --model a"), expected);
    let own =
        "brand,channel,x,delta_x,delta_y,sigma,memo\na,tv,0,50,500,50,x\na,radio,10,-5,-20,4,y\n";
    let own = with(own, true);
    assert_eq!((logp(&own, " --model a"), logp(&own, " --model b")), (expected, None));
    // Other tests are other data.
    let project = with(rows, false);
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    std::fs::write(project.path("lift.csv"), rows.replace("500", "510")).expect("write");
    project.run("fit model.toml").fails(2, &["holds a run with another data"]);

    let refused = |csv: &str, says: &[&str]| with(csv, false).run("fit model.toml").fails(2, says);
    refused("channel,x,delta_x,delta_y\ntv,0,1,1\n", &["no column \"sigma\""]);
    let wrong = rows.replace("radio", "radoi");
    refused(&wrong, &["lift.csv, row 2: unknown channel \"radoi\"", "did you mean \"radio\"?"]);
    refused(&rows.replace("-20", "20"), &["row 2", "must have the same sign"]);
    refused(&rows.replace("500", ""), &["row 1", "a number is missing"]);
    let project = Project::new()
        .edit("[likelihood]", "[[lift_test]]\npath = \"lift.csv\"\nchannel = \"tv\"\n[likelihood]");
    project.run("fit model.toml").fails(2, &["`path` and `channel` in one [[lift_test]]"]);
    with(rows, false)
        .edit("lift.csv", "none.csv")
        .run("fit model.toml")
        .fails(2, &["there is no file"]);
    let varies =
        with(rows, false).edit("[likelihood]", "[time_varying.media]\nm = 3\n[likelihood]");
    varies.run("fit model.toml").fails(2, &["no column \"date\"", "media vary in time"]);
}

#[test]
fn lift_tests_hold_a_channel_to_what_was_measured() {
    let roas = |text: &str| {
        let project = Project::new().edit("[likelihood]", &format!("{text}\n[likelihood]"));
        assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
        let rows = project.run("roas runs/model --json").rows();
        let tv = rows.iter().find(|row| row["channel"] == "tv").expect("tv");
        (tv["roas_mean"].as_f64().expect("mean"), tv["roas_sd"].as_f64().expect("sd"))
    };
    let (free, _) = roas("");
    // Spending 50 more brings 500: ten times the spend, where the sales say about three.
    let (held, _) =
        roas("[[lift_test]]\nchannel = \"tv\"\nx = 0\ndelta_x = 50\ndelta_y = 500\nsigma = 5\n");
    assert!(held > 1.5 * free, "{free} without the test, {held} with it");
}

#[test]
fn lift_tests_that_cannot_be_are_refused() {
    let refused = |text: &str, says: &[&str]| {
        let test = format!("[[lift_test]]\n{text}\n[likelihood]");
        Project::new().edit("[likelihood]", &test).run("fit model.toml").fails(2, says);
    };
    let rest = "x = 10\ndelta_x = 5\ndelta_y = 2\n";
    refused(
        &format!("channel = \"tvv\"\n{rest}sigma = 1"),
        &["unknown channel \"tvv\"", "did you mean \"tv\"?"],
    );
    refused(&format!("channel = \"tv\"\n{rest}sigma = 0"), &["sigma must be above 0"]);
    refused(
        "channel = \"tv\"\nx = 10\ndelta_x = 5\ndelta_y = -2\nsigma = 1",
        &["delta_x and delta_y must have the same sign"],
    );
    refused(
        "channel = \"tv\"\nx = 10\ndelta_x = -15\ndelta_y = -2\nsigma = 1",
        &["must not be negative"],
    );
    refused(&format!("channel = \"tv\"\n{rest}"), &["`sigma` is missing in [[lift_test]]"]);
}

/// A recursion from the fit to a budget: what a week adds to the next is found, and nothing forgets it.
#[test]
fn a_recursion_is_fitted_and_asked() {
    let recursion = "[adstock]\nfamily = \"recursion\"\nnormalize = false";
    let project = Project::new().edit("[adstock]\nl_max = 4", recursion);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    let number = |row: &serde_json::Value, key: &str| row[key].as_f64().expect("number");
    // Half of the effect of television comes a week later.
    let rows = project.run("summary run --json").rows();
    let alpha = rows.iter().find(|row| row["parameter"] == "adstock_alpha[tv]").expect("alpha");
    assert!((0.2..0.6).contains(&number(alpha, "mean")), "{alpha}");

    let lags = project.run("curves run --adstock --json").rows();
    let tv: Vec<_> = lags.iter().filter(|row| row["channel"] == "tv").collect();
    assert_eq!((number(tv[0], "weight_mean"), number(tv[1], "lag")), (1.0, 1.0));
    assert!((number(tv[1], "weight_mean") / number(alpha, "mean") - 1.0).abs() < 1e-6);
    assert!((4..20).contains(&tv.len()), "{}", tv.len());

    // All the spend there was is carried into new dates, whether their table has it or not.
    let new = "2025-02-24,a,,30,5\n";
    let old = std::fs::read_to_string(project.path("sales.csv")).expect("table");
    let header = old.lines().next().expect("header");
    let predict = |table: &str| {
        std::fs::write(project.path("new.csv"), table).expect("table");
        project.run("predict run new.csv --json --quiet").rows()
    };
    let rows = predict(&format!("{header}\n{new}"));
    assert_eq!(rows.len(), 1);
    assert_eq!(predict(&format!("{old}{new}")), rows);
    let total = |rows: &[serde_json::Value]| number(&rows[0], "contribution_mean");
    let all = project.run("roas run --json").rows();
    let months = project.run("roas run --by month --json").rows();
    let of_tv = |row: &&serde_json::Value| row["channel"] == "tv";
    let sum: f64 = months.iter().filter(of_tv).map(|row| number(row, "contribution_mean")).sum();
    assert!((sum / total(&all) - 1.0).abs() < 0.2, "{sum} {}", total(&all));

    std::fs::write(
        project.path("s.toml"),
        "[budget]\ntotal = 60\nperiods = 13\ncarry_in = true\n[bounds]\ndefault = { change = 0.5 }\n",
    )
    .expect("scenario");
    let rows = project.run("optimize run s.toml --json --quiet").rows();
    let spent: f64 = rows.iter().map(|row| number(row, "after")).sum();
    assert!((spent - 60.0).abs() < 1e-6, "{rows:?}");
}
