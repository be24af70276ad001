//! Schedules: the spend of every period as a decision.
//!
//! Carry-over ties the periods together, so that nothing is separable. But where saturations are
//! concave the response is concave in the whole path, and no path is above its tangent plane: Newton's
//! method with logarithmic barriers finds the best paths, and the prices of the limits give a bound.
//! Limits of several channels know only the mean of each path, so that every channel has a small
//! system of its own, and a few prices couple them. Where a response is S-shaped the best of several
//! searches is an answer without a bound.

use super::Failure;
use super::branch::Tables;
use super::budget::{Arm, Budget};
use super::conflict::conflicts;
use super::curve::Hull;
use super::linear;
use super::master::{choose, relax};
use super::media::Local;
use super::program::{Row, Solved};
use super::response::Response;
use super::track::{Part, Track};
use crate::error::Error;
use rayon::prelude::*;

/// The gap that is asked for, as a share of the value.
const TOLERANCE: f64 = 1e-8;
/// By how much the barriers are lowered each time.
const LOWERED: f64 = 0.05;
/// Times that they are, at most.
const MOST_BARRIERS: usize = 20;
/// Newton steps with the same barriers, at most.
const MOST_STEPS: usize = 50;
/// What a Newton step promises where it is the last, in weights of a barrier.
const CENTRED: f64 = 0.01;
/// Room between the start and the limits, as a share of what there is: tried in turn.
const ROOM: [f64; 5] = [0.1, 1e-2, 1e-3, 1e-5, 1e-7];
/// How far a step goes towards the first limit.
const REACH: f64 = 0.99;
/// The least part of a step that is tried.
const LEAST: f64 = 1e-10;
/// Periods of the pulses from which S-shaped responses are searched.
const PULSES: [usize; 3] = [2, 4, 8];
/// What rounding may add up to, as a share of the sum of all responses.
const ROUNDING: f64 = 1e-12;

type Paths = Vec<Vec<f64>>;

/// The spends of all channels in all periods.
pub struct Schedule {
    /// Means per period, and what is known of them.
    pub solved: Solved,
    /// Spend per channel and period.
    pub paths: Paths,
}

/// The best schedule found, and a bound where there is one.
pub fn solve(budget: &Budget, total: [f64; 2]) -> Result<Schedule, Failure> {
    let search = Search::new(budget, total);
    let start = search.start(total)?;
    let mut best = search.climb(start.clone());
    let mut free = search.tracks.iter().zip(&budget.arms).filter(|(track, _)| track.free);
    if free.all(|(_, arm)| arm.media.concave()) {
        return Ok(best);
    }
    // From the same spend in every period, whose best is known, and from pulses.
    let program = budget.program(total);
    if let Ok(even) = Tables::new(&program).solve(&program) {
        let paths: Paths = even.spends.iter().map(|&x| vec![x; budget.periods]).collect();
        let blend = |(a, b): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            a.iter().zip(b).map(|(a, b)| 0.9 * a + 0.1 * b).collect()
        };
        let near: Paths = paths.iter().zip(&start).map(blend).collect();
        if search.room(&near) > 0.0 {
            let pulsed = PULSES.iter().map(|&period| search.pulsed(&near, period));
            for start in pulsed.chain([near.clone()]).collect::<Vec<_>>() {
                let found = search.climb(start);
                if found.solved.value > best.solved.value {
                    best = found;
                }
            }
        }
        if search.tracks.iter().zip(&paths).all(|(track, path)| track.room(path) >= 0.0)
            && even.value > best.solved.value
        {
            best = Schedule { solved: even, paths };
        }
    }
    best.solved.bound = f64::INFINITY;
    Ok(best)
}

/// What is searched.
struct Search<'a> {
    budget: &'a Budget,
    tracks: Vec<Track<'a>>,
    /// Limits of several channels, by the means of their paths.
    rows: Vec<Row>,
    /// What a unit of spend in one period costs.
    cost: f64,
}

impl<'a> Search<'a> {
    fn new(budget: &'a Budget, total: [f64; 2]) -> Self {
        let track = |arm: &'a Arm| {
            arm.course.as_ref().map(|course| Track { course, free: arm.lower < arm.upper })
        };
        Self {
            budget,
            tracks: budget.arms.iter().filter_map(track).collect(),
            rows: budget.rows(total).into_iter().map(|(_, row)| row).collect(),
            cost: budget.cost() / budget.periods as f64,
        }
    }

    /// Paths with room on all sides.
    fn start(&self, total: [f64; 2]) -> Result<Paths, Failure> {
        let feasible = |ends: &[[f64; 2]], rows: &[Row]| {
            let hulls: Vec<Hull> = ends.iter().map(|&[l, u]| Hull::line(l, u, 0.0)).collect();
            relax(&hulls, 0.0, rows, Vec::new()).ok()
        };
        for room in ROOM {
            let ends: Option<Vec<_>> = self.tracks.iter().map(|track| track.ends(room)).collect();
            let Some(ends) = ends else { continue };
            let means: Vec<[f64; 2]> =
                ends.iter().map(|ends| ends.each_ref().map(|path| mean(path))).collect();
            let rows: Vec<Row> = self.rows.iter().map(|row| narrowed(row, &means, room)).collect();
            let Some(found) = feasible(&means, &rows) else { continue };
            let path = |((ends, [low, high]), spend): ((&[Vec<f64>; 2], &[f64; 2]), &f64)| {
                let share = if high > low { (spend - low) / (high - low) } else { 0.0 };
                let between = |(low, high): (&f64, &f64)| low + share * (high - low);
                ends[0].iter().zip(&ends[1]).map(between).collect()
            };
            let paths: Paths = ends.iter().zip(&means).zip(&found.spends).map(path).collect();
            if self.room(&paths) > 0.0 {
                return Ok(paths);
            }
        }
        let ends: Vec<_> = self.budget.arms.iter().map(|arm| [arm.lower, arm.upper]).collect();
        Err(match feasible(&ends, &self.rows) {
            None => Failure::Conflict(conflicts(&self.budget.program(total))),
            Some(_) => {
                Error::input("the limits leave a schedule no room to be better than another")
                    .help("widen a limit, or give the flighting")
                    .into()
            }
        })
    }

    /// Paths with pulses of some periods, as strong as the limits allow.
    fn pulsed(&self, paths: &Paths, period: usize) -> Paths {
        let sign = |t: usize| if t % period < period / 2 { 1.0 } else { -1.0 };
        let signs: Vec<f64> = (0..self.budget.periods).map(sign).collect();
        let even = mean(&signs);
        let step: Vec<f64> = signs.iter().map(|sign| sign - even).collect();
        let pulsed = |(track, path): (&Track, &Vec<f64>)| match track.free {
            true => moved(path, &step, 0.9 * track.reach(path, &step)),
            false => path.clone(),
        };
        self.tracks.iter().zip(paths).map(pulsed).collect()
    }

    /// The least room to any limit, equalities left out.
    fn room(&self, paths: &Paths) -> f64 {
        let tracks = self.tracks.iter().zip(paths).filter(|(track, _)| track.free);
        let least = tracks.map(|(track, path)| track.room(path)).fold(f64::INFINITY, f64::min);
        let means: Vec<f64> = paths.iter().map(|path| mean(path)).collect();
        self.loose().flat_map(|row| room(row, &means)).fold(least, f64::min)
    }

    /// Rows that are no equalities and not of fixed channels alone.
    fn loose(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.lower < row.upper && self.moves(row))
    }

    fn moves(&self, row: &Row) -> bool {
        row.terms.iter().any(|&(c, a)| a != 0.0 && self.tracks[c].free)
    }

    /// What paths bring, cost deducted.
    fn value(&self, paths: &Paths) -> f64 {
        let one = |(arm, path): (&Arm, &Vec<f64>)| {
            arm.media.local(path, false).value - self.cost * path.iter().sum::<f64>()
        };
        let values: Vec<f64> = self.budget.arms.par_iter().zip(paths).map(one).collect();
        values.iter().sum()
    }

    /// The barriers of all limits.
    fn barrier(&self, paths: &Paths) -> f64 {
        let tracks = self.tracks.iter().zip(paths).filter(|(track, _)| track.free);
        let means: Vec<f64> = paths.iter().map(|path| mean(path)).collect();
        let rows = self.loose().flat_map(|row| room(row, &means)).map(f64::ln);
        tracks.map(|(track, path)| track.barrier(path)).sum::<f64>() + rows.sum::<f64>()
    }

    /// The top of the hill that paths stand on.
    fn climb(&self, mut paths: Paths) -> Schedule {
        let tracks = self.tracks.iter().zip(&paths).filter(|(track, _)| track.free);
        let limits = tracks.map(|(track, path)| track.count(path)).sum::<usize>();
        let limits = (limits + 2 * self.rows.len()) as f64;
        let mut value = self.value(&paths);
        let spent: f64 = paths.iter().flatten().sum();
        let size = value.abs() + self.cost * spent;
        let mut weight = 0.1 * size.max(f64::MIN_POSITIVE) / limits;
        let mut solved = None;
        for _ in 0..MOST_BARRIERS {
            let mut step = self.newton(&paths, weight);
            for _ in 0..MOST_STEPS {
                if step.promise <= CENTRED * weight {
                    break;
                }
                let Some(found) = self.advance(&paths, value, &step, weight) else { break };
                (paths, value) = found;
                step = self.newton(&paths, weight);
            }
            let found = self.judged(&paths, weight, &step);
            let done = found.gap() <= TOLERANCE;
            solved = Some(found);
            if done {
                break;
            }
            weight *= LOWERED;
        }
        let solved = solved.unwrap_or_else(|| unreachable!("there is at least one barrier"));
        Schedule { solved, paths }
    }

    /// As much of a step as brings what it promises, and what the paths are worth then; none where
    /// rounding leaves nothing to gain.
    fn advance(&self, paths: &Paths, value: f64, step: &Step, weight: f64) -> Option<(Paths, f64)> {
        let tracks = self.tracks.iter().zip(paths).zip(&step.steps);
        let reach = tracks
            .filter(|((track, _), _)| track.free)
            .map(|((track, path), step)| track.reach(path, step))
            .fold(f64::INFINITY, f64::min);
        let merit = value + weight * self.barrier(paths);
        let mut share = f64::min(1.0, REACH * reach);
        while share > LEAST {
            let next: Paths =
                paths.iter().zip(&step.steps).map(|(x, d)| moved(x, d, share)).collect();
            if self.room(&next) > 0.0 {
                let value = self.value(&next);
                let gained = value + weight * self.barrier(&next) - merit;
                if gained >= 1e-4 * share * step.promise - ROUNDING * value.abs() {
                    return Some((next, value));
                }
            }
            share /= 2.0;
        }
        None
    }

    /// The Newton step of the objective with its barriers, and the prices of the rows.
    fn newton(&self, paths: &Paths, weight: f64) -> Step {
        let means: Vec<f64> = paths.iter().map(|path| mean(path)).collect();
        let rows: Vec<usize> =
            (0..self.rows.len()).filter(|&r| self.moves(&self.rows[r])).collect();
        // Per row: what its barriers push by, how fast they stiffen, and what it is off by.
        let pushes: Vec<[f64; 3]> = rows
            .iter()
            .map(|&r| {
                let row = &self.rows[r];
                if row.lower == row.upper {
                    return [0.0, f64::INFINITY, row.upper - row.sum(&means)];
                }
                let (mut push, mut stiff) = (0.0, 0.0);
                for (sign, limit) in [(1.0, row.upper), (-1.0, row.lower)] {
                    if limit.is_finite() {
                        let room = sign * (limit - row.sum(&means));
                        push += sign * weight / room;
                        stiff += weight / (room * room);
                    }
                }
                [push, stiff, 0.0]
            })
            .collect();
        let pushed: Vec<f64> = pushes.iter().map(|push| push[0]).collect();
        let n = self.budget.periods as f64;
        let price: Vec<f64> =
            self.priced(&rows, &pushed).into_iter().map(|p| self.cost + p / n).collect();
        let part = |c: usize| -> Option<Part> {
            let (track, path) = (&self.tracks[c], &paths[c]);
            let local = || self.budget.arms[c].media.local(path, true);
            track.free.then(|| track.part(path, &local(), price[c], weight))
        };
        let parts: Vec<Option<Part>> = (0..paths.len()).into_par_iter().map(part).collect();
        // What the rows say of the means of the steps.
        let sums = |of: &dyn Fn(&Part) -> f64| -> Vec<f64> {
            parts.iter().map(|part| part.as_ref().map_or(0.0, of)).collect()
        };
        let (stepped, yields) = (sums(&|part| mean(&part.step)), sums(&|part| mean(&part.yields)));
        let mut weights = vec![vec![0.0; paths.len()]; rows.len()];
        for (weights, &r) in weights.iter_mut().zip(&rows) {
            self.rows[r].terms.iter().for_each(|&(c, a)| weights[c] = a);
        }
        let line = |(i, (mine, &[_, stiff, off])): (usize, (&Vec<f64>, &[f64; 3]))| -> Vec<f64> {
            let entry = |(j, other): (usize, &Vec<f64>)| {
                let sum: f64 =
                    mine.iter().zip(other).zip(&yields).map(|((a, b), y)| a * b * y).sum();
                // Equalities that say the same leave their prices open.
                if i == j { sum * (1.0 + 1e-12) + 1.0 / stiff } else { sum }
            };
            let right = mine.iter().zip(&stepped).map(|(a, step)| a * step).sum::<f64>() - off;
            weights.iter().enumerate().map(entry).chain([right]).collect()
        };
        let system = weights.iter().zip(&pushes).enumerate().map(line).collect();
        let found = linear::solve(system).unwrap_or(vec![0.0; rows.len()]);
        let given = self.priced(&rows, &found);
        let mut promise = 0.0;
        let step = |(c, part): (usize, &Option<Part>)| match part {
            None => vec![0.0; paths[c].len()],
            Some(part) => {
                let step: Vec<f64> =
                    part.step.iter().zip(&part.yields).map(|(s, y)| s - given[c] * y).collect();
                promise += part.rise.iter().zip(&step).map(|(rise, s)| rise * s).sum::<f64>();
                step
            }
        };
        let steps = parts.iter().enumerate().map(step).collect();
        let mut prices = vec![0.0; self.rows.len()];
        for ((&r, price), [push, ..]) in rows.iter().zip(&found).zip(&pushes) {
            // The price of a limit that there is not would be no bound.
            let Row { lower, upper, .. } = self.rows[r];
            let least = if lower.is_finite() { f64::NEG_INFINITY } else { 0.0 };
            let most = if upper.is_finite() { f64::INFINITY } else { 0.0 };
            prices[r] = (price + push).clamp(least, most);
        }
        Step { steps, prices, promise }
    }

    /// What prices of some rows make of the price of a channel's mean spend.
    fn priced(&self, rows: &[usize], prices: &[f64]) -> Vec<f64> {
        let mut price = vec![0.0; self.tracks.len()];
        for (&r, p) in rows.iter().zip(prices) {
            self.rows[r].terms.iter().for_each(|&(c, a)| price[c] += p * a);
        }
        price
    }

    /// What is known of paths: their value, and what the tangent plane there and the prices of all
    /// limits leave to any others.
    fn judged(&self, paths: &Paths, weight: f64, step: &Step) -> Solved {
        let n = self.budget.periods;
        let one = |(arm, path): (&Arm, &Vec<f64>)| arm.media.local(path, false);
        let locals: Vec<Local> = self.budget.arms.par_iter().zip(paths).map(one).collect();
        let spread = |&(c, a): &(usize, f64)| (c * n..(c + 1) * n).map(move |i| (i, a / n as f64));
        let mut rows: Vec<Row> = self.rows.clone();
        rows.iter_mut().for_each(|row| row.terms = row.terms.iter().flat_map(spread).collect());
        let mut prices = step.prices.clone();
        let (mut hulls, mut tangent) = (Vec::with_capacity(paths.len() * n), 0.0);
        for (c, ((track, path), local)) in self.tracks.iter().zip(paths).zip(&locals).enumerate() {
            tangent += local.value;
            let course = track.course;
            for (&spend, &slope) in path.iter().zip(&local.slopes) {
                hulls.push(match track.free {
                    true => Hull::line(course.lower, course.upper, slope),
                    false => Hull::line(spend, spend, 0.0),
                });
                tangent -= if track.free { slope * spend } else { 0.0 };
            }
            if !track.free || course.ramp.is_infinite() {
                continue;
            }
            let first = course.last.map(|last| Row {
                terms: vec![(c * n, 1.0)],
                lower: last - course.ramp,
                upper: last + course.ramp,
            });
            let change = |t: usize| Row {
                terms: vec![(c * n + t, 1.0), (c * n + t - 1, -1.0)],
                lower: -course.ramp,
                upper: course.ramp,
            };
            rows.extend(first.into_iter().chain((1..n).map(change)));
            prices.extend(track.prices(path, &step.steps[c], weight));
        }
        let size: f64 = locals.iter().map(|local| local.value.abs()).sum();
        let spends: Vec<f64> = paths.iter().map(|path| mean(path)).collect();
        let response: f64 = locals.iter().map(|local| local.value).sum();
        Solved {
            value: response - self.cost * n as f64 * spends.iter().sum::<f64>(),
            bound: tangent + choose(&hulls, self.cost, &rows, &prices).1 + ROUNDING * size,
            slopes: locals.iter().map(|local| local.slopes.iter().sum()).collect(),
            prices: prices[..self.rows.len()].to_vec(),
            spends,
            boxes: 1,
        }
    }
}

/// A Newton step.
struct Step {
    steps: Paths,
    /// Prices of the rows.
    prices: Vec<f64>,
    /// By how much the objective would rise if it were quadratic, twice.
    promise: f64,
}

fn mean(path: &[f64]) -> f64 {
    path.iter().sum::<f64>() / path.len() as f64
}

fn moved(path: &[f64], step: &[f64], share: f64) -> Vec<f64> {
    path.iter().zip(step).map(|(x, d)| x + share * d).collect()
}

/// Room to the limits that a row has.
fn room(row: &Row, means: &[f64]) -> impl Iterator<Item = f64> {
    let sum = row.sum(means);
    [row.upper - sum, sum - row.lower].into_iter().filter(|room| room.is_finite())
}

/// A row with less room, by a share of it, unless it is an equality.
fn narrowed(row: &Row, ends: &[[f64; 2]], share: f64) -> Row {
    let reach: f64 = row.terms.iter().map(|&(c, a)| (a * (ends[c][1] - ends[c][0])).abs()).sum();
    let margin = share * reach.min(row.upper - row.lower);
    match row.lower < row.upper {
        true => Row { lower: row.lower + margin, upper: row.upper - margin, ..row.clone() },
        false => row.clone(),
    }
}
