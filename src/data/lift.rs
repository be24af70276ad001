//! Lift tests that stand in files of their own.

use std::{collections::HashMap, fs, path::Path};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::{Note, Panel, columns, read, source::Source};
use crate::{
    config::ModelFile,
    error::{Error, Result, suggest},
};

/// Columns of a file besides the date and those of panels.
const NUMBERS: [&str; 4] = ["x", "delta_x", "delta_y", "sigma"];

/// A lift test, in the table's units.
#[derive(Clone, Debug, PartialEq)]
pub struct LiftRow {
    /// Where it stands, for messages.
    pub place: String,
    /// The channel.
    pub channel: String,
    /// When it took place.
    pub date: Option<Date>,
    /// Spend per period before, by how much it was changed, by how much the target changed, and the
    /// standard error of that.
    pub numbers: [f64; 4],
}

/// What makes a lift test impossible: its spend per period, the change, the effect and its error.
pub fn lift_problem([x, delta_x, delta_y, sigma]: [f64; 4]) -> Option<&'static str> {
    if [x, delta_x, delta_y, sigma].iter().any(|number| !number.is_finite()) {
        Some("a number is missing")
    } else if sigma <= 0.0 {
        Some("sigma must be above 0")
    } else if delta_x * delta_y <= 0.0 {
        Some("delta_x and delta_y must have the same sign, neither may be 0")
    } else if x < 0.0 || x + delta_x < 0.0 {
        Some("x and x + delta_x must not be negative")
    } else {
        None
    }
}

/// Reads the files of lift tests that the model file names, gives every panel its own, and adds them to
/// the hash of the data. A file without panel columns holds for all panels.
pub(super) fn read_all(
    file: &ModelFile,
    panels: &mut [Panel],
    notes: &mut Vec<Note>,
    hash: &mut String,
) -> Result<()> {
    for path in &file.lift_files {
        for path in read::find(file, path, None)? {
            let bytes = fs::read(&path).map_err(|error| Error::io(&path, "read", &error))?;
            let mut sum = Sha256::new();
            sum.update(hash.as_bytes());
            sum.update(&bytes);
            *hash = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            read_one(file, &path, &bytes, panels, notes)?;
        }
    }
    Ok(())
}

fn read_one(
    file: &ModelFile,
    path: &Path,
    bytes: &[u8],
    panels: &mut [Panel],
    notes: &mut Vec<Note>,
) -> Result<()> {
    let source = Source::open(bytes, path)?;
    let (header, from) = (source.header(), path.display().to_string());
    let at: HashMap<&str, usize> =
        header.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    if let Some(missing) = ["channel"].iter().chain(&NUMBERS).find(|name| !at.contains_key(**name))
    {
        let error = Error::input(format!("{from}: no column {missing:?}"));
        return Err(error.help("lift tests have the columns channel, x, delta_x, delta_y, sigma"));
    }
    if let Some(dim) = file.data.dims.iter().find(|dim| !at.contains_key(dim.as_str())) {
        return Err(Error::input(format!("{from}: no column {:?}", dim.as_str()))
            .help("the model has several series: every lift test is about one of them"));
    }
    let names = file.data.panel.iter().chain(&file.data.dims).map(|name| name.as_str());
    let dims: Vec<(usize, &str)> =
        names.enumerate().filter(|(_, name)| at.contains_key(name)).collect();
    let dated = at.contains_key("date");
    if file.varying_media.is_some() && !dated {
        return Err(Error::input(format!("{from}: no column \"date\"")).help(
            "media vary in time: every lift test needs the date of the training row it belongs to",
        ));
    }
    let known = |name: &str| {
        name == "channel"
            || name == "date"
            || NUMBERS.contains(&name)
            || dims.iter().any(|(_, dim)| *dim == name)
    };
    let unused: Vec<&str> = header.iter().map(String::as_str).filter(|name| !known(name)).collect();
    if !unused.is_empty() {
        let text = format!("{from}: not used are the columns {}", unused.join(", "));
        notes.push(Note { panel: None, text });
    }
    let texts: Vec<usize> = std::iter::once("channel")
        .chain(dims.iter().map(|(_, name)| *name))
        .chain(dated.then_some("date"))
        .map(|name| at[name])
        .collect();
    let found = source.columns(&texts, &NUMBERS.map(|name| at[name]))?;
    let blame = |name: &str, bad| source.blame(name, bad);
    let text = |k: usize, name| columns::texts(&found[k]).map_err(|bad| blame(name, bad));
    let channels = text(0, "channel")?;
    let mut values = Vec::new();
    for (k, (_, name)) in dims.iter().enumerate() {
        values.push(text(k + 1, name)?);
    }
    let dates = match dated {
        true => columns::dates(&found[dims.len() + 1]).map_err(|bad| blame("date", bad))?,
        false => Vec::new(),
    };
    let mut numbers = Vec::new();
    for (column, name) in found[texts.len()..].iter().zip(NUMBERS) {
        numbers.push(columns::numbers(column).map_err(|bad| blame(name, bad))?);
    }
    for (row, channel) in channels.into_iter().enumerate() {
        let place = format!("{from}, row {}", row + 1);
        let wrong = |what: String| Error::input(format!("{place}: {what}"));
        let channel = channel.unwrap_or_default();
        if let Some(panel) = panels.first()
            && !panel.channels.contains(&channel)
        {
            let names = panel.channels.iter().map(String::as_str);
            let help = match suggest(&channel, names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("the channels are {}", panel.channels.join(", ")),
            };
            return Err(wrong(format!("unknown channel {channel:?}")).help(help));
        }
        let numbers = [0, 1, 2, 3].map(|k| numbers[k][row]);
        if let Some(what) = lift_problem(numbers) {
            return Err(wrong(format!("the lift test of {channel:?}: {what}")));
        }
        let lift = LiftRow { place, channel, date: dates.get(row).copied(), numbers };
        let value = |k: usize| values[k][row].as_deref().unwrap_or_default();
        let is_of = |panel: &Panel| {
            let own: Vec<&String> = panel.values.iter().chain(&panel.labels).collect();
            dims.iter().enumerate().all(|(k, (at, _))| own[*at] == value(k))
        };
        let mut used = false;
        for panel in panels.iter_mut().filter(|panel| is_of(panel)) {
            panel.lift_tests.push(lift.clone());
            used = true;
        }
        if !used {
            let text = format!("{}: not used, there is no such panel", lift.place);
            notes.push(Note { panel: None, text });
        }
    }
    Ok(())
}
