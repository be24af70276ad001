//! The likelihood of the training rows: one pass over the dates, a block of them at a time, all
//! gradients at once.
//!
//! Within a block the loops run over the dates of one channel or column before they go to the next,
//! so that a sum over dates, or the sums of all dates of the block, stay in registers.

use super::evaluate::Scratch;
use super::program::{DATES, Program};
use crate::math::Lane;
use crate::model::{Carryover, likelihood};
use std::ops::Range;

/// One number per date of a block.
pub type Dates<L> = [L; DATES];

/// Log likelihood; the gradients with respect to element values, weights and saturation parameters
/// are added to those in the scratch. `ADSTOCK_FIRST` is the structure's; with a loop for each order
/// the registers of the other one are free.
#[inline(always)]
pub fn likelihood<L: Lane, const ADSTOCK_FIRST: bool>(
    program: &Program<L::Scalar>,
    scratch: &mut Scratch<L>,
) -> L {
    let s = &program.structure;
    let n_dense = program.dense_elements.len();
    let mut parameters = [L::zero(); likelihood::MAX_PARAMETERS];
    for (parameter, &element) in parameters.iter_mut().zip(&s.likelihood_slots) {
        *parameter = scratch.value[element];
    }
    let mut parameters_back = [L::zero(); likelihood::MAX_PARAMETERS];
    let constants = s.likelihood.constants(&parameters, L::splat(program.lower));
    let mut logp = L::zero();
    for block in 0..program.n_blocks() {
        let first = block * DATES;
        let count = DATES.min(program.n_train - first);
        let dense = &program.dense[block * n_dense..][..n_dense];

        let mut mu = [L::zero(); DATES];
        for (&element, x) in program.dense_elements.iter().zip(dense) {
            let coefficient = scratch.value[element];
            for d in 0..DATES {
                mu[d] = coefficient.mul_add(L::from_scalar(x[d]), mu[d]);
            }
        }
        for (d, mu) in mu.iter_mut().enumerate() {
            for &(element, x) in program.sparse_row(first + d) {
                *mu = scratch.value[element].mul_add(L::from_scalar(x), *mu);
            }
        }
        for (c, channel) in scratch.channels.iter_mut().enumerate() {
            let span = span(&s.channels[c].adstock, first);
            if ADSTOCK_FIRST {
                let spend = &program.spend[c][span];
                let adstocked = weigh(&channel.weights, spend, |&x| L::from_scalar(x));
                let responses = &mut channel.responses;
                let family = s.channels[c].saturation.family;
                family.responses(&adstocked, &channel.parameters, responses);
                for (mu, value) in mu.iter_mut().zip(responses.value) {
                    *mu += value;
                }
            } else {
                let saturated = &channel.saturated[span];
                let adstocked = weigh(&channel.weights, saturated, |response| response.value);
                for (mu, adstocked) in mu.iter_mut().zip(adstocked) {
                    *mu += adstocked;
                }
            }
        }

        let mut back = [L::zero(); DATES];
        let target = &program.target[first..first + count];
        let total =
            s.likelihood.log_density(target, &mu[..count], &parameters, &constants, &mut back);
        logp += total.logp;
        for (sum, dp) in parameters_back.iter_mut().zip(total.dp) {
            *sum += dp;
        }

        for (&element, x) in program.dense_elements.iter().zip(dense) {
            let mut sum = scratch.gradient[element];
            for d in 0..DATES {
                sum = back[d].mul_add(L::from_scalar(x[d]), sum);
            }
            scratch.gradient[element] = sum;
        }
        for (d, back) in back.iter().enumerate() {
            for &(element, x) in program.sparse_row(first + d) {
                let sum = &mut scratch.gradient[element];
                *sum = back.mul_add(L::from_scalar(x), *sum);
            }
        }
        for (c, channel) in scratch.channels.iter_mut().enumerate() {
            let span = span(&s.channels[c].adstock, first);
            if ADSTOCK_FIRST {
                let mut slope = back;
                for (slope, &dx) in slope.iter_mut().zip(&channel.responses.dx) {
                    *slope *= dx;
                }
                let spend = &program.spend[c][span];
                weigh_back(&mut channel.weights_back, spend, |&x| L::from_scalar(x), &slope);
                let parameters = s.channels[c].saturation.slots.len();
                let sums = &mut channel.parameters_back[..parameters];
                for (sum, dp) in sums.iter_mut().zip(&channel.responses.dp) {
                    for d in 0..DATES {
                        *sum = back[d].mul_add(dp[d], *sum);
                    }
                }
            } else {
                let saturated = &channel.saturated[span.clone()];
                weigh_back(&mut channel.weights_back, saturated, |r| r.value, &back);
                for (j, &w) in channel.weights.iter().enumerate() {
                    let flow = &mut channel.flow[span.end - DATES - j..][..DATES];
                    for (flow, back) in flow.iter_mut().zip(back) {
                        *flow = w.mul_add(back, *flow);
                    }
                }
            }
        }
    }
    for (&element, back) in s.likelihood_slots.iter().zip(parameters_back) {
        scratch.gradient[element] += back;
    }
    logp
}

/// Where the windows of the block of dates from `first` on begin and end in a channel's padded numbers.
#[inline(always)]
fn span(adstock: &Carryover, first: usize) -> Range<usize> {
    let start = first + adstock.shift + 1;
    start..start + adstock.n_weights - 1 + DATES
}

/// The weighted sums over the windows that end on each date of a block, the first weight on the
/// newest value.
#[inline(always)]
fn weigh<L: Lane, T>(weights: &[L], span: &[T], lane: impl Fn(&T) -> L) -> Dates<L> {
    let mut sums = [L::zero(); DATES];
    for (w, x) in weights.iter().zip(span.windows(DATES).rev()) {
        for d in 0..DATES {
            sums[d] = w.mul_add(lane(&x[d]), sums[d]);
        }
    }
    sums
}

/// Adds to each weight's sum what flows back to it from the weighted sums of [`weigh`].
#[inline(always)]
fn weigh_back<L: Lane, T>(sums: &mut [L], span: &[T], lane: impl Fn(&T) -> L, back: &Dates<L>) {
    for (sum, x) in sums.iter_mut().zip(span.windows(DATES).rev()) {
        let mut total = *sum;
        for d in 0..DATES {
            total = back[d].mul_add(lane(&x[d]), total);
        }
        *sum = total;
    }
}
