//! Composes the kernels of one structure: leaves, shared files, and the generated parts.

use super::shape::Shape;
use super::{body, priors};
use crate::gpu::Program;
use crate::model::coordinate;
use crate::model::effect::{bump, process};
use crate::model::family::Wgsl;
use crate::model::prior::Distribution;
use std::fmt::Write;

/// Embeds a file of `shaders/`.
macro_rules! shader {
    ($stem:literal) => {
        Wgsl {
            path: concat!("shaders/", $stem, ".wgsl"),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $stem, ".wgsl")),
        }
    };
}

/// What every density needs.
const SHARED: [Wgsl; 9] = [
    shader!("math/elementary"),
    shader!("math/normal"),
    shader!("math/gamma"),
    shader!("math/philox"),
    shader!("types"),
    shader!("kernel/bindings"),
    shader!("kernel/density"),
    shader!("kernel/pooled"),
    shader!("kernel/hmc"),
];

/// What a model does in one dispatch, or one of several series in a few.
const RUN: Wgsl = shader!("kernel/run");
const SERIES: Wgsl = shader!("kernel/series");

/// What varies in time.
const PROCESS: Wgsl = shader!("kernel/process");

/// The kernel of the moments.
const MOMENTS: Wgsl = shader!("kernel/moments");

/// The program with the entry points `adopt`, `copy_chains` and those of `run.wgsl` or, for several series,
/// of `series.wgsl`.
pub fn density(shape: &Shape) -> Program {
    let Shape { structure, columns, priors, series, slots } = shape;
    let mut header = format!(
        "const DIM: u32 = {}u;\nconst VALUES: u32 = {}u;\nconst N_WEIGHTS: i32 = {};\n",
        structure.dim,
        structure.n_values,
        structure.max_weights(),
    );
    let steps = if *series == 1 {
        RUN
    } else {
        let returns = structure.joint_returns();
        writeln!(
            header,
            "const N_SERIES: u32 = {series}u;\nconst SLOTS: u32 = {slots}u;\n\
             const RETURNS: u32 = {returns}u;"
        )
        .expect("writing to a String");
        SERIES
    };
    let mut leaves = vec![steps, coordinate::WGSL, structure.likelihood.family().wgsl];
    if !structure.curved.bumps.is_empty() {
        leaves.push(bump::WGSL);
    }
    if columns.basis > 0 {
        writeln!(
            header,
            "const BASIS: u32 = {}u;\nconst BASIS_AT: u32 = {}u;\nconst SHIFT: u32 = {}u;\n\
             const LEAST_MEAN: f32 = {:e};",
            columns.basis.div_ceil(4),
            columns.registers(),
            structure.max_shift(),
            process::LEAST_MEAN
        )
        .expect("writing to a String");
        leaves.extend([process::WGSL, PROCESS]);
    }
    for channel in &structure.channels {
        for wgsl in [channel.adstock.family.family().wgsl, channel.saturation.family.family().wgsl]
        {
            if leaves.iter().all(|leaf| leaf.path != wgsl.path) {
                leaves.push(wgsl);
            }
        }
    }
    let distributions = Distribution::ALL.iter().map(|distribution| distribution.family().wgsl);
    let mut program = Program::new().file("generated header", header);
    for file in SHARED.into_iter().chain(leaves).chain(distributions) {
        program = program.file(file.path, file.text);
    }
    if *series > 1 {
        program = program.file("generated returns", body::parts_of_returns(structure, columns));
    }
    program
        .file("generated prior table", prior_table())
        .file("generated priors", priors::priors(priors))
        .file("generated way back", priors::back(priors))
        .file("generated log likelihood", body::log_likelihood(structure, columns))
}

/// The program with the entry point `moments`.
pub fn moments(dim: usize) -> Program {
    Program::new()
        .file("generated header", format!("const DIM: u32 = {dim}u;\n"))
        .file(MOMENTS.path, MOMENTS.text)
}

/// The code of a distribution in the prior table.
pub fn prior_code(distribution: Distribution) -> u32 {
    let at = Distribution::ALL.iter().position(|d| *d == distribution);
    at.expect("every distribution is in the table") as u32
}

/// A function that calls the leaf of a code, for the priors of returns.
fn prior_table() -> String {
    let mut code = String::from("fn prior_density(code: u32, v: Mapped, c: vec4f) -> vec2f {\n");
    code.push_str("    switch code {\n");
    for &distribution in Distribution::ALL {
        let (code_number, stem) =
            (prior_code(distribution), body::stem(distribution.family().wgsl.path));
        let call = format!("        case {code_number}u: {{ return prior_{stem}(v, c); }}");
        writeln!(code, "{call}").expect("writing to a String");
    }
    code.push_str("        default: { return vec2f(0.0); }\n    }\n}\n");
    code
}
