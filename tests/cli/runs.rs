//! Commands that read a run: their rows, and what they refuse.

use crate::common::command::{Project, Ran};
use resvg::tiny_skia::Pixmap;
use serde_json::Value;

/// Two brands, the last twelve weeks held out, fitted.
fn fitted() -> Project {
    let project = Project::of_brands(&["a", "b & <b>"])
        .edit("panel =", "train_until = \"2024-11-25\"\npanel =");
    let ran = project.run("fit model.toml --out run");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("gigamix report run"), "{ran:?}");
    project
}

fn columns(row: &Value) -> Vec<&str> {
    row.as_object().expect("row").keys().map(String::as_str).collect()
}

/// A name with the four numbers of an estimate.
fn estimate(name: &str) -> Vec<String> {
    ["mean", "sd", "hdi_3", "hdi_97"].map(|what| format!("{name}_{what}")).to_vec()
}

fn has(row: &Value, plain: &[&str], estimates: &[&str]) {
    let expected: Vec<String> = plain
        .iter()
        .map(|name| (*name).to_owned())
        .chain(estimates.iter().flat_map(|name| estimate(name)))
        .collect();
    let mut found = columns(row);
    found.sort_unstable();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}"))
}

fn ok(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn every_command_has_its_rows() {
    let project = fitted();
    let rows = |command: &str| project.run(&format!("{command} --json --quiet")).rows();
    let estimates = ["contribution", "share", "roas", "mroas"];
    for command in ["roas run", "contributions run"] {
        let rows = rows(command);
        assert_eq!(rows.len(), 4);
        has(&rows[0], &["model", "channel", "spend"], &estimates);
    }
    let months = rows("roas run --by month --model a --channel tv");
    has(
        &months[0],
        &["model", "channel", "period", "first_date", "last_date", "spend"],
        &["contribution", "roas", "mroas"],
    );
    assert_eq!((months.len(), &months[10]["period"]), (11, &"2024-11".into()));

    let components = rows("contributions run --by component --model a");
    has(
        &components[0],
        &["model", "component", "kind"],
        &["contribution", "share", "share_of_actual"],
    );
    let names: Vec<&Value> = components.iter().map(|row| &row["component"]).collect();
    assert_eq!(names, ["baseline", "tv", "radio", "all channels", "all components"]);
    let dates = rows("contributions run --by date --model a");
    has(&dates[0], &["model", "date", "set", "component", "kind"], &["contribution"]);
    assert_eq!(dates.len(), 3 * 60);

    let sweep = rows("sweep run --channel tv --values 0,1");
    has(
        &sweep[0],
        &["model", "channel", "sweep", "spend"],
        &["contribution", "marginal", "uplift"],
    );
    assert_eq!(sweep.len(), 2 * 2);
    let roas = rows("roas run --channel tv");
    let [swept, known] = [&sweep[1], &roas[0]].map(|row| number(row, "contribution_mean"));
    assert!((swept / known - 1.0).abs() < 1e-9, "{swept} {known}");

    let curves = rows("curves run --channel radio --model a");
    has(&curves[0], &["model", "channel", "spend"], &["response", "marginal"]);
    let weights = rows("curves run --adstock --model a");
    has(&weights[0], &["model", "channel", "lag"], &["weight"]);
    assert_eq!(weights.len(), 2 * 4);

    let what_if = rows("what-if run --times tv=2 --keep-total --model a");
    has(
        &what_if[0],
        &["model", "quantity", "p_better"],
        &["before", "after", "difference", "uplift", "gain"],
    );
    let dates = rows("what-if run --times tv=2 --keep-total --model a --by date");
    has(
        &dates[0],
        &["model", "channel", "date", "spend_before", "spend_after"],
        &["before", "after"],
    );
    assert_eq!(dates.len(), 3 * 48);
    let summed: f64 = dates[..48].iter().map(|row| number(row, "after_mean")).sum();
    assert!((summed / number(&what_if[0], "after_mean") - 1.0).abs() < 1e-5, "{summed}");
    // What tv has more, radio has less.
    assert!(number(&what_if[0], "uplift_mean") > 0.0 && number(&what_if[1], "uplift_mean") < 0.0);

    let compared = project.run("compare run run --json --quiet").json();
    assert_eq!(number(&compared["rows"][0], "elpd_difference"), 0.0);
    assert_eq!(number(&compared["channels"][0], "z"), 0.0);
    assert!(number(&compared["rows"][0], "p_loo_first") > 0.0);
    assert_eq!(compared["parameters"].as_array().unwrap().len(), 2 * 8);

    let prior = project.run("prior model.toml --draws 500 --json --quiet").json();
    has(&prior["rows"][0], &["model", "channel", "spend"], &estimates);
    assert_eq!(prior["time"].as_array().unwrap().len(), 120);
}

#[test]
fn rows_go_to_people_and_to_files_too() {
    let project = fitted();
    for command in [
        "summary run",
        "diagnose run",
        "roas run",
        "roas run --by year",
        "contributions run",
        "contributions run --by component",
        "contributions run --by date",
        "sweep run",
        "curves run",
        "curves run --scaled",
        "curves run --adstock",
        "what-if run --times tv=2",
        "what-if run --times tv=2 --by date",
        "predict run",
        "compare run run",
        "prior model.toml",
    ] {
        let ran = project.run(&format!("{command} --parquet rows.parquet"));
        ok(&ran);
        assert!(ran.stdout.lines().count() > 2, "{ran:?}");
        assert!(ran.stderr.contains("written to rows.parquet"), "{ran:?}");
        let json = project.run(&format!("{command} --json --quiet")).rows();
        let table = gigamix::posterior::table::Table::read_parquet(&project.path("rows.parquet"));
        assert_eq!(table.expect("parquet").rows(), json.len(), "{command}");
    }
}

#[test]
fn new_dates_are_predicted() {
    let project = fitted();
    let known = project.run("predict run --json --quiet").json();
    assert_eq!(known["rows"].as_array().unwrap().len(), 120);
    assert_eq!(known["scores"].as_array().unwrap().len(), 4);
    // The table that was fitted holds the test rows: they come out as they were.
    let ran = project.run("predict run sales.csv --json");
    ok(&ran);
    assert!(ran.stderr.contains("rows until 2024-11-25 are left out"), "{ran:?}");
    let again = ran.json();
    assert_eq!(again["rows"].as_array().unwrap().len(), 2 * 12);
    assert_eq!(again["rows"][0], known["rows"][48]);
    assert_eq!(again["scores"], known["scores"]);

    let new = "week,brand,tv,radio\n2025-03-03,a,10,1e6\n2025-03-10,a,20,5\n";
    std::fs::write(project.path("new.csv"), new).unwrap();
    let ran = project.run("predict run new.csv --model a --json");
    ok(&ran);
    assert!(ran.stderr.contains("beyond that its response is a guess"), "{ran:?}");
    let rows = ran.rows();
    assert_eq!(
        (rows.len(), &rows[0]["actual"], &rows[0]["set"]),
        (2, &Value::Null, &"test".into())
    );
    assert!(number(&rows[0], "predicted_mean") > 0.0);
    // What one model lacks is its affair alone.
    let ran = project.run("predict run new.csv --json");
    ran.fails(1, &["error: without b & <b>: ", "no row of model \"b & <b>\"", "--model"]);
    assert_eq!(ran.rows(), rows);
    for (table, says) in [
        ("week,brand,tv,radio\n2024-05-06,a,1,2\n", "learned until 2024-11-25"),
        ("week,brand,tv,radio\n2025-03-03,a,-1,2\n", "\"tv\" is -1 on 2025-03-03"),
        ("week,brand,tv,radio\n2025-03-03,a,1,\n", "\"radio\" is NaN on 2025-03-03"),
        ("week,brand,tv\n2025-03-03,a,1\n", "no column \"radio\""),
        ("week,brand,tv,radio\n2025-03-03,a,1,2\n2025-03-03,a,1,2\n", "is there twice"),
    ] {
        std::fs::write(project.path("new.csv"), table).unwrap();
        project.run("predict run new.csv --model a").fails(2, &[says]);
        project.run("what-if run --times tv=2 --model a --data new.csv").fails(2, &[says]);
    }
}

#[test]
fn wrong_names_and_values_are_refused() {
    let project = fitted();
    let cases: [(&str, &[&str]); 9] = [
        ("sweep run --channel tvs", &["no channel \"tvs\"", "did you mean \"tv\"?"]),
        ("roas run --model c", &["no model \"c\" in run"]),
        ("sweep run --values=-1", &["--values has -1", "0 or more"]),
        ("sweep run --kind cubic", &["invalid value 'cubic'", "multiplicative"]),
        ("what-if run --times tv", &["\"tv\" is no channel and factor", "TV=1.5"]),
        ("what-if run --times tv=-2", &["\"tv=-2\" is no channel and factor"]),
        ("what-if run --times video=2", &["no channel \"video\"", "it has: tv, radio"]),
        ("contributions run --by date --channel tv", &["--channel has no meaning"]),
        ("compare run nowhere", &["nowhere is not a run folder"]),
    ];
    for (command, says) in cases {
        project.run(command).fails(2, says);
    }
    let other = Project::of_brands(&["c"]);
    ok(&other.run("fit model.toml --out run"));
    project
        .run(&format!("compare run {}", other.path("run").display()))
        .fails(2, &["have no model in common", "the panels must have the same names"]);
}

#[test]
fn damaged_and_foreign_folders_are_refused() {
    let project = fitted();
    let manifest = std::fs::read_to_string(project.path("run/run.json")).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json: Value = serde_json::from_str(&manifest).unwrap();
        change(&mut json);
        std::fs::write(project.path("run/run.json"), json.to_string()).unwrap();
    };
    // Another version, another model.
    with(&|json| {
        json.as_object_mut().unwrap().remove("model_file");
        json["gigamix"] = "0.0.1".into();
    });
    project
        .run("sweep run")
        .fails(2, &["keeps no model file", "made by gigamix 0.0.1", "fit again"]);
    let text = |json: &mut Value, from: &str, to: &str| {
        let text = json["model_file"]["text"].as_str().unwrap().replace(from, to);
        json["model_file"]["text"] = text.into();
    };
    with(&|json| text(json, "[adstock]", "[adstocks]"));
    project.run("sweep run").fails(2, &["adstocks", "made by gigamix", "fit again"]);
    with(&|json| text(json, "[likelihood]", "[saturation]\nfamily = \"none\"\n\n[likelihood]"));
    project
        .run("sweep run --model a")
        .fails(2, &["draws of saturation_lam, which its model has not"]);
    // Incomplete, damaged.
    with(&|json| json["complete"] = false.into());
    project.run("sweep run --model a").fails(0, &["the run is not complete"]);
    let store = project.path("run/posterior/a.zarr.zip");
    let bytes = std::fs::read(&store).unwrap();
    std::fs::write(&store, &bytes[..bytes.len() / 2]).unwrap();
    project.run("sweep run --model a").fails(2, &["a.zarr.zip is damaged"]);
    std::fs::remove_file(&store).unwrap();
    project.run("sweep run --model a").fails(2, &["model \"a\" has no draws", "gigamix fit"]);
    std::fs::remove_file(project.path("run/models.parquet")).unwrap();
    project.run("roas run").fails(2, &["has no finished model"]);
}

#[test]
fn a_damaged_model_is_named_and_the_others_answer() {
    let project = fitted();
    let commands = [
        "sweep run",
        "curves run",
        "roas run --by year",
        "contributions run --by date",
        "what-if run --times tv=2",
        "compare run run",
    ];
    let whole = commands.map(|command| project.run(&format!("{command} --json")).rows());
    let store = project.path("run/posterior/a.zarr.zip");
    let bytes = std::fs::read(&store).unwrap();
    std::fs::write(&store, &bytes[..bytes.len() / 2]).unwrap();
    for (command, whole) in commands.into_iter().zip(whole) {
        let ran = project.run(&format!("{command} --json --quiet"));
        ran.fails(1, &["error: without a: ", "a.zarr.zip is damaged"]);
        let others: Vec<Value> = whole.into_iter().filter(|row| row["model"] != "a").collect();
        assert!(!others.is_empty() && ran.rows() == others, "{command}");
    }
    // What stands in the run's tables needs no draws; what needs them and has no other model fails.
    ok(&project.run("roas run"));
    ok(&project.run("report run"));
    project.run("report run --model a").fails(2, &["a.zarr.zip is damaged"]);
}

#[test]
fn a_model_that_failed_its_gate_is_used_by_force_only() {
    // Too little work for any gate.
    let project =
        Project::of_brands(&["a", "b"]).edit("ess = 400", "ess = 1e5\nmax_gradients = 400");
    let ran = project.run("fit model.toml --out run");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for command in
        ["sweep run", "roas run", "predict run", "report run", "what-if run --times tv=2"]
    {
        project.run(command).fails(2, &["failed its gate", "--force uses it all the same"]);
    }
    project.run("summary run").fails(0, &["warning: of what is shown, 2 models failed the gates"]);
    for command in [
        "contributions run",
        "contributions run --by component",
        "contributions run --by date",
        "roas run --by year",
        "curves run",
        "curves run --adstock",
        "sweep run",
        "what-if run --times tv=2",
        "predict run",
        "compare run run",
    ] {
        let rows = project.run(&format!("{command} --force --json --quiet")).rows();
        assert!(!rows.is_empty() && rows.iter().all(|row| row["status"] == "failed"), "{command}");
    }
    let ran = project.run("roas run --force --json");
    ran.fails(0, &["warning: 2 models failed the gates and used all the same"]);
    assert!(ran.rows().iter().all(|row| row["status"] == "failed"));
    let ran = project.run("sweep run --force --channel tv");
    assert!(ran.stdout.contains("failed") && ran.stdout.contains("status"), "{ran:?}");
    let ran = project.run("report run --force --model a --out r.html");
    ok(&ran);
    let page = std::fs::read_to_string(project.path("r.html")).unwrap();
    assert!(page.contains("do not use the numbers below"));
}

#[test]
fn reports_are_one_page_that_needs_nothing_else() {
    let project = fitted();
    let ran = project.run("report run --json --quiet");
    assert_eq!(ran.json()["report"], "run/report.html");
    let page = |path: &str| std::fs::read_to_string(project.path(path)).unwrap();
    let fleet = page("run/report.html");
    // Names are the user's: they are text, never markup.
    assert!(fleet.contains("b &amp; &lt;b&gt;") && !fleet.contains("b & <b>"));
    ok(&project.run("report run --model a"));
    let model = page("run/report-a.html");
    for page in [&fleet, &model] {
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        let (body, _script) = page.rsplit_once("<script>").unwrap();
        assert!(!body.contains("NaN"), "{}", body.len());
        // Every drawing says in words what it shows.
        let drawings = page.matches("<svg ").count();
        let said = page.matches("role=\"img\" aria-label=\"").count();
        assert_eq!(drawings, said + page.matches("aria-hidden=\"true\"").count());
        assert!(!page.contains("aria-label=\"\""));
        assert!(page.contains("prefers-color-scheme") && page.contains("@media print"));
        for (open, close) in
            [("<svg ", "</svg>"), ("<figure>", "</figure>"), ("<table", "</table>")]
        {
            assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
        }
    }
    for section in [
        "Verdict",
        "Data",
        "Model",
        "Fit",
        "What sales are made of",
        "Returns",
        "Saturation",
        "Sweeps",
        "Adstock",
        "Prior against posterior",
        "Diagnostics",
        "Repaired or doubtful",
        "How to reproduce",
    ] {
        assert!(model.contains(&format!(">{section}</h2>")), "{section}");
    }
    for drawn in [
        "Correlations of sales: the strongest is ",
        "saturation_beta [channel: 2] ~ HalfNormal(sigma = ",
        "Residuals over time",
        "Waterfall of component totals",
        "Share of contribution against ROAS",
        "adstock_alpha before and after the data",
        "y_sigma before and after the data",
        "Trace of saturation_beta[tv], nested R-hat ",
        "Ranks of y_sigma by chain, effective draws ",
        "Distributions of the energy and of its changes",
    ] {
        assert!(model.contains(drawn), "{drawn}");
    }
    assert!(model.contains("gigamix fit model.toml"));
    // The same run gives the same page.
    project.run("report run --model a --out again.html");
    assert_eq!(page("again.html"), model);
}

#[test]
fn pictures_are_files_of_their_own_with_their_numbers() {
    let project = fitted();
    ok(&project.run("report run --model a --charts pictures"));
    let mut names: Vec<String> = std::fs::read_dir(project.path("pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let page = std::fs::read_to_string(project.path("run/report-a.html")).unwrap();
    let drawings = page.matches("<svg ").count() - page.matches("aria-hidden=\"true\"").count();
    let of = |end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((of(".svg"), of(".csv")), (drawings, page.matches("class=\"csv\"").count()));
    for name in names.iter().filter_map(|name| name.strip_suffix(".svg")) {
        let path = |end: &str| project.path(&format!("pictures/{name}.{end}"));
        let text = std::fs::read_to_string(path("svg")).unwrap();
        // It must stand alone: no variable of the page's style, no NaN.
        assert!(text.starts_with("<svg xmlns=") && text.ends_with("</svg>\n"), "{name}");
        assert!(!text.contains("var(") && !text.contains("NaN"), "{name}");
        // The same as pixels, two for every unit of width: paper, ink and something in colour.
        let drawn = Pixmap::decode_png(&std::fs::read(path("png")).unwrap()).unwrap();
        let width = text.split("width=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(f64::from(drawn.width()), 2.0 * width.parse::<f64>().unwrap(), "{name}");
        let has = |of: fn([u8; 3]) -> bool| {
            drawn.pixels().iter().any(|pixel| of([pixel.red(), pixel.green(), pixel.blue()]))
        };
        assert!(has(|rgb| rgb == [255; 3]) && has(|rgb| rgb.iter().all(|&x| x < 128)), "{name}");
    }
    assert_eq!(of(".png"), drawings);
    let sweep = names.iter().find(|name| name.ends_with("multiple-of-the-spend.csv"));
    let sweep = sweep.unwrap_or_else(|| panic!("{names:?}"));
    let text = std::fs::read_to_string(project.path(&format!("pictures/{sweep}"))).unwrap();
    assert!(text.starts_with("model,channel,sweep,spend,contribution_mean"), "{text}");
    assert_eq!(text.lines().count(), 1 + 3 * 16);
}
