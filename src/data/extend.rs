//! New rows of a panel below those it was fitted to: what is to be predicted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ndarray::{Array2, Axis, concatenate};

use super::{Note, Panel, calendar, panel, read, roles::Roles, scale::range};
use crate::{
    config::ModelFile,
    error::{Error, Result},
};

/// Rows before the new ones among which the usual step between dates is looked for.
const BEFORE: usize = 26;

/// A table of new rows, with or without the target.
pub struct NewRows {
    table: read::Table,
    roles: Roles,
    /// Rows of every series, by key and labels, in the order of their dates.
    rows: BTreeMap<(String, Vec<String>), Vec<usize>>,
    from: String,
}

/// A panel with new rows at its end.
#[derive(Clone, Debug)]
pub struct Extended {
    /// The panel: what was fitted, what lies between, and the new rows. An unknown target is NaN.
    pub panel: Panel,
    /// The first new row.
    pub new: usize,
    /// What people should know.
    pub notes: Vec<Note>,
}

impl NewRows {
    /// Reads the table at `path` as `file` reads its own, but for the target, which may be absent.
    ///
    /// # Errors
    /// As [`load`](super::load).
    pub fn read(file: &ModelFile, path: &Path) -> Result<Self> {
        let (table, roles) = read::read(file, Some(path), false)?;
        let mut rows: BTreeMap<(String, Vec<String>), Vec<usize>> = BTreeMap::new();
        for (row, &at) in table.panel.iter().enumerate() {
            let (values, labels) = table.panels[at].split_at(roles.panel.len());
            rows.entry((panel::key(values), labels.to_vec())).or_default().push(row);
        }
        for rows in rows.values_mut() {
            rows.sort_by_key(|&row| table.dates[row]);
        }
        Ok(Self { table, roles, rows, from: path.display().to_string() })
    }

    /// Keys of its panels, sorted; with dims one for each series.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(|(key, _)| key.as_str())
    }

    /// Whether it has rows of a series.
    pub fn has(&self, known: &Panel) -> bool {
        self.rows.contains_key(&(known.key.clone(), known.labels.clone()))
    }

    /// The panel followed by its new rows: those after its training rows. Rows of the test set that
    /// lie before the first new one stay, so that their spend is carried over.
    ///
    /// # Errors
    /// There are no new rows, other columns than the model's, a date twice, a number that is missing
    /// or impossible.
    pub fn extend(&self, known: &Panel) -> Result<Extended> {
        let wrong = |what: String| Error::input(format!("{}: {what}", self.from));
        self.same_columns(known)?;
        let Some(rows) = self.rows.get(&(known.key.clone(), known.labels.clone())) else {
            return Err(wrong(format!("no row of model {:?}", known.name()))
                .help("predict another table, or only the models it has with --model"));
        };
        let date = |row: &usize| self.table.dates[*row];
        if known.control_scale.len() != known.controls.len() {
            return Err(Error::input("the run does not hold the scales of its controls")
                .help("it was made by an older version: fit again"));
        }
        let learned = known.dates[known.n_train - 1];
        let (old, new) = rows.split_at(rows.partition_point(|row| date(row) <= learned));
        let Some(first) = new.first().map(date) else {
            return Err(wrong(format!(
                "the rows of {} end on {}, but the model learned until {learned}",
                known.name(),
                date(&rows[rows.len() - 1])
            ))
            .help("only dates after the training rows are predicted"));
        };
        if let Some(pair) = new.windows(2).find(|pair| date(&pair[0]) == date(&pair[1])) {
            return Err(wrong(format!("date {} is there twice", date(&pair[0])))
                .help("keep one row per date and model (or series)"));
        }
        let kept = known.dates.partition_point(|date| *date < first);
        let n = known.channels.len();
        let at = usize::from(self.roles.target.is_some());
        let column = |k: usize| new.iter().map(move |&row| self.table.numbers[k][row]);
        for (k, name) in known.channels.iter().chain(&known.controls).enumerate() {
            let bad = |x: f64| !x.is_finite() || (k < n && x < 0.0);
            if let Some((x, row)) = column(at + k).zip(new).find(|(x, _)| bad(*x)) {
                let allowed =
                    if k < n { "spend is a number, 0 or more" } else { "a control is a number" };
                return Err(wrong(format!("column {name:?} is {x} on {}", date(row))).help(allowed));
            }
        }
        let mut panel = known.clone();
        panel.dates.truncate(kept);
        panel.dates.extend(new.iter().map(date));
        panel.target.truncate(kept);
        match at {
            1 => panel.target.extend(column(0)),
            _ => panel.target.resize(kept + new.len(), f64::NAN),
        }
        let below = |old: &Array2<f64>, of: &dyn Fn(usize, usize) -> f64| {
            let fresh = Array2::from_shape_fn((new.len(), old.ncols()), |(t, k)| of(new[t], k));
            concatenate![Axis(0), old.slice(ndarray::s![..kept, ..]), fresh]
        };
        let number = |row: usize, k: usize| self.table.numbers[at + k][row];
        panel.spend = below(&known.spend, &|row, k| number(row, k));
        panel.control =
            below(&known.control, &|row, k| known.control_scale[k].scale(number(row, n + k)));
        let notes = notes(&panel, kept, old.len());
        Ok(Extended { panel, new: kept, notes })
    }

    /// Whether the table has the model's columns: globs may find others in it.
    fn same_columns(&self, known: &Panel) -> Result<()> {
        let roles = &self.roles;
        for (what, found, wanted) in [
            ("channel", &roles.channels, &known.channels),
            ("control", &roles.controls, &known.controls),
        ] {
            let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
            if let Some(name) = set(found).symmetric_difference(&set(wanted)).next() {
                let (has, not) = match found.contains(name) {
                    true => (self.from.as_str(), "the model"),
                    false => ("the model", self.from.as_str()),
                };
                return Err(Error::input(format!("{what} {name:?} is in {has}, but not in {not}"))
                    .help("the new table has the same columns as the one that was fitted"));
            }
            if found != wanted {
                return Err(Error::bug(format!("the {what}s stand in another order")));
            }
        }
        Ok(())
    }
}

fn notes(panel: &Panel, new: usize, old: usize) -> Vec<Note> {
    let mut texts = Vec::new();
    if old > 0 {
        let last = panel.dates[panel.n_train - 1];
        texts.push(format!("{old} rows until {last} are left out: the model was fitted to them"));
    }
    texts.extend(calendar::gap(&panel.dates[new.saturating_sub(BEFORE)..]));
    for (c, name) in panel.channels.iter().enumerate() {
        let column = panel.spend.column(c).to_vec();
        let ((_, seen), (_, most)) = (range(&column[..panel.n_train]), range(&column[new..]));
        if most > seen {
            texts.push(format!(
                "channel {name:?} is at {most} at most, but was at {seen} when the model learned: \
                 beyond that its response is a guess"
            ));
        }
    }
    let note = |text| Note { panel: Some(panel.key.clone()), text };
    texts.into_iter().map(note).collect()
}
