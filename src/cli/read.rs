//! `gigamix summary` and `gigamix diagnose`: what stands in a run folder.

use std::collections::HashSet;

use super::{
    args::{Diagnose, Summary},
    cells::{Cells, filter},
    grid::Grid,
    models,
    number::{NOTHING, count, decimals, plural, significant},
    output::{Output, colour_results},
};
use crate::{
    diagnostics::Status,
    error::{Error, Result, suggest},
    fleet::Run,
    posterior::table::Table,
};

/// Shows the parameters, of one model or of all.
pub(super) fn summary(args: &Summary, out: &Output) -> Result<()> {
    let run = Run::open(&args.run)?;
    let mut table = run.parameters()?;
    if let Some(key) = &args.model {
        let cells = Cells(&table);
        if !cells.rows().any(|row| cells.text("model", row) == key) {
            return Err(unknown(key, &run.models()?, &run));
        }
        table = filter(&table, |row| cells.text("model", row) == key);
    }
    warn(&run.models()?, &table, out);
    out.written(&table, &args.write)?;
    if out.json {
        return out.print_json(&table.to_json_rows());
    }
    out.print(&parameters(&table))
}

/// Names a model among those shown that failed its gate.
fn warn(models: &Table, shown: &Table, out: &Output) {
    let (cells, own) = (Cells(models), Cells(shown));
    let keys: HashSet<&str> = own.rows().map(|row| own.text("model", row)).collect();
    let failed = |row: &usize| {
        cells.text("status", *row) == Status::Failed.as_str()
            && keys.contains(cells.text("model", *row))
    };
    let failed: Vec<usize> = cells.rows().filter(failed).collect();
    if let [first, ..] = failed[..] {
        out.warn(format!(
            "warning: of what is shown, {} failed the gates, such as {}",
            plural(failed.len(), "model"),
            models::reason(models, first)
        ));
    }
}

/// Shows the verdicts.
pub(super) fn diagnose(args: &Diagnose, out: &Output) -> Result<()> {
    let table = Run::open(&args.run)?.models()?;
    out.written(&table, &args.write)?;
    if out.json {
        return out.print_json(&table.to_json_rows());
    }
    let cells = Cells(&table);
    let mut text = models::table(&table, cells.rows(), colour_results());
    for row in cells.rows().filter(|&row| cells.text("status", row) != "ok") {
        text += &format!("\n{}\n", models::reason(&table, row));
    }
    out.print(&text)
}

/// The run has no such model, or it has no parameters.
fn unknown(key: &str, models: &Table, run: &Run) -> Error {
    let cells = Cells(models);
    let keys: Vec<&str> = cells.rows().map(|row| cells.text("model", row)).collect();
    if let Some(row) = keys.iter().position(|known| *known == key) {
        let message = format!("model {key:?} was not fitted: {}", cells.text("reason", row));
        return Error::input(message);
    }
    unknown_model(key, &keys, &run.dir().display().to_string())
}

/// There is no model `key` among `keys` in `place`.
pub(super) fn unknown_model(key: &str, keys: &[&str], place: &str) -> Error {
    const NAMED: usize = 10;
    let help = match suggest(key, keys.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => {
            let more = keys.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            format!("there are: {}{more}", keys[..keys.len().min(NAMED)].join(", "))
        }
    };
    Error::input(format!("no model {key:?} in {place}")).help(help)
}

/// The columns that ArviZ shows, under its names.
fn parameters(table: &Table) -> String {
    let cells = Cells(table);
    let several = cells.rows().any(|row| cells.text("model", row) != cells.text("model", 0));
    let values = ["mean", "sd", "median", "hdi_3", "hdi_97", "mcse_mean", "mcse_sd"];
    let mut grid = Grid::default().left("model").left("parameter");
    for name in values.iter().chain(&["ess_bulk", "ess_tail", "r_hat", "r_hat_nested"]) {
        let name = if name.starts_with("hdi") { format!("{name}%") } else { (*name).to_owned() };
        grid = grid.right(&name);
    }
    for row in cells.rows() {
        let model = if several { cells.text("model", row) } else { NOTHING };
        let mut line = vec![model.into(), cells.text("parameter", row).into()];
        line.extend(values.map(|name| significant(cells.number(name, row), 3)));
        line.extend(["ess_bulk", "ess_tail"].map(|name| count(cells.number(name, row))));
        line.extend(["r_hat", "r_hat_nested"].map(|name| decimals(cells.number(name, row), 3)));
        grid.row(line);
    }
    grid.render(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posterior::table::Column;

    #[test]
    fn parameters_of_one_model_do_not_repeat_its_key() {
        let mut table = Table::default();
        table.push("model", Column::Text(vec!["a".into(); 2]));
        table.push("parameter", Column::Text(vec!["y_sigma".into(), "beta[TV]".into()]));
        table.push("mean", Column::Number(vec![0.012_345, 1234.5]));
        table.push("hdi_3", Column::Number(vec![-0.5, 1000.0]));
        table.push("ess_bulk", Column::Number(vec![1500.2, f64::NAN]));
        table.push("r_hat", Column::Number(vec![1.0006, 1.0]));
        let expected = "\
parameter    mean   hdi_3%  ess_bulk  r_hat
y_sigma    0.0123    -0.500     1,500  1.001
beta[TV]     1230      1000         –  1.000
";
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&parameters(&table)), words(expected));
        table.columns[0].1 = Column::Text(vec!["a".into(), "b".into()]);
        assert!(parameters(&table).starts_with("model  parameter"));
    }

    #[test]
    fn unknown_models_are_suggested_or_listed() {
        let error = unknown_model("brandA/nort", &["brandA/north", "x"], "run");
        assert_eq!(error.message(), "no model \"brandA/nort\" in run");
        assert_eq!(error.help_text(), Some("did you mean \"brandA/north\"?"));
        let keys = ["a"; 12];
        let error = unknown_model("zzz", &keys, "run");
        assert!(error.help_text().is_some_and(|help| help.ends_with("a, a, and 2 more")));
    }
}
