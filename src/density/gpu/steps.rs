//! Leapfrog steps and evaluations as dispatches.

use super::group::Group;
use super::kernels::{Parts, Steps, WORKGROUP};
use super::layout::Job;
use super::scratch::{fill, grow};
use crate::error::Result;
use crate::gpu::{Buffer, Command, Gpu, Kernel, Part};

/// Jobs from one step to the next: a binding begins at a multiple of 256 bytes.
const ALIGNED: usize = 256 / size_of::<Job>();

impl Group {
    /// Whether a step is a dispatch of its own, or several.
    pub(super) fn in_parts(&self) -> bool {
        matches!(self.kernels.steps, Steps::Parts(_))
    }

    /// Evaluates the candidates of jobs on chains or, with `points`, on points.
    pub(super) fn density(&mut self, gpu: &Gpu, points: bool, jobs: &[Job]) -> Result<()> {
        self.steps(gpu, points, &[jobs.to_vec()], None)
    }

    /// Does the leapfrog steps of jobs, one list after the other; `lists` has the lengths of their
    /// trajectories.
    pub(super) fn leap(&mut self, gpu: &Gpu, jobs: &[Vec<Job>], lists: &[u32]) -> Result<()> {
        self.steps(gpu, false, jobs, Some(lists))
    }

    fn steps(
        &mut self,
        gpu: &Gpu,
        points: bool,
        steps: &[Vec<Job>],
        lists: Option<&[u32]>,
    ) -> Result<()> {
        let (mut all, mut ranges) = (Vec::new(), Vec::new());
        for jobs in steps {
            all.resize(all.len().next_multiple_of(ALIGNED), Job::default());
            ranges.push(all.len()..all.len() + jobs.len());
            all.extend_from_slice(jobs);
        }
        fill(gpu, "jobs", &mut self.scratch.jobs, &all)?;
        let end = |job: &Job| job.parts as usize + self.part_rows * job.columns as usize;
        let parts = all.iter().map(end).max().unwrap_or(0);
        grow(gpu, "series", &mut self.scratch.parts, parts)?;
        let state = if points { &self.scratch.points } else { &self.state };
        let mut commands = Vec::new();
        for (jobs, range) in steps.iter().zip(ranges) {
            let bound = self.scratch.jobs.part(range);
            match &self.kernels.steps {
                Steps::Whole(run) => commands.push(self.command(run, bound, jobs, &[state], 1)),
                Steps::Parts(parts) => {
                    commands.extend(self.parts(parts, bound, jobs, state, lists));
                }
            }
        }
        gpu.submit(&commands)
    }

    /// One leapfrog step of models of several series, or an evaluation.
    fn parts<'a>(
        &'a self,
        parts: &'a Parts,
        bound: Part<'a>,
        jobs: &[Job],
        state: &'a Buffer<f32>,
        lists: Option<&[u32]>,
    ) -> Vec<Command<'a>> {
        let Parts { blocks, series, n_values, .. } = *parts;
        let (chains, of_series) = ([state, &self.scratch.parts], [&self.scratch.parts, state]);
        let command =
            |kernel, states, depth| self.command(kernel, bound.clone(), jobs, states, depth);
        let first = lists.is_some() && jobs.iter().any(|job| job.step == 0);
        let length = |lists: &[u32], job: &Job| lists[(job.list + job.trajectory) as usize];
        let last = lists.is_some_and(|l| jobs.iter().any(|job| job.step + 1 == length(l, job)));
        let mut commands = Vec::new();
        if first {
            commands.push(command(&parts.start, &chains, 1));
        }
        if lists.is_some() {
            commands.push(command(&parts.kick, &chains, blocks));
            commands.push(command(&parts.drift, &chains, blocks));
        }
        commands.push(command(&parts.values, &chains, 1));
        commands.extend(parts.returns.as_ref().map(|kernel| command(kernel, &of_series, series)));
        commands.extend([
            command(&parts.likelihoods, &of_series, series),
            command(&parts.gather, &chains, n_values),
            command(&parts.settle, &chains, 1),
        ]);
        if last {
            commands.push(command(&parts.last_kick, &chains, blocks));
            commands.push(command(&parts.stop, &chains, 1));
        }
        commands
    }

    /// A dispatch of a kernel over the columns of jobs, where they are bound; `states` is that which the
    /// kernel works on, then the other one, if it has one.
    pub(super) fn command<'a>(
        &'a self,
        kernel: &'a Kernel,
        bound: Part<'a>,
        jobs: &[Job],
        states: &[&'a Buffer<f32>],
        depth: usize,
    ) -> Command<'a> {
        let columns = jobs.iter().map(|job| job.used as usize).max().unwrap_or(0);
        let mut bindings = vec![
            bound,
            self.scratch.lists.all(),
            self.models.all(),
            self.elements.all(),
            self.rows.all(),
            self.factors.all(),
            states[0].all(),
            self.scratch.output.all(),
        ];
        bindings.extend(states[1..].iter().map(|other| other.all()));
        let workgroups = [columns.div_ceil(WORKGROUP) as u32, jobs.len() as u32, depth as u32];
        Command::Dispatch { kernel, bindings, workgroups }
    }
}
