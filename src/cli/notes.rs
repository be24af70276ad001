//! Notes about the data, one line for all panels that share one.

use super::number::{count, plural};
use crate::data::Note;

/// Lines shown at most.
const SHOWN: usize = 10;
/// Panels named in a line.
const NAMED: usize = 3;

/// The lines that say the notes: equal texts in one line that names its panels, and how many lines
/// are left out.
pub(super) fn lines(notes: &[Note]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for note in notes {
        let panel = note.panel.as_deref();
        match groups.iter_mut().find(|(text, _)| *text == note.text) {
            Some((_, panels)) => panels.extend(panel),
            None => groups.push((&note.text, panel.into_iter().collect())),
        }
    }
    let line = |(text, panels): &(&str, Vec<&str>)| {
        let mut line = match panels.as_slice() {
            // Without panels there is one model, called `model`.
            [] | ["model"] => return format!("note: {text}"),
            panels => format!("note: {}", panels[..panels.len().min(NAMED)].join(", ")),
        };
        if panels.len() > NAMED {
            line += &format!(" and {}", plural(panels.len() - NAMED, "other panel"));
        }
        format!("{line}: {text}")
    };
    let mut lines: Vec<String> = groups.iter().take(SHOWN).map(line).collect();
    if groups.len() > SHOWN {
        lines.push(format!("note: … and {} more notes", count((groups.len() - SHOWN) as f64)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(panel: Option<&str>, text: &str) -> Note {
        Note { panel: panel.map(str::to_owned), text: text.to_owned() }
    }

    #[test]
    fn equal_texts_share_a_line() {
        let mut notes = vec![note(None, "a column is empty"), note(Some("model"), "few rows")];
        notes.extend(["a", "b", "c", "d"].map(|panel| note(Some(panel), "gap")));
        notes.push(note(Some("a"), "negative"));
        let expected = [
            "note: a column is empty",
            "note: few rows",
            "note: a, b, c and 1 other panel: gap",
            "note: a: negative",
        ];
        assert_eq!(lines(&notes), expected);
    }

    #[test]
    fn the_rest_is_counted() {
        let notes: Vec<Note> = (0..25).map(|i| note(Some("a"), &format!("note {i}"))).collect();
        let lines = lines(&notes);
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10], "note: … and 15 more notes");
        assert!(super::lines(&[]).is_empty());
    }
}
