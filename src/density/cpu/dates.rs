//! The likelihood of the training rows: one pass over the dates, a block of them at a time, all
//! gradients at once.
//!
//! Within a block the loops run over the dates of one channel or column before they go to the next,
//! so that a sum over dates, or the sums of all dates of the block, stay in registers. That holds only
//! where the compiler sees the families: the usual ones have a loop each, for all others the families
//! are called.

use super::evaluate::{self, Scratch};
use super::program::{DATES, Series};
use crate::math::{Lane, Part};
use crate::model::likelihood::{self, Likelihood};
use crate::model::saturation::Saturation;
use crate::model::{Carryover, Channel, adstock};
use std::array;
use std::ops::Range;

/// One number per date of a block.
pub type Dates<L> = [L; DATES];

/// What a loop over the dates is compiled for.
trait Compiled {
    /// Whether adstock comes first; the registers of the other order are free.
    const ADSTOCK_FIRST: bool;
    /// The saturation of all channels, if it is known; then no channel has a recursion.
    const SATURATION: Option<Saturation>;
    /// The likelihood, if it is known.
    const LIKELIHOOD: Option<Likelihood>;
    /// Whether there are effects that are not linear.
    const CURVED: bool;
}

/// Declares what loops are compiled for.
macro_rules! compiled {
    ($($name:ident: $first:expr, $saturation:expr, $likelihood:expr, $curved:expr;)+) => { $(
        struct $name;
        impl Compiled for $name {
            const ADSTOCK_FIRST: bool = $first;
            const SATURATION: Option<Saturation> = $saturation;
            const LIKELIHOOD: Option<Likelihood> = $likelihood;
            const CURVED: bool = $curved;
        }
    )+ };
}

compiled! {
    UsualTruncated: true, Some(Saturation::Logistic), Some(Likelihood::TruncatedNormal), false;
    UsualNormal: true, Some(Saturation::Logistic), Some(Likelihood::Normal), false;
    AdstockFirst: true, None, None, false;
    SaturationFirst: false, None, None, false;
    CurvedAdstockFirst: true, None, None, true;
    CurvedSaturationFirst: false, None, None, true;
}

/// Log likelihood; the gradients with respect to element values, weights and saturation parameters
/// are added to those in the scratch.
#[inline(always)]
pub fn likelihood<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) -> L {
    let s = &program.structure;
    let usual =
        |c: &Channel| c.saturation.family == Saturation::Logistic && !c.adstock.is_recursion();
    let usual = s.adstock_first && s.curved.is_empty() && s.channels.iter().all(usual);
    match s.likelihood {
        Likelihood::TruncatedNormal if usual => over_dates::<L, UsualTruncated>(program, scratch),
        Likelihood::Normal if usual => over_dates::<L, UsualNormal>(program, scratch),
        _ => L::call(Unusual { program, scratch }),
    }
}

/// The likelihood of any model.
struct Unusual<'a, L: Lane> {
    program: &'a Series<L::Scalar>,
    scratch: &'a mut Scratch<L>,
}

impl<L: Lane> Part for Unusual<'_, L> {
    type Output = L;

    #[inline(always)]
    fn run(self) -> L {
        let Self { program, scratch } = self;
        let s = &program.structure;
        match (s.adstock_first, s.curved.is_empty()) {
            (true, true) => over_dates::<L, AdstockFirst>(program, scratch),
            (true, false) => over_dates::<L, CurvedAdstockFirst>(program, scratch),
            (false, true) => over_dates::<L, SaturationFirst>(program, scratch),
            (false, false) => over_dates::<L, CurvedSaturationFirst>(program, scratch),
        }
    }
}

/// [`likelihood`], compiled for `C`.
#[inline(always)]
fn over_dates<L: Lane, C: Compiled>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) -> L {
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
        let mut varying = [L::zero(); DATES];
        let media = if C::CURVED { &mut varying } else { &mut mu };
        for (c, channel) in scratch.channels.iter_mut().enumerate() {
            let span = span(&s.channels[c].adstock, first);
            if C::ADSTOCK_FIRST {
                let adstocked: Dates<L> = if is_carried::<L, C>(channel) {
                    array::from_fn(|d| channel.carried[span.start + d])
                } else {
                    let spend = &program.spend[c][span];
                    adstock::weigh(&channel.weights, spend, |&x| L::from_scalar(x))
                };
                let responses = &mut channel.responses;
                let family = s.channels[c].saturation.family;
                family.responses(C::SATURATION, &adstocked, &channel.parameters, responses);
                for (media, value) in media.iter_mut().zip(responses.value) {
                    *media += value;
                }
            } else {
                let saturated = &channel.saturated[span];
                let adstocked: Dates<L> =
                    adstock::weigh(&channel.weights, saturated, |response| response.value);
                for (media, adstocked) in media.iter_mut().zip(adstocked) {
                    *media += adstocked;
                }
            }
        }
        if C::CURVED {
            scratch.curves.add(first, &varying, &mut mu);
        }

        let mut back = [L::zero(); DATES];
        let target = &program.target[first..first + count];
        let mu = &mu[..count];
        let total =
            s.likelihood.log_density(C::LIKELIHOOD, target, mu, &parameters, &constants, &mut back);
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
        if C::CURVED {
            // From here on what flows back to media.
            scratch.curves.add_back(first, &varying, &mut back);
        }
        for (c, channel) in scratch.channels.iter_mut().enumerate() {
            let span = span(&s.channels[c].adstock, first);
            if C::ADSTOCK_FIRST {
                let mut slope = back;
                for (slope, &dx) in slope.iter_mut().zip(&channel.responses.dx) {
                    *slope *= dx;
                }
                if is_carried::<L, C>(channel) {
                    for (flow, slope) in channel.flow[span].iter_mut().zip(slope) {
                        *flow += slope;
                    }
                } else {
                    let spend = &program.spend[c][span];
                    weigh_back(&mut channel.weights_back, spend, |&x| L::from_scalar(x), &slope);
                }
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

/// Whether the spend of a channel was carried over by a recursion, where adstock comes first.
#[inline(always)]
fn is_carried<L: Lane, C: Compiled>(channel: &evaluate::Channel<L>) -> bool {
    C::SATURATION.is_none() && !channel.carried.is_empty()
}

/// Where the newest number of the window of a date stands in a channel's padded numbers.
#[inline(always)]
pub fn newest(adstock: &Carryover, date: usize) -> usize {
    date + adstock.shift + adstock.n_weights
}

/// The weighted sum over one window, the first weight on its newest number.
#[inline(always)]
pub fn weigh_one<L: Lane>(weights: &[L], newest: usize, lane: impl Fn(usize) -> L) -> L {
    let mut sum = L::zero();
    for (j, w) in weights.iter().enumerate() {
        sum = w.mul_add(lane(newest - j), sum);
    }
    sum
}

/// Adds to each weight's sum what flows back to it from the weighted sum of [`weigh_one`].
#[inline(always)]
pub fn weigh_one_back<L: Lane>(sums: &mut [L], newest: usize, lane: impl Fn(usize) -> L, back: L) {
    for (j, sum) in sums.iter_mut().enumerate() {
        *sum = back.mul_add(lane(newest - j), *sum);
    }
}

/// Where the windows of the block of dates from `first` on begin and end in a channel's padded numbers.
#[inline(always)]
fn span(adstock: &Carryover, first: usize) -> Range<usize> {
    let start = first + adstock.shift + 1;
    start..start + adstock.n_weights - 1 + DATES
}

/// Adds to each weight's sum what flows back to it from the weighted sums of [`adstock::weigh`].
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
