//! `gigamix bench`: what this machine can do.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Outcome,
    args::Bench as Args,
    grid::Grid,
    number::{NOTHING, amount, count, duration, percent, plural},
    output::Output,
};
use crate::{
    bench::{
        self, CHAINS, Check, Job, Measured, Measurements, Options, Overtakes, Report, Spread, What,
    },
    error::{Error, Result},
    fleet::DeviceChoice,
};

/// Longest time to measure, a day.
const LONGEST: f64 = 86_400.0;

/// Measures and shows what came out.
pub(super) fn bench(args: &Args, out: &Output) -> Result<Outcome> {
    if !(args.seconds > 0.0 && args.seconds <= LONGEST) {
        return Err(Error::input(format!("--seconds {}: not a time to measure", args.seconds))
            .help(format!("say a number above 0, at most {}", count(LONGEST))));
    }
    let options = Options {
        device: args.compute.device.clone().unwrap_or(DeviceChoice::Auto),
        seed: args.compute.seed,
        time: Duration::from_secs_f64(args.seconds),
    };
    let report = bench::bench(&options, &mut |fraction, what| out.progress(fraction, what))?;
    out.end_progress();
    if out.json {
        out.print_json(&answer(&report))?;
    } else {
        out.print(&tables(&report))?;
    }
    let failed: Vec<&Check> = report.checks.iter().filter(|check| !check.passed()).collect();
    for check in &failed {
        out.warn(complaint(check));
    }
    out.note(format!("measured in {}", duration(report.time.as_secs_f64())));
    Ok(if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed })
}

fn complaint(check: &Check) -> String {
    format!(
        "failed: {} of {} with {}, model {}: off by {:.1e}, at most {:.0e} is allowed",
        check.what.name(),
        check.backend.name(),
        plural(check.models, "model"),
        check.model,
        check.error,
        check.what.limit()
    )
}

/// For people.
fn tables(report: &Report) -> String {
    let mut text = machine(report);
    text += "\n";
    text += &gradients(report);
    text += "\n";
    text += &fits(&report.engines);
    text += "\n";
    text += &match report.overtakes() {
        Overtakes::NoGpu => "the GPU against the CPU engine: no GPU measured here\n".to_owned(),
        Overtakes::From(models) => {
            format!("the GPU is faster than the CPU engine from {} on\n", plural(models, "model"))
        }
        Overtakes::Not(models) => {
            format!("the GPU is not faster than the CPU engine up to {}\n", plural(models, "model"))
        }
    };
    let passed = report.checks.iter().filter(|check| check.passed()).count();
    let worst = |what: What| {
        let errors = report.checks.iter().filter(|check| check.what == what).map(|c| c.error);
        let worst = errors.max_by(f64::total_cmp).unwrap_or(f64::NAN);
        format!("{} {worst:.1e} of {:.0e}", what.name(), what.limit())
    };
    let [gradient, energy] = [What::Gradient, What::Energy].map(worst);
    let total = report.checks.len();
    text + &format!("checks passed {passed}/{total}; worst errors: {gradient}, {energy} allowed\n")
}

/// What was measured: engines with their peaks, and the model.
fn machine(report: &Report) -> String {
    let mut grid = Grid::default().left("engine").left("device").left("interface").left("driver");
    grid = grid.right("multiply-adds, flop/s").right("spread");
    for engine in &report.engines {
        let adapter =
            report.adapter.as_ref().filter(|_| engine.backend != crate::fleet::Backend::Cpu);
        let [name, interface, driver] = match adapter {
            Some(a) => [a.name.clone(), a.backend.clone(), a.driver.clone()],
            None => {
                let threads = plural(report.threads, "thread");
                [format!("{}, {threads}", report.isa.name()), NOTHING.into(), NOTHING.into()]
            }
        };
        let [peak, spread] = figures(&Ok(engine.peak), amount);
        grid.row(vec![engine.backend.name().into(), name, interface, driver, peak, spread]);
    }
    let shape = &report.shape;
    format!(
        "{}model: {} weeks, {}, {}, {} parameters; {} flop a gradient\n",
        grid.render(false),
        shape.weeks,
        plural(shape.channels, "channel"),
        plural(shape.holidays, "holiday"),
        shape.dim(),
        count(shape.flops())
    )
}

fn gradients(report: &Report) -> String {
    let mut grid = Grid::default().left("engine").right("models").right("chains each");
    grid = grid.right("gradients/s").right("spread").right("of the peak").left("note");
    for engine in &report.engines {
        for cell in &engine.cells {
            let [rate, spread] = figures(&cell.rate, amount);
            let share = cell
                .rate
                .as_ref()
                .map_or(f64::NAN, |rate| rate.median * report.shape.flops() / engine.peak.median);
            grid.row(vec![
                engine.backend.name().into(),
                count(cell.models as f64),
                CHAINS.to_string(),
                rate,
                spread,
                percent(share),
                why(&cell.rate),
            ]);
        }
    }
    grid.render(false)
}

fn fits(engines: &[Measurements]) -> String {
    let mut grid = Grid::default().left("engine").left("fit").right("models").right("time");
    grid = grid.right("spread").right("models/hour").right("not failed").left("note");
    for engine in engines {
        for job in &engine.jobs {
            let [time, spread] = figures(&job.seconds, duration);
            let [per_hour, _] = figures(&job.per_hour(), amount);
            let sound = match job.seconds {
                Ok(_) => count(job.sound as f64),
                Err(_) => NOTHING.into(),
            };
            grid.row(vec![
                engine.backend.name().into(),
                kind(job).into(),
                count(job.models as f64),
                time,
                spread,
                per_hour,
                sound,
                why(&job.seconds),
            ]);
        }
    }
    grid.render(false)
}

fn kind(job: &Job) -> &'static str {
    if job.fleet { "simulated fleet" } else { "case study" }
}

/// The median, and the smallest and the largest where there are several.
fn figures(measured: &Measured, show: impl Fn(f64) -> String) -> [String; 2] {
    match measured {
        Ok(s) if s.repeats > 1 => {
            [show(s.median), format!("{} – {} of {}", show(s.low), show(s.high), s.repeats)]
        }
        Ok(s) => [show(s.median), NOTHING.into()],
        Err(_) => [NOTHING.into(), NOTHING.into()],
    }
}

fn why(measured: &Measured) -> String {
    match measured {
        Ok(_) => NOTHING.into(),
        Err(why) => format!("not run: {why}"),
    }
}

/// For machines; what was not measured is null and has its reason in `not_run`.
fn answer(report: &Report) -> Value {
    let flops = report.shape.flops();
    let (mut rows, mut fits, mut engines) = (Vec::new(), Vec::new(), Vec::new());
    for engine in &report.engines {
        let name = engine.backend.name();
        engines.push(json!({ "engine": name, "peak_flops": spread(&engine.peak) }));
        rows.extend(engine.cells.iter().map(|cell| {
            let rate = cell.rate.as_ref().ok();
            json!({
                "engine": name,
                "models": cell.models,
                "chains": CHAINS,
                "gradients_per_second": rate.map(spread),
                "share_of_peak": rate.map(|rate| rate.median * flops / engine.peak.median),
                "not_run": cell.rate.as_ref().err(),
            })
        }));
        fits.extend(engine.jobs.iter().map(|job| {
            json!({
                "engine": name,
                "fit": kind(job),
                "models": job.models,
                "seconds": job.seconds.as_ref().ok().map(spread),
                "models_per_hour": job.per_hour().ok().map(|rate| rate.median),
                "not_failed": job.seconds.as_ref().ok().map(|_| job.sound),
                "not_run": job.seconds.as_ref().err(),
            })
        }));
    }
    let check = |check: &Check| {
        json!({
            "engine": check.backend.name(),
            "models": check.models,
            "model": check.model,
            "what": check.what.name(),
            "error": check.error,
            "limit": check.what.limit(),
            "passed": check.passed(),
        })
    };
    let adapter = report.adapter.as_ref().map(|a| {
        json!({
            "name": a.name, "kind": a.kind.to_string(), "interface": a.backend,
            "driver": a.driver, "pci_address": a.pci_address,
        })
    });
    let shape = &report.shape;
    let passed = report.checks.iter().filter(|check| check.passed()).count();
    json!({
        "processor": { "instructions": report.isa.name(), "threads": report.threads },
        "adapter": adapter,
        "model": {
            "weeks": shape.weeks, "channels": shape.channels, "holidays": shape.holidays,
            "fourier_orders": shape.orders, "parameters": shape.dim(), "flop_per_gradient": flops,
        },
        "engines": engines,
        "rows": rows,
        "fits": fits,
        "gpu_faster_from_models": match report.overtakes() {
            Overtakes::From(models) => Some(models),
            Overtakes::NoGpu | Overtakes::Not(_) => None,
        },
        "checks": {
            "passed": passed,
            "total": report.checks.len(),
            "rows": report.checks.iter().map(check).collect::<Vec<_>>(),
        },
        "seconds": report.time.as_secs_f64(),
    })
}

fn spread(spread: &Spread) -> Value {
    let Spread { median, low, high, repeats } = spread;
    json!({ "median": median, "low": low, "high": high, "repeats": repeats })
}
