//! Effects: columns of a design matrix for those that are linear in their coefficients, and where the
//! others find their parameters.

pub mod bump;
pub mod fourier;
pub mod process;
pub mod trend;

use crate::math::Lane;
use bump::Bump;
use jiff::civil::Date;
use process::{Basis, Process};

/// What a column is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The intercept and the trend.
    Baseline,
    /// Seasonality of every period.
    Seasonality,
    /// Controls.
    Control,
    /// Events.
    Event,
}

impl Part {
    /// All of them, in the order of the tables.
    pub const ALL: [Part; 4] = [Part::Baseline, Part::Seasonality, Part::Control, Part::Event];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Part::Baseline => "baseline",
            Part::Seasonality => "seasonality",
            Part::Control => "control",
            Part::Event => "event",
        }
    }
}

/// One column: the coefficient it belongs to and its value on every date.
#[derive(Clone, Debug)]
pub struct Column {
    /// What it is part of.
    pub part: Part,
    /// Index of the coefficient among the model's values.
    pub element: usize,
    /// Value per date.
    pub values: Vec<f64>,
}

/// The effects that are not linear in their parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Curved {
    /// An intercept that varies in time: its level, and what multiplies it.
    pub intercept: Option<(usize, Process)>,
    /// What multiplies the contribution of every channel.
    pub media: Option<Process>,
    /// The bumps of events.
    pub bumps: Vec<Bump>,
}

impl Curved {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.intercept.is_none() && self.media.is_none() && self.bumps.is_empty()
    }

    /// Whether there are any of a part.
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::Baseline => self.intercept.is_some(),
            Part::Event => !self.bumps.is_empty(),
            Part::Seasonality | Part::Control => false,
        }
    }

    /// The processes.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.intercept.iter().map(|(_, process)| process).chain(&self.media)
    }

    /// The largest number of basis functions of a process.
    pub fn basis(&self) -> usize {
        self.processes().map(|process| process.m).max().unwrap_or(0)
    }
}

/// Their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distances {
    /// The basis of the processes.
    pub basis: Basis,
    /// Days from every bump to every date.
    pub bumps: Vec<Vec<f64>>,
}

impl Distances {
    /// Of some effects on some dates; `clock`: the training dates of all series, in rising order.
    pub fn new(curved: &Curved, bumps: Vec<Vec<f64>>, dates: &[Date], clock: &[Date]) -> Self {
        let basis = match curved.basis() {
            0 => Basis::default(),
            m => Basis::new(m, dates, clock),
        };
        Self { basis, bumps }
    }
}

/// What the curved effects are on every date, given the values of a model.
#[derive(Clone, Debug)]
pub struct Effects<L> {
    /// The intercept that varies; empty without one.
    pub baseline: Vec<L>,
    /// All events; empty without any.
    pub event: Vec<L>,
    /// What multiplies media; empty where they do not vary.
    pub media: Vec<L>,
}

impl<L> Effects<L> {
    /// What adds to a part on every date; empty if nothing does.
    pub fn part(&self, part: Part) -> &[L] {
        match part {
            Part::Baseline => &self.baseline,
            Part::Event => &self.event,
            Part::Seasonality | Part::Control => &[],
        }
    }
}

impl<L: Lane> Effects<L> {
    /// On all dates, of which the first `n_train` are those of training.
    #[inline(always)]
    pub fn new(curved: &Curved, numbers: &Distances, n_train: usize, values: &[L]) -> Self {
        let mut effects = Self { baseline: Vec::new(), event: Vec::new(), media: Vec::new() };
        if let Some((level, process)) = &curved.intercept {
            effects.baseline = process.multiplier(&numbers.basis, n_train, values);
            effects.baseline.iter_mut().for_each(|x| *x *= values[*level]);
        }
        if let Some(process) = &curved.media {
            effects.media = process.multiplier(&numbers.basis, n_train, values);
        }
        for (of, distances) in curved.bumps.iter().zip(&numbers.bumps) {
            effects.event.resize(distances.len(), L::zero());
            let height = of.height.map_or(L::splat(1.0), |height| values[height]);
            let size = values[of.size] * height;
            for (sum, &z) in effects.event.iter_mut().zip(distances) {
                let [bump, _] = bump::bump(L::splat(z), values[of.sigma]);
                *sum = size.mul_add(bump, *sum);
            }
        }
        effects
    }
}
