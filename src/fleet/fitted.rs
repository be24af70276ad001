//! A fitted model read back from its run folder: everything it takes is in there.

use super::Run;
use crate::analysis::{Fitted, series_key};
use crate::config::ModelFile;
use crate::data::{Panel, Scale, learn_scales};
use crate::error::{Error, Result};
use crate::math::Key;
use crate::model::{self, Layout, Model};
use crate::posterior::path;
use crate::posterior::zarr::{self, Array, Data, Store};
use ndarray::{Array2, Axis};
use std::path::Path;
use std::sync::Arc;

impl Run {
    /// The model file that was fitted, as the run keeps it.
    ///
    /// # Errors
    /// The run keeps none, or one that this version cannot read.
    pub fn model_file(&self) -> Result<ModelFile> {
        let kept = &self.manifest()["model_file"];
        let text = kept["text"].as_str().ok_or_else(|| self.foreign("keeps no model file"))?;
        let path = Path::new(kept["path"].as_str().unwrap_or("model.toml"));
        let name = format!("the model file of {}", self.dir().display());
        ModelFile::parse(&name, path, text).map_err(|error| {
            let by = self.manifest()["gigamix"].as_str().unwrap_or("another version").to_owned();
            error.help(format!("the run was made by gigamix {by}: fit again with this version"))
        })
    }

    /// The model `key` of this run, whose model file is `file`, with its data and all its draws.
    ///
    /// # Errors
    /// It has no draws, or they are damaged or not of the model that the run names; it has several
    /// series.
    pub fn fitted(&self, file: &ModelFile, key: &str) -> Result<Fitted> {
        let mut series = self.series(file, key)?;
        match series.pop() {
            Some(only) if series.is_empty() && only.panel.labels.is_empty() => Ok(only),
            _ => Err(Error::input(format!("model {key:?} has several series: it has [data] dims"))
                .help("this is not supported for models with dims yet")),
        }
    }

    /// The model `key` as each of its series sees it; one, unless the model file has dims.
    ///
    /// # Errors
    /// As [`Run::fitted`].
    pub fn series(&self, file: &ModelFile, key: &str) -> Result<Vec<Fitted>> {
        let path = path::store(self.dir(), key);
        if !path.exists() {
            return Err(Error::input(format!("model {key:?} has no draws in {}", path.display()))
                .help("give the same `gigamix fit` command again, or fit with --force"));
        }
        let store = zarr::read(&path)?;
        let kept = Kept { store: &store, run: self };
        let panels = kept.panels(file, key)?;
        let models = model::pool(file, &panels)?.series;
        let seed = kept.store.attributes("posterior").and_then(|a| a["seed"].as_u64());
        let seed = seed.ok_or_else(|| self.foreign("has draws without their seed"))?;
        let (chains, draws) = self.draws(&store, &models[0].layout)?;
        let (key, draws) = (Key::new(seed, key), Arc::new(draws));
        let series = |(model, panel): (Model, Panel)| {
            let (key, draws) = (series_key(key, &panel), Arc::clone(&draws));
            Fitted { key, model, panel, draws, chains }
        };
        Ok(models.into_iter().zip(panels).map(series).collect())
    }

    /// Number of chains, and the draws: draws × values.
    fn draws(&self, store: &Store, layout: &Layout) -> Result<(usize, Vec<f64>)> {
        let n_values = layout.n_values();
        let (mut chains, mut n, mut draws) = (0, 0, Vec::new());
        for parameter in &layout.parameters {
            let Array { shape, data, .. } = store.array("posterior", &parameter.name)?;
            let per_draw: usize = shape.iter().skip(2).product();
            let ([its_chains, its_draws, ..], true) = (&shape[..], per_draw == parameter.len)
            else {
                let what = format!("has draws of {} that the model cannot have", parameter.name);
                return Err(self.foreign(&what));
            };
            if draws.is_empty() {
                (chains, n) = (*its_chains, its_chains * its_draws);
                draws = vec![0.0; n * n_values];
            }
            if data.len() != n * parameter.len {
                return Err(self.foreign("has parameters of different numbers of draws"));
            }
            let place = [n_values, parameter.offset, parameter.len];
            match data {
                Data::F32(values) => spread(&mut draws, place, &values),
                Data::F64(values) => spread(&mut draws, place, &values),
                _ => return Err(self.foreign("has draws that are no numbers")),
            }
        }
        for name in store.arrays("posterior") {
            // What is no parameter labels a dim that has its own name.
            if layout.find(name).is_none() && store.array("posterior", name)?.dims != [name] {
                return Err(self.foreign(&format!("has draws of {name}, which its model has not")));
            }
        }
        Ok((chains, draws))
    }

    /// The energies of the draws of a model, (chain, draw); none where the run kept none.
    ///
    /// # Errors
    /// As [`Run::fitted`].
    pub fn energy(&self, key: &str) -> Result<Option<Array2<f64>>> {
        let store = zarr::read(&path::store(self.dir(), key))?;
        if !store.arrays("sample_stats").contains(&"energy") {
            return Ok(None);
        }
        let Array { shape, data, .. } = store.array("sample_stats", "energy")?;
        let energy = match (&shape[..], data.to_f64()) {
            (&[chains, draws], Some(values)) => {
                Array2::from_shape_vec((chains, draws), values).ok()
            }
            _ => None,
        };
        energy.map(Some).ok_or_else(|| self.foreign("has energies of no chains"))
    }

    /// The folder holds something else than what this version writes.
    fn foreign(&self, what: &str) -> Error {
        let by = self.manifest()["gigamix"].as_str().unwrap_or("an unknown version");
        Error::input(format!("the run in {} {what}", self.dir().display())).help(format!(
            "it was made by gigamix {by}, this is {}: fit again with --force",
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// Writes the values of a parameter, draws × `len`, to its place `offset` in draws × `n`.
fn spread<T: Copy + Into<f64>>(draws: &mut [f64], place: [usize; 3], values: &[T]) {
    let [n, offset, len] = place;
    for (row, values) in draws.chunks_mut(n).zip(values.chunks(len)) {
        row[offset..][..len].iter_mut().zip(values).for_each(|(to, &x)| *to = x.into());
    }
}

/// What a store keeps of a panel.
struct Kept<'a> {
    store: &'a Store,
    run: &'a Run,
}

impl Kept<'_> {
    /// The panels of the model's series.
    fn panels(&self, file: &ModelFile, key: &str) -> Result<Vec<Panel>> {
        let foreign = |what: &str| self.run.foreign(what);
        let dates = self.store.array("observed_data", "date")?.data.to_dates();
        let dates = dates.ok_or_else(|| foreign("has dates that are none"))?;
        let cells = self.cells(file)?;
        let rows = dates.len() * cells.len();
        let target = self.store.array("observed_data", "y")?.data.to_f64();
        let target = target.filter(|y| y.len() == rows);
        let target = target.ok_or_else(|| foreign("has not one target per date"))?;
        let (channels, spend) = self.matrix("channel", rows)?;
        let with_controls = self.store.arrays("constant_data").contains(&"control_data");
        let (controls, control) = match with_controls {
            true => self.matrix("control", rows)?,
            false => (Vec::new(), Array2::zeros((rows, 0))),
        };
        let mut panels = Vec::new();
        for (cell, labels) in cells.iter().enumerate() {
            // A date or a combination of labels that a table does not have has no spend.
            let row = |t: usize| t * cells.len() + cell;
            let own: Vec<usize> =
                (0..dates.len()).filter(|&t| !spend[[row(t), 0]].is_nan()).collect();
            if own.is_empty() {
                continue;
            }
            let n_train = match file.data.train_until {
                Some(until) => own.partition_point(|&t| dates[t] <= until),
                None => own.len(),
            };
            if n_train == 0 {
                return Err(foreign("has no training rows"));
            }
            let select = |all: &Array2<f64>| {
                all.select(Axis(0), &own.iter().map(|&t| row(t)).collect::<Vec<_>>())
            };
            panels.push(Panel {
                key: key.to_owned(),
                values: Vec::new(),
                labels: labels.clone(),
                n_train,
                target_scale: Scale::NONE,
                channel_scale: vec![Scale::NONE; channels.len()],
                control_scale: self.control_scale()?,
                dates: own.iter().map(|&t| dates[t]).collect(),
                channels: channels.clone(),
                controls: controls.clone(),
                target: own.iter().map(|&t| target[row(t)]).collect(),
                spend: select(&spend),
                control: select(&control),
                lift_tests: Vec::new(),
                notes: Vec::new(),
            });
        }
        if panels.is_empty() {
            return Err(foreign("has no training rows"));
        }
        learn_scales(file, &mut panels);
        Ok(panels)
    }

    /// Every combination of the labels of the dims, in the order of the arrays.
    fn cells(&self, file: &ModelFile) -> Result<Vec<Vec<String>>> {
        let mut cells = vec![Vec::new()];
        for dim in &file.data.dims {
            let Data::Text(labels) = self.store.array("constant_data", dim)?.data else {
                return Err(self.run.foreign("has no labels"));
            };
            let with = |cell: &Vec<String>| {
                let with = |label: &String| [&cell[..], std::slice::from_ref(label)].concat();
                labels.iter().map(with).collect::<Vec<_>>()
            };
            cells = cells.iter().flat_map(with).collect();
        }
        Ok(cells)
    }

    /// Labels and values, rows × labels, of `channel_data` or `control_data`.
    fn matrix(&self, dim: &str, rows: usize) -> Result<(Vec<String>, Array2<f64>)> {
        let Array { data, .. } = self.store.array("constant_data", dim)?;
        let Data::Text(labels) = data else { return Err(self.run.foreign("has no labels")) };
        let values = self.store.array("constant_data", &format!("{dim}_data"))?.data.to_f64();
        let shape = (rows, labels.len());
        let values = values.and_then(|values| Array2::from_shape_vec(shape, values).ok());
        let values = values.ok_or_else(|| self.run.foreign(&format!("has no {dim}_data")))?;
        Ok((labels, values))
    }

    /// Scales of the controls; none in runs of versions that did not keep them.
    fn control_scale(&self) -> Result<Vec<Scale>> {
        if !self.store.arrays("constant_data").contains(&"control_scale") {
            return Ok(Vec::new());
        }
        let numbers = self.store.array("constant_data", "control_scale")?.data.to_f64();
        let numbers = numbers.unwrap_or_default();
        let scale = |x: &[f64; 2]| Scale { shift: x[0], factor: x[1] };
        Ok(numbers.as_chunks().0.iter().map(scale).collect())
    }
}
