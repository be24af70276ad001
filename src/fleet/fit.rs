//! Fits every panel of a table: read, build, sample in batches, judge, write.

use super::device::{Chosen, choose};
use super::finish::Job;
use super::folder::{Folder, Identity, Run};
use super::tables::{Part, failed};
use super::values::Values;
use super::{Device, Event, Fit, Options};
use crate::config::ModelFile;
use crate::data::{self, Dataset, Note, Panel};
use crate::density::{CpuEngine, Engine, GpuEngine, gpu::Work};
use crate::error::{Error, Kind, Result};
use crate::math::{Key, Purpose};
use crate::model::{self, Model, Pool, Space};
use crate::posterior::path;
use crate::sampler::{self, ModelSampler, Outcome, Settings, Start};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Most models sampled together on a GPU: enough to fill one, few enough for the host's memory.
const GPU_BATCH: usize = 1024;
/// Prior draws that the search for a start begins with.
const PRIOR_DRAWS: usize = 64;

/// A model that can be fitted.
struct Ready {
    /// The data of its series.
    panels: Vec<Panel>,
    /// The model as each of them sees it.
    series: Vec<Model>,
}

impl Ready {
    fn key(&self) -> &str {
        &self.panels[0].key
    }
}

/// Panels that can be fitted, and the parts of those that cannot.
struct Prepared {
    ready: Vec<Ready>,
    parts: BTreeMap<String, Part>,
    notes: Vec<Note>,
}

/// Fits a model file's panels into a run folder. A folder of the same model file, data and seed is
/// resumed; a finished one is read. One bad panel never stops the others.
///
/// # Errors
/// Of the user's input, of the device, of the disk. A model that does not converge is no error: it
/// is `failed` in the tables.
pub fn fit(
    file: &ModelFile,
    options: &Options,
    observe: &mut dyn FnMut(Event),
    cancel: &AtomicBool,
) -> Result<Fit> {
    let begun = Instant::now();
    let dataset = data::load(file, options.data.as_deref())?;
    let identity = Identity::new(file, &dataset.hash, options.seed);
    let Prepared { ready, mut parts, notes } = prepare(file, dataset)?;
    let total = ready.len() + parts.len();
    let texts = notes.iter().map(|note| json!({ "model": note.panel, "text": note.text }));
    let texts: Vec<Value> = texts.collect();
    observe(found(&ready, total, notes));

    let mut folder = Folder::open(&options.out, identity, options.force)?;
    if folder.complete() {
        observe(Event::Resumed { finished: total, total });
        return outcome(folder.dir(), None, begun, false);
    }
    let unfit = parts.len();
    let mut todo = Vec::new();
    for item in ready {
        match folder.part(item.key()) {
            Some(part) => drop(parts.insert(item.key().to_owned(), part)),
            None => todo.push(item),
        }
    }
    if parts.len() > unfit {
        observe(Event::Resumed { finished: parts.len(), total });
    }

    let mut fleet = Fleet {
        file,
        options,
        folder: &folder,
        parts: Mutex::new(parts),
        total,
        work: Work::default(),
        device: None,
    };
    let fitted = fleet.fit(todo, observe, cancel);
    let interrupted = match fitted {
        Err(error) if error.kind() == Kind::Interrupted => true,
        fitted => {
            fitted?;
            false
        }
    };
    let Fleet { parts, work, device, .. } = fleet;
    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let complete = parts.len() == total;
    let mut about = manifest(file, options, &parts, device.as_ref(), work, begun);
    about["notes"] = json!(texts);
    if parts.is_empty() {
        return Err(Error::new(Kind::Interrupted, "stopped before any model was finished"));
    }
    folder.write_tables(parts.into_values().collect(), about, complete)?;
    outcome(folder.dir(), device, begun, interrupted)
}

/// Builds the models; what concerns every panel is an error, what concerns one fails it.
fn prepare(file: &ModelFile, dataset: Dataset) -> Result<Prepared> {
    let Dataset { panels, failed: bad, mut notes, .. } = dataset;
    let advice = "repair the panel's rows and fit again";
    let mut parts: BTreeMap<String, Part> = bad
        .into_iter()
        .map(|panel| (panel.key.clone(), failed(&panel.key, &panel.reason, advice)))
        .collect();
    let mut ready = Vec::new();
    for panels in Dataset::into_models(panels) {
        match model::pool(file, &panels) {
            Ok(Pool { series, notes: its }) => {
                notes.extend(panels.iter().flat_map(|panel| panel.notes.iter().cloned()));
                notes.extend(its);
                ready.push(Ready { panels, series });
            }
            Err(error) if error.place().is_some() => return Err(error),
            Err(error) => {
                let key = &panels[0].key;
                let part = failed(key, error.message(), error.help_text().unwrap_or(advice));
                parts.insert(key.clone(), part);
            }
        }
    }
    if ready.is_empty() {
        return Err(nothing_to_fit(&parts));
    }
    Ok(Prepared { ready, parts, notes })
}

/// The error when not one panel can be fitted.
fn nothing_to_fit(parts: &BTreeMap<String, Part>) -> Error {
    let Some(part) = parts.values().next() else {
        return Error::input("the table has no rows to fit");
    };
    let models = part.models.to_json_rows();
    let first = |column: &str| models["rows"][0][column].as_str().unwrap_or_default().to_owned();
    let message = match parts.len() {
        1 => first("reason"),
        n => {
            format!("none of the {n} panels can be fitted; {}: {}", first("model"), first("reason"))
        }
    };
    Error::input(message).help(first("advice"))
}

fn found(ready: &[Ready], models: usize, notes: Vec<Note>) -> Event {
    let first = ready.first();
    let rows = |r: &Ready| {
        let rows = r.panels.iter().map(|panel| (panel.n_train, panel.dates.len()));
        rows.fold((0, 0), |sum, rows| (sum.0 + rows.0, sum.1 + rows.1))
    };
    let (train, all) = ready.iter().map(rows).max().unwrap_or((0, 0));
    Event::Data {
        models,
        rows: (train, all - train),
        columns: first.map_or((0, 0), |r| (r.panels[0].channels.len(), r.panels[0].controls.len())),
        parameters: first.map_or(0, |r| r.series[0].layout.dim()),
        notes,
    }
}

/// What is known while models are fitted.
struct Fleet<'a> {
    file: &'a ModelFile,
    options: &'a Options,
    folder: &'a Folder,
    /// Parts by the models' keys.
    parts: Mutex<BTreeMap<String, Part>>,
    total: usize,
    work: Work,
    device: Option<Device>,
}

impl Fleet<'_> {
    fn fit(
        &mut self,
        todo: Vec<Ready>,
        observe: &mut dyn FnMut(Event),
        cancel: &AtomicBool,
    ) -> Result<()> {
        if todo.is_empty() {
            return self.keep_unfit();
        }
        let Chosen { device, why, mut gpu } = choose(&self.options.device, todo.len())?;
        observe(Event::Device { device: device.clone(), why });
        self.device = Some(device);
        self.keep_unfit()?;
        let chains = self.file.sampler.chains;
        let together = match &gpu {
            // Small batches: what is finished is kept when the run is stopped.
            None => (4 * rayon::current_num_threads()).max(16),
            Some(gpu) => {
                let fit = |ready: &Ready| GpuEngine::capacity(gpu, &ready.series, chains);
                todo.iter().map(fit).fold(GPU_BATCH, usize::min)
            }
        };
        let together = self.options.batch.unwrap_or(together).max(1);
        for batch in todo.chunks(together) {
            let keys: Vec<Key> =
                batch.iter().map(|r| Key::new(self.options.seed, r.key())).collect();
            let models: Vec<_> =
                batch.iter().map(|r| &r.series[..]).zip(keys.iter().copied()).collect();
            match gpu.take() {
                None => {
                    let mut engine = CpuEngine::new(&models, Space::Sampling, chains);
                    self.batch(&mut engine, batch, &keys, observe, cancel)?;
                }
                Some(device) => {
                    let mut engine = GpuEngine::new(device, &models, Space::Sampling, chains)?;
                    let done = self.batch(&mut engine, batch, &keys, observe, cancel);
                    self.work += engine.work();
                    gpu = Some(engine.into_gpu());
                    done?;
                }
            }
        }
        Ok(())
    }

    /// Parts of panels that could not be fitted are kept like the others.
    fn keep_unfit(&self) -> Result<()> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().try_for_each(|(key, part)| self.folder.keep(key, part))
    }

    /// Samples a batch; each model is judged and written, by any thread, as soon as it is sampled.
    fn batch(
        &self,
        engine: &mut dyn Engine,
        batch: &[Ready],
        keys: &[Key],
        observe: &mut dyn FnMut(Event),
        cancel: &AtomicBool,
    ) -> Result<()> {
        let begun = Instant::now();
        let settings = Settings {
            chains: self.file.sampler.chains,
            ess: self.file.sampler.ess,
            max_gradients: self.file.sampler.max_gradients,
            ..Settings::default()
        };
        let samplers = batch
            .iter()
            .zip(keys)
            .map(|(ready, &key)| sampler(&ready.series, &settings, key))
            .collect::<Result<Vec<_>>>()?;
        let before = self.parts.lock().unwrap_or_else(PoisonError::into_inner).len();
        let total = self.total;
        let news: Mutex<Vec<Event>> = Mutex::new(Vec::new());
        let problem: Mutex<Option<Error>> = Mutex::new(None);
        let ran = rayon::in_place_scope(|scope| {
            let (news, problem, settings) = (&news, &problem, &settings);
            sampler::run(
                engine,
                samplers,
                &mut |progress| {
                    let share = batch.len() as f64 / total as f64;
                    take(news).into_iter().for_each(&mut *observe);
                    observe(Event::Progress {
                        done: before + progress.done,
                        total,
                        fraction: before as f64 / total as f64 + progress.fraction * share,
                    });
                },
                cancel,
                &mut |index, outcome| {
                    let seconds = begun.elapsed().as_secs_f64();
                    scope.spawn(move |_| {
                        let job = Job {
                            series: &batch[index].series,
                            panels: &batch[index].panels,
                            key: keys[index],
                            seed: self.options.seed,
                            ess: settings.ess,
                            seconds,
                        };
                        match self.finish(&job, outcome) {
                            Ok(event) => lock(news).push(event),
                            Err(error) => *lock(problem) = Some(error),
                        }
                    });
                    match lock(problem).take() {
                        Some(error) => Err(error),
                        None => Ok(()),
                    }
                },
            )
        });
        take(&news).into_iter().for_each(&mut *observe);
        match problem.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => ran,
        }
    }

    /// Judges a model and writes it: the draws first, so that a part always has its draws.
    fn finish(&self, job: &Job<'_>, outcome: Outcome) -> Result<Event> {
        let finished = job.finish(outcome);
        let key = job.model();
        if let Some(draws) = finished.draws {
            draws.write(&path::store(self.folder.dir(), key))?;
        }
        self.folder.keep(key, &finished.part)?;
        lock(&self.parts).insert(key.to_owned(), finished.part);
        Ok(Event::Finished { model: key.to_owned(), status: finished.status })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(news: &Mutex<Vec<Event>>) -> Vec<Event> {
    std::mem::take(&mut *lock(news))
}

/// The sampler of a model; what it judges are the values that are stored.
///
/// # Errors
/// Settings that cannot be.
pub fn sampler(
    model: &(impl AsRef<[Model]> + ?Sized),
    settings: &Settings,
    key: Key,
) -> Result<ModelSampler> {
    let series = model.as_ref();
    let layout = &series[0].layout;
    let values = Arc::new(Values::of(series));
    ModelSampler::new(settings, layout.dim(), key, start(series, key), values)
}

/// Prior draws of a model in the sampler's coordinates, and their variances.
fn start(series: &[Model], key: Key) -> Start {
    let layout = &series[0].layout;
    let dim = layout.dim();
    let mut rng = key.stream(Purpose::Prior, 0);
    let mut points = Vec::with_capacity(PRIOR_DRAWS * dim);
    for _ in 0..PRIOR_DRAWS {
        let values = model::draw(series, &mut rng);
        let point = layout.unmap(Space::Sampling, &[], &values);
        points.extend(point.into_iter().map(|u| u as f32));
    }
    let variance = (0..dim)
        .map(|i| {
            let column = || points.iter().skip(i).step_by(dim).map(|&x| f64::from(x));
            let mean = column().sum::<f64>() / PRIOR_DRAWS as f64;
            let squares: f64 = column().map(|x| (x - mean).powi(2)).sum();
            (squares / (PRIOR_DRAWS - 1) as f64) as f32
        })
        .collect();
    Start { points, variance }
}

/// `run.json` besides the identity.
fn manifest(
    file: &ModelFile,
    options: &Options,
    parts: &BTreeMap<String, Part>,
    device: Option<&Device>,
    work: Work,
    begun: Instant,
) -> Value {
    let statuses: serde_json::Map<String, Value> =
        parts.iter().map(|(key, part)| (key.clone(), json!(part.status))).collect();
    json!({
        "model_file": { "path": file.path, "text": file.canonical() },
        "data": options.data.clone().unwrap_or_else(|| file.dir().join(&*file.data.path)),
        "device": device,
        "chains": file.sampler.chains,
        "seconds": begun.elapsed().as_secs_f64(),
        "work": {
            "dispatches": work.dispatches,
            "models_dispatched": work.models,
            "trajectories": work.trajectories,
            "leapfrogs": work.leapfrogs,
            "bytes_read": work.bytes_read,
        },
        "models": statuses,
    })
}

fn outcome(dir: &Path, device: Option<Device>, begun: Instant, interrupted: bool) -> Result<Fit> {
    let run = Run::open(dir)?;
    Ok(Fit {
        run: dir.to_owned(),
        models: run.models()?,
        channels: run.channels()?,
        seconds: begun.elapsed().as_secs_f64(),
        device,
        interrupted,
    })
}
