//! How errors, wrong usage and panics are shown, and their exit codes.

use std::{
    fmt, panic,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use serde_json::{Value, json};

use super::output::{Output, colour_errors};
use crate::error::{Error, Kind, Result};

/// Columns of an error that points into a file. Off a terminal lines are not broken, so that a
/// message can be searched for.
const WIDTH: (usize, usize) = (100, 10_000);

/// Where the last panic was.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics from printing: [`caught`] reports them. With `RUST_BACKTRACE` they print as well.
pub(super) fn watch_panics() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            default(info);
        }
    }));
}

/// Does the work; a panic becomes an error that asks for a report.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let text = text.unwrap_or_else(|| "for an unknown reason".into());
        Err(Error::bug(format!("panicked{place}: {text}")))
    })
}

/// Shows an error and returns its exit code.
pub(super) fn report(error: &Error, out: &Output) -> ExitCode {
    out.end_progress();
    out.warn(render(error, colour_errors()));
    let code = code(error.kind());
    if out.json {
        // The exit code says what a standard output that fails cannot.
        let _ = out.print_json(&object(error.message(), error.help_text(), code));
    }
    ExitCode::from(code)
}

/// Shows what clap has to say: help and version, or that the command line is wrong.
pub(super) fn usage(error: &clap::Error, json: bool) -> ExitCode {
    // A closed stream is no reason to stop.
    let _ = error.print();
    let code = if error.use_stderr() { code(Kind::Input) } else { 0 };
    if json && code != 0 {
        let text = error.render().to_string();
        let (message, help) = text.split_once("\n\n").unwrap_or((&text, ""));
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let _ = Output::new(true, false).print_json(&object(message, Some(help.trim()), code));
    }
    ExitCode::from(code)
}

fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Input => 2,
        Kind::Device => 3,
        Kind::Bug => 70,
        Kind::Interrupted => 130,
    }
}

fn object(message: &str, help: Option<&str>, code: u8) -> Value {
    json!({ "error": { "message": message, "help": help, "code": code } })
}

/// The text for people, without a line break at its end.
fn render(error: &Error, terminal: bool) -> String {
    let pointed = error.place().and_then(|(source, span)| {
        let length = source.text.len();
        let (start, end) = (span.start.min(length), span.end.min(length));
        let report = Report {
            error,
            source: NamedSource::new(&source.name, source.text.clone()),
            span: start..end.max(start),
        };
        let mut theme =
            if terminal { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        theme.characters.error = "error:".into();
        let width = if terminal { WIDTH.0 } else { WIDTH.1 };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width);
        let mut text = String::new();
        handler.render_report(&mut text, &report).ok()?;
        Some(text.trim_end().to_owned())
    });
    pointed.unwrap_or_else(|| {
        let paint = |text: &str, code: u8| match terminal {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        };
        let mut text = format!("{} {error}", paint("error:", 31));
        if let Some(help) = error.help_text() {
            text += &format!("\n {} {help}", paint("help:", 36));
        }
        text
    })
}

/// An error that points into a file, for miette.
#[derive(Debug)]
struct Report<'a> {
    error: &'a Error,
    source: NamedSource<String>,
    span: std::ops::Range<usize>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.help_text().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::underline(self.span.clone()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Source;
    use std::sync::Arc;

    #[test]
    fn an_error_with_a_place_shows_line_caret_and_help() {
        let text = "[data]\nchanels = [\"tv\"]\n";
        let source = Arc::new(Source { name: "m.toml".into(), text: text.into() });
        let error = Error::input("unknown key `chanels`").at(&source, 7..14).help("did you mean?");
        let shown = render(&error, false);
        assert!(shown.contains("error: unknown key `chanels`"), "{shown}");
        assert!(shown.contains("m.toml:2:1"), "{shown}");
        assert!(shown.contains("chanels = [\"tv\"]") && shown.contains("───"), "{shown}");
        assert!(shown.contains("help: did you mean?"), "{shown}");
        assert!(!shown.contains('\x1b'));
        assert!(render(&error, true).contains('\x1b'));
    }

    #[test]
    fn a_place_at_or_beyond_the_end_is_shown_too() {
        for text in ["", "x", "x\n", "é"] {
            let source = Arc::new(Source { name: "m.toml".into(), text: text.into() });
            for span in [0..0, text.len()..text.len(), text.len()..text.len() + 9] {
                let shown = render(&Error::input("no data").at(&source, span), false);
                assert!(shown.contains("error: no data"), "{shown}");
            }
        }
    }

    #[test]
    fn an_error_without_a_place_is_two_lines() {
        let error = Error::device("no GPU").help("use --device cpu");
        assert_eq!(render(&error, false), "error: no GPU\n help: use --device cpu");
    }

    #[test]
    fn a_panic_is_a_bug_that_asks_for_a_report() {
        let error = caught::<()>(|| panic!("{} is not 1", 2)).unwrap_err();
        assert_eq!((error.kind(), code(error.kind())), (Kind::Bug, 70));
        assert!(error.message().ends_with(": 2 is not 1"), "{error}");
        assert!(error.help_text().is_some_and(|help| help.contains("report")));
        assert!(caught(|| Ok(1)).is_ok_and(|x| x == 1));
    }

    #[test]
    fn exit_codes() {
        let codes = [Kind::Input, Kind::Device, Kind::Bug, Kind::Interrupted].map(code);
        assert_eq!(codes, [2, 3, 70, 130]);
    }
}
