//! A block of draws across the lanes: parameters, adstock weights, where lines start and how they
//! rise.

use super::Media;
use super::line::Run;
use crate::math::Lane;
use crate::model::adstock::{MAX_PARAMETERS as MAX_ADSTOCK, normalize};
use crate::model::saturation::MAX_PARAMETERS;

/// As many draws as the widest lanes hold.
const WHOLE: usize = 16;

/// The parameters of a block of draws.
pub struct Block<L> {
    pub saturation: [L; MAX_PARAMETERS],
    pub weights: Vec<L>,
    /// Sums of the first weights, and of the last: `[0]` of none of them.
    heads: Vec<L>,
    tails: Vec<L>,
    /// Derivatives of the weights, which nobody wants.
    slopes: Vec<L>,
    /// Weight of the draws; zero beyond the last one.
    pub share: L,
}

/// The numbers of a parameter for the draws from `first` on; beyond the last draw it is repeated.
#[inline(always)]
pub fn load<L: Lane>(of: &[f32], first: usize) -> L {
    let mut lanes = L::splat(of[of.len() - 1].into());
    // A whole block is the usual case, and one that is converted at once.
    match of[first..].first_chunk::<WHOLE>() {
        Some(whole) => (0..L::LEN).for_each(|lane| lanes.set(lane, whole[lane].into())),
        None => {
            let some = of[first..].iter().take(L::LEN).enumerate();
            some.for_each(|(lane, &x)| lanes.set(lane, x.into()));
        }
    }
    lanes
}

/// A line of a block of draws.
#[derive(Clone, Copy)]
pub struct Drawn<L> {
    /// Where it starts, and how it rises with the spend.
    pub start: L,
    pub rise: L,
    /// What its response counts, by its dates and by the weight of the draws; its slope, too.
    pub dates: L,
    pub counts: L,
    pub rising: L,
}

impl<L: Lane> Default for Drawn<L> {
    fn default() -> Self {
        let [start, rise, dates, counts, rising] = [L::zero(); 5];
        Self { start, rise, dates, counts, rising }
    }
}

impl<L: Lane> Block<L> {
    /// Memory for a block.
    #[inline(always)]
    pub fn new(media: &Media) -> Self {
        let n = media.channel.adstock.n_weights;
        Self {
            saturation: [L::zero(); MAX_PARAMETERS],
            weights: vec![L::zero(); n],
            heads: vec![L::zero(); n + 1],
            tails: vec![L::zero(); n + 1],
            slopes: vec![L::zero(); MAX_ADSTOCK * n],
            share: L::zero(),
        }
    }

    /// The parameters of the draws from `first` on.
    #[inline(always)]
    pub fn fill(&mut self, media: &Media, first: usize) {
        let (adstock, n_draws) = (&media.channel.adstock, media.n_draws());
        let even = media.worth / n_draws as f64;
        self.share = match &media.weights {
            None if first + L::LEN <= n_draws => L::splat(even),
            weights => {
                let mut share = L::zero();
                for lane in 0..L::LEN.min(n_draws - first) {
                    let own = weights.as_ref().map(|weights| weights[first + lane] * media.worth);
                    share.set(lane, own.unwrap_or(even));
                }
                share
            }
        };
        let (ours, theirs) = media.parameters.split_at(adstock.slots.len());
        let mut own = [L::zero(); MAX_ADSTOCK];
        for (own, of) in own.iter_mut().zip(ours) {
            *own = load(of, first);
        }
        for (to, of) in self.saturation.iter_mut().zip(theirs) {
            *to = load(of, first);
        }
        adstock.family.weights(&own[..ours.len()], &mut self.weights, &mut self.slopes);
        if adstock.normalize {
            normalize(&mut self.weights);
        }
        for (k, &w) in self.weights.iter().enumerate() {
            self.heads[k + 1] = self.heads[k] + w;
        }
        for (k, &w) in self.weights.iter().rev().enumerate() {
            self.tails[k + 1] = self.tails[k] + w;
        }
    }

    /// The lines of a medium as these draws have them.
    #[inline(always)]
    pub fn lines(&self, media: &Media, drawn: &mut [Drawn<L>]) {
        let number = |run: &Run| L::splat(run.numbers.first().copied().unwrap_or(0.0));
        for (line, drawn) in media.lines.iter().zip(drawn) {
            let [start, rise, dates] = match media.adstock_first {
                true => [self.dot(&line.fixed), self.dot(&line.share), L::splat(line.dates)],
                false => [
                    number(&line.fixed),
                    number(&line.share),
                    self.effect(line.lags) * L::splat(line.dates),
                ],
            };
            let counts = dates * self.share;
            *drawn = Drawn { start, rise, dates, counts, rising: counts * rise };
        }
    }

    /// The weighted sum of numbers by lag. Where all are the same, the sums of weights are at hand; a
    /// difference of two would lose the digits of small ones.
    #[inline(always)]
    fn dot(&self, run: &Run) -> L {
        let n = run.numbers.len();
        if run.even && run.first == 0 {
            return self.heads[n] * L::splat(run.numbers.first().copied().unwrap_or(0.0));
        }
        if run.even && run.first + n == self.weights.len() {
            return self.tails[n] * L::splat(run.numbers[0]);
        }
        let mut sum = L::zero();
        for (w, &number) in self.weights[run.first..].iter().zip(&run.numbers) {
            sum = w.mul_add(L::splat(number), sum);
        }
        sum
    }

    /// The weights of some lags together.
    #[inline(always)]
    pub fn effect(&self, [first, end]: [usize; 2]) -> L {
        let mut sum = L::zero();
        for &w in &self.weights[first..end] {
            sum += w;
        }
        sum
    }
}
