//! Splits a table into panels: rows by panel and date, training and test set, scales.

use ndarray::Array2;

use super::{FailedPanel, Note, Panel, checks::Series, read::Table, roles::Roles, scale::Scale};
use crate::config::ModelFile;

/// Builds every panel of the table; those that cannot be fitted come back with a reason.
pub(super) fn build(
    file: &ModelFile,
    roles: &Roles,
    table: &Table,
) -> (Vec<Panel>, Vec<FailedPanel>) {
    let keys: Vec<String> = table.panels.iter().map(|values| key(values)).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&i| (&keys[i], &table.panels[i]));
    let mut rank = vec![0; keys.len()];
    for (position, &i) in order.iter().enumerate() {
        rank[i] = position;
    }
    let mut rows: Vec<usize> = (0..table.dates.len()).collect();
    rows.sort_unstable_by_key(|&row| (rank[table.panel[row]], table.dates[row], row));

    let (mut panels, mut failed) = (Vec::new(), Vec::new());
    for rows in rows.chunk_by(|&a, &b| table.panel[a] == table.panel[b]) {
        let (i, position) = (table.panel[rows[0]], rank[table.panel[rows[0]]]);
        let neighbours = [position.wrapping_sub(1), position + 1];
        let twin = neighbours.iter().filter_map(|&j| order.get(j)).any(|&j| keys[j] == keys[i]);
        let built = if twin {
            Err("another panel has the same key once its values are joined by \"/\": write the \
                 values without \"/\""
                .to_owned())
        } else {
            one(file, roles, table, &keys[i], &table.panels[i], rows)
        };
        match built {
            Ok(panel) => panels.push(panel),
            Err(reason) => failed.push(FailedPanel { key: keys[i].clone(), reason }),
        }
    }
    (panels, failed)
}

/// Values joined by `/`; `model` where there are none.
pub(super) fn key(values: &[String]) -> String {
    if values.is_empty() {
        return "model".to_owned();
    }
    let shown = |value: &String| if value.is_empty() { "(empty)".into() } else { value.clone() };
    values.iter().map(shown).collect::<Vec<_>>().join("/")
}

/// Builds the panel of the given rows, which are in the order of their dates.
fn one(
    file: &ModelFile,
    roles: &Roles,
    table: &Table,
    key: &str,
    values: &[String],
    rows: &[usize],
) -> Result<Panel, String> {
    if let Some(i) = values.iter().position(String::is_empty) {
        return Err(format!(
            "panel column {:?} is empty (rows: {}): every row needs a value",
            roles.panel[i],
            rows.len()
        ));
    }
    let dates: Vec<_> = rows.iter().map(|&row| table.dates[row]).collect();
    let n_train = match file.data.train_until {
        Some(until) => dates.partition_point(|date| *date <= until),
        None => dates.len(),
    };
    let columns: Vec<Vec<f64>> =
        table.numbers.iter().map(|x| rows.iter().map(|&row| x[row]).collect()).collect();
    let named: Vec<(&str, &[f64])> =
        roles.numbers().zip(columns.iter().map(Vec::as_slice)).collect();
    let (channels, controls) = named[1..].split_at(roles.channels.len());
    let series = Series {
        dates: &dates,
        n_train,
        target: named[0],
        channels: channels.to_vec(),
        controls: controls.to_vec(),
    };
    let problems = series.problems(file);
    if !problems.is_empty() {
        return Err(shorten(&problems));
    }
    let panel = (!values.is_empty()).then(|| key.to_owned());
    let note = |text| Note { panel: panel.clone(), text };
    let notes = series.oddities().into_iter().map(note).collect();

    let control_scale: Vec<Scale> = controls
        .iter()
        .map(|(_, x)| Scale::learn_control(file.scaling.controls, &x[..n_train]))
        .collect();
    let learn = |method, x: &[f64]| Scale::learn(method, &x[..n_train]);
    Ok(Panel {
        key: key.to_owned(),
        values: values.to_vec(),
        n_train,
        channels: roles.channels.clone(),
        controls: roles.controls.clone(),
        target_scale: learn(file.scaling.target, &columns[0]),
        channel_scale: channels.iter().map(|(_, x)| learn(file.scaling.channel, x)).collect(),
        spend: Array2::from_shape_fn((rows.len(), channels.len()), |(t, c)| channels[c].1[t]),
        control: Array2::from_shape_fn((rows.len(), controls.len()), |(t, c)| {
            control_scale[c].scale(controls[c].1[t])
        }),
        control_scale,
        target: columns[0].clone(),
        dates,
        lift_tests: Vec::new(),
        notes,
    })
}

/// The first few problems as one sentence.
fn shorten(problems: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = problems[..problems.len().min(SHOWN)].join("; ");
    if problems.len() > SHOWN {
        text += &format!("; and {} more problems", problems.len() - SHOWN);
    }
    text
}
