//! Models of equal structure on the device: their buffers and kernels, and how requests become
//! dispatches.

use super::Work;
use super::compose;
use super::layout::{self, Job, SumJob};
use super::pack::{self, Columns, Iterations};
use crate::density::cpu::Program;
use crate::density::request::{Collect, Moments, Ran, Request, Response};
use crate::error::{Error, Result};
use crate::gpu::{Access, Buffer, Command, Gpu, Kernel};
use crate::math::Key;
use crate::model::{Model, Space, Structure};
use std::time::{Duration, Instant};

/// Invocations per workgroup.
const WORKGROUP: usize = 64;
/// How long one dispatch should take: far below the drivers' watchdogs, far above its overhead.
const DISPATCH: Duration = Duration::from_millis(50);
/// Words of output (statistics and draws) that one round of models may need.
const OUTPUT_WORDS: usize = 32 << 20;

/// A model packed for the device.
pub struct Member {
    program: Program<f32>,
    columns: Columns,
    key: Key,
}

impl Member {
    /// Packs a model.
    pub fn new(model: &Model, key: Key, space: Space) -> Self {
        let program = Program::<f32>::new(model, space);
        let columns = Columns {
            dense: program.dense_elements.clone(),
            channels: program.structure.channels.len(),
        };
        Self { program, columns, key }
    }

    /// The text of its kernels.
    pub fn program(&self) -> crate::gpu::Program {
        compose::density(&self.program.structure, &self.columns)
    }
}

/// A group before it has buffers.
pub struct Plan {
    structure: Structure,
    columns: Columns,
    members: Vec<Member>,
}

impl Plan {
    /// An empty group for models like this one.
    pub fn new(member: &Member) -> Self {
        let (structure, columns) = (member.program.structure.clone(), member.columns.clone());
        Self { structure, columns, members: Vec::new() }
    }

    /// Whether a model can share the group's kernels.
    pub fn fits(&self, member: &Member) -> bool {
        self.structure == member.program.structure && self.columns == member.columns
    }

    /// Adds a model; its place in the group.
    pub fn add(&mut self, member: Member) -> usize {
        self.members.push(member);
        self.members.len() - 1
    }

    /// The longest loops of any member.
    fn iterations(&self) -> Iterations {
        let all = || self.members.iter().map(|member| Iterations::of(&member.program));
        Iterations {
            leapfrog: all().map(|n| n.leapfrog).max().unwrap_or(1),
            trajectory: all().map(|n| n.trajectory).max().unwrap_or(1),
        }
    }

    /// Compiles the kernels and fills the buffers.
    pub fn build(self, gpu: &Gpu, chains: usize) -> Result<Group> {
        let dim = self.structure.dim;
        let (mut models, mut elements, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (m, member) in self.members.iter().enumerate() {
            let packed = pack::rows(&member.program, &self.columns);
            models.push(layout::Model {
                rows: word(rows.len())?,
                row_stride: word(packed.stride)?,
                n_rows: word(packed.n_rows)?,
                n_train: word(member.program.n_train)?,
                elements: word(elements.len())?,
                factor: word(m * layout::factor_vectors(dim))?,
                key: member.key.0,
                lower: member.program.lower as f32,
                ..Default::default()
            });
            elements.extend(pack::elements(&member.program));
            rows.extend(packed.numbers);
        }
        let state_words = layout::chain_rows(dim) * chains;
        let program = compose::density(&self.structure, &self.columns);
        use Access::{Read, ReadWrite};
        let shared = [Read, Read, Read, Read, Read, Read, ReadWrite, ReadWrite];
        let kernel = |entry: &str| {
            gpu.kernel(entry, &program, entry, &shared, &[("WORKGROUP", WORKGROUP as f64)])
        };
        let sums = compose::moments(dim);
        let n = self.members.len();
        Ok(Group {
            dim,
            chains,
            run: kernel("run")?,
            adopt: kernel("adopt")?,
            copy: kernel("copy_chains")?,
            moments: gpu.kernel(
                "moments",
                &sums,
                "moments",
                &[Read, Read, Read, ReadWrite],
                &[("WORKGROUP", WORKGROUP as f64)],
            )?,
            models: gpu.buffer_from("models", &models)?,
            elements: gpu.buffer_from("elements", &elements)?,
            rows: gpu.buffer_from("rows", &rows)?,
            factors: gpu.buffer("metric factors", n * layout::factor_vectors(dim))?,
            state: gpu.buffer("chains", n * state_words)?,
            scratch: Scratch::new(gpu)?,
            state_words,
            leapfrogs: 8,
            iterations: self.iterations(),
        })
    }
}

/// A position in a buffer as the kernels take it.
fn word(at: usize) -> Result<u32> {
    u32::try_from(at).map_err(|_| {
        Error::device("the batch needs more than 2^32 words on the device")
            .help("fit fewer models at once with --shard i/n")
    })
}

/// Buffers that grow with the requests.
struct Scratch {
    jobs: Buffer<Job>,
    lists: Buffer<u32>,
    points: Buffer<f32>,
    output: Buffer<f32>,
    sum_jobs: Buffer<SumJob>,
    centers: Buffer<f32>,
    sums: Buffer<f32>,
}

impl Scratch {
    fn new(gpu: &Gpu) -> Result<Self> {
        Ok(Self {
            jobs: gpu.buffer("jobs", 1)?,
            lists: gpu.buffer("lists", 1)?,
            points: gpu.buffer("points", 1)?,
            output: gpu.buffer("output", 1)?,
            sum_jobs: gpu.buffer("sum jobs", 1)?,
            centers: gpu.buffer("centers", 1)?,
            sums: gpu.buffer("sums", 1)?,
        })
    }
}

/// Makes a buffer at least this long; what was in it is lost.
fn grow<T: bytemuck::Pod>(
    gpu: &Gpu,
    label: &str,
    buffer: &mut Buffer<T>,
    len: usize,
) -> Result<()> {
    if buffer.len() < len {
        *buffer = gpu.buffer(label, len.next_power_of_two())?;
    }
    Ok(())
}

/// Grows a buffer and fills its beginning.
fn fill<T: bytemuck::Pod>(
    gpu: &Gpu,
    label: &str,
    buffer: &mut Buffer<T>,
    data: &[T],
) -> Result<()> {
    grow(gpu, label, buffer, data.len())?;
    gpu.write(buffer, 0, data)
}

/// Models of equal structure on the device.
pub struct Group {
    dim: usize,
    chains: usize,
    run: Kernel,
    adopt: Kernel,
    copy: Kernel,
    moments: Kernel,
    models: Buffer<layout::Model>,
    elements: Buffer<layout::Element>,
    rows: Buffer<[f32; 4]>,
    factors: Buffer<[f32; 4]>,
    state: Buffer<f32>,
    scratch: Scratch,
    /// Words of one model's chains.
    state_words: usize,
    /// Leapfrog steps that fit into one dispatch, as measured so far.
    leapfrogs: u32,
    /// Loop iterations per step, where the device bounds them.
    iterations: Iterations,
}

/// A run request of one model.
struct Run {
    at: usize,
    place: usize,
    step_size: f32,
    first: u32,
    n_steps: Vec<u32>,
    collect: Collect,
}

impl Run {
    /// Arrays recorded after every trajectory.
    fn record(&self) -> usize {
        match self.collect {
            Collect::Nothing => 0,
            Collect::Draws => 1,
            Collect::Moments { .. } => 2,
        }
    }

    fn output_words(&self, dim: usize, chains: usize) -> usize {
        self.n_steps.len() * (4 + self.record() * dim) * chains
    }
}

type Answers = Vec<(usize, Response)>;

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

    /// Dispatches a kernel of the density's program over jobs.
    fn dispatch(&self, gpu: &Gpu, kernel: &Kernel, points: bool, jobs: &[Job]) -> Result<()> {
        let columns = jobs.iter().map(|job| job.used as usize).max().unwrap_or(0);
        gpu.write(&self.scratch.jobs, 0, jobs)?;
        let state = if points { &self.scratch.points } else { &self.state };
        gpu.submit(&[Command::Dispatch {
            kernel,
            bindings: vec![
                self.scratch.jobs.all(),
                self.scratch.lists.all(),
                self.models.all(),
                self.elements.all(),
                self.rows.all(),
                self.factors.all(),
                state.all(),
                self.scratch.output.all(),
            ],
            workgroups: [columns.div_ceil(WORKGROUP) as u32, jobs.len() as u32, 1],
        }])
    }

    /// Log densities and gradients of points.
    fn evaluate(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, Vec<f32>, usize)>,
        answers: &mut Answers,
    ) -> Result<()> {
        let dim = self.dim;
        let words = |points: &Vec<f32>| points.len() / dim * layout::point_rows(dim);
        for round in in_rounds(requests, |(_, points, _)| words(points)) {
            let total = round.iter().map(|(_, points, _)| words(points)).sum();
            grow(gpu, "points", &mut self.scratch.points, total)?;
            grow(gpu, "jobs", &mut self.scratch.jobs, round.len())?;
            let mut jobs = Vec::with_capacity(round.len());
            let mut base = 0;
            for (_, points, place) in &round {
                let n = points.len() / dim;
                let at = base + layout::candidate_row(dim) * n;
                gpu.write(&self.scratch.points, at, &transpose(points, n, dim))?;
                jobs.push(Job {
                    model: word(*place)?,
                    state: word(base)?,
                    columns: word(n)?,
                    used: word(n)?,
                    leapfrogs: 1,
                    evaluate: 1,
                    ..Job::default()
                });
                base += words(points);
            }
            self.dispatch(gpu, &self.run, true, &jobs)?;
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
                let n = points.len() / dim;
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
        grow(gpu, "jobs", &mut self.scratch.jobs, requests.len())?;
        let mut jobs = Vec::with_capacity(requests.len());
        for (at, points, place) in requests {
            let base = place * self.state_words;
            let candidate = base + layout::candidate_row(dim) * n;
            gpu.write(&self.state, candidate, &transpose(&points, n, dim))?;
            jobs.push(Job { leapfrogs: 1, evaluate: 1, ..self.job(place)? });
            answers.push((at, Response::Done));
        }
        self.dispatch(gpu, &self.run, false, &jobs)?;
        self.dispatch(gpu, &self.adopt, false, &jobs)
    }

    /// Copies chains.
    fn copy(
        &mut self,
        gpu: &Gpu,
        requests: Vec<(usize, usize, Vec<(u32, u32)>)>,
        answers: &mut Answers,
    ) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        grow(gpu, "jobs", &mut self.scratch.jobs, requests.len())?;
        let (mut jobs, mut list) = (Vec::new(), Vec::new());
        for (at, place, pairs) in requests {
            jobs.push(Job {
                used: word(pairs.len())?,
                list: word(list.len())?,
                ..self.job(place)?
            });
            list.extend(pairs.iter().flat_map(|&(from, to)| [from, to]));
            answers.push((at, Response::Done));
        }
        fill(gpu, "lists", &mut self.scratch.lists, &list)?;
        self.dispatch(gpu, &self.copy, false, &jobs)
    }

    /// A job on a model's chains.
    fn job(&self, place: usize) -> Result<Job> {
        Ok(Job {
            model: word(place)?,
            state: word(place * self.state_words)?,
            columns: word(self.chains)?,
            used: word(self.chains)?,
            ..Job::default()
        })
    }

    /// Runs whose output fits on the device together.
    fn rounds(&self, runs: Vec<Run>) -> Vec<Vec<Run>> {
        in_rounds(runs, |run| run.output_words(self.dim, self.chains))
    }

    /// Runs trajectories: dispatch after dispatch without reading anything, then one read.
    fn run(
        &mut self,
        gpu: &Gpu,
        runs: Vec<Run>,
        answers: &mut Answers,
        work: &mut Work,
    ) -> Result<()> {
        let (dim, chains) = (self.dim, self.chains);
        let (mut jobs, mut list, mut output) = (Vec::new(), Vec::new(), 0);
        for run in &runs {
            jobs.push(Job {
                output: word(output)?,
                list: word(list.len())?,
                n_trajectories: word(run.n_steps.len())?,
                first: run.first,
                record: word(run.record())?,
                step_size: run.step_size,
                ..self.job(run.place)?
            });
            list.extend_from_slice(&run.n_steps);
            output += run.output_words(dim, chains);
        }
        grow(gpu, "jobs", &mut self.scratch.jobs, jobs.len())?;
        grow(gpu, "output", &mut self.scratch.output, output)?;
        fill(gpu, "lists", &mut self.scratch.lists, &list)?;
        self.trajectories(gpu, &runs, &mut jobs, work)?;

        let sums = self.sums(gpu, &runs, &jobs)?;
        // Statistics always; records only where they are the answer.
        let mut words: Vec<Vec<f32>> = Vec::with_capacity(runs.len());
        for run in &runs {
            let records = if matches!(run.collect, Collect::Draws) { dim } else { 0 };
            words.push(vec![0.0; run.n_steps.len() * (4 + records) * chains]);
        }
        let mut fetches: Vec<_> = jobs
            .iter()
            .zip(&mut words)
            .map(|(job, to)| self.scratch.output.fetch(job.output as usize, to))
            .collect();
        gpu.fetch(&mut fetches)?;
        for ((run, words), moments) in runs.iter().zip(&words).zip(sums) {
            answers.push((run.at, Response::Ran(unpack(run, words, moments, dim, chains))));
        }
        Ok(())
    }

    /// Dispatches until every job has done all its trajectories.
    fn trajectories(
        &mut self,
        gpu: &Gpu,
        runs: &[Run],
        jobs: &mut [Job],
        work: &mut Work,
    ) -> Result<()> {
        loop {
            let mut live = Vec::with_capacity(jobs.len());
            let mut full = false;
            for (job, run) in jobs.iter_mut().zip(runs) {
                if job.trajectory == job.n_trajectories {
                    continue;
                }
                let begin = *job;
                let allowed = gpu.info().max_iterations;
                let taken = advance(job, run, self.leapfrogs, &self.iterations, allowed, work);
                live.push(Job { leapfrogs: taken, ..begin });
                full |= taken == self.leapfrogs;
            }
            if live.is_empty() {
                return Ok(());
            }
            let begun = Instant::now();
            self.dispatch(gpu, &self.run, false, &live)?;
            gpu.wait()?;
            work.dispatches += 1;
            work.models += live.len() as u64;
            if full {
                self.leapfrogs = resized(self.leapfrogs, begun.elapsed());
            }
        }
    }

    /// The sums of the runs that want them.
    fn sums(&mut self, gpu: &Gpu, runs: &[Run], jobs: &[Job]) -> Result<Vec<Option<Moments>>> {
        let (dim, chains) = (self.dim, self.chains);
        let words = 2 * dim * dim + dim + chains * dim;
        let (mut sum_jobs, mut centers) = (Vec::new(), Vec::new());
        for (run, job) in runs.iter().zip(jobs) {
            let Collect::Moments { center } = &run.collect else { continue };
            sum_jobs.push(SumJob {
                records: job.output + word(run.n_steps.len() * 4 * chains)?,
                columns: job.columns,
                n_trajectories: job.n_trajectories,
                center: word(centers.len())?,
                sums: word(sum_jobs.len() * words)?,
                ..SumJob::default()
            });
            centers.extend_from_slice(center);
        }
        if sum_jobs.is_empty() {
            return Ok(runs.iter().map(|_| None).collect());
        }
        fill(gpu, "sum jobs", &mut self.scratch.sum_jobs, &sum_jobs)?;
        fill(gpu, "centers", &mut self.scratch.centers, &centers)?;
        grow(gpu, "sums", &mut self.scratch.sums, sum_jobs.len() * words)?;
        let invocations = dim * dim + dim + chains * dim;
        gpu.submit(&[Command::Dispatch {
            kernel: &self.moments,
            bindings: vec![
                self.scratch.sum_jobs.all(),
                self.scratch.output.all(),
                self.scratch.centers.all(),
                self.scratch.sums.all(),
            ],
            workgroups: [invocations.div_ceil(WORKGROUP) as u32, sum_jobs.len() as u32, 1],
        }])?;
        let found = gpu.read(&self.scratch.sums, 0..sum_jobs.len() * words)?;
        let mut found = found.chunks_exact(words);
        let wide = |words: &[f32]| words.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        Ok(runs
            .iter()
            .map(|run| {
                let Collect::Moments { .. } = run.collect else { return None };
                let (xx, rest) = found.next()?.split_at(dim * dim);
                let (gg, rest) = rest.split_at(dim * dim);
                let (g, x) = rest.split_at(dim);
                let trajectories = run.n_steps.len();
                Some(Moments { trajectories, x: wide(x), g: wide(g), xx: wide(xx), gg: wide(gg) })
            })
            .collect())
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

/// Moves a job's cursor over its next leapfrogs, at most `most` and at least one, within the loop
/// iterations the device allows; how many it took.
fn advance(
    job: &mut Job,
    run: &Run,
    most: u32,
    iterations: &Iterations,
    allowed: u32,
    work: &mut Work,
) -> u32 {
    // A dispatch may end one trajectory and begin the next.
    let mut left = allowed.saturating_sub(2 * iterations.trajectory);
    let mut taken = 0;
    while taken < most && job.trajectory < job.n_trajectories {
        if taken > 0 && left < iterations.leapfrog {
            break;
        }
        left = left.saturating_sub(iterations.leapfrog);
        taken += 1;
        job.step += 1;
        if job.step == run.n_steps[job.trajectory as usize] {
            job.step = 0;
            job.trajectory += 1;
            work.trajectories += 1;
            left = left.saturating_sub(iterations.trajectory);
        }
    }
    work.leapfrogs += u64::from(taken);
    taken
}

/// How many leapfrogs fit into [`DISPATCH`], by the time some took; changes by a factor of 4 at
/// most, since one measurement is noisy.
fn resized(leapfrogs: u32, elapsed: Duration) -> u32 {
    let ratio = DISPATCH.as_secs_f64() / elapsed.as_secs_f64().max(1e-6);
    (f64::from(leapfrogs) * ratio.clamp(0.25, 4.0)).round().clamp(1.0, 65_536.0) as u32
}

/// The answer of a run from its words.
fn unpack(run: &Run, words: &[f32], moments: Option<Moments>, dim: usize, chains: usize) -> Ran {
    let n = run.n_steps.len();
    let (statistics, records) = words.split_at(n * 4 * chains);
    let mut ran = Ran { moments, ..Ran::default() };
    for rows in statistics.chunks_exact(4 * chains) {
        let into = [&mut ran.acceptance, &mut ran.energy_error, &mut ran.energy, &mut ran.logp];
        for (to, row) in into.into_iter().zip(rows.chunks_exact(chains)) {
            to.extend_from_slice(row);
        }
    }
    for record in records.chunks_exact(dim * chains) {
        ran.draws.extend(transpose(record, dim, chains));
    }
    ran
}

/// The transpose of a rows × columns matrix.
fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut transposed = vec![0.0; matrix.len()];
    for (r, row) in matrix.chunks_exact(columns).enumerate() {
        for (c, &x) in row.iter().enumerate() {
            transposed[c * rows + r] = x;
        }
    }
    transposed
}
