//! A block of draws across the lanes: parameters, adstock weights, where lines start and how they
//! rise.

use super::Media;
use super::line::{Line, Run};
use crate::math::Lane;
use crate::model::adstock::{MAX_PARAMETERS as MAX_ADSTOCK, normalize};
use crate::model::saturation::MAX_PARAMETERS;

/// As many draws as the widest lanes hold.
const WHOLE: usize = 16;

/// The parameters of a block of draws.
pub struct Block<L> {
    pub saturation: [L; MAX_PARAMETERS],
    pub weights: Vec<L>,
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

impl<L: Lane> Block<L> {
    /// Memory for a block.
    #[inline(always)]
    pub fn new(media: &Media) -> Self {
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
    }

    /// Where a line starts, how it rises with the spend, and what its response counts.
    #[inline(always)]
    pub fn line(&self, line: &Line, adstock_first: bool) -> [L; 3] {
        let number = |run: &Run| L::splat(run.numbers.first().copied().unwrap_or(0.0));
        match adstock_first {
            true => [self.dot(&line.fixed), self.dot(&line.share), L::splat(line.dates)],
            false => [
                number(&line.fixed),
                number(&line.share),
                self.effect(line.lags) * L::splat(line.dates),
            ],
        }
    }

    /// The weighted sum of numbers by lag.
    #[inline(always)]
    fn dot(&self, run: &Run) -> L {
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
