//! `gigamix roas`: what spend brought back, over all time or by period.

use clap::{Args, ValueEnum};

use super::{Selection, Show, Which, chosen};
use crate::{
    analysis::{Frequency, returns},
    cli::output::Output,
    error::Result,
    fleet::derived::returns_table,
};

/// `roas`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix roas runs/portfolio
  gigamix roas runs/portfolio --by quarter --channel tv

By period, the return is what would be missing had nothing been spent in it, later effects included,
over the period's spend. Over all time that is contribution over spend. `mROAS` is the return on 1 %
more spend on every date.")]
pub(in crate::cli) struct Roas {
    #[command(flatten)]
    pub which: Which,
    /// The periods
    #[arg(long, value_enum, default_value_t = By::AllTime)]
    pub by: By,
}

/// Periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum By {
    /// One: the training rows
    AllTime,
    /// Calendar years
    Year,
    /// Quarters
    Quarter,
    /// Months
    Month,
}

/// Shows returns.
pub(in crate::cli) fn roas(args: &Roas, out: &Output) -> Result<()> {
    let selection = Selection::open(&args.which.models, out)?;
    let frequency = match args.by {
        By::AllTime => Frequency::AllTime,
        By::Year => Frequency::Year,
        By::Quarter => Frequency::Quarter,
        By::Month => Frequency::Month,
    };
    let numbers = [
        Show::Amount("spend", "spend"),
        Show::Amounts("contribution", "contribution"),
        Show::Numbers("ROAS", "roas"),
        Show::Numbers("mROAS", "mroas"),
    ];
    let [spend, contribution, roas, mroas] = numbers;
    if frequency == Frequency::AllTime {
        // They stand in the run folder.
        let table = selection.kept(&selection.run.channels()?, &args.which.channel)?;
        let columns = [Show::Text("channel", "channel"), spend, contribution, roas, mroas];
        return out.rows(&table, &columns, &args.which.models.write);
    }
    let table = selection.rows(out, |fitted| {
        let channels = chosen(&args.which.channel, &fitted.panel.channels)?;
        Ok(returns_table(&fitted.panel.key, &returns(fitted, &channels, frequency)))
    })?;
    let period = Show::Text("period", "period");
    let columns = [Show::Text("channel", "channel"), period, spend, contribution, roas, mroas];
    out.rows(&table, &columns, &args.which.models.write)
}
