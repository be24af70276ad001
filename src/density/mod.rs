//! Log density and gradient of batches of points, and Hamiltonian trajectories, on an engine.

pub mod cpu;
pub mod gpu;
pub mod request;

pub use cpu::{CpuEngine, Evaluation, Oracle};
pub use gpu::GpuEngine;
pub use request::{Collect, Engine, Moments, Ran, Request, Response};
