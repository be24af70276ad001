//! Splits a table into panels: rows by panel and date, training and test set, scales.

use ndarray::Array2;

use super::{
    FailedPanel, Note, Panel,
    checks::Series,
    read::Table,
    roles::Roles,
    scale::{Scale, learn_scales},
};
use crate::config::ModelFile;

/// Builds every panel of the table; those that cannot be fitted come back with a reason.
pub(super) fn build(
    file: &ModelFile,
    roles: &Roles,
    table: &Table,
) -> (Vec<Panel>, Vec<FailedPanel>) {
    let of_panel = |i: usize| &table.panels[i][..roles.panel.len()];
    let keys: Vec<String> = (0..table.panels.len()).map(|i| key(of_panel(i))).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&i| (&keys[i], &table.panels[i]));
    let mut rank = vec![0; keys.len()];
    for (position, &i) in order.iter().enumerate() {
        rank[i] = position;
    }
    let mut rows: Vec<usize> = (0..table.dates.len()).collect();
    rows.sort_unstable_by_key(|&row| (rank[table.panel[row]], table.dates[row], row));

    let (mut panels, mut failed) = (Vec::new(), Vec::new());
    let same = |&a: &usize, &b: &usize| of_panel(table.panel[a]) == of_panel(table.panel[b]);
    for rows in rows.chunk_by(same) {
        let [first, last] = [rows[0], rows[rows.len() - 1]].map(|row| table.panel[row]);
        let neighbours = [rank[first].wrapping_sub(1), rank[last] + 1];
        let twin = neighbours.iter().filter_map(|&j| order.get(j)).any(|&j| keys[j] == keys[first]);
        let built = if twin {
            Err("another panel has the same key once its values are joined by \"/\": write the \
                 values without \"/\""
                .to_owned())
        } else {
            model(file, roles, table, &keys[first], rows)
        };
        match built {
            Ok(series) => panels.extend(series),
            Err(reason) => failed.push(FailedPanel { key: keys[first].clone(), reason }),
        }
    }
    (panels, failed)
}

/// The key of the only model of a table without panels.
pub const ONLY: &str = "model";

/// Values joined by `/`; [`ONLY`] where there are none.
pub(super) fn key(values: &[String]) -> String {
    if values.is_empty() {
        return ONLY.to_owned();
    }
    let shown = |value: &String| if value.is_empty() { "(empty)".into() } else { value.clone() };
    values.iter().map(shown).collect::<Vec<_>>().join("/")
}

/// Builds the series of one model, whose rows are in the order of their labels and dates.
fn model(
    file: &ModelFile,
    roles: &Roles,
    table: &Table,
    key: &str,
    rows: &[usize],
) -> Result<Vec<Panel>, String> {
    let (mut series, mut problems) = (Vec::new(), Vec::new());
    for rows in rows.chunk_by(|&a, &b| table.panel[a] == table.panel[b]) {
        let (values, labels) = table.panels[table.panel[rows[0]]].split_at(roles.panel.len());
        if let Some((kind, name)) = empty(roles, values, labels) {
            return Err(format!(
                "{kind} column {name:?} is empty (rows: {}): every row needs a value",
                rows.len()
            ));
        }
        match one(file, roles, table, (key, values, labels), rows) {
            Ok(panel) => series.push(panel),
            Err(its) => problems.extend(its.into_iter().map(|text| labelled(labels, text))),
        }
    }
    if !problems.is_empty() {
        return Err(shorten(&problems));
    }
    scale_controls(file, &mut series);
    learn_scales(file, &mut series);
    Ok(series)
}

/// Kind and name of the first column without a value.
fn empty<'a>(
    roles: &'a Roles,
    values: &[String],
    labels: &[String],
) -> Option<(&'static str, &'a str)> {
    let of = |kind, names: &'a [String], values: &[String]| {
        values.iter().position(String::is_empty).map(|i| (kind, names[i].as_str()))
    };
    of("panel", &roles.panel, values).or_else(|| of("dim", &roles.dims, labels))
}

/// A text about a series: its labels stand before it.
fn labelled(labels: &[String], text: String) -> String {
    if labels.is_empty() { text } else { format!("{}: {text}", labels.join("/")) }
}

/// Builds the panel of the given rows, which are in the order of their dates; its scales are still to
/// be learned. What is wrong with it, if anything.
fn one(
    file: &ModelFile,
    roles: &Roles,
    table: &Table,
    (key, values, labels): (&str, &[String], &[String]),
    rows: &[usize],
) -> Result<Panel, Vec<String>> {
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
        return Err(problems);
    }
    let panel = (!values.is_empty()).then(|| key.to_owned());
    let note = |text| Note { panel: panel.clone(), text: labelled(labels, text) };
    let notes = series.oddities(!labels.is_empty()).into_iter().map(note).collect();
    let matrix = |columns: &[(&str, &[f64])]| {
        Array2::from_shape_fn((rows.len(), columns.len()), |(t, c)| columns[c].1[t])
    };
    Ok(Panel {
        key: key.to_owned(),
        values: values.to_vec(),
        labels: labels.to_vec(),
        n_train,
        channels: roles.channels.clone(),
        controls: roles.controls.clone(),
        target_scale: Scale::NONE,
        channel_scale: vec![Scale::NONE; channels.len()],
        spend: matrix(channels),
        control: matrix(controls),
        control_scale: vec![Scale::NONE; controls.len()],
        target: columns[0].clone(),
        dates,
        lift_tests: Vec::new(),
        notes,
    })
}

/// Scales the controls of a model's series, all of them alike.
fn scale_controls(file: &ModelFile, series: &mut [Panel]) {
    for k in 0..series.first().map_or(0, |panel| panel.controls.len()) {
        let train = |panel: &Panel| panel.control.column(k).to_vec()[..panel.n_train].to_vec();
        let train: Vec<f64> = series.iter().flat_map(train).collect();
        let scale = Scale::learn_control(file.scaling.controls, &train);
        for panel in &mut *series {
            panel.control_scale[k] = scale;
            panel.control.column_mut(k).mapv_inplace(|x| scale.scale(x));
        }
    }
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
