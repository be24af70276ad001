//! Trajectories of a group's models: dispatch after dispatch without the host, then one read.

use super::Work;
use super::group::{Answers, Group, transpose};
use super::kernels::WORKGROUP;
use super::layout::{Job, SumJob};
use super::pack::Iterations;
use super::scratch::{fill, grow, word};
use crate::density::request::{Collect, Moments, Ran, Response};
use crate::error::Result;
use crate::gpu::{Command, Gpu};
use std::time::{Duration, Instant};

/// How long one dispatch should take: far below the drivers' watchdogs, far above its overhead.
const DISPATCH: Duration = Duration::from_millis(50);

/// Leapfrog steps of one submission at most, in one dispatch or in parts.
const MOST: u32 = 65_536;
const MOST_IN_PARTS: u32 = 64;

/// A run request of one model.
pub(super) struct Run {
    pub at: usize,
    pub place: usize,
    pub step_size: f32,
    pub first: u32,
    pub n_steps: Vec<u32>,
    pub collect: Collect,
}

impl Run {
    /// Arrays recorded after every trajectory.
    pub fn record(&self) -> usize {
        match self.collect {
            Collect::Nothing => 0,
            Collect::Draws => 1,
            Collect::Moments { .. } => 2,
        }
    }

    pub fn output_words(&self, dim: usize, chains: usize) -> usize {
        self.n_steps.len() * (4 + self.record() * dim) * chains
    }
}

impl Group {
    /// Runs trajectories: dispatch after dispatch without reading anything, then one read.
    pub(super) fn run(
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
                ..self.job(run.place, jobs.len())?
            });
            list.extend_from_slice(&run.n_steps);
            output += run.output_words(dim, chains);
        }
        grow(gpu, "output", &mut self.scratch.output, output)?;
        fill(gpu, "lists", &mut self.scratch.lists, &list)?;
        self.trajectories(gpu, &runs, &mut jobs, &list, work)?;

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
        list: &[u32],
        work: &mut Work,
    ) -> Result<()> {
        // In parts a step is a dispatch, else a dispatch has as many as it may.
        let most = if self.in_parts() { MOST_IN_PARTS } else { MOST };
        loop {
            let (steps, each) =
                if self.in_parts() { (self.leapfrogs, 1) } else { (1, self.leapfrogs) };
            let (mut done, mut full) = (Vec::new(), false);
            for _ in 0..steps {
                let mut live = Vec::with_capacity(jobs.len());
                full = false;
                for (job, run) in jobs.iter_mut().zip(runs) {
                    if job.trajectory == job.n_trajectories {
                        continue;
                    }
                    let begin = *job;
                    let allowed = gpu.info().max_iterations;
                    let taken = advance(job, run, each, &self.iterations, allowed, work);
                    live.push(Job { leapfrogs: taken, ..begin });
                    full |= taken == each;
                }
                if live.is_empty() {
                    break;
                }
                work.dispatches += 1;
                work.models += live.len() as u64;
                done.push(live);
            }
            if done.is_empty() {
                return Ok(());
            }
            let begun = Instant::now();
            self.leap(gpu, &done, list)?;
            gpu.wait()?;
            if full {
                self.leapfrogs = resized(self.leapfrogs, begun.elapsed()).min(most);
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
        let workgroups = (dim * dim + dim + chains * dim).div_ceil(WORKGROUP) as u32;
        let in_a_row = workgroups.min(gpu.info().max_workgroups);
        gpu.submit(&[Command::Dispatch {
            kernel: &self.kernels.moments,
            bindings: vec![
                self.scratch.sum_jobs.all(),
                self.scratch.output.all(),
                self.scratch.centers.all(),
                self.scratch.sums.all(),
            ],
            workgroups: [in_a_row, sum_jobs.len() as u32, workgroups.div_ceil(in_a_row)],
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
    (f64::from(leapfrogs) * ratio.clamp(0.25, 4.0)).round().max(1.0) as u32
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
