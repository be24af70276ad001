//! Responses to a spend per period whose flighting is given: tables of expected ones, draws.

use super::Media;
use super::block::{Block, load};
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
        let [mut value, mut slope, mut least, mut most] = [(); 4].map(|()| vec![L::zero(); n]);
        let mut block = Block::<L>::new(media);
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            let p = &block.saturation;
            for sums in [&mut value, &mut slope, &mut least, &mut most] {
                sums.fill(L::zero());
            }
            let top = media.slope.peak(p);
            let steepest = saturation.response(top, p).dx;
            for line in media.lines.iter() {
                let [start, rise, counts] = block.line(line, media.adstock_first);
                let counts = counts * block.share;
                let rising = counts * rise;
                let (mut x, mut dx) = (L::zero(), L::zero());
                for (i, &spend) in spends.iter().enumerate() {
                    let (before, its) = (x, dx);
                    x = rise.mul_add(L::splat(spend), start);
                    let response = saturation.response(x, p);
                    value[i] = counts.mul_add(response.value, value[i]);
                    dx = rising * response.dx;
                    slope[i] += dx;
                    if !media.concave && i > 0 {
                        // The peak counts only where it lies in between; elsewhere it is an end.
                        let peak = L::select_lt(top, x, rising * steepest, dx);
                        let peak = L::select_lt(before, top, peak, dx);
                        least[i] += its.min(dx).min(peak);
                        most[i] += its.max(dx).max(peak);
                    }
                }
            }
            for (i, point) in points.iter_mut().enumerate() {
                point.value += value[i].sum();
                point.slope += slope[i].sum();
                if !media.concave && i > 0 {
                    slopes[i - 1][0] += least[i].sum();
                    slopes[i - 1][1] += most[i].sum();
                }
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
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            let mut totals = [L::zero(); N];
            for line in media.lines.iter() {
                let [start, rise, counts] = block.line(line, media.adstock_first);
                for (total, &spend) in totals.iter_mut().zip(&spends) {
                    let x = rise.mul_add(L::splat(spend), start);
                    let value = saturation.response(x, &block.saturation).value;
                    *total = counts.mul_add(value, *total);
                }
            }
            let lanes = L::LEN.min(media.n_draws() - first);
            for (draws, total) in draws.iter_mut().zip(&totals) {
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
        let (mut concave, mut infinite) = (true, false);
        let n = parameters.first().map_or(0, Vec::len);
        for first in (0..n).step_by(L::LEN) {
            let mut p = [L::zero(); MAX_PARAMETERS];
            for (to, of) in p.iter_mut().zip(parameters) {
                *to = load(of, first);
            }
            // The sign of any value is that of all slopes.
            let value = saturation.response(L::splat(1.0), &p).value;
            for lane in 0..L::LEN.min(n - first) {
                let mut own = [0.0; MAX_PARAMETERS];
                for (own, p) in own.iter_mut().zip(&p) {
                    *own = p.get(lane);
                }
                concave &= value.get(lane) >= 0.0 && slope.falls(&own);
                infinite |= slope.infinite(&own);
            }
        }
        [concave, infinite]
    }
}
