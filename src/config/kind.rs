//! What a table of the model file consists of: keys, the kinds of their values, defaults, ranges.

use crate::error::suggest;

/// A table of the model file.
pub(super) struct Section {
    /// Where it stands, `adstock.priors`; empty at the top level.
    pub path: &'static str,
    pub keys: &'static [Key],
    pub rest: Rest,
}

/// What the keys beyond those of a table may be.
#[derive(PartialEq)]
pub(super) enum Rest {
    /// There are none.
    Nothing,
    /// Parameters of the model, each with its prior.
    Priors,
    /// Parameters of a distribution.
    Args,
    /// The dims of the data, each with a label.
    Labels,
}

/// A key of a table.
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// Left out, it is as in the table around this one.
    pub inherited: bool,
    /// What the key says, for help lines and editors.
    pub about: &'static str,
}

/// What a key holds, with the values allowed and the default.
pub(super) enum Kind {
    /// Text.
    Text,
    /// A name that another room knows, such as a family; `None`: no default.
    Name(Option<&'static str>),
    /// A list of texts.
    Texts,
    /// true or false, and the default.
    Flag(bool),
    /// A whole number from `min` to `max`, a multiple of `step`.
    Count { default: usize, min: usize, max: usize, step: usize },
    /// A finite number.
    Number,
    /// A finite number above zero, and the default, if there is one.
    Positive(Option<f64>),
    /// One of these names, the first by default.
    Choice(&'static [&'static str]),
    /// A calendar date.
    Date,
    /// A table of texts, `old = "new"`.
    Renames,
    /// A table of its own.
    Table(&'static Section),
    /// A list of tables, each under its own `[[…]]`.
    Tables(&'static Section),
}

impl Section {
    /// The key of that name; asking for a key that the table does not have is a bug.
    pub fn key(&self, name: &str) -> &'static Key {
        self.find(name).unwrap_or_else(|| unreachable!("no key {name} in [{}]", self.path))
    }

    /// The key of that name, if the table has one.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// What may stand in the table, for help lines.
    pub fn allowed(&self) -> String {
        let names: Vec<_> = self.keys.iter().map(|key| key.name).collect();
        let rest = match self.rest {
            Rest::Nothing => "",
            Rest::Priors => ", and the parameters with their priors",
            Rest::Args => ", and the parameters of the distribution",
            Rest::Labels => ", and the dims of [data]",
        };
        format!("{}{rest}", names.join(", "))
    }

    /// The key of that table nearest to a misspelt name.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        suggest(name, self.keys.iter().map(|key| key.name))
    }
}

impl Key {
    /// The default as the model file would write it; `None` where there is none or it is inherited.
    pub fn default(&self) -> Option<serde_json::Value> {
        self.kind.default().filter(|_| !self.inherited)
    }

    /// A help line: what the key says, and its default.
    pub fn help(&self) -> String {
        let default = match self.default() {
            Some(default) => format!(" (default {default})"),
            None => String::new(),
        };
        format!("`{}`: {}{default}", self.name, self.about)
    }
}

impl Kind {
    /// The values allowed, for `must be …`.
    pub fn expected(&self) -> String {
        match self {
            Kind::Text | Kind::Name(_) => "text".into(),
            Kind::Texts => "a list of texts".into(),
            Kind::Flag(_) => "true or false".into(),
            Kind::Count { min, max, step, .. } if *step > 1 => {
                format!("a multiple of {step} from {min} to {max}")
            }
            Kind::Count { min, max: usize::MAX, .. } => format!("a whole number, at least {min}"),
            Kind::Count { min, max, .. } => format!("a whole number from {min} to {max}"),
            Kind::Number => "a finite number".into(),
            Kind::Positive(_) => "a finite number above 0".into(),
            Kind::Choice(names) => format!("one of \"{}\"", names.join("\", \"")),
            Kind::Date => "a date as in 2018-02-01".into(),
            Kind::Renames => "a table of texts".into(),
            Kind::Table(_) => "a table".into(),
            Kind::Tables(section) => format!("a list of tables [[{}]]", section.path),
        }
    }

    /// The default as the model file would write it; `None` where there is none.
    fn default(&self) -> Option<serde_json::Value> {
        match self {
            Kind::Name(default) => default.map(Into::into),
            Kind::Flag(default) => Some((*default).into()),
            Kind::Count { default, .. } => Some((*default).into()),
            Kind::Positive(default) => default.map(Into::into),
            Kind::Choice(names) => Some(names[0].into()),
            Kind::Text
            | Kind::Texts
            | Kind::Number
            | Kind::Date
            | Kind::Renames
            | Kind::Table(_)
            | Kind::Tables(_) => None,
        }
    }
}
