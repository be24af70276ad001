//! The compiled kernels of a group.

use super::compose;
use super::shape::Shape;
use crate::error::Result;
use crate::gpu::{Access, Gpu, Kernel, Program};

/// Invocations per workgroup.
pub(super) const WORKGROUP: usize = 64;

/// The kernels of a group.
pub(super) struct Kernels {
    pub steps: Steps,
    pub adopt: Kernel,
    pub copy: Kernel,
    pub moments: Kernel,
}

/// Leapfrog steps and evaluations.
pub(super) enum Steps {
    /// Of models of one series: an invocation does all that a chain does.
    Whole(Kernel),
    /// Of models of several series.
    Parts(Box<Parts>),
}

/// The entry points of `series.wgsl` in their order.
pub(super) struct Parts {
    pub start: Kernel,
    pub kick: Kernel,
    pub drift: Kernel,
    pub values: Kernel,
    /// Where series have returns together.
    pub returns: Option<Kernel>,
    pub likelihoods: Kernel,
    pub gather: Kernel,
    pub settle: Kernel,
    pub last_kick: Kernel,
    pub stop: Kernel,
    /// Blocks of elements, series and values: what some of them are spread over.
    pub blocks: usize,
    pub series: usize,
    pub n_values: usize,
}

impl Kernels {
    /// Compiles the kernels of a shape, whose density is this program.
    pub fn new(gpu: &Gpu, program: &Program, shape: &Shape) -> Result<Self> {
        use Access::{Read, ReadWrite};
        let shared = [Read, Read, Read, Read, Read, Read, ReadWrite, ReadWrite, ReadWrite];
        let constants = [("WORKGROUP", WORKGROUP as f64)];
        let bound =
            |entry: &str, n: usize| gpu.kernel(entry, program, entry, &shared[..n], &constants);
        let kernel = |entry: &str| bound(entry, 8);
        let part = |entry: &str| bound(entry, 9);
        let dim = shape.structure.dim;
        let steps = if shape.series == 1 {
            Steps::Whole(kernel("run")?)
        } else {
            Steps::Parts(Box::new(Parts {
                start: part("start")?,
                kick: part("kick_blocks")?,
                drift: part("drift_blocks")?,
                values: part("values")?,
                returns: shape.structure.joint.then(|| part("returns")).transpose()?,
                likelihoods: part("likelihoods")?,
                gather: part("gather")?,
                settle: part("settle")?,
                last_kick: part("last_kick")?,
                stop: part("stop")?,
                blocks: dim.div_ceil(4),
                series: shape.series,
                n_values: shape.structure.n_values,
            }))
        };
        let sums = [Read, Read, Read, ReadWrite];
        Ok(Self {
            steps,
            adopt: kernel("adopt")?,
            copy: kernel("copy_chains")?,
            moments: gpu.kernel("moments", &compose::moments(dim), "moments", &sums, &constants)?,
        })
    }
}
