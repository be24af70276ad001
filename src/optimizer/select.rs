//! Which channels of which models a key of the scenario means: `TV`, `mdsp_*`, `brandA/*:TV`.

use crate::error::{Error, Result, suggest};
use glob::Pattern;

/// A key of the scenario: a channel, or `model:channel`; globs allowed in both.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    model: Option<Pattern>,
    channel: Pattern,
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// It is no valid glob.
    pub fn new(text: &str) -> Result<Self> {
        let pattern = |part: &str| {
            Pattern::new(part)
                .map_err(|error| Error::input(format!("{text:?} is no valid glob: {}", error.msg)))
        };
        let (model, channel) = match text.split_once(':') {
            Some((model, channel)) => (Some(pattern(model)?), channel),
            None => (None, text),
        };
        Ok(Self { text: text.to_owned(), model, channel: pattern(channel)? })
    }

    /// How exactly the key names a channel of a model; none where it does not mean it.
    pub fn rank(&self, model: &str, channel: &str) -> Option<usize> {
        let exact = |pattern: &Pattern, name: &str| usize::from(pattern.as_str() == name);
        let of_model = match &self.model {
            None => 0,
            Some(pattern) if pattern.matches(model) => 1 + exact(pattern, model),
            Some(_) => return None,
        };
        let matches = self.channel.matches(channel) || self.channel.as_str() == channel;
        matches.then(|| 2 * of_model + exact(&self.channel, channel))
    }

    /// The error where a key means no channel at all.
    pub fn unknown<'a>(&self, channels: impl IntoIterator<Item = &'a str>) -> Error {
        let mut known: Vec<&str> = channels.into_iter().collect();
        known.sort_unstable();
        known.dedup();
        let error =
            Error::input(format!("no channel {:?} in the models of the scenario", self.text));
        error.help(match suggest(self.channel.as_str(), known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("there are: {}", known.join(", ")),
        })
    }
}

/// The value of the key that names a channel of a model most exactly.
///
/// # Errors
/// Two keys that name it equally exactly have different values.
pub fn most_exact<'a, T: PartialEq>(
    keys: &'a [(Key, T)],
    model: &str,
    channel: &str,
) -> Result<Option<&'a T>> {
    let ranked = |(key, value): &'a (Key, T)| Some((key.rank(model, channel)?, key, value));
    let ranked: Vec<_> = keys.iter().filter_map(ranked).collect();
    let Some((rank, key, value)) = ranked.iter().max_by_key(|(rank, ..)| *rank) else {
        return Ok(None);
    };
    let other = ranked.iter().find(|(r, _, v)| r == rank && *v != *value);
    match other {
        None => Ok(Some(*value)),
        Some((_, other, _)) => Err(Error::input(format!(
            "both {:?} and {:?} set {channel:?} of model {model:?}",
            other.text, key.text
        ))
        .help("write one of the two more exactly, as in \"model:channel\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_key_counts() {
        let keys = ["*", "T*", "TV", "b*:TV", "brand/a:*"];
        let keys: Vec<_> = keys.iter().zip(0..).map(|(k, v)| (Key::new(k).unwrap(), v)).collect();
        let value = |model, channel| most_exact(&keys[1..], model, channel).unwrap().copied();
        assert_eq!(value("x", "TV"), Some(2));
        assert_eq!(value("brand/b", "TV"), Some(3));
        assert_eq!(value("brand/a", "TV"), Some(4));
        assert_eq!(value("x", "Tube"), Some(1));
        assert_eq!(value("x", "Radio"), None);
        let error = most_exact(&keys, "x", "Tube").unwrap_err();
        assert!(error.message().contains("\"*\"") && error.message().contains("\"T*\""), "{error}");
        // a channel whose name has signs of a glob
        assert_eq!(Key::new("a[1]").unwrap().rank("x", "a[1]"), Some(1));
    }

    #[test]
    fn unknown_channels_are_suggested() {
        let help = |key: &str| {
            let error = Key::new(key).unwrap().unknown(["TV", "Radio", "TV"]);
            error.help_text().unwrap().to_owned()
        };
        assert_eq!(help("Radoi"), "did you mean \"Radio\"?");
        assert_eq!(help("x:zzz"), "there are: Radio, TV");
        assert!(Key::new("[a").is_err());
    }
}
