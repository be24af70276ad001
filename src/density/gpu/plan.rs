//! Which models share kernels, and how their numbers come onto the device.

use super::compose;
use super::group::{Group, WORKGROUP};
use super::layout;
use super::pack::{self, Columns, Iterations};
use super::scratch::{Scratch, word};
use crate::density::cpu::Program;
use crate::error::Result;
use crate::gpu::{Access, Gpu};
use crate::math::Key;
use crate::model::{Model, Space, Structure};

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
        let columns = Columns::new(&program);
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
                lifts: word(rows.len() + packed.lifts)?,
                frequency: member.program.frequency as f32,
                ..Default::default()
            });
            elements.extend(pack::elements(&member.program));
            rows.extend(packed.numbers);
        }
        let state_words = layout::chain_rows(self.structure.n_values) * chains;
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
            n_values: self.structure.n_values,
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
