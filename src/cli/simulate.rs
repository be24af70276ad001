//! `gigamix simulate`: data with known truth.

use serde_json::json;

use super::{
    args::Simulate,
    number::{count, plural},
    output::Output,
};
use crate::{
    error::Result,
    simulation::{self, Spec},
};

/// Writes table, truth and model file.
pub(super) fn simulate(args: &Simulate, out: &Output) -> Result<()> {
    // Who asks for geos wants one model, unless they say otherwise.
    let panels =
        |given: Option<usize>, default| given.unwrap_or(if args.geos > 0 { 1 } else { default });
    let spec = Spec {
        brands: panels(args.brands, Spec::default().brands),
        regions: panels(args.regions, Spec::default().regions),
        geos: args.geos,
        weeks: args.weeks,
        channels: args.channels,
        controls: args.controls,
        test_weeks: args.test_weeks,
        seed: args.seed,
    };
    let written = simulation::write(&spec, &args.out)?;
    if out.json {
        return out.print_json(&json!({
            "model_file": written.model_file,
            "table": written.table,
            "truth": written.truth,
            "panels": written.panels,
            "rows": written.rows,
        }));
    }
    out.print(&format!("{}\n", written.model_file.display()))?;
    let geos = match args.geos {
        0 => String::new(),
        geos => format!(" with {}", plural(geos, "geo")),
    };
    out.note(format!(
        "{}{geos} of {} weeks in {}, the truth in {}",
        plural(written.panels, "panel"),
        count(args.weeks as f64),
        written.table.display(),
        written.truth.display()
    ));
    out.note(format!("fit it: gigamix fit {}", written.model_file.display()));
    Ok(())
}
