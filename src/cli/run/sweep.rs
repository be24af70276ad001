//! `gigamix sweep`: what other spends would have contributed.

use clap::{Args, ValueEnum};

use super::{Selection, Show, Which, chosen};
use crate::{
    analysis::{self, SweepKind},
    cli::output::Output,
    error::{Error, Result},
    fleet::{DeviceChoice, choose, derived::sweep_table},
};

/// `sweep`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  gigamix sweep runs/portfolio                                 0 to 1.5 times the spend, 16 points
  gigamix sweep runs/portfolio --channel tv --values 0.8,1,1.2
  gigamix sweep runs/portfolio --kind absolute --values 0,1000,5000   this much on every date

Every channel is swept alone, then all of them together. `marginal` is what one more unit of spend
would have brought at that point, `uplift` the contribution against that of the observed spend.")]
pub(in crate::cli) struct Sweep {
    #[command(flatten)]
    pub which: Which,
    /// What happens to the spend of every date
    #[arg(long, value_enum, default_value_t = Kind::Multiplicative)]
    pub kind: Kind,
    /// Factors, or amounts per date in the units of spend [default: 0 to 1.5 times the spend]
    #[arg(long, value_name = "X,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub values: Vec<f64>,
    /// cpu, gpu (a hardware adapter), software (a software Vulkan adapter), or part of an adapter's
    /// name [default: cpu]
    #[arg(long)]
    pub device: Option<DeviceChoice>,
}

/// Kinds of sweeps.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Kind {
    /// Multiplied by the value
    Multiplicative,
    /// The value is added, down to nothing
    Additive,
    /// Replaced by the value
    Absolute,
}

/// Sweeps the channels of the chosen models.
pub(in crate::cli) fn sweep(args: &Sweep, out: &Output) -> Result<()> {
    let kind = match args.kind {
        Kind::Multiplicative => SweepKind::Multiplicative,
        Kind::Additive => SweepKind::Additive,
        Kind::Absolute => SweepKind::Absolute,
    };
    let least = if kind == SweepKind::Additive { f64::NEG_INFINITY } else { 0.0 };
    if let Some(bad) = args.values.iter().find(|x| !x.is_finite() || **x < least) {
        return Err(Error::input(format!("--values has {bad}"))
            .help("values are finite numbers, and 0 or more unless --kind is additive"));
    }
    let values = (!args.values.is_empty()).then(|| args.values.clone());
    let selection = Selection::open(&args.which.models, out)?;
    let device = args.device.clone().unwrap_or(DeviceChoice::Cpu);
    let gpu = choose(&device, selection.models.len())?.gpu;
    let table = selection.rows(out, |fitted| {
        let channels = chosen(&args.which.channel, &fitted.panel.channels)?;
        let wanted = analysis::Sweep { kind, values: values.clone(), channels };
        let rows = match &gpu {
            Some(gpu) => analysis::sweep_on(gpu, fitted, &wanted)?,
            None => analysis::sweep(fitted, &wanted),
        };
        Ok(sweep_table(&fitted.panel.key, &rows))
    })?;
    let columns = [
        Show::Text("channel", "channel"),
        Show::Number("sweep", "sweep"),
        Show::Amount("spend", "spend"),
        Show::Amounts("contribution", "contribution"),
        Show::Numbers("marginal", "marginal"),
        Show::Percents("uplift", "uplift"),
    ];
    out.rows(&table, &columns, &args.which.models.write)
}
