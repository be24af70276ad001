//! Numbers: chains across SIMD lanes, the special functions of log densities, the counter-based
//! random numbers.
//!
//! Everything here is one formula per element, free of branches in single precision, and marked
//! `#[inline(always)]`: a function with `#[target_feature(enable = "avx2,fma")]` that calls it with
//! `FMA = true` is compiled for those instructions throughout. The WGSL twins in `shaders/math/`
//! share the formulas.

mod elementary;
mod lane;
mod normal;
mod philox;
mod real;
pub mod scalar;

pub use lane::{F32, F64, Lane, Wide};
pub use philox::{Key, Purpose, lane_normals, normals, philox4x32, uniform};
pub use real::Real;
