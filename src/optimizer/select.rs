//! Which channels of which models a key of the scenario means: `TV`, `mdsp_*`, `brandA/*:TV`.

use super::place::Place;
use crate::error::{Error, Result, suggest};
use glob::Pattern;

/// A key of the scenario: a channel, or `place:channel`, where the place is a model or a series; globs
/// allowed in both.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    place: Option<Pattern>,
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
        let (place, channel) = match text.split_once(':') {
            Some((place, channel)) => (Some(pattern(place)?), channel),
            None => (None, text),
        };
        Ok(Self { text: text.to_owned(), place, channel: pattern(channel)? })
    }

    /// How exactly the key names a channel; none where it does not mean it.
    pub fn rank(&self, place: &Place, channel: &str) -> Option<usize> {
        // A series is named more exactly by its labels than by its model.
        let of_place = match &self.place {
            None => 0,
            Some(pattern) if pattern.as_str() == place.name() => 3,
            Some(pattern) if pattern.as_str() == place.model => 2,
            Some(pattern) if pattern.matches(place.name()) || pattern.matches(&place.model) => 1,
            Some(_) => return None,
        };
        self.means(channel).then(|| 2 * of_place + usize::from(self.channel.as_str() == channel))
    }

    /// Whether the key means a channel, wherever it is.
    fn means(&self, channel: &str) -> bool {
        self.channel.matches(channel) || self.channel.as_str() == channel
    }

    /// The error where a key means nothing of what there is.
    pub fn unknown<'a>(&self, known: impl Iterator<Item = (&'a Place, &'a str)> + Clone) -> Error {
        let error =
            Error::input(format!("no channel {:?} in the models of the scenario", self.text));
        let (typed, mut names): (_, Vec<&str>) = match &self.place {
            // The channel is known, so that it is the place that is not.
            Some(place) if known.clone().any(|(_, channel)| self.means(channel)) => {
                (place.as_str(), known.map(|(place, _)| place.name()).collect())
            }
            _ => (self.channel.as_str(), known.map(|(_, channel)| channel).collect()),
        };
        names.sort_unstable();
        names.dedup();
        // What a glob is near to says nothing of what it was to mean.
        let near = match typed.contains(['*', '?', '[']) {
            true => None,
            false => suggest(typed, names.iter().copied()),
        };
        error.help(match near {
            Some(near) => format!("did you mean {near:?}?"),
            None => {
                let more = names.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                format!("there are: {}{more}", names[..names.len().min(NAMED)].join(", "))
            }
        })
    }
}

/// Most names in an error.
const NAMED: usize = 40;

/// The value of the key that names a channel of a place most exactly.
///
/// # Errors
/// Two keys that name it equally exactly have different values.
pub fn most_exact<'a, T: PartialEq>(
    keys: &'a [(Key, T)],
    place: &Place,
    channel: &str,
) -> Result<Option<&'a T>> {
    let ranked = |(key, value): &'a (Key, T)| Some((key.rank(place, channel)?, key, value));
    let ranked: Vec<_> = keys.iter().filter_map(ranked).collect();
    let Some((rank, key, value)) = ranked.iter().max_by_key(|(rank, ..)| *rank) else {
        return Ok(None);
    };
    let other = ranked.iter().find(|(r, _, v)| r == rank && *v != *value);
    match other {
        None => Ok(Some(*value)),
        Some((_, other, _)) => Err(Error::input(format!(
            "both {:?} and {:?} set {channel:?} of {:?}",
            other.text,
            key.text,
            place.name()
        ))
        .help("write one of the two more exactly, as in \"model:channel\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(model: &str, labels: &[&str]) -> Place {
        let label = |label: &&str| ("geo".to_owned(), (*label).to_owned());
        Place::new(model, labels.iter().map(label).collect())
    }

    #[test]
    fn the_most_exact_key_counts() {
        let keys = ["*", "T*", "TV", "b*:TV", "brand/a:*"];
        let keys: Vec<_> = keys.iter().zip(0..).map(|(k, v)| (Key::new(k).unwrap(), v)).collect();
        let value =
            |model, channel| most_exact(&keys[1..], &place(model, &[]), channel).unwrap().copied();
        assert_eq!(value("x", "TV"), Some(2));
        assert_eq!(value("brand/b", "TV"), Some(3));
        assert_eq!(value("brand/a", "TV"), Some(4));
        assert_eq!(value("x", "Tube"), Some(1));
        assert_eq!(value("x", "Radio"), None);
        let error = most_exact(&keys, &place("x", &[]), "Tube").unwrap_err();
        assert!(error.message().contains("\"*\"") && error.message().contains("\"T*\""), "{error}");
        // a channel whose name has signs of a glob
        assert_eq!(Key::new("a[1]").unwrap().rank(&place("x", &[]), "a[1]"), Some(1));
    }

    #[test]
    fn series_are_named_by_their_labels_and_by_their_model() {
        let keys = ["TV", "*:TV", "a:TV", "a/north:TV", "*/north:*"];
        let keys: Vec<_> = keys.iter().zip(0..).map(|(k, v)| (Key::new(k).unwrap(), v)).collect();
        let value = |keys: &[(Key, i32)], place: &Place, channel| {
            most_exact(keys, place, channel).unwrap().copied()
        };
        let [north, south] = [place("a", &["north"]), place("a", &["south"])];
        assert_eq!(value(&keys, &north, "TV"), Some(3));
        assert_eq!(value(&keys, &south, "TV"), Some(2));
        assert_eq!(value(&keys, &place("b", &["south"]), "TV"), Some(1));
        assert_eq!(value(&keys, &place("b", &["north"]), "Radio"), Some(4));
        // without panels the labels alone are the name
        let alone = place("model", &["north", "x"]);
        assert_eq!(alone.name(), "north/x");
        assert_eq!(Key::new("north/x:TV").unwrap().rank(&alone, "TV"), Some(7));
        assert_eq!(Key::new("model:TV").unwrap().rank(&alone, "TV"), Some(5));
        assert_eq!(Key::new("south/*:TV").unwrap().rank(&alone, "TV"), None);
    }

    #[test]
    fn unknown_channels_and_places_are_suggested() {
        let [a, b] = [place("brandA", &[]), place("brandB", &[])];
        let known = [(&a, "TV"), (&b, "Radio"), (&b, "TV")];
        let help = |key: &str| {
            let error = Key::new(key).unwrap().unknown(known.into_iter());
            error.help_text().unwrap().to_owned()
        };
        assert_eq!(help("Radoi"), "did you mean \"Radio\"?");
        assert_eq!(help("x:zzz"), "there are: Radio, TV");
        assert_eq!(help("brandAA:TV"), "did you mean \"brandA\"?");
        assert_eq!(help("zzz:T*"), "there are: brandA, brandB");
        assert_eq!(help("brandC*:TV"), "there are: brandA, brandB");
        assert!(Key::new("[a").is_err());
    }
}
