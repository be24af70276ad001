//! Log density and gradient of a batch of lanes: priors, then the likelihood, then the chain rule.
//!
//! The same code over `f64` lanes is the oracle that everything else is held against.

use super::dates;
use super::program::{DATES, Program};
use crate::math::Lane;
use crate::model::adstock::{self, normalize};
use crate::model::saturation;

/// Working memory of [`evaluate`], reused from call to call.
pub struct Scratch<L> {
    /// Value of every element.
    pub value: Vec<L>,
    /// Log prior of every element with its Jacobian.
    pub prior: Vec<L>,
    /// Log likelihood.
    pub likelihood: L,
    /// d log likelihood / dx of every element.
    pub(super) gradient: Vec<L>,
    /// What the channels need.
    pub(super) channels: Vec<Channel<L>>,
    /// dx/du of every element.
    dx: Vec<L>,
}

/// Working memory of one channel.
pub(super) struct Channel<L> {
    /// Adstock weights, and what flows back to them.
    pub weights: Vec<L>,
    pub weights_back: Vec<L>,
    /// Saturation parameters, and what flows back to them.
    pub parameters: [L; saturation::MAX_PARAMETERS],
    pub parameters_back: [L; saturation::MAX_PARAMETERS],
    /// Responses of a block of dates, when adstock comes first.
    pub responses: saturation::Responses<L, DATES>,
    /// Responses of every date, padded as the spend is, when saturation comes first, and what flows
    /// back to them.
    pub saturated: Vec<saturation::Response<L>>,
    pub flow: Vec<L>,
    /// d weight / d parameter, parameters × n_weights.
    weights_slope: Vec<L>,
    /// 1 / Σ weights before normalisation.
    inverse_sum: L,
}

impl<L: Lane> Scratch<L> {
    /// Memory for a program.
    pub fn new(program: &Program<L::Scalar>) -> Self {
        let (zero, dim) = (L::zero(), program.dim());
        let s = &program.structure;
        let nothing = saturation::Response { value: zero, dx: zero, dp: [zero; _] };
        let channel = |spend: &Vec<L::Scalar>| {
            let dates = if s.adstock_first { 0 } else { spend.len() };
            Channel {
                weights: vec![zero; s.n_weights],
                weights_back: vec![zero; s.n_weights],
                parameters: [zero; _],
                parameters_back: [zero; _],
                responses: saturation::Responses {
                    value: [zero; _],
                    dx: [zero; _],
                    dp: [[zero; _]; _],
                },
                saturated: vec![nothing; dates],
                flow: vec![zero; dates],
                weights_slope: vec![zero; adstock::MAX_PARAMETERS * s.n_weights],
                inverse_sum: zero,
            }
        };
        Self {
            value: vec![zero; dim],
            prior: vec![zero; dim],
            likelihood: zero,
            gradient: vec![zero; dim],
            channels: program.spend.iter().map(channel).collect(),
            dx: vec![zero; dim],
        }
    }
}

/// Log density at `u` (dim); writes the gradient (dim).
#[inline(always)]
pub fn evaluate<L: Lane>(
    program: &Program<L::Scalar>,
    u: &[L],
    gradient: &mut [L],
    scratch: &mut Scratch<L>,
) -> L {
    let mut logp = priors(program, u, gradient, scratch);
    transforms(program, scratch);
    scratch.likelihood = if program.structure.adstock_first {
        dates::likelihood::<L, true>(program, scratch)
    } else {
        dates::likelihood::<L, false>(program, scratch)
    };
    logp += scratch.likelihood;
    transforms_back(program, scratch);
    for (gradient, (back, dx)) in gradient.iter_mut().zip(scratch.gradient.iter().zip(&scratch.dx))
    {
        *gradient = back.mul_add(*dx, *gradient);
    }
    logp
}

/// Maps every element and sums the priors.
#[inline(always)]
fn priors<L: Lane>(
    program: &Program<L::Scalar>,
    u: &[L],
    gradient: &mut [L],
    scratch: &mut Scratch<L>,
) -> L {
    let mut logp = L::zero();
    for i in 0..program.dim() {
        let mapped = program.coordinates[i].map(u[i]);
        let (mut prior, mut slope) = (mapped.logp, mapped.dlogp);
        if let Some((distribution, constants)) = &program.priors[i] {
            let constants = constants.map(L::splat);
            let (density, derivative) = distribution.log_density(mapped.value, &constants);
            prior += density;
            slope = derivative.mul_add(mapped.dx, slope);
        }
        scratch.value[i] = mapped.value.x;
        scratch.dx[i] = mapped.dx;
        scratch.prior[i] = prior;
        scratch.gradient[i] = L::zero();
        gradient[i] = slope;
        logp += prior;
    }
    logp
}

/// Adstock weights and saturation parameters of every channel; the responses of every date where
/// saturation comes first. Nothing has flowed back yet.
#[inline(always)]
fn transforms<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &program.structure;
    for (c, (slots, channel)) in s.channels.iter().zip(&mut scratch.channels).enumerate() {
        let mut parameters = [L::zero(); adstock::MAX_PARAMETERS];
        for (parameter, &element) in parameters.iter_mut().zip(&slots.adstock) {
            *parameter = scratch.value[element];
        }
        let parameters = &parameters[..slots.adstock.len()];
        s.adstock.weights(parameters, &mut channel.weights, &mut channel.weights_slope);
        if s.normalize {
            channel.inverse_sum = normalize(&mut channel.weights);
        }
        for (parameter, &element) in channel.parameters.iter_mut().zip(&slots.saturation) {
            *parameter = scratch.value[element];
        }
        if !s.adstock_first {
            // Before and after the training rows there is no response, whatever the family says of
            // no spend.
            let rows = s.n_weights..s.n_weights + program.n_train;
            let saturated = &mut channel.saturated[rows.clone()];
            for (response, &x) in saturated.iter_mut().zip(&program.spend[c][rows]) {
                *response = s.saturation.response(L::from_scalar(x), &channel.parameters);
            }
            channel.flow.fill(L::zero());
        }
        channel.weights_back.fill(L::zero());
        channel.parameters_back = [L::zero(); _];
    }
}

/// Carries what flowed back to weights and saturation parameters to the elements.
#[inline(always)]
fn transforms_back<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &program.structure;
    for (slots, channel) in s.channels.iter().zip(&mut scratch.channels) {
        if s.normalize {
            // w̃ = w/Σw: dw = (dw̃ − Σ dw̃ w̃) / Σw
            let mut mean = L::zero();
            for (back, w) in channel.weights_back.iter().zip(&channel.weights) {
                mean = back.mul_add(*w, mean);
            }
            for back in &mut channel.weights_back {
                *back = (*back - mean) * channel.inverse_sum;
            }
        }
        for (&element, slope) in
            slots.adstock.iter().zip(channel.weights_slope.chunks_exact(s.n_weights))
        {
            let sum = &mut scratch.gradient[element];
            for (back, slope) in channel.weights_back.iter().zip(slope) {
                *sum = back.mul_add(*slope, *sum);
            }
        }
        for (flow, response) in channel.flow.iter().zip(&channel.saturated) {
            for (sum, dp) in channel.parameters_back.iter_mut().zip(response.dp) {
                *sum = flow.mul_add(dp, *sum);
            }
        }
        for (&element, &back) in slots.saturation.iter().zip(&channel.parameters_back) {
            scratch.gradient[element] += back;
        }
    }
}
