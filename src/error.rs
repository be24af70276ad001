//! The one error type: who is to blame, what is wrong, where, what is allowed, what to do.

use std::{fmt, path::Path, sync::Arc};

/// Result of anything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Who is to blame; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The user's input: configuration, data, usage, a folder that cannot be written (exit code 2).
    Input,
    /// The device: absent, lost, out of memory (exit code 3).
    Device,
    /// The user asked to stop (exit code 130).
    Interrupted,
    /// A bug of ours (exit code 70).
    Bug,
}

/// A text that errors can point into.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the text is called in messages, usually a path.
    pub name: String,
    /// The text itself.
    pub text: String,
}

/// An error with a message for a person and, where known, a help line and a place.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    message: String,
    help: Option<String>,
    place: Option<(Arc<Source>, std::ops::Range<usize>)>,
}

impl Error {
    /// An error of the given kind. Messages are lower-case sentences without a final full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, help: None, place: None }))
    }

    /// The user's input is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The device is absent or failed.
    pub fn device(message: impl Into<String>) -> Self {
        Self::new(Kind::Device, message)
    }

    /// Something that cannot happen happened.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
            .help("this is a bug in gigamix: please report it with the command and the model file")
    }

    /// Reading or writing `path` failed.
    pub fn io(path: &Path, doing: &str, error: &std::io::Error) -> Self {
        Self::input(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// Says what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Points at bytes of a text.
    pub fn at(mut self, source: &Arc<Source>, span: std::ops::Range<usize>) -> Self {
        self.0.place = Some((source.clone(), span));
        self
    }

    /// Puts a context in front of the message: `context: message`.
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Who is to blame.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The message without help or place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, where that is known.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The text and the bytes the error points at.
    pub fn place(&self) -> Option<(&Source, std::ops::Range<usize>)> {
        self.0.place.as_ref().map(|(source, span)| (source.as_ref(), span.clone()))
    }

    /// One line: message and help.
    pub fn one_line(&self) -> String {
        match &self.0.help {
            Some(help) => format!("{} ({help})", self.0.message),
            None => self.0.message.clone(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// The entry of `known` nearest to `typed`, if it is near enough to be meant: `did you mean …?`.
pub fn suggest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &str| strsim::jaro_winkler(&typed.to_lowercase(), &name.to_lowercase());
    known
        .into_iter()
        .map(|name| (near(name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
