//! What a sampler may ask of an engine, and what comes back: plain values, equal for every engine.
//!
//! The state of the chains (position, log density, gradient) lives in the engine, in the sampler's
//! coordinates. An engine serves many models; requests of one call are carried out together.

use crate::error::Result;

/// One request for one model.
#[derive(Clone, Debug)]
pub enum Request {
    /// Log density and gradient at some points.
    Evaluate {
        /// Row-major, points × dim.
        points: Vec<f32>,
    },
    /// Puts the chains at these points and evaluates there.
    Place {
        /// Row-major, chains × dim.
        points: Vec<f32>,
    },
    /// Makes chains copies of others.
    Copy {
        /// (from, to) pairs; no chain is both.
        pairs: Vec<(u32, u32)>,
    },
    /// Sets numbers that the sampler's coordinates depend on; the chains stay where they are, at points
    /// that now stand for others, until they are placed.
    Coordinates {
        /// Four for every dimension; zeros in the beginning.
        numbers: Vec<[f32; 4]>,
    },
    /// Sets the factor L of the metric Σ = L Lᵀ.
    Metric {
        /// Row-major, dim × dim; the lower triangle is used.
        factor: Vec<f32>,
    },
    /// Runs Hamiltonian trajectories on all chains:
    /// `p += ε/2 Lᵀg; q += ε L p; g = ∇log p(q); p += ε/2 Lᵀg`, then accept or reject each chain.
    Run {
        /// ε, in whitened units.
        step_size: f32,
        /// Index of the first trajectory: the random counter, never reused within a model.
        first: u32,
        /// Leapfrog steps of each trajectory.
        n_steps: Vec<u32>,
        /// What to bring back besides the statistics of each trajectory.
        collect: Collect,
    },
}

/// What a run brings back.
#[derive(Clone, Debug)]
pub enum Collect {
    /// Statistics only.
    Nothing,
    /// Sums over chains and trajectories, about a center (dim).
    Moments {
        /// Subtracted from positions, to keep sums of squares accurate in single precision.
        center: Vec<f32>,
    },
    /// The position of every chain after every trajectory.
    Draws,
}

/// The answer to a [`Request`] of the same position.
#[derive(Clone, Debug)]
pub enum Response {
    /// To `Evaluate`.
    Evaluated {
        /// One per point; non-finite where the density is not defined in single precision.
        logp: Vec<f32>,
        /// Row-major, points × dim.
        grad: Vec<f32>,
    },
    /// To `Place`, `Copy`, `Coordinates`, `Metric`.
    Done,
    /// To `Run`.
    Ran(Ran),
}

/// What happened on a run; per-chain values are trajectory-major, `[trajectory × chains + chain]`.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// min(1, e^−ΔH); 0 where ΔH is not finite.
    pub acceptance: Vec<f32>,
    /// ΔH, the energy error at the end of the trajectory; may be non-finite.
    pub energy_error: Vec<f32>,
    /// Energy at the start of the trajectory, −log p(q) + ½ pᵀp with its fresh momentum (for E-BFMI).
    pub energy: Vec<f32>,
    /// Log density of the state kept.
    pub logp: Vec<f32>,
    /// With [`Collect::Moments`].
    pub moments: Option<Moments>,
    /// With [`Collect::Draws`]: `[trajectory][chain][dim]`, row-major.
    pub draws: Vec<f32>,
}

/// Sums over the states kept, one per chain and trajectory.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Trajectories summed (each chain contributes one state per trajectory).
    pub trajectories: usize,
    /// Σ (x − c) of each chain, chains × dim.
    pub x: Vec<f64>,
    /// Σ g over all chains, dim.
    pub g: Vec<f64>,
    /// Σ (x − c)(x − c)ᵀ over all chains, dim × dim.
    pub xx: Vec<f64>,
    /// Σ g gᵀ over all chains, dim × dim.
    pub gg: Vec<f64>,
}

/// Carries out requests for many models at once.
pub trait Engine {
    /// Carries out at most one request per model; answers in the order of the requests.
    fn execute(&mut self, requests: Vec<(usize, Request)>) -> Result<Vec<Response>>;
}
