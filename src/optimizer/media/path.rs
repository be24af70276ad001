//! The expected response to a spend on every period of its own: value, slopes, and how it bends.

use super::Media;
use super::block::Block;
use super::line::Calendar;
use crate::math::{Lane, Task};

/// Step of the difference quotient that tells how a saturation bends; it only guides the search.
const STEP: f64 = 1e-5;

/// An expected response around a path of spends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Local {
    /// The response.
    pub value: f64,
    /// Its derivative in the spend of every period.
    pub slopes: Vec<f64>,
    /// Its negative second derivatives, periods × periods; empty where they were not wanted.
    pub bends: Vec<f64>,
}

/// The response of [`Media::local`](super::Media::local).
pub struct Spent<'a> {
    pub media: &'a Media,
    pub path: &'a [f64],
    pub bent: bool,
}

impl Task for Spent<'_> {
    type Scalar = f64;
    type Output = Local;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Local {
        let Spent { media, path, bent } = self;
        let (adstock, family) = (&media.channel.adstock, media.channel.saturation.family);
        let calendar = Calendar::new(adstock, &media.flight);
        let mut scaled = calendar.spread(path.iter().map(|spend| spend * media.flight.per));
        scaled.iter_mut().zip(&calendar.fixed).for_each(|(x, fixed)| *x += fixed);
        let (n, reach) = (path.len(), adstock.n_weights);
        let mut value = L::zero();
        let mut slopes = vec![L::zero(); n];
        // Of a period and those at most `reach` before it.
        let mut bends = vec![L::zero(); n * reach];
        let mut block = Block::<L>::new(media);
        let step = L::splat(STEP);
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            let p = &block.saturation;
            let bend = |x: L, dx: L| (dx - family.response(x + step, p).dx) / step * block.share;
            if media.adstock_first {
                for date in calendar.counted.clone() {
                    let mut x = L::zero();
                    for (lag, &w) in block.weights.iter().enumerate() {
                        x = w.mul_add(L::splat(scaled[calendar.spent_at(date, lag)]), x);
                    }
                    let response = family.response(x, p);
                    value = response.value.mul_add(block.share, value);
                    let dx = response.dx * block.share;
                    let bends_by = if bent { bend(x, response.dx) } else { L::zero() };
                    for (lag, &w) in block.weights.iter().enumerate() {
                        let Some(t) = calendar.period(calendar.spent_at(date, lag)) else {
                            continue;
                        };
                        slopes[t] = dx.mul_add(w, slopes[t]);
                        if bent {
                            let row = &mut bends[t * reach..][..reach];
                            let by = bends_by * w;
                            // What was spent earlier has a larger lag.
                            for (to, &other) in row.iter_mut().zip(&block.weights[lag..]) {
                                *to = by.mul_add(other, *to);
                            }
                        }
                    }
                }
            } else {
                for spent in calendar.spent.clone() {
                    let response = family.response(L::splat(scaled[spent]), p);
                    let effect = block.effect(calendar.lags(spent));
                    value = response.value.mul_add(effect * block.share, value);
                    let Some(t) = calendar.period(spent) else { continue };
                    slopes[t] = response.dx.mul_add(effect * block.share, slopes[t]);
                    if bent {
                        let by = bend(L::splat(scaled[spent]), response.dx);
                        bends[t * reach] = by.mul_add(effect, bends[t * reach]);
                    }
                }
            }
        }
        let per = media.flight.per;
        let mut local = Local {
            value: value.sum(),
            slopes: slopes.iter().map(|slope| slope.sum() * per).collect(),
            bends: Vec::new(),
        };
        if bent {
            local.bends = vec![0.0; n * n];
            for t in 0..n {
                for back in 0..reach.min(t + 1) {
                    let bend = bends[t * reach + back].sum() * per * per;
                    local.bends[t * n + t - back] = bend;
                    local.bends[(t - back) * n + t] = bend;
                }
            }
        }
        local
    }
}
