//! What the benchmarks share: the device they are asked to measure.

use gigamix::fleet::{Chosen, DeviceChoice, choose};
use gigamix::gpu::Gpu;

/// The device of `GIGAMIX_BENCH_DEVICE` (`gpu`, `software` or a name), if it is set.
pub fn device() -> Option<DeviceChoice> {
    // Parsing cannot fail: what is no kind is a name.
    std::env::var("GIGAMIX_BENCH_DEVICE").ok().and_then(|device| device.parse().ok())
}

/// That device, opened.
#[allow(dead_code, reason = "some benchmarks open devices through the fleet")]
pub fn gpu() -> Option<Gpu> {
    let Chosen { gpu, .. } = choose(&device()?, usize::MAX).expect("device");
    gpu
}
