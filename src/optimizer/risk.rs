//! Cautious objectives: the mean of the worst draws, the mean less standard deviations, a quantile, the
//! mean in standard deviations.
//!
//! The first two are the least mean over a set of weights of the draws, so that for any weights of
//! that set the best weighted mean, which is separable again and has a certificate, is a bound. At
//! the best spends of concave responses the weights that are worst there make it tight. The others
//! have no such weights, and no bound.

use super::branch::Tables;
use super::budget::Budget;
use super::master::Infeasible;
use super::media::Media;
use super::program::Solved;
use super::response::Response;
use super::scenario::Risk;
use crate::diagnostics::quantile;
use argmin::core::{CostFunction, Error, Executor, State};
use argmin::solver::goldensectionsearch::GoldenSectionSearch;
use rayon::prelude::*;
use std::sync::Arc;

/// Weighted problems solved at most.
const MOST_ROUNDS: usize = 60;
/// The gap at which the search ends, as a share of the value.
const CLOSE: f64 = 1e-6;
/// Draws around a quantile that say where it moves, as a share of all.
const AROUND: f64 = 0.02;

/// Channels whose draws are held at once.
pub const AT_ONCE: usize = 64;
/// Totals that one thread sums at once.
const PART: usize = 512;

/// The measure of draws.
pub fn measure(risk: Risk, draws: &[f64]) -> f64 {
    match risk {
        Risk::Quantile(p) => quantile(draws, p),
        Risk::Sharpe => {
            let [mean, sd] = moments(draws);
            mean / sd
        }
        _ => weights(risk, draws).iter().zip(draws).map(|(w, x)| w * x).sum(),
    }
}

/// Mean and standard deviation.
fn moments(draws: &[f64]) -> [f64; 2] {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let squares: f64 = draws.iter().map(|x| (x - mean).powi(2)).sum();
    [mean, (squares / (n - 1.0).max(1.0)).sqrt()]
}

/// The gradient of the measure. Of those that have a bound it is also the weights under which the mean
/// of these draws is the measure.
pub fn weights(risk: Risk, draws: &[f64]) -> Vec<f64> {
    let n = draws.len();
    let even = 1.0 / n as f64;
    let ranked = || {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| draws[i].total_cmp(&draws[j]).then(i.cmp(&j)));
        order
    };
    let mut weights = vec![0.0; n];
    match risk {
        Risk::Mean => weights.fill(even),
        Risk::Cvar(p) => {
            // Whole draws from the worst on, and of the last one what is left.
            let mut left = 1.0;
            for i in ranked() {
                weights[i] = f64::min(left, even / p);
                left -= weights[i];
            }
        }
        Risk::Quantile(p) => {
            let middle = p * (n - 1) as f64;
            let reach = (AROUND * n as f64).max(1.0);
            for (rank, i) in ranked().into_iter().enumerate() {
                weights[i] = (1.0 - (rank as f64 - middle).abs() / reach).max(0.0);
            }
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
        }
        Risk::MeanMinusSd(k) => {
            let [mean, sd] = moments(draws);
            let per = if sd > 0.0 { k / sd / (n as f64 - 1.0).max(1.0) } else { 0.0 };
            weights.iter_mut().zip(draws).for_each(|(w, x)| *w = even - per * (x - mean));
        }
        Risk::Sharpe => {
            let [mean, sd] = moments(draws);
            let per = mean / (sd * sd) / (n as f64 - 1.0).max(1.0);
            weights.iter_mut().zip(draws).for_each(|(w, x)| *w = (even - per * (x - mean)) / sd);
        }
    }
    weights
}

/// Draws of the objective at some spends, cost deducted.
pub fn totals(budget: &Budget, spends: &[f64]) -> Vec<f64> {
    let mut totals = budget.constant(spends);
    for (arms, spends) in budget.arms.chunks(AT_ONCE).zip(spends.chunks(AT_ONCE)) {
        let arms = arms.par_iter().zip(spends);
        let draws: Vec<Vec<f64>> = arms.map(|(arm, &spend)| arm.media.draws(spend)).collect();
        add(&mut totals, &draws.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    totals
}

/// Adds the draws of some channels to those of all. Models whose numbers of draws differ are paired by
/// draws that are evenly spaced.
pub fn add(totals: &mut [f64], arms: &[&[f64]]) {
    let n = totals.len();
    totals.par_chunks_mut(PART).enumerate().for_each(|(part, totals)| {
        for draws in arms {
            let (step, rest) = (draws.len() / n, draws.len() % n);
            // Of the total i it is the draw ⌊i · draws / n⌋, without a division each.
            let first = part * PART * draws.len();
            let (mut at, mut over) = (first / n, first % n);
            for total in &mut *totals {
                *total += draws[at];
                (at, over) = (at + step, over + rest);
                if over >= n {
                    (at, over) = (at + 1, over - n);
                }
            }
        }
    });
}

/// The best spends found, and a bound where there is one.
pub fn solve(budget: &Budget, risk: Risk, total: [f64; 2]) -> Result<Solved, Infeasible> {
    let program = budget.program(total);
    let mut best = Tables::new(&program).solve(&program)?;
    // All that the certificate of the weighted problems does not know.
    let constant = budget.baseline;
    let mut draws = totals(budget, &best.spends);
    best.value = measure(risk, &draws) - constant;
    // These two never exceed the mean, and are concave where responses are.
    let bounded = matches!(risk, Risk::Cvar(_) | Risk::MeanMinusSd(_));
    if !bounded {
        best.bound = f64::INFINITY;
    }
    for _ in 0..MOST_ROUNDS {
        let worst = Arc::new(weights(risk, &draws));
        let media: Vec<Media> =
            budget.arms.par_iter().map(|arm| arm.media.weighted(worst.clone())).collect();
        let responses = media.iter().map(|media| media as &dyn Response).collect();
        let weighted = budget.program_of(responses, total);
        let found = Tables::new(&weighted).solve(&weighted)?;
        if bounded {
            best.bound = best.bound.min(found.bound);
        }
        (best.slopes, best.prices) = (found.slopes.clone(), found.prices.clone());
        if best.gap() <= CLOSE {
            break;
        }
        // Along the line to the weighted answer the measure rises at first.
        let line = Line { budget, risk, from: &best.spends, to: &found.spends };
        let solver = GoldenSectionSearch::new(0.0, 1.0).and_then(|s| s.with_tolerance(1e-4));
        let found_at = solver.and_then(|solver| {
            Executor::new(line, solver).configure(|state| state.param(0.5).max_iters(30)).run()
        });
        let Ok(run) = found_at else { break };
        let share = run.state.get_best_param().copied().unwrap_or(0.0);
        let line = Line { budget, risk, from: &best.spends, to: &found.spends };
        // The far end itself, where the line's best is near it.
        let spends = [share, 1.0].map(|share| line.at(share));
        let values =
            spends.each_ref().map(|spends| measure(risk, &totals(budget, spends)) - constant);
        let k = usize::from(values[1] > values[0]);
        if values[k] <= best.value + 1e-10 * best.value.abs() {
            break;
        }
        best.value = values[k];
        best.spends.clone_from(&spends[k]);
        draws = totals(budget, &best.spends);
    }
    Ok(best)
}

/// The measure on the line between two allocations; both satisfy the limits, so all of it does.
struct Line<'a> {
    budget: &'a Budget,
    risk: Risk,
    from: &'a [f64],
    to: &'a [f64],
}

impl Line<'_> {
    fn at(&self, share: f64) -> Vec<f64> {
        self.from.iter().zip(self.to).map(|(a, b)| a + share * (b - a)).collect()
    }
}

impl CostFunction for Line<'_> {
    type Param = f64;
    type Output = f64;

    fn cost(&self, share: &f64) -> Result<f64, Error> {
        Ok(-measure(self.risk, &totals(self.budget, &self.at(*share))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: [f64; 5] = [3.0, -1.0, 4.0, 10.0, 5.0];

    #[test]
    fn draws_are_paired_evenly() {
        for (n, m) in [(5, 5), (3, 7), (4, 8), (1300, 2999), (1300, 1301)] {
            let draws: Vec<f64> = (0..m).map(|i| i as f64).collect();
            let ones = vec![1.0; n];
            let mut totals = vec![0.5; n];
            add(&mut totals, &[&draws, &ones]);
            for (i, total) in totals.iter().enumerate() {
                assert_eq!(*total, 1.5 + (i * m / n) as f64, "{n} {m}");
            }
        }
    }

    #[test]
    fn measures_of_known_draws() {
        // worst 30 % of five draws: the worst one, and half of the second worst
        assert!((measure(Risk::Cvar(0.3), &DRAWS) - (-1.0 + 0.5 * 3.0) / 1.5).abs() < 1e-12);
        assert_eq!(measure(Risk::Quantile(0.25), &DRAWS), 3.0);
        // statistics.stdev([3, -1, 4, 10, 5]) = 3.9623225512317903
        let got = measure(Risk::MeanMinusSd(0.5), &DRAWS);
        assert!((got - (4.2 - 0.5 * 3.962_322_551_231_790_3)).abs() < 1e-12, "{got}");
        assert!((measure(Risk::Mean, &DRAWS) - 4.2).abs() < 1e-12);
        assert!((measure(Risk::Sharpe, &DRAWS) - 4.2 / 3.962_322_551_231_790_3).abs() < 1e-12);
    }

    /// Of all measures but the quantile, whose gradient is smoothed.
    #[test]
    fn weights_are_gradients() {
        for risk in [Risk::Mean, Risk::Cvar(0.3), Risk::MeanMinusSd(0.5), Risk::Sharpe] {
            let weights = weights(risk, &DRAWS);
            for i in 0..DRAWS.len() {
                let moved = |step: f64| {
                    let mut draws = DRAWS;
                    draws[i] += step;
                    measure(risk, &draws)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((weights[i] - slope).abs() < 1e-8, "{risk:?} {i}: {} {slope}", weights[i]);
            }
        }
    }

    /// The weights of the two that have a bound are the least favourable of their set.
    #[test]
    fn weights_of_other_draws_never_give_less() {
        for risk in [Risk::Cvar(0.3), Risk::MeanMinusSd(0.5)] {
            let here = measure(risk, &DRAWS);
            for shift in 0..5 {
                let mut other = DRAWS;
                other.rotate_left(shift);
                let weights = weights(risk, &other);
                let there: f64 = weights.iter().zip(&DRAWS).map(|(w, x)| w * x).sum();
                assert!(there >= here - 1e-12, "{risk:?} {shift}: {there} {here}");
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
        }
    }
}
