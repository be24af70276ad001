//! Checks that each column of the model file has one role and goes by its new name.

use super::{Data, reader::Table};
use crate::error::Result;

/// Errors: a column in two roles, or called by the name it had before `rename`.
pub(super) fn check(table: &Table, data: &Data) -> Result<()> {
    let one = |role, column| std::iter::once((role, column));
    let roles = one("the date", &data.date)
        .chain(one("the target", &data.target))
        .chain(data.channels.iter().map(|column| ("a channel", column)))
        .chain(data.controls.iter().map(|column| ("a control", column)))
        .chain(data.panel.iter().map(|column| ("a panel column", column)));
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
    Ok(())
}
