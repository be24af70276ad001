//! What the channels did, as a table for people.

use std::collections::{BTreeSet, HashMap};

use super::{
    cells::{Cells, dims},
    grid::Grid,
    models::LARGE,
    number::{NOTHING, amount, percent, significant},
};
use crate::{data::Truth, posterior::table::Table};

/// The channels of every model that did not fail, or of a large fleet their totals.
pub(super) fn overview(
    channels: &Table,
    models: usize,
    failed: &BTreeSet<&str>,
    truth: Option<&Truth>,
) -> String {
    let cells = Cells(channels);
    let rows = cells.rows().filter(|&row| !failed.contains(cells.text("model", row)));
    if models > LARGE { totals(channels, rows) } else { each(channels, rows, models, truth) }
}

fn each(
    channels: &Table,
    rows: impl Iterator<Item = usize>,
    models: usize,
    truth: Option<&Truth>,
) -> String {
    let dims = dims(channels, &["channel"]);
    let mut grid = Grid::default().left("model");
    for dim in &dims {
        grid = grid.left(dim);
    }
    grid = grid.left("channel").right("spend");
    for name in ["contribution", "share", "ROAS", "94 % interval", "true ROAS"] {
        grid = grid.right(name);
    }
    let cells = Cells(channels);
    for row in rows {
        let (model, channel) = (cells.text("model", row), cells.text("channel", row));
        let number = |column: &str| cells.number(column, row);
        let labels: Vec<&str> = dims.iter().map(|dim| cells.text(dim, row)).collect();
        let name = [&labels[..], &[channel]].concat().join(", ");
        let truth = truth.and_then(|truth| truth.0.get(model)?.get(&format!("roas[{name}]")));
        let interval = match (number("roas_hdi_3"), number("roas_hdi_97")) {
            (low, high) if low.is_nan() || high.is_nan() => NOTHING.into(),
            (low, high) => format!("{} to {}", significant(low, 3), significant(high, 3)),
        };
        let mut line = vec![if models > 1 { model.into() } else { NOTHING.into() }];
        line.extend(labels.into_iter().map(str::to_owned));
        line.extend([
            channel.into(),
            amount(number("spend")),
            amount(number("contribution_mean")),
            percent(number("share_mean")),
            significant(number("roas_mean"), 3),
            interval,
            truth.map_or(NOTHING.into(), |&roas| significant(roas, 3)),
        ]);
        grid.row(line);
    }
    grid.render(false)
}

/// Sums over the models, in the order in which channels first appear.
fn totals(channels: &Table, rows: impl Iterator<Item = usize>) -> String {
    let cells = Cells(channels);
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut sums: Vec<(&str, usize, f64, f64)> = Vec::new();
    for row in rows {
        let channel = cells.text("channel", row);
        let place = *places.entry(channel).or_insert(sums.len());
        if place == sums.len() {
            sums.push((channel, 0, 0.0, 0.0));
        }
        let (_, models, spend, contribution) = &mut sums[place];
        *models += 1;
        *spend += cells.number("spend", row);
        *contribution += cells.number("contribution_mean", row);
    }
    let all: f64 = sums.iter().map(|(.., contribution)| contribution).sum();
    let mut grid = Grid::default().left("channel");
    for name in ["models", "spend", "contribution", "share", "ROAS"] {
        grid = grid.right(name);
    }
    for (channel, models, spend, contribution) in sums {
        grid.row(vec![
            channel.into(),
            super::number::count(models as f64),
            amount(spend),
            amount(contribution),
            percent(contribution / all),
            significant(contribution / spend, 3),
        ]);
    }
    grid.render(false)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::posterior::table::Column;
    use std::collections::BTreeMap;

    /// Channels TV and Radio of models `m0`, `m1` ….
    pub fn table(models: usize) -> Table {
        let n = 2 * models;
        let mut table = Table::default();
        let texts = |of: &dyn Fn(usize) -> String| Column::Text((0..n).map(of).collect());
        let numbers = |tv: f64, radio: f64| {
            Column::Number((0..n).map(|i| if i % 2 == 0 { tv } else { radio }).collect())
        };
        table.push("model", texts(&|i| format!("m{}", i / 2)));
        table.push("channel", texts(&|i| ["TV", "Radio"][i % 2].into()));
        table.push("spend", numbers(12_300_000.0, 0.0));
        table.push("contribution_mean", numbers(24.6e6, 0.0));
        table.push("share_mean", numbers(1.0, 0.0));
        table.push("roas_mean", numbers(2.0, f64::NAN));
        table.push("roas_hdi_3", numbers(1.234, f64::NAN));
        table.push("roas_hdi_97", numbers(2.5, f64::NAN));
        table
    }

    #[test]
    fn each_channel_with_its_truth() {
        let truth = BTreeMap::from([("roas[TV]".to_owned(), 2.25)]);
        let truth = Truth(BTreeMap::from([("m0".to_owned(), truth)]));
        let expected = "\
channel   spend  contribution  share  ROAS  94 % interval  true ROAS
TV       12.3 M        24.6 M  100 %  2.00   1.23 to 2.50       2.25
Radio         0             0    0 %     –              –          –
";
        assert_eq!(overview(&table(1), 1, &BTreeSet::new(), Some(&truth)), expected);
    }

    #[test]
    fn failed_models_are_left_out() {
        let text = overview(&table(2), 2, &BTreeSet::from(["m0"]), None);
        assert!(text.contains("m1") && !text.contains("m0"), "{text}");
        assert!(!text.contains("true ROAS"), "{text}");
    }

    #[test]
    fn a_large_fleet_has_totals() {
        let expected = "\
channel  models  spend  contribution  share  ROAS
TV           99  1.22 B        2.44 B  100 %  2.00
Radio        99      0             0    0 %     –
";
        let text = overview(&table(100), 100, &BTreeSet::from(["m3"]), None);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&text), words(expected));
    }
}
