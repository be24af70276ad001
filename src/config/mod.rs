//! The model file: read, checked and typed, with defaults filled in and errors that point at the
//! line they stand on.

mod columns;
mod effects;
mod import;
mod keys;
mod kind;
mod prior;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod types;

use std::{ops::Range, path::Path, sync::Arc};

use toml::de::DeTable;

use self::reader::Table;
pub use self::{
    import::{Imported, import},
    prior::{Arg, Prior, Priors},
    schema::schema,
    types::{
        Adstock, ControlScale, CostPerTarget, Data, Event, EventBasis, EventDate, EventSide,
        Fourier, LiftTest, Likelihood, Mode, ModelFile, Own, Period, Sampler, Saturation,
        ScaleMethod, Scaling, Spanned, TimeVarying, Trend,
    },
};
use crate::error::{Error, Result, Source};

impl ModelFile {
    /// Reads the model file at `path`. Errors: not readable, not UTF-8, or as [`Self::parse`].
    pub fn load(path: &Path) -> Result<ModelFile> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::io(path, "read the model file", &error)
                .help("the first argument is the path of a model file, such as model.toml")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
            Error::input(format!("{} is not UTF-8 text (line {line})", path.display()))
                .help("save the model file as UTF-8")
        })?;
        Self::parse(&path.display().to_string(), path, &text)
    }

    /// Reads a model file from `text`; `name` is what errors call it. Errors point at the first
    /// fault: no TOML, a key unknown, a value not allowed.
    pub fn parse(name: &str, path: &Path, text: &str) -> Result<ModelFile> {
        let source = Arc::new(Source { name: name.into(), text: text.into() });
        let document = DeTable::parse(text).map_err(|error| {
            Error::input(format!("not valid TOML: {}", error.message()))
                .at(&source, error.span().unwrap_or_default())
                .help("a model file is made of [tables] and lines `key = value`")
        })?;
        let file = Table::root(&source, document.get_ref())?;
        let data = read_data(&file.table("data")?)?;
        let scaling = read_scaling(&file.table("scaling")?, &data)?;
        let model = file.table("model")?;
        let adstock = file.table("adstock")?;
        let adstock = Adstock { own: read_own(&adstock, read_adstock)?, ..read_adstock(&adstock)? };
        let saturation = file.table("saturation")?;
        let saturation = Saturation {
            own: read_own(&saturation, read_saturation)?,
            ..read_saturation(&saturation)?
        };
        let priors = prior::read_all(&file.table("priors")?)?;
        let likelihood = read_likelihood(&file.table("likelihood")?)?;
        let (lift_tests, lift_files) = effects::lift_tests(&file, &data)?;
        let varying = file.table("time_varying")?;
        let varies = |key: &str| -> Result<Option<TimeVarying>> {
            let table = varying.given(key)?;
            table.as_ref().map(|table| effects::time_varying(table, &data)).transpose()
        };
        let (varying_intercept, varying_media) = (varies("intercept")?, varies("media")?);
        let costs_per_target =
            effects::all(&file, "cost_per_target", |table| effects::cost_per_target(table, &data))?;
        let sampler = read_sampler(&file.table("sampler")?)?;
        Ok(ModelFile {
            path: path.into(),
            data,
            scaling,
            adstock_first: model.flag("adstock_first")?,
            yearly_seasonality: model.count("yearly_seasonality")?,
            adstock,
            saturation,
            priors,
            likelihood,
            trend: file.given("trend")?.as_ref().map(effects::trend).transpose()?,
            fourier: effects::all(&file, "fourier", effects::fourier)?,
            events: effects::all(&file, "event", effects::event)?,
            varying_intercept,
            varying_media,
            lift_tests,
            lift_files,
            roas: prior::read_all(&file.table("roas")?.table("priors")?)?,
            costs_per_target,
            sampler,
            source,
        })
    }

    /// An error of the user's input that points at a place of this file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        reader::error_at(&self.source, span, message)
    }

    /// The name of the model file without folder and extension.
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The folder of the model file, from which relative paths of data start.
    pub fn dir(&self) -> &Path {
        match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        }
    }

    /// The text that two equal model files share whatever the system they were saved on: without
    /// byte-order mark, lines ending in `\n`.
    pub fn canonical(&self) -> String {
        let text = &self.source.text;
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
    }
}

fn read_data(table: &Table) -> Result<Data> {
    let path = table.name("path")?;
    reader::local(table.source, &path)?;
    let data = Data {
        path,
        date: table.name("date")?,
        target: table.name("target")?,
        channels: table.texts("channels")?.unwrap_or_default(),
        controls: table.texts("controls")?.unwrap_or_default(),
        panel: table.texts("panel")?.unwrap_or_default(),
        dims: table.texts("dims")?.unwrap_or_default(),
        train_until: table.date("train_until")?,
        rename: table.renames("rename")?,
        truth: table.text("truth")?.map(|truth| truth.value),
    };
    columns::check(table, &data)?;
    Ok(data)
}

fn read_scaling(table: &Table, data: &Data) -> Result<Scaling> {
    let [target, channel] = [table.table("target")?, table.table("channel")?];
    let over = |table: &Table| {
        let over = table.texts("over")?;
        columns::are_dims(table, data, over.as_deref().unwrap_or_default())?;
        Ok(over)
    };
    Ok(Scaling {
        target: target.choice("method", &ScaleMethod::ALL)?,
        target_over: over(&target)?,
        channel: channel.choice("method", &ScaleMethod::ALL)?,
        channel_over: over(&channel)?,
        controls: table.table("controls")?.choice("method", &ControlScale::ALL)?,
    })
}

fn read_adstock(table: &Table) -> Result<Adstock> {
    Ok(Adstock {
        family: table.name("family")?,
        l_max: table.count("l_max")?,
        normalize: table.flag("normalize")?,
        mode: table.choice("mode", &Mode::ALL)?,
        priors: prior::read_all(&table.table("priors")?)?,
        own: Vec::new(),
    })
}

fn read_saturation(table: &Table) -> Result<Saturation> {
    let priors = prior::read_all(&table.table("priors")?)?;
    Ok(Saturation { family: table.name("family")?, priors, own: Vec::new() })
}

/// The channels with a transform of their own.
fn read_own<T>(table: &Table, read: fn(&Table) -> Result<T>) -> Result<Vec<Own<T>>> {
    let own = |table: &Table| {
        let channels = table.texts("channels")?.unwrap_or_default();
        Ok(Own { channels, transform: read(table)? })
    };
    table.tables("channel")?.iter().map(own).collect()
}

fn read_likelihood(table: &Table) -> Result<Likelihood> {
    Ok(Likelihood {
        distribution: table.name("distribution")?,
        lower: table.number("lower")?,
        priors: prior::read_all(table)?,
    })
}

fn read_sampler(table: &Table) -> Result<Sampler> {
    Ok(Sampler {
        chains: table.count("chains")?,
        ess: table.positive("ess")?,
        max_gradients: table.count("max_gradients")?,
    })
}
