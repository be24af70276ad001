//! The CPU engine: chains across SIMD lanes, blocks of lanes over threads.

mod calibration;
mod curved;
mod dates;
mod evaluate;
mod factor;
mod hmc;
mod oracle;
mod program;
mod recursion;

pub use oracle::{Evaluation, Oracle};
pub(crate) use program::{Prior, Program, Series};

use super::request::{Collect, Engine, Moments, Ran, Request, Response};
use crate::error::{Error, Result};
use crate::math::{F32, Isa, Key, Lane, Task, dispatch};
use crate::model::{Model, Space};
use evaluate::{Scratch, evaluate};
use factor::Factor;
use hmc::{Block, Trajectories};

use rayon::prelude::*;

/// Lanes of a block in single precision.
const LANES: usize = <F32<true> as Lane>::LEN;

/// A model on the CPU engine.
struct Chains {
    program: Program<f32>,
    key: Key,
    factor: Factor,
    blocks: Vec<Block>,
}

/// Runs requests on the processor's cores.
pub struct CpuEngine {
    isa: Isa,
    models: Vec<Chains>,
}

impl CpuEngine {
    /// An engine for some models, each given as its series see it, in one space on the best
    /// instruction set; `chains` is a multiple of 16.
    pub fn new(models: &[(impl AsRef<[Model]>, Key)], space: Space, chains: usize) -> Self {
        Self::on(Isa::detect(), models, space, chains)
    }

    /// As [`CpuEngine::new`], on an instruction set that the processor has.
    pub fn on<M: AsRef<[Model]>>(
        isa: Isa,
        models: &[(M, Key)],
        space: Space,
        chains: usize,
    ) -> Self {
        let chains_of = |(model, key): &(M, Key)| {
            let program = Program::new(model.as_ref(), space);
            let dim = program.dim();
            let block = |b: usize| Block {
                chain: (b * LANES) as u32,
                position: vec![0.0; dim * LANES],
                gradient: vec![0.0; dim * LANES],
                logp: vec![0.0; LANES],
            };
            let blocks = (0..chains / LANES).map(block).collect();
            Chains { program, key: *key, factor: Factor::identity(dim), blocks }
        };
        Self { isa, models: models.iter().map(chains_of).collect() }
    }

    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        self.isa
    }
}

impl Engine for CpuEngine {
    fn execute(&mut self, mut requests: Vec<(usize, Request)>) -> Result<Vec<Response>> {
        // Each model is borrowed by its one request; the answers go back into the callers' order.
        let mut slots: Vec<Option<(usize, Request)>> = Vec::new();
        slots.resize_with(self.models.len(), || None);
        for (at, (model, request)) in requests.drain(..).enumerate() {
            if slots[model].replace((at, request)).is_some() {
                return Err(Error::bug("two requests for one model in one call"));
            }
        }
        let isa = self.isa;
        let mut answers: Vec<(usize, Response)> = self
            .models
            .par_iter_mut()
            .zip(slots)
            .filter_map(|(chains, slot)| slot.map(|(at, request)| (at, chains, request)))
            .map(|(at, chains, request)| (at, chains.execute(isa, request)))
            .collect();
        answers.sort_by_key(|(at, _)| *at);
        Ok(answers.into_iter().map(|(_, response)| response).collect())
    }
}

impl Chains {
    fn execute(&mut self, isa: Isa, request: Request) -> Response {
        let dim = self.program.dim();
        match request {
            Request::Evaluate { points } => {
                let n = points.len() / dim;
                let (mut logp, mut grad) = (vec![0.0; n], vec![0.0; n * dim]);
                points
                    .par_chunks(LANES * dim)
                    .zip(logp.par_chunks_mut(LANES).zip(grad.par_chunks_mut(LANES * dim)))
                    .for_each(|(points, (logp, grad))| {
                        let program = &self.program;
                        dispatch(isa, Evaluate { program, points, logp, grad });
                    });
                Response::Evaluated { logp, grad }
            }
            Request::Place { points } => {
                self.blocks.par_iter_mut().zip(points.par_chunks(LANES * dim)).for_each(
                    |(block, points)| {
                        let (mut logp, mut grad) = (vec![0.0; LANES], vec![0.0; LANES * dim]);
                        let (program, logp_out) = (&self.program, &mut logp[..]);
                        let task = Evaluate { program, points, logp: logp_out, grad: &mut grad };
                        dispatch(isa, task);
                        for lane in 0..LANES {
                            block.logp[lane] = logp[lane];
                            for i in 0..dim {
                                block.position[i * LANES + lane] = points[lane * dim + i];
                                block.gradient[i * LANES + lane] = grad[lane * dim + i];
                            }
                        }
                    },
                );
                Response::Done
            }
            Request::Copy { pairs } => {
                for (from, to) in pairs {
                    self.copy(from as usize, to as usize);
                }
                Response::Done
            }
            Request::Coordinates { numbers } => {
                self.program.know(&numbers);
                Response::Done
            }
            Request::Metric { factor } => {
                self.factor = Factor::new(&factor, dim);
                Response::Done
            }
            Request::Run { step_size, first, n_steps, collect } => {
                let plan = Trajectories {
                    key: self.key,
                    factor: &self.factor,
                    step_size,
                    first,
                    n_steps: &n_steps,
                    center: match &collect {
                        Collect::Moments { center } => Some(center),
                        _ => None,
                    },
                    draws: matches!(collect, Collect::Draws),
                };
                let program = &self.program;
                let parts: Vec<Ran> = self
                    .blocks
                    .par_iter_mut()
                    .map(|block| dispatch(isa, Run { program, plan: &plan, block }))
                    .collect();
                Response::Ran(join(&parts, n_steps.len(), dim))
            }
        }
    }

    fn copy(&mut self, from: usize, to: usize) {
        let dim = self.program.dim();
        let (source, a) = (self.blocks[from / LANES].clone(), from % LANES);
        let (target, b) = (&mut self.blocks[to / LANES], to % LANES);
        target.logp[b] = source.logp[a];
        for i in 0..dim {
            target.position[i * LANES + b] = source.position[i * LANES + a];
            target.gradient[i * LANES + b] = source.gradient[i * LANES + a];
        }
    }
}

/// Puts the blocks' answers side by side, in the blocks' order.
fn join(parts: &[Ran], trajectories: usize, dim: usize) -> Ran {
    let interleave = |of: fn(&Ran) -> &Vec<f32>, width: usize| {
        let mut all = Vec::with_capacity(parts.len() * of(&parts[0]).len());
        for k in 0..trajectories {
            parts.iter().for_each(|part| all.extend_from_slice(&of(part)[k * width..][..width]));
        }
        all
    };
    let draws = if parts[0].draws.is_empty() { 0 } else { LANES * dim };
    let moments = parts[0].moments.is_some().then(|| {
        let mut all = Moments {
            trajectories,
            x: vec![],
            g: vec![0.0; dim],
            xx: vec![0.0; dim * dim],
            gg: vec![0.0; dim * dim],
        };
        for part in parts.iter().filter_map(|part| part.moments.as_ref()) {
            let add = |to: &mut [f64], from: &[f64]| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            };
            all.x.extend_from_slice(&part.x);
            add(&mut all.g, &part.g);
            add(&mut all.xx, &part.xx);
            add(&mut all.gg, &part.gg);
        }
        // The blocks sum the lower triangles.
        for i in 0..dim {
            for j in 0..i {
                all.xx[j * dim + i] = all.xx[i * dim + j];
                all.gg[j * dim + i] = all.gg[i * dim + j];
            }
        }
        all
    });
    Ran {
        acceptance: interleave(|ran| &ran.acceptance, LANES),
        energy_error: interleave(|ran| &ran.energy_error, LANES),
        energy: interleave(|ran| &ran.energy, LANES),
        logp: interleave(|ran| &ran.logp, LANES),
        moments,
        draws: interleave(|ran| &ran.draws, draws),
    }
}

/// Evaluates up to one block of points.
struct Evaluate<'a> {
    program: &'a Program<f32>,
    points: &'a [f32],
    logp: &'a mut [f32],
    grad: &'a mut [f32],
}

impl Task for Evaluate<'_> {
    type Scalar = f32;
    type Output = ();

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) {
        let program = self.program;
        let (dim, n) = (program.dim(), self.logp.len());
        let mut u = vec![L::zero(); dim];
        for (i, u) in u.iter_mut().enumerate() {
            // A short last block repeats its first point in the lanes that are left over.
            for lane in 0..L::LEN {
                let point = if lane < n { lane } else { 0 };
                u.set(lane, f64::from(self.points[point * dim + i]));
            }
        }
        let mut gradient = vec![L::zero(); dim];
        let logp = evaluate(program, &u, &mut gradient, &mut Scratch::new(program));
        for lane in 0..n {
            self.logp[lane] = logp.get(lane) as f32;
            for (i, gradient) in gradient.iter().enumerate() {
                self.grad[lane * dim + i] = gradient.get(lane) as f32;
            }
        }
    }
}

/// Runs trajectories on one block.
struct Run<'a> {
    program: &'a Program<f32>,
    plan: &'a Trajectories<'a>,
    block: &'a mut Block,
}

impl Task for Run<'_> {
    type Scalar = f32;
    type Output = Ran;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> Ran {
        hmc::run::<L>(self.program, self.plan, self.block)
    }
}
