//! A small panel and models of it, for tests of every family.

use gigamix::config::ModelFile;
use gigamix::data::{Panel, Scale};
use gigamix::model::{self, Model};
use std::path::Path;

/// Twelve weeks: two channels with weeks off, a dense and a sparse control, a positive target.
pub fn panel() -> Panel {
    weekly(12)
}

/// As [`panel`], over `n` weeks.
fn weekly(n: usize) -> Panel {
    let first = jiff::civil::date(2024, 1, 1);
    let wave = |t: usize, period: usize| (t % period) as f64 / period as f64;
    Panel {
        key: "model".into(),
        values: Vec::new(),
        labels: Vec::new(),
        dates: (0..n).map(|t| first.saturating_add(jiff::Span::new().weeks(t as i64))).collect(),
        n_train: n,
        channels: vec!["tv".into(), "radio".into()],
        controls: vec!["price".into(), "holiday".into()],
        target: (0..n).map(|t| 1.0 + wave(t, 5)).collect(),
        spend: ndarray::Array2::from_shape_fn((n, 2), |(t, c)| wave(t, 3 + c)),
        control: ndarray::Array2::from_shape_fn((n, 2), |(t, c)| {
            if c == 0 { wave(t, 7) } else { f64::from(t == 4) }
        }),
        control_scale: vec![Scale::NONE; 2],
        target_scale: Scale { shift: 0.0, factor: 2.0 },
        channel_scale: vec![Scale { shift: 0.0, factor: 1.0 }; 2],
        lift_tests: Vec::new(),
        notes: Vec::new(),
    }
}

/// The model of the panel by a model file's tables after `[data]`.
pub fn model(tables: &str) -> Model {
    try_model(tables).unwrap_or_else(|error| panic!("{error}\n{tables}"))
}

/// As [`model`], where it may be refused.
pub fn try_model(tables: &str) -> gigamix::error::Result<Model> {
    model_of(&panel(), tables)
}

/// As [`model`], over `n` weeks with the target as it is.
pub fn weekly_model(n: usize, tables: &str) -> Model {
    let panel = Panel { target_scale: Scale::NONE, ..weekly(n) };
    model_of(&panel, tables).unwrap_or_else(|error| panic!("{error}\n{tables}"))
}

fn model_of(panel: &Panel, tables: &str) -> gigamix::error::Result<Model> {
    let text = format!(
        "[data]\npath = \"x.csv\"\ndate = \"date\"\ntarget = \"y\"\nchannels = [\"tv\", \"radio\"]\n\
         controls = [\"price\", \"holiday\"]\n{tables}"
    );
    let file = ModelFile::parse("model.toml", Path::new("model.toml"), &text)?;
    Ok(model::build(&file, panel)?.model)
}
