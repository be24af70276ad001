//! Priors of the model file: `{ distribution = …, parameters…, dims = […], centered = … }`.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use toml::de::DeValue;

use super::{
    Spanned,
    keys::PRIOR,
    reader::{Name, Raw, Table, error_at, finite, found},
};
use crate::error::{Result, Source};

/// Priors by the name of their parameter.
pub type Priors = BTreeMap<String, Prior>;

/// The prior of one parameter. Whether the distribution and its parameters exist is the model's to
/// say.
#[derive(Clone, Debug)]
pub struct Prior {
    /// Where it stands in the model file.
    pub span: Range<usize>,
    /// Name of the distribution, as written.
    pub distribution: Spanned<String>,
    /// Parameters of the distribution.
    pub args: BTreeMap<String, Spanned<Arg>>,
    /// Dimensions over which the parameter varies; `None` if the file does not say.
    pub dims: Option<Vec<String>>,
    /// Whether the parameter is sampled itself, not its offsets from location and scale.
    pub centered: bool,
}

/// A parameter of a prior.
#[derive(Clone, Debug)]
pub enum Arg {
    /// A finite number.
    Number(f64),
    /// One finite number per coordinate.
    Array(Vec<f64>),
    /// `"spend_share"`: each channel's share of the training spend.
    SpendShare,
    /// A prior of its own: a hierarchy.
    Prior(Box<Prior>),
}

/// The priors of a table: its keys beyond those of the section.
pub(super) fn read_all(table: &Table) -> Result<Priors> {
    let mut priors = Priors::new();
    for (name, value) in table.rest() {
        let title = format!("`{name}` in {}", table.title);
        priors.insert(name.to_string(), read(table.source, &title, value)?);
    }
    Ok(priors)
}

/// The prior that stands in `value`; `title` names it in messages.
fn read<'a>(source: &'a Arc<Source>, title: &str, value: &'a Raw<'a>) -> Result<Prior> {
    const HELP: &str = "a prior is a table such as { distribution = \"HalfNormal\", sigma = 1 }";
    let Some(table) = Table::prior(source, format!("the prior {title}"), value) else {
        let message = match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => {
                format!("{title} needs a prior: a fixed value is not supported yet")
            }
            _ => format!("{title} must be a prior, not {}", found(source, value)),
        };
        return Err(error_at(source, value.span(), message).help(HELP));
    };
    let mut args = BTreeMap::new();
    for (name, value) in table.rest() {
        let arg = read_arg(&table, name, value)?;
        args.insert(name.to_string(), Spanned { value: arg, span: value.span() });
    }
    Ok(Prior {
        span: table.span.clone(),
        distribution: table.name("distribution")?,
        args,
        dims: table.texts("dims")?.map(|dims| dims.into_iter().map(|dim| dim.value).collect()),
        centered: table.flag("centered")?,
    })
}

/// The parameter of a prior that stands in `value`.
fn read_arg<'a>(table: &Table<'a>, name: &Name<'a>, value: &'a Raw<'a>) -> Result<Arg> {
    let arg = match value.get_ref() {
        DeValue::String(text) if text == "spend_share" => Some(Arg::SpendShare),
        DeValue::Table(_) => {
            let title = format!("`{name}` of {}", table.title);
            Some(Arg::Prior(Box::new(read(table.source, &title, value)?)))
        }
        DeValue::Array(list) if !list.is_empty() => {
            list.iter().map(finite).collect::<Option<Vec<_>>>().map(Arg::Array)
        }
        _ => finite(value).map(Arg::Number),
    };
    arg.ok_or_else(|| {
        // `dim = ["channel"]` is a misspelt key, not a parameter
        if PRIOR.nearest(name.get_ref()).is_some() {
            return table.unknown(name);
        }
        let found = found(table.source, value);
        let message = format!(
            "`{name}` of {} must be a number, a list of numbers or \"spend_share\", not {found}",
            table.title
        );
        let help = "\"spend_share\" stands for each channel's share of the training spend";
        table.error(value.span(), message).help(help)
    })
}
