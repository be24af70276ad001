//! Branch and bound: spends with a bound on what any others could bring.
//!
//! A box of spends is bounded by the concave hulls of its tables ([`relax`]), and searched by what
//! [`polish`] makes of the relaxed answer. What keeps the bound above the value is either a table
//! that is too coarse there: it is refined; or a response that is not concave: the box is divided.
//! Where responses are concave there is hardly ever a box to divide.

use super::curve::{Curve, Hull};
use super::master::{Infeasible, choose, relax};
use super::polish::polish;
use super::program::{Program, Solved};
use argmin::core::{
    Error, Executor, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};
use rayon::prelude::*;

/// The gap that is asked for, as a share of the value, and the share by which slopes differ that are
/// equal.
pub const TOLERANCE: f64 = 1e-8;
/// The same of a draft: what single precision can tell.
const ROUGH: f64 = 1e-6;
/// Boxes looked at, at most.
const MOST_BOXES: u64 = 4000;
/// Refinements of one box at most, before it is divided.
const MOST_ROUNDS: usize = 60;
/// What a round must leave of the gap, at most, to be followed by another of its kind.
const CLOSING: f64 = 0.1;
/// Steps that bring the last digits.
const MOST_SETTLING: usize = 8;
/// What rounding may add up to, as a share of the sum of all responses.
const ROUNDING: f64 = 1e-12;
/// A side of a box is divided down to this share of the whole.
const NARROW: f64 = 1e-9;

/// The tables of a program's responses. Solving refines them, so that similar programs after it
/// take less.
pub struct Tables<'a> {
    curves: Vec<Curve<'a>>,
    guess: Option<Draft>,
}

/// Spends within the rows that are likely to be near the best ones, and what goes with them.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The spends.
    spends: Vec<f64>,
    /// Prices of the rows.
    prices: Vec<f64>,
    /// How the slope of each response changes there per unit of spend; 0 where that is not known.
    bends: Vec<f64>,
}

impl<'a> Tables<'a> {
    /// First tables, between the bounds of the program.
    pub fn new(program: &Program<'a>) -> Self {
        let curve = |c: usize| Curve::new(program.responses[c], program.lower[c], program.upper[c]);
        let curves = (0..program.responses.len()).into_par_iter().map(curve).collect();
        Self { curves, guess: None }
    }

    /// First tables at the spends of a draft.
    pub fn near(program: &Program<'a>, draft: Draft) -> Self {
        let curve = |c: usize| {
            let ends = [program.lower[c], program.upper[c]];
            Curve::near(program.responses[c], ends, draft.spends[c], draft.bends[c])
        };
        let curves = (0..program.responses.len()).into_par_iter().map(curve).collect();
        Self { curves, guess: Some(draft) }
    }

    /// Solves a program of the same responses whose bounds lie within those of the first one.
    ///
    /// # Errors
    /// Nothing within the bounds satisfies the rows.
    pub fn solve(&mut self, program: &Program<'a>) -> Result<Solved, Infeasible> {
        self.search(program, TOLERANCE)
    }

    /// The same to a few digits, for responses that are not known better than that.
    ///
    /// # Errors
    /// Nothing within the bounds satisfies the rows.
    pub fn draft(&mut self, program: &Program<'a>) -> Result<Draft, Infeasible> {
        let Solved { spends, prices, .. } = self.search(program, ROUGH)?;
        let bends = self.curves.iter().zip(&spends).map(|(curve, &s)| curve.bend(s)).collect();
        Ok(Draft { spends, prices, bends })
    }

    fn search(&mut self, program: &Program<'a>, tolerance: f64) -> Result<Solved, Infeasible> {
        let ends = program.reach();
        self.curves.par_iter_mut().zip(&ends).for_each(|(curve, &ends)| curve.cover(ends));
        let solver = Branch {
            tolerance,
            open: vec![Part {
                ends: ends.clone(),
                bound: f64::INFINITY,
                columns: Vec::new(),
                guess: self.guess.take(),
            }],
            closed: f64::NEG_INFINITY,
            best: None,
            infeasible: None,
            boxes: 0,
        };
        let search = Search { tables: std::mem::take(&mut self.curves), program };
        let run = Executor::new(search, solver)
            .configure(|state| state.max_iters(MOST_BOXES))
            .run()
            .unwrap_or_else(|error| unreachable!("no step of the search fails: {error}"));
        let (mut problem, mut solver) = (run.problem, run.solver);
        let mut search = problem.take_problem().unwrap_or_else(|| unreachable!("it was put in"));
        solver.settle(&mut search, &ends);
        self.curves = search.tables;
        match (solver.infeasible.clone(), solver.best.clone()) {
            (None, Some(best)) => Ok(solver.answer(best, &self.curves)),
            (Some(infeasible), _) => Err(infeasible),
            // The limits leave less room than rounding takes.
            (None, None) => Err(Infeasible { prices: vec![0.0; program.rows.len()] }),
        }
    }
}

/// What is searched.
struct Search<'p, 'a> {
    tables: Vec<Curve<'a>>,
    program: &'p Program<'a>,
}

impl Search<'_, '_> {
    /// What spends bring that the tables know.
    fn value(&self, spends: &[f64]) -> f64 {
        let responses = self.tables.iter().zip(spends);
        responses.map(|(curve, &s)| curve.nearest(s).value - self.program.cost * s).sum()
    }

    fn hulls(&self, ends: &[[f64; 2]]) -> Vec<Hull> {
        let hull = |(curve, &[lower, upper]): (&Curve, &[f64; 2])| curve.hull(lower, upper);
        self.tables.par_iter().zip(ends).map(hull).collect()
    }

    fn refine(&mut self, spends: &[Vec<f64>]) {
        self.tables.par_iter_mut().zip(spends).for_each(|(curve, spends)| curve.refine(spends));
    }
}

/// A box of spends that may hold the best ones.
struct Part {
    ends: Vec<[f64; 2]>,
    bound: f64,
    /// Spends that the relaxed answer may be made of.
    columns: Vec<Vec<f64>>,
    /// Where to start in place of the relaxed answer.
    guess: Option<Draft>,
}

/// The best spends so far.
#[derive(Clone)]
struct Best {
    spends: Vec<f64>,
    prices: Vec<f64>,
    value: f64,
}

/// The solver, for argmin's executor: one box per iteration.
struct Branch {
    tolerance: f64,
    open: Vec<Part>,
    /// Largest bound of the boxes that are done.
    closed: f64,
    best: Option<Best>,
    infeasible: Option<Infeasible>,
    boxes: u64,
}

type State = IterState<Vec<f64>, (), (), (), (), f64>;

impl<'a> Solver<Search<'_, 'a>, State> for Branch {
    fn name(&self) -> &str {
        "branch and bound"
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<Search<'_, 'a>>,
        mut state: State,
    ) -> Result<(State, Option<KV>), Error> {
        let by_bound = |&i: &usize, &j: &usize| self.open[i].bound.total_cmp(&self.open[j].bound);
        let most = (0..self.open.len()).max_by(by_bound);
        if let (Some(most), Some(search)) = (most, problem.problem.as_mut()) {
            let part = self.open.swap_remove(most);
            self.boxes += 1;
            self.examine(search, part);
            if self.boxes == 1 && self.best.is_none() {
                // The limits leave less room than rounding takes: parts of it leave none, either.
                self.open.clear();
            }
        }
        if let Some(best) = &self.best {
            state = state.param(best.spends.clone()).cost(-best.value);
        }
        Ok((state, None))
    }

    fn terminate(&mut self, _state: &State) -> TerminationStatus {
        let enough = self.enough();
        self.open.retain(|part| {
            let open = part.bound > enough;
            if !open {
                self.closed = self.closed.max(part.bound);
            }
            open
        });
        match self.open.is_empty() {
            true => TerminationStatus::Terminated(TerminationReason::SolverConverged),
            false => TerminationStatus::NotTerminated,
        }
    }
}

impl Branch {
    /// The bound at which a box need not be looked at any more.
    fn enough(&self) -> f64 {
        let enough = |best: &Best| best.value + self.tolerance * best.value.abs();
        self.best.as_ref().map_or(f64::NEG_INFINITY, enough)
    }

    fn offer(&mut self, spends: &[f64], prices: &[f64], value: f64) {
        if self.best.as_ref().is_none_or(|best| value > best.value) {
            let (spends, prices) = (spends.to_vec(), prices.to_vec());
            self.best = Some(Best { spends, prices, value });
        }
    }

    /// Bounds and searches a box until it is done or has to be divided.
    fn examine(&mut self, search: &mut Search, mut part: Part) {
        let program = search.program;
        let (cost, rows) = (program.cost, &program.rows);
        let mut hulls = search.hulls(&part.ends);
        let mut divide = None;
        let mut missed = f64::INFINITY;
        for _ in 0..MOST_ROUNDS {
            let (spends, prices) = match part.guess.take() {
                Some(Draft { spends, prices, .. }) => (spends, prices),
                None => match relax(&hulls, cost, rows, std::mem::take(&mut part.columns)) {
                    Ok(relaxed) => {
                        part.bound = part.bound.min(relaxed.bound);
                        part.columns = relaxed.columns;
                        (relaxed.spends, relaxed.prices)
                    }
                    Err(infeasible) => {
                        if self.boxes == 1 {
                            self.infeasible = Some(infeasible);
                        }
                        return;
                    }
                },
            };
            if part.bound <= self.enough() {
                break;
            }
            let polished = polish(&search.tables, &part.ends, rows, cost, &spends, &prices)
                .filter(|(spends, _)| program.allows(spends));
            let met = polished.is_some();
            let (spends, prices) = polished.unwrap_or((spends, prices));
            search.refine(&spends.iter().map(|&spend| vec![spend]).collect::<Vec<_>>());
            if program.allows(&spends) {
                self.offer(&spends, &prices, search.value(&spends));
            }
            hulls = search.hulls(&part.ends);
            part.bound = part.bound.min(choose(&hulls, cost, rows, &prices).1);
            if part.bound <= self.enough() {
                break;
            }
            // As long as equal marginal returns close the gap, nothing else need be looked at.
            let before = std::mem::replace(&mut missed, part.bound - search.value(&spends));
            if met && missed < CLOSING * before {
                part.guess = Some(Draft { spends, prices, bends: Vec::new() });
                continue;
            }
            let excess = excess(search, &hulls, &spends, &prices);
            let total = |bent: bool| -> f64 {
                excess.iter().filter(|e| e.look.is_none() == bent).map(|e| e.value).sum()
            };
            let (coarse, bent) = (total(false), total(true));
            let widest =
                excess.iter().enumerate().filter(|(_, e)| e.look.is_none() && e.value > 0.0);
            divide = widest
                .max_by(|a, b| a.1.value.total_cmp(&b.1.value))
                .map(|(c, e)| (c, spends[c], e.spend));
            if bent > coarse && divide.is_some() {
                break;
            }
            let least = coarse / (4 * excess.len()) as f64;
            let refined = |e: &Excess| match e.look {
                Some(look) if e.value > least => vec![look],
                _ => Vec::new(),
            };
            search.refine(&excess.iter().map(refined).collect::<Vec<_>>());
            hulls = search.hulls(&part.ends);
        }
        if part.bound <= self.enough() {
            self.closed = self.closed.max(part.bound);
            return;
        }
        match divide.and_then(|(c, spend, other)| self.halves(search, &part, c, [spend, other])) {
            Some(halves) => self.open.extend(halves),
            None => self.closed = self.closed.max(part.bound),
        }
    }

    /// Brings the best spends as near to equal marginal returns as double precision allows: what is
    /// within the tolerance in value may be far off in spend.
    fn settle(&mut self, search: &mut Search, ends: &[[f64; 2]]) {
        let program = search.program;
        let near = |a: f64, b: f64, digits: f64| (a - b).abs() <= digits * b.abs();
        for _ in 0..MOST_SETTLING {
            let Some(best) = &mut self.best else { return };
            let price = program.prices(&best.prices);
            let right = |c: usize| {
                let (spend, [low, high]) = (best.spends[c], ends[c]);
                let slope = search.tables[c].nearest(spend).slope;
                near(slope, price[c], self.tolerance)
                    || (spend <= low && slope <= price[c])
                    || (spend >= high && slope >= price[c])
            };
            if (0..price.len()).all(right) {
                return;
            }
            let found = polish(
                &search.tables,
                ends,
                &program.rows,
                program.cost,
                &best.spends,
                &best.prices,
            );
            let Some((spends, prices)) = found.filter(|(spends, _)| program.allows(spends)) else {
                return;
            };
            search.refine(&spends.iter().map(|&spend| vec![spend]).collect::<Vec<_>>());
            let value = search.value(&spends);
            if value < best.value - ROUNDING * best.value.abs() {
                return;
            }
            let still = spends.iter().zip(&best.spends).all(|(&a, &b)| near(a, b, 1e-12));
            *best = Best { spends, prices, value };
            if still {
                return;
            }
        }
    }

    /// The box divided at a channel's spend, or between it and another that the bound prefers; none
    /// where it is too narrow.
    fn halves(
        &self,
        search: &mut Search,
        part: &Part,
        c: usize,
        [spend, other]: [f64; 2],
    ) -> Option<[Part; 2]> {
        let [lower, upper] = part.ends[c];
        let narrow = NARROW * (search.program.upper[c] - search.program.lower[c]);
        let inside = |at: &f64| *at > lower + narrow && *at < upper - narrow;
        let places = [spend, f64::midpoint(spend, other), f64::midpoint(lower, upper)];
        let at = places.into_iter().find(inside)?;
        search.tables[c].refine(&[at]);
        let at = search.tables[c].nearest(at).spend;
        let half = |end: [f64; 2]| {
            let mut ends = part.ends.clone();
            ends[c] = end;
            let clipped = |column: &Vec<f64>| {
                let mut column = column.clone();
                column[c] = column[c].clamp(end[0], end[1]);
                column
            };
            let columns = part.columns.iter().map(clipped).collect();
            Part { ends, bound: part.bound, columns, guess: None }
        };
        Some([half([lower, at]), half([at, upper])])
    }

    fn answer(&self, best: Best, curves: &[Curve]) -> Solved {
        let points = curves.iter().zip(&best.spends).map(|(curve, &s)| *curve.nearest(s));
        let points: Vec<_> = points.collect();
        let size: f64 = points.iter().map(|p| p.value.abs()).sum();
        let open = self.open.iter().map(|part| part.bound).fold(self.closed, f64::max);
        Solved {
            bound: open + ROUNDING * size,
            value: best.value,
            slopes: points.iter().map(|p| p.slope).collect(),
            spends: best.spends,
            prices: best.prices,
            boxes: self.boxes,
        }
    }
}

/// By how much a channel's hull promises more than its spend brings, at the prices.
struct Excess {
    value: f64,
    /// The spend that the hull prefers.
    spend: f64,
    /// Where the table is too coarse; none where it is exact, and the response is not concave.
    look: Option<f64>,
}

fn excess(search: &Search, hulls: &[Hull], spends: &[f64], prices: &[f64]) -> Vec<Excess> {
    let price = search.program.prices(prices);
    let one = |c: usize| {
        let (vertex, point) = (hulls[c].best(price[c]), search.tables[c].nearest(spends[c]));
        let value = vertex.value - point.value - price[c] * (vertex.spend - spends[c]);
        Excess { value: value.max(0.0), spend: vertex.spend, look: vertex.look }
    };
    (0..spends.len()).map(one).collect()
}
