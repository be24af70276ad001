//! The peer's log densities (`data/reference/`), and model files that say the same model.

use gigamix::config::ModelFile;
use gigamix::data;
use gigamix::model::{self, Model};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// One model configuration with its points.
pub struct Case {
    pub id: String,
    /// The model as each of its series sees it.
    pub model: Vec<Model>,
    pub points: Vec<Point>,
}

/// What the peer computed at one point.
pub struct Point {
    /// Unconstrained values, in the layout's order.
    pub position: Vec<f64>,
    pub logp: f64,
    /// NaN where the peer's is: ours has the finite limit there.
    pub gradient: Vec<f64>,
    /// Per parameter, and `y`.
    pub terms: Vec<(String, f64)>,
}

/// The configurations of `cases.json` and `effects.json` whose id starts with one of these.
pub fn cases(ids: &[&str]) -> Vec<Case> {
    let file = |name| read(&super::repository(&format!("data/reference/{name}.json")));
    let [cases, effects] = ["cases", "effects"].map(file);
    let configs = |json: &Value| json["configs"].as_array().expect("configs").clone();
    configs(&cases)
        .iter()
        .chain(&configs(&effects))
        .filter(|entry| {
            let id = entry["config"]["id"].as_str().expect("id");
            ids.iter().any(|wanted| id.starts_with(wanted))
        })
        .map(|entry| case(&entry["config"], &entry["cases"], &rows(&entry["config"])))
        .collect()
}

/// The 20 points of the case study: ten posterior draws, then ten random ones.
pub fn case_study() -> Option<Case> {
    let data = super::case_study()?;
    let json = read(&super::repository("data/reference/case_study_logdensity.json"));
    let file = ModelFile::load(&super::repository("data/case_study.toml")).expect("model file");
    let dataset = data::load(&file, Some(&data)).expect("case study");
    let model = model::build(&file, &dataset.panels[0]).expect("model").model;
    let points = points(&model, &json["cases"]);
    Some(Case { id: "case_study".into(), model: vec![model], points })
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("reference")).expect("JSON")
}

/// The rows a configuration uses, as a CSV of its own: `first 104 rows (0..103) …`, or `all 240 rows`.
fn rows(config: &Value) -> tempfile::TempDir {
    let words = config["rows"].as_str().expect("rows");
    let n: usize = words.split(' ').nth(1).expect("N rows").parse().expect("N");
    let file = config["data_file"].as_str().expect("data_file");
    let text = std::fs::read_to_string(super::repository(&format!("data/reference/{file}")));
    let text = text.expect("reference data");
    let head: Vec<_> = text.lines().take(n + 1).collect();
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("data.csv"), head.join("\n")).expect("write");
    folder
}

fn case(config: &Value, cases: &Value, folder: &tempfile::TempDir) -> Case {
    let toml = model_file(config);
    let path = folder.path().join("model.toml");
    let file =
        ModelFile::parse("model.toml", &path, &toml).unwrap_or_else(|e| panic!("{e}\n{toml}"));
    let dataset = data::load(&file, None).expect("data");
    assert!(dataset.failed.is_empty(), "{:?}", dataset.failed);
    let model = model::pool(&file, &dataset.panels).unwrap_or_else(|e| panic!("{e}")).series;
    let points = points(&model[0], cases);
    Case { id: config["id"].as_str().expect("id").into(), model, points }
}

/// Writes the peer's configuration as a model file.
fn model_file(config: &Value) -> String {
    let mut toml = String::new();
    let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
    writeln!(toml, "[data]\npath = \"data.csv\"").unwrap();
    writeln!(toml, "date = \"{}\"\ntarget = \"{}\"", text("date_column"), text("target_column"))
        .unwrap();
    writeln!(toml, "channels = {}", config["channel_columns"]).unwrap();
    if !config["control_columns"].is_null() {
        writeln!(toml, "controls = {}", config["control_columns"]).unwrap();
    }
    if config["dims"].as_array().is_some_and(|dims| !dims.is_empty()) {
        writeln!(toml, "dims = {}\n[scaling]", config["dims"]).unwrap();
        for what in ["target", "channel"] {
            let scaling = &config["scaling"][what];
            let (method, over) = (&scaling["method"], &scaling["dims"]);
            writeln!(toml, "{what} = {{ method = {method}, over = {over} }}").unwrap();
        }
    }
    writeln!(toml, "[model]\nadstock_first = {}", config["adstock_first"]).unwrap();
    if let Some(order) = config["yearly_seasonality"].as_u64() {
        writeln!(toml, "yearly_seasonality = {order}").unwrap();
    }
    let priors = &config["model_config"];
    let adstock = &config["adstock"];
    let family = match adstock["cls"].as_str().expect("cls") {
        // as many lags as there are rows
        "GeometricAdstock" if adstock["recursion"] == true => "recursion",
        "GeometricAdstock" => "geometric",
        "BinomialAdstock" => "binomial",
        "DelayedAdstock" => "delayed",
        "WeibullPDFAdstock" => "weibull_pdf",
        "WeibullCDFAdstock" => "weibull_cdf",
        "NoAdstock" => "none",
        other => panic!("{other} has no name here yet"),
    };
    let mode = adstock["mode"].as_str().expect("mode").to_lowercase();
    writeln!(
        toml,
        "[adstock]\nfamily = \"{family}\"\nl_max = {}\nnormalize = {}\nmode = \"{mode}\"",
        adstock["l_max"], adstock["normalize"]
    )
    .unwrap();
    family_priors(&mut toml, "adstock", priors);
    let family = match config["saturation"]["cls"].as_str().expect("cls") {
        "LogisticSaturation" => "logistic",
        "InverseScaledLogisticSaturation" => "inverse_scaled_logistic",
        "TanhSaturation" => "tanh",
        "MichaelisMentenSaturation" => "michaelis_menten",
        "HillSaturation" => "hill",
        "HillSaturationSigmoid" => "hill_sigmoid",
        "RootSaturation" => "root",
        "NoSaturation" => "none",
        other => panic!("{other} has no name here yet"),
    };
    writeln!(toml, "[saturation]\nfamily = \"{family}\"").unwrap();
    family_priors(&mut toml, "saturation", priors);
    writeln!(toml, "[priors]").unwrap();
    for name in ["intercept", "gamma_control", "gamma_fourier"] {
        if let Some(value) = priors.get(name) {
            writeln!(toml, "{name} = {}", prior(value)).unwrap();
        }
    }
    if let Some(likelihood) = priors.get("likelihood") {
        writeln!(toml, "[likelihood]\ndistribution = {}", likelihood["dist"]).unwrap();
        for (key, value) in likelihood["kwargs"].as_object().expect("kwargs") {
            let value = if value.is_object() { prior(value) } else { value.to_string() };
            writeln!(toml, "{key} = {value}").unwrap();
        }
    }
    match config["extra"].as_array() {
        Some(several) => several.iter().for_each(|extra| effect(&mut toml, extra)),
        None => effect(&mut toml, &config["extra"]),
    }
    toml
}

/// What the peer adds to the core of the model.
fn effect(toml: &mut String, extra: &Value) {
    match extra["kind"].as_str() {
        None => {}
        Some("linear_trend") => {
            writeln!(toml, "[trend]\nchangepoints = {}", extra["n_changepoints"]).unwrap();
        }
        Some("fourier_effect") => {
            assert_eq!(extra["cls"], "MonthlyFourier");
            let order = &extra["n_order"];
            let about = format!("name = \"monthly\"\nperiod = \"month\"\norder = {order}");
            writeln!(toml, "[[fourier]]\n{about}").unwrap();
        }
        Some("tvp_intercept") => {
            writeln!(toml, "[time_varying.intercept]\nm = {}", extra["m"]).unwrap();
        }
        Some("tvp_media" | "tvp_media_lift") => {
            writeln!(toml, "[time_varying.media]\nm = {}", extra["m"]).unwrap();
            if extra.get("df").is_some() {
                tables(toml, "lift_test", &extra["df"]);
            }
        }
        Some("tvp_both") => {
            writeln!(toml, "[time_varying.intercept]\nm = {}", extra["m"]).unwrap();
            writeln!(toml, "[time_varying.media]\nm = {}", extra["m_media"]).unwrap();
        }
        Some("event") => {
            writeln!(toml, "[[event]]\nname = \"sale\"").unwrap();
            for key in ["basis", "mode", "include_event", "event_in"] {
                if let Some(value) = extra.get(key) {
                    writeln!(toml, "{key} = {value}").unwrap();
                }
            }
            writeln!(toml, "dates = [").unwrap();
            for date in extra["dates"].as_array().expect("dates") {
                let [name, start, end] = ["name", "start", "end"].map(|key| &date[key]);
                writeln!(toml, "{{ name = {name}, start = {start}, end = {end} }},").unwrap();
            }
            writeln!(toml, "]").unwrap();
        }
        Some("lift_test") => tables(toml, "lift_test", &extra["df"]),
        Some("cost_per_target") => tables(toml, "cost_per_target", &extra["df"]),
        Some(other) => panic!("{other} has no name here yet"),
    }
}

/// The rows of a table, each as one of the model file's.
fn tables(toml: &mut String, name: &str, columns: &Value) {
    let columns = columns.as_object().expect("columns");
    for i in 0..columns["channel"].as_array().expect("rows").len() {
        writeln!(toml, "[[{name}]]").unwrap();
        for (key, column) in columns {
            writeln!(toml, "{key} = {}", column[i]).unwrap();
        }
    }
}

/// The priors of a transform's parameters: `adstock_alpha` and so on.
fn family_priors(toml: &mut String, kind: &str, priors: &Value) {
    writeln!(toml, "[{kind}.priors]").unwrap();
    for (name, value) in priors.as_object().expect("model_config") {
        if let Some(name) = name.strip_prefix(&format!("{kind}_")) {
            writeln!(toml, "{name} = {}", prior(value)).unwrap();
        }
    }
}

fn prior(value: &Value) -> String {
    let mut text = format!("{{ distribution = {}", value["dist"]);
    for (key, value) in value["kwargs"].as_object().expect("kwargs") {
        let value = if value.is_object() { prior(value) } else { value.to_string() };
        write!(text, ", {key} = {value}").unwrap();
    }
    if let Some(centered) = value.get("centered").filter(|centered| !centered.is_null()) {
        write!(text, ", centered = {centered}").unwrap();
    }
    if let Some(dims) = value.get("dims").filter(|dims| !dims.is_null()) {
        write!(text, ", dims = {dims}").unwrap();
    }
    text + " }"
}

fn points(model: &Model, cases: &Value) -> Vec<Point> {
    let one = |case: &Value| Point {
        position: flatten(model, &case["point"]),
        logp: case.get("logp_float64").unwrap_or(&case["logp"]).as_f64().expect("logp"),
        gradient: flatten(model, &case["grad"]),
        terms: case["terms"].as_object().map_or_else(Vec::new, |terms| {
            terms.iter().map(|(k, v)| (k.clone(), v.as_f64().expect("term"))).collect()
        }),
    };
    cases.as_array().expect("cases").iter().map(one).collect()
}

/// Values keyed by the peer's value-variable names, in the layout's order.
fn flatten(model: &Model, values: &Value) -> Vec<f64> {
    let mut flat = Vec::new();
    for parameter in model.layout.sampled() {
        let suffixes = ["", "_log__", "_logodds__", "_interval__"];
        let value = suffixes
            .iter()
            .find_map(|suffix| values.get(format!("{}{suffix}", parameter.name)))
            .unwrap_or_else(|| panic!("{} is not in the reference", parameter.name));
        spread(value, &mut flat);
    }
    assert_eq!(flat.len(), model.layout.dim());
    flat
}

/// The numbers of a nested list, the last dim fastest.
fn spread(value: &Value, to: &mut Vec<f64>) {
    match value.as_array() {
        Some(values) => values.iter().for_each(|value| spread(value, to)),
        None if value.is_null() => to.push(f64::NAN),
        None => to.push(value.as_f64().expect("number")),
    }
}
