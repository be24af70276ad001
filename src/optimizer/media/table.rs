//! Responses to a spend per period whose flighting is given: tables of expected ones, draws.

use super::Media;
use super::block::{Block, Drawn, load};
use crate::math::{Lane, Lanes, Task};
use crate::model::saturation::{MAX_PARAMETERS, Saturation};
use crate::optimizer::response::{Point, Table};
use crate::optimizer::steepest::Slope;
use std::marker::PhantomData;

/// Expected responses at some spends, draw by draw in the precision `S`, summed up in double.
pub struct Tabulate<'a, S> {
    pub media: &'a Media,
    pub spends: &'a [f64],
    pub precision: PhantomData<S>,
}

impl<S: Lanes> Task for Tabulate<'_, S> {
    type Scalar = S;
    type Output = Table;

    #[inline(always)]
    fn run<L: Lane<Scalar = S>>(self) -> Table {
        let Tabulate { media, spends, .. } = self;
        let (n, saturation) = (spends.len(), media.channel.saturation.family);
        let mut points: Vec<Point> =
            spends.iter().map(|&spend| Point { spend, value: 0.0, slope: 0.0 }).collect();
        let mut slopes = vec![[0.0; 2]; n.saturating_sub(1)];
        let mut block = Block::<L>::new(media);
        let mut lines = vec![Drawn::<L>::default(); media.lines.len()];
        let [mut x, mut dx, mut before, mut then] = [(); 4].map(|()| vec![L::zero(); lines.len()]);
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            block.lines(media, &mut lines);
            let p = &block.saturation;
            let top = media.slope.peak(p);
            let steepest = match media.concave {
                true => L::zero(),
                false => saturation.response(top, p).dx,
            };
            for (i, &spend) in spends.iter().enumerate() {
                let spend = L::splat(spend);
                for (x, line) in x.iter_mut().zip(&lines) {
                    *x = line.rise.mul_add(spend, line.start);
                }
                let at = if media.concave { Vec::new() } else { x.clone() };
                saturation.respond_with_slopes(&mut x, &mut dx, p);
                let [mut value, mut slope] = [L::zero(); 2];
                for ((line, &x), dx) in lines.iter().zip(&x).zip(&mut dx) {
                    value = line.counts.mul_add(x, value);
                    *dx *= line.rising;
                    slope += *dx;
                }
                points[i].value += value.sum();
                points[i].slope += slope.sum();
                if media.concave {
                    continue;
                }
                if i > 0 {
                    let [mut least, mut most] = [L::zero(); 2];
                    for (k, line) in lines.iter().enumerate() {
                        // The peak counts only where it lies in between; elsewhere it is an end.
                        let (its, dx) = (then[k], dx[k]);
                        let peak = L::select_lt(top, at[k], line.rising * steepest, dx);
                        let peak = L::select_lt(before[k], top, peak, dx);
                        least += its.min(dx).min(peak);
                        most += its.max(dx).max(peak);
                    }
                    slopes[i - 1][0] += least.sum();
                    slopes[i - 1][1] += most.sum();
                }
                before = at;
                then.copy_from_slice(&dx);
            }
        }
        if media.concave {
            for (range, ends) in slopes.iter_mut().zip(points.windows(2)) {
                *range = [ends[1].slope.min(ends[0].slope), ends[1].slope.max(ends[0].slope)];
            }
        }
        Table { points, slopes }
    }
}

/// The response of every draw to some spends.
pub struct Draws<'a, const N: usize> {
    pub media: &'a Media,
    pub spends: [f64; N],
}

impl<const N: usize> Task for Draws<'_, N> {
    type Scalar = f64;
    type Output = [Vec<f64>; N];

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> [Vec<f64>; N] {
        let Draws { media, spends } = self;
        let saturation = media.channel.saturation.family;
        let mut draws = spends.map(|_| Vec::with_capacity(media.n_draws()));
        let mut block = Block::<L>::new(media);
        let mut lines = vec![Drawn::<L>::default(); media.lines.len()];
        let mut x = vec![L::zero(); lines.len()];
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            block.lines(media, &mut lines);
            let lanes = L::LEN.min(media.n_draws() - first);
            for (draws, &spend) in draws.iter_mut().zip(&spends) {
                let spend = L::splat(spend);
                for (x, line) in x.iter_mut().zip(&lines) {
                    *x = line.rise.mul_add(spend, line.start);
                }
                saturation.respond(&mut x, &block.saturation);
                let mut total = L::zero();
                for (line, &x) in lines.iter().zip(&x) {
                    total = line.dates.mul_add(x, total);
                }
                draws.extend((0..lanes).map(|lane| total.get(lane) * media.worth));
            }
        }
        draws
    }
}

/// How the saturations of all draws bend: whether all are concave, and whether one starts infinitely
/// steep.
pub struct Bend<'a> {
    pub saturation: Saturation,
    pub slope: Slope,
    /// `[parameter][draw]`.
    pub parameters: &'a [Vec<f32>],
}

impl Task for Bend<'_> {
    type Scalar = f64;
    type Output = [bool; 2];

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> [bool; 2] {
        let Bend { saturation, slope, parameters } = self;
        let n = parameters.first().map_or(0, Vec::len);
        let (mut falls, mut infinite) = (true, false);
        let mut negative = L::zero();
        for first in (0..n).step_by(L::LEN) {
            let mut p = [L::zero(); MAX_PARAMETERS];
            for (to, of) in p.iter_mut().zip(parameters) {
                *to = load(of, first);
            }
            // The sign of any value is that of all slopes.
            negative += saturation.response(L::splat(1.0), &p).value.min(L::zero());
            if slope == Slope::Falls {
                continue;
            }
            for lane in 0..L::LEN.min(n - first) {
                let mut own = [0.0; MAX_PARAMETERS];
                for (own, p) in own.iter_mut().zip(&p) {
                    *own = p.get(lane);
                }
                falls &= slope.falls(&own);
                infinite |= slope.infinite(&own);
            }
        }
        let positive = (0..L::LEN).all(|lane| negative.get(lane) >= 0.0);
        [positive && falls, infinite]
    }
}
