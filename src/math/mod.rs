//! Numbers: chains across SIMD lanes, the special functions of log densities, the counter-based
//! random numbers.
//!
//! Everything on lanes is one formula per element, free of branches, and marked
//! `#[inline(always)]`: a function with `#[target_feature(enable = "avx2,fma")]` that calls it with
//! `FMA = true` is compiled for those instructions throughout. The WGSL twins in `shaders/math/`
//! share the formulas.

mod double;
mod elementary;
mod gamma;
mod isa;
mod lane;
mod normal;
mod philox;
mod real;
pub mod scalar;

pub use gamma::{ln_gamma, stirling_remainder};
pub use isa::{Isa, Lanes, Part, Task, dispatch};
pub use lane::{F32, F64, Lane, Wide};
pub use philox::{Key, Purpose, lane_normals, normals, philox4x32, uniform};
pub use real::Real;

#[cfg(test)]
mod tests {
    #[test]
    fn wgsl_twins_are_valid_together() {
        let text = [
            include_str!("../../shaders/math/elementary.wgsl"),
            include_str!("../../shaders/math/normal.wgsl"),
            include_str!("../../shaders/math/gamma.wgsl"),
            include_str!("../../shaders/math/philox.wgsl"),
        ]
        .concat();
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&text)));
        let flags = naga::valid::ValidationFlags::all();
        naga::valid::Validator::new(flags, naga::valid::Capabilities::empty())
            .validate(&module)
            .unwrap();
    }
}
