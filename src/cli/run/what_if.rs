//! `gigamix what-if`: what another split of the spend would have brought.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Models, Selection, Show, channel};
use crate::{
    analysis::{Fitted, reweigh, reweigh_dates},
    cli::{notes, output::Output},
    data::{Extended, NewRows},
    error::{Error, Result},
    fleet::derived::{reweighed_dates_table, reweighed_table},
    model::Model,
    posterior::table::Table,
};

/// `what-if`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix what-if runs/portfolio --times tv=1.5 --times radio=0.5
  gigamix what-if runs/portfolio --times tv=1.5 --keep-total     the others pay for it
  gigamix what-if runs/portfolio --times tv=1.5 --data plan.csv  on the dates of a plan
  gigamix what-if runs/portfolio --times tv=1.5 --data plan.csv --by date   channel by channel

Sums over the training rows, or over the dates of --data with what was spent before carried over.
`uplift` is the gain in parts of what was before, `gain` in parts of what is after; `better` is the
probability of a gain. The target comes twice: as expected, and as observed, with its noise. By date,
last rows of the plan that spend nothing show how the effects of the others fade.")]
pub(in crate::cli) struct WhatIf {
    #[command(flatten)]
    pub models: Models,
    /// A channel and what its spend is multiplied by on every date; may be given several times
    #[arg(long, value_name = "CHANNEL=X", required = true)]
    pub times: Vec<String>,
    /// Scale all channels so that as much is spent as before
    #[arg(long)]
    pub keep_total: bool,
    /// A table of dates after the training rows: the spend before the change
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// What a row is about
    #[arg(long, value_enum, default_value_t = By::Total)]
    pub by: By,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum By {
    /// A channel or the target over all of the dates
    Total,
    /// A channel on a date
    Date,
}

/// Holds a changed spend against what there was.
pub(in crate::cli) fn what_if(args: &WhatIf, out: &Output) -> Result<()> {
    let times = args.times.iter().map(|text| parse(text)).collect::<Result<Vec<_>>>()?;
    let selection = Selection::open(&args.models, out)?;
    let new = args.data.as_ref().map(|path| NewRows::read(&selection.file, path)).transpose()?;
    let table = selection.by_model(out, |series| {
        let mut rows = Table::default();
        let extended = match &new {
            None => vec![None; series.len()],
            Some(new) => selection.extended(new, series)?,
        };
        for (fitted, extended) in series.iter().zip(&extended) {
            if let Some((extended, _)) = extended {
                notes::lines(&extended.notes).iter().for_each(|line| out.note(line));
            } else if new.is_some() {
                out.note(format!("note: no new rows of {}", fitted.panel.name()));
                continue;
            }
            rows.append(
                selection.labelled(held(fitted, extended.as_ref(), args, &times)?, fitted),
            )?;
        }
        Ok(rows)
    })?;
    if args.by == By::Date {
        let columns = [
            Show::Text("channel", "channel"),
            Show::Date("date", "date"),
            Show::Amount("spend before", "spend_before"),
            Show::Amount("after", "spend_after"),
            Show::Amounts("contribution before", "before"),
            Show::Amounts("after", "after"),
        ];
        return out.rows(&table, &columns, &args.models.write);
    }
    let columns = [
        Show::Text("", "quantity"),
        Show::Amount("before", "before_mean"),
        Show::Amount("after", "after_mean"),
        Show::Percents("uplift", "uplift"),
        Show::Percents("gain", "gain"),
        Show::Percent("better", "p_better"),
    ];
    out.rows(&table, &columns, &args.models.write)
}

/// The rows of one series, in sample or on its new rows.
fn held(
    fitted: &Fitted,
    extended: Option<&(Extended, Model)>,
    args: &WhatIf,
    times: &[(String, f64)],
) -> Result<Table> {
    let (model, panel, dates) = match extended {
        None => (&fitted.model, &fitted.panel, 0..fitted.panel.n_train),
        Some((extended, model)) => {
            (model, &extended.panel, extended.new..extended.panel.dates.len())
        }
    };
    let mut factors = vec![1.0; panel.channels.len()];
    for (name, factor) in times {
        factors[channel(name, &panel.channels)?] = *factor;
    }
    if args.keep_total {
        let spend = |c: usize| dates.clone().map(|date| panel.spend[[date, c]]).sum::<f64>();
        let before: f64 = (0..factors.len()).map(spend).sum();
        let after: f64 = (0..factors.len()).map(|c| factors[c] * spend(c)).sum();
        if after == 0.0 {
            return Err(Error::input("--keep-total has nothing left to scale")
                .help("leave some spend, or leave --keep-total out"));
        }
        factors.iter_mut().for_each(|factor| *factor *= before / after);
    }
    let draws = &fitted.draws;
    Ok(match args.by {
        By::Total => {
            let changed = reweigh(model, panel, fitted.key, draws, dates, &factors);
            reweighed_table(&panel.key, &changed.rows())
        }
        By::Date => {
            let changed = reweigh_dates(model, panel, draws, dates, &factors);
            reweighed_dates_table(&panel.key, &changed)
        }
    })
}

/// `TV=1.5`.
fn parse(text: &str) -> Result<(String, f64)> {
    let wrong = || {
        Error::input(format!("--times {text:?} is no channel and factor"))
            .help("write it as --times \"TV=1.5\", the factor 0 or more")
    };
    let (name, factor) = text.rsplit_once('=').ok_or_else(wrong)?;
    let factor: f64 = factor.trim().parse().map_err(|_| wrong())?;
    if factor.is_finite() && factor >= 0.0 { Ok((name.to_owned(), factor)) } else { Err(wrong()) }
}
