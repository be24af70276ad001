//! How the sampler went: the diagnostics of a model, its energy, and traces and ranks of its chains.

use super::chart::{self, cut, short};
use super::model::Report;
use super::number::{count, decimals, duration, plural};
use super::page::{Page, table};
use super::svg::{Anchor, Scale, Svg};
use crate::diagnostics::{quantile, rank_ecdf};
use crate::error::Result;
use crate::posterior::cells::{Cells, filter};
use crate::posterior::table::Table;
use ndarray::{Array2, ArrayView2};

/// Parameters whose chains are drawn at once, and at most.
const SHOWN: usize = 6;
const MOST: usize = 60;
/// Chains that are drawn one by one; of more, two and where most of them are.
const FEW: usize = 6;
/// Points along a trace and along the ranks.
const STEPS: usize = 120;
const POINTS: usize = 20;
/// Standard deviations of 94 % of a normal distribution.
const SPREAD: f64 = 1.88;

impl Report<'_> {
    /// What the verdict rests on.
    pub fn diagnostics(&self, page: &mut Page) -> Result<()> {
        page.section("Diagnostics");
        let cells = Cells(&self.models);
        let number = |name: &str| cells.number(name, self.row);
        page.facts(&[
            ("draws", count(self.fitted.n_draws() as f64)),
            ("chains", count(self.fitted.chains as f64)),
            ("R-hat (nested), worst", decimals(number("r_hat_nested_max"), 3)),
            ("ESS bulk, least", count(number("ess_bulk_min"))),
            ("ESS tail, least", count(number("ess_tail_min"))),
            ("divergences", count(number("divergences"))),
            ("E-BFMI", decimals(number("bfmi"), 2)),
            ("time", duration(number("seconds"))),
        ]);
        let all = self.run.parameters()?;
        let own = Cells(&all);
        let parameters = filter(&all, |row| own.text("model", row) == self.fitted.panel.key);
        self.chains(page, &parameters);
        if let Some(energy) = self.run.energy(&self.fitted.panel.key)? {
            page.legend([("energy", "c0".into()), ("its changes", "c1".into())]);
            let alt = format!(
                "Distributions of the energy and of its changes from draw to draw, E-BFMI {}",
                decimals(number("bfmi"), 2)
            );
            page.figure(
                "wide",
                &energies(&alt, energy.view()),
                "Energy: where its changes are much narrower than itself (E-BFMI below 0.3), the \
                 tails are not to be trusted",
                None,
            );
        }
        numbers(page, &parameters);
        Ok(())
    }

    /// Traces and ranks, of the parameters whose chains agree least first.
    fn chains(&self, page: &mut Page, parameters: &Table) {
        let cells = Cells(parameters);
        let model = &self.fitted.model;
        let names = model.parameter_names();
        let mut worst: Vec<(f64, f64, usize)> = cells
            .rows()
            .filter_map(|row| {
                let k = names.iter().position(|name| name == cells.text("parameter", row))?;
                Some((cells.number("r_hat_nested", row), cells.number("ess_bulk", row), k))
            })
            .collect();
        worst.sort_by(|a, b| b.0.total_cmp(&a.0));
        let values = model.layout.reported_values();
        let mut charts = worst.iter().take(MOST).map(|&(r_hat, ess, k)| {
            let chains = self.draws_of(values[k]);
            let name = &names[k];
            let alt = format!("Trace of {name}, nested R-hat {}", decimals(r_hat, 3));
            let traced = trace(&alt, name, chains.view());
            let alt = format!("Ranks of {name} by chain, effective draws {}", count(ess));
            traced + &ranks(&alt, name, chains.view(), ess)
        });
        let first: String = charts.by_ref().take(SHOWN).collect();
        let rest: String = charts.collect();
        let caption = format!(
            "Traces and ranks of the {} whose chains agree least. Left: lines are chains, the band \
             holds 80 % of them at each draw; it should neither drift nor narrow. Right: how far the \
             ranks of each chain are from even; 94 % should stay within the band.",
            plural(worst.len().min(SHOWN), "parameter")
        );
        page.figure("many pairs", &first, &caption, None);
        if !rest.is_empty() {
            let n = plural(worst.len().min(MOST) - SHOWN, "further parameter");
            let caption = "Traces and ranks of further parameters";
            let figure = page.figure_of("many pairs", &rest, caption, None);
            page.html(&format!("<details><summary>The chains of {n}</summary>{figure}</details>"));
        }
    }

    /// The draws of a value, (chain, draw).
    fn draws_of(&self, value: usize) -> Array2<f64> {
        let (chains, dim) = (self.fitted.chains.max(1), self.fitted.model.structure.n_values);
        let draws = self.fitted.n_draws() / chains;
        Array2::from_shape_fn((chains, draws), |(chain, draw)| {
            self.fitted.draws[(chain * draws + draw) * dim + value]
        })
    }
}

/// All parameters in numbers.
fn numbers(page: &mut Page, parameters: &Table) {
    let cells = Cells(parameters);
    let rows: Vec<Vec<String>> = cells
        .rows()
        .map(|row| {
            let number = |name: &str| cells.number(name, row);
            vec![
                cells.text("parameter", row).to_owned(),
                short(number("mean")),
                short(number("sd")),
                format!("{} to {}", short(number("hdi_3")), short(number("hdi_97"))),
                short(number("mcse_mean")),
                count(number("ess_bulk")),
                count(number("ess_tail")),
                decimals(number("r_hat"), 3),
                decimals(number("r_hat_nested"), 3),
            ]
        })
        .collect();
    let heads = [
        "parameter",
        "mean",
        "sd",
        "94 % interval",
        "MCSE",
        "ESS bulk",
        "ESS tail",
        "R-hat",
        "nested",
    ];
    page.html(&table("Parameters", &heads, &rows));
    page.figure("", "", "The parameters as a file", Some(parameters));
}

/// The frame of a small chart of chains: its drawing and its ends across and up.
fn frame(name: &str) -> (Svg, [f64; 2], [f64; 2]) {
    let (width, height) = (300.0, 110.0);
    let mut svg = Svg::new(width, height);
    svg.text("head", [8.0, 13.0], Anchor::Start, &cut(name, 38));
    (svg, [46.0, width - 6.0], [height - 8.0, 20.0])
}

/// The draws of every chain in their order.
fn trace(alt: &str, name: &str, x: ArrayView2<f64>) -> String {
    let (chains, draws) = x.dim();
    let (mut svg, across, up) = frame(name);
    let y = Scale::spanning(x.iter().copied(), false, up);
    chart::upwards(&mut svg, &y, across, short);
    let along = Scale { values: [0.0, draws.max(2) as f64 - 1.0], places: across };
    let steps: Vec<usize> = (0..draws).step_by(draws.div_ceil(STEPS).max(1)).collect();
    let line = |of: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        steps.iter().map(|&t| [along.at(t as f64), y.at(of(t))]).collect()
    };
    let mut shown = chains;
    if chains > FEW {
        let end = |p: f64| line(&|t| quantile(&x.column(t).to_vec(), p));
        svg.area("band c0", &end(0.9), &end(0.1));
        shown = 2;
    }
    for chain in 0..shown {
        svg.line(&format!("line hair c{}", chain % 10), &line(&|t| x[[chain, t]]));
    }
    svg.finish(alt)
}

/// How far the ranks of every chain are from even, and how far they may be, given the effective draws
/// of all chains.
fn ranks(alt: &str, name: &str, x: ArrayView2<f64>, ess: f64) -> String {
    let (mut svg, across, up) = frame(name);
    let points: Vec<f64> = (0..=POINTS).map(|k| k as f64 / POINTS as f64).collect();
    let per_chain = (ess / x.nrows() as f64).max(1.0);
    let may: Vec<f64> =
        points.iter().map(|z| SPREAD * (z * (1.0 - z) / per_chain).sqrt()).collect();
    let off = rank_ecdf(x, &points);
    let ends = may.iter().flat_map(|&may| [may, -may]).chain(off.iter().copied());
    let y = Scale::spanning(ends, true, up);
    chart::upwards(&mut svg, &y, across, short);
    let along = Scale { values: [0.0, 1.0], places: across };
    let line = |of: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        (0..points.len()).map(|k| [along.at(points[k]), y.at(of(k))]).collect()
    };
    svg.area("band pale", &line(&|k| may[k]), &line(&|k| -may[k]));
    for (chain, off) in off.rows().into_iter().enumerate() {
        svg.line(&format!("line hair c{}", chain % 10), &line(&|k| off[k]));
    }
    svg.finish(alt)
}

/// Outlines of two histograms: energies about their mean, and how they change from draw to draw.
fn energies(alt: &str, energy: ArrayView2<f64>) -> String {
    const BINS: usize = 40;
    let mean = energy.iter().sum::<f64>() / energy.len().max(1) as f64;
    let about: Vec<f64> = energy.iter().map(|x| x - mean).collect();
    let changes: Vec<f64> = energy
        .rows()
        .into_iter()
        .flat_map(|chain| chain.to_vec().windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>())
        .collect();
    let (width, height) = (960.0, 220.0);
    let mut svg = Svg::new(width, height);
    let (across, up) = ([58.0, width - 12.0], [height - 26.0, 10.0]);
    let both = about.iter().chain(&changes).copied();
    let x = Scale::spanning(both, false, across);
    let share = |values: &[f64]| -> Vec<f64> {
        let mut counts = vec![0.0; BINS];
        for value in values.iter().filter(|value| value.is_finite()) {
            let at = (value - x.values[0]) / (x.values[1] - x.values[0]) * BINS as f64;
            counts[(at as usize).min(BINS - 1)] += 1.0 / values.len() as f64;
        }
        counts
    };
    let shares = [share(&about), share(&changes)];
    let y = Scale::spanning(shares.iter().flatten().copied(), true, up);
    chart::upwards(&mut svg, &y, across, super::number::percent);
    chart::below(&mut svg, &x, [up[1], up[0]], short, 5);
    for (class, shares) in ["c0", "c1"].into_iter().zip(&shares) {
        let bin = (across[1] - across[0]) / BINS as f64;
        let outline: Vec<[f64; 2]> = (0..2 * BINS)
            .map(|k| [across[0] + bin * k.div_ceil(2) as f64, y.at(shares[k / 2])])
            .collect();
        let floor: Vec<[f64; 2]> = outline.iter().map(|&[x, _]| [x, y.at(0.0)]).collect();
        svg.area(&format!("band {class}"), &outline, &floor);
        svg.line(&format!("line {class}"), &outline);
    }
    svg.finish(alt)
}
