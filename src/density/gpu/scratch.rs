//! Buffers that grow with the requests.

use super::layout::{Job, SumJob};
use crate::error::{Error, Result};
use crate::gpu::{Buffer, Gpu};

/// A position in a buffer as the kernels take it.
pub(super) fn word(at: usize) -> Result<u32> {
    u32::try_from(at).map_err(|_| {
        Error::device("the batch needs more than 2^32 words on the device")
            .help("fit fewer models at once with --shard i/n")
    })
}

/// Buffers that grow with the requests.
pub(super) struct Scratch {
    pub jobs: Buffer<Job>,
    pub lists: Buffer<u32>,
    pub points: Buffer<f32>,
    /// States of the series of models of several.
    pub parts: Buffer<f32>,
    pub output: Buffer<f32>,
    pub sum_jobs: Buffer<SumJob>,
    pub centers: Buffer<f32>,
    pub sums: Buffer<f32>,
}

impl Scratch {
    pub fn new(gpu: &Gpu) -> Result<Self> {
        Ok(Self {
            jobs: gpu.buffer("jobs", 1)?,
            lists: gpu.buffer("lists", 1)?,
            points: gpu.buffer("points", 1)?,
            parts: gpu.buffer("series", 1)?,
            output: gpu.buffer("output", 1)?,
            sum_jobs: gpu.buffer("sum jobs", 1)?,
            centers: gpu.buffer("centers", 1)?,
            sums: gpu.buffer("sums", 1)?,
        })
    }
}

/// Makes a buffer at least this long; what was in it is lost.
pub(super) fn grow<T: bytemuck::Pod>(
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
pub(super) fn fill<T: bytemuck::Pod>(
    gpu: &Gpu,
    label: &str,
    buffer: &mut Buffer<T>,
    data: &[T],
) -> Result<()> {
    grow(gpu, label, buffer, data.len())?;
    gpu.write(buffer, 0, data)
}
