//! `gigamix import`: from the YAML of another program to a model that is fitted.

use crate::common::command::Project;

const YAML: &str = "
model:
  class: pymc_marketing.mmm.multidimensional.MMM
  kwargs:
    date_column: week
    target_column: sales
    channel_columns: [tv, radio]
    adstock:
      class: pymc_marketing.mmm.GeometricAdstock
      kwargs: {l_max: 4}
    saturation:
      class: pymc_marketing.mmm.LogisticSaturation
      kwargs:
        priors:
          beta: {distribution: HalfNormal, sigma: 1.0, dims: channel}
    sampler_config: {draws: 1000}
data: {X_path: sales.csv}
";

#[test]
fn an_imported_model_is_fitted() {
    let project = Project::new();
    std::fs::write(project.path("mmm.yml"), YAML).expect("write");
    let ran = project.run("import mmm.yml -o imported.toml");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    let note = "not carried over: model.kwargs.sampler_config: the sampler here tunes itself";
    assert!(ran.stderr.contains(note), "{ran:?}");
    let toml = std::fs::read_to_string(project.path("imported.toml")).expect("model file");
    assert!(toml.contains("# * model.kwargs.sampler_config: "), "{toml}");
    assert_eq!(project.run("fit imported.toml --quiet").code, Some(0));
    // It is not replaced unasked.
    project.run("import mmm.yml -o imported.toml").fails(2, &["exists", "--force"]);
    assert_eq!(project.run("import mmm.yml -o imported.toml --force --quiet").code, Some(0));
    let printed = project.run("import mmm.yml");
    assert_eq!(printed.stdout, toml);
    let json = project.run("import mmm.yml --json").json();
    assert_eq!(json["toml"], toml.as_str());
    assert_eq!(json["not_carried_over"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_no_model_is_refused() {
    let project = Project::new();
    project.run("import none.yml").fails(2, &["cannot read none.yml"]);
    std::fs::write(project.path("mmm.yml"), "model: {class: MMM\n").expect("write");
    project.run("import mmm.yml").fails(2, &["not valid YAML"]);
    std::fs::write(project.path("mmm.yml"), "a: 1\n").expect("write");
    project.run("import mmm.yml").fails(2, &["mmm.yml describes no model"]);
    // Without channels it is no model file, and says what it needs.
    std::fs::write(project.path("mmm.yml"), YAML.replace("[tv, radio]", "[]")).expect("write");
    let ran = project.run("import mmm.yml -o partly.toml");
    ran.fails(2, &["was imported, but is not complete", "`channels` is missing"]);
    assert!(project.path("partly.toml").exists());
}
