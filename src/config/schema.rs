//! The JSON schema of the model file, for editors that complete and check TOML.

use serde_json::{Map, Value, json};

use super::{
    keys::{PRIOR, ROOT},
    kind::{Key, Kind, Rest, Section},
};

/// The JSON schema (draft 7) of the model file: every key with its meaning, the values allowed and
/// the default.
pub fn schema() -> Value {
    let mut prior = section(&PRIOR);
    prior["description"] = "a prior; further keys are the parameters of its distribution".into();
    prior["properties"]["centered"]["enum"] = json!([true]);
    let mut root = section(&ROOT);
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "gigamix model file".into();
    root["definitions"] = json!({ "prior": prior });
    root
}

fn section(section: &Section) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        properties.insert(key.name.into(), property(key));
    }
    let rest = match section.rest {
        Rest::Nothing => json!(false),
        Rest::Priors => json!({ "$ref": "#/definitions/prior" }),
        Rest::Args => json!({ "anyOf": [
            { "type": "number" },
            { "type": "array", "items": { "type": "number" }, "minItems": 1 },
            { "const": "spend_share", "description": "each channel's share of training spend" },
        ] }),
        Rest::Labels => json!({ "type": "string", "description": "the label of a dim" }),
    };
    let required = section.keys.iter().filter(|key| key.required).map(|key| key.name);
    json!({
        "type": "object",
        "properties": properties,
        "required": required.collect::<Vec<_>>(),
        "additionalProperties": rest,
    })
}

fn property(key: &Key) -> Value {
    let mut schema = match &key.kind {
        Kind::Text | Kind::Name(_) => json!({ "type": "string", "minLength": 1 }),
        Kind::Texts => {
            let items = json!({ "type": "string", "minLength": 1 });
            let min = usize::from(key.required);
            json!({ "type": "array", "items": items, "minItems": min, "uniqueItems": true })
        }
        Kind::Flag(_) => json!({ "type": "boolean" }),
        Kind::Count { min, max: usize::MAX, .. } => json!({ "type": "integer", "minimum": min }),
        Kind::Count { min, max, step, .. } => {
            json!({ "type": "integer", "minimum": min, "maximum": max, "multipleOf": step })
        }
        Kind::Positive(_) => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Choice(names) => json!({ "enum": names }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Renames => {
            let new = json!({ "type": "string", "minLength": 1 });
            json!({ "type": "object", "additionalProperties": new })
        }
        Kind::Table(inner) => section(inner),
        Kind::Tables(inner) => json!({ "type": "array", "items": section(inner) }),
    };
    schema["description"] = key.about.into();
    if let Some(default) = key.default() {
        schema["default"] = default;
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        ModelFile,
        tests::{EXAMPLE, MINIMAL, parse},
    };

    /// The schema of a key of the table that `schema` describes; `false` if there is no such key.
    fn key<'a>(root: &'a Value, schema: &'a Value, name: &str) -> &'a Value {
        let found = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        let is_prior = found["$ref"] == "#/definitions/prior";
        if is_prior { &root["definitions"]["prior"] } else { found }
    }

    #[test]
    fn the_schema_knows_every_key_of_the_example() {
        fn walk(root: &Value, schema: &Value, table: &toml::Table) {
            for (name, value) in table {
                let schema = key(root, schema, name);
                match value.as_table() {
                    Some(table) => walk(root, schema, table),
                    None => assert!(
                        ["type", "enum", "anyOf", "not"]
                            .iter()
                            .any(|says| schema.get(says).is_some()),
                        "`{name}` is not in the schema"
                    ),
                }
            }
        }
        let schema = schema();
        walk(&schema, &schema, &EXAMPLE.parse().unwrap());
        let table = |name| key(&schema, &schema, name);
        assert_eq!(key(&schema, table("data"), "chanels"), false);
        assert_eq!(key(&schema, table("data"), "dims")["type"], "array");
        let l_max = key(&schema, table("adstock"), "l_max");
        assert_eq!((&l_max["default"], &l_max["minimum"]), (&json!(8), &json!(1)));
        let mode = key(&schema, table("adstock"), "mode");
        assert_eq!(mode["enum"], json!(["after", "before", "overlap"]));
    }

    #[test]
    fn every_key_of_the_schema_is_described_and_its_default_is_what_absence_means() {
        fn walk(schema: &Value, path: &str, defaults: &mut String) {
            for (name, inner) in schema["properties"].as_object().unwrap() {
                let path = format!("{path}.{name}");
                assert!(inner["description"].is_string(), "{path} has no description");
                if let Some(default) = inner.get("default") {
                    defaults.push_str(&format!("{} = {default}\n", path.trim_start_matches('.')));
                }
                if inner.get("properties").is_some() {
                    walk(inner, &path, defaults);
                }
            }
        }
        let mut defaults = String::new();
        walk(&schema(), "", &mut defaults);
        assert!(defaults.contains("sampler.chains = 64\n"), "{defaults}");
        // dotted keys stand before the first table
        let explicit = parse(&format!("{defaults}{MINIMAL}")).unwrap();
        let absent = parse(MINIMAL).unwrap();
        let values = |file: &ModelFile| {
            format!(
                "{:?} {} {} {} {} {} {:?} {} {} {:?} {:?}",
                file.scaling,
                file.adstock_first,
                file.yearly_seasonality,
                *file.adstock.family,
                file.adstock.l_max,
                file.adstock.normalize,
                file.adstock.mode,
                *file.saturation.family,
                *file.likelihood.distribution,
                file.likelihood.lower,
                file.sampler,
            )
        };
        assert_eq!(values(&explicit), values(&absent));
    }
}
