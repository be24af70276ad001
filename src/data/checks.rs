//! What is wrong with one panel (it cannot be fitted) and what is odd about it (notes).

use std::collections::HashMap;

use jiff::civil::Date;

use super::scale::{Scale, range};
use crate::config::ModelFile;

/// One panel's rows by date, in original units.
pub(super) struct Series<'a> {
    pub dates: &'a [Date],
    pub n_train: usize,
    pub target: (&'a str, &'a [f64]),
    /// Name and values of each channel.
    pub channels: Vec<(&'a str, &'a [f64])>,
    /// Name and values of each control.
    pub controls: Vec<(&'a str, &'a [f64])>,
}

impl Series<'_> {
    /// Why the panel cannot be fitted; nothing where it can.
    pub fn problems(&self, file: &ModelFile) -> Vec<String> {
        let mut found = Vec::new();
        found.extend(self.repeated_dates(file));
        found.extend(self.too_few_rows(file));
        if !found.is_empty() {
            return found;
        }
        let (name, target) = self.target;
        let target_name = format!("target {name:?}");
        found.extend(self.not_finite(&target_name, target, "fill it in, or leave the date out"));
        for (name, values) in &self.channels {
            let name = format!("channel {name:?}");
            found.extend(self.not_finite(&name, values, "fill it in, 0 where nothing was spent"));
            let negative = |x: f64| x < 0.0 && x.is_finite();
            if let Some((place, x)) = self.first(values, negative) {
                found.push(format!("{name} is negative ({x}) {place}: spend is 0 or more"));
            }
        }
        for (name, values) in &self.controls {
            let name = format!("control {name:?}");
            found.extend(self.not_finite(&name, values, "fill it in"));
        }
        let (min, max) = range(self.train(target));
        if min == max {
            found.push(format!(
                "{target_name} is {min} on all {} training rows: there is nothing to explain; \
                 check the column",
                self.n_train
            ));
        } else if found.is_empty() {
            let Scale { factor, .. } = Scale::learn(file.scaling.target, self.train(target));
            if factor <= 0.0 || !factor.is_finite() {
                found.push(format!(
                    "{target_name} would be scaled by {factor}, which must be above 0: choose \
                     method = \"min_max\" in [scaling] target"
                ));
            }
        }
        found
    }

    /// What people should know about a panel that can be fitted; `pooled` with others.
    pub fn oddities(&self, pooled: bool) -> Vec<String> {
        let mut found = Vec::new();
        found.extend(super::calendar::gap(self.dates));
        let (name, target) = self.target;
        if let Some((place, x)) = self.first(target, |x| x < 0.0) {
            found.push(format!("target {name:?} is negative ({x}) {place}"));
        }
        for (name, values) in &self.channels {
            found.extend(self.constant_channel(name, values, pooled));
        }
        for (name, values) in &self.controls {
            if let Some(x) = self.constant(values) {
                found.push(format!(
                    "control {name:?} is {x} on all training rows: its coefficient follows the prior"
                ));
            }
        }
        found.extend(self.identical());
        found
    }

    fn train<'b>(&self, values: &'b [f64]) -> &'b [f64] {
        &values[..self.n_train]
    }

    /// The first bad value and where it stands: `on 2024-01-31 (3 dates in all)`.
    fn first(&self, values: &[f64], bad: impl Fn(f64) -> bool) -> Option<(String, f64)> {
        let mut all = values.iter().zip(self.dates).filter(|(x, _)| bad(**x));
        let (&x, date) = all.next()?;
        let place = match all.count() {
            0 => format!("on {date}"),
            more => format!("on {date} ({} dates in all)", more + 1),
        };
        Some((place, x))
    }

    fn not_finite(&self, name: &str, values: &[f64], what_to_do: &str) -> Option<String> {
        if let Some((place, _)) = self.first(values, f64::is_nan) {
            return Some(format!("{name} has no value {place}: {what_to_do}"));
        }
        let (place, x) = self.first(values, f64::is_infinite)?;
        Some(format!("{name} is {x} {place}: write a finite number"))
    }

    fn repeated_dates(&self, file: &ModelFile) -> Option<String> {
        let mut repeated = self.dates.windows(2).filter(|pair| pair[0] == pair[1]);
        let date = repeated.next()?[0];
        let times = self.dates.iter().filter(|other| **other == date).count();
        let more = if repeated.any(|pair| pair[0] != date) { ", and so are others" } else { "" };
        let columns = if file.data.panel.is_empty() {
            "name the columns that tell the rows apart in [data] panel"
        } else {
            "complete [data] panel"
        };
        let dims = file.data.dims.iter().map(|dim| format!(" and {dim}")).collect::<String>();
        Some(format!(
            "date {date} is there {times} times{more}: keep one row per date{dims}, or {columns}"
        ))
    }

    fn too_few_rows(&self, file: &ModelFile) -> Option<String> {
        let (first, last) = (self.dates.first()?, self.dates.last()?);
        match (self.n_train, file.data.train_until) {
            (0, Some(until)) => Some(format!(
                "no row is for training: the dates run from {first} to {last}, after train_until = \
                 {until}; move train_until or leave the panel out"
            )),
            (0 | 1, _) => Some(format!(
                "only {} training row ({first}): a model needs 2 at the very least",
                self.n_train
            )),
            _ => None,
        }
    }

    /// The one value that the training rows have.
    fn constant(&self, values: &[f64]) -> Option<f64> {
        let (min, max) = range(self.train(values));
        (min == max).then_some(min)
    }

    fn constant_channel(&self, name: &str, values: &[f64], pooled: bool) -> Option<String> {
        let x = self.constant(values)?;
        let own = if pooled { "parameters of its own" } else { "its parameters" };
        if x != 0.0 {
            return Some(format!(
                "channel {name:?} is {x} on all training rows: its effect cannot be told from the \
                 intercept"
            ));
        }
        let later = match self.first(values, |x| x != 0.0) {
            Some((place, _)) => format!("; its spend after them, first {place}, counts as none"),
            None => String::new(),
        };
        Some(format!(
            "channel {name:?} has no spend on the training rows: {own} follow the prior{later}"
        ))
    }

    /// Columns that are equal on all training rows, constants aside.
    fn identical(&self) -> Vec<String> {
        let columns: Vec<(String, &[f64])> = std::iter::once(&self.target)
            .map(|(name, values)| (format!("target {name:?}"), *values))
            .chain(
                self.channels.iter().map(|(name, values)| (format!("channel {name:?}"), *values)),
            )
            .chain(
                self.controls.iter().map(|(name, values)| (format!("control {name:?}"), *values)),
            )
            .filter(|(_, values)| self.constant(values).is_none())
            .collect();
        // adding 0 makes one zero of the two
        let bits = |values| self.train(values).iter().map(|x| (x + 0.0).to_bits()).collect();
        let mut groups: Vec<Vec<&str>> = Vec::new();
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        for (name, values) in &columns {
            let group = *known.entry(bits(values)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(name);
        }
        let same = |names: &Vec<&str>| {
            format!(
                "{} are identical on the training rows: their effects cannot be told apart",
                names.join(", ")
            )
        };
        groups.iter().filter(|names| names.len() > 1).map(same).collect()
    }
}
