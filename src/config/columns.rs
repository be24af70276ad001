//! Checks that each column of the model file has one role and goes by its new name.

use super::{Data, Spanned, reader::Table};
use crate::error::{Result, suggest};

/// What dims cannot be called: names of dims that all models have, of columns of a run's tables, and
/// what the draws are counted by.
const RESERVED: [&str; 25] = [
    "actual",
    "baseline",
    "changepoint",
    "chain",
    "channel",
    "component",
    "control",
    "date",
    "delta",
    "draw",
    "fourier_mode",
    "k",
    "kind",
    "lag",
    "model",
    "parameter",
    "period",
    "quantity",
    "scale",
    "seasonality",
    "set",
    "spend",
    "status",
    "sweep",
    "y",
];

/// Errors: a column in two roles, or called by the name it had before `rename`.
pub(super) fn check(table: &Table, data: &Data) -> Result<()> {
    let one = |role, column| std::iter::once((role, column));
    let roles = one("the date", &data.date)
        .chain(one("the target", &data.target))
        .chain(data.channels.iter().map(|column| ("a channel", column)))
        .chain(data.controls.iter().map(|column| ("a control", column)))
        .chain(data.panel.iter().map(|column| ("a panel column", column)))
        .chain(data.dims.iter().map(|column| ("a dim", column)));
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (role, column) in roles {
        let name = column.value.as_str();
        if let Some((_, earlier)) = seen.iter().find(|(other, _)| *other == name) {
            let message = format!("column \"{name}\" is {role}, but it is {earlier} already");
            let help = "give each column one role";
            return Err(table.error(column.span.clone(), message).help(help));
        }
        if let Some(new) = data.rename.get(name)
            && !data.rename.values().any(|new| new == name)
        {
            let message = format!("column \"{name}\" is renamed to \"{new}\"");
            let help = format!("`rename` is applied first: write \"{new}\" here");
            return Err(table.error(column.span.clone(), message).help(help));
        }
        seen.push((name, role));
    }
    for dim in &data.dims {
        // Draws have an array of this name.
        let plain = dim.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let why = match RESERVED.contains(&dim.value.as_str()) {
            true => "the name has a meaning already",
            false if !plain => "it must be letters, digits and _",
            false => continue,
        };
        let message = format!("a dim cannot be called \"{dim}\": {why}");
        let help = format!("give it another name: rename = {{ \"{dim}\" = \"geo\" }}");
        return Err(table.error(dim.span.clone(), message).help(help));
    }
    Ok(())
}

/// Errors: a name that is none of the dims.
pub(super) fn are_dims(table: &Table, data: &Data, names: &[Spanned<String>]) -> Result<()> {
    let known = || data.dims.iter().map(|dim| dim.value.as_str());
    let Some(name) = names.iter().find(|name| !known().any(|dim| dim == name.value)) else {
        return Ok(());
    };
    let error = table.error(name.span.clone(), format!("\"{name}\" is no dim of [data]"));
    Err(match (suggest(name, known()), known().next()) {
        (Some(near), _) => error.help(format!("did you mean \"{near}\"?")),
        (None, Some(_)) => {
            error.help(format!("the dims are {}", known().collect::<Vec<_>>().join(", ")))
        }
        (None, None) => error.help("add dims = [\"geo\"], say, to [data], or leave `over` out"),
    })
}
