//! The verdicts of a run as a table for people.

use std::collections::BTreeSet;

use super::{
    cells::Cells,
    grid::Grid,
    number::{NOTHING, count, decimals, percent, plural},
};
use crate::{diagnostics::Status, error::Error, posterior::table::Table};

/// Up to this many models each has its line; of more, those that need attention.
pub(super) const LARGE: usize = 40;
/// Models not ok that are listed of a large fleet.
const LISTED: usize = 30;
/// Worst of the ok ones that are listed of a large fleet.
const WORST: usize = 5;
/// Reasons that are told after a fit.
const REASONS: usize = 10;

/// Rows of the models with a status.
pub(super) fn with_status(models: &Table, status: Status) -> Vec<usize> {
    let cells = Cells(models);
    cells.rows().filter(|&row| cells.text("status", row) == status.as_str()).collect()
}

/// Keys of the models that failed: nothing about them is to be used.
pub(super) fn failed(models: &Table) -> BTreeSet<&str> {
    let rows = with_status(models, Status::Failed);
    rows.into_iter().map(|row| Cells(models).text("model", row)).collect()
}

/// The verdicts after a fit: every model, or of a large fleet the counts by status, the models that
/// are not ok and the worst of the others.
pub(super) fn overview(models: &Table, colour: bool) -> String {
    if models.rows() <= LARGE {
        return table(models, Cells(models).rows(), colour);
    }
    let ranked = [Status::Failed, Status::Review, Status::Ok].map(|s| with_status(models, s));
    let [failed, review, ok] = &ranked;
    let text = format!(
        "{}: {} ok, {} review, {} failed\n",
        plural(models.rows(), "model"),
        count(ok.len() as f64),
        count(review.len() as f64),
        count(failed.len() as f64)
    );
    let not_ok: Vec<usize> = failed.iter().chain(review).copied().collect();
    let mut worst = ok.clone();
    let r_hat = |row: usize| Cells(models).number("r_hat_nested_max", row);
    worst.sort_by(|&a, &b| r_hat(b).total_cmp(&r_hat(a)));
    let rows = not_ok.iter().take(LISTED).chain(worst.iter().take(WORST)).copied();
    let mut text = text + "\n" + &table(models, rows, colour);
    if not_ok.len() > LISTED {
        text += &format!("… and {} more that are not ok\n", not_ok.len() - LISTED);
    }
    text
}

/// The verdicts of some models.
pub(super) fn table(models: &Table, rows: impl IntoIterator<Item = usize>, colour: bool) -> String {
    let mut grid = Grid::default().left("status").left("model").right("R-hat (nested)");
    for name in ["ESS bulk", "ESS tail", "divergences", "R² train", "R² test"] {
        grid = grid.right(name);
    }
    let mut grid = grid.right("MAPE train").right("MAPE test").right("seconds");
    let cells = Cells(models);
    for row in rows {
        let number = |column: &str| cells.number(column, row);
        grid.row(vec![
            cells.text("status", row).into(),
            cells.text("model", row).into(),
            decimals(number("r_hat_nested_max"), 3),
            count(number("ess_bulk_min")),
            count(number("ess_tail_min")),
            count(number("divergences")),
            decimals(number("r2_train"), 2),
            decimals(number("r2_test"), 2),
            percent(number("mape_train")),
            percent(number("mape_test")),
            decimals(number("seconds"), 1),
        ]);
    }
    grid.render(colour)
}

/// Why models have a status, and what to do: the first few, and how many more there are.
pub(super) fn reasons(models: &Table, status: Status) -> Vec<String> {
    let rows = with_status(models, status);
    let mut lines: Vec<String> =
        rows.iter().take(REASONS).map(|&row| reason(models, row)).collect();
    if rows.len() > REASONS {
        lines.push(format!("… and {} more with status {status}", rows.len() - REASONS));
    }
    lines
}

/// Why a model has its status, and what to do.
pub(super) fn reason(models: &Table, row: usize) -> String {
    let cells = Cells(models);
    let or = |text: &'_ str| if text.is_empty() { NOTHING.into() } else { text.to_owned() };
    let mut text = format!("{} {}: ", cells.text("status", row), cells.text("model", row));
    text += &or(cells.text("reason", row));
    match cells.text("advice", row) {
        "" => text,
        advice => format!("{text}\n  advice: {advice}"),
    }
}

/// The error of a model that may not be used: it failed its gate, or `--force` cannot help it.
pub(super) fn refused(models: &Table, row: usize, force: bool) -> Error {
    let cells = Cells(models);
    let (key, why) = (cells.text("model", row), cells.text("reason", row));
    match force {
        true => Error::input(format!("model {key:?} has no draws: {why}"))
            .help(cells.text("advice", row)),
        false => Error::input(format!("model {key:?} failed its gate: {why}")).help(format!(
            "{}; --force uses it all the same, and marks it",
            cells.text("advice", row)
        )),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::posterior::table::Column;

    /// Models `m0`, `m1` … with these statuses.
    pub fn fleet(statuses: &[&str]) -> Table {
        let n = statuses.len();
        let texts = |of: &dyn Fn(usize) -> String| Column::Text((0..n).map(of).collect());
        let mut table = Table::default();
        table.push("model", texts(&|i| format!("m{i}")));
        table.push("status", texts(&|i| statuses[i].to_owned()));
        table.push("reason", texts(&|i| format!("reason {i}")));
        table.push("advice", texts(&|i| if i == 0 { String::new() } else { "wait".into() }));
        table.push(
            "r_hat_nested_max",
            Column::Number((0..n).map(|i| 1.0 + i as f64 / 1e4).collect()),
        );
        table.push("ess_bulk_min", Column::Number(vec![1234.5; n]));
        table.push("divergences", Column::Int(vec![0; n]));
        table.push("r2_train", Column::Number(vec![0.934; n]));
        table.push("mape_train", Column::Number(vec![0.0412; n]));
        table
    }

    #[test]
    fn a_small_fleet_is_shown_whole() {
        let text = overview(&fleet(&["ok", "failed"]), false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "status  model  R-hat (nested)  ESS bulk  divergences  R² train  MAPE train"
        );
        assert_eq!(
            lines[1],
            "ok      m0              1.000     1,234            0      0.93       4.1 %"
        );
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_large_fleet_is_counted_and_its_worst_are_shown() {
        let mut statuses = vec!["ok"; 3000];
        statuses[7] = "failed";
        statuses[..2].fill("review");
        let text = overview(&fleet(&statuses), false);
        assert!(text.starts_with("3,000 models: 2,997 ok, 2 review, 1 failed\n\n"), "{text}");
        let models: Vec<&str> =
            text.lines().skip(3).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
        assert_eq!(models, ["m7", "m0", "m1", "m2999", "m2998", "m2997", "m2996", "m2995"]);
        let text = overview(&fleet(&vec!["failed"; 100]), false);
        assert!(text.ends_with("… and 70 more that are not ok\n"), "{text}");
    }

    #[test]
    fn reasons_come_with_advice() {
        let models = fleet(&["failed", "failed", "ok"]);
        let lines = reasons(&models, Status::Failed);
        assert_eq!(lines, ["failed m0: reason 0", "failed m1: reason 1\n  advice: wait"]);
        assert_eq!(failed(&models), BTreeSet::from(["m0", "m1"]));
        let lines = reasons(&fleet(&["review"; 12]), Status::Review);
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10], "… and 2 more with status review");
    }
}
