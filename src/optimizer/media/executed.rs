//! Responses to spends that are not executed as planned.

use super::Media;
use super::block::Block;
use super::line::Calendar;
use crate::math::{Key, Lane, Purpose, Task, lane_normals};

/// The response of every draw, each with spends of its own.
pub struct Executed<'a> {
    pub media: &'a Media,
    pub spend: f64,
    pub noise: f64,
    pub key: Key,
    pub stream: u32,
}

impl Task for Executed<'_> {
    type Scalar = f64;
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Vec<f64> {
        let Executed { media, spend, noise, key, stream } = self;
        let (adstock, family) = (&media.channel.adstock, media.channel.saturation.family);
        let calendar = Calendar::new(adstock, &media.flight);
        let planned = calendar
            .spread(media.flight.share.iter().map(|share| share * media.flight.per * spend));
        let mut scaled = vec![L::zero(); planned.len()];
        let mut draws = Vec::with_capacity(media.n_draws());
        let mut block = Block::<L>::new(media);
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            let mut normals = [L::zero(); 4];
            for (place, scaled) in scaled.iter_mut().enumerate() {
                *scaled = L::splat(calendar.fixed[place]);
                if let Some(period) = calendar.period(place) {
                    if period % 4 == 0 {
                        let four = (period / 4) as u32;
                        normals = lane_normals(key, four, first as u32, stream, Purpose::Execution);
                    }
                    let off = normals[period % 4].mul_add(L::splat(noise), L::splat(1.0));
                    *scaled += L::splat(planned[place]) * off.max(L::zero());
                }
            }
            let mut total = L::zero();
            if media.adstock_first {
                for date in calendar.counted.clone() {
                    let mut x = L::zero();
                    for (lag, &w) in block.weights.iter().enumerate() {
                        x = w.mul_add(scaled[calendar.spent_at(date, lag)], x);
                    }
                    total += family.response(x, &block.saturation).value;
                }
            } else {
                for spent in calendar.spent.clone() {
                    let value = family.response(scaled[spent], &block.saturation).value;
                    total = block.effect(calendar.lags(spent)).mul_add(value, total);
                }
            }
            let lanes = 0..L::LEN.min(media.n_draws() - first);
            draws.extend(lanes.map(|lane| total.get(lane) * media.worth));
        }
        draws
    }
}
