//! Questions whose answer is a budget: the smallest that reaches a target, the largest that keeps a
//! return.

use super::Failure;
use super::branch::Tables;
use super::budget::Budget;
use super::conflict::{conflicts, least_total};
use super::program::{Program, Solved};
use super::scenario::Target;
use crate::error::Error;
use argmin::core::{CostFunction, Error as Stop, Executor, State};
use argmin::solver::brent::BrentRoot;
use std::sync::Mutex;

/// How exactly a budget is found, as a share of the largest.
const TOLERANCE: f64 = 1e-9;
/// Budgets looked at, at most.
const MOST: u64 = 80;

/// Spends for the budget that a target asks for.
///
/// # Errors
/// Nothing satisfies the limits, or the target is out of reach within them.
pub fn solve(budget: &Budget, target: Target) -> std::result::Result<Solved, Failure> {
    let free = [f64::NEG_INFINITY, f64::INFINITY];
    let all = budget.program(free);
    let search = Search { budget, tables: Mutex::new(Tables::new(&all)) };
    let periods = budget.periods as f64;
    // The best budget where every unit of spend has to bring so much, and whatever is beyond it.
    let priced = |roas: f64| {
        let program = Program { cost: roas * periods, ..budget.program(free) };
        search.solve(&program)
    };
    let spent = |solved: &Solved| solved.spends.iter().sum::<f64>();
    match target {
        Target::Mroas(roas) => {
            let solved = priced(roas)?;
            // Of the objective, which knows no price of spend.
            let paid = roas * periods * spent(&solved);
            Ok(Solved { value: solved.value + paid, bound: solved.bound + paid, ..solved })
        }
        Target::Objective(target) => {
            let most = search.most();
            let reached = search.at(most)?;
            let wanted = target - budget.baseline;
            if reached.value < wanted {
                let most = reached.value + budget.baseline;
                return Err(out_of_reach(&format!(
                    "the objective reaches {most:.6e} at most, not {target:.6e}"
                ))
                .into());
            }
            // What the limits allow at all: `reached` is within them.
            let least = least_total(&all).unwrap_or(most);
            let lowest = search.at(least)?;
            if lowest.value >= wanted {
                return Ok(lowest);
            }
            search.root([least, most], |solved, _| solved.value - wanted)
        }
        Target::Cpa(cost) => solve(budget, Target::Roas(1.0 / cost)),
        Target::Roas(roas) => {
            let most = search.most();
            let kept = |solved: &Solved, _: f64| solved.value - roas * periods * spent(solved);
            let reached = search.at(most)?;
            if kept(&reached, most) >= 0.0 {
                return Ok(reached);
            }
            let best = priced(roas)?;
            if best.value < 0.0 {
                let message =
                    format!("no budget within the limits returns {roas} per unit of spend");
                return Err(out_of_reach(&message).into());
            }
            search.root([spent(&best), most], kept)
        }
    }
}

fn out_of_reach(message: &str) -> Error {
    Error::input(message).help("ask for less, or widen the bounds of the channels")
}

struct Search<'a> {
    budget: &'a Budget,
    tables: Mutex<Tables<'a>>,
}

impl<'a> Search<'a> {
    fn solve(&self, program: &Program<'a>) -> std::result::Result<Solved, Failure> {
        let mut tables = self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.solve(program).map_err(|_| Failure::Conflict(conflicts(program)))
    }

    /// The most that so much brings; less may be spent.
    fn at(&self, total: f64) -> std::result::Result<Solved, Failure> {
        self.solve(&self.budget.program([f64::NEG_INFINITY, total]))
    }

    /// The largest total within the bounds.
    fn most(&self) -> f64 {
        self.budget.arms.iter().map(|arm| arm.upper).sum()
    }

    /// The answer for the total at which a quantity changes its sign, on the side where it is
    /// positive.
    fn root(
        &self,
        [low, high]: [f64; 2],
        of: impl Fn(&Solved, f64) -> f64,
    ) -> std::result::Result<Solved, Failure> {
        let seen = Mutex::new(None::<(f64, Solved)>);
        let problem = Root { search: self, of: &of, seen: &seen };
        let solver = BrentRoot::new(low, high, TOLERANCE * high);
        let run = Executor::new(problem, solver)
            .configure(|state| state.param(high).max_iters(MOST))
            .run();
        let failed = |error: &str| Failure::Other(Error::bug(format!("no root: {error}")));
        run.map_err(|error| failed(&error.to_string()))?
            .state
            .get_best_param()
            .ok_or_else(|| failed("no best"))?;
        let seen = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.map(|(_, solved)| solved).ok_or_else(|| failed("no side is positive"))
    }
}

/// A quantity of the answer as a function of the total.
struct Root<'s, 'a, F> {
    search: &'s Search<'a>,
    of: &'s F,
    /// The answer nearest to the root of those with a positive quantity.
    seen: &'s Mutex<Option<(f64, Solved)>>,
}

impl<F: Fn(&Solved, f64) -> f64> CostFunction for Root<'_, '_, F> {
    type Param = f64;
    type Output = f64;

    fn cost(&self, total: &f64) -> std::result::Result<f64, Stop> {
        let solved = self
            .search
            .at(*total)
            .map_err(|_| Stop::msg("a total between two feasible ones is feasible"))?;
        let value = (self.of)(&solved, *total);
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if value >= 0.0 && seen.as_ref().is_none_or(|(least, _)| value < *least) {
            *seen = Some((value, solved));
        }
        Ok(value)
    }
}
