//! Fits Bayesian marketing mix models in bulk, on any GPU or on plain CPU cores.
//!
//! Rooms, in the order in which data flows; a room uses the rooms above it, never one below.

pub mod analysis;
pub mod cli;
pub mod config;
pub mod data;
pub mod density;
pub mod diagnostics;
pub mod error;
pub mod fleet;
pub mod gpu;
pub mod math;
pub mod model;
pub mod posterior;
pub mod sampler;
pub mod simulation;
