//! `gigamix schema`: the JSON schema of the model file, with the names of families.

use serde_json::{Value, json};

use super::output::Output;
use crate::{
    config,
    error::{Error, Result},
    model::{
        adstock::Adstock, likelihood::Likelihood, prior::Distribution, saturation::Saturation,
    },
};

/// Prints the schema.
pub(super) fn print(out: &Output) -> Result<()> {
    let schema = serde_json::to_string_pretty(&schema());
    out.print(&(schema.map_err(|error| Error::bug(error.to_string()))? + "\n"))
}

fn schema() -> Value {
    let mut schema = config::schema();
    let mut names = |pointer: &str, names: &mut dyn Iterator<Item = &'static str>| {
        if let Some(key) = schema.pointer_mut(pointer) {
            key["enum"] = json!(names.collect::<Vec<_>>());
        }
    };
    for own in ["", "/properties/channel/items"] {
        let family = |kind: &str| format!("/properties/{kind}{own}/properties/family");
        names(&family("adstock"), &mut Adstock::names());
        names(&family("saturation"), &mut Saturation::names());
    }
    names("/properties/likelihood/properties/distribution", &mut Likelihood::names());
    names("/definitions/prior/properties/distribution", &mut Distribution::names());
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named() {
        let schema = schema();
        for (pointer, name) in [
            ("/properties/adstock/properties/family", "geometric"),
            ("/properties/saturation/properties/family", "logistic"),
            ("/properties/adstock/properties/channel/items/properties/family", "weibull_pdf"),
            ("/properties/likelihood/properties/distribution", "TruncatedNormal"),
            ("/definitions/prior/properties/distribution", "HalfNormal"),
        ] {
            let key = schema.pointer(pointer).unwrap();
            assert!(key["enum"].as_array().unwrap().contains(&json!(name)), "{key}");
            assert!(key["description"].is_string(), "{key}");
        }
    }
}
