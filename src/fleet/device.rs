//! Which engine fits: the choice of the user, and what it comes to on this machine.

use crate::error::Result;
use crate::gpu::{self, Choice, Gpu};
use crate::math::Isa;
use serde::Serialize;

/// Batches of fewer models than this go to the CPU engine: 64 models × 64 chains are the 4,096
/// invocations below which a GPU is not full. An estimate, not measured on hardware yet.
const GPU_FROM_MODELS: usize = 64;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A hardware GPU if there is one and the batch is large enough to gain, else the CPU engine.
    Auto,
    /// The CPU engine.
    Cpu,
    /// A hardware GPU.
    Gpu,
    /// A software Vulkan adapter.
    Software,
    /// The adapter with this text in its name.
    Named(String),
}

impl std::str::FromStr for DeviceChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(match text {
            "auto" => DeviceChoice::Auto,
            "cpu" => DeviceChoice::Cpu,
            "gpu" => DeviceChoice::Gpu,
            "software" => DeviceChoice::Software,
            name => DeviceChoice::Named(name.to_owned()),
        })
    }
}

/// The kind of engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// SIMD lanes on the processor.
    Cpu,
    /// A hardware GPU.
    Gpu,
    /// A software Vulkan adapter.
    Software,
}

impl Backend {
    /// Its name, as `--device` and the tables say it.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Cpu => "cpu",
            Backend::Gpu => "gpu",
            Backend::Software => "software",
        }
    }
}

/// Where the work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// The kind of engine.
    pub backend: Backend,
    /// The adapter's name, or the instruction set and threads of the processor.
    pub adapter: String,
}

/// An opened device with its name and the reason it was taken.
pub struct Chosen {
    /// Where the work is done.
    pub device: Device,
    /// One line for people.
    pub why: String,
    /// The device; none for the CPU engine.
    pub gpu: Option<Gpu>,
}

/// Opens what was asked for.
///
/// # Errors
/// A device that was asked for and is not there; there is no silent fallback.
pub fn choose(choice: &DeviceChoice, models: usize) -> Result<Chosen> {
    let open = |choice: Choice, why: &str| {
        let gpu = Gpu::open(&choice)?;
        let hardware = gpu.info().kind.is_hardware();
        let backend = if hardware { Backend::Gpu } else { Backend::Software };
        let device = Device { backend, adapter: gpu.info().name.clone() };
        Ok(Chosen { device, why: why.into(), gpu: Some(gpu) })
    };
    match choice {
        DeviceChoice::Cpu => Ok(cpu("asked for")),
        DeviceChoice::Gpu => open(Choice::Hardware, "asked for"),
        DeviceChoice::Software => open(Choice::Software, "asked for"),
        DeviceChoice::Named(name) => open(Choice::Named(name.clone()), "asked for"),
        DeviceChoice::Auto if models < GPU_FROM_MODELS => Ok(cpu(&format!(
            "{models} model{} cannot fill a GPU",
            if models == 1 { "" } else { "s" }
        ))),
        DeviceChoice::Auto if !gpu::adapters().iter().any(|a| a.kind.is_hardware()) => {
            Ok(cpu("no hardware GPU found"))
        }
        DeviceChoice::Auto => open(Choice::Hardware, "a hardware GPU and enough models to fill it"),
    }
}

fn cpu(why: &str) -> Chosen {
    let adapter = format!("{} × {} threads", Isa::detect().name(), rayon::current_num_threads());
    Chosen { device: Device { backend: Backend::Cpu, adapter }, why: why.into(), gpu: None }
}
