//! Which models share kernels, and how their numbers come onto the device.

use super::compose;
use super::group::{Group, WORKGROUP};
use super::layout;
use super::pack::{self, Iterations};
use super::scratch::{Scratch, word};
use super::shape::Shape;
use crate::density::cpu::Program;
use crate::error::{Error, Result};
use crate::gpu::{Access, Gpu};
use crate::math::Key;
use crate::model::{Model, Space};

/// A model packed for the device.
pub struct Member {
    program: Program<f32>,
    shape: Shape,
    /// Slots of every series, where there are several.
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
    pub fn program(&self) -> crate::gpu::Program {
        compose::density(&self.shape)
    }
}

/// A group before it has buffers.
pub struct Plan {
    shape: Shape,
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
        let all = || self.members.iter().map(|member| Iterations::of(&member.program));
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
    pub fn build(self, gpu: &Gpu, chains: usize) -> Result<Group> {
        let iterations = self.iterations(gpu)?;
        let structure = &self.shape.structure;
        let dim = structure.dim;
        let (mut models, mut elements, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (m, member) in self.members.iter().enumerate() {
            let packed = pack::numbers(&member.program, &self.shape, &member.slots);
            let series = &member.program.series[0];
            models.push(layout::Model {
                rows: word(rows.len())?,
                row_stride: word(self.shape.columns.stride())?,
                n_rows: word(packed.n_rows)?,
                n_train: word(series.n_train)?,
                elements: word(elements.len())?,
                factor: word(m * layout::factor_vectors(dim))?,
                key: member.key.0,
                lower: series.lower as f32,
                lifts: word(rows.len() + packed.lifts)?,
                frequency: series.frequency as f32,
                ..Default::default()
            });
            elements.extend(pack::elements(&member.program));
            rows.extend(packed.numbers);
        }
        let state_words = layout::chain_rows(structure.n_values) * chains;
        let program = compose::density(&self.shape);
        use Access::{Read, ReadWrite};
        let shared = [Read, Read, Read, Read, Read, Read, ReadWrite, ReadWrite];
        let kernel = |entry: &str| {
            gpu.kernel(entry, &program, entry, &shared, &[("WORKGROUP", WORKGROUP as f64)])
        };
        let sums = compose::moments(dim);
        let n = self.members.len();
        Ok(Group {
            dim,
            n_values: structure.n_values,
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
            iterations,
        })
    }
}
