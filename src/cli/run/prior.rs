//! `gigamix prior`: what a model says before it has seen the data.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Show, Write, shown};
use crate::{
    analysis::{analyse, prior_draws, series_key},
    cli::{output::Output, read::unknown_model},
    config::ModelFile,
    data,
    error::{Error, Result},
    fleet::derived::{channels_table, labelled, scores_table, time_table},
    math::Key,
    model,
    posterior::table::Table,
};

/// `prior`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  gigamix prior model.toml

Contribution, share and return of every channel by the priors alone, and how much of the target lies in
the 94 % intervals of the prior predictive: nearly all of it, or the priors rule out what happened.")]
pub(in crate::cli) struct Prior {
    /// The model file
    pub model: PathBuf,
    /// The table instead of the model file's
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Only this panel, such as brandA/north
    #[arg(long = "model", value_name = "KEY")]
    pub key: Option<String>,
    /// Draws
    #[arg(long, value_name = "N", default_value_t = 4000)]
    pub draws: usize,
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub write: Write,
}

/// Shows what the priors say.
pub(in crate::cli) fn prior(args: &Prior, out: &Output) -> Result<()> {
    if args.draws < 2 {
        return Err(Error::input(format!("--draws {} is too few", args.draws))
            .help("2 at the least; 4000 say something of intervals"));
    }
    let file = ModelFile::load(&args.model)?;
    let dataset = data::load(&file, args.data.as_deref())?;
    for bad in &dataset.failed {
        out.note(format!("note: {} is left out: {}", bad.key, bad.reason));
    }
    let keys: Vec<&str> = dataset.models().map(|series| series[0].key.as_str()).collect();
    if let Some(key) = args.key.as_ref().filter(|key| !keys.contains(&key.as_str())) {
        return Err(unknown_model(key, &keys, &args.model.display().to_string()));
    }
    let [mut channels, mut time, mut scores]: [Table; 3] = Default::default();
    for panels in dataset.models() {
        if args.key.as_ref().is_some_and(|key| *key != panels[0].key) {
            continue;
        }
        let models = model::pool(&file, panels)?.series;
        let key = Key::new(args.seed, &panels[0].key);
        let draws = prior_draws(&models, key, args.draws);
        for (model, panel) in models.iter().zip(panels) {
            let analysis = analyse(model, panel, series_key(key, panel), &draws);
            let rows = |table| labelled(table, &model.coords.dims, &panel.labels);
            channels.append(rows(channels_table(&panel.key, &analysis.channels)))?;
            time.append(rows(time_table(&panel.key, &panel.channels, &analysis.time)))?;
            let sets = [("train", analysis.train), ("test", analysis.test)];
            let sets = if panel.n_train < panel.dates.len() { &sets[..] } else { &sets[..1] };
            scores.append(rows(scores_table(&panel.key, sets)))?;
        }
    }
    out.written(&channels, &args.write)?;
    if out.json {
        let [channels, time, scores] = [channels, time, scores].map(|table| table.to_json_rows());
        return out.print_json(&json!({
            "rows": channels["rows"], "time": time["rows"], "scores": scores["rows"],
        }));
    }
    let columns = [
        Show::Text("channel", "channel"),
        Show::Amount("spend", "spend"),
        Show::Percents("share", "share"),
        Show::Numbers("ROAS", "roas"),
    ];
    let by_set = [
        Show::Text("set", "set"),
        Show::Percent("in 94 % interval", "coverage"),
        Show::Amount("CRPS", "crps"),
    ];
    out.print(&format!("{}\n{}", shown(&channels, &columns), shown(&scores, &by_set)))
}
