//! Effects and calibration of the model file.

use super::reader::{self, Table};
use super::{
    CostPerTarget, Data, Event, EventBasis, EventDate, EventSide, Fourier, LiftTest, Period,
    Spanned, TimeVarying, Trend, columns, prior,
};
use crate::error::Result;

/// What stands in every table under `key`.
pub(super) fn all<T>(
    file: &Table,
    key: &str,
    read: impl Fn(&Table) -> Result<T>,
) -> Result<Vec<T>> {
    file.tables(key)?.iter().map(read).collect()
}

pub(super) fn trend(table: &Table) -> Result<Trend> {
    let priors = prior::read_all(&table.table("priors")?)?;
    Ok(Trend { changepoints: table.count("changepoints")?, priors })
}

pub(super) fn fourier(table: &Table) -> Result<Fourier> {
    Ok(Fourier {
        name: table.name("name")?,
        period: table.required_choice("period", &Period::ALL)?,
        order: table.count("order")?,
        priors: prior::read_all(&table.table("priors")?)?,
    })
}

pub(super) fn time_varying(table: &Table, data: &Data) -> Result<TimeVarying> {
    let dims = table.texts("dims")?;
    columns::are_dims(table, data, dims.as_deref().unwrap_or_default())?;
    Ok(TimeVarying {
        m: table.count("m")?,
        dims,
        priors: prior::read_all(&table.table("priors")?)?,
    })
}

pub(super) fn event(table: &Table) -> Result<Event> {
    let event = Event {
        name: table.name("name")?,
        basis: table.choice("basis", &EventBasis::ALL)?,
        mode: table.choice("mode", &EventSide::MODES)?,
        include_event: table.flag("include_event")?,
        event_in: table.choice("event_in", &EventSide::ALL)?,
        dates: all(table, "dates", event_date)?,
        priors: prior::read_all(&table.table("priors")?)?,
    };
    if event.dates.is_empty() {
        let message = format!("`dates` in {} is empty", table.title);
        return Err(table.error(table.span.clone(), message).help(DATES));
    }
    for (k, date) in event.dates.iter().enumerate() {
        if event.dates[..k].iter().any(|earlier| *earlier.name == *date.name) {
            let message = format!("\"{}\" stands twice in `dates` in {}", date.name, table.title);
            let help = "give every date of an event a name of its own";
            return Err(table.error(date.name.span.clone(), message).help(help));
        }
    }
    let only = |key: &str, basis: EventBasis, name: &str| match event.basis == basis {
        false if table.has(key) => {
            let message = format!("`{key}` in {} is for basis = \"{name}\"", table.title);
            Err(table.error(table.span.clone(), message).help("remove it, or choose that basis"))
        }
        _ => Ok(()),
    };
    only("mode", EventBasis::HalfGaussian, "half_gaussian")?;
    only("include_event", EventBasis::HalfGaussian, "half_gaussian")?;
    only("event_in", EventBasis::Asymmetric, "asymmetric_gaussian")?;
    Ok(event)
}

const DATES: &str =
    "write dates = [{ name = \"2024\", start = \"2024-11-29\", end = \"2024-12-02\" }, …]";

fn event_date(table: &Table) -> Result<EventDate> {
    let (start, end) = (table.required_date("start")?, table.required_date("end")?);
    if end < start {
        let message = format!("`end` in {} is before `start`: {end} < {start}", table.title);
        return Err(table
            .error(table.span.clone(), message)
            .help("an event ends when it has begun"));
    }
    Ok(EventDate { name: table.name("name")?, start, end })
}

/// Lift tests, and the files that hold more.
pub(super) fn lift_tests(
    file: &Table,
    data: &Data,
) -> Result<(Vec<LiftTest>, Vec<Spanned<String>>)> {
    let (mut tests, mut files) = (Vec::new(), Vec::new());
    for table in file.tables("lift_test")? {
        let Some(path) = table.text("path")? else {
            tests.push(lift_test(&table, data)?);
            continue;
        };
        let keys = ["channel", "x", "delta_x", "delta_y", "sigma", "date"];
        if let Some(key) = keys.into_iter().find(|key| table.has(key)) {
            let message = format!("`path` and `{key}` in one {}", table.title);
            let help = "a table of lift tests has them in its columns: remove one of the two";
            return Err(table.error(path.span, message).help(help));
        }
        reader::local(table.source, &path)?;
        table.labels(&[])?;
        files.push(path);
    }
    Ok((tests, files))
}

fn lift_test(table: &Table, data: &Data) -> Result<LiftTest> {
    Ok(LiftTest {
        channel: table.name("channel")?,
        x: table.required_number("x")?,
        delta_x: table.required_number("delta_x")?,
        delta_y: table.required_number("delta_y")?,
        sigma: table.required_number("sigma")?,
        date: table.date("date")?,
        labels: table.labels(&data.dims)?,
    })
}

pub(super) fn cost_per_target(table: &Table, data: &Data) -> Result<CostPerTarget> {
    Ok(CostPerTarget {
        channel: table.name("channel")?,
        cost_per_target: table.positive("cost_per_target")?,
        sigma: table.positive("sigma")?,
        labels: table.labels(&data.dims)?,
    })
}
