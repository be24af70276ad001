//! One panel of a simulated retailer: spend and controls, true parameters, sales of its series.

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
    data::{Panel, Scale, learn_scales},
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
const ON_TARGET_SCALE: [&str; 9] = [
    "intercept_contribution",
    "intercept_contribution_mu",
    "intercept_contribution_sigma",
    "saturation_beta",
    "saturation_beta_mean",
    "saturation_beta_std",
    "gamma_control",
    "gamma_fourier",
    "y_sigma",
];

/// A retailer whose panels can be made one by one, in any order.
pub struct Retailer {
    spec: Spec,
    dates: Vec<Date>,
    file: ModelFile,
}

/// One panel and the truth behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// Its series: one, or one for each geo.
    pub series: Vec<Columns>,
    /// True parameters on the model's scale by display name, and `contribution[…]` and `roas[…]` of
    /// each channel (and geo) over the training weeks in original units.
    pub truth: BTreeMap<String, f64>,
}

/// The columns of one series of the table, in original units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The geo; none where there are none.
    pub geo: Option<String>,
    /// Sales of every week.
    pub sales: Vec<f64>,
    /// Spend, `[channel][week]`.
    pub spend: Vec<Vec<f64>>,
    /// Controls, `[control][week]`.
    pub control: Vec<Vec<f64>>,
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
        let name = format!("{brand}/{region}");
        let key = Key::new(self.spec.seed, &name);
        let unit = unit(key);
        let columns = |geo: Option<String>| {
            let own = match &geo {
                None => key,
                Some(geo) => Key::new(self.spec.seed, &format!("{name}/{geo}")),
            };
            let (spend, control) = (self.spend(own, unit), self.control(own));
            Columns { geo, sales: Vec::new(), spend, control }
        };
        let geos = match self.spec.geos {
            0 => vec![None],
            _ => self.spec.geo_names().into_iter().map(Some).collect(),
        };
        let mut series: Vec<Columns> = geos.into_iter().map(columns).collect();
        let panels = self.scaled(brand, region, &series);
        let models = model::pool(&self.file, &panels)?.series;
        let (values, y) = self.draw(&models, key)?;
        for (columns, y) in series.iter_mut().zip(&y) {
            columns.sales = y.iter().map(|y| cents(unit * y)).collect();
        }

        let n_train = self.spec.train_weeks();
        let train = series.iter().flat_map(|columns| &columns.sales[..n_train]);
        let scale = Scale::learn(self.file.scaling.target, &train.copied().collect::<Vec<f64>>());
        let layout = &models[0].layout;
        let values = rescaled(layout, &values, unit / scale.factor);
        let reported = layout.reported_values().into_iter().map(|value| values[value]);
        let mut truth: BTreeMap<String, f64> =
            models[0].parameter_names().into_iter().zip(reported).collect();
        for (model, columns) in models.iter().zip(&series) {
            let media = simulate::media(model, &values, n_train);
            for ((channel, media), spend) in
                model.coords.channel.iter().zip(media).zip(&columns.spend)
            {
                let contribution = scale.factor * media.iter().sum::<f64>();
                let spent: f64 = spend[..n_train].iter().sum();
                let label: Vec<&str> =
                    columns.geo.iter().chain([channel]).map(String::as_str).collect();
                let label = label.join(", ");
                truth.insert(format!("contribution[{label}]"), contribution);
                truth.insert(format!("roas[{label}]"), contribution / spent);
            }
        }
        truth.values_mut().for_each(|x| *x = six_digits(*x));
        Ok(Simulated { series, truth })
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

    /// The panels of all series as `data` reads them, but for sales, which are still to come.
    fn scaled(&self, brand: &str, region: &str, series: &[Columns]) -> Vec<Panel> {
        let (weeks, n_train) = (self.spec.weeks, self.spec.train_weeks());
        let learn_control = |k: usize| {
            let train = series.iter().flat_map(|columns| &columns.control[k][..n_train]);
            let train: Vec<f64> = train.copied().collect();
            Scale::learn_control(self.file.scaling.controls, &train)
        };
        let control_scale: Vec<Scale> = (0..self.spec.controls).map(learn_control).collect();
        let panel = |columns: &Columns| {
            let (spend, control) = (&columns.spend, &columns.control);
            Panel {
                key: format!("{brand}/{region}"),
                values: vec![brand.into(), region.into()],
                labels: columns.geo.iter().cloned().collect(),
                dates: self.dates.clone(),
                n_train,
                channels: self.spec.channel_names(),
                controls: self.spec.control_names(),
                target: vec![0.0; weeks],
                spend: Array2::from_shape_fn((weeks, spend.len()), |(t, c)| spend[c][t]),
                control: Array2::from_shape_fn((weeks, control.len()), |(t, k)| {
                    control_scale[k].scale(control[k][t])
                }),
                control_scale: control_scale.clone(),
                target_scale: Scale::NONE,
                channel_scale: vec![Scale::NONE; spend.len()],
                lift_tests: Vec::new(),
                notes: Vec::new(),
            }
        };
        let mut panels: Vec<Panel> = series.iter().map(panel).collect();
        learn_scales(&self.file, &mut panels);
        panels.iter_mut().for_each(|panel| panel.target_scale = Scale::NONE);
        panels
    }

    /// Parameters and scaled sales of every series: the first draw whose sales are all above 0, with
    /// a training maximum of about 1.
    fn draw(&self, series: &[Model], key: Key) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
        let mut rng = stream(key, 1);
        for _ in 0..MAX_DRAWS {
            let values = model::draw(series, &mut rng);
            let mut sales = Vec::with_capacity(series.len());
            for model in series {
                let sigma = values[model.structure.likelihood_slots[0]];
                let mut y = simulate::mean_on(model, &values, model.series.n_dates());
                y.iter_mut().for_each(|y| *y += sigma * patterns::normal(&mut rng));
                sales.push(y);
            }
            let train = sales.iter().flat_map(|y| &y[..self.spec.train_weeks()]);
            let largest = train.copied().fold(0.0, f64::max);
            if (largest - 1.0).abs() < TOLERANCE && sales.iter().flatten().all(|y| *y > 0.0) {
                return Ok((values, sales));
            }
        }
        let name = &series[0].key;
        Err(Error::bug(format!("none of {MAX_DRAWS} draws of {name} has plausible sales")))
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
        let panels = retailer.scaled("brandA", "north", &made.series);
        let models = model::pool(&retailer.file, &panels).unwrap().series;
        let (drawn, y) = retailer.draw(&models, key).unwrap();
        let (model, sales) = (&models[0], &made.series[0].sales);
        assert_eq!(sales[7], cents(unit(key) * y[0][7]));

        let truth: Vec<f64> = model.parameter_names().iter().map(|name| made.truth[name]).collect();
        let largest = sales[..143].iter().copied().fold(0.0, f64::max);
        assert!((largest / unit(key) - 1.0).abs() > 1e-3, "this panel cannot tell");
        let sigma = model.structure.likelihood_slots[0];
        let drawn_sales = simulate::mean(model, &drawn).into_iter().chain([drawn[sigma]]);
        let true_sales = simulate::mean(model, &truth).into_iter().chain([truth[sigma]]);
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
