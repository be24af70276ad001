//! Priors whose parameters have priors, from the model file to the run folder.

use crate::common::command::Project;

const CENTRED: &str = r#"[saturation.priors]
beta = { distribution = "HalfNormal", sigma = { distribution = "HalfNormal", sigma = 1 }, dims = ["channel"] }

[likelihood]"#;

/// A project whose saturation has the priors `text`.
fn with_priors(text: &str) -> Project {
    Project::new().edit("[likelihood]", &format!("{text}\n[likelihood]"))
}

#[test]
fn a_hierarchy_is_fitted_and_its_parents_are_reported() {
    let project = Project::new().edit("[likelihood]", CENTRED);
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("summary runs/model --json");
    let names: Vec<String> = rows.json()["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["parameter"].as_str().expect("name").to_owned())
        .collect();
    // A parent comes before its children.
    let place = |name: &str| names.iter().position(|found| found == name).expect("reported");
    assert!(place("saturation_beta_sigma") < place("saturation_beta[tv]"), "{names:?}");
}

#[test]
fn offsets_are_sampled_but_not_reported() {
    let project = with_priors(
        "[saturation.priors]\nbeta = { distribution = \"LogNormal\", mean = { distribution = \"LogNormal\", \
         mean = 0.5, std = 0.3 }, std = 0.4, centered = false, dims = [\"channel\"] }\n",
    );
    assert_eq!(project.run("fit model.toml --quiet").code, Some(0));
    let rows = project.run("summary runs/model --json").json();
    let value = |name: &str| {
        let rows = rows["rows"].as_array().expect("rows");
        rows.iter()
            .find(|row| row["parameter"] == name)
            .map(|row| row["mean"].as_f64().expect("mean"))
    };
    assert!(value("saturation_beta[tv]").is_some_and(|beta| beta > 0.0));
    assert!(value("saturation_beta_mean").is_some_and(|mean| mean > 0.0));
    assert_eq!(value("saturation_beta_log_offset[tv]"), None);
    // Points of the log density are offsets.
    std::fs::write(
        project.path("points.json"),
        r#"{"points": [{"intercept_contribution": 0.1, "adstock_alpha": [0, 0], "saturation_lam": [0, 0],
            "saturation_beta_mean": 0, "saturation_beta_log_offset": [0, 0], "y_sigma": -1}]}"#,
    )
    .expect("points");
    let answer = project.run("logp model.toml --points points.json --f64 --json").json();
    assert!(answer["points"][0]["grad"]["saturation_beta_log_offset"].is_array(), "{answer}");
}

#[test]
fn what_a_hierarchy_cannot_be_is_said() {
    let refused = |prior: &str, says: &[&str]| {
        let text = format!("[saturation.priors]\nbeta = {{ {prior} }}\n");
        with_priors(&text).run("fit model.toml").fails(2, says);
    };
    refused(
        "distribution = \"HalfNormal\", sigma = 1, centered = false",
        &["a HalfNormal prior has no offsets", "centered = false is for"],
    );
    refused(
        "distribution = \"Uniform\", upper = { distribution = \"HalfNormal\", sigma = 1 }",
        &["upper of Uniform must be a number"],
    );
    refused(
        "distribution = \"TruncatedNormal\", mu = { distribution = \"Normal\" }, lower = 2, upper = 1",
        &["lower (2) must be below upper (1)"],
    );
    refused(
        "distribution = \"HalfNormal\", sigma = { distribution = \"Normal\" }",
        &["saturation_beta_sigma must be above 0", "reaches beyond"],
    );
    refused(
        "distribution = \"HalfNormal\", sigma = { distribution = \"HalfNormal\", dims = [\"channel\"] }",
        &["saturation_beta_sigma cannot have dims"],
    );
}

#[test]
fn parents_far_out_stop_no_fit_with_a_panic() {
    // Draws of the parent are often 0 or infinite: no Gamma has such arguments.
    let ran = with_priors(
        "[saturation.priors]\nlam = { distribution = \"Gamma\", alpha = { distribution = \"LogNormal\", \
         mu = 0, sigma = 900 }, beta = 1, dims = [\"channel\"] }\n",
    )
    .run("fit model.toml --quiet");
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
}

#[test]
fn a_lift_test_of_a_channel_without_spend_is_one_panels_affair() {
    let test = "[[lift_test]]\nchannel = \"tv\"\nx = 0\ndelta_x = 50\ndelta_y = 500\nsigma = 5\n";
    let project = Project::of_brands(&["a", "b"])
        .edit("[likelihood]", &format!("{test}\n[likelihood]"))
        .fill_where("tv", "b", |_, _| 0.0);
    let rows = project.run("fit model.toml --json --quiet").rows();
    let reason = |key: &str| {
        let row = rows.iter().find(|row| row["model"] == key).expect("model");
        (row["status"].as_str().expect("status") == "failed", row["reason"].to_string())
    };
    assert!(!reason("a").0, "{rows:?}");
    let (failed, why) = reason("b");
    assert!(failed && why.contains("0 on all training rows"), "{why}");
}
