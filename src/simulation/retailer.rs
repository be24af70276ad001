//! One panel of a simulated retailer: spend and controls, true parameters, sales.

use std::{collections::BTreeMap, path::Path};

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use ndarray::Array2;
use rand_philox::Philox;

use super::{Spec, model_file, patterns};
use crate::{
    config::ModelFile,
    data::{Panel, Scale},
    error::{Error, Result},
    math::{Key, Purpose},
    model::{self, Layout, Model, simulate},
};

/// How far from 1 the largest training value may be before the exact change of scale.
const TOLERANCE: f64 = 0.03;
/// One draw in about a dozen is kept.
const MAX_DRAWS: usize = 100_000;
/// Media spend over the largest possible sales of a week.
const INTENSITY: f64 = 0.15;
/// Parameters in units of the scaled target; the others have none.
const ON_TARGET_SCALE: [&str; 5] =
    ["intercept_contribution", "saturation_beta", "gamma_control", "gamma_fourier", "y_sigma"];

/// A retailer whose panels can be made one by one, in any order.
pub struct Retailer {
    spec: Spec,
    dates: Vec<Date>,
    file: ModelFile,
}

/// One panel: columns of the table, in original units, and the truth behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// Sales of every week.
    pub sales: Vec<f64>,
    /// Spend, `[channel][week]`.
    pub spend: Vec<Vec<f64>>,
    /// Controls, `[control][week]`.
    pub control: Vec<Vec<f64>>,
    /// True parameters on the model's scale by display name, and `contribution[…]` and `roas[…]` of
    /// each channel over the training weeks in original units.
    pub truth: BTreeMap<String, f64>,
}

impl Retailer {
    /// The retailer of a spec.
    ///
    /// # Errors
    /// What [`Spec::check`] refuses.
    pub fn new(spec: &Spec) -> Result<Self> {
        spec.check()?;
        let monday = |week: usize| date(2021, 1, 4).saturating_add((week as i64).weeks());
        let dates: Vec<Date> = (0..spec.weeks).map(monday).collect();
        let text = model_file::text(spec, &dates);
        let file = ModelFile::parse("portfolio.toml", Path::new("portfolio.toml"), &text)?;
        Ok(Self { spec: spec.clone(), dates, file })
    }

    /// The weeks, by their Mondays.
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// The text of the model file that fits the retailer.
    pub fn model_file(&self) -> &str {
        &self.file.source.text
    }

    /// Simulates the panel of a brand and a region.
    ///
    /// # Errors
    /// Only for bugs.
    pub fn panel(&self, brand: &str, region: &str) -> Result<Simulated> {
        let key = Key::new(self.spec.seed, &format!("{brand}/{region}"));
        let unit = unit(key);
        let spend = self.spend(key, unit);
        let control = self.control(key);
        let panel = self.scaled(brand, region, &spend, &control);
        let model = model::build(&self.file, &panel)?.model;
        let (values, y) = self.draw(&model, key)?;
        let sales: Vec<f64> = y.iter().map(|y| cents(unit * y)).collect();

        let scale = Scale::learn(self.file.scaling.target, &sales[..panel.n_train]);
        let values = rescaled(&model.layout, &values, unit / scale.factor);
        let mut truth: BTreeMap<String, f64> =
            model.parameter_names().into_iter().zip(values.iter().copied()).collect();
        let media = simulate::media(&model, &values, panel.n_train);
        for ((name, media), spend) in panel.channels.iter().zip(media).zip(&spend) {
            let contribution = scale.factor * media.iter().sum::<f64>();
            let spent: f64 = spend[..panel.n_train].iter().sum();
            truth.insert(format!("contribution[{name}]"), contribution);
            truth.insert(format!("roas[{name}]"), contribution / spent);
        }
        truth.values_mut().for_each(|x| *x = six_digits(*x));
        Ok(Simulated { sales, spend, control, truth })
    }

    fn spend(&self, key: Key, unit: f64) -> Vec<Vec<f64>> {
        let part = |c: usize| patterns::named_channel(c).1;
        let total: f64 = (0..self.spec.channels).map(part).sum();
        let column = |c: usize| {
            let mut rng = stream(key, 1_000_000 + c as u32);
            let share = part(c) / total * patterns::around_one(0.25, &mut rng);
            let pattern = patterns::spend(c, &self.dates, &mut rng);
            pattern.iter().map(|x| cents(INTENSITY * unit * share * x)).collect()
        };
        (0..self.spec.channels).map(column).collect()
    }

    fn control(&self, key: Key) -> Vec<Vec<f64>> {
        let column = |k: usize| {
            let mut rng = stream(key, 2_000_000 + k as u32);
            patterns::control(k, &self.dates, &mut rng).iter().map(|x| cents(*x)).collect()
        };
        (0..self.spec.controls).map(column).collect()
    }

    /// The panel as `data` reads it, but for sales, which are still to come.
    fn scaled(&self, brand: &str, region: &str, spend: &[Vec<f64>], control: &[Vec<f64>]) -> Panel {
        let (weeks, n_train) = (self.spec.weeks, self.spec.train_weeks());
        let learn = |x: &Vec<f64>| Scale::learn(self.file.scaling.channel, &x[..n_train]);
        let learn_control =
            |x: &Vec<f64>| Scale::learn_control(self.file.scaling.controls, &x[..n_train]);
        let control_scale: Vec<Scale> = control.iter().map(learn_control).collect();
        Panel {
            key: format!("{brand}/{region}"),
            values: vec![brand.into(), region.into()],
            labels: Vec::new(),
            dates: self.dates.clone(),
            n_train,
            channels: self.spec.channel_names(),
            controls: self.spec.control_names(),
            target: vec![0.0; weeks],
            spend: Array2::from_shape_fn((weeks, spend.len()), |(t, c)| spend[c][t]),
            control: Array2::from_shape_fn((weeks, control.len()), |(t, k)| {
                control_scale[k].scale(control[k][t])
            }),
            control_scale,
            target_scale: Scale::NONE,
            channel_scale: spend.iter().map(learn).collect(),
            lift_tests: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Parameters and scaled sales: the first draw whose sales are all above 0, with a training
    /// maximum of about 1.
    fn draw(&self, model: &Model, key: Key) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut rng = stream(key, 1);
        let sigma = model.structure.likelihood_slots[0];
        for _ in 0..MAX_DRAWS {
            let values = model.draw(&mut rng);
            let mut y = simulate::mean_on(model, &values, model.series.n_dates());
            y.iter_mut().for_each(|y| *y += values[sigma] * patterns::normal(&mut rng));
            let largest = y[..model.series.n_train].iter().copied().fold(0.0, f64::max);
            if (largest - 1.0).abs() < TOLERANCE && y.iter().all(|y| *y > 0.0) {
                return Ok((values, y));
            }
        }
        Err(Error::bug(format!("none of {MAX_DRAWS} draws of {} has plausible sales", model.key)))
    }
}

/// The sales of a week that the priors take as 1.
fn unit(key: Key) -> f64 {
    400_000.0 * patterns::around_one(0.7, &mut stream(key, 0))
}

/// Stream `i` of a panel's random numbers.
fn stream(key: Key, i: u32) -> Philox {
    key.stream(Purpose::Simulate, i)
}

/// The same model of a target that is `factor` times as large.
fn rescaled(layout: &Layout, values: &[f64], factor: f64) -> Vec<f64> {
    let mut values = values.to_vec();
    for parameter in &layout.parameters {
        if ON_TARGET_SCALE.contains(&parameter.name.as_str()) {
            let elements = parameter.offset..parameter.offset + parameter.len;
            values[elements].iter_mut().for_each(|value| *value *= factor);
        }
    }
    values
}

/// Two decimals, as the table has them.
fn cents(x: f64) -> f64 {
    // adding 0 makes one zero of the two
    (x * 100.0).round() / 100.0 + 0.0
}

/// Six significant digits: enough for any use, and the same whichever libm computed them.
fn six_digits(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_of_scale_is_exact() {
        let retailer = Retailer::new(&Spec::default()).unwrap();
        let made = retailer.panel("brandA", "north").unwrap();
        let key = Key::new(0, "brandA/north");
        let panel = retailer.scaled("brandA", "north", &made.spend, &made.control);
        let model = model::build(&retailer.file, &panel).unwrap().model;
        let (drawn, y) = retailer.draw(&model, key).unwrap();
        assert_eq!(made.sales[7], cents(unit(key) * y[7]));

        let truth: Vec<f64> = model.parameter_names().iter().map(|name| made.truth[name]).collect();
        let largest = made.sales[..143].iter().copied().fold(0.0, f64::max);
        assert!((largest / unit(key) - 1.0).abs() > 1e-3, "this panel cannot tell");
        let sigma = model.structure.likelihood_slots[0];
        let drawn_sales = simulate::mean(&model, &drawn).into_iter().chain([drawn[sigma]]);
        let true_sales = simulate::mean(&model, &truth).into_iter().chain([truth[sigma]]);
        for (drawn, truth) in drawn_sales.zip(true_sales) {
            assert!((truth * largest / (drawn * unit(key)) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn rounding() {
        assert_eq!((cents(1.005), cents(-0.001).to_bits()), (1.0, 0));
        assert_eq!(
            (six_digits(0.123_456_789), six_digits(-12_345_678.0)),
            (0.123_457, -12_345_700.0)
        );
    }
}
