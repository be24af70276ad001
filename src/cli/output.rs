//! Where texts go: results to standard output, messages to standard error.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::error::{Error, Result};

/// Steps of the progress bar.
const STEPS: u64 = 10_000;

/// The two streams, as the user wants them. Clones share one progress bar and one flag.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// Whether the result is printed as JSON.
    pub json: bool,
    /// Whether notes and progress are left out.
    pub quiet: bool,
    bar: ProgressBar,
    failed: Arc<AtomicBool>,
}

impl Output {
    /// Streams without a progress bar so far.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, bar: ProgressBar::hidden(), failed: Arc::default() }
    }

    /// A line for people on standard error, unless they want none.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// A line on standard error in any case.
    pub fn warn(&self, text: impl AsRef<str>) {
        // A closed stream is no reason to stop.
        self.bar.suspend(|| {
            let _ = writeln!(stderr(), "{}", text.as_ref());
        });
    }

    /// A line on what could not be done while the rest was: the command ends with exit code 1.
    pub fn failure(&self, text: impl AsRef<str>) {
        self.failed.store(true, Ordering::Relaxed);
        self.warn(text);
    }

    /// Whether something could not be done.
    pub fn some_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The result for people, on standard output.
    pub fn print(&self, text: &str) -> Result<()> {
        match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
            // Whoever listened has heard enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Error::input(format!("cannot write to standard output: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// The result for machines, on standard output: one line.
    pub fn print_json(&self, value: &Value) -> Result<()> {
        self.print(&format!("{value}\n"))
    }

    /// Moves the progress bar, on a terminal only: the share of the work done, and a word on it.
    pub fn progress(&self, fraction: f64, what: String) {
        if self.quiet || !stderr().is_terminal() {
            return;
        }
        if self.bar.is_hidden() {
            let template = "{bar:30} {percent:>3} %  {msg}, about {eta} left";
            // A template that is fixed is known to be right.
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_length(STEPS);
            self.bar.reset();
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_message(what);
        self.bar.set_position((fraction.clamp(0.0, 1.0) * STEPS as f64) as u64);
    }

    /// Takes the progress bar away.
    pub fn end_progress(&self) {
        self.bar.finish_and_clear();
    }
}

/// Whether results are coloured: on a terminal, unless `NO_COLOR` is set.
pub(super) fn colour_results() -> bool {
    stdout().is_terminal() && wants_colour()
}

/// Whether errors are coloured.
pub(super) fn colour_errors() -> bool {
    stderr().is_terminal() && wants_colour()
}

fn wants_colour() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
}
