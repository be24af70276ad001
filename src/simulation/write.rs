//! The files of a simulated retailer.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{Retailer, Simulated, Spec};
use crate::{
    data::Truth,
    error::{Error, Result},
    posterior::atomic,
};

/// The texts of a simulated retailer's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portfolio {
    /// `portfolio.csv`: one row per week, brand and region (and geo).
    pub table: String,
    /// `portfolio.toml`: the model file.
    pub model_file: String,
    /// `truth.toml`: true parameters, contributions and returns.
    pub truth: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The model file, which names the others.
    pub model_file: PathBuf,
    /// The table.
    pub table: PathBuf,
    /// The true parameters.
    pub truth: PathBuf,
    /// Number of panels.
    pub panels: usize,
    /// Number of rows of the table.
    pub rows: usize,
}

/// Simulates a retailer.
///
/// # Errors
/// What [`Spec::check`] refuses.
pub fn portfolio(spec: &Spec) -> Result<Portfolio> {
    let retailer = Retailer::new(spec)?;
    let regions = spec.region_names();
    let panels: Vec<(String, String)> = spec
        .brand_names()
        .iter()
        .flat_map(|brand| regions.iter().map(|region| (brand.clone(), region.clone())))
        .collect();
    let one = |(brand, region): &(String, String)| {
        let panel = retailer.panel(brand, region)?;
        Ok((rows(brand, region, &retailer, &panel), panel.truth))
    };
    let made = panels.par_iter().map(one).collect::<Result<Vec<_>>>()?;
    let (rows, truths): (Vec<String>, Vec<_>) = made.into_iter().unzip();
    let keys = panels.iter().map(|(brand, region)| format!("{brand}/{region}"));

    let mut header = vec!["week".into(), "brand".into(), "region".into()];
    header.extend((spec.geos > 0).then(|| "geo".into()));
    header.push("sales".into());
    header.extend(spec.channel_names());
    header.extend(spec.control_names());
    Ok(Portfolio {
        table: format!("{}\n{}", header.join(","), rows.concat()),
        model_file: retailer.model_file().to_owned(),
        truth: format!(
            "# The truth behind portfolio.csv, as the model scales it; contribution and roas over \
             the training weeks.\n\n{}",
            Truth(keys.zip(truths).collect()).to_toml()
        ),
    })
}

/// Simulates a retailer and writes its files into the folder `dir`, which is made if need be.
///
/// # Errors
/// What [`Spec::check`] refuses; a file of the same name with other contents; a folder that cannot
/// be written.
pub fn write(spec: &Spec, dir: &Path) -> Result<Written> {
    let Portfolio { table, model_file, truth } = portfolio(spec)?;
    // the model file comes last: where it is, the others are
    let files = [("portfolio.csv", table), ("truth.toml", truth), ("portfolio.toml", model_file)]
        .map(|(name, text)| (dir.join(name), text));
    for (path, text) in &files {
        if path.exists() && fs::read(path).ok().as_deref() != Some(text.as_bytes()) {
            return Err(Error::input(format!("{} is there already", path.display()))
                .help("choose another folder with --out, or delete the file"));
        }
    }
    for (path, text) in &files {
        atomic::write(path, text.as_bytes())?;
    }
    let [(table, _), (truth, _), (model_file, _)] = files;
    let panels = spec.panels();
    Ok(Written { model_file, table, truth, panels, rows: spec.series() * spec.weeks })
}

/// A panel's rows of the table.
fn rows(brand: &str, region: &str, retailer: &Retailer, panel: &Simulated) -> String {
    let mut text = String::new();
    for columns in &panel.series {
        let geo = columns.geo.as_ref().map(|geo| format!(",{geo}")).unwrap_or_default();
        for (t, date) in retailer.dates().iter().enumerate() {
            // writing to a String cannot fail
            let _ = write!(text, "{date},{brand},{region}{geo},{:.2}", columns.sales[t]);
            for column in columns.spend.iter().chain(&columns.control) {
                let _ = write!(text, ",{:.2}", column[t]);
            }
            text.push('\n');
        }
    }
    text
}
