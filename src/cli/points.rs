//! Points of `gigamix logp`: values in the unconstrained space, keyed by parameter name.

use std::{path::Path, sync::Arc};

use serde_json::{Map, Value, json};

use crate::{
    error::{Error, Result, Source, suggest},
    model::{Coords, Layout, layout::Parameter},
};

/// What the peer appends to the name of an unconstrained value.
const SUFFIXES: [&str; 3] = ["_log__", "_logodds__", "_interval__"];

/// Reads the points of the file `path`, each in the layout's order.
///
/// # Errors
/// The file cannot be read or is not of the form `{"points": [{name: value, …}, …]}`; a name that
/// the model has not, or one that is missing; a value of another shape.
pub(super) fn read(path: &Path, layout: &Layout, coords: &Coords) -> Result<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::io(path, "read the points", &error)
            .help("--points takes a JSON file: {\"points\": [{\"y_sigma\": -2.0, …}, …]}")
    })?;
    parse(&path.display().to_string(), &text, layout, coords)
}

fn parse(name: &str, text: &str, layout: &Layout, coords: &Coords) -> Result<Vec<Vec<f64>>> {
    let form = "write {\"points\": [{name: value, …}, …]}";
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let source = Arc::new(Source { name: name.into(), text: text.into() });
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        Error::input(format!("not valid JSON: {message}")).at(&source, at..at + 1).help(form)
    })?;
    let wrong = |message: String| Error::input(format!("{name}: {message}"));
    let points = value.get("points").and_then(Value::as_array);
    let points = points.ok_or_else(|| wrong("no list `points`".into()).help(form))?;
    if points.is_empty() {
        return Err(wrong("there are no points".into()).help(form));
    }
    let one = |(i, point): (usize, &Value)| {
        let values = point.as_object().ok_or_else(|| wrong(format!("point {i} is no object")))?;
        flatten(values, layout, coords).map_err(|error| error.context(format!("{name}: point {i}")))
    };
    points.iter().enumerate().map(one).collect()
}

/// One point in the layout's order.
fn flatten(values: &Map<String, Value>, layout: &Layout, coords: &Coords) -> Result<Vec<f64>> {
    let names = || layout.sampled().map(|parameter| parameter.name.as_str());
    if let Some(unknown) = values.keys().find(|name| !names().any(|known| known == name.as_str())) {
        let bare = SUFFIXES.iter().find_map(|suffix| unknown.strip_suffix(suffix));
        let error = Error::input(format!("the model has no parameter `{unknown}`"));
        return Err(match (bare, suggest(unknown, names())) {
            (Some(bare), _) if names().any(|known| known == bare) => {
                error.help(format!("write it without the suffix: `{bare}`"))
            }
            (_, Some(near)) => error.help(format!("did you mean `{near}`?")),
            _ => error.help(format!("it has: {}", names().collect::<Vec<_>>().join(", "))),
        });
    }
    let missing: Vec<&str> = names().filter(|name| !values.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(Error::input(format!("missing: {}", missing.join(", ")))
            .help("give every parameter a value in the unconstrained space"));
    }
    let mut point = Vec::with_capacity(layout.dim());
    for parameter in layout.sampled() {
        let shape = shape(parameter, coords);
        let value = &values[&parameter.name];
        // A scalar may be written as a list of one.
        let value = match value.as_array().map(Vec::as_slice) {
            Some([only]) if shape.is_empty() => only,
            _ => value,
        };
        spread(value, &shape, &mut point).map_err(|found| {
            Error::input(format!("`{}` is {found}", parameter.name))
                .help(format!("it must be {}", expected(parameter, coords)))
        })?;
    }
    Ok(point)
}

/// Numbers along each dim.
fn shape(parameter: &Parameter, coords: &Coords) -> Vec<usize> {
    parameter.dims.iter().map(|dim| coords.of(dim).len()).collect()
}

/// Appends the numbers of a nested list of this shape; fails with what it is instead.
fn spread(value: &Value, shape: &[usize], to: &mut Vec<f64>) -> std::result::Result<(), String> {
    match (value, shape) {
        (Value::Number(number), []) => {
            to.push(number.as_f64().unwrap_or(f64::NAN));
            Ok(())
        }
        (Value::Array(values), [n, inner @ ..]) if values.len() == *n => {
            values.iter().try_for_each(|value| spread(value, inner, to))
        }
        (Value::Array(values), _) => Err(format!("a list of {}", values.len())),
        (Value::Number(number), _) => Err(format!("the number {number}")),
        (Value::String(text), _) => Err(format!("the text {text:?}")),
        (other, _) => Err(other.to_string()),
    }
}

fn expected(parameter: &Parameter, coords: &Coords) -> String {
    let dim = |dim: &String| format!("{} numbers along {dim}", coords.of(dim).len());
    match parameter.dims.as_slice() {
        [] => "a number".into(),
        dims => format!("a list of {}", dims.iter().map(dim).collect::<Vec<_>>().join(" × ")),
    }
}

/// Values in the layout's order, keyed by parameter, lists nested in the order of the dims.
pub(super) fn nested(values: &[f64], layout: &Layout, coords: &Coords) -> Value {
    let one = |parameter: &Parameter| {
        let values = &values[parameter.offset..][..parameter.len];
        (parameter.name.clone(), nest(values, &shape(parameter, coords)))
    };
    Value::Object(layout.sampled().map(one).collect())
}

fn nest(values: &[f64], shape: &[usize]) -> Value {
    match shape {
        [] => json!(values.first()),
        [_] => json!(values),
        [n, inner @ ..] => {
            values.chunks(values.len() / n.max(&1)).map(|values| nest(values, inner)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layout::Role;

    fn model() -> (Layout, Coords) {
        let parameter = |name: &str, dims: &[&str], offset, len| Parameter {
            name: name.into(),
            dims: dims.iter().map(|&dim| dim.into()).collect(),
            offset,
            len,
            role: Role::Sampled,
        };
        let layout = Layout {
            parameters: vec![
                parameter("adstock_alpha", &["channel"], 0, 2),
                parameter("y_sigma", &[], 2, 1),
            ],
            elements: Vec::new(),
        };
        let channel = vec!["TV".into(), "Radio".into()];
        (layout, Coords { channel, ..Coords::default() })
    }

    fn parse(text: &str) -> Result<Vec<Vec<f64>>> {
        let (layout, coords) = model();
        super::parse("p.json", text, &layout, &coords)
    }

    #[test]
    fn points_in_the_order_of_the_layout() {
        let text = r#"{"points": [{"y_sigma": -1, "adstock_alpha": [1, 2.5]},
                                  {"adstock_alpha": [0, 1e3], "y_sigma": [3]}]}"#;
        assert_eq!(parse(text).unwrap(), [[1.0, 2.5, -1.0], [0.0, 1000.0, 3.0]]);
    }

    #[test]
    fn bad_points_are_refused_with_place_and_help() {
        for (point, message, help) in [
            ("{}", "missing: adstock_alpha, y_sigma", "give every"),
            (
                r#"{"adstock_alpa": [1, 2], "y_sigma": 1}"#,
                "the model has no parameter `adstock_alpa`",
                "did you mean `adstock_alpha`?",
            ),
            (
                r#"{"adstock_alpha": [1, 2], "y_sigma_log__": 1}"#,
                "the model has no parameter `y_sigma_log__`",
                "without the suffix: `y_sigma`",
            ),
            (
                r#"{"adstock_alpha": [1, 2, 3], "y_sigma": 1}"#,
                "`adstock_alpha` is a list of 3",
                "it must be a list of 2 numbers along channel",
            ),
            (
                r#"{"adstock_alpha": 1, "y_sigma": 1}"#,
                "`adstock_alpha` is the number 1",
                "list of 2",
            ),
            (
                r#"{"adstock_alpha": [1, "x"], "y_sigma": 1}"#,
                "`adstock_alpha` is the text \"x\"",
                "list of 2",
            ),
            (r#"{"adstock_alpha": [1, 2], "y_sigma": null}"#, "`y_sigma` is null", "a number"),
            (r#"{"adstock_alpha": [1, 2], "y_sigma": [1, 2]}"#, "`y_sigma` is a list of 2", ""),
        ] {
            let error = parse(&format!("{{\"points\": [{point}]}}")).unwrap_err();
            assert_eq!(error.message(), format!("p.json: point 0: {message}"));
            assert!(error.help_text().is_some_and(|text| text.contains(help)), "{error:?}");
        }
        for (text, message) in [
            ("[]", "p.json: no list `points`"),
            (r#"{"points": []}"#, "p.json: there are no points"),
            (r#"{"points": [1]}"#, "p.json: point 0 is no object"),
        ] {
            assert_eq!(parse(text).unwrap_err().message(), message);
        }
    }

    #[test]
    fn broken_json_is_pointed_at() {
        let error = parse("{\"points\": [\n  {\"y_sigma\": }\n]}").unwrap_err();
        assert_eq!(error.message(), "not valid JSON: expected value");
        assert_eq!(error.place().map(|(source, span)| &source.text[span]), Some("}"));
        assert!(parse("").is_err());
    }

    #[test]
    fn values_are_nested_again() {
        let (layout, coords) = model();
        let value = nested(&[1.0, f64::NAN, 3.0], &layout, &coords);
        assert_eq!(value, json!({ "adstock_alpha": [1.0, null], "y_sigma": 3.0 }));
        let deep = nest(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
        assert_eq!(deep, json!([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    }
}
