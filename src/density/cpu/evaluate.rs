//! Log density and gradient of a batch of lanes: one pass over the dates, all gradients at once.
//!
//! The same code over `f64` lanes is the oracle that everything else is held against.

use super::program::Program;
use crate::math::Lane;
use crate::model::adstock::{self, normalize};
use crate::model::{likelihood, saturation};

/// Working memory of [`evaluate`], reused from call to call.
pub struct Scratch<L> {
    /// Value of every element.
    pub value: Vec<L>,
    /// Log prior of every element with its Jacobian.
    pub prior: Vec<L>,
    /// Log likelihood.
    pub likelihood: L,
    /// dx/du of every element.
    dx: Vec<L>,
    /// d log likelihood / dx of every element.
    gradient: Vec<L>,
    /// Weights per channel, channels × n_weights, and what flows back to them.
    weights: Vec<L>,
    weights_back: Vec<L>,
    /// d weight / d parameter, channels × parameters × n_weights.
    weights_slope: Vec<L>,
    /// 1 / Σ weights before normalisation, per channel.
    inverse_sum: Vec<L>,
    /// Saturation parameters per channel.
    parameters: Vec<[L; saturation::MAX_PARAMETERS]>,
    /// What flows back to them.
    parameters_back: Vec<[L; saturation::MAX_PARAMETERS]>,
    /// Responses of one date.
    response: Vec<saturation::Response<L>>,
    /// Responses of every date, `[channel][date + padding]`, when saturation comes first.
    saturated: Vec<saturation::Response<L>>,
}

impl<L: Lane> Scratch<L> {
    /// Memory for a program.
    pub fn new(program: &Program<L::Scalar>) -> Self {
        let (zero, dim) = (L::zero(), program.dim());
        let s = &program.structure;
        let (channels, weights) = (s.channels.len(), s.n_weights);
        let nothing = saturation::Response { value: zero, dx: zero, dp: [zero; _] };
        let dates = if s.adstock_first { 0 } else { program.n_train + 2 * weights };
        Self {
            value: vec![zero; dim],
            prior: vec![zero; dim],
            likelihood: zero,
            dx: vec![zero; dim],
            gradient: vec![zero; dim],
            weights: vec![zero; channels * weights],
            weights_back: vec![zero; channels * weights],
            weights_slope: vec![zero; channels * adstock::MAX_PARAMETERS * weights],
            inverse_sum: vec![zero; channels],
            parameters: vec![[zero; _]; channels],
            parameters_back: vec![[zero; _]; channels],
            response: vec![nothing; channels],
            saturated: vec![nothing; channels * dates],
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
    weights(program, scratch);
    if !program.structure.adstock_first {
        saturate_all(program, scratch);
    }
    scratch.likelihood = dates(program, scratch);
    logp += scratch.likelihood;
    weights_pullback(program, scratch);
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

/// Adstock weights and saturation parameters of every channel.
#[inline(always)]
fn weights<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &program.structure;
    let n = s.n_weights;
    for (c, channel) in s.channels.iter().enumerate() {
        let mut parameters = [L::zero(); adstock::MAX_PARAMETERS];
        for (parameter, &element) in parameters.iter_mut().zip(&channel.adstock) {
            *parameter = scratch.value[element];
        }
        let w = &mut scratch.weights[c * n..][..n];
        let slopes = channel.adstock.len() * n;
        let slope = &mut scratch.weights_slope[c * adstock::MAX_PARAMETERS * n..][..slopes];
        s.adstock.weights(&parameters[..channel.adstock.len()], w, slope);
        scratch.inverse_sum[c] = if s.normalize { normalize(w) } else { L::splat(1.0) };
        scratch.weights_back[c * n..][..n].fill(L::zero());
        scratch.parameters_back[c] = [L::zero(); _];
        for (parameter, &element) in scratch.parameters[c].iter_mut().zip(&channel.saturation) {
            *parameter = scratch.value[element];
        }
    }
}

/// Saturates every date's spend, for models that saturate before they adstock.
#[inline(always)]
fn saturate_all<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &program.structure;
    let (n, pad) = (program.n_train, s.n_weights);
    for c in 0..s.channels.len() {
        let row = &mut scratch.saturated[c * (n + 2 * pad)..][pad..pad + n];
        for (response, &x) in row.iter_mut().zip(&program.spend[c][pad..]) {
            *response = s.saturation.response(L::from_scalar(x), &scratch.parameters[c]);
        }
    }
}

/// The likelihood of the training rows; gradients with respect to element values, weights and
/// saturation parameters are left in the scratch.
#[inline(always)]
fn dates<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) -> L {
    let s = &program.structure;
    let (n, pad) = (s.n_weights, s.n_weights);
    let stride = program.n_train + 2 * pad;
    let dense_count = program.dense_elements.len();
    let lower = L::splat(program.lower);
    let mut parameters = [L::zero(); likelihood::MAX_PARAMETERS];
    for (parameter, &element) in parameters.iter_mut().zip(&s.likelihood_slots) {
        *parameter = scratch.value[element];
    }
    let mut likelihood_back = [L::zero(); likelihood::MAX_PARAMETERS];
    let mut logp = L::zero();
    for t in 0..program.n_train {
        let dense = &program.dense[t * dense_count..][..dense_count];
        let sparse = &program.sparse[program.sparse_rows[t]..program.sparse_rows[t + 1]];
        // The newest spend the window sees; older ones lie before it.
        let newest = pad + t + s.shift;
        let mut mu = L::zero();
        for (&element, &x) in program.dense_elements.iter().zip(dense) {
            mu = scratch.value[element].mul_add(L::from_scalar(x), mu);
        }
        for &(element, x) in sparse {
            mu = scratch.value[element].mul_add(L::from_scalar(x), mu);
        }
        for c in 0..s.channels.len() {
            let w = &scratch.weights[c * n..][..n];
            if s.adstock_first {
                let mut adstocked = L::zero();
                for (w, &x) in w.iter().zip(window(&program.spend[c], newest, n)) {
                    adstocked = w.mul_add(L::from_scalar(x), adstocked);
                }
                let response = s.saturation.response(adstocked, &scratch.parameters[c]);
                mu += response.value;
                scratch.response[c] = response;
            } else {
                let row = &scratch.saturated[c * stride..][..stride];
                for (w, response) in w.iter().zip(window(row, newest, n)) {
                    mu = w.mul_add(response.value, mu);
                }
            }
        }
        let y = L::from_scalar(program.target[t]);
        let point = s.likelihood.pointwise(y, mu, &parameters, lower);
        logp += point.logp;
        for (back, dp) in likelihood_back.iter_mut().zip(point.dp) {
            *back += dp;
        }

        let back = point.dmu;
        for (&element, &x) in program.dense_elements.iter().zip(dense) {
            let sum = &mut scratch.gradient[element];
            *sum = back.mul_add(L::from_scalar(x), *sum);
        }
        for &(element, x) in sparse {
            let sum = &mut scratch.gradient[element];
            *sum = back.mul_add(L::from_scalar(x), *sum);
        }
        for (c, channel) in s.channels.iter().enumerate() {
            let weights_back = &mut scratch.weights_back[c * n..][..n];
            let parameters_back = &mut scratch.parameters_back[c][..channel.saturation.len()];
            if s.adstock_first {
                let response = &scratch.response[c];
                let slope = back * response.dx;
                for (sum, &x) in weights_back.iter_mut().zip(window(&program.spend[c], newest, n)) {
                    *sum = slope.mul_add(L::from_scalar(x), *sum);
                }
                for (sum, dp) in parameters_back.iter_mut().zip(response.dp) {
                    *sum = back.mul_add(dp, *sum);
                }
            } else {
                let row = &scratch.saturated[c * stride..][..stride];
                for (j, sum) in weights_back.iter_mut().enumerate() {
                    let response = &row[newest - j];
                    *sum = back.mul_add(response.value, *sum);
                    let slope = back * scratch.weights[c * n + j];
                    for (sum, dp) in parameters_back.iter_mut().zip(response.dp) {
                        *sum = slope.mul_add(dp, *sum);
                    }
                }
            }
        }
    }
    for (&element, back) in s.likelihood_slots.iter().zip(likelihood_back) {
        scratch.gradient[element] += back;
    }
    logp
}

/// The values a window of `n` weights sees, the newest first.
#[inline(always)]
fn window<T>(values: &[T], newest: usize, n: usize) -> impl Iterator<Item = &T> {
    values[newest + 1 - n..=newest].iter().rev()
}

/// Carries what flowed back to weights and saturation parameters to the elements.
#[inline(always)]
fn weights_pullback<L: Lane>(program: &Program<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &program.structure;
    let n = s.n_weights;
    for (c, channel) in s.channels.iter().enumerate() {
        let weights = &scratch.weights[c * n..][..n];
        let back = &mut scratch.weights_back[c * n..][..n];
        if s.normalize {
            // w̃ = w/Σw: dw = (dw̃ − Σ dw̃ w̃) / Σw
            let mut mean = L::zero();
            for (back, w) in back.iter().zip(weights) {
                mean = back.mul_add(*w, mean);
            }
            for back in back.iter_mut() {
                *back = (*back - mean) * scratch.inverse_sum[c];
            }
        }
        for (p, &element) in channel.adstock.iter().enumerate() {
            let slope = &scratch.weights_slope[(c * adstock::MAX_PARAMETERS + p) * n..][..n];
            let sum = &mut scratch.gradient[element];
            for (back, slope) in back.iter().zip(slope) {
                *sum = back.mul_add(*slope, *sum);
            }
        }
        for (&element, &back) in channel.saturation.iter().zip(&scratch.parameters_back[c]) {
            scratch.gradient[element] += back;
        }
    }
}
