//! The size of a model, and a table and model file of that size with simulated numbers.

use crate::config::ModelFile;
use crate::data;
use crate::error::{Error, Result};
use crate::math::{Key, Purpose, normals, philox4x32, uniform};
use crate::model::{self, Model};
use crate::posterior::atomic;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Weeks that a week's spend works on.
const LAGS: usize = 6;
/// Noise of sales, relative: with so much a fit takes as many gradients as that of the case study.
const NOISE: f64 = 0.2;
/// Random numbers of the tables.
const KEY: Key = Key([0; 2]);

/// How large a model is: weekly sales, geometric adstock over six weeks, logistic saturation, a
/// truncated normal likelihood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Weeks, all for training.
    pub weeks: usize,
    /// Channels, each with three parameters.
    pub channels: usize,
    /// Holidays, each once a year.
    pub holidays: usize,
    /// Pairs of sine and cosine.
    pub orders: usize,
}

impl Shape {
    /// The PyMC-Marketing case study.
    pub const CASE_STUDY: Self = Self { weeks: 183, channels: 7, holidays: 22, orders: 5 };

    /// Parameters.
    pub fn dim(&self) -> usize {
        2 + 3 * self.channels + self.holidays + 2 * self.orders
    }

    /// Floating-point operations of one gradient with its leapfrog step: a multiply-add is two, any
    /// other operation of arithmetic one, special functions those of their formulas in
    /// `src/math/`; integer operations, loads and the momenta are none.
    ///
    /// `weeks · (channels · (4 · lags + 40) + 4 · (1 + 2 · orders) + 110) + 4 · ones
    ///  + 30 · dim + 2 · dim · (dim + 1) + 4 · dim`
    ///
    /// The terms: per week and channel 2 per lag for the adstock and again for its gradient, 34 for
    /// the logistic function with its derivatives (25 of them the tanh), 6 to add it and to
    /// carry the gradient back; 4 per entry of intercept, Fourier columns and the holidays' ones, 2
    /// forward and 2 backward; 110 for the likelihood, 90 of them ln Φ with its derivative. Once per
    /// gradient: 30 for an element's coordinate and prior, roughly; and the step, Lᵀg and Lp with a
    /// triangular L.
    pub fn flops(&self) -> f64 {
        let week = self.channels * (4 * LAGS + 40) + 4 * (1 + 2 * self.orders) + 110;
        let ones = (0..self.weeks * self.holidays)
            .filter(|i| is_holiday(i / self.holidays, i % self.holidays))
            .count();
        let dim = self.dim();
        (self.weeks * week + 4 * ones + 30 * dim + 2 * dim * (dim + 1) + 4 * dim) as f64
    }

    /// The text of the model file.
    pub fn model_file(&self) -> String {
        let controls = if self.holidays > 0 { "controls = [\"holiday_*\"]\n" } else { "" };
        format!(
            r#"[data]
path = "bench.csv"
date = "week"
target = "sales"
channels = ["channel_*"]
{controls}[model]
yearly_seasonality = {}
[adstock]
family = "geometric"
l_max = {LAGS}
[adstock.priors]
alpha = {{ distribution = "Beta", alpha = 1, beta = 3, dims = ["channel"] }}
[saturation]
family = "logistic"
[saturation.priors]
lam = {{ distribution = "Gamma", alpha = 3, beta = 1, dims = ["channel"] }}
beta = {{ distribution = "HalfNormal", sigma = "spend_share", dims = ["channel"] }}
[priors]
intercept = {{ distribution = "Normal", mu = 0.2, sigma = 0.05 }}
gamma_control = {{ distribution = "Normal", mu = 0, sigma = 1, dims = ["control"] }}
gamma_fourier = {{ distribution = "Laplace", mu = 0, b = 1, dims = ["fourier_mode"] }}
[likelihood]
distribution = "TruncatedNormal"
lower = 0
sigma = {{ distribution = "HalfNormal", sigma = 1 }}
"#,
            self.orders
        )
    }

    /// The table, as CSV: bursts of spend, sales that follow them with a delay and diminishing
    /// returns, a season, holidays, noise.
    pub fn table(&self) -> String {
        let mut text = String::from("week,sales");
        (0..self.channels).for_each(|c| _ = write!(text, ",channel_{c:02}"));
        (0..self.holidays).for_each(|h| _ = write!(text, ",holiday_{h:02}"));
        let mut carried = vec![0.0; self.channels];
        for t in 0..self.weeks {
            let week =
                jiff::civil::date(2014, 8, 3).saturating_add(jiff::Span::new().weeks(t as i64));
            let spend: Vec<f64> = (0..self.channels).map(|c| spend(t, c)).collect();
            let mut sales = 0.4 + 0.06 * (TAU * t as f64 / 52.18).sin();
            for (c, (carried, spend)) in carried.iter_mut().zip(&spend).enumerate() {
                *carried = 0.4 * *carried + spend;
                let most = 0.6 * (1.0 + (c % 3) as f64) / (2 * self.channels) as f64;
                sales += most * (0.9 * *carried).tanh();
            }
            sales += (0..self.holidays)
                .filter(|&h| is_holiday(t, h))
                .map(|h| 0.02 * (h % 4) as f64)
                .sum::<f64>();
            let words = philox4x32([t as u32, 0, 1, Purpose::Simulate as u32], KEY.0);
            sales *= (1.0 + NOISE * f64::from(normals(words)[0])).max(0.1);
            // Writing to a String cannot fail.
            let _ = write!(text, "\n{week},{:.2}", 1e5 * sales);
            spend.iter().for_each(|x| _ = write!(text, ",{:.2}", 1e4 * x));
            (0..self.holidays).for_each(|h| _ = write!(text, ",{}", u8::from(is_holiday(t, h))));
        }
        text.push('\n');
        text
    }

    /// Writes table and model file into a folder; the model file's path.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        atomic::write(&folder.join("bench.csv"), self.table().as_bytes())?;
        let path = folder.join("bench.toml");
        atomic::write(&path, self.model_file().as_bytes())?;
        Ok(path)
    }

    /// The model.
    ///
    /// # Errors
    /// No temporary folder can be had.
    pub fn model(&self) -> Result<Model> {
        let folder = folder()?;
        let file = ModelFile::load(&self.write(folder.path())?)?;
        let dataset = data::load(&file, None)?;
        let [panel] = &dataset.panels[..] else {
            return Err(Error::bug(format!("the benchmark's panel is bad: {:?}", dataset.failed)));
        };
        Ok(model::build(&file, panel)?.model)
    }
}

/// A temporary folder that goes when it is dropped.
pub(super) fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| Error::io(&std::env::temp_dir(), "write to", &error))
}

/// Spend of a week, about 0 to 2: three weeks on or off, more or less in each.
fn spend(t: usize, c: usize) -> f64 {
    let number = |t: usize, purpose: u32| {
        let counter = [t as u32, c as u32, purpose, Purpose::Simulate as u32];
        f64::from(uniform(philox4x32(counter, KEY.0)[0]))
    };
    let burst = if number((t + c) / 3, 2) < 0.6 { 1.0 } else { 0.1 };
    burst * (0.5 + number(t, 3) + 0.5 * number((t + c) / 3, 4))
}

/// Whether a week has a holiday.
fn is_holiday(t: usize, h: usize) -> bool {
    (t + 5 * h).is_multiple_of(52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_has_the_shape() {
        let small = Shape { weeks: 60, channels: 2, holidays: 0, orders: 1 };
        for (shape, dim) in [(Shape::CASE_STUDY, 55), (small, 10)] {
            let model = shape.model().unwrap();
            assert_eq!((shape.dim(), model.layout.dim()), (dim, dim));
            let series = &model.series;
            assert_eq!((series.n_train, series.n_dates()), (shape.weeks, shape.weeks));
            assert_eq!(series.columns.len(), 1 + shape.holidays + 2 * shape.orders);
            assert!(series.target.iter().all(|y| *y > 0.0));
        }
    }

    #[test]
    fn operations_are_counted() {
        // By hand: 60 · (2 · 64 + 12 + 110) + 0 + 300 + 220 + 40.
        let shape = Shape { weeks: 60, channels: 2, holidays: 0, orders: 1 };
        assert_eq!(shape.flops(), 15_560.0);
        // One entry more: the holiday of week 0 and of week 52.
        assert_eq!(
            Shape { holidays: 1, ..shape }.flops(),
            15_560.0 + 8.0 + 30.0 + 2.0 * (11.0 * 12.0 - 10.0 * 11.0) + 4.0
        );
    }
}
