//! `gigamix fit`: the main job, told as it goes.

use std::path::PathBuf;

use serde_json::json;

use super::{
    Outcome,
    args::Fit as Args,
    channels, interrupt, models, notes,
    number::{count, duration, plural},
    output::{Output, colour_results},
    truth::Coverage,
};
use crate::{
    config::ModelFile,
    data::{self, Truth},
    diagnostics::Status,
    error::{Error, Kind, Result},
    fleet::{self, Device, DeviceChoice, Event, Fit, Options, Run},
};

const RESUME: &str = "run the same command again: it goes on where it stopped";

/// Fits every panel and shows what came out.
pub(super) fn fit(args: &Args, out: &Output) -> Result<Outcome> {
    let file = ModelFile::load(&args.model)?;
    // Read before the work: a fault in it is better told now.
    let truth = data::load_truth(&file)?;
    let options = Options {
        data: args.data.clone(),
        out: args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(file.name())),
        seed: args.compute.seed,
        device: args.compute.device.clone().unwrap_or(DeviceChoice::Auto),
        force: args.force,
        batch: None,
    };
    let cancel = interrupt::flag(out)?;
    let fit =
        fleet::fit(&file, &options, &mut |event| tell(event, out), &cancel).map_err(|error| {
            if error.kind() == Kind::Interrupted { error.help(RESUME) } else { error }
        })?;
    out.end_progress();
    if fit.interrupted {
        let done = plural(fit.models.rows(), "finished model");
        let message = format!("interrupted: {} has {done}", fit.run.display());
        return Err(Error::new(Kind::Interrupted, message).help(RESUME));
    }
    let run = Run::open(&fit.run)?;
    if out.json {
        out.print_json(&json!({
            "run": fit.run,
            "rows": fit.models.to_json_rows()["rows"],
            "seconds": fit.seconds,
            "device": fit.device.as_ref().map_or_else(|| run.manifest()["device"].clone(), |d| json!(d)),
        }))?;
    } else {
        out.print(&tables(&fit, &run, truth.as_ref())?)?;
    }
    for line in models::reasons(&fit.models, Status::Failed) {
        out.warn(line);
    }
    for line in models::reasons(&fit.models, Status::Review) {
        out.note(line);
    }
    let done = plural(fit.models.rows(), "model");
    let run = fit.run.display();
    out.note(format!("{done} in {}; the run is in {run}", duration(fit.seconds)));
    out.note(format!("to read it: gigamix report {run}"));
    let failed = models::with_status(&fit.models, Status::Failed);
    Ok(if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed })
}

/// What happens on the way, on standard error.
fn tell(event: Event, out: &Output) {
    match event {
        Event::Data { models, rows: (train, test), columns, parameters, notes } => {
            let test = if test > 0 { format!(" + {}", count(test as f64)) } else { String::new() };
            out.note(format!(
                "data: {} of {}{test} rows, {}, {}, {}",
                plural(models, "model"),
                count(train as f64),
                plural(columns.0, "channel"),
                plural(columns.1, "control"),
                plural(parameters, "parameter"),
            ));
            notes::lines(&notes).iter().for_each(|line| out.note(line));
        }
        Event::Resumed { finished, total } => {
            let total = plural(total, "model");
            out.note(format!("resumed: {} of {total} are already there", count(finished as f64)));
        }
        Event::Device { device, why } => out.note(format!("device: {} ({why})", shown(&device))),
        Event::Progress { done, total, fraction } => {
            let total = plural(total, "model");
            out.progress(fraction, format!("{} of {total}", count(done as f64)));
        }
        Event::Finished { .. } => {}
    }
}

fn shown(device: &Device) -> String {
    format!("{}, {}", device.backend.name(), device.adapter)
}

/// Verdicts, channels, and how near the truth they are where that is known.
fn tables(fit: &Fit, run: &Run, truth: Option<&Truth>) -> Result<String> {
    let failed = models::failed(&fit.models);
    let n = fit.models.rows();
    let mut text = models::overview(&fit.models, colour_results());
    if failed.len() == n {
        return Ok(text);
    }
    text += "\n";
    text += &channels::overview(&fit.channels, n, &failed, truth);
    if !failed.is_empty() {
        text += &format!("without the {} that failed\n", plural(failed.len(), "model"));
    }
    if let Some(truth) = truth {
        text += "\n";
        text += &Coverage::new(truth, &run.parameters()?, &fit.channels, &failed).lines();
    }
    Ok(text)
}
