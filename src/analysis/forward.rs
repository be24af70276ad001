//! The mean of the target and what it is made of, for the draws of one block of lanes.

use crate::math::{Lane, Part as Called, Real};
use crate::model::adstock::{self, Recursion};
use crate::model::effect::{Column, Effects, Part};
use crate::model::{Model, Structure, likelihood, saturation};
use std::marker::PhantomData;
use std::ops::Range;

/// Dates that are weighed at a time, so that their sums stay in registers.
const DATES: usize = 8;

/// The parameters of up to [`Lane::LEN`] draws, one per lane, as the mean wants them.
pub struct Parameters<L> {
    /// Draws in the block; the lanes beyond repeat the first draw.
    pub n_draws: usize,
    /// Every value of the model.
    pub values: Vec<L>,
    /// Parameters of the likelihood.
    pub likelihood: [L; likelihood::MAX_PARAMETERS],
    /// Adstock per channel.
    pub adstock: Vec<Carry<L>>,
    /// Saturation parameters per channel.
    pub saturation: Vec<[L; saturation::MAX_PARAMETERS]>,
    /// The effects that are not linear, on all dates of the model.
    pub effects: Effects<L>,
}

/// How a channel's effects carry over.
pub enum Carry<L> {
    /// By a weight for each lag.
    Weights(Vec<L>),
    /// For ever.
    Recursion(Recursion<L>),
}

impl<L: Lane> Parameters<L> {
    /// From at least one draw, draws × values, on the natural scale.
    #[inline(always)]
    pub fn new(model: &Model, draws: &[f64]) -> Self {
        L::call(Read { model, draws, lane: PhantomData })
    }
}

/// What [`Parameters::new`] does.
struct Read<'a, L> {
    model: &'a Model,
    draws: &'a [f64],
    lane: PhantomData<L>,
}

impl<L: Lane> Called for Read<'_, L> {
    type Output = Parameters<L>;

    #[inline(always)]
    fn run(self) -> Parameters<L> {
        let Read { model, draws, .. } = self;
        let (structure, series) = (&model.structure, &model.series);
        let n_values = structure.n_values;
        let n_draws = draws.len() / n_values;
        let mut values = vec![L::zero(); n_values];
        for (i, value) in values.iter_mut().enumerate() {
            for lane in 0..L::LEN {
                value.set(lane, draws[if lane < n_draws { lane } else { 0 } * n_values + i]);
            }
        }
        let mut slopes = vec![L::zero(); adstock::MAX_PARAMETERS * structure.max_weights()];
        let mut adstocks = Vec::with_capacity(structure.channels.len());
        for channel in &structure.channels {
            let adstock = &channel.adstock;
            if let Some(recursion) = adstock.recursion(&values) {
                adstocks.push(Carry::Recursion(recursion));
                continue;
            }
            let own: [L; adstock::MAX_PARAMETERS] = pick(&values, &adstock.slots);
            let mut w = vec![L::zero(); adstock.n_weights];
            adstock.family.weights(&own[..adstock.slots.len()], &mut w, &mut slopes);
            if adstock.normalize {
                adstock::normalize(&mut w);
            }
            adstocks.push(Carry::Weights(w));
        }
        Parameters {
            n_draws,
            likelihood: pick(&values, &structure.likelihood_slots),
            saturation: structure
                .channels
                .iter()
                .map(|channel| pick(&values, &channel.saturation.slots))
                .collect(),
            adstock: adstocks,
            effects: Effects::new(&structure.curved, &series.curved, series.n_train, &values),
            values,
        }
    }
}

impl<L: Lane> Parameters<L> {
    /// What channel `c` contributes on every date, and its derivative, if `x` of scaled spend were
    /// spent on every date for ever; where media vary in time, as on the mean of the training rows.
    #[inline(always)]
    pub fn steady(&self, structure: &Structure, c: usize, x: L) -> [L; 2] {
        let sum = match &self.adstock[c] {
            Carry::Weights(weights) => weights.iter().fold(L::zero(), |sum, &w| sum + w),
            Carry::Recursion(recursion) => recursion.total(),
        };
        let (inside, outside) =
            if structure.adstock_first { (sum, L::splat(1.0)) } else { (L::splat(1.0), sum) };
        let response =
            structure.channels[c].saturation.family.response(x * inside, &self.saturation[c]);
        [response.value * outside, response.dx * inside * outside]
    }
}

/// The values of some elements, then zeros.
#[inline(always)]
fn pick<L: Lane, const N: usize>(values: &[L], elements: &[usize]) -> [L; N] {
    let mut picked = [L::zero(); N];
    for (to, &element) in picked.iter_mut().zip(elements) {
        *to = values[element];
    }
    picked
}

/// Consecutive dates of a model, with what reaches into them.
pub struct Window<'a, R> {
    /// The model.
    pub model: &'a Model,
    /// The dates.
    pub dates: Range<usize>,
    /// Dates before them whose spend is carried in.
    carried: usize,
    /// Positions before the first row of a padded spend: as many as are carried in, and as the most
    /// weights of a channel.
    pad: usize,
    /// Scaled spend, `[channel][pad + row]`; zeros outside the sample.
    spend: Vec<Vec<R>>,
    /// Elements of the linear effects and their columns' values on the dates.
    columns: Vec<(usize, Vec<R>)>,
}

impl<'a, R: Real> Window<'a, R> {
    /// The training rows: no spend before or after them counts, as in the density.
    pub fn train(model: &'a Model) -> Self {
        Self::on(model, 0..model.series.n_train)
    }

    /// The test rows, with the last training rows carried in.
    pub fn test(model: &'a Model) -> Self {
        Self::on(model, model.series.n_train..model.series.n_dates())
    }

    /// Any rows, with those before them carried in; no spend after them counts.
    pub fn on(model: &'a Model, dates: Range<usize>) -> Self {
        let carried = model.structure.memory().min(dates.start);
        let pad = model.structure.max_weights().max(carried);
        let numbers = |column: &Column| {
            let values = column.values[dates.clone()].iter().map(|&x| R::from_f64(x));
            (column.element, values.collect())
        };
        let columns = model.series.columns.iter().map(numbers).collect();
        let mut window = Self { model, dates, carried, pad, spend: Vec::new(), columns };
        window.spend = model.series.spend.iter().map(|x| window.pad(|date| x[date])).collect();
        window
    }

    /// Number of dates.
    pub fn n_dates(&self) -> usize {
        self.dates.len()
    }

    /// Scaled spend of a channel on each date as [`Window::media`] reads it.
    pub fn pad(&self, spend: impl Fn(usize) -> f64) -> Vec<R> {
        let pad = self.pad;
        let mut padded = vec![R::from_f64(0.0); self.n_dates() + 2 * pad];
        let known = self.dates.start - self.carried..self.dates.end;
        for (to, date) in padded[pad - self.carried..].iter_mut().zip(known) {
            *to = R::from_f64(spend(date));
        }
        padded
    }

    /// Positions in a padded spend that there is a response to: those of the sample.
    pub fn responding(&self) -> Range<usize> {
        self.pad - self.carried..self.pad + self.n_dates()
    }

    /// What is linear in a component, its mean on every date, given the mean of every element.
    pub fn linear(&self, part: Part, means: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.n_dates()];
        for column in self.model.series.columns.iter().filter(|column| column.part == part) {
            for (out, x) in out.iter_mut().zip(&column.values[self.dates.clone()]) {
                *out += means[column.element] * x;
            }
        }
        out
    }

    /// The contribution of channel `c` on every date if its spend were `spend` (see
    /// [`Window::pad`]).
    #[inline(always)]
    pub fn media<L: Lane<Scalar = R>>(
        &self,
        c: usize,
        spend: &[R],
        parameters: &Parameters<L>,
        out: &mut [L],
    ) {
        let s = &self.model.structure;
        let (shift, family) = (s.channels[c].adstock.shift, s.channels[c].saturation.family);
        let (adstock, saturation) = (&parameters.adstock[c], &parameters.saturation[c]);
        if s.adstock_first {
            self.carry(adstock, shift, spend, |&x| L::from_scalar(x), out);
            family.respond(out, saturation);
        } else {
            // Outside the sample there is no response, whatever the family says of no spend.
            let mut saturated = vec![L::zero(); spend.len()];
            let inside = self.responding();
            for (saturated, &x) in saturated[inside.clone()].iter_mut().zip(&spend[inside.clone()])
            {
                *saturated = L::from_scalar(x);
            }
            family.respond(&mut saturated[inside], saturation);
            self.carry(adstock, shift, &saturated, |&x| x, out);
        }
        if let Some(factors) = parameters.effects.media.get(self.dates.clone()) {
            for (out, &factor) in out.iter_mut().zip(factors) {
                *out *= factor;
            }
        }
    }

    /// Adstocked values on every date, given padded ones.
    #[inline(always)]
    fn carry<L: Lane, T>(
        &self,
        adstock: &Carry<L>,
        shift: usize,
        values: &[T],
        lane: impl Fn(&T) -> L + Copy,
        out: &mut [L],
    ) {
        match adstock {
            Carry::Weights(weights) => {
                let first = self.pad + shift + 1 - weights.len();
                weigh(weights, &values[first..], lane, out);
            }
            Carry::Recursion(recursion) => {
                let (before, rows) = values[self.responding()].split_at(self.carried);
                let mut carried = L::zero();
                for x in before {
                    carried = recursion.next(carried, lane(x));
                }
                for (out, x) in out.iter_mut().zip(rows) {
                    carried = recursion.next(carried, lane(x));
                    *out = carried;
                }
            }
        }
    }

    /// What a component adds on every date that is not linear; nothing if the model has no such effect.
    pub fn curved<'p, L>(&self, part: Part, parameters: &'p Parameters<L>) -> &'p [L] {
        parameters.effects.part(part).get(self.dates.clone()).unwrap_or(&[])
    }
}

/// Adstocked values of consecutive dates; `values` begin with the oldest that the first date weighs.
#[inline(always)]
fn weigh<L: Lane, T>(weights: &[L], values: &[T], lane: impl Fn(&T) -> L + Copy, out: &mut [L]) {
    let (n, reach) = (out.len(), weights.len() - 1);
    let mut blocks = out.chunks_exact_mut(DATES);
    for (b, out) in blocks.by_ref().enumerate() {
        let values = &values[b * DATES..][..DATES + reach];
        out.copy_from_slice(&adstock::weigh::<L, T, DATES>(weights, values, lane));
    }
    let rest = blocks.into_remainder();
    let first = n - rest.len();
    for (t, out) in rest.iter_mut().enumerate() {
        [*out] = adstock::weigh(weights, &values[first + t..][..1 + reach], lane);
    }
}

/// What the mean of every date of a window is made of, on the scaled target.
pub struct Components<L> {
    /// Contributions, `[channel][row]`.
    pub channels: Vec<Vec<L>>,
    /// The mean: their sum and that of the linear components.
    pub mu: Vec<L>,
}

impl<L: Lane> Components<L> {
    /// Memory for a window.
    #[inline(always)]
    pub fn new(window: &Window<'_, L::Scalar>) -> Self {
        let rows = || vec![L::zero(); window.n_dates()];
        Self { channels: (0..window.spend.len()).map(|_| rows()).collect(), mu: rows() }
    }

    /// Computes all of them.
    #[inline(always)]
    pub fn fill(&mut self, window: &Window<'_, L::Scalar>, parameters: &Parameters<L>) {
        self.mu.fill(L::zero());
        for (element, column) in &window.columns {
            let coefficient = parameters.values[*element];
            for (mu, &x) in self.mu.iter_mut().zip(column) {
                *mu = coefficient.mul_add(L::from_scalar(x), *mu);
            }
        }
        for part in Part::ALL {
            for (mu, &x) in self.mu.iter_mut().zip(window.curved(part, parameters)) {
                *mu += x;
            }
        }
        for (c, out) in self.channels.iter_mut().enumerate() {
            window.media(c, &window.spend[c], parameters, out);
            for (mu, &x) in self.mu.iter_mut().zip(&*out) {
                *mu += x;
            }
        }
    }
}
