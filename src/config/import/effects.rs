//! Effects and calibration.

use serde_json::{Map, Value};

use super::node::{Left, Node};
use super::prior::prior;
use super::{key, line, quoted};

/// A table in the document: its rows, or the file it is read from.
enum Frame {
    Rows(Vec<Map<String, Value>>),
    File(String),
}

/// Writes effects and calibration, whose rows name the labels of the dims.
pub fn write(root: &mut Node, dims: &[String], toml: &mut String, left: &mut Left) {
    for (k, value) in listed(root, "effects", left).into_iter().enumerate() {
        let path = format!("effects[{k}]");
        let Some((class, node)) = Node::object(&path, value, left) else { continue };
        match class.as_str() {
            "LinearTrendEffect" => trend(node, toml, left),
            "FourierEffect" => fourier(node, toml, left),
            "EventAdditiveEffect" => event(node, toml, left),
            _ => left.add(&path, &format!("the effect {class} is not known")),
        }
    }
    for (k, value) in listed(root, "calibration", left).into_iter().enumerate() {
        let path = format!("calibration[{k}]");
        let Some(mut step) = Node::new(&path, value, left) else { continue };
        if let Some(node) = step.node("add_lift_test_measurements", left) {
            lift_tests(node, dims, toml, left);
        }
        if let Some(node) = step.node("add_cost_per_target_calibration", left) {
            costs(node, dims, toml, left);
        }
        step.close(left);
    }
}

/// The items of a list.
fn listed(root: &mut Node, key: &str, left: &mut Left) -> Vec<Value> {
    match root.take(key) {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(other) => {
            left.value(key, &other);
            Vec::new()
        }
    }
}

/// What is built inside an effect under `key`.
fn inner(node: &mut Node, key: &str, left: &mut Left) -> Option<(String, Node)> {
    let path = node.at(key);
    let Some(value) = node.take(key) else {
        left.add(&path, "is missing");
        return None;
    };
    Node::object(&path, value, left)
}

fn trend(mut node: Node, toml: &mut String, left: &mut Left) {
    let Some((_, mut trend)) = inner(&mut node, "trend", left) else { return };
    line(toml, "\n[trend]");
    if let Some(n) = trend.count("n_changepoints", left) {
        line(toml, format!("changepoints = {n}"));
    }
    let k = trend.flag("include_intercept", left).unwrap_or(false);
    let mut priors = Vec::new();
    if let Some(mut given) = trend.node("priors", left) {
        for name in ["delta", "k"] {
            let Some(value) = given.take(name) else { continue };
            let path = given.at(name);
            priors.extend(prior(&path, value, None, left).map(|prior| format!("{name} = {prior}")));
        }
        given.close(left);
    }
    if k && !priors.iter().any(|prior| prior.starts_with("k ")) {
        priors.push("k = { distribution = \"Normal\", mu = 0, sigma = 0.05 }".into());
    }
    if !priors.is_empty() {
        line(toml, format!("\n[trend.priors]\n{}", priors.join("\n")));
    }
    // Its priors say over what it varies, and it goes by one name only.
    trend.take("dims");
    node.take("prefix");
    trend.close(left);
    node.close(left);
}

fn fourier(mut node: Node, toml: &mut String, left: &mut Left) {
    let Some((class, mut fourier)) = inner(&mut node, "fourier", left) else { return };
    let period = match class.as_str() {
        "YearlyFourier" => "year",
        "MonthlyFourier" => "month",
        "WeeklyFourier" => "week",
        _ => return left.add(&node.path, &format!("the seasonality {class} is not known")),
    };
    let name = fourier.text("prefix", left).unwrap_or_else(|| "fourier".into());
    line(toml, format!("\n[[fourier]]\nname = {}\nperiod = \"{period}\"", quoted(&name)));
    if let Some(order) = fourier.count("n_order", left) {
        line(toml, format!("order = {order}"));
    }
    if let Some(value) = fourier.take("prior")
        && let Some(prior) = prior(&fourier.at("prior"), value, None, left)
    {
        line(toml, format!("priors.beta = {prior}"));
    }
    fourier.close(left);
    node.close(left);
}

fn event(mut node: Node, toml: &mut String, left: &mut Left) {
    let name = node.text("prefix", left).unwrap_or_else(|| "event".into());
    let Some((_, mut effect)) = inner(&mut node, "effect", left) else { return };
    let Some((class, mut basis)) = inner(&mut effect, "basis", left) else { return };
    let family = match class.as_str() {
        "GaussianBasis" => "gaussian",
        "HalfGaussianBasis" => "half_gaussian",
        "AsymmetricGaussianBasis" => "asymmetric_gaussian",
        _ => return left.add(&effect.path, &format!("the basis {class} is not known")),
    };
    let Some(frame) = frame(&mut node, "df_events", left) else { return };
    let Frame::Rows(rows) = frame else {
        return left.add(&node.at("df_events"), "a file of events: write its rows into [[event]]");
    };
    line(toml, format!("\n[[event]]\nname = {}\nbasis = \"{family}\"", quoted(&name)));
    for key in ["mode", "event_in"] {
        if let Some(side) = basis.text(key, left) {
            line(toml, format!("{key} = {}", quoted(&side)));
        }
    }
    if let Some(include) = basis.flag("include_event", left) {
        line(toml, format!("include_event = {include}"));
    }
    line(toml, "dates = [");
    for (k, mut row) in rows.into_iter().enumerate() {
        let date = |value: Option<Value>| {
            let value = value?;
            // Without the time of a timestamp.
            Some(value.as_str()?.get(..10)?.to_owned())
        };
        let label = match row.shift_remove("name") {
            Some(Value::String(label)) => label,
            Some(other) => other.to_string(),
            None => k.to_string(),
        };
        let (start, end) =
            (date(row.shift_remove("start_date")), date(row.shift_remove("end_date")));
        let path = format!("{}[{k}]", node.at("df_events"));
        let (Some(start), Some(end)) = (start, end) else {
            left.add(&path, "an event without start_date and end_date");
            continue;
        };
        for (name, value) in row {
            left.value(&format!("{path}.{name}"), &value);
        }
        let [label, start, end] = [label, start, end].map(|text| quoted(&text));
        line(toml, format!("  {{ name = {label}, start = {start}, end = {end} }},"));
    }
    line(toml, "]");
    let rename = Some(("event", name.as_str()));
    if let Some(mut priors) = basis.node("priors", left) {
        let path = priors.path.clone();
        for (parameter, value) in priors.rest() {
            let path = format!("{path}.{parameter}");
            if let Some(prior) = prior(&path, value, rename, left) {
                line(toml, format!("priors.{} = {prior}", key(&parameter)));
            }
        }
    }
    if let Some(value) = effect.take("effect_size")
        && let Some(prior) = prior(&effect.at("effect_size"), value, rename, left)
    {
        line(toml, format!("priors.effect_size = {prior}"));
    }
    // Its priors say over what it varies; days are counted from the event itself.
    effect.take("dims");
    node.take("reference_date");
    basis.close(left);
    effect.close(left);
    node.close(left);
}

fn lift_tests(mut node: Node, dims: &[String], toml: &mut String, left: &mut Left) {
    match frame(&mut node, "df_lift_test", left) {
        None => {}
        Some(Frame::File(path)) => line(toml, format!("\n[[lift_test]]\npath = {}", quoted(&path))),
        Some(Frame::Rows(rows)) => {
            let keys = with(dims, &["channel", "x", "delta_x", "delta_y", "sigma", "date"]);
            let path = node.at("df_lift_test");
            rows.into_iter().enumerate().for_each(|(k, row)| {
                table("lift_test", &format!("{path}[{k}]"), row, &keys, toml, left);
            });
        }
    }
    if let Some(class) = node.text("dist", left).filter(|class| !class.ends_with("Gamma")) {
        left.add(&node.at("dist"), &format!("{class}: lift tests have a Gamma likelihood here"));
    }
    node.take("name");
    node.close(left);
}

fn costs(mut node: Node, dims: &[String], toml: &mut String, left: &mut Left) {
    // The spend is that of the table.
    node.take("data");
    node.take("name_prefix");
    match frame(&mut node, "calibration_data", left) {
        None => {}
        Some(Frame::File(path)) => {
            left.add(
                &node.at("calibration_data"),
                &format!("{path}: write it into [[cost_per_target]]"),
            );
        }
        Some(Frame::Rows(rows)) => {
            let keys = with(dims, &["channel", "cost_per_target", "sigma"]);
            let path = node.at("calibration_data");
            rows.into_iter().enumerate().for_each(|(k, row)| {
                table("cost_per_target", &format!("{path}[{k}]"), row, &keys, toml, left);
            });
        }
    }
    node.close(left);
}

/// Names of dims, then these.
fn with<'a>(dims: &'a [String], keys: &[&'a str]) -> Vec<&'a str> {
    dims.iter().map(String::as_str).chain(keys.iter().copied()).collect()
}

/// A row as a table of its own.
fn table(
    name: &str,
    path: &str,
    mut row: Map<String, Value>,
    keys: &[&str],
    toml: &mut String,
    left: &mut Left,
) {
    line(toml, format!("\n[[{name}]]"));
    for name in keys {
        match row.shift_remove(*name) {
            Some(Value::String(text)) => line(toml, format!("{} = {}", key(name), quoted(&text))),
            Some(Value::Number(number)) => line(toml, format!("{} = {number}", key(name))),
            Some(Value::Null) | None => {}
            Some(other) => left.value(&format!("{path}.{name}"), &other),
        }
    }
    for (name, value) in row {
        left.value(&format!("{path}.{name}"), &value);
    }
}

/// The table under `key`: columns, rows, or a file.
fn frame(node: &mut Node, key: &str, left: &mut Left) -> Option<Frame> {
    let path = node.at(key);
    let mut value = node.take(key)?;
    if value.get("class").is_some() {
        let (class, mut inner) = Node::object(&path, value, left)?;
        let first = inner.take("0");
        match class.as_str() {
            "DataFrame" => value = inner.take("data").or(first)?,
            "read_csv" | "read_parquet" => {
                let file = ["filepath_or_buffer", "path"].iter().find_map(|key| inner.take(key));
                let file = file.or(first);
                let name = file.as_ref().and_then(Value::as_str).map(str::to_owned);
                inner.close(left);
                return name.map(Frame::File);
            }
            _ => {
                left.add(&path, &format!("a table by {class} is not known"));
                return None;
            }
        }
        inner.close(left);
    }
    let rows = match value {
        Value::Array(rows) => rows
            .into_iter()
            .map(|row| if let Value::Object(row) = row { Some(row) } else { None })
            .collect::<Option<Vec<_>>>(),
        Value::Object(columns) => rows_of(columns),
        _ => None,
    };
    if rows.is_none() {
        left.add(&path, "a table that is neither columns nor rows");
    }
    rows.map(Frame::Rows)
}

/// Columns of equal length as rows.
fn rows_of(columns: Map<String, Value>) -> Option<Vec<Map<String, Value>>> {
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for (k, (name, column)) in columns.into_iter().enumerate() {
        let Value::Array(values) = column else { return None };
        if k == 0 {
            rows.resize(values.len(), Map::new());
        } else if rows.len() != values.len() {
            return None;
        }
        for (row, value) in rows.iter_mut().zip(values) {
            row.insert(name.clone(), value);
        }
    }
    Some(rows)
}
