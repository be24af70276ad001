//! Trend and seasonality, from the model file to the tables.

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
