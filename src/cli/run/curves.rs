//! `gigamix curves`: the response to spend, and how an effect fades.

use clap::Args;

use super::{Selection, Show, Which, chosen};
use crate::{
    analysis::{adstock_curves, response_curves},
    cli::output::Output,
    error::Result,
    fleet::derived::{adstock_table, curves_table},
};

/// `curves`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix curves runs/portfolio --channel tv     what a steady spend brings per date
  gigamix curves runs/portfolio --scaled         the same in the model's units
  gigamix curves runs/portfolio --adstock        how the effect spreads over the dates after a spend")]
pub(in crate::cli) struct Curves {
    #[command(flatten)]
    pub which: Which,
    /// Spend and response in the model's units
    #[arg(long, conflicts_with = "adstock")]
    pub scaled: bool,
    /// Adstock weights by lag, not responses
    #[arg(long)]
    pub adstock: bool,
}

/// Shows the curves of the chosen channels.
pub(in crate::cli) fn curves(args: &Curves, out: &Output) -> Result<()> {
    let selection = Selection::open(&args.which.models, out)?;
    if args.adstock {
        let table = selection.rows(out, |fitted| {
            let channels = chosen(&args.which.channel, &fitted.panel.channels)?;
            Ok(adstock_table(&fitted.panel.key, &adstock_curves(fitted, &channels)))
        })?;
        let columns = [
            Show::Text("channel", "channel"),
            Show::Count("lag", "lag"),
            Show::Percents("weight", "weight"),
        ];
        return out.rows(&table, &columns, &args.which.models.write);
    }
    let table = selection.rows(out, |fitted| {
        let channels = chosen(&args.which.channel, &fitted.panel.channels)?;
        Ok(curves_table(fitted, &response_curves(fitted, &channels), args.scaled))
    })?;
    let columns = [
        Show::Text("channel", "channel"),
        Show::Amount("spend per date", "spend"),
        Show::Amounts("response per date", "response"),
        Show::Numbers("marginal", "marginal"),
    ];
    out.rows(&table, &columns, &args.which.models.write)
}
