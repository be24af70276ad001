//! Simulated retailers: tables of sales whose true parameters are known, with a model file that
//! fits them.
//!
//! The truth of every panel is drawn from the priors of that very model file, so that a sampler that
//! works finds it inside its 94 % intervals 94 times in 100. One thing stands in the way: the model
//! divides sales by their maximum over the training weeks, which is known only afterwards. Parameters
//! and sales are therefore drawn again until that maximum is within 3 % of the unit of the priors.
//! Whether a draw is kept depends on sales alone, so that the posterior given sales stays what it is;
//! and the exact change of scale at the end moves the truth by at most 3 %, far less than the widths
//! of the priors.

mod model_file;
mod patterns;
mod retailer;
#[cfg(test)]
mod tests;
mod write;

pub use retailer::{Retailer, Simulated};
pub use write::{Portfolio, Written, portfolio, write};

use crate::error::{Error, Result};

/// How large a retailer to simulate.
///
/// A panel's numbers depend on the seed, its own name, and all fields but `brands` and `regions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Number of brands.
    pub brands: usize,
    /// Number of regions; every brand is sold in every region.
    pub regions: usize,
    /// Number of geos of every brand and region, pooled in one model; 0 for none.
    pub geos: usize,
    /// Number of weeks, those of the test set included.
    pub weeks: usize,
    /// Number of channels.
    pub channels: usize,
    /// Number of controls.
    pub controls: usize,
    /// Number of weeks at the end that the model does not learn from.
    pub test_weeks: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            brands: 3,
            regions: 4,
            geos: 0,
            weeks: 156,
            channels: 5,
            controls: 3,
            test_weeks: 13,
            seed: 0,
        }
    }
}

impl Spec {
    /// Yearly seasonality is not to be had from less than a year.
    const MIN_TRAIN: usize = 52;
    /// A century.
    const MAX_WEEKS: usize = 5_200;
    /// Numbers in one table; it is made in memory.
    const MAX_NUMBERS: usize = 50_000_000;

    /// Number of weeks that the model learns from.
    pub fn train_weeks(&self) -> usize {
        self.weeks.saturating_sub(self.test_weeks)
    }

    /// Number of panels, brands × regions.
    pub fn panels(&self) -> usize {
        self.brands.saturating_mul(self.regions)
    }

    /// Number of series of all panels.
    pub fn series(&self) -> usize {
        self.panels().saturating_mul(self.geos.max(1))
    }

    /// Refuses sizes that make no retailer.
    ///
    /// # Errors
    /// No brand, region, channel or week; too few or too many weeks; more numbers than fit.
    pub fn check(&self) -> Result<()> {
        let counts =
            [("brands", self.brands), ("regions", self.regions), ("channels", self.channels)];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(Error::input(format!("{name} = 0: there must be at least 1")));
        }
        let (weeks, test, min) = (self.weeks, self.test_weeks, Self::MIN_TRAIN);
        if self.train_weeks() < min {
            return Err(Error::input(format!(
                "weeks = {weeks} with test_weeks = {test} leaves {} weeks to learn from, but at \
                 least {min} are needed: yearly seasonality takes a year",
                self.train_weeks()
            ))
            .help(format!(
                "take at least {} weeks, or fewer test weeks",
                test.saturating_add(min)
            )));
        }
        if weeks > Self::MAX_WEEKS {
            let message = format!("weeks = {weeks}: at most {} are allowed", Self::MAX_WEEKS);
            return Err(Error::input(message));
        }
        let columns = self.channels.saturating_add(self.controls).saturating_add(1);
        let numbers = self.series().saturating_mul(weeks).saturating_mul(columns);
        if numbers > Self::MAX_NUMBERS {
            return Err(Error::input(format!(
                "{} series of {weeks} weeks with {columns} columns are more than {} million numbers",
                self.series(),
                Self::MAX_NUMBERS / 1_000_000
            ))
            .help("simulate fewer brands or regions at once, each part into a folder of its own"));
        }
        Ok(())
    }

    /// Names of the brands: brandA … brandZ, brandAA ….
    pub fn brand_names(&self) -> Vec<String> {
        (0..self.brands).map(|i| format!("brand{}", letters(i))).collect()
    }

    /// Names of the regions.
    pub fn region_names(&self) -> Vec<String> {
        const NAMES: [&str; 8] =
            ["north", "south", "east", "west", "central", "coast", "capital", "islands"];
        let name = |i: usize| match NAMES.get(i) {
            Some(name) => (*name).to_owned(),
            None => format!("region_{}", i + 1),
        };
        (0..self.regions).map(name).collect()
    }

    /// Names of the geos, in the order of the alphabet.
    pub fn geo_names(&self) -> Vec<String> {
        let width = self.geos.to_string().len();
        (1..=self.geos).map(|i| format!("geo_{i:0width$}")).collect()
    }

    /// Names of the channels.
    pub fn channel_names(&self) -> Vec<String> {
        (0..self.channels).map(|c| patterns::named_channel(c).0).collect()
    }

    /// Names of the controls.
    pub fn control_names(&self) -> Vec<String> {
        (0..self.controls).map(|k| patterns::named_control(k).0).collect()
    }
}

/// A … Z, AA … AZ, BA …, as a spreadsheet names its columns.
fn letters(i: usize) -> String {
    let last = char::from(b'A' + (i % 26) as u8);
    match i / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}
