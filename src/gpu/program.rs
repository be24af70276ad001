//! A shader program: WGSL files joined in order, with the way back from a line to its file.

use std::borrow::Cow;

use wgpu::naga::{
    Span,
    front::wgsl,
    valid::{Capabilities, ValidationFlags, Validator},
};

use crate::error::{Error, Result};

/// WGSL files in order. Module scope in WGSL knows no order, so a program is a set of files that
/// together define every name once; the order is only that of the text.
#[derive(Clone, Debug, Default)]
pub struct Program {
    files: Vec<(String, Cow<'static, str>)>,
}

impl Program {
    /// A program without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: its name in messages, such as `shaders/saturation/hill.wgsl`, and its text.
    pub fn file(mut self, name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    /// The joined text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.files.iter().map(|(_, t)| t.len() + 1).sum());
        for (_, file) in &self.files {
            text.push_str(file);
            if !file.is_empty() && !file.ends_with('\n') {
                text.push('\n');
            }
        }
        text
    }

    /// The file and the line in it of a line of the joined text; lines count from 1.
    pub fn locate(&self, line: usize) -> Option<(&str, usize)> {
        let mut left = line.checked_sub(1)?;
        for (name, text) in &self.files {
            let lines = text.lines().count();
            if left < lines {
                return Some((name, left + 1));
            }
            left -= lines;
        }
        None
    }

    /// Parses and validates the text without any device.
    ///
    /// # Errors
    /// A bug of ours, as `shaders/saturation/hill.wgsl:12: …`.
    pub fn check(&self) -> Result<()> {
        let text = self.text();
        let module = wgsl::parse_str(&text)
            .map_err(|error| self.error(&text, error.message(), error.labels()))?;
        Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).map_err(
            |error| {
                let spans = error.spans().map(|(span, label)| (*span, label.as_str()));
                self.error(&text, &chain(error.as_inner()), spans)
            },
        )?;
        Ok(())
    }

    /// `file:line: message`, then what the compiler says of this and other places.
    fn error<'a>(
        &self,
        text: &str,
        message: &str,
        spans: impl Iterator<Item = (Span, &'a str)>,
    ) -> Error {
        let mut places = spans.filter_map(|(span, label)| {
            let (file, line) = self.locate(span.location(text).line_number as usize)?;
            Some((format!("{file}:{line}"), label))
        });
        let Some((first, label)) = places.next() else { return Error::bug(message) };
        let mut full = format!("{first}: {message}");
        let notes: Vec<_> = std::iter::once((first, label))
            .chain(places)
            .enumerate()
            .filter(|(_, (_, label))| !label.is_empty())
            .map(
                |(n, (place, label))| {
                    if n == 0 { label.into() } else { format!("{place}: {label}") }
                },
            )
            .collect();
        if !notes.is_empty() {
            full.push_str(&format!(" ({})", notes.join("; ")));
        }
        Error::bug(full)
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "fn twice(x: f32) -> f32 {\n    return 2.0 * x;\n}\n";

    #[test]
    fn lines_lead_back_to_their_files() {
        // The second file is empty, the third ends without a line break.
        let program =
            Program::new().file("a", "1\n2\n").file("b", "").file("c", "3").file("d", "4\n\n5\n");
        assert_eq!(program.text(), "1\n2\n3\n4\n\n5\n");
        let places: Vec<_> = (0..8).map(|line| program.locate(line)).collect();
        let expected = [
            None,
            Some(("a", 1)),
            Some(("a", 2)),
            Some(("c", 1)),
            Some(("d", 1)),
            Some(("d", 2)),
            Some(("d", 3)),
            None,
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_sound_program_passes() {
        Program::new()
            .file("use", "const Y = 1.0;\nfn f() -> f32 { return twice(Y); }")
            .file("lib", LIBRARY)
            .check()
            .unwrap();
    }

    #[test]
    fn an_unknown_name_is_reported_where_it_stands() {
        let program = Program::new()
            .file("lib.wgsl", LIBRARY)
            .file("use.wgsl", "\nfn f() -> f32 {\n    return thrice(1.0);\n}\n");
        let error = program.check().unwrap_err();
        assert!(error.message().starts_with("use.wgsl:3: "), "{error}");
        assert!(error.message().contains("thrice"), "{error}");
    }

    #[test]
    fn a_name_defined_twice_is_reported_with_both_places() {
        let program = Program::new().file("one.wgsl", LIBRARY).file("two.wgsl", LIBRARY);
        let message = program.check().unwrap_err().message().to_owned();
        assert!(message.contains("redefinition of `twice`"), "{message}");
        assert!(message.contains("one.wgsl:1") && message.contains("two.wgsl:1"), "{message}");
    }

    #[test]
    fn what_parses_but_is_not_valid_is_reported_too() {
        let program = Program::new().file("lib.wgsl", LIBRARY).file(
            "loop.wgsl",
            "@group(0) @binding(0) var<storage, read> x: array<f32>;\nfn f() -> f32 {\n    if x[0] > 0.0 { return 1.0; }\n}\n",
        );
        let message = program.check().unwrap_err().message().to_owned();
        assert!(message.starts_with("loop.wgsl:"), "{message}");
    }
}
