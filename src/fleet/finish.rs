//! From what the sampler made of a model to its verdict, its rows in the tables and its draws on
//! the disk.

use super::derived::labelled;
use super::grid::Grid;
use super::tables::{ModelRow, Part, channels, failed, parameters, time};
use super::values::Values;
use crate::analysis::{self, Analysis, Scores, series_key};
use crate::data::Panel;
use crate::density::Oracle;
use crate::diagnostics::{self, Evidence, Extremes, Status, Summariser, Summary, Verdict};
use crate::math::Key;
use crate::model::{Model, Space};
use crate::posterior::inference_data::{Coord, Draws, InferenceData, SampleStats, Variable};
use crate::posterior::table::Table;
use crate::posterior::zarr::Data;
use crate::sampler::{DIVERGENT, Outcome, Sampled};
use ndarray::{Array2, Array3, Axis, s};
use rayon::prelude::*;

/// Draws re-checked in double precision.
const RECHECKED: usize = 32;
/// Posterior predictive draws kept per chain.
const PREDICTIVE_PER_CHAIN: usize = 8;

/// A model that is judged.
pub struct Finished {
    /// Its rows.
    pub part: Part,
    /// Its verdict.
    pub status: Status,
    /// Its draws; none if there are none.
    pub draws: Option<InferenceData>,
}

/// What a model is finished with.
pub struct Job<'a> {
    /// The model as each of its series sees it.
    pub series: &'a [Model],
    /// Their data.
    pub panels: &'a [Panel],
    /// Its random key.
    pub key: Key,
    /// Seed of the run.
    pub seed: u64,
    /// Effective draws that were asked for.
    pub ess: f64,
    /// Seconds from the begin of its batch.
    pub seconds: f64,
}

impl Job<'_> {
    /// The model's key.
    pub fn model(&self) -> &str {
        &self.series[0].key
    }

    /// Judges the outcome and makes everything that is kept of it.
    pub fn finish(&self, outcome: Outcome) -> Finished {
        match outcome {
            Outcome::Failed(failure) => {
                let advice = "look at the panel's data and priors with `gigamix logp`";
                let mut part = failed(self.model(), &failure.reason, advice);
                part.models = ModelRow {
                    gradients: failure.gradients.total(),
                    seconds: self.seconds,
                    ..ModelRow::failed(self.model(), &failure.reason, advice)
                }
                .table();
                Finished { part, status: Status::Failed, draws: None }
            }
            Outcome::Sampled(sampled) => self.sampled(&sampled),
        }
    }

    fn sampled(&self, sampled: &Sampled) -> Finished {
        let model = &self.series[0];
        let names = model.parameter_names();
        let values = Values::new(&model.layout).all(&sampled.coordinates, sampled.view());
        let reported = model.layout.reported_values();
        let summariser = Summariser::new(sampled.chains, sampled.len(), &sampled.superchains);
        let summaries: Vec<Summary> = reported
            .into_par_iter()
            .map(|i| {
                let x = values.index_axis(Axis(0), i).mapv(f64::from);
                summariser.summarise(x.view())
            })
            .collect();
        let gates = names.iter().map(String::as_str).zip(summaries.iter().map(Summary::gate));
        let extremes = Extremes::of(gates);
        let per_chain = |of: &[f32]| {
            let rows = Array2::from_shape_vec((sampled.len(), sampled.chains), of.to_vec());
            rows.expect("one value per draw and chain").mapv(f64::from).reversed_axes()
        };
        let energy = per_chain(&sampled.energy);
        let evidence = Evidence {
            chains: sampled.chains,
            extremes,
            trajectories: sampled.energy.len(),
            divergences: sampled.divergences,
            stuck: sampled.stuck,
            unmoved: sampled.unmoved,
            bfmi: diagnostics::bfmi_pooled(energy.view()),
            recheck: recheck(self.series, sampled),
        };
        let verdict = evidence.judge(self.ess);
        let draws = row_major(&values);
        let analyse = |(series, panel): (&Model, &Panel)| {
            analysis::analyse(series, panel, series_key(self.key, panel), &draws)
        };
        let analyses: Vec<Analysis> =
            self.series.par_iter().zip(self.panels).map(analyse).collect();
        let rows = |of: &dyn Fn(&Analysis) -> Table| {
            let mut all = Table::default();
            for (analysis, panel) in analyses.iter().zip(self.panels) {
                let rows = labelled(of(analysis), &model.coords.dims, &panel.labels);
                all.append(rows).expect("series have the same columns");
            }
            all
        };
        let part = Part {
            status: verdict.status.as_str().into(),
            models: self.model_row(sampled, &evidence, &verdict, &analyses).table(),
            parameters: parameters(&model.key, &names, &summaries),
            channels: rows(&|analysis| channels(&model.key, &analysis.channels)),
            time: rows(&|analysis| time(&model.key, &model.coords.channel, &analysis.time)),
        };
        let draws = self.inference_data(sampled, &values, &energy, &draws);
        Finished { part, status: verdict.status, draws: Some(draws) }
    }

    fn model_row(
        &self,
        sampled: &Sampled,
        evidence: &Evidence,
        verdict: &Verdict,
        analyses: &[Analysis],
    ) -> ModelRow {
        ModelRow {
            model: self.model().to_owned(),
            status: verdict.status.as_str().into(),
            reason: match &sampled.missed {
                Some(why) if verdict.status == Status::Failed => {
                    format!("{}; {why}", verdict.reason)
                }
                _ => verdict.reason.clone(),
            },
            advice: verdict.advice.clone(),
            r_hat_max: evidence.extremes.r_hat.value,
            r_hat_nested_max: evidence.extremes.r_hat_nested.value,
            ess_bulk_min: evidence.extremes.ess_bulk.value,
            ess_tail_min: evidence.extremes.ess_tail.value,
            divergences: sampled.divergences as i64,
            bfmi: evidence.bfmi,
            gradients: sampled.gradients.total() * sampled.chains as f64,
            escalations: sampled.escalations.join("; "),
            seconds: self.seconds,
            scores: scores(analyses, self.panels),
        }
    }

    fn inference_data(
        &self,
        sampled: &Sampled,
        values: &Array3<f32>,
        energy: &Array2<f64>,
        draws: &[f64],
    ) -> InferenceData {
        let (model, panel) = (&self.series[0], &self.panels[0]);
        let grid = Grid::new(&model.coords, self.panels);
        let (chains, n) = (sampled.chains, sampled.len());
        let n_values = model.layout.n_values();
        let variables = model
            .layout
            .parameters
            .iter()
            .map(|parameter| {
                let range = parameter.offset..parameter.offset + parameter.len;
                // (value, chain, draw) to (chain, draw, value)
                let block = values.slice(s![range, .., ..]).permuted_axes([1, 2, 0]);
                let length = |dim: &String| model.coords.of(dim).len();
                let shape = parameter.dims.iter().map(length).collect();
                let data = Data::F32(block.iter().copied().collect());
                Variable { name: parameter.name.clone(), dims: parameter.dims.clone(), shape, data }
            })
            .collect();
        let flat = |of: &[f32]| {
            let by_chain = (0..chains).flat_map(|c| of.iter().skip(c).step_by(chains));
            by_chain.map(|&x| f64::from(x)).collect::<Vec<f64>>()
        };
        let per_draw = |of: &dyn Fn(usize) -> i64| {
            (0..chains).flat_map(|_| (0..n).map(of)).collect::<Vec<i64>>()
        };
        let diverging = |e: f64| !e.is_finite() || e > f64::from(DIVERGENT);
        let every = n.div_ceil(PREDICTIVE_PER_CHAIN).max(1);
        let thinned: Vec<usize> = (0..n).step_by(every).collect();
        // Draws are chain by chain.
        let rows = (0..chains).flat_map(|c| thinned.iter().map(move |d| c * n + d));
        let rows: Vec<f64> =
            rows.flat_map(|row| draws[row * n_values..][..n_values].iter().copied()).collect();
        let predict = |(series, panel): (&Model, &Panel)| {
            analysis::predictive_draws(series, panel, series_key(self.key, panel), &rows)
        };
        let predicted: Vec<Vec<f32>> =
            self.series.par_iter().zip(self.panels).map(predict).collect();
        let channel = ("channel", panel.channels.len());
        let spend = |panel: &Panel, t: usize, c: usize| panel.spend[[t, c]];
        let mut constant_data = vec![grid.variable("channel_data", Some(channel), spend)];
        if !panel.controls.is_empty() {
            let control = ("control", panel.controls.len());
            let value = |panel: &Panel, t: usize, k: usize| panel.control[[t, k]];
            constant_data.push(grid.variable("control_data", Some(control), value));
            let scales = panel.control_scale.iter().flat_map(|scale| [scale.shift, scale.factor]);
            constant_data.push(Variable {
                name: "control_scale".into(),
                dims: vec!["control".into(), "scale".into()],
                shape: vec![panel.controls.len(), 2],
                data: Data::F64(scales.collect()),
            });
        }
        let text = |labels: &[String]| Coord::Text(labels.to_vec());
        let mut coords = vec![
            ("channel".into(), text(&model.coords.channel)),
            ("control".into(), text(&model.coords.control)),
            ("fourier_mode".into(), text(&model.coords.fourier_mode)),
            ("date".into(), Coord::Date(grid.dates.clone())),
            ("scale".into(), text(&["shift".to_owned(), "factor".to_owned()])),
        ];
        let some = model.coords.others.iter();
        coords.extend(some.map(|(dim, channels)| (dim.clone(), text(channels))));
        InferenceData {
            model: model.key.clone(),
            seed: self.seed,
            coords,
            posterior: Draws { chains, draws: (0..n as i64).collect(), variables },
            sample_stats: SampleStats {
                energy: energy.iter().copied().collect(),
                acceptance_rate: flat(&sampled.acceptance),
                diverging: flat(&sampled.energy_error).into_iter().map(diverging).collect(),
                lp: flat(&sampled.logp),
                n_steps: per_draw(&|d| i64::from(sampled.n_steps[d])),
                step_size: vec![sampled.step_size; chains * n],
            },
            posterior_predictive: Draws {
                chains,
                draws: thinned.iter().map(|&d| d as i64).collect(),
                variables: vec![grid.draws("y", chains * thinned.len(), &predicted)],
            },
            observed_data: vec![grid.variable("y", None, |panel, t, _| panel.target[t])],
            constant_data,
        }
    }
}

/// How well training and test rows of all series are predicted.
fn scores(analyses: &[Analysis], panels: &[Panel]) -> [Scores; 2] {
    let parts = || analyses.iter().zip(panels);
    let train = parts().map(|(of, panel)| (&of.time[..panel.n_train], of.train));
    let test = parts().map(|(of, panel)| (&of.time[panel.n_train..], of.test));
    [Scores::together(&train.collect::<Vec<_>>()), Scores::together(&test.collect::<Vec<_>>())]
}

/// Draws × values, chain by chain, from (value, chain, draw).
fn row_major(values: &Array3<f32>) -> Vec<f64> {
    values.view().permuted_axes([1, 2, 0]).iter().map(|&x| f64::from(x)).collect()
}

/// Largest difference between the log densities of the sampler and of the oracle, over a sample of
/// the draws.
fn recheck(series: &[Model], sampled: &Sampled) -> f64 {
    let (total, dim) = (sampled.logp.len(), sampled.dim);
    if total == 0 {
        return f64::NAN;
    }
    // Evenly spread over draws and, by an odd stride, over chains.
    let stride = (total / RECHECKED).max(1) | 1;
    let picked: Vec<usize> = (0..total).step_by(stride).collect();
    let points: Vec<f64> = picked
        .iter()
        .flat_map(|&at| sampled.draws[at * dim..][..dim].iter().map(|&x| f64::from(x)))
        .collect();
    let oracle = Oracle::new(series, Space::Sampling).knowing(&sampled.coordinates);
    let exact = oracle.evaluate(&points);
    let errors = picked
        .iter()
        .zip(exact)
        .map(|(&at, exact)| (f64::from(sampled.logp[at]) - exact.logp).abs());
    // NaN is the worst of all.
    errors.fold(0.0, |worst, error| if error <= worst { worst } else { error })
}
