//! Changes of spend on a device: draws × changes × channels in one dispatch.
//!
//! The adstock's weights are made on the processor, a few numbers per draw and channel; what costs, the
//! sums over dates, is the kernel's.

use super::Fitted;
use super::change::Change;
use super::forward::{Carry, Parameters};
use crate::error::{Error, Result};
use crate::gpu::{Access, Command, Gpu, Kernel, Program};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::family::Wgsl;
use crate::model::saturation::{MAX_PARAMETERS, Saturation};
use crate::model::{Channel, Model, Structure, family::wgsl};
use bytemuck::{Pod, Zeroable};
use std::fmt::Write;

/// Invocations per workgroup.
const WORKGROUP: usize = 64;
/// Sums that one dispatch makes at most, and changes of it.
const SUMS: usize = 8 << 20;
const CHANGES: usize = 1 << 14;
/// Steps of an invocation's loops: some software devices leave longer ones.
const STEPS: usize = 20_000;
/// In place of a spend to hold against.
const NOTHING: u32 = u32::MAX;

/// What does not depend on the structure.
const SHARED: [Wgsl; 3] = [wgsl!("math/elementary"), wgsl!("types"), wgsl!("kernel/sweep")];

/// A change on some of its dates; twin of `Change` in `shaders/kernel/sweep.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Piece {
    pub spend: u32,
    pub against: u32,
    pub newest: u32,
    pub n_rows: u32,
    pub first: u32,
    pub end: u32,
    pub saturation: u32,
    pub parameters: u32,
    pub n_weights: u32,
    pub recursion: u32,
    pub draws: u32,
    pub pad: u32,
}

/// Numbers of a draw that say how a channel's effects carry over: weights, or the gain and the alpha of a
/// recursion.
fn n_weights(channel: &Channel) -> usize {
    if channel.adstock.is_recursion() { 2 } else { channel.adstock.n_weights }
}

/// As [`super::change::totals`], on a device.
///
/// # Errors
/// Of the device; media that vary in time, which the kernel does not know; more dates than a recursion can
/// go through there.
pub fn totals(gpu: &Gpu, fitted: &Fitted, changes: &[Change<'_>]) -> Result<Vec<Vec<f64>>> {
    let longest = changes.iter().map(|change| change.window.responding().len()).max();
    if fitted.model.structure.memory() == usize::MAX && longest.is_some_and(|n| n > STEPS) {
        let message =
            format!("a device cannot sweep recursion adstock over more than {STEPS} dates");
        return Err(Error::input(message).help("leave --device out"));
    }
    if fitted.model.structure.curved.media.is_some() {
        return Err(Error::input("the effect of media varies in time: a device cannot sweep that")
            .help("leave --device out"));
    }
    totals_by(gpu, &program(&fitted.model.structure), fitted, changes)
}

/// The kernel of a structure.
pub fn program(structure: &Structure) -> Program {
    let header = format!("const ADSTOCK_FIRST: bool = {};\n", structure.adstock_first);
    let mut program = Program::new().file("generated header", header);
    let families = families(structure);
    for file in SHARED.into_iter().chain(families.iter().map(|family| family.family().wgsl)) {
        program = program.file(file.path, file.text);
    }
    let mut table = String::from(
        "fn saturation(code: u32, x: f32, p: vec4f) -> Response {\n    switch code {\n",
    );
    for (code, family) in families.iter().enumerate() {
        let call = format!("saturation_{}(x, p)", family.family().name);
        writeln!(table, "        case {code}u: {{ return {call}; }}").expect("writing to a String");
    }
    table += "        default: { return Response(); }\n    }\n}\n";
    program.file("generated saturation table", table)
}

/// The saturations of a structure, each once; their places are their codes.
fn families(structure: &Structure) -> Vec<Saturation> {
    let mut families = Vec::new();
    for channel in &structure.channels {
        if !families.contains(&channel.saturation.family) {
            families.push(channel.saturation.family);
        }
    }
    families
}

/// By a given program.
pub(super) fn totals_by(
    gpu: &Gpu,
    program: &Program,
    fitted: &Fitted,
    changes: &[Change<'_>],
) -> Result<Vec<Vec<f64>>> {
    let access = [Access::Read, Access::Read, Access::Read, Access::ReadWrite];
    let kernel =
        gpu.kernel("the sweep", program, "sweep", &access, &[("WORKGROUP", WORKGROUP as f64)])?;
    let (spends, pieces) = pieces(&fitted.model.structure, changes);
    let mut totals = vec![Vec::with_capacity(fitted.n_draws()); changes.len()];
    let block = (SUMS / pieces.len().clamp(1, CHANGES)).max(WORKGROUP);
    for draws in fitted.draws.chunks(block * fitted.model.structure.n_values) {
        let parameters = dispatch(Isa::detect(), Rows { model: &fitted.model, draws });
        let n = draws.len() / fitted.model.structure.n_values;
        let mut sums = vec![vec![0.0; n]; changes.len()];
        for pieces in pieces.chunks(CHANGES) {
            let found = run(gpu, &kernel, pieces, &spends, &parameters.concat(), n)?;
            for ((change, _), found) in pieces.iter().zip(found.chunks(n)) {
                sums[*change].iter_mut().zip(found).for_each(|(sum, &x)| *sum += f64::from(x));
            }
        }
        totals.iter_mut().zip(sums).for_each(|(totals, sums)| totals.extend(sums));
    }
    Ok(totals)
}

/// The spends of all changes one after the other, and the changes in pieces, each with its change's
/// index, short enough for a loop.
fn pieces(structure: &Structure, changes: &[Change<'_>]) -> (Vec<f32>, Vec<(usize, Piece)>) {
    let families = families(structure);
    let code = |family| families.iter().position(|other| *other == family).unwrap_or_default();
    let row = |c: usize| -> usize {
        let before = structure.channels[..c].iter();
        before.map(|channel| n_weights(channel) + MAX_PARAMETERS).sum()
    };
    let (mut spends, mut pieces) = (Vec::new(), Vec::new());
    for (k, change) in changes.iter().enumerate() {
        let channel = &structure.channels[change.channel];
        let mut keep = |spend: &[f32]| {
            spends.extend_from_slice(spend);
            (spends.len() - spend.len()) as u32
        };
        let spend = keep(&change.spend);
        let against = change.against.as_deref().map_or(NOTHING, keep);
        let responding = change.window.responding();
        // A recursion takes all dates in one loop.
        let most = match channel.adstock.is_recursion() {
            true => change.window.n_dates().max(1),
            false => (STEPS / (2 * channel.adstock.n_weights + 1)).max(1),
        };
        let begin = responding.end - change.window.n_dates();
        for first in (0..change.window.n_dates()).step_by(most) {
            let newest = begin + channel.adstock.shift + first;
            let piece = Piece {
                spend,
                against,
                newest: newest as u32,
                n_rows: most.min(change.window.n_dates() - first) as u32,
                first: responding.start as u32,
                end: responding.end as u32,
                saturation: code(channel.saturation.family) as u32,
                parameters: row(change.channel) as u32,
                n_weights: n_weights(channel) as u32,
                recursion: u32::from(channel.adstock.is_recursion()),
                ..Piece::default()
            };
            pieces.push((k, piece));
        }
    }
    (spends, pieces)
}

/// The sums of some pieces, piece by piece.
fn run(
    gpu: &Gpu,
    kernel: &Kernel,
    pieces: &[(usize, Piece)],
    spends: &[f32],
    parameters: &[f32],
    draws: usize,
) -> Result<Vec<f32>> {
    let changes: Vec<Piece> =
        pieces.iter().map(|(_, piece)| Piece { draws: draws as u32, ..*piece }).collect();
    let changes = gpu.buffer_from("changes", &changes)?;
    let spends = gpu.buffer_from("spends", spends)?;
    let parameters = gpu.buffer_from("parameters", parameters)?;
    let sums = gpu.buffer::<f32>("sums", pieces.len() * draws)?;
    gpu.submit(&[Command::Dispatch {
        kernel,
        bindings: vec![changes.all(), spends.all(), parameters.all(), sums.all()],
        workgroups: [draws.div_ceil(WORKGROUP) as u32, pieces.len() as u32, 1],
    }])?;
    gpu.read(&sums, 0..pieces.len() * draws)
}

/// Of every channel its adstock's weights and its saturation's parameters, `[row][draw]`.
struct Rows<'a> {
    model: &'a Model,
    draws: &'a [f64],
}

impl Task for Rows<'_> {
    type Scalar = f32;
    type Output = Vec<Vec<f32>>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Vec<Vec<f32>> {
        let Rows { model, draws } = self;
        let structure = &model.structure;
        let n = structure.channels.iter().map(|c| n_weights(c) + MAX_PARAMETERS).sum();
        let mut rows = vec![Vec::with_capacity(draws.len() / structure.n_values); n];
        for draws in draws.chunks(L::LEN * structure.n_values) {
            let parameters = Parameters::<L>::new(model, draws);
            let channels = parameters.adstock.into_iter().zip(parameters.saturation);
            let values = channels.flat_map(|(adstock, saturation)| {
                let numbers = match adstock {
                    Carry::Weights(weights) => weights,
                    Carry::Recursion(recursion) => vec![recursion.gain, recursion.alpha],
                };
                numbers.into_iter().chain(saturation)
            });
            for (row, x) in rows.iter_mut().zip(values) {
                row.extend((0..parameters.n_draws).map(|lane| x.get(lane) as f32));
            }
        }
        rows
    }
}
