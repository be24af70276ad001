//! Lift tests: what experiments say of a channel's saturation curve. A test raised the spend of a
//! channel from x to x + delta_x and measured the change delta_y with standard error sigma; |delta_y| is
//! Gamma distributed with mean |f(x + delta_x) − f(x)|, f the saturation alone, times what multiplies
//! media on the date of the test where they vary in time.

use super::transforms;
use crate::config::{ModelFile, Spanned};
use crate::data::{Panel, lift_problem};
use crate::error::{Error, Result, suggest};
use jiff::civil::Date;

/// A lift test in the model's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Lift {
    /// Index of the channel.
    pub channel: usize,
    /// Scaled spend without and with the change.
    pub spend: [f64; 2],
    /// The training row on which it took place, where media vary in time.
    pub row: Option<usize>,
    /// Its measured effect, without sign, on the scaled target.
    pub effect: f64,
    /// The standard error of that.
    pub sigma: f64,
}

/// The lift tests of a series: those of the model file, then those of its files.
pub(super) fn read(file: &ModelFile, panel: &Panel) -> Result<Vec<Lift>> {
    let mut lifts = Vec::new();
    for test in file.lift_tests.iter().filter(|test| is_of(&test.labels, panel)) {
        let error = |message: String| file.error(test.channel.span.clone(), message);
        let channel = transforms::channel(file, &test.channel, &panel.channels)?;
        let numbers = [test.x, test.delta_x, test.delta_y, test.sigma];
        if let Some(what) = lift_problem(numbers) {
            return Err(error(format!("the lift test of \"{}\": {what}", *test.channel)));
        }
        if file.varying_media.is_some() && test.date.is_none() {
            let help =
                "media vary in time: say on which training row it was, date = \"2024-01-29\"";
            return Err(error("the lift test has no date".into()).help(help));
        }
        lifts.push(lift(file, panel, channel, numbers, test.date)?);
    }
    for test in &panel.lift_tests {
        let wrong = |what: &str| Error::input(format!("{}: {what}", test.place));
        let channel = panel.channels.iter().position(|name| *name == test.channel);
        let channel = channel.ok_or_else(|| wrong("unknown channel"))?;
        let found = lift(file, panel, channel, test.numbers, test.date);
        lifts.push(found.map_err(|error| error.context(&test.place))?);
    }
    Ok(lifts)
}

/// Whether a row of these labels is about a series.
pub(super) fn is_of(labels: &[Spanned<String>], panel: &Panel) -> bool {
    labels.iter().map(|label| &label.value).eq(&panel.labels)
}

/// Refuses, in a model file without panels, labels that no series has.
pub(super) fn known_series(
    file: &ModelFile,
    labels: &[Spanned<String>],
    panels: &[Panel],
) -> Result<()> {
    // What one panel lacks another may have.
    if !file.data.panel.is_empty() || panels.iter().any(|panel| is_of(labels, panel)) {
        return Ok(());
    }
    let (start, end) = (&labels[0].span, &labels[labels.len() - 1].span);
    let span = start.start.min(end.start)..start.end.max(end.end);
    let wanted: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
    let known: Vec<String> = panels.iter().map(|panel| panel.labels.join(", ")).collect();
    let error = file.error(span, format!("there is no series \"{}\"", wanted.join(", ")));
    Err(match suggest(&wanted.join(", "), known.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None => error.help(format!("there are {}", known.join("; "))),
    })
}

fn lift(
    file: &ModelFile,
    panel: &Panel,
    channel: usize,
    [x, delta_x, delta_y, sigma]: [f64; 4],
    date: Option<Date>,
) -> Result<Lift> {
    let name = &panel.channels[channel];
    // A change: the target's shift does not matter.
    let (scale, target) = (panel.channel_scale[channel], panel.target_scale.factor);
    // The training rows of this panel have nothing to scale by: no error of the file.
    let unscaled = [(scale.factor, name.as_str()), (target, "the target")];
    if let Some((_, what)) = unscaled.into_iter().find(|(factor, _)| *factor == 0.0) {
        return Err(Error::input(format!(
            "the lift test of {name:?} cannot be used: {what} is 0 on all training rows"
        ))
        .help("leave the lift test out of this panel's model file"));
    }
    let row = match date.filter(|_| file.varying_media.is_some()) {
        None => None,
        Some(date) => {
            let row = panel.dates[..panel.n_train].iter().position(|row| *row == date);
            Some(row.ok_or_else(|| {
                Error::input(format!("the lift test of {name:?} is on {date}, no training row"))
                    .help("media vary in time: give it the date of the row it belongs to")
            })?)
        }
    };
    Ok(Lift {
        channel,
        spend: [x, x + delta_x].map(|x| scale.scale(x)),
        row,
        effect: delta_y.abs() / target,
        sigma: sigma / target,
    })
}
