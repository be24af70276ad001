//! The parameters behind simulated data, to be shown beside their estimates.

use std::{collections::BTreeMap, fs, ops::Range, sync::Arc};

use toml::{Table, Value};

use crate::{
    config::ModelFile,
    error::{Error, Result, Source},
};

/// True values by panel key and display name: `intercept_contribution`, `saturation_beta[TV]`,
/// `roas[TV]` (return over the training rows), `contribution[TV]` (their total, original units).
///
/// As TOML, the part in brackets is the key of a table:
/// ```toml
/// [panel."brandA/north"]
/// intercept_contribution = 0.3
/// saturation_beta = { TV = 0.3, Radio = 0.2 }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth(pub BTreeMap<String, BTreeMap<String, f64>>);

/// Reads the file that `[data] truth` names, relative to the model file; nothing where it names none.
///
/// # Errors
/// The file cannot be read, or is not of the form that [`Truth`] shows.
pub fn load_truth(file: &ModelFile) -> Result<Option<Truth>> {
    let Some(path) = &file.data.truth else {
        return Ok(None);
    };
    let path = file.dir().join(path);
    let text = fs::read_to_string(&path).map_err(|error| {
        Error::io(&path, "read", &error)
            .help("[data] truth is relative to the model file; leave it out for data that are real")
    })?;
    Truth::parse(&path.display().to_string(), &text).map(Some)
}

impl Truth {
    /// Reads the TOML `text` of the file called `name`.
    ///
    /// # Errors
    /// The text is no TOML, or has anything but tables of numbers below `panel`.
    pub fn parse(name: &str, text: &str) -> Result<Truth> {
        let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
        let table: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let span: Range<usize> = error.span().unwrap_or(0..0);
            Error::input(error.message()).at(&source, span)
        })?;
        let wrong = |what: String| {
            Error::input(format!("{name}: {what}"))
                .help("write [panel.\"KEY\"], then name = number or name = { coordinate = number }")
        };
        let mut truth = Truth::default();
        for (key, value) in &table {
            let Value::Table(panels) = value else {
                return Err(wrong(format!("{key:?} is not a table")));
            };
            if key != "panel" {
                return Err(wrong(format!("unknown table {key:?}: only \"panel\" is allowed")));
            }
            for (key, value) in panels {
                let Value::Table(parameters) = value else {
                    return Err(wrong(format!("panel {key:?} is not a table")));
                };
                let values = truth.0.entry(key.clone()).or_default();
                for (parameter, value) in parameters {
                    flatten(parameter, &mut Vec::new(), value, values)
                        .map_err(|at| wrong(format!("panel {key:?}: {at} is not a number")))?;
                }
            }
        }
        Ok(truth)
    }

    /// The TOML text that [`Truth::parse`] reads back to the same values. A parameter is either one
    /// number or has coordinates.
    pub fn to_toml(&self) -> String {
        let mut panels = Table::new();
        for (key, values) in &self.0 {
            let mut parameters = Table::new();
            for (display, &value) in values {
                let value = Value::Float(value);
                match display.strip_suffix(']').and_then(|start| start.split_once('[')) {
                    None => {
                        parameters.insert(display.clone(), value);
                    }
                    Some((name, coordinate)) => {
                        let entry = parameters.entry(name).or_insert_with(|| Table::new().into());
                        if let Value::Table(table) = entry {
                            table.insert(coordinate.to_owned(), value);
                        }
                    }
                }
            }
            panels.insert(key.clone(), parameters.into());
        }
        Table::from_iter([("panel".to_owned(), panels.into())]).to_string()
    }
}

/// Puts the numbers of `value` under their display names; fails with the name of what is none.
fn flatten(
    parameter: &str,
    coordinates: &mut Vec<String>,
    value: &Value,
    into: &mut BTreeMap<String, f64>,
) -> std::result::Result<(), String> {
    let name = match coordinates.is_empty() {
        true => parameter.to_owned(),
        false => format!("{parameter}[{}]", coordinates.join(", ")),
    };
    let number = match value {
        Value::Float(x) => *x,
        Value::Integer(x) => *x as f64,
        Value::Table(table) => {
            for (coordinate, value) in table {
                coordinates.push(coordinate.clone());
                flatten(parameter, coordinates, value, into)?;
                coordinates.pop();
            }
            return Ok(());
        }
        _ => return Err(name),
    };
    into.insert(name, number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[panel."brandA/north"]
intercept_contribution = 1
saturation_beta = { TV = 0.3, "Direct Mail" = 2e-3 }
adstock_alpha = { north = { TV = 0.25 } }
roas.TV = 3.5
"#;

    #[test]
    fn display_names() {
        let truth = Truth::parse("truth.toml", TEXT).unwrap();
        let expected = [
            ("adstock_alpha[north, TV]", 0.25),
            ("intercept_contribution", 1.0),
            ("roas[TV]", 3.5),
            ("saturation_beta[Direct Mail]", 2e-3),
            ("saturation_beta[TV]", 0.3),
        ];
        let values = &truth.0["brandA/north"];
        assert!(values.iter().map(|(name, x)| (name.as_str(), *x)).eq(expected));
    }

    #[test]
    fn round_trip() {
        let mut truth = Truth::parse("truth.toml", TEXT).unwrap();
        let odd = truth.0.entry("a \"b\"/é".into()).or_default();
        odd.insert("saturation_beta[x = \"1\", [2]]".into(), 0.1 + 0.2);
        odd.insert("y_sigma".into(), 1e-300);
        odd.insert("roas[TV]".into(), -3.0);
        truth.0.insert("model".into(), BTreeMap::new());
        assert_eq!(Truth::parse("t", &truth.to_toml()).unwrap(), truth);
    }

    #[test]
    fn bad_files() {
        let error = |text: &str| Truth::parse("t.toml", text).unwrap_err();
        assert!(error("[panel").place().is_some());
        for (text, message) in [
            ("x = 1", "t.toml: \"x\" is not a table"),
            ("[x]", "t.toml: unknown table \"x\": only \"panel\" is allowed"),
            ("[panel]\na = 1", "t.toml: panel \"a\" is not a table"),
            ("[panel.a]\nb = [1.0]", "t.toml: panel \"a\": b is not a number"),
            ("[panel.a]\nb.c = \"1\"", "t.toml: panel \"a\": b[c] is not a number"),
        ] {
            assert_eq!(error(text).message(), message);
        }
    }
}
