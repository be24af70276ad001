//! The command line: the only room that prints, asks the terminal anything, and knows exit codes.

mod args;
mod bench;
mod channels;
mod completions;
mod devices;
mod failure;
mod fit;
mod grid;
mod import;
mod interrupt;
mod logp;
mod models;
mod notes;
mod optimize;
mod output;
mod points;
mod read;
mod run;
mod schema;
mod simulate;
mod truth;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use crate::error::Result;
use crate::posterior::cells;
use crate::report::number;
use args::{Command, CommandLine};
use output::Output;

/// How a command ended that did what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Everything is well (exit code 0).
    Done,
    /// Some models failed the gates, or checks failed (exit code 1).
    SomeFailed,
    /// What was asked for cannot be, and the answer says why (exit code 2).
    Impossible,
}

/// Runs the command line `arguments`, the program's name first, and returns its exit code: 0 done,
/// 1 done but some models or checks failed, 2 the user's input, 3 the device, 70 a bug, 130 interrupted.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    failure::watch_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let line = match CommandLine::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(error) => return failure::usage(&error, arguments.iter().any(|a| a == "--json")),
    };
    let out = Output::new(line.json, line.quiet);
    match failure::caught(|| execute(&line.command, &out)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::from(1),
        Ok(Outcome::Impossible) => ExitCode::from(2),
        Err(error) => failure::report(&error, &out),
    }
}

fn execute(command: &Command, out: &Output) -> Result<Outcome> {
    match command {
        Command::Fit(args) => return fit::fit(args, out),
        Command::Simulate(args) => simulate::simulate(args, out)?,
        Command::Summary(args) => read::summary(args, out)?,
        Command::Diagnose(args) => read::diagnose(args, out)?,
        Command::Optimize(args) => return optimize::optimize(args, out),
        Command::Contributions(args) => run::contributions::contributions(args, out)?,
        Command::Roas(args) => run::roas::roas(args, out)?,
        Command::Curves(args) => run::curves::curves(args, out)?,
        Command::Sweep(args) => run::sweep::sweep(args, out)?,
        Command::WhatIf(args) => run::what_if::what_if(args, out)?,
        Command::Predict(args) => run::predict::predict(args, out)?,
        Command::Compare(args) => run::compare::compare(args, out)?,
        Command::Prior(args) => run::prior::prior(args, out)?,
        Command::Report(args) => run::report::report(args, out)?,
        Command::Logp(args) => logp::logp(args, out)?,
        Command::Bench(args) => return bench::bench(args, out),
        Command::Devices => devices::devices(out)?,
        Command::Import(args) => import::import(args, out)?,
        Command::Schema => schema::print(out)?,
        Command::Completions { shell } => completions::print(*shell, out)?,
    }
    Ok(if out.some_failed() { Outcome::SomeFailed } else { Outcome::Done })
}
