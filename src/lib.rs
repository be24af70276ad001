//! Fits Bayesian marketing mix models in bulk, on any GPU or on plain CPU cores.
//!
//! Rooms, in the order in which data flows; a room uses the rooms above it, never one below.

pub mod error;
pub mod math;
pub mod config;
pub mod data;
pub mod model;
pub mod gpu;
pub mod density;
pub mod diagnostics;
pub mod sampler;
pub mod posterior;
pub mod simulation;
pub mod analysis;
pub mod fleet;
pub mod optimizer;
pub mod report;
pub mod bench;
pub mod cli;
