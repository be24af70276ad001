//! What an optimiser's answer means for people: before and after, with intervals, limits that bind,
//! and what the models have never seen.

use super::branch::Tables;
use super::budget::{Arm, Budget};
use super::media::Media;
use super::place::Place;
use super::program::Solved;
use super::risk::{AT_ONCE, add, measure};
use super::scenario::Risk;
use super::schedule;
use crate::analysis::Estimate;
use rayon::prelude::*;

/// A gap up to which an answer is called the best.
const CERTIFIED: f64 = 1e-4;
/// A spend this near to a limit, as a share of the range, is at it.
const AT: f64 = 1e-9;
/// The same of schedules, which only come near to their limits.
const NEAR: f64 = 1e-5;

/// How good an answer is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is better by more than the gap, which is small.
    Optimal,
    /// The best that was found; what is better is not known, or the gap is large.
    Local,
}

impl Status {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Status::Optimal => "optimal",
            Status::Local => "local",
        }
    }
}

/// A channel's part of the answer.
#[derive(Clone, Debug)]
pub struct ArmRow {
    /// Whose spend it is.
    pub place: Place,
    /// The channel.
    pub channel: String,
    /// Spend per period before.
    pub before: f64,
    /// Spend per period now.
    pub after: f64,
    /// Spend in every period now, where the flighting was decided on.
    pub path: Option<Vec<f64>>,
    /// What the last unit of spend brings.
    pub marginal_roas: f64,
    /// The limit it is at: `lower`, `upper`, `fixed`, or `ramp`.
    pub binding: Option<&'static str>,
    /// What it brings over the horizon, before and now.
    pub response: [Estimate; 2],
    /// What it brings now, less what it brought before.
    pub gain: Estimate,
    /// By how much its largest spend in a period exceeds what the model has seen, as a share.
    pub beyond: Option<f64>,
}

/// A limit of several channels.
#[derive(Clone, Debug)]
pub struct LimitRow {
    /// What is limited.
    pub name: String,
    /// Least and largest; infinite where there is none.
    pub limits: [f64; 2],
    /// What it is.
    pub value: f64,
    /// What one more unit of spend over the horizon would bring; 0 where the limit does not bind.
    pub shadow_price: f64,
}

/// The objective before and now.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The measure that is maximised: of the draws before, and now.
    pub measure: [f64; 2],
    /// Its draws before and now, in numbers.
    pub before: Estimate,
    /// See `before`.
    pub after: Estimate,
    /// The draws now less those before.
    pub gain: Estimate,
    /// Share of the draws that are better now.
    pub p_better: f64,
}

/// A step of the efficient frontier.
#[derive(Clone, Debug)]
pub struct Step {
    /// Total spend per period.
    pub total: f64,
    /// What it brings at best; none where no spends satisfy the limits.
    pub solved: Option<Solved>,
}

/// The answer to a scenario.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Channels.
    pub rows: Vec<ArmRow>,
    /// The objective.
    pub effect: Effect,
    /// The total and the groups.
    pub limits: Vec<LimitRow>,
    /// No spends within the limits have a larger measure; none where no bound is known.
    pub bound: Option<f64>,
    /// Why no bound is known.
    pub unbounded: Option<&'static str>,
    /// How far the measure may be from the best, as a share of it.
    pub gap: Option<f64>,
    /// How good the answer is known to be.
    pub status: Status,
    /// Periods of the horizon.
    pub periods: usize,
    /// The efficient frontier.
    pub frontier: Vec<Step>,
}

impl Answer {
    /// What a row is called: by its channel, and by whose spend it is where that differs.
    pub fn name(&self, row: &ArmRow) -> String {
        match self.rows.iter().all(|other| other.place == row.place) {
            true => row.channel.clone(),
            false => format!("{}:{}", row.place, row.channel),
        }
    }
}

/// Says what a solution means; `paths` are the spends of every period where they were decided on.
pub fn answer(
    budget: &Budget,
    solved: &Solved,
    paths: Option<&[Vec<f64>]>,
    total: [f64; 2],
) -> Answer {
    let periods = budget.periods as f64;
    let before: Vec<f64> = budget.arms.iter().map(|arm| arm.before).collect();
    let noise = budget.scenario.budget.noise_level;
    let executed = |media: &Media, arm: &Arm, spend: f64| match noise > 0.0 {
        true => media.executed(spend, noise, arm.noise.0, arm.noise.1),
        false => media.draws(spend),
    };
    let draws = |c: usize| -> [Vec<f64>; 2] {
        let (arm, after) = (&budget.arms[c], solved.spends[c]);
        match paths {
            None if noise == 0.0 => arm.media.draws_at([arm.before, after]),
            None => [arm.before, after].map(|spend| executed(&arm.media, arm, spend)),
            Some(paths) => [
                executed(&arm.media, arm, arm.before),
                executed(&arm.media.along(&paths[c]), arm, after),
            ],
        }
    };
    let row = |(c, draws): (usize, &[Vec<f64>; 2])| {
        let (arm, after) = (&budget.arms[c], solved.spends[c]);
        let path = paths.map(|paths| paths[c].clone());
        let peak = match &path {
            Some(path) => path.iter().copied().fold(0.0, f64::max),
            None => after * arm.peak,
        };
        let beyond = peak / arm.seen - 1.0;
        ArmRow {
            place: arm.place.clone(),
            channel: arm.channel.clone(),
            before: arm.before,
            after,
            marginal_roas: solved.slopes[c] / periods,
            binding: binding(arm, after, path.as_deref()),
            path,
            response: draws.each_ref().map(|draws| Estimate::of(draws)),
            gain: Estimate::of(&less(&draws[1], &draws[0])),
            // Up to rounding, and of nothing there is no share.
            beyond: (after > 0.0 && beyond > 1e-9).then_some(beyond),
        }
    };
    let mut rows: Vec<ArmRow> = Vec::with_capacity(budget.arms.len());
    let mut totals = [&before, &solved.spends].map(|spends| budget.constant(spends));
    let all: Vec<usize> = (0..budget.arms.len()).collect();
    for arms in all.chunks(AT_ONCE) {
        let found: Vec<[Vec<f64>; 2]> = arms.par_iter().map(|&c| draws(c)).collect();
        for (k, totals) in totals.iter_mut().enumerate() {
            add(totals, &found.iter().map(|draws| draws[k].as_slice()).collect::<Vec<_>>());
        }
        rows.par_extend(arms.par_iter().copied().zip(&found).map(row));
    }
    let gain = less(&totals[1], &totals[0]);
    let better = gain.iter().filter(|gain| **gain > 0.0).count();
    let effect = Effect {
        measure: match budget.scenario.objective.risk {
            // Exact, where models that have different numbers of draws are paired by some of them.
            Risk::Mean => [
                match noise > 0.0 {
                    true => budget.mean(&before),
                    false => {
                        rows.iter().map(|row| row.response[0].mean).sum::<f64>() + budget.baseline
                            - budget.cost() * before.iter().sum::<f64>()
                    }
                },
                solved.value + budget.baseline,
            ],
            risk => totals.each_ref().map(|draws| measure(risk, draws)),
        },
        before: Estimate::of(&totals[0]),
        after: Estimate::of(&totals[1]),
        p_better: better as f64 / gain.len() as f64,
        gain: Estimate::of(&gain),
    };
    let limits = budget.rows(total).into_iter().zip(&solved.prices).map(|((named, row), price)| {
        let value = row.sum(&solved.spends);
        let limits = [row.lower, row.upper];
        LimitRow { name: named.name, limits, value, shadow_price: price / periods }
    });
    // A bound of nothing is known where there is none.
    let bound = solved.bound.is_finite().then_some(solved.bound + budget.baseline);
    let gap = bound.map(|bound| {
        let value = solved.value + budget.baseline;
        ((bound - value) / value.abs().max(f64::MIN_POSITIVE)).max(0.0)
    });
    Answer {
        rows,
        effect,
        limits: limits.collect(),
        bound,
        unbounded: bound.is_none().then_some(match budget.scheduled() {
            true => "no bound is known for schedules of S-shaped responses",
            false => "no bound is known for this kind of risk",
        }),
        status: if gap.is_some_and(|gap| gap <= CERTIFIED) {
            Status::Optimal
        } else {
            Status::Local
        },
        gap,
        periods: budget.periods,
        frontier: frontier(budget, &budget.scenario.budget.frontier),
    }
}

fn less(now: &[f64], before: &[f64]) -> Vec<f64> {
    now.iter().zip(before).map(|(now, before)| now - before).collect()
}

/// The limit that a channel's spend is at.
fn binding(arm: &Arm, after: f64, path: Option<&[f64]>) -> Option<&'static str> {
    let (Some(path), Some(course)) = (path, &arm.course) else {
        let near = AT * (arm.upper - arm.lower);
        return match () {
            () if arm.lower == arm.upper => Some("fixed"),
            () if after <= arm.lower + near => Some("lower"),
            () if after >= arm.upper - near => Some("upper"),
            () => None,
        };
    };
    let near = NEAR * (course.upper - course.lower);
    let spends: Vec<f64> = course.last.into_iter().chain(path.iter().copied()).collect();
    let steep = |pair: &[f64]| (pair[1] - pair[0]).abs() >= course.ramp * (1.0 - NEAR);
    match () {
        () if arm.lower == arm.upper => Some("fixed"),
        () if path.iter().all(|spend| *spend <= course.lower + near) => Some("lower"),
        () if path.iter().all(|spend| *spend >= course.upper - near) => Some("upper"),
        () if spends.windows(2).any(steep) => Some("ramp"),
        () => None,
    }
}

/// What each total brings at best, in rising order, each starting from the tables of the one before.
pub fn frontier(budget: &Budget, totals: &[f64]) -> Vec<Step> {
    let mut totals = totals.to_vec();
    totals.sort_unstable_by(f64::total_cmp);
    totals.dedup();
    if totals.is_empty() {
        return Vec::new();
    }
    let least = |total| if budget.scenario.budget.at_most { f64::NEG_INFINITY } else { total };
    let mut tables = Tables::new(&budget.program([f64::NEG_INFINITY, f64::INFINITY]));
    let step = |total: f64| {
        let ends = [least(total), total];
        let solved = match budget.scheduled() {
            true => schedule::solve(budget, ends).ok().map(|found| found.solved),
            false => tables.solve(&budget.program(ends)).ok(),
        };
        let with_baseline = |solved: Solved| Solved {
            value: solved.value + budget.baseline,
            bound: solved.bound + budget.baseline,
            ..solved
        };
        Step { total, solved: solved.map(with_baseline) }
    };
    totals.into_iter().map(step).collect()
}
