//! Adstocked spend as straight lines in the decision: dates with equal lines are evaluated once.

use super::Flight;
use crate::model::Carryover;
use std::ops::Range;

/// A date's adstocked spend (or one spend, where saturation comes first): a straight line in the
/// decision, and how many dates have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub dates: f64,
    /// By lag; a single one where saturation comes first.
    pub fixed: Run,
    pub share: Run,
    /// Lags at which it counts, where saturation comes first.
    pub lags: [usize; 2],
}

/// Numbers by lag without the zeros at both ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The lag of the first number.
    pub first: usize,
    pub numbers: Vec<f64>,
    /// Whether all numbers are the same.
    pub even: bool,
}

impl Run {
    fn new(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        let end = numbers.iter().rposition(|&x| x != 0.0).map_or(0, |last| last + 1);
        numbers.truncate(end);
        let first = numbers.iter().position(|&x| x != 0.0).unwrap_or(0);
        numbers.drain(..first);
        let even = numbers.windows(2).all(|pair| pair[0] == pair[1]);
        Self { first, numbers, even }
    }

    /// Whether all are zero.
    pub fn is_zero(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// Spend over the dates around a horizon, and the dates whose responses count.
pub struct Calendar {
    /// Scaled spend that is not decided on, by place.
    pub fixed: Vec<f64>,
    /// The place of the first date of the horizon: there are as many on both sides of it as any effect
    /// reaches, without spend outside the sample.
    pub start: usize,
    /// Places whose responses count.
    pub counted: Range<usize>,
    /// Places with any spend.
    pub spent: Range<usize>,
    periods: usize,
    n_weights: usize,
    shift: usize,
}

impl Calendar {
    /// The dates around the horizon of a flight.
    pub fn new(adstock: &Carryover, flight: &Flight) -> Self {
        let (n_weights, shift, periods) = (adstock.n_weights, adstock.shift, flight.share.len());
        let known = flight.before.len().min(n_weights);
        let start = 2 * n_weights;
        let mut fixed = vec![0.0; periods + 2 * start];
        let tail = &flight.before[flight.before.len() - known..];
        fixed[start - known..start].copy_from_slice(tail);
        fixed[start..start + periods].fill(flight.fixed);
        let counted = match flight.carry_out {
            true => start - shift..start + periods + n_weights,
            false => start..start + periods,
        };
        let spent = start - known..start + periods;
        Self { fixed, start, counted, spent, periods, n_weights, shift }
    }

    /// Scaled spend by place.
    pub fn spread(&self, share: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut spread = vec![0.0; self.fixed.len()];
        spread[self.start..self.start + self.periods]
            .iter_mut()
            .zip(share)
            .for_each(|(to, x)| *to = x);
        spread
    }

    /// The place of the spend that has its lag `lag` at the place `date`.
    pub fn spent_at(&self, date: usize, lag: usize) -> usize {
        date + self.shift - lag
    }

    /// The period of a place; none outside the horizon.
    pub fn period(&self, place: usize) -> Option<usize> {
        place.checked_sub(self.start).filter(|period| *period < self.periods)
    }

    /// The lags at which what is spent at a place has an effect that counts.
    pub fn lags(&self, spent: usize) -> [usize; 2] {
        let within =
            (0..self.n_weights).filter(|lag| self.counted.contains(&(spent + lag - self.shift)));
        let (first, count) = (within.clone().next().unwrap_or(0), within.count());
        [first, first + count]
    }
}

/// The different lines of a flight.
pub fn lines(adstock: &Carryover, adstock_first: bool, flight: &Flight) -> Vec<Line> {
    let calendar = Calendar::new(adstock, flight);
    let share = calendar.spread(flight.share.iter().map(|share| share * flight.per));
    let n = adstock.n_weights;
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
        for date in calendar.counted.clone() {
            let by_lag = |x: &[f64]| Run::new((0..n).map(|lag| x[calendar.spent_at(date, lag)]));
            let (fixed, share) = (by_lag(&calendar.fixed), by_lag(&share));
            if !(fixed.is_zero() && share.is_zero()) {
                add(Line { dates: 1.0, fixed, share, lags: [0, n] });
            }
        }
    } else {
        // Outside the sample there is no response, whatever the family says of no spend.
        for spent in calendar.spent.clone() {
            let one = |x: &[f64]| Run::new(std::iter::once(x[spent]));
            let (fixed, share) = (one(&calendar.fixed), one(&share));
            add(Line { dates: 1.0, fixed, share, lags: calendar.lags(spent) });
        }
    }
    lines
}
