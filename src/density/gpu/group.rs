//! Models of equal structure on the device: their buffers and kernels, and how requests become
//! dispatches.

use super::Work;
use super::kernels::Kernels;
use super::layout::{self, Job};
use super::pack::{self, Iterations};
use super::run::Run;
use super::scratch::{Scratch, fill, grow, word};
use crate::density::request::{Request, Response};
use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Kernel};

/// Words of output (statistics and draws) that one round of models may need.
const OUTPUT_WORDS: usize = 32 << 20;

/// Models of equal structure on the device.
pub struct Group {
    pub(super) dim: usize,
    /// Values of the models.
    pub n_values: usize,
    pub(super) chains: usize,
    pub(super) kernels: Kernels,
    /// A model and, if it has several series, these: how many there are of each.
    pub(super) models_each: usize,
    pub(super) models: Buffer<layout::Model>,
    pub(super) elements: Buffer<layout::Element>,
    /// What `elements` holds.
    pub(super) packed: Vec<layout::Element>,
    pub(super) rows: Buffer<[f32; 4]>,
    pub(super) factors: Buffer<[f32; 4]>,
    pub(super) state: Buffer<f32>,
    pub(super) scratch: Scratch,
    /// Words of one model's chains.
    pub(super) state_words: usize,
    /// Rows of the states of a model's series, where there are several.
    pub(super) part_rows: usize,
    /// Leapfrog steps that fit into one dispatch, as measured so far.
    pub(super) leapfrogs: u32,
    /// Loop iterations per step, where the device bounds them.
    pub(super) iterations: Iterations,
}

/// Answers by the caller's index.
pub(super) type Answers = Vec<(usize, Response)>;
/// Chains to copy: from, to.
type Pairs = Vec<(u32, u32)>;

impl Group {
    /// Carries out requests, (caller's index, place in the group, request).
    pub fn execute(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, usize, Request)>,
        work: &mut Work,
    ) -> Result<Answers> {
        let mut answers = Answers::new();
        let (mut evaluations, mut placements, mut copies, mut runs) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, place, request) in requests {
            match request {
                Request::Evaluate { points } => evaluations.push((at, points, place)),
                Request::Place { points } => placements.push((at, points, place)),
                Request::Copy { pairs } => copies.push((at, place, pairs)),
                Request::Coordinates { numbers } => {
                    let start = place * self.dim;
                    let elements = &mut self.packed[start..start + self.dim];
                    elements.iter_mut().zip(numbers).for_each(|(element, of)| element.known = of);
                    gpu.write(&self.elements, start, elements)?;
                    answers.push((at, Response::Done));
                }
                Request::Metric { factor } => {
                    let start = place * layout::factor_vectors(self.dim);
                    gpu.write(&self.factors, start, &pack::factor(&factor, self.dim))?;
                    answers.push((at, Response::Done));
                }
                Request::Run { step_size, first, n_steps, collect } => {
                    runs.push(Run { at, place, step_size, first, n_steps, collect });
                }
            }
        }
        self.evaluate(gpu, evaluations, &mut answers)?;
        self.place(gpu, placements, &mut answers)?;
        self.copy(gpu, copies, &mut answers)?;
        for round in self.rounds(runs) {
            self.run(gpu, round, &mut answers, work)?;
        }
        Ok(answers)
    }

    /// Dispatches a kernel over the chains of jobs.
    fn dispatch(
        &mut self,
        gpu: &Gpu,
        kernel: impl Fn(&Kernels) -> &Kernel,
        jobs: &[Job],
    ) -> Result<()> {
        fill(gpu, "jobs", &mut self.scratch.jobs, jobs)?;
        let bound = self.scratch.jobs.part(0..jobs.len());
        gpu.submit(&[self.command(kernel(&self.kernels), bound, jobs, &[&self.state], 1)])
    }

    /// Log densities and gradients of points.
    fn evaluate(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, Vec<f32>, usize)>,
        answers: &mut Answers,
    ) -> Result<()> {
        let dim = self.dim;
        let (rows, part_rows) = (layout::point_rows(self.n_values, dim), self.part_rows);
        let number = |points: &Vec<f32>| points.len() / dim;
        for round in in_rounds(requests, |(_, points, _)| number(points) * rows.max(part_rows)) {
            let total: usize = round.iter().map(|(_, points, _)| number(points)).sum();
            grow(gpu, "points", &mut self.scratch.points, total * rows)?;
            let mut jobs = Vec::with_capacity(round.len());
            let mut before = 0;
            for (_, points, place) in &round {
                let (n, base) = (number(points), before * rows);
                let at = base + layout::candidate_row(self.n_values) * n;
                gpu.write(&self.scratch.points, at, &transpose(points, n, dim))?;
                jobs.push(Job {
                    model: word(place * self.models_each)?,
                    state: word(base)?,
                    parts: word(before * part_rows)?,
                    columns: word(n)?,
                    used: word(n)?,
                    leapfrogs: 1,
                    evaluate: 1,
                    ..Job::default()
                });
                before += n;
            }
            self.density(gpu, true, &jobs)?;
            let mut found: Vec<Vec<f32>> = jobs
                .iter()
                .map(|job| vec![0.0; layout::answer_rows(dim) * job.columns as usize])
                .collect();
            let mut fetches: Vec<_> = jobs
                .iter()
                .zip(&mut found)
                .map(|(job, to)| self.scratch.points.fetch(job.state as usize, to))
                .collect();
            gpu.fetch(&mut fetches)?;
            for ((at, points, _), rows) in round.iter().zip(&found) {
                let n = number(points);
                let (logp, grad) = rows.split_at(n);
                let grad = transpose(grad, dim, n);
                answers.push((*at, Response::Evaluated { logp: logp.to_vec(), grad }));
            }
        }
        Ok(())
    }

    /// Puts chains at points.
    fn place(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, Vec<f32>, usize)>,
        answers: &mut Answers,
    ) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        let (dim, n) = (self.dim, self.chains);
        let mut jobs = Vec::with_capacity(requests.len());
        for (at, points, place) in requests {
            let base = place * self.state_words;
            let candidate = base + layout::candidate_row(self.n_values) * n;
            gpu.write(&self.state, candidate, &transpose(&points, n, dim))?;
            jobs.push(Job { leapfrogs: 1, evaluate: 1, ..self.job(place, jobs.len())? });
            answers.push((at, Response::Done));
        }
        self.density(gpu, false, &jobs)?;
        self.dispatch(gpu, |kernels| &kernels.adopt, &jobs)
    }

    /// Copies chains.
    fn copy(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, usize, Pairs)>,
        answers: &mut Answers,
    ) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        let (mut jobs, mut list) = (Vec::new(), Vec::new());
        for (at, place, pairs) in requests {
            jobs.push(Job {
                used: word(pairs.len())?,
                list: word(list.len())?,
                ..self.job(place, 0)?
            });
            list.extend(pairs.iter().flat_map(|&(from, to)| [from, to]));
            answers.push((at, Response::Done));
        }
        fill(gpu, "lists", &mut self.scratch.lists, &list)?;
        self.dispatch(gpu, |kernels| &kernels.copy, &jobs)
    }

    /// A job on a model's chains, one of several by its number.
    pub(super) fn job(&self, place: usize, number: usize) -> Result<Job> {
        Ok(Job {
            model: word(place * self.models_each)?,
            state: word(place * self.state_words)?,
            parts: word(number * self.part_rows * self.chains)?,
            columns: word(self.chains)?,
            used: word(self.chains)?,
            ..Job::default()
        })
    }

    /// Runs whose output fits on the device together.
    fn rounds(&self, runs: Vec<Run>) -> Vec<Vec<Run>> {
        in_rounds(runs, |run| run.output_words(self.dim, self.chains))
    }
}

/// Splits items into rounds of at most [`OUTPUT_WORDS`], in order.
fn in_rounds<T>(items: Vec<T>, words: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut rounds, mut used) = (Vec::new(), usize::MAX);
    for item in items {
        let need = words(&item);
        if used.saturating_add(need) > OUTPUT_WORDS {
            rounds.push(Vec::new());
            used = 0;
        }
        used += need;
        if let Some(round) = rounds.last_mut() {
            round.push(item);
        }
    }
    rounds
}

/// The transpose of a rows × columns matrix.
pub(super) fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut transposed = vec![0.0; matrix.len()];
    for (r, row) in matrix.chunks_exact(columns).enumerate() {
        for (c, &x) in row.iter().enumerate() {
            transposed[c * rows + r] = x;
        }
    }
    transposed
}
