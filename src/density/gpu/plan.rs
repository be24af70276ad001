//! Which models share kernels, and how their numbers come onto the device.

use super::compose;
use super::group::Group;
use super::kernels::Kernels;
use super::layout;
use super::pack::{self, Iterations};
use super::scratch::{Scratch, word};
use super::shape::Shape;
use crate::density::cpu::Program;
use crate::error::{Error, Result};
use crate::gpu::{self, Gpu};
use crate::math::Key;
use crate::model::{Model, Space, Structure};

/// A model packed for the device.
pub struct Member {
    program: Program<f32>,
    shape: Shape,
    /// What the slots of every series stand for, where there are several.
    slots: Vec<Vec<usize>>,
    key: Key,
}

impl Member {
    /// Packs a model, given as each of its series sees it.
    pub fn new(model: &[Model], key: Key, space: Space) -> Self {
        let program = Program::<f32>::new(model, space);
        let (shape, slots) = Shape::new(&program);
        Self { program, shape, slots, key }
    }

    /// The text of its kernels.
    pub fn program(&self) -> gpu::Program {
        compose::density(&self.shape)
    }
}

/// A group before it has buffers.
pub struct Plan {
    pub shape: Shape,
    members: Vec<Member>,
}

impl Plan {
    /// An empty group for models like this one.
    pub fn new(member: &Member) -> Self {
        Self { shape: member.shape.clone(), members: Vec::new() }
    }

    /// Whether a model can share the group's kernels.
    pub fn fits(&self, member: &Member) -> bool {
        self.shape == member.shape
    }

    /// Adds a model; its place in the group.
    pub fn add(&mut self, member: Member) -> usize {
        self.members.push(member);
        self.members.len() - 1
    }

    /// The longest loops of any member; refused where the device would leave them.
    fn iterations(&self, gpu: &Gpu) -> Result<Iterations> {
        let all = || self.members.iter().map(|member| Iterations::of(&member.program, &self.shape));
        let longest = Iterations {
            leapfrog: all().map(|n| n.leapfrog).max().unwrap_or(1),
            trajectory: all().map(|n| n.trajectory).max().unwrap_or(1),
        };
        let (info, step) = (gpu.info(), longest.leapfrog.saturating_add(longest.trajectory));
        if step > info.max_iterations {
            return Err(Error::device(format!(
                "a model of {} parameters is too large for {}, which leaves a loop after {} \
                 iterations",
                self.shape.structure.dim, info.name, info.max_iterations
            ))
            .help("use --device cpu, or a hardware GPU"));
        }
        Ok(longest)
    }

    /// Compiles the kernels and fills the buffers.
    pub fn build(self, gpu: &Gpu, chains: usize, program: &gpu::Program) -> Result<Group> {
        let iterations = self.iterations(gpu)?;
        let Shape { structure: Structure { dim, n_values, .. }, series, slots, .. } = self.shape;
        let returns = self.shape.structure.joint_returns();
        let (mut models, mut elements, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (m, member) in self.members.iter().enumerate() {
            let mut its = pack::numbers(&member.program, &self.shape, &member.slots, &mut rows)?;
            its[0] = layout::Model {
                elements: word(elements.len())?,
                factor: word(m * layout::factor_vectors(dim))?,
                key: member.key.0,
                ..its[0]
            };
            models.extend(its);
            elements.extend(pack::elements(&member.program));
        }
        let state_words = layout::chain_rows(n_values, dim) * chains;
        let n = self.members.len();
        Ok(Group {
            dim,
            n_values,
            chains,
            kernels: Kernels::new(gpu, program, &self.shape)?,
            models_each: models.len() / n,
            models: gpu.buffer_from("models", &models)?,
            elements: gpu.buffer_from("elements", &elements)?,
            packed: elements,
            rows: gpu.buffer_from("rows", &rows)?,
            factors: gpu.buffer("metric factors", n * layout::factor_vectors(dim))?,
            state: gpu.buffer("chains", n * state_words)?,
            scratch: Scratch::new(gpu)?,
            state_words,
            part_rows: if series == 1 { 0 } else { series * layout::part_rows(slots, returns) },
            // A step of several series may be large.
            leapfrogs: if series == 1 { 8 } else { 1 },
            iterations,
        })
    }
}
