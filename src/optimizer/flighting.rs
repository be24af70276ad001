//! A table of flighting: a CSV file with a column per channel and a row per period.

use super::scenario::Scenario;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns of the file, which is relative to the scenario.
pub fn read(scenario: &Scenario, path: &Path) -> Result<BTreeMap<String, Vec<f64>>> {
    let path = scenario.path.parent().unwrap_or(Path::new("")).join(path);
    let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, "read", &e))?;
    columns(&text).map_err(|error| error.context(path.display()))
}

fn columns(text: &str) -> Result<BTreeMap<String, Vec<f64>>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for (row, line) in lines.enumerate() {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.len() != names.len() {
            let (found, wanted) = (cells.len(), names.len());
            return Err(Error::input(format!("row {} has {found} cells, not {wanted}", row + 1)));
        }
        for ((column, cell), name) in columns.iter_mut().zip(&cells).zip(&names) {
            let share = cell.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0);
            column.push(share.ok_or_else(|| {
                Error::input(format!(
                    "{cell:?} in row {} of {name:?} is no share of spend",
                    row + 1
                ))
                .help("a flighting has a number, at least 0, per channel and period")
            })?);
        }
    }
    Ok(names.into_iter().map(str::to_owned).zip(columns).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_their_faults() {
        let read = columns("TV, Radio\n1,0\n\n2.5, 3\n").unwrap();
        assert_eq!((read["TV"].clone(), read["Radio"].clone()), (vec![1.0, 2.5], vec![0.0, 3.0]));
        for (text, says) in [
            ("TV,Radio\n1\n", "row 1 has 1 cells, not 2"),
            ("TV\n1\n-1\n", "\"-1\" in row 2"),
            ("TV\nnan\n", "\"nan\""),
        ] {
            let error = columns(text).unwrap_err();
            assert!(error.message().contains(says), "{error}");
        }
    }
}
