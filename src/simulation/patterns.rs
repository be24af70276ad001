//! Plausible series: how a channel spends and how a control moves, week by week.

use std::{f64::consts::TAU, ops::RangeInclusive};

use jiff::{ToSpan, civil::Date};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Channels with a name, and the part of the spend each has, relative to the others.
const CHANNELS: [(&str, f64); 10] = [
    ("tv", 0.30),
    ("search", 0.25),
    ("social", 0.20),
    ("radio", 0.15),
    ("print", 0.15),
    ("video", 0.15),
    ("display", 0.12),
    ("affiliate", 0.10),
    ("outdoor", 0.10),
    ("email", 0.05),
];

/// Controls with a name, and the mean effect of one standard deviation: a high price costs sales.
const CONTROLS: [(&str, f64); 4] =
    [("price", -0.04), ("promotion", 0.04), ("holiday", 0.03), ("temperature", 0.0)];

/// Name of channel `c` and its part of the spend, relative to the others.
pub(super) fn named_channel(c: usize) -> (String, f64) {
    CHANNELS.get(c).map_or_else(
        || (format!("channel_{}", c + 1), 0.10),
        |(name, share)| ((*name).into(), *share),
    )
}

/// Name of control `k` and the mean of its coefficient's prior.
pub(super) fn named_control(k: usize) -> (String, f64) {
    CONTROLS.get(k).map_or_else(
        || (format!("control_{}", k + 1), 0.0),
        |(name, effect)| ((*name).into(), *effect),
    )
}

/// Spend of channel `c` in each week, relative to its usual amount: five habits in turn, so that
/// neighbouring channels can be told apart.
pub(super) fn spend<R: Rng>(c: usize, dates: &[Date], rng: &mut R) -> Vec<f64> {
    let weeks = dates.len();
    match c % 5 {
        0 => bursts(weeks, 3..=7, 3..=9, rng),
        1 => always_on(weeks, rng),
        2 => growing(weeks, rng),
        3 => bursts(weeks, 1..=3, 2..=5, rng),
        _ => seasonal(dates, rng),
    }
}

/// Values of control `k` in each week, in units of its own.
pub(super) fn control<R: Rng>(k: usize, dates: &[Date], rng: &mut R) -> Vec<f64> {
    let weeks = dates.len();
    match k {
        0 => price(weeks, rng),
        1 => bursts(weeks, 1..=2, 3..=9, rng).iter().map(|x| flag(*x > 0.0)).collect(),
        2 => dates.iter().map(|date| flag(holiday(*date))).collect(),
        3 => {
            let weather = drift(weeks, 0.5, rng);
            let year = dates.iter().map(|date| 11.0 - 9.0 * yearly(*date, 0.05));
            year.zip(weather).map(|(mean, z)| mean + 2.5 * z).collect()
        }
        _ => drift(weeks, 0.7, rng).iter().map(|z| 100.0 + 10.0 * z).collect(),
    }
}

/// Campaigns of `on` weeks with pauses of `off` weeks between them.
fn bursts<R: Rng>(
    weeks: usize,
    on: RangeInclusive<usize>,
    off: RangeInclusive<usize>,
    rng: &mut R,
) -> Vec<f64> {
    let mut x = Vec::with_capacity(weeks);
    let mut pause = rng.random_range(0..=*off.end());
    while x.len() < weeks {
        x.resize(x.len() + pause, 0.0);
        let level = around_one(0.35, rng);
        for _ in 0..rng.random_range(on.clone()) {
            x.push(level * around_one(0.2, rng));
        }
        pause = rng.random_range(off.clone());
    }
    x.truncate(weeks);
    x
}

/// Every week, with slow ups and downs.
fn always_on<R: Rng>(weeks: usize, rng: &mut R) -> Vec<f64> {
    drift(weeks, 0.6, rng).iter().map(|z| (0.4 * z).exp()).collect()
}

/// From 0.5 to 1.5, with noise and a week off now and then.
fn growing<R: Rng>(weeks: usize, rng: &mut R) -> Vec<f64> {
    let level = |week: usize| 0.5 + week as f64 / weeks as f64;
    (0..weeks).map(|week| pausing(0.06, rng) * level(week) * around_one(0.35, rng)).collect()
}

/// Most of it in the weeks before Christmas, with weeks off.
fn seasonal<R: Rng>(dates: &[Date], rng: &mut R) -> Vec<f64> {
    let level = |date: Date| 0.3 + 2.0 * (3.0 * (yearly(date, 0.92) - 1.0)).exp();
    dates.iter().map(|&date| pausing(0.12, rng) * level(date) * around_one(0.4, rng)).collect()
}

/// A shelf price that stays for some weeks, with small differences between shops.
fn price<R: Rng>(weeks: usize, rng: &mut R) -> Vec<f64> {
    let usual = rng.random_range(3.0..12.0);
    let mut x = Vec::with_capacity(weeks);
    while x.len() < weeks {
        let level = usual * around_one(0.06, rng);
        for _ in 0..rng.random_range(5..=14) {
            x.push(level * around_one(0.01, rng));
        }
    }
    x.truncate(weeks);
    x
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// Whether the week that begins on `monday` has a holiday on which people shop differently.
fn holiday(monday: Date) -> bool {
    const DAYS: [(i8, i8); 4] = [(1, 1), (5, 1), (11, 27), (12, 25)];
    let days = (0..7).map(|day| monday.saturating_add(day.days()));
    days.into_iter().any(|date| DAYS.contains(&(date.month(), date.day())))
}

/// Cosine of the time of the year, 1 at the part `peak` of it.
fn yearly(date: Date, peak: f64) -> f64 {
    (TAU * (f64::from(date.day_of_year()) / 365.25 - peak)).cos()
}

/// 0 with the given probability, else 1.
fn pausing<R: Rng>(probability: f64, rng: &mut R) -> f64 {
    if rng.random_bool(probability) { 0.0 } else { 1.0 }
}

/// A random factor with median 1.
pub(super) fn around_one<R: Rng>(sd: f64, rng: &mut R) -> f64 {
    (sd * normal(rng)).exp()
}

/// A standard Normal number.
pub(super) fn normal<R: Rng>(rng: &mut R) -> f64 {
    StandardNormal.sample(rng)
}

/// Standard Normal numbers of which each carries over to the next with the given correlation.
fn drift<R: Rng>(weeks: usize, correlation: f64, rng: &mut R) -> Vec<f64> {
    let fresh = (1.0f64 - correlation * correlation).sqrt();
    let mut z = normal(rng);
    let step = |_| {
        z = correlation * z + fresh * normal(rng);
        z
    };
    (0..weeks).map(step).collect()
}
