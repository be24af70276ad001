//! Buffers: typed memory of the device, written to and read from.

use std::{
    fmt,
    marker::PhantomData,
    ops::Range,
    sync::{atomic::Ordering::Relaxed, mpsc},
};

use bytemuck::Pod;

use super::{Gpu, PATIENCE, locked};
use crate::error::{Error, Result};

/// Bytes brought back in one round; larger reads take several.
const STAGING: u64 = 64 << 20;

/// The smallest buffer: a binding of a vector type needs 16 bytes even where nothing is in it.
const SMALLEST: u64 = 16;

/// `len` values of `T` on the device.
pub struct Buffer<T> {
    raw: wgpu::Buffer,
    len: usize,
    values: PhantomData<T>,
}

/// Some bytes of a buffer, whatever their type: what a kernel binds and a copy copies.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub(super) raw: &'a wgpu::Buffer,
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// Values to bring back: see [`Gpu::fetch`].
pub struct Fetch<'a> {
    from: Part<'a>,
    to: &'a mut [u8],
}

impl<T: Pod> Buffer<T> {
    // Copies are in units of 4 bytes, and no smaller type exists in WGSL's storage.
    const STRIDE: u64 = {
        assert!(size_of::<T>() > 0 && size_of::<T>().is_multiple_of(4));
        size_of::<T>() as u64
    };

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The whole buffer.
    pub fn all(&self) -> Part<'_> {
        Part { raw: &self.raw, start: 0, bytes: self.raw.size() }
    }

    /// Some of the values. To be bound, a part must begin at a multiple of 256 bytes.
    pub fn part(&self, range: Range<usize>) -> Part<'_> {
        let bytes = range.len() as u64 * Self::STRIDE;
        Part { raw: &self.raw, start: range.start as u64 * Self::STRIDE, bytes }
    }

    /// Brings `to.len()` values from `start` on into `to`.
    pub fn fetch<'a>(&'a self, start: usize, to: &'a mut [T]) -> Fetch<'a> {
        Fetch { from: self.part(start..start + to.len()), to: bytemuck::cast_slice_mut(to) }
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Gpu {
    /// A buffer of `len` zeros.
    ///
    /// # Errors
    /// It is larger than the adapter allows, or the device is out of memory.
    pub fn buffer<T: Pod>(&self, label: &str, len: usize) -> Result<Buffer<T>> {
        let size = (len as u64).saturating_mul(Buffer::<T>::STRIDE).max(SMALLEST);
        let limits = &self.limits;
        let allowed = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        if size > allowed {
            return Err(Error::device(format!(
                "buffer {label} needs {size} bytes, {} allows {allowed}",
                self.info
            ))
            .help("fit fewer models at once, or run on the processor with --device cpu"));
        }
        let descriptor = wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::UNIFORM
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let raw = self.guarded(format_args!("allocating {label} ({size} bytes)"), || {
            self.device.create_buffer(&descriptor)
        })?;
        Ok(Buffer { raw, len, values: PhantomData })
    }

    /// A buffer of these values.
    ///
    /// # Errors
    /// As [`Gpu::buffer`].
    pub fn buffer_from<T: Pod>(&self, label: &str, data: &[T]) -> Result<Buffer<T>> {
        let buffer = self.buffer(label, data.len())?;
        self.write(&buffer, 0, data)?;
        Ok(buffer)
    }

    /// Writes values from position `start` on; later submissions see them, earlier ones do not.
    ///
    /// # Errors
    /// The values do not fit (a bug), or the device is out of memory.
    pub fn write<T: Pod>(&self, buffer: &Buffer<T>, start: usize, data: &[T]) -> Result<()> {
        if start + data.len() > buffer.len {
            let (end, len) = (start + data.len(), buffer.len);
            return Err(Error::bug(format!("values {start}..{end} written to a buffer of {len}")));
        }
        let bytes: &[u8] = bytemuck::cast_slice(data);
        self.guarded(format_args!("writing {} bytes", bytes.len()), || {
            self.queue.write_buffer(&buffer.raw, start as u64 * Buffer::<T>::STRIDE, bytes);
        })?;
        self.tally.bytes_written.fetch_add(bytes.len() as u64, Relaxed);
        Ok(())
    }

    /// Waits for all that was submitted and reads some values.
    ///
    /// # Errors
    /// The range is not inside the buffer (a bug), or the device failed.
    pub fn read<T: Pod>(&self, buffer: &Buffer<T>, range: Range<usize>) -> Result<Vec<T>> {
        let mut values = vec![T::zeroed(); range.len()];
        self.fetch(&mut [buffer.fetch(range.start, &mut values)])?;
        Ok(values)
    }

    /// Waits for all that was submitted and reads several ranges, of any types, in one go:
    /// `gpu.fetch(&mut [positions.fetch(0, &mut q), accepted.fetch(0, &mut flags)])`.
    ///
    /// # Errors
    /// A range is not inside its buffer (a bug), or the device failed.
    pub fn fetch(&self, fetches: &mut [Fetch]) -> Result<()> {
        // Pieces of the ranges, in rounds that fit into the staging buffer.
        let mut round: Vec<(Part, &mut [u8])> = Vec::new();
        let mut used = 0;
        for Fetch { from, to } in fetches {
            if from.start + from.bytes > from.raw.size() {
                let (end, size) = (from.start + from.bytes, from.raw.size());
                return Err(Error::bug(format!("bytes up to {end} read of a buffer of {size}")));
            }
            let (mut start, mut rest) = (from.start, &mut **to);
            while !rest.is_empty() {
                let bytes = (STAGING - used).min(rest.len() as u64);
                let (now, later) = rest.split_at_mut(bytes as usize);
                round.push((Part { raw: from.raw, start, bytes }, now));
                (start, rest, used) = (start + bytes, later, used + bytes);
                if used == STAGING {
                    self.fetch_round(&mut round)?;
                    (round, used) = (Vec::new(), 0);
                }
            }
        }
        if round.is_empty() { Ok(()) } else { self.fetch_round(&mut round) }
    }

    fn fetch_round(&self, round: &mut [(Part, &mut [u8])]) -> Result<()> {
        let total: u64 = round.iter().map(|(part, _)| part.bytes).sum();
        let doing = format!("reading {total} bytes");
        // Held to the end: one read at a time. Put back only if all went well.
        let mut slot = locked(&self.staging);
        let staging = match slot.take() {
            Some(staging) if staging.size() >= total => staging,
            _ => self.guarded(&doing, || {
                self.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("staging"),
                    size: total.next_power_of_two(),
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })?,
        };
        let (send, mapped) = mpsc::channel();
        self.guarded(&doing, || {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            let mut at = 0;
            for (part, _) in round.iter() {
                encoder.copy_buffer_to_buffer(part.raw, part.start, &staging, at, part.bytes);
                at += part.bytes;
            }
            self.queue.submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, 0..total, move |result| {
                let _ = send.send(result);
            });
        })?;
        self.tally.submissions.fetch_add(1, Relaxed);
        self.wait()?;
        let failed =
            |why: &str| Error::device(format!("{} failed while {doing}: {why}", self.info));
        // The answer may still be on its way in another thread that submits at the same time.
        mapped
            .recv_timeout(PATIENCE)
            .map_err(|error| failed(&error.to_string()))?
            .map_err(|error| failed(&error.to_string()))?;
        {
            let view =
                staging.get_mapped_range(0..total).map_err(|error| failed(&error.to_string()))?;
            let mut at = 0;
            for (_, to) in round {
                to.copy_from_slice(&view[at..at + to.len()]);
                at += to.len();
            }
        }
        self.guarded(&doing, || staging.unmap())?;
        *slot = Some(staging);
        self.tally.bytes_read.fetch_add(total, Relaxed);
        Ok(())
    }
}
