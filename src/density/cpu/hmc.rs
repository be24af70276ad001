//! Hamiltonian trajectories of one block of lanes: `p += ε/2 Lᵀg; q += ε L p; …`, then accept.

use super::evaluate::{Scratch, evaluate};
use super::factor::Factor;
use super::program::Program;
use crate::density::request::{Moments, Ran};
use crate::math::{Key, Lane, Purpose, lane_normals, philox4x32, uniform};

/// The state of one block of chains, lane-minor: `[element × lanes + lane]`.
#[derive(Clone)]
pub struct Block {
    /// First chain.
    pub chain: u32,
    /// Positions.
    pub position: Vec<f32>,
    /// Gradients there.
    pub gradient: Vec<f32>,
    /// Log densities there.
    pub logp: Vec<f32>,
}

/// What to run, besides the state.
pub struct Trajectories<'a> {
    /// Random key of the model.
    pub key: Key,
    /// Metric factor.
    pub factor: &'a Factor,
    /// ε.
    pub step_size: f32,
    /// Index of the first trajectory.
    pub first: u32,
    /// Leapfrog steps per trajectory.
    pub n_steps: &'a [u32],
    /// Centre of the moments, if they are wanted.
    pub center: Option<&'a [f32]>,
    /// Whether the draws are wanted.
    pub draws: bool,
}

/// Runs trajectories on a block; the answer has the block's lanes as its chains.
#[inline(always)]
pub fn run<L: Lane<Scalar = f32>>(
    program: &Program<f32>,
    plan: &Trajectories<'_>,
    block: &mut Block,
) -> Ran {
    let dim = program.dim();
    let mut scratch = Scratch::new(program);
    let mut q: Vec<L> = block.position.chunks_exact(L::LEN).map(L::load).collect();
    let mut g: Vec<L> = block.gradient.chunks_exact(L::LEN).map(L::load).collect();
    let mut logp = L::load(&block.logp);
    let (mut q_new, mut g_new) = (q.clone(), g.clone());
    let mut p = vec![L::zero(); dim];
    let mut ran = Ran::default();
    let mut moments = plan.center.map(|_| Moments {
        trajectories: plan.n_steps.len(),
        x: vec![0.0; L::LEN * dim],
        g: vec![0.0; dim],
        xx: vec![0.0; dim * dim],
        gg: vec![0.0; dim * dim],
    });
    for (k, &steps) in plan.n_steps.iter().enumerate() {
        let index = plan.first.wrapping_add(k as u32);
        for (b, four) in p.chunks_mut(4).enumerate() {
            let normals =
                lane_normals::<L>(plan.key, b as u32, block.chain, index, Purpose::Momentum);
            four.copy_from_slice(&normals[..four.len()]);
        }
        let energy = kinetic(&p) - logp;
        q_new.copy_from_slice(&q);
        g_new.copy_from_slice(&g);
        let epsilon = L::from_scalar(plan.step_size);
        let half = L::from_scalar(0.5 * plan.step_size);
        let mut logp_new = logp;
        for step in 0..steps {
            // Two half kicks meet between steps; only the first and the last are half ones.
            plan.factor.add_transposed(if step == 0 { half } else { epsilon }, &g_new, &mut p);
            plan.factor.add(epsilon, &p, &mut q_new);
            logp_new = evaluate(program, &q_new, &mut g_new, &mut scratch);
        }
        plan.factor.add_transposed(half, &g_new, &mut p);
        let error = kinetic(&p) - logp_new - energy;

        // +1 where the candidate is accepted, −1 where it is not.
        let mut accepted = L::zero();
        for lane in 0..L::LEN {
            let delta = error.get(lane);
            let acceptance = if delta.is_finite() { (-delta).exp().min(1.0) } else { 0.0 };
            let counter = [0, block.chain + lane as u32, index, Purpose::Accept as u32];
            let u = uniform(philox4x32(counter, plan.key.0)[0]);
            accepted.set(lane, if f64::from(u) < acceptance { 1.0 } else { -1.0 });
            ran.acceptance.push(acceptance as f32);
            ran.energy_error.push(delta as f32);
            ran.energy.push(energy.get(lane) as f32);
        }
        let choose = |new: L, old: L| L::select_lt(L::zero(), accepted, new, old);
        for i in 0..dim {
            q[i] = choose(q_new[i], q[i]);
            g[i] = choose(g_new[i], g[i]);
        }
        logp = choose(logp_new, logp);
        ran.logp.extend((0..L::LEN).map(|lane| logp.get(lane) as f32));
        if let (Some(moments), Some(center)) = (&mut moments, plan.center) {
            add_moments(moments, center, &q, &g);
        }
        if plan.draws {
            for lane in 0..L::LEN {
                ran.draws.extend(q.iter().map(|q| q.get(lane) as f32));
            }
        }
    }
    for (i, (q, g)) in q.iter().zip(&g).enumerate() {
        q.store(&mut block.position[i * L::LEN..]);
        g.store(&mut block.gradient[i * L::LEN..]);
    }
    logp.store(&mut block.logp);
    ran.moments = moments;
    ran
}

/// ½ pᵀp.
#[inline(always)]
fn kinetic<L: Lane>(p: &[L]) -> L {
    let mut sum = L::zero();
    for &p in p {
        sum = p.mul_add(p, sum);
    }
    sum * L::splat(0.5)
}

/// Adds the states kept to the sums.
#[inline(always)]
fn add_moments<L: Lane>(moments: &mut Moments, center: &[f32], q: &[L], g: &[L]) {
    let dim = q.len();
    let x: Vec<L> = q.iter().zip(center).map(|(&q, &c)| q - L::splat(f64::from(c))).collect();
    for i in 0..dim {
        for lane in 0..L::LEN {
            moments.x[lane * dim + i] += x[i].get(lane);
        }
        moments.g[i] += g[i].sum();
        for j in 0..=i {
            moments.xx[i * dim + j] += (x[i] * x[j]).sum();
            moments.gg[i * dim + j] += (g[i] * g[j]).sum();
        }
    }
}
