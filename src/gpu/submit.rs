//! Submissions: lists of dispatches and copies, carried out in order.

use std::sync::atomic::Ordering::Relaxed;

use super::{Gpu, Kernel, Part};
use crate::error::{Error, Result};

/// One thing for the device to do. Later commands of a submission see what earlier ones wrote.
#[derive(Clone, Debug)]
pub enum Command<'a> {
    /// Runs a kernel.
    Dispatch {
        /// The kernel.
        kernel: &'a Kernel,
        /// What it works on, in the order of its bindings.
        bindings: Vec<Part<'a>>,
        /// Number of workgroups along x, y and z.
        workgroups: [u32; 3],
    },
    /// Copies between two buffers.
    Copy {
        /// The source.
        from: Part<'a>,
        /// The target, of the same size.
        to: Part<'a>,
    },
}

impl Gpu {
    /// Hands commands over to the device in one command buffer, and returns at once. Neighbouring
    /// dispatches share a compute pass. An empty list only starts what was written before.
    ///
    /// # Errors
    /// A command does not fit its kernel or its buffers (a bug), or the device failed.
    pub fn submit(&self, commands: &[Command]) -> Result<()> {
        self.check(commands)?;
        self.guarded("submitting work", || {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            let dispatching = |command: &Command| matches!(command, Command::Dispatch { .. });
            for run in commands.chunk_by(|a, b| dispatching(a) && dispatching(b)) {
                if let [Command::Copy { from, to }] = run {
                    let bytes = from.bytes;
                    encoder.copy_buffer_to_buffer(from.raw, from.start, to.raw, to.start, bytes);
                    continue;
                }
                let mut pass = encoder.begin_compute_pass(&Default::default());
                for command in run {
                    let Command::Dispatch { kernel, bindings, workgroups: [x, y, z] } = command
                    else {
                        continue;
                    };
                    pass.set_pipeline(kernel.pipeline());
                    pass.set_bind_group(0, &self.bind(kernel, bindings), &[]);
                    pass.dispatch_workgroups(*x, *y, *z);
                }
            }
            self.queue.submit([encoder.finish()]);
        })?;
        let dispatches = commands.iter().filter(|c| matches!(c, Command::Dispatch { .. })).count();
        self.tally.dispatches.fetch_add(dispatches as u64, Relaxed);
        self.tally.submissions.fetch_add(1, Relaxed);
        Ok(())
    }

    fn bind(&self, kernel: &Kernel, bindings: &[Part]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(bindings)
            .map(|(binding, part)| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: part.raw,
                    offset: part.start,
                    size: wgpu::BufferSize::new(part.bytes),
                }),
            })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.label()),
            layout: kernel.layout(),
            entries: &entries,
        })
    }

    /// What wgpu would say less clearly, or not at all.
    fn check(&self, commands: &[Command]) -> Result<()> {
        for command in commands {
            match command {
                Command::Copy { from, to } if from.bytes != to.bytes => {
                    let (from, to) = (from.bytes, to.bytes);
                    return Err(Error::bug(format!("a copy of {from} bytes into {to}")));
                }
                Command::Copy { .. } => {}
                Command::Dispatch { kernel, bindings, workgroups } => {
                    let (label, given) = (kernel.label(), bindings.len());
                    if given != kernel.n_bindings() {
                        let needed = kernel.n_bindings();
                        return Err(Error::bug(format!("{label}: {given} bindings, not {needed}")));
                    }
                    let most = self.limits.max_compute_workgroups_per_dimension;
                    if workgroups.iter().any(|n| *n > most) {
                        return Err(Error::bug(format!(
                            "{label}: {workgroups:?} workgroups, {} allows {most} in a dimension",
                            self.info
                        )));
                    }
                }
            }
        }
        Ok(())
    }
}
