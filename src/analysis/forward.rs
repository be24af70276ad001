//! The mean of the target and what it is made of, for the draws of one block of lanes.

use crate::math::{Lane, Real};
use crate::model::effect::Column;
use crate::model::{Model, Structure, adstock, likelihood, saturation};
use std::ops::Range;

/// A component that is linear in its coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The intercept.
    Baseline,
    /// Yearly seasonality.
    Seasonality,
    /// Controls.
    Control,
}

impl Part {
    /// All of them, in the order of the tables.
    pub const ALL: [Part; 3] = [Part::Baseline, Part::Seasonality, Part::Control];

    /// The parameter that holds the coefficients.
    fn parameter(self) -> &'static str {
        match self {
            Part::Baseline => "intercept_contribution",
            Part::Seasonality => "gamma_fourier",
            Part::Control => "gamma_control",
        }
    }
}

/// The parameters of up to [`Lane::LEN`] draws, one per lane, as the mean wants them.
pub struct Parameters<L> {
    /// Draws in the block; the lanes beyond repeat the first draw.
    pub n_draws: usize,
    /// Value of every element.
    pub values: Vec<L>,
    /// Parameters of the likelihood.
    pub likelihood: [L; likelihood::MAX_PARAMETERS],
    /// Adstock weights, channels × n_weights.
    weights: Vec<L>,
    /// Saturation parameters per channel.
    saturation: Vec<[L; saturation::MAX_PARAMETERS]>,
}

impl<L: Lane> Parameters<L> {
    /// From at least one draw, draws × dim, on the natural scale.
    #[inline(always)]
    pub fn new(structure: &Structure, draws: &[f64]) -> Self {
        let (dim, n) = (structure.dim, structure.n_weights);
        let n_draws = draws.len() / dim;
        let mut values = vec![L::zero(); dim];
        for (i, value) in values.iter_mut().enumerate() {
            for lane in 0..L::LEN {
                value.set(lane, draws[if lane < n_draws { lane } else { 0 } * dim + i]);
            }
        }
        let mut weights = vec![L::zero(); structure.channels.len() * n];
        let mut slopes = vec![L::zero(); adstock::MAX_PARAMETERS * n];
        for (channel, weights) in structure.channels.iter().zip(weights.chunks_mut(n)) {
            let own: [L; adstock::MAX_PARAMETERS] = pick(&values, &channel.adstock);
            structure.adstock.weights(&own[..channel.adstock.len()], weights, &mut slopes);
            if structure.normalize {
                adstock::normalize(weights);
            }
        }
        Self {
            n_draws,
            likelihood: pick(&values, &structure.likelihood_slots),
            saturation: structure.channels.iter().map(|c| pick(&values, &c.saturation)).collect(),
            weights,
            values,
        }
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
    /// Scaled spend, `[channel][n_weights + row]`; zeros outside the sample.
    spend: Vec<Vec<R>>,
    /// Elements of the linear effects and their columns' values on the dates.
    columns: Vec<(usize, Vec<R>)>,
}

impl<'a, R: Real> Window<'a, R> {
    /// The training rows: no spend before or after them counts, as in the density.
    pub fn train(model: &'a Model) -> Self {
        Self::new(model, 0..model.series.n_train, 0)
    }

    /// The test rows, with the last training rows carried in.
    pub fn test(model: &'a Model) -> Self {
        let n_train = model.series.n_train;
        let carried = model.structure.n_weights.min(n_train);
        Self::new(model, n_train..model.series.n_dates(), carried)
    }

    fn new(model: &'a Model, dates: Range<usize>, carried: usize) -> Self {
        let numbers = |column: &Column| {
            let values = column.values[dates.clone()].iter().map(|&x| R::from_f64(x));
            (column.element, values.collect())
        };
        let columns = model.series.columns.iter().map(numbers).collect();
        let mut window = Self { model, dates, carried, spend: Vec::new(), columns };
        window.spend = model.series.spend.iter().map(|x| window.pad(|date| x[date])).collect();
        window
    }

    /// Number of dates.
    pub fn n_dates(&self) -> usize {
        self.dates.len()
    }

    /// Scaled spend of a channel on each date as [`Window::media`] reads it.
    pub fn pad(&self, spend: impl Fn(usize) -> f64) -> Vec<R> {
        let pad = self.model.structure.n_weights;
        let mut padded = vec![R::from_f64(0.0); self.n_dates() + 2 * pad];
        let known = self.dates.start - self.carried..self.dates.end;
        for (to, date) in padded[pad - self.carried..].iter_mut().zip(known) {
            *to = R::from_f64(spend(date));
        }
        padded
    }

    /// The mean of a linear component on every date, given the mean of every element.
    pub fn linear(&self, part: Part, means: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.n_dates()];
        let Some(parameter) = self.model.layout.find(part.parameter()) else { return out };
        let elements = parameter.offset..parameter.offset + parameter.len;
        for column in &self.model.series.columns {
            if elements.contains(&column.element) {
                for (out, x) in out.iter_mut().zip(&column.values[self.dates.clone()]) {
                    *out += means[column.element] * x;
                }
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
        let (n, saturation) = (s.n_weights, &parameters.saturation[c]);
        let weights = &parameters.weights[c * n..][..n];
        if s.adstock_first {
            for (t, out) in out.iter_mut().enumerate() {
                let newest = n + t + s.shift;
                let mut adstocked = L::zero();
                for (j, w) in weights.iter().enumerate() {
                    adstocked = w.mul_add(L::from_scalar(spend[newest - j]), adstocked);
                }
                *out = s.saturation.response(adstocked, saturation).value;
            }
        } else {
            // Outside the sample there is no response, whatever the family says of no spend.
            let mut saturated = vec![L::zero(); spend.len()];
            for i in n - self.carried..n + self.n_dates() {
                saturated[i] = s.saturation.response(L::from_scalar(spend[i]), saturation).value;
            }
            for (t, out) in out.iter_mut().enumerate() {
                let newest = n + t + s.shift;
                *out = L::zero();
                for (j, w) in weights.iter().enumerate() {
                    *out = w.mul_add(saturated[newest - j], *out);
                }
            }
        }
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
        for (c, out) in self.channels.iter_mut().enumerate() {
            window.media(c, &window.spend[c], parameters, out);
            for (mu, &x) in self.mu.iter_mut().zip(&*out) {
                *mu += x;
            }
        }
    }
}
