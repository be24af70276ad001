//! Kernels: compiled entry points, each compiled once.

use std::{fmt, sync::Arc};

use super::{Gpu, Program, cache::Cache, locked};
use crate::error::{Error, Result};

/// How a kernel uses one of its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
    /// `var<uniform>`
    Uniform,
}

/// A compiled entry point with the layout of its bindings. Clones share it.
#[derive(Clone)]
pub struct Kernel(Arc<Compiled>);

struct Compiled {
    label: String,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    n_bindings: usize,
}

/// All that the compiled code depends on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Key {
    text: String,
    entry: String,
    bindings: Vec<Access>,
    constants: Vec<(String, u64)>,
}

impl Kernel {
    /// What it is called in messages.
    pub fn label(&self) -> &str {
        &self.0.label
    }

    pub(super) fn pipeline(&self) -> &wgpu::ComputePipeline {
        &self.0.pipeline
    }

    pub(super) fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.0.layout
    }

    pub(super) fn n_bindings(&self) -> usize {
        self.0.n_bindings
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kernel").field(&self.0.label).finish()
    }
}

impl Gpu {
    /// Compiles the function `entry` of a program, or finds it compiled already.
    ///
    /// `bindings` are `@group(0) @binding(0)`, `@binding(1)`, … in order; `constants` are the
    /// values of the program's `override`s. Workgroup memory starts as zeros.
    ///
    /// # Errors
    /// The program is wrong (`shaders/saturation/hill.wgsl:12: …`), it needs more than the adapter
    /// has, or the driver refuses it.
    pub fn kernel(
        &self,
        label: &str,
        program: &Program,
        entry: &str,
        bindings: &[Access],
        constants: &[(&str, f64)],
    ) -> Result<Kernel> {
        let key = Key {
            text: program.text(),
            entry: entry.into(),
            bindings: bindings.into(),
            constants: constants.iter().map(|(name, x)| ((*name).into(), x.to_bits())).collect(),
        };
        // Held while compiling, so that nothing is compiled twice.
        let mut kernels = locked(&self.kernels);
        if let Some(kernel) = kernels.get(&key) {
            return Ok(kernel.clone());
        }
        let kernel = self.compile(label, program, &key, constants)?;
        kernels.insert(key, kernel.clone());
        Ok(kernel)
    }

    fn compile(
        &self,
        label: &str,
        program: &Program,
        key: &Key,
        constants: &[(&str, f64)],
    ) -> Result<Kernel> {
        let storage = key.bindings.iter().filter(|access| **access != Access::Uniform).count();
        let allowed = self.limits.max_storage_buffers_per_shader_stage as usize;
        if storage > allowed {
            return Err(Error::device(format!(
                "{label} needs {storage} storage buffers, {} allows {allowed}",
                self.info
            ))
            .help("choose another adapter (`gigamix devices` lists them) or --device cpu"));
        }

        let module = wgpu::ShaderModuleDescriptor {
            label: Some(label),
            source: wgpu::ShaderSource::Wgsl(key.text.as_str().into()),
        };
        let module = self
            .guarded(format_args!("reading {label}"), || self.device.create_shader_module(module))
            // wgpu knows lines of the joined text only.
            .map_err(|error| program.check().err().unwrap_or(error))?;

        let entries: Vec<_> = (0..)
            .zip(&key.bindings)
            .map(|(binding, access)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: match access {
                        Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                        Access::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                        Access::Uniform => wgpu::BufferBindingType::Uniform,
                    },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        self.guarded(format_args!("compiling {label}"), || {
            let device = &self.device;
            let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(label),
                entries: &entries,
            });
            let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(label),
                bind_group_layouts: &[Some(&layout)],
                immediate_size: 0,
            });
            let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(label),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(&key.entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants,
                    zero_initialize_workgroup_memory: true,
                },
                cache: self.cache.as_ref().map(Cache::kernels),
            });
            let n_bindings = key.bindings.len();
            Kernel(Arc::new(Compiled { label: label.into(), pipeline, layout, n_bindings }))
        })
    }
}
