//! The effects that are not linear in their parameters: their series before the likelihood, and what
//! flowed back to these carried to the parameters after it.

use super::dates::Dates;
use super::evaluate::Scratch;
use super::program::{DATES, Program, Series};
use crate::math::Lane;
use crate::model::effect::bump::bump;
use crate::model::effect::process::{LEAST_MEAN, Process, latent, softplus};

/// Working memory of the effects; numbers per date fill whole blocks.
pub struct Curves<L> {
    /// The factor on the intercept.
    intercept: Varying<L>,
    /// The factor on all media; 1 where they do not vary.
    pub media: Varying<L>,
    /// What is added to the mean on every date, and what flows back to it.
    shift: Vec<L>,
    shift_back: Vec<L>,
}

/// A process over its mean.
pub struct Varying<L> {
    /// On every date, and what flows back to it.
    pub multiplier: Vec<L>,
    pub back: Vec<L>,
    /// Its derivative in the Gaussian process on that date, the mean held.
    slope: Vec<L>,
    coefficients: Vec<L>,
}

impl<L: Lane> Curves<L> {
    /// Memory for a program; none where it has no such effects.
    pub fn new(program: &Program<L::Scalar>) -> Self {
        let curved = &program.series[0].structure.curved;
        let longest = program.series.iter().map(Series::n_blocks).max().unwrap_or(0);
        let dates = if curved.is_empty() { 0 } else { longest * DATES };
        let varying = |process: Option<&Process>| Varying {
            multiplier: vec![L::splat(1.0); dates],
            back: vec![L::zero(); dates],
            slope: vec![L::zero(); dates],
            coefficients: vec![L::zero(); process.map_or(0, |process| process.m)],
        };
        Self {
            intercept: varying(curved.intercept.as_ref().map(|(_, process)| process)),
            media: varying(curved.media.as_ref()),
            shift: vec![L::zero(); dates],
            shift_back: vec![L::zero(); dates],
        }
    }

    /// Adds the effects and the media that they multiply to the mean of the block of dates from `first` on.
    #[inline(always)]
    pub fn add(&self, first: usize, media: &Dates<L>, mu: &mut Dates<L>) {
        for (d, mu) in mu.iter_mut().enumerate() {
            let t = first + d;
            *mu = media[d].mul_add(self.media.multiplier[t], *mu + self.shift[t]);
        }
    }

    /// Takes what flows back to the mean, and leaves what flows back to media.
    #[inline(always)]
    pub fn add_back(&mut self, first: usize, media: &Dates<L>, back: &mut Dates<L>) {
        for (d, back) in back.iter_mut().enumerate() {
            let t = first + d;
            self.shift_back[t] = *back;
            self.media.back[t] = *back * media[d];
            *back *= self.media.multiplier[t];
        }
    }
}

impl<L: Lane> Varying<L> {
    #[inline(always)]
    fn forward(&mut self, program: &Series<L::Scalar>, process: &Process, values: &[L]) {
        let n = program.n_train;
        process.coefficients(program.frequency, values, &mut self.coefficients);
        let mut sum = L::zero();
        for t in 0..n {
            let basis = program.basis_on(t, process.m).iter().map(|&x| L::from_scalar(x));
            let [value, slope] = softplus(latent(&self.coefficients, basis));
            (self.multiplier[t], self.slope[t]) = (value, slope);
            sum += value;
        }
        let mean = (sum * L::splat(1.0 / n as f64)).max(L::splat(LEAST_MEAN));
        let inverse = L::splat(1.0) / mean;
        for (value, slope) in self.multiplier[..n].iter_mut().zip(&mut self.slope) {
            *value *= inverse;
            *slope *= inverse;
        }
    }

    #[inline(always)]
    fn back(
        &self,
        program: &Series<L::Scalar>,
        process: &Process,
        values: &[L],
        gradient: &mut [L],
    ) {
        // m = f/mean(f): dm_t reaches f_t and, by the mean, all of them.
        let n = program.n_train;
        let mut moment = L::zero();
        for (back, m) in self.back[..n].iter().zip(&self.multiplier) {
            moment = back.mul_add(*m, moment);
        }
        let shared = moment * L::splat(1.0 / n as f64);
        let mut back = vec![L::zero(); process.m];
        for t in 0..n {
            let own = (self.back[t] - shared) * self.slope[t];
            for (sum, &x) in back.iter_mut().zip(program.basis_on(t, process.m)) {
                *sum = own.mul_add(L::from_scalar(x), *sum);
            }
        }
        process.coefficients_back(program.frequency, values, &back, gradient);
    }
}

/// The series of all effects, given all values.
#[inline(always)]
pub fn forward<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) {
    let (curved, n) = (&program.structure.curved, program.n_train);
    let Scratch { value, curves, .. } = scratch;
    if let Some(process) = &curved.media {
        curves.media.forward(program, process, value);
    }
    curves.shift.fill(L::zero());
    if let Some((level, process)) = &curved.intercept {
        curves.intercept.forward(program, process, value);
        for (shift, &m) in curves.shift[..n].iter_mut().zip(&curves.intercept.multiplier) {
            *shift = value[*level] * m;
        }
    }
    for (of, distances) in curved.bumps.iter().zip(&program.bumps) {
        let height = of.height.map_or(L::splat(1.0), |height| value[height]);
        let size = value[of.size] * height;
        for (shift, &z) in curves.shift.iter_mut().zip(distances) {
            let [bump, _] = bump(L::from_scalar(z), value[of.sigma]);
            *shift = size.mul_add(bump, *shift);
        }
    }
}

/// Carries what flowed back to the series to the parameters.
#[inline(always)]
pub fn back<L: Lane>(program: &Series<L::Scalar>, scratch: &mut Scratch<L>) {
    let (curved, n) = (&program.structure.curved, program.n_train);
    let Scratch { value, curves, gradient, .. } = scratch;
    if let Some(process) = &curved.media {
        curves.media.back(program, process, value, gradient);
    }
    if let Some((level, process)) = &curved.intercept {
        let mut sum = gradient[*level];
        for t in 0..n {
            let back = curves.shift_back[t];
            sum = back.mul_add(curves.intercept.multiplier[t], sum);
            curves.intercept.back[t] = back * value[*level];
        }
        gradient[*level] = sum;
        curves.intercept.back(program, process, value, gradient);
    }
    for (of, distances) in curved.bumps.iter().zip(&program.bumps) {
        let (mut total, mut widened) = (L::zero(), L::zero());
        for (&back, &z) in curves.shift_back.iter().zip(distances) {
            let [bump, slope] = bump(L::from_scalar(z), value[of.sigma]);
            total = back.mul_add(bump, total);
            widened = back.mul_add(slope, widened);
        }
        let height = of.height.map_or(L::splat(1.0), |height| value[height]);
        gradient[of.size] += total * height;
        gradient[of.sigma] += widened * height * value[of.size];
        if let Some(height) = of.height {
            gradient[height] += total * value[of.size];
        }
    }
}
