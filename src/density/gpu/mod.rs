//! The GPU engine: one invocation per chain, many models × chains in one dispatch, whole
//! trajectories without the host.

mod body;
mod calibration;
mod channel;
mod compose;
mod curved;
mod group;
mod kernels;
mod layout;
mod pack;
mod plan;
mod priors;
mod run;
mod scratch;
mod shape;
mod steps;

use super::request::{Engine, Request, Response};
use crate::error::{Error, Result};
use crate::gpu::{Gpu, Program};
use crate::math::Key;
use crate::model::{Model, Space};
use group::Group;
use plan::{Member, Plan};
use shape::{Shape, most_slots};

/// What the engine has done so far; `run.json` reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Dispatches that ran trajectories.
    pub dispatches: u64,
    /// Models in those dispatches, summed.
    pub models: u64,
    /// Trajectories, summed over models (all chains of a model make one).
    pub trajectories: u64,
    /// Leapfrog steps, summed over models.
    pub leapfrogs: u64,
    /// Bytes read back, in total.
    pub bytes_read: u64,
}

impl std::ops::AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.dispatches += other.dispatches;
        self.models += other.models;
        self.trajectories += other.trajectories;
        self.leapfrogs += other.leapfrogs;
        self.bytes_read += other.bytes_read;
    }
}

/// Runs requests on a device.
pub struct GpuEngine {
    gpu: Gpu,
    groups: Vec<Group>,
    /// Group and place in it of every model.
    places: Vec<(usize, usize)>,
    work: Work,
    /// Bytes the device had sent before this engine.
    read_before: u64,
}

impl GpuEngine {
    /// An engine for some models, each given as its series see it, in one space. Models of equal
    /// structure share kernels.
    ///
    /// # Errors
    /// The device refuses a kernel, or its memory does not suffice.
    pub fn new(
        gpu: Gpu,
        models: &[(impl AsRef<[Model]>, Key)],
        space: Space,
        chains: usize,
    ) -> Result<Self> {
        Self::by(compose::density, gpu, models, space, chains)
    }

    /// With given kernels.
    fn by(
        program: impl Fn(&Shape) -> Program,
        gpu: Gpu,
        models: &[(impl AsRef<[Model]>, Key)],
        space: Space,
        chains: usize,
    ) -> Result<Self> {
        let mut plans: Vec<Plan> = Vec::new();
        let mut places = Vec::with_capacity(models.len());
        for (model, key) in models {
            let member = Member::new(model.as_ref(), *key, space);
            let at = match plans.iter().position(|plan| plan.fits(&member)) {
                Some(at) => at,
                None => {
                    plans.push(Plan::new(&member));
                    plans.len() - 1
                }
            };
            places.push((at, plans[at].add(member)));
        }
        let build = |plan: Plan| {
            let program = program(&plan.shape);
            plan.build(&gpu, chains, &program)
        };
        let groups = plans.into_iter().map(build).collect::<Result<_>>()?;
        let read_before = gpu.counters().bytes_read;
        Ok(Self { gpu, groups, places, work: Work::default(), read_before })
    }

    /// How many models like this one, given as its series see it, fit into the buffers of the device.
    pub fn capacity(gpu: &Gpu, model: &[Model], chains: usize) -> usize {
        let words = gpu.info().max_buffer.min(gpu.info().max_storage_binding) / 4;
        let structure = &model[0].structure;
        let mut rows = layout::chain_rows(structure.n_values, structure.dim);
        if model.len() > 1 {
            rows = rows.max(
                model.len() * layout::part_rows(most_slots(&model[0]), structure.joint_returns()),
            );
        }
        let per_model = (rows * chains).max(4 * layout::factor_vectors(structure.dim));
        usize::try_from(words).unwrap_or(usize::MAX).min(u32::MAX as usize) / per_model
    }

    /// What was done so far.
    pub fn work(&self) -> Work {
        let bytes_read = self.gpu.counters().bytes_read - self.read_before;
        Work { bytes_read, ..self.work }
    }

    /// Gives the device back, with its compiled kernels.
    pub fn into_gpu(self) -> Gpu {
        self.gpu
    }
}

impl Engine for GpuEngine {
    fn execute(&mut self, requests: Vec<(usize, Request)>) -> Result<Vec<Response>> {
        let mut queues: Vec<Vec<(usize, usize, Request)>> = Vec::new();
        queues.resize_with(self.groups.len(), Vec::new);
        let n = requests.len();
        for (at, (model, request)) in requests.into_iter().enumerate() {
            let (group, place) = self.places[model];
            queues[group].push((at, place, request));
        }
        let mut answers: Vec<Option<Response>> = Vec::new();
        answers.resize_with(n, || None);
        for (group, queue) in self.groups.iter_mut().zip(queues) {
            for (at, response) in group.execute(&self.gpu, queue, &mut self.work)? {
                answers[at] = Some(response);
            }
        }
        answers.into_iter().collect::<Option<_>>().ok_or_else(|| Error::bug("a request was lost"))
    }
}

/// The kernels of a model as text, for checks without a device.
pub fn program(model: &(impl AsRef<[Model]> + ?Sized), space: Space) -> Program {
    Member::new(model.as_ref(), Key([0; 2]), space).program()
}

#[cfg(test)]
mod tests;
