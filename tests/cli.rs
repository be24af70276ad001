//! The command line as a user meets it: every command, exit codes, the shape of its JSON.

mod bad_input;
mod bench;
mod budgets;
mod effects;
mod hierarchy;
mod import;
mod optimize;
mod pooled;
mod runs;
mod shared_budgets;

use crate::common::command::{Project, command, run};
use serde_json::Value;
use std::process::Stdio;

/// Rows without the time they took.
fn without_seconds(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        row.as_object_mut().expect("row").remove("seconds").expect("seconds");
    }
    rows
}

#[test]
fn help_names_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "").fails(2, &["Usage: gigamix", "fit", "Examples:"]);
    let help = run(folder.path(), "--help");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for command in [
        "fit",
        "simulate",
        "summary",
        "diagnose",
        "contributions",
        "roas",
        "curves",
        "sweep",
        "what-if",
        "predict",
        "compare",
        "prior",
        "report",
        "optimize",
        "logp",
        "bench",
        "devices",
        "schema",
        "import",
    ] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{}", help.stdout);
        let help = run(folder.path(), &format!("{command} --help"));
        assert_eq!(help.code, Some(0), "{help:?}");
        assert!(help.stdout.contains("Usage: gigamix"), "{}", help.stdout);
    }
    let version = run(folder.path(), "--version");
    assert_eq!(version.stdout, format!("gigamix {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_is_an_input_error() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "fit").fails(2, &["<MODEL>", "Usage:"]);
    run(folder.path(), "fitt m.toml").fails(2, &["fitt", "fit"]);
    let ran = run(folder.path(), "fit m.toml --seed x --json");
    ran.fails(2, &["invalid value 'x' for '--seed <N>'"]);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], 2);
    assert!(error["message"].as_str().unwrap().starts_with("invalid value 'x'"), "{error}");
}

#[test]
fn fit_tells_what_it_finds_and_writes_a_run_folder() {
    let project = Project::of_brands(&["a", "b"]);
    let ran = project.run("fit model.toml");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let says =
        ["data: 2 models of 60 rows, 2 channels, 0 controls, ", "device: cpu, ", "2 models in "];
    ran.fails(0, &says);
    for text in ["R-hat (nested)", "ESS bulk", "contribution", "ROAS", "94 % interval"] {
        assert!(ran.stdout.contains(text), "{text:?} is not shown: {}", ran.stdout);
    }
    // Neither colour nor progress off a terminal, and no column of a truth that nobody knows.
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains(['\x1b', '\r', '█']), "{ran:?}");
    assert!(!ran.stdout.contains("true"), "{}", ran.stdout);
    for file in ["run.json", "models.parquet", "parameters.parquet", "channels.parquet"] {
        assert!(project.path("runs/model").join(file).exists(), "{file}");
    }

    // Finished: shown again, as JSON, without a word.
    let again = project.run("fit model.toml --json --quiet");
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
    let json = again.json();
    assert_eq!(json["run"], "runs/model");
    assert!(json["seconds"].is_f64(), "{json}");
    assert_eq!(json["device"]["backend"], "cpu");
    assert!(json["device"]["adapter"].as_str().unwrap().contains("threads"), "{json}");
    let rows = again.rows();
    let models: Vec<&Value> = rows.iter().map(|row| &row["model"]).collect();
    assert_eq!(models, ["a", "b"]);
    for row in &rows {
        assert!(["ok", "review"].contains(&row["status"].as_str().unwrap()), "{row}");
        assert!(row["r_hat_nested_max"].as_f64().unwrap() < 1.01, "{row}");
        assert!(row["ess_bulk_min"].as_f64().unwrap() >= 400.0, "{row}");
        assert!(row["r2_train"].as_f64().unwrap() > 0.5, "{row}");
        assert_eq!(row["r2_test"], Value::Null);
    }
    assert_eq!(project.run("fit model.toml --json").rows(), rows);
    project.run("fit model.toml").fails(0, &["resumed: 2 of 2 models are already there"]);

    // The same fit elsewhere gives the same numbers.
    let elsewhere = project.run("fit model.toml --json --quiet --out elsewhere");
    assert_eq!(without_seconds(elsewhere.rows()), without_seconds(rows));
}

#[test]
fn summary_and_diagnose_read_a_run() {
    let project = Project::of_brands(&["a", "b"]);
    assert_eq!(project.run("fit model.toml --out run --quiet").code, Some(0));
    let all = project.run("summary run --json").rows();
    let one = project.run("summary run --json --model b").rows();
    // Intercept, noise, and alpha, lam, beta of two channels.
    assert_eq!((all.len(), one.len()), (16, 8));
    let keys: Vec<&String> = one[0].as_object().unwrap().keys().collect();
    let columns = "model parameter mean sd median hdi_3 hdi_97 mcse_mean mcse_sd ess_bulk \
                   ess_tail r_hat r_hat_nested";
    assert_eq!(keys, columns.split_whitespace().collect::<Vec<_>>());
    assert!(one.iter().any(|row| row["parameter"] == "saturation_beta[tv]"), "{one:?}");
    let text = project.run("summary run --model b").stdout;
    assert!(text.starts_with("parameter ") && text.contains("y_sigma"), "{text}");
    assert_eq!(text.lines().count(), 9);
    project.run("summary run --model c").fails(2, &["no model \"c\" in run", "a, b"]);

    let rows = project.run("diagnose run --json").rows();
    assert_eq!(rows.len(), 2);
    assert!(rows[0]["reason"].is_string() && rows[0]["advice"].is_string(), "{}", rows[0]);
    assert!(project.run("diagnose run").stdout.starts_with("status "));

    for command in ["summary", "diagnose"] {
        let ran = project.run(&format!("{command} . --json"));
        ran.fails(2, &["is not a run folder", "gigamix fit"]);
        assert_eq!(ran.json()["error"]["code"], 2);
        project.run(&format!("{command} nowhere")).fails(2, &["nowhere"]);
    }
}

#[test]
fn a_run_of_other_settings_is_replaced_only_by_force() {
    let project = Project::new();
    let first = project.run("fit model.toml --json --quiet").rows();
    let ran = project.run("fit model.toml --seed 1 --json");
    ran.fails(2, &["runs/model holds a run", "--force"]);
    assert_eq!(ran.json()["error"]["code"], 2);
    // Nothing was touched.
    assert_eq!(project.run("fit model.toml --json --quiet").rows(), first);
    let second = project.run("fit model.toml --seed 1 --force --json --quiet").rows();
    assert_ne!(without_seconds(first), without_seconds(second));
    let project = project.set(3, "sales", "700.5");
    project.run("fit model.toml --seed 1").fails(2, &["holds a run", "--force"]);
}

#[test]
fn simulated_data_are_fitted_and_held_against_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(
        folder.path(),
        "simulate --out demo --brands 1 --regions 2 --weeks 70 --channels 2 --controls 1 --json",
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = ran.json();
    assert_eq!((&json["panels"], &json["rows"]), (&2.into(), &140.into()));
    let model = json["model_file"].as_str().unwrap().to_owned();
    for file in ["model_file", "table", "truth"] {
        assert!(folder.path().join(json[file].as_str().unwrap()).exists(), "{json}");
    }
    run(folder.path(), "simulate --out demo --seed 5").fails(2, &["is there already", "--out"]);
    run(folder.path(), "simulate --out x --channels 0").fails(2, &["channels = 0"]);
    run(folder.path(), "simulate --out x --weeks 20").fails(2, &["weeks = 20"]);

    let ran = run(folder.path(), &format!("fit {model} --out run"));
    assert!(ran.code.is_some_and(|code| code < 2), "{ran:?}");
    assert!(ran.stdout.contains("true ROAS"), "{}", ran.stdout);
    assert!(ran.stdout.contains("R² test"), "{}", ran.stdout);
    let line = ran.stdout.lines().last().unwrap();
    assert!(line.starts_with("truth: ") && line.contains("lie in their 94 % intervals"), "{line}");
    assert!(line.contains("ROAS"), "{line}");
}

#[test]
fn logp_evaluates_points() {
    let project = Project::of_brands(&["a", "b"]);
    let point = r#"{"intercept_contribution": 0.5, "adstock_alpha": [-1.0, 0.2], "y_sigma": [-2],
                    "saturation_lam": [0.3, 0.1], "saturation_beta": [-1.5, -2.0]}"#;
    let far = point.replace("0.5", "1e30");
    std::fs::write(project.path("p.json"), format!("{{\"points\": [{point}, {far}]}}")).unwrap();

    let exact = project.run("logp model.toml --points p.json --model a --f64 --json").json();
    assert_eq!(exact["device"]["backend"], "cpu");
    let single = project.run("logp model.toml --points p.json --model a --json").json();
    assert_eq!(
        (&single["device"]["backend"], &single["terms_precision"]),
        (&"cpu".into(), &"f64".into())
    );
    let (exact, single) = (&exact["points"], &single["points"]);
    let logp = exact[0]["logp"].as_f64().unwrap();
    let terms = exact[0]["terms"].as_object().unwrap();
    assert_eq!(terms.len(), 6);
    let sum: f64 = terms.values().map(|term| term.as_f64().unwrap()).sum();
    assert!((sum - logp).abs() < 1e-9 * logp.abs(), "{sum} {logp}");
    assert_eq!(single[0]["terms"], exact[0]["terms"]);
    assert!((single[0]["logp"].as_f64().unwrap() - logp).abs() < 1e-4 * logp.abs().max(1.0));
    for (name, index) in [("adstock_alpha", 1), ("saturation_beta", 0)] {
        let gradient = |answer: &Value| answer[0]["grad"][name][index].as_f64().unwrap();
        let (exact, single) = (gradient(exact), gradient(single));
        assert!((exact - single).abs() < 1e-3 * exact.abs().max(1.0), "{name}: {exact} {single}");
    }
    assert!(exact[0]["grad"]["y_sigma"].is_f64(), "{}", exact[0]["grad"]);
    // (1e30)² is beyond single precision.
    assert!(exact[1]["logp"].is_f64());
    assert_eq!(single[1]["logp"], Value::Null);

    let text = project.run("logp model.toml --points p.json --model b").stdout;
    assert!(text.contains("log density") && text.lines().count() == 3, "{text}");
    if crate::common::software().is_some() {
        let ran = project.run("logp model.toml --points p.json --model a --device software --json");
        let software = ran.json();
        assert_eq!(software["device"]["backend"], "software", "{ran:?}");
        let found = software["points"][0]["logp"].as_f64().unwrap();
        assert!((found - logp).abs() < 1e-4 * logp.abs().max(1.0), "{found} {logp}");
    }
}

#[test]
fn logp_refuses_what_it_cannot_evaluate() {
    let project = Project::of_brands(&["a", "b"]);
    let point = r#"{"intercept_contribution": 0.5, "adstock_alpa": [-1.0, 0.2]}"#;
    std::fs::write(project.path("p.json"), format!("{{\"points\": [{point}]}}")).unwrap();
    let ran = project.run("logp model.toml --points p.json --model a --json");
    ran.fails(2, &["point 0: the model has no parameter `adstock_alpa`", "`adstock_alpha`?"]);
    assert_eq!(ran.json()["error"]["help"], "did you mean `adstock_alpha`?");
    project.run("logp model.toml --points p.json").fails(2, &["has 2 panels", "--model a"]);
    project.run("logp model.toml --points p.json --model c").fails(2, &["no model \"c\"", "a, b"]);
    project.run("logp model.toml --points q.json --model a").fails(2, &["read the points q.json"]);
    project
        .run("logp model.toml --points p.json --model a --f64 --device gpu")
        .fails(2, &["--f64 runs on the processor only"]);
    std::fs::write(project.path("p.json"), "{\"points\": [}").unwrap();
    project
        .run("logp model.toml --points p.json --model a")
        .fails(2, &["not valid JSON: expected value", "p.json:1:13"]);
}

#[test]
fn devices_schema_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    let devices = run(folder.path(), "devices --json").rows();
    assert_eq!((&devices[0]["device"], &devices[0]["kind"]), (&"cpu".into(), &"processor".into()));
    let text = run(folder.path(), "devices");
    assert_eq!(text.stdout.lines().count(), devices.len() + 1, "{text:?}");
    assert!(text.stdout.lines().nth(1).unwrap().starts_with("cpu "), "{}", text.stdout);
    if devices.len() == 1 {
        assert!(text.stderr.contains("mesa-vulkan-drivers"), "{}", text.stderr);
    }
    let schema = run(folder.path(), "schema");
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["data"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(folder.path(), &format!("completions {shell}"));
        assert!(script.code == Some(0) && script.stdout.contains("diagnose"), "{shell}");
    }
    run(folder.path(), "completions tcsh").fails(2, &["tcsh", "bash"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), "schema");
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_fit_says_how_to_go_on() {
    use std::io::{BufRead, BufReader, Read};
    let project = Project::new().edit("ess = 400", "ess = 1e9\nmax_gradients = 1_000_000_000");
    project.write();
    let mut child = command(&project.path(""), "fit model.toml");
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("device: ") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no device");
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let code = child.wait().unwrap().code();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(code, Some(130), "{rest}");
    assert!(rest.contains("finished models are kept"), "{rest}");
    assert!(rest.contains("the same command"), "{rest}");
}
