//! Bad input gets one clear message: what, where, what is allowed, what to do.

use crate::common::command::{Project, run};

#[test]
fn files_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), "fit nowhere.toml --json");
    ran.fails(2, &["error: cannot read the model file nowhere.toml", "help: "]);
    let error = &ran.json()["error"];
    assert!(error["message"].as_str().unwrap().contains("nowhere.toml"), "{error}");
    let project = Project::new().edit("sales.csv", "sale.csv");
    project.run("fit model.toml").fails(2, &["sale.csv", "help: "]);
    project.run("fit model.toml --data other.csv").fails(2, &["other.csv"]);
    let project = Project::new().edit("[adstock]", "truth = \"truth.toml\"\n[adstock]");
    project.run("fit model.toml").fails(2, &["truth.toml"]);
}

#[test]
fn faults_of_the_model_file_are_pointed_at() {
    let cases = [
        ("\"tv\"", "\"tvv\"", "no column \"tvv\"", "did you mean \"tv\"?", "model.toml:5"),
        (
            "channels =",
            "chanels =",
            "unknown key `chanels` in [data]",
            "did you mean `channels`?",
            "model.toml:5:1",
        ),
        (
            "l_max = 4",
            "l_max = \"4\"",
            "must be a whole number from 1 to 1000, not the text \"4\"",
            "`l_max`: ",
            "model.toml:8:9",
        ),
        (
            "l_max = 4",
            "l_max = 0",
            "must be a whole number from 1 to 1000, not 0",
            "`l_max`: ",
            "model.toml:8:9",
        ),
        (
            "sigma = 0.5",
            "sigma = -0.5",
            "sigma of HalfNormal must be above 0, not -0.5",
            "sigma = -0.5",
            "model.toml:11",
        ),
        (
            "\"HalfNormal\", sigma = 0.5",
            "\"Normal\", mu = 0, sigma = 1",
            "y_sigma must be above 0, but this Normal prior reaches beyond",
            "",
            "model.toml:11",
        ),
        (
            "\"HalfNormal\"",
            "\"HalfNormall\"",
            "unknown distribution `HalfNormall`",
            "did you mean `HalfNormal`?",
            "model.toml:11",
        ),
        (
            "l_max = 4",
            "family = \"geometrik\"",
            "unknown adstock `geometrik`",
            "did you mean `geometric`?",
            "model.toml:8",
        ),
        ("[sampler]", "[sampler", "not valid TOML: unclosed table", "", "model.toml:13"),
    ];
    for (from, to, message, help, place) in cases {
        let project = Project::new().edit(from, to);
        let ran = project.run("fit model.toml --json");
        ran.fails(2, &[message, help, place]);
        assert_eq!(ran.json()["error"]["code"], 2);
        assert!(!project.path("runs").exists(), "{message}");
    }
}

#[test]
fn faults_of_the_table() {
    let project = Project::new().set(7, "week", "soon");
    project.run("fit model.toml").fails(2, &["soon", "week", "line 9"]);
    let project = Project::new().set(7, "tv", "much");
    project.run("fit model.toml").fails(2, &["much", "tv", "line 9"]);
}

/// A panel that cannot be fitted, alone in its table.
#[test]
fn faults_of_the_only_panel() {
    let cases = [
        (Project::new().set(7, "week", "2024-01-01"), "date 2024-01-01 is there 2 times"),
        (Project::new().set(7, "tv", ""), "channel \"tv\" has no value on 2024-02-19"),
        (Project::new().set(7, "tv", "-3"), "channel \"tv\" is negative (-3) on 2024-02-19"),
        (Project::new().set(7, "sales", "NaN"), "target \"sales\" has no value on 2024-02-19"),
        (Project::new().fill("sales", |_| "5".into()), "target \"sales\" is 5 on all 60 training"),
    ];
    for (project, reason) in cases {
        project.run("fit model.toml").fails(2, &[reason]);
    }
}

#[test]
fn oddities_are_noted_and_stop_nothing() {
    let mut gap = Project::new();
    gap.table.remove(20);
    let mut short = Project::new();
    short.table.truncate(7);
    let cases = [
        (gap, "dates are not evenly spaced"),
        (short, "6 training rows for 8 parameters"),
        (
            Project::new().fill("tv", |_| "9".into()),
            "channel \"tv\" is 9 on all training rows: its effect cannot be told from the intercept",
        ),
        (
            Project::new().fill("radio", |row| row[3].clone()),
            "channel \"tv\", channel \"radio\" are identical on the training rows",
        ),
    ];
    for (project, note) in cases {
        let ran = project.run("fit model.toml");
        // What the sampler makes of it is not the matter here.
        assert!(ran.code.is_some_and(|code| code < 2), "{ran:?}");
        assert!(ran.stderr.contains(&format!("note: {note}")), "{}", ran.stderr);
    }
}

#[test]
fn one_bad_panel_does_not_stop_the_others() {
    let project = Project::of_brands(&["a", "b", "c"]).set(65, "tv", "-3").set(130, "brand", "");
    let ran = project.run("fit model.toml --json");
    ran.fails(1, &["failed b: channel \"tv\" is negative (-3)", "failed (empty): ", "advice: "]);
    let rows = ran.rows();
    let status = |model: &str| {
        let row = rows.iter().find(|row| row["model"] == model).expect("row");
        row["status"].as_str().unwrap().to_owned()
    };
    assert_eq!([status("b"), status("(empty)")], ["failed", "failed"]);
    assert!(status("a") != "failed" && status("c") != "failed", "{rows:?}");
    assert_eq!(rows.len(), 4);

    let ran = project.run("fit model.toml --quiet");
    ran.fails(1, &["failed b: "]);
    assert!(ran.stdout.contains("without the 2 models that failed"), "{}", ran.stdout);
    let ran = project.run("summary runs/model --model b");
    ran.fails(2, &["model \"b\" was not fitted: channel \"tv\" is negative"]);
    let text = project.run("diagnose runs/model").stdout;
    assert!(text.contains("failed b: channel \"tv\" is negative (-3)"), "{text}");
    let ran = project.run("logp model.toml --points p.json --model b");
    ran.fails(2, &["b: channel \"tv\" is negative (-3)"]);
}

#[test]
fn a_panel_without_training_rows_fails_alone() {
    let project = Project::of_brands(&["a", "b"]);
    let mut project = project.edit("[adstock]", "train_until = 2024-12-31\n[adstock]");
    // Brand b starts after the training rows.
    project.table.retain(|row| row[1] != "b" || row[0].starts_with("2025"));
    project.run("fit model.toml --json").fails(1, &["failed b: no row is for training"]);
}

#[test]
fn a_device_that_is_absent() {
    let project = Project::new();
    for command in ["fit model.toml", "logp model.toml --points p.json"] {
        std::fs::write(project.path("p.json"), POINT).unwrap();
        let ran = project.run(&format!("{command} --device voodoo --json"));
        ran.fails(3, &["no adapter is named \"voodoo\"", "--device cpu"]);
        assert_eq!(ran.json()["error"]["code"], 3);
    }
}

const POINT: &str = r#"{"points": [{"intercept_contribution": 0.5, "adstock_alpha": [-1.0, 0.2],
    "saturation_lam": [0.3, 0.1], "saturation_beta": [-1.5, -2.0], "y_sigma": -2}]}"#;

#[test]
fn a_folder_that_cannot_be_written() {
    let project = Project::new();
    let ran = project.run("fit model.toml --out sales.csv/run --json");
    ran.fails(2, &["sales.csv/run"]);
    assert_eq!(ran.json()["error"]["code"], 2);
    project.run("fit model.toml --out sales.csv").fails(2, &["sales.csv"]);
}

#[test]
fn a_panel_that_cannot_converge_fails_alone() {
    // Sales of b are a straight line of its spends without any noise: its sigma falls for ever.
    let project = Project::of_brands(&["a", "b"])
        .edit("l_max = 4", "family = \"none\"\n\n[saturation]\nfamily = \"none\"")
        .edit("ess = 400", "ess = 400\nmax_gradients = 20_000")
        .fill_where("sales", "b", |tv, radio| 100.0 + 2.0 * tv + 3.0 * radio);
    let ran = project.run("fit model.toml --json");
    ran.fails(1, &["failed b: ", "advice: "]);
    let rows = ran.rows();
    let status = |row: usize| rows[row]["status"].as_str().expect("status");
    assert_eq!((status(0), status(1)), ("ok", "failed"), "{rows:?}");
}
