//! What a channel of a fitted model is expected to bring over a horizon, as a function of its spend
//! per period, draw by draw.
//!
//! With the flighting given, adstock and saturation act on each channel alone, and the adstocked
//! spend of every date is a straight line in the channel's spend: the response is a sum of
//! saturations of straight lines. Dates with equal lines are evaluated once.

use super::response::{Point, Response, Table};
use super::steepest::Slope;
use crate::error::{Error, Result};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::adstock::{MAX_PARAMETERS as MAX_ADSTOCK, normalize};
use crate::model::saturation::MAX_PARAMETERS;
use crate::model::{Carryover, Channel, Structure};
use std::sync::Arc;

/// Spend over time: what does not depend on the decision, and what does.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// Scaled spend on the dates before the horizon that still have an effect, the last one next to
    /// the horizon.
    pub before: Vec<f64>,
    /// Scaled spend on every date of the horizon where nothing is spent.
    pub fixed: f64,
    /// Scaled spend on every date of the horizon per unit of spend per period.
    pub share: Vec<f64>,
    /// Whether effects outside the horizon count.
    pub carry_out: bool,
}

/// One channel's response.
#[derive(Clone, Debug)]
pub struct Media {
    channel: Channel,
    adstock_first: bool,
    slope: Slope,
    /// Adstock's, then saturation's, `[parameter][draw]`.
    parameters: Vec<Vec<f32>>,
    n_adstock: usize,
    lines: Vec<Line>,
    /// Of one unit of the scaled response.
    worth: f64,
    /// Weight of every draw where they do not weigh the same.
    weights: Option<Arc<Vec<f64>>>,
    concave: bool,
    infinite: bool,
}

/// A date's adstocked spend (or one spend, where saturation comes first): a straight line in the
/// decision, and how many dates have it.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    dates: f64,
    /// By lag; a single one where saturation comes first.
    fixed: Vec<f64>,
    share: Vec<f64>,
    /// Lags at which it counts, where saturation comes first.
    lags: [usize; 2],
}

impl Media {
    /// The response of channel `c` of a model, given draws × dim on the natural scale and the
    /// factor `worth` from the scaled target to the units of the objective.
    ///
    /// # Errors
    /// A saturation of which it is not known how it bends.
    pub fn new(
        structure: &Structure,
        c: usize,
        draws: &[f64],
        flight: &Flight,
        worth: f64,
    ) -> Result<Self> {
        let channel = &structure.channels[c];
        let saturation = channel.saturation.family;
        let slope = Slope::of(saturation).ok_or_else(|| {
            let name = saturation.family().name;
            Error::input(format!("budgets for {name} saturation are not supported yet"))
        })?;
        let elements: Vec<usize> =
            channel.adstock.slots.iter().chain(&channel.saturation.slots).copied().collect();
        let column =
            |&e: &usize| draws.iter().skip(e).step_by(structure.n_values).map(|&x| x as f32);
        let parameters: Vec<Vec<f32>> = elements.iter().map(|e| column(e).collect()).collect();
        let mut media = Self {
            channel: channel.clone(),
            adstock_first: structure.adstock_first,
            slope,
            parameters,
            n_adstock: channel.adstock.slots.len(),
            lines: lines(&channel.adstock, structure.adstock_first, flight),
            worth,
            weights: None,
            concave: false,
            infinite: false,
        };
        let own = |draw: usize| -> Vec<f64> {
            media.parameters[media.n_adstock..].iter().map(|p| f64::from(p[draw])).collect()
        };
        let draws = 0..media.n_draws();
        let rising = media.amplitudes().all(|x| x >= 0.0);
        let falls = draws.clone().all(|draw| slope.falls(&own(draw)));
        let infinite = draws.into_iter().any(|draw| slope.infinite(&own(draw)));
        (media.concave, media.infinite) = (rising && falls, infinite);
        Ok(media)
    }

    /// The same response with another weight for every draw (of all draws alike: 1/n).
    pub fn weighted(&self, weights: Arc<Vec<f64>>) -> Self {
        let concave = self.concave && weights.iter().all(|&w| w >= 0.0);
        Self { weights: Some(weights), concave, ..self.clone() }
    }

    /// The same response from `n` of its draws, evenly spaced.
    pub fn thinned(&self, n: usize) -> Self {
        let thin = |p: &Vec<f32>| (0..n).map(|i| p[i * p.len() / n]).collect();
        Self { parameters: self.parameters.iter().map(thin).collect(), ..self.clone() }
    }

    /// Number of draws.
    pub fn n_draws(&self) -> usize {
        self.parameters[0].len()
    }

    /// The response of every draw at a spend.
    pub fn draws(&self, spend: f64) -> Vec<f64> {
        dispatch(Isa::detect(), Draws { media: self, spend })
    }

    /// The scaled saturation of every draw where one unit is spent: its sign is that of the slope.
    fn amplitudes(&self) -> impl Iterator<Item = f64> {
        type Lanes = crate::math::F64<false>;
        let n = self.n_draws();
        let mut block = Block::<Lanes>::new(self);
        (0..n).step_by(Lanes::LEN).flat_map(move |first| {
            block.fill(self, first);
            let value =
                self.channel.saturation.family.response(Lanes::splat(1.0), &block.saturation);
            (0..Lanes::LEN.min(n - first)).map(move |lane| value.value.get(lane))
        })
    }
}

impl Response for Media {
    fn tabulate(&self, spends: &[f64]) -> Table {
        let mut table = dispatch(Isa::detect(), Tabulate { media: self, spends });
        if self.infinite && spends.first() == Some(&0.0) {
            let from_zero = |line: &Line| {
                line.fixed.iter().all(|&x| x == 0.0) && line.share.iter().any(|&x| x != 0.0)
            };
            if self.lines.iter().any(from_zero) {
                table.points[0].slope = f64::INFINITY;
                if let Some([least, most]) = table.slopes.first_mut() {
                    *most = f64::INFINITY;
                    if !self.concave {
                        *least = f64::NEG_INFINITY;
                    }
                }
            }
        }
        table
    }

    fn concave(&self) -> bool {
        self.concave
    }
}

/// The different lines of a flight.
fn lines(adstock: &Carryover, adstock_first: bool, flight: &Flight) -> Vec<Line> {
    let (n, shift) = (adstock.n_weights, adstock.shift);
    let periods = flight.share.len();
    let known = flight.before.len().min(n);
    // Spend at `pad + date`, date 0 being the first of the horizon; zeros outside the sample.
    let pad = 2 * n;
    let (mut fixed, mut share) = (vec![0.0; periods + 2 * pad], vec![0.0; periods + 2 * pad]);
    let tail = &flight.before[flight.before.len() - known..];
    fixed[pad - known..pad].copy_from_slice(tail);
    fixed[pad..pad + periods].fill(flight.fixed);
    share[pad..pad + periods].copy_from_slice(&flight.share);
    let counted = match flight.carry_out {
        true => pad - shift..pad + periods + n,
        false => pad..pad + periods,
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |line: Line| {
        let same =
            |l: &&mut Line| (&l.fixed, &l.share, l.lags) == (&line.fixed, &line.share, line.lags);
        match lines.iter_mut().find(same) {
            Some(known) => known.dates += 1.0,
            None => lines.push(line),
        }
    };
    if adstock_first {
        for date in counted {
            let by_lag = |x: &[f64]| (0..n).map(|lag| x[date + shift - lag]).collect::<Vec<_>>();
            let line =
                Line { dates: 1.0, fixed: by_lag(&fixed), share: by_lag(&share), lags: [0, n] };
            if line.fixed.iter().chain(&line.share).any(|&x| x != 0.0) {
                add(line);
            }
        }
    } else {
        // Outside the sample there is no response, whatever the family says of no spend.
        for spent in pad - known..pad + periods {
            // The effect of lag j is on the date spent − shift + j.
            let within = (0..n).filter(|lag| counted.contains(&(spent + lag - shift)));
            let (first, count) = (within.clone().next().unwrap_or(0), within.count());
            let lags = [first, first + count];
            add(Line { dates: 1.0, fixed: vec![fixed[spent]], share: vec![share[spent]], lags });
        }
    }
    lines
}

/// The parameters of a block of draws.
struct Block<L> {
    saturation: [L; MAX_PARAMETERS],
    weights: Vec<L>,
    /// Derivatives of the weights, which nobody wants.
    slopes: Vec<L>,
    /// Weight of the draws; zero beyond the last one.
    share: L,
}

impl<L: Lane> Block<L> {
    /// Memory for a block.
    #[inline(always)]
    fn new(media: &Media) -> Self {
        let n = media.channel.adstock.n_weights;
        Self {
            saturation: [L::zero(); MAX_PARAMETERS],
            weights: vec![L::zero(); n],
            slopes: vec![L::zero(); MAX_ADSTOCK * n],
            share: L::zero(),
        }
    }

    /// The parameters of the draws from `first` on.
    #[inline(always)]
    fn fill(&mut self, media: &Media, first: usize) {
        let (adstock, n_draws) = (&media.channel.adstock, media.n_draws());
        let even = 1.0 / n_draws as f64;
        self.share = L::zero();
        for lane in 0..L::LEN.min(n_draws - first) {
            let weight = media.weights.as_ref().map_or(even, |weights| weights[first + lane]);
            self.share.set(lane, weight * media.worth);
        }
        let value = |of: &[f32]| {
            let mut lanes = L::zero();
            for lane in 0..L::LEN {
                lanes.set(lane, f64::from(of[(first + lane).min(n_draws - 1)]));
            }
            lanes
        };
        let (ours, theirs) = media.parameters.split_at(media.n_adstock);
        let mut own = [L::zero(); MAX_ADSTOCK];
        for (own, of) in own.iter_mut().zip(ours) {
            *own = value(of);
        }
        for (to, of) in self.saturation.iter_mut().zip(theirs) {
            *to = value(of);
        }
        adstock.family.weights(&own[..ours.len()], &mut self.weights, &mut self.slopes);
        if adstock.normalize {
            normalize(&mut self.weights);
        }
    }

    /// Where a line starts, how it rises with the spend, and what its response counts.
    #[inline(always)]
    fn line(&self, line: &Line, adstock_first: bool) -> [L; 3] {
        let (mut start, mut rise) = (L::zero(), L::zero());
        if adstock_first {
            for ((w, &fixed), &share) in self.weights.iter().zip(&line.fixed).zip(&line.share) {
                start = w.mul_add(L::splat(fixed), start);
                rise = w.mul_add(L::splat(share), rise);
            }
            return [start, rise, L::splat(line.dates)];
        }
        let mut sum = L::zero();
        for &w in &self.weights[line.lags[0]..line.lags[1]] {
            sum += w;
        }
        [L::splat(line.fixed[0]), L::splat(line.share[0]), sum * L::splat(line.dates)]
    }
}

struct Tabulate<'a> {
    media: &'a Media,
    spends: &'a [f64],
}

impl Task for Tabulate<'_> {
    type Scalar = f64;
    type Output = Table;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Table {
        let Tabulate { media, spends } = self;
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
            for line in &media.lines {
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

struct Draws<'a> {
    media: &'a Media,
    spend: f64,
}

impl Task for Draws<'_> {
    type Scalar = f64;
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Vec<f64> {
        let Draws { media, spend } = self;
        let mut draws = Vec::with_capacity(media.n_draws());
        let mut block = Block::<L>::new(media);
        for first in (0..media.n_draws()).step_by(L::LEN) {
            block.fill(media, first);
            let mut total = L::zero();
            for line in &media.lines {
                let [start, rise, counts] = block.line(line, media.adstock_first);
                let x = rise.mul_add(L::splat(spend), start);
                let value = media.channel.saturation.family.response(x, &block.saturation).value;
                total = counts.mul_add(value, total);
            }
            let lanes = 0..L::LEN.min(media.n_draws() - first);
            draws.extend(lanes.map(|lane| total.get(lane) * media.worth));
        }
        draws
    }
}
