//! The adapters of this machine in a stable order, and the choice of one.

use std::fmt;

use crate::error::{Error, Result, suggest};

/// What an adapter is made of. The order is the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A GPU with its own memory.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU passed through to a virtual machine.
    Virtual,
    /// Hardware that does not say what it is.
    Other,
    /// The processor itself, such as llvmpipe or WARP.
    Software,
}

impl AdapterKind {
    /// Everything but the processor itself.
    pub fn is_hardware(self) -> bool {
        self != Self::Software
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Other => "other",
            Self::Software => "software",
        })
    }
}

/// One adapter: a device as one graphics interface shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// As the driver calls it.
    pub name: String,
    /// Vulkan, Metal or DX12.
    pub backend: String,
    /// Name and version of the driver.
    pub driver: String,
    /// Hardware or software.
    pub kind: AdapterKind,
    /// `domain:bus:device.function`; empty where the driver does not say. Tells twins apart.
    pub pci_address: String,
    /// Bytes of the largest buffer.
    pub max_buffer: u64,
    /// Bytes of a buffer that a kernel can see at once.
    pub max_storage_binding: u64,
    /// Storage buffers that one kernel may use.
    pub max_storage_buffers: u32,
    /// Bytes of memory that a workgroup shares.
    pub workgroup_memory: u32,
    /// Invocations in one workgroup.
    pub max_workgroup_size: u32,
    /// Workgroups along one dimension of a dispatch.
    pub max_workgroups: u32,
    /// Smallest and largest number of invocations in a subgroup.
    pub subgroup_size: (u32, u32),
    /// Loop iterations that an invocation may make in all, nested ones included. Beyond it
    /// llvmpipe silently leaves every loop; elsewhere there is no bound.
    pub max_iterations: u32,
}

/// Mesa 22.3 stops after 65,535 (measured); others were seen to stop after about 30,000.
const LLVMPIPE_ITERATIONS: u32 = 30_000;

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.kind, self.backend)
    }
}

/// Which adapter to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The first hardware adapter.
    Hardware,
    /// The first software adapter.
    Software,
    /// The first whose name (in any case) or PCI address contains the text.
    Named(String),
}

/// All adapters: discrete GPUs first, software last, always in the same order. Empty on a machine
/// without any driver; never fails.
pub fn adapters() -> Vec<AdapterInfo> {
    found().into_iter().map(|(info, _)| info).collect()
}

/// The chosen adapter, or an error that lists those that exist.
pub(super) fn choose(choice: &Choice) -> Result<(AdapterInfo, wgpu::Adapter)> {
    let mut found = found();
    let infos: Vec<_> = found.iter().map(|(info, _)| info.clone()).collect();
    Ok(found.swap_remove(pick(&infos, choice)?))
}

fn found() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    // Without flags: the defaults look for validation layers in debug builds, and complain.
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let mut found: Vec<_> = adapters.into_iter().map(|adapter| (info(&adapter), adapter)).collect();
    // Where one GPU has several interfaces Vulkan comes first.
    let by = |info: &AdapterInfo| {
        (info.kind, info.backend != "Vulkan", info.pci_address.clone(), info.name.clone())
    };
    found.sort_by_key(|(info, _)| by(info));
    found
}

fn info(adapter: &wgpu::Adapter) -> AdapterInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let max_iterations =
        if info.name.contains("llvmpipe") { LLVMPIPE_ITERATIONS } else { u32::MAX };
    AdapterInfo {
        name: info.name,
        backend: match info.backend {
            wgpu::Backend::Vulkan => "Vulkan".into(),
            wgpu::Backend::Metal => "Metal".into(),
            wgpu::Backend::Dx12 => "DX12".into(),
            other => other.to_string(),
        },
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Other => AdapterKind::Other,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
        },
        pci_address: info.device_pci_bus_id,
        max_buffer: limits.max_buffer_size,
        max_storage_binding: limits.max_storage_buffer_binding_size,
        max_storage_buffers: limits.max_storage_buffers_per_shader_stage,
        workgroup_memory: limits.max_compute_workgroup_storage_size,
        max_workgroup_size: limits.max_compute_invocations_per_workgroup,
        max_workgroups: limits.max_compute_workgroups_per_dimension,
        subgroup_size: (info.subgroup_min_size, info.subgroup_max_size),
        max_iterations,
    }
}

/// The position of the choice.
fn pick(infos: &[AdapterInfo], choice: &Choice) -> Result<usize> {
    let there = match infos {
        [] => "this machine has no Vulkan, Metal or DX12 adapter".into(),
        _ => {
            let all: Vec<_> = infos.iter().map(ToString::to_string).collect();
            format!("this machine has {}", all.join(", "))
        }
    };
    let (position, missing, help) = match choice {
        Choice::Hardware => (
            infos.iter().position(|info| info.kind.is_hardware()),
            format!("no hardware GPU found: {there}"),
            "install the GPU's Vulkan driver, or run on the processor with --device cpu".into(),
        ),
        Choice::Software => (
            infos.iter().position(|info| !info.kind.is_hardware()),
            format!("no software adapter found: {there}"),
            "install one (the package mesa-vulkan-drivers on Debian and Ubuntu), \
             or run on the processor with --device cpu"
                .into(),
        ),
        Choice::Named(text) => {
            let wanted = text.to_lowercase();
            let fits = |info: &AdapterInfo| {
                info.name.to_lowercase().contains(&wanted)
                    || info.pci_address.to_lowercase().contains(&wanted)
            };
            let near = suggest(text, infos.iter().map(|info| info.name.as_str()))
                .map_or(String::new(), |name| format!("did you mean {name}? "));
            (
                infos.iter().position(fits).filter(|_| !wanted.is_empty()),
                format!("no adapter is named {text:?}: {there}"),
                format!("{near}a part of the name is enough; --device cpu needs no adapter"),
            )
        }
    };
    position.ok_or_else(|| Error::device(missing).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn adapter(name: &str, kind: AdapterKind, pci_address: &str) -> AdapterInfo {
        AdapterInfo {
            name: name.into(),
            backend: "Vulkan".into(),
            driver: String::new(),
            kind,
            pci_address: pci_address.into(),
            max_buffer: 0,
            max_storage_binding: 0,
            max_storage_buffers: 0,
            workgroup_memory: 0,
            max_workgroup_size: 0,
            max_workgroups: 0,
            subgroup_size: (0, 0),
            max_iterations: 0,
        }
    }

    fn machine() -> Vec<AdapterInfo> {
        vec![
            adapter("NVIDIA L4", AdapterKind::Discrete, "0000:01:00.0"),
            adapter("NVIDIA L4", AdapterKind::Discrete, "0000:41:00.0"),
            adapter("llvmpipe (LLVM 15)", AdapterKind::Software, ""),
        ]
    }

    #[test]
    fn picks_by_kind_name_and_address() {
        let machine = machine();
        let named = |text: &str| pick(&machine, &Choice::Named(text.into())).ok();
        assert_eq!(pick(&machine, &Choice::Hardware).ok(), Some(0));
        assert_eq!(pick(&machine, &Choice::Software).ok(), Some(2));
        assert_eq!(named("nvidia"), Some(0));
        assert_eq!(named("41:00"), Some(1));
        assert_eq!(named("LLVMPIPE"), Some(2));
        assert_eq!(named(""), None);
    }

    #[test]
    fn an_absent_adapter_is_an_error_that_lists_the_others() {
        let error = pick(&machine(), &Choice::Named("radeon".into())).unwrap_err();
        assert_eq!(error.kind(), Kind::Device);
        assert_eq!(
            error.message(),
            "no adapter is named \"radeon\": this machine has NVIDIA L4 (discrete GPU, Vulkan), \
             NVIDIA L4 (discrete GPU, Vulkan), llvmpipe (LLVM 15) (software, Vulkan)"
        );
        let error = pick(&machine()[2..], &Choice::Hardware).unwrap_err();
        assert!(error.message().starts_with("no hardware GPU found: this machine has llvmpipe"));
        let error = pick(&[], &Choice::Software).unwrap_err();
        assert!(error.message().ends_with("no Vulkan, Metal or DX12 adapter"));
        assert!(error.help_text().is_some_and(|help| help.contains("mesa-vulkan-drivers")));
    }

    #[test]
    fn near_names_are_suggested() {
        let error = pick(&machine(), &Choice::Named("NVIDIA L40".into())).unwrap_err();
        assert!(error.help_text().is_some_and(|help| help.starts_with("did you mean NVIDIA L4?")));
    }

    #[test]
    fn the_list_is_sorted_and_repeatable() {
        let list = adapters();
        assert!(list.is_sorted_by_key(|info| info.kind));
        assert_eq!(list, adapters());
    }
}
