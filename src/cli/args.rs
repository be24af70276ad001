//! Commands, flags and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::run;
use crate::{fleet::DeviceChoice, simulation::Spec};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "gigamix",
    version,
    about,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Examples:
  gigamix simulate --out demo            make a retailer with known truth, and its model file
  gigamix fit demo/portfolio.toml        fit it: verdicts, channels, and a run folder
  gigamix summary runs/portfolio         the parameters of every model

Exit codes: 0 done, 1 done but some models failed the gates (or checks of bench), 2 your input, 3 the device, 70 a bug,
130 interrupted (the same command goes on where it stopped)."
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON on standard output; messages go to standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only: no notes, no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fit a model to every panel of a table: read, check, sample, judge, summarise
    Fit(Fit),
    /// Make sales data with known parameters, and the model file that fits them
    Simulate(Simulate),
    /// Show the parameters of a run: mean, interval, error, convergence
    Summary(Summary),
    /// Show the verdict on every model of a run, with the reason and an advice
    Diagnose(Diagnose),
    /// Find the spends that bring most within limits, and how far from the best they may be
    Optimize(Optimize),
    /// Show what sales are made of: totals, shares, a waterfall, every date
    Contributions(run::contributions::Contributions),
    /// Show what spend brought back: over all time, or by year, quarter and month
    Roas(run::roas::Roas),
    /// Show the response to spend, and how an effect fades
    Curves(run::curves::Curves),
    /// Show what other spends would have contributed, channel by channel and together
    Sweep(run::sweep::Sweep),
    /// Show what another split of the spend would have brought
    WhatIf(run::what_if::WhatIf),
    /// Predict new dates, and show how well dates were predicted
    Predict(run::predict::Predict),
    /// Compare two runs: parameters, contributions, and which predicts better
    Compare(run::compare::Compare),
    /// Show what a model says before it has seen the data
    Prior(run::prior::Prior),
    /// Write a report that opens in any browser: one page, no network
    Report(run::report::Report),
    /// Log density and gradient of a model at given points, to hold against another implementation
    Logp(Logp),
    /// Make a model file from one of PyMC-Marketing's, and list what could not be carried over
    Import(Import),
    /// List what can compute on this machine, and which `--device` takes it
    Devices,
    /// Measure what this machine can do, and whether what it computes is right
    Bench(Bench),
    /// Print the JSON schema of the model file, for editors that complete and check TOML
    #[command(after_help = "Example:\n  gigamix schema > gigamix.schema.json")]
    Schema,
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  source <(gigamix completions bash)")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Flags of the commands that compute.
#[derive(Args, Debug)]
pub(super) struct Compute {
    /// Seed of all random numbers: on one device the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// auto, cpu, gpu (a hardware adapter), software (a software Vulkan adapter), or part of an
    /// adapter's name
    #[arg(long)]
    pub device: Option<DeviceChoice>,
}

/// `fit`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix fit model.toml
  gigamix fit model.toml --data this_week.csv --out runs/this_week
  gigamix fit model.toml --device gpu --json > result.json

A run folder of the same model file, data and seed is resumed; a finished one is just shown.
Ctrl-C stops after the models at work; the same command goes on.")]
pub(super) struct Fit {
    /// The model file
    pub model: PathBuf,
    /// The table to fit instead of the model file's: CSV or Parquet, or a glob of several
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The run folder [default: runs/<name of the model file>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace a run folder of another model file, data or seed
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// `simulate`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  gigamix simulate --out demo --brands 5 --regions 8 --channels 6
  gigamix fit demo/portfolio.toml
  gigamix simulate --out pooled --geos 8 --weeks 104     8 geos in one model")]
pub(super) struct Simulate {
    /// The folder for table, truth and model file
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Brands [default: 3, with --geos 1]
    #[arg(long, value_name = "N")]
    pub brands: Option<usize>,
    /// Regions; every brand is sold in every region [default: 4, with --geos 1]
    #[arg(long, value_name = "N")]
    pub regions: Option<usize>,
    /// Geos of every brand and region, pooled in one model: their coefficients are a hierarchy
    #[arg(long, value_name = "N", default_value_t = Spec::default().geos)]
    pub geos: usize,
    /// Weeks, those of the test set included
    #[arg(long, value_name = "N", default_value_t = Spec::default().weeks)]
    pub weeks: usize,
    /// Channels
    #[arg(long, value_name = "N", default_value_t = Spec::default().channels)]
    pub channels: usize,
    /// Controls, such as price and promotions
    #[arg(long, value_name = "N", default_value_t = Spec::default().controls)]
    pub controls: usize,
    /// Weeks at the end that the model does not learn from
    #[arg(long, value_name = "N", default_value_t = Spec::default().test_weeks)]
    pub test_weeks: usize,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = Spec::default().seed)]
    pub seed: u64,
}

/// `summary`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  gigamix summary runs/portfolio --model brandA/north")]
pub(super) struct Summary {
    /// The run folder
    pub run: PathBuf,
    /// Only this model, such as brandA/north
    #[arg(long, value_name = "KEY")]
    pub model: Option<String>,
    #[command(flatten)]
    pub write: run::Write,
}

/// `diagnose`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  gigamix diagnose runs/portfolio

Traces, ranks and energies of the chains are drawn by `gigamix report RUN --model KEY`.")]
pub(super) struct Diagnose {
    /// The run folder
    pub run: PathBuf,
    #[command(flatten)]
    pub write: run::Write,
}

/// `optimize`.
#[derive(Args, Debug)]
#[command(after_help = r#"Example:
  gigamix optimize runs/sales scenario.toml

scenario.toml:
  [budget]
  total = 1163000               # per period
  periods = 26
  [bounds]
  default = { change = 0.5 }    # half as much to one and a half times as much
  "TV" = { fixed = 0 }
  [[group]]
  channels = ["Radio", "Online Display"]
  max_share = 0.6

docs/guide.md shows every key. `gigamix report RUN --scenario scenario.toml` draws the answer.
Exit code 2 where the limits contradict each other: the answer then names them, and what would fit."#)]
pub(super) struct Optimize {
    /// The run folder
    pub run: PathBuf,
    /// The scenario file
    pub scenario: PathBuf,
    /// Use models that failed their gates, too; the answer is marked
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub write: run::Write,
}

/// `logp`.
#[derive(Args, Debug)]
#[command(after_help = r#"Example:
  gigamix logp model.toml --points points.json --f64 --json

points.json holds values in the unconstrained space (log of what is positive, logit of what lies
between bounds), keyed by parameter, arrays in the order of the dims:
  {"points": [{"intercept_contribution": 0.1, "adstock_alpha": [-1.0, 0.4], ...}, ...]}"#)]
pub(super) struct Logp {
    /// The model file
    pub model: PathBuf,
    /// The points, a JSON file
    #[arg(long, value_name = "FILE")]
    pub points: PathBuf,
    /// The table instead of the model file's
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The panel, where there are several, such as brandA/north
    #[arg(long = "model", value_name = "KEY")]
    pub key: Option<String>,
    /// Double precision, on the processor: what the engines are held against
    #[arg(long = "f64")]
    pub double: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// `import`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix import model.yml                 to standard output
  gigamix import model.yml -o model.toml

Reads the YAML of PyMC-Marketing's model builder: model, effects, calibration, data. What cannot be said in
a model file stands at its top as comments, and is listed on standard error.")]
pub(super) struct Import {
    /// The YAML file
    pub model: PathBuf,
    /// The model file to write
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a model file that exists
    #[arg(long)]
    pub force: bool,
}

/// `bench`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix bench                    the processor, and a hardware GPU if there is one
  gigamix bench --device 4090      the processor, and an adapter by a part of its name
  gigamix bench --json > bench.json

Gradients per second of the PyMC-Marketing case study's model by number of models, the share of the
machine's own peak that they are, time per fit, models per hour, and from how many models on the GPU
is faster. Every engine is held against double precision; exit code 1 if a check fails.")]
pub(super) struct Bench {
    /// About how long to measure, in all
    #[arg(long, value_name = "N", default_value_t = 40.0)]
    pub seconds: f64,
    #[command(flatten)]
    pub compute: Compute,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_of_one_line() {
        for command in CommandLine::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!((20..=100).contains(&about.len()), "{}: {about:?}", command.get_name());
        }
    }

    #[test]
    fn flags_may_stand_anywhere() {
        let line = "gigamix --json fit m.toml --quiet --device llvm --seed 3";
        let line = CommandLine::try_parse_from(line.split(' ')).unwrap();
        assert!(line.json && line.quiet);
        let Command::Fit(fit) = line.command else { panic!("not fit") };
        assert_eq!(fit.compute.device, Some(DeviceChoice::Named("llvm".into())));
        assert_eq!((fit.compute.seed, fit.out), (3, None));
    }
}
