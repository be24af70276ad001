//! `gigamix logp`: log density and gradient at given points.

use serde_json::{Value, json};

use super::{
    args::Logp, grid::Grid, number::significant, output::Output, points, read::unknown_model,
};
use crate::{
    config::ModelFile,
    data::{self, Dataset, Panel},
    density::{CpuEngine, Engine, Evaluation, GpuEngine, Oracle, Request, Response},
    error::{Error, Result},
    fleet::{self, Backend, Chosen, Device, DeviceChoice},
    math::Key,
    model::{self, Model, Space},
};

/// Chains of an engine that only evaluates.
const CHAINS: (usize, usize) = (16, 64);

/// Evaluates the points and shows the answer.
pub(super) fn logp(args: &Logp, out: &Output) -> Result<()> {
    let choice = args.compute.device.as_ref().unwrap_or(&DeviceChoice::Cpu);
    if args.double && !matches!(choice, DeviceChoice::Auto | DeviceChoice::Cpu) {
        return Err(Error::input("--f64 runs on the processor only")
            .help("leave --device out, or leave --f64 out: GPUs compute in single precision"));
    }
    let file = ModelFile::load(&args.model)?;
    let dataset = data::load(&file, args.data.as_deref())?;
    let panels = choose_panels(&dataset, args.key.as_deref(), &file)?;
    let series = model::pool(&file, panels)?.series;
    let model = &series[0];
    let points = points::read(&args.points, &model.layout, &model.coords)?;

    // Engines do not report terms: these are the oracle's in any case.
    let exact = Oracle::new(&series, Space::Plain).evaluate(&points.concat());
    let (device, found) = if args.double {
        let found = exact.iter().map(|e| (e.logp, e.gradient.clone())).collect();
        (Device { backend: Backend::Cpu, adapter: "double precision".into() }, found)
    } else {
        let chosen = fleet::choose(choice, 1)?;
        let device = chosen.device.clone();
        (device, evaluate(chosen, &series, args.compute.seed, &points)?)
    };
    if out.json {
        return out.print_json(&answer(&device, model, &found, &exact));
    }
    out.print(&table(&found, &exact))
}

/// The panel that was asked for, or the only one: all its series.
fn choose_panels<'a>(
    dataset: &'a Dataset,
    key: Option<&str>,
    file: &ModelFile,
) -> Result<&'a [Panel]> {
    let panels = dataset.models().map(|series| series[0].key.as_str());
    let keys: Vec<&str> = panels.chain(dataset.failed.iter().map(|p| p.key.as_str())).collect();
    let key = match (key, keys.as_slice()) {
        (Some(key), _) => key,
        (None, [only]) => only,
        (None, keys) => {
            let first = keys.first().unwrap_or(&"KEY");
            return Err(Error::input(format!("{} has {} panels", file.path.display(), keys.len()))
                .help(format!("say which one, such as --model {first}")));
        }
    };
    if let Some(series) = dataset.models().find(|series| series[0].key == key) {
        return Ok(series);
    }
    match dataset.failed.iter().find(|panel| panel.key == key) {
        Some(failed) => Err(Error::input(failed.reason.clone()).context(key)),
        None => Err(unknown_model(key, &keys, &file.path.display().to_string())),
    }
}

/// Log density and gradient in single precision.
fn evaluate(
    chosen: Chosen,
    series: &[Model],
    seed: u64,
    points: &[Vec<f64>],
) -> Result<Vec<(f64, Vec<f64>)>> {
    let model = &series[0];
    let models = [(series, Key::new(seed, &model.key))];
    let mut engine: Box<dyn Engine> = match chosen.gpu {
        Some(gpu) => Box::new(GpuEngine::new(gpu, &models, Space::Plain, CHAINS.1)?),
        None => Box::new(CpuEngine::new(&models, Space::Plain, CHAINS.0)),
    };
    let points = points.iter().flatten().map(|&x| x as f32).collect();
    let answers = engine.execute(vec![(0, Request::Evaluate { points })])?;
    let Some(Response::Evaluated { logp, grad }) = answers.into_iter().next() else {
        return Err(Error::bug("the engine did not evaluate"));
    };
    let gradients = grad.chunks(model.layout.dim());
    let gradients = gradients.map(|g| g.iter().map(|&g| f64::from(g)).collect());
    Ok(logp.into_iter().map(f64::from).zip(gradients).collect())
}

/// The answer for machines; numbers that are not finite are null.
fn answer(
    device: &Device,
    model: &Model,
    found: &[(f64, Vec<f64>)],
    exact: &[Evaluation],
) -> Value {
    let point = |((logp, gradient), exact): (&(f64, Vec<f64>), &Evaluation)| {
        let names = model.layout.sampled().map(|parameter| parameter.name.clone());
        let mut terms: serde_json::Map<String, Value> =
            names.zip(exact.priors.iter().map(|&x| json!(x))).collect();
        terms.insert("y".into(), json!(exact.likelihood));
        if let Some(lift) = exact.lift {
            terms.insert("lift_measurements".into(), json!(lift));
        }
        if let Some(cost) = exact.cost {
            terms.insert("potential:cpt_calibration".into(), json!(cost));
        }
        if let Some(roas) = exact.roas {
            terms.insert("roas".into(), json!(roas));
        }
        json!({
            "logp": logp,
            "terms": terms,
            "grad": points::nested(gradient, &model.layout, &model.coords),
        })
    };
    json!({
        "device": device,
        "terms_precision": "f64",
        "points": found.iter().zip(exact).map(point).collect::<Vec<_>>(),
    })
}

/// The answer for people.
fn table(found: &[(f64, Vec<f64>)], exact: &[Evaluation]) -> String {
    let mut grid = Grid::default().right("point").right("log density").right("log prior");
    grid = grid.right("log likelihood").right("largest gradient");
    for (i, ((logp, gradient), exact)) in found.iter().zip(exact).enumerate() {
        let largest = gradient.iter().map(|g| g.abs()).max_by(f64::total_cmp).unwrap_or(f64::NAN);
        let prior: f64 = exact.priors.iter().sum();
        let numbers = [*logp, prior, exact.likelihood, largest].map(|x| significant(x, 7));
        grid.row(std::iter::once(i.to_string()).chain(numbers).collect());
    }
    grid.render(false)
}
