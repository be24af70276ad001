//! Estimates of simulated data against the truth.

use std::collections::{BTreeSet, HashMap};

use super::{
    cells::{Cells, dims},
    number::{count, percent, plural},
};
use crate::{data::Truth, posterior::table::Table};

/// How many true values lie in their 94 % intervals.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Coverage {
    /// Of parameters: inside, all.
    parameters: (usize, usize),
    /// Of returns: inside, all.
    roas: (usize, usize),
    /// True values without an estimate.
    unknown: Vec<String>,
}

impl Coverage {
    /// Counts over the models that did not fail.
    pub fn new(
        truth: &Truth,
        parameters: &Table,
        channels: &Table,
        failed: &BTreeSet<&str>,
    ) -> Self {
        let mut intervals: HashMap<(&str, String), (f64, f64)> = HashMap::new();
        let mut models = BTreeSet::new();
        let cells = Cells(parameters);
        for row in cells.rows() {
            let bounds = (cells.number("hdi_3", row), cells.number("hdi_97", row));
            let model = cells.text("model", row);
            intervals.insert((model, cells.text("parameter", row).to_owned()), bounds);
            models.insert(model);
        }
        let (cells, dims) = (Cells(channels), dims(channels, &["channel"]));
        for row in cells.rows() {
            let bounds = (cells.number("roas_hdi_3", row), cells.number("roas_hdi_97", row));
            let labels = dims.iter().map(|dim| cells.text(dim, row));
            let labels: Vec<&str> = labels.chain([cells.text("channel", row)]).collect();
            let name = format!("roas[{}]", labels.join(", "));
            intervals.insert((cells.text("model", row), name), bounds);
        }
        let mut coverage = Coverage::default();
        for (model, values) in &truth.0 {
            if failed.contains(model.as_str()) || !models.contains(model.as_str()) {
                continue;
            }
            for (name, value) in values {
                // Contributions say the same as returns.
                if name.starts_with("contribution[") {
                    continue;
                }
                let Some((low, high)) = intervals.get(&(model.as_str(), name.clone())) else {
                    coverage.unknown.push(format!("{name} of {model}"));
                    continue;
                };
                let counts = match name.starts_with("roas[") {
                    true => &mut coverage.roas,
                    false => &mut coverage.parameters,
                };
                // A channel without spend has no return.
                if !low.is_nan() && !high.is_nan() {
                    counts.0 += usize::from((low..=high).contains(&value));
                    counts.1 += 1;
                }
            }
        }
        coverage
    }

    /// The lines for people.
    pub fn lines(&self) -> String {
        let (inside, all) = (self.parameters.0 + self.roas.0, self.parameters.1 + self.roas.1);
        let of = |(inside, all): (usize, usize)| {
            format!("{} of {}", count(inside as f64), count(all as f64))
        };
        let mut text = match all {
            0 => "truth: no true value belongs to an estimate of this run\n".into(),
            _ => format!(
                "truth: {} of {} ({}) lie in their 94 % intervals: parameters {}, ROAS {}\n",
                count(inside as f64),
                plural(all, "true value"),
                percent(inside as f64 / all as f64),
                of(self.parameters),
                of(self.roas)
            ),
        };
        if let Some(first) = self.unknown.first() {
            let n = self.unknown.len();
            text +=
                &format!("truth: {} without an estimate, such as {first}\n", plural(n, "value"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posterior::table::Column;

    #[test]
    fn values_in_their_intervals_are_counted() {
        let mut parameters = Table::default();
        let texts = |texts: &[&str]| Column::Text(texts.iter().map(|&t| t.into()).collect());
        parameters.push("model", texts(&["m0", "m0", "m1"]));
        parameters.push("parameter", texts(&["y_sigma", "saturation_beta[TV]", "y_sigma"]));
        parameters.push("hdi_3", Column::Number(vec![0.1, 0.2, 0.1]));
        parameters.push("hdi_97", Column::Number(vec![0.3, 0.4, 0.3]));
        let truth = "
            [panel.m0]
            y_sigma = 0.1
            saturation_beta.TV = 0.5
            roas = { TV = 2.0, Radio = 1.0 }
            contribution.TV = 1e6
            typo = 1.0
            [panel.m1]
            y_sigma = 9.0
            [panel.absent]
            y_sigma = 9.0
        ";
        let truth = Truth::parse("truth.toml", truth).unwrap();
        let channels = super::super::channels::tests::table(1);
        let coverage = Coverage::new(&truth, &parameters, &channels, &BTreeSet::from(["m1"]));
        let unknown = vec!["typo of m0".to_owned()];
        assert_eq!(coverage, Coverage { parameters: (1, 2), roas: (1, 1), unknown });
        assert_eq!(
            coverage.lines(),
            "truth: 2 of 3 true values (67 %) lie in their 94 % intervals: parameters 1 of 2, ROAS \
             1 of 1\ntruth: 1 value without an estimate, such as typo of m0\n"
        );
        assert!(Coverage::default().lines().contains("no true value"));
    }
}
