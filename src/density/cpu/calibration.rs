//! What calibrates the channels besides the target: lift tests, costs per target, priors of returns. After
//! the likelihood, whose gradients theirs are added to.

use super::dates::{newest, weigh_one, weigh_one_back};
use super::evaluate::{Channel, Scratch};
use super::program::Series;
use crate::math::Lane;
use crate::model::Carryover;
use crate::model::prior::{self, Distribution, Value};
use crate::model::roas::{LEAST, Roas};
use crate::model::saturation::{Response, Saturation};

/// The lift tests' part of the log density; what flows back is added to that of the saturation
/// parameters.
#[inline(always)]
pub fn lifts<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) -> L {
    let mut logp = L::zero();
    for lift in &program.lifts {
        let saturation = program.structure.channels[lift.channel].saturation.family;
        let channel = &mut scratch.channels[lift.channel];
        let at = |x: f64| saturation.response(L::splat(x), &channel.parameters);
        let (before, after) = (at(lift.spend[0]), at(lift.spend[1]));
        let plain = after.value - before.value;
        let multiplier = lift.row.map_or(L::splat(1.0), |row| scratch.curves.media.multiplier[row]);
        let change = plain * multiplier;
        let (effect, ln_effect) = (L::splat(lift.effect), L::splat(lift.effect.ln()));
        let zero = L::zero();
        let measured =
            Value { x: effect, below: effect, above: zero, ln_below: ln_effect, ln_above: zero };
        let arguments = [change.abs(), L::splat(lift.sigma), zero, zero];
        let density = Distribution::Gamma.nested(prior::gamma::BY_MEAN, measured, &arguments);
        logp += density.logp;
        let back = L::select_lt(change, zero, -density.da[0], density.da[0]);
        if let Some(row) = lift.row {
            let sum = &mut scratch.curves.media.back[row];
            *sum = back.mul_add(plain, *sum);
        }
        let back = back * multiplier;
        for (sum, (after, before)) in
            channel.parameters_back.iter_mut().zip(after.dp.into_iter().zip(before.dp))
        {
            *sum = back.mul_add(after - before, *sum);
        }
    }
    logp
}

/// The potential of the costs per target.
#[inline(always)]
pub fn costs<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) -> L {
    let (mut logp, zero, one) = (L::zero(), L::zero(), L::splat(1.0));
    let dates = L::splat(1.0 / program.n_train as f64);
    for cost in &program.costs {
        let of = &program.structure.channels[cost.channel];
        let (adstock, saturation) = (&of.adstock, of.saturation.family);
        let first = program.structure.adstock_first.then_some(saturation);
        let spend = &program.spend[cost.channel];
        let channel = &mut scratch.channels[cost.channel];
        let media = &mut scratch.curves.media;
        let multiplier = |media: &[L], t: usize| media.get(t).copied().unwrap_or(one);
        let least = L::splat(cost.least);

        let mut sum = zero;
        for (t, &spent) in cost.spend.iter().enumerate() {
            let response = respond(channel, adstock, first, spend, t);
            let contribution = response.value * multiplier(&media.multiplier, t);
            sum += L::splat(spent) / contribution.max(least);
        }
        let deviation = (sum * dates - L::splat(cost.target)) * L::splat(1.0 / cost.sigma);
        logp += deviation * deviation * L::splat(-0.5);

        // d logp / d (cost on a date)
        let back = -deviation * L::splat(1.0 / cost.sigma) * dates;
        for (t, &spent) in cost.spend.iter().enumerate() {
            let response = respond(channel, adstock, first, spend, t);
            let m = multiplier(&media.multiplier, t);
            let contribution = response.value * m;
            let slope = -L::splat(spent) / contribution / contribution;
            let back = back * L::select_lt(least, contribution, slope, zero);
            if let Some(sum) = media.back.get_mut(t) {
                *sum = back.mul_add(response.value, *sum);
            }
            respond_back(channel, adstock, first, spend, t, &response, back * m);
        }
    }
    logp
}

/// The priors of the returns, with their Jacobian.
#[inline(always)]
pub fn roas<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) -> L {
    let (mut logp, zero, one) = (L::zero(), L::zero(), L::splat(1.0));
    let least = L::splat(LEAST);
    for (k, (roas, constants)) in program.roas.iter().enumerate() {
        let of_all = match program.structure.joint {
            true => scratch.returns[roas.group * program.roas.len() + k],
            false => part_of_return(program, scratch, roas),
        };
        let x = of_all.max(least);
        let ln = x.ln();
        let value = Value { x, below: x, above: zero, ln_below: ln, ln_above: zero };
        let (density, slope) = roas.distribution.log_density(value, &constants.map(L::splat));
        if roas.first {
            logp += density + ln;
        }
        let back = (slope + one / x) * L::splat(roas.factor);
        let back = L::select_lt(least, of_all, back, zero);
        let of = &program.structure.channels[roas.channel];
        let (adstock, saturation) = (&of.adstock, of.saturation.family);
        let first = program.structure.adstock_first.then_some(saturation);
        let spend = &program.spend[roas.channel];
        let channel = &mut scratch.channels[roas.channel];
        let media = &mut scratch.curves.media;
        for t in 0..program.n_train {
            let response = respond(channel, adstock, first, spend, t);
            let m = media.multiplier.get(t).copied().unwrap_or(one);
            if let Some(sum) = media.back.get_mut(t) {
                *sum = back.mul_add(response.value, *sum);
            }
            respond_back(channel, adstock, first, spend, t, &response, back * m);
        }
    }
    logp
}

/// What a series adds to a return.
#[inline(always)]
pub fn part_of_return<L: Lane>(
    program: &Series<L::Scalar>,
    scratch: &Scratch<L>,
    roas: &Roas,
) -> L {
    let of = &program.structure.channels[roas.channel];
    let first = program.structure.adstock_first.then_some(of.saturation.family);
    let (channel, spend) = (&scratch.channels[roas.channel], &program.spend[roas.channel]);
    let multiplier = &scratch.curves.media.multiplier;
    let mut sum = L::zero();
    for t in 0..program.n_train {
        let response = respond(channel, &of.adstock, first, spend, t);
        let m = multiplier.get(t).copied().unwrap_or(L::splat(1.0));
        sum = response.value.mul_add(m, sum);
    }
    sum * L::splat(roas.factor)
}

/// What a channel contributes on a training row before any multiplier; `first` is the saturation where
/// adstock comes before it.
#[inline(always)]
fn respond<L: Lane>(
    channel: &Channel<L>,
    adstock: &Carryover,
    first: Option<Saturation>,
    spend: &[L::Scalar],
    t: usize,
) -> Response<L> {
    let newest = newest(adstock, t);
    match first {
        Some(saturation) => {
            let adstocked = match channel.carried.get(newest) {
                Some(&carried) => carried,
                None => weigh_one(&channel.weights, newest, |i| L::from_scalar(spend[i])),
            };
            saturation.response(adstocked, &channel.parameters)
        }
        None => {
            let value = weigh_one(&channel.weights, newest, |i| channel.saturated[i].value);
            Response { value, dx: L::zero(), dp: [L::zero(); _] }
        }
    }
}

/// Carries what flowed back to a contribution to weights, saturation parameters, and saturated or carried
/// spend.
#[inline(always)]
fn respond_back<L: Lane>(
    channel: &mut Channel<L>,
    adstock: &Carryover,
    first: Option<Saturation>,
    spend: &[L::Scalar],
    t: usize,
    response: &Response<L>,
    back: L,
) {
    let newest = newest(adstock, t);
    let Channel { weights, weights_back, parameters_back, saturated, flow, .. } = channel;
    match first {
        Some(_) => {
            let slope = back * response.dx;
            match flow.get_mut(newest) {
                Some(flow) => *flow += slope,
                None => weigh_one_back(weights_back, newest, |i| L::from_scalar(spend[i]), slope),
            }
            for (sum, dp) in parameters_back.iter_mut().zip(response.dp) {
                *sum = back.mul_add(dp, *sum);
            }
        }
        None => {
            weigh_one_back(weights_back, newest, |i| saturated[i].value, back);
            for (j, &w) in weights.iter().enumerate() {
                flow[newest - j] = w.mul_add(back, flow[newest - j]);
            }
        }
    }
}
