//! Why nothing satisfies the limits: the smallest set of them that contradict each other, and what
//! each would have to be.

use super::curve::Hull;
use super::master::{Infeasible, relax};
use super::program::{Program, Row};

/// One limit of a contradiction.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Which row.
    pub row: usize,
    /// Whether it is the row's least sum, or its largest.
    pub least: bool,
    /// The limit.
    pub limit: f64,
    /// What it would have to be for all limits to be satisfied, the others staying as they are;
    /// none where no value of it would do.
    pub fits: Option<f64>,
}

/// Limits that contradict each other; without any one of them the others do not.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Limits of rows.
    pub limits: Vec<Limit>,
    /// Channels whose least spend takes part.
    pub lower: Vec<usize>,
    /// Channels whose largest spend takes part.
    pub upper: Vec<usize>,
}

/// One side of a row.
#[derive(Clone, Copy)]
struct Side {
    row: usize,
    least: bool,
}

/// Finds the contradiction of a program that is infeasible.
pub fn conflict(program: &Program) -> Conflict {
    let rows = &program.rows;
    let mut sides = sides(program);
    // Without a side that is not needed, the rest still contradict each other.
    let mut k = 0;
    while k < sides.len() {
        let side = sides.remove(k);
        if check(program, &sides).is_ok() {
            sides.insert(k, side);
            k += 1;
        }
    }
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    if let Err(Infeasible { prices }) = check(program, &sides) {
        let mut weights = vec![0.0; program.lower.len()];
        for (side, price) in sides.iter().zip(prices) {
            rows[side.row].terms.iter().for_each(|&(c, a)| weights[c] += price * a);
        }
        let size = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        for (c, weight) in weights.iter().enumerate().filter(|(_, w)| w.abs() > 1e-9 * size) {
            match *weight > 0.0 {
                // That spends are not negative goes without saying.
                true if program.lower[c] != 0.0 => lower.push(c),
                true => {}
                false => upper.push(c),
            }
        }
    }
    let limit = |(k, side): (usize, &Side)| {
        let row = &rows[side.row];
        let others: Vec<Side> =
            sides.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, side)| *side).collect();
        let fits = extreme(program, &others, row, side.least);
        let limit = if side.least { row.lower } else { row.upper };
        Limit { row: side.row, least: side.least, limit, fits }
    };
    Conflict { limits: sides.iter().enumerate().map(limit).collect(), lower, upper }
}

/// The least sum of all spends that bounds and rows allow; none where they allow nothing.
pub fn least_total(program: &Program) -> Option<f64> {
    let terms = (0..program.lower.len()).map(|c| (c, 1.0)).collect();
    let total = Row { terms, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    extreme(program, &sides(program), &total, false)
}

fn sides(program: &Program) -> Vec<Side> {
    let mut sides = Vec::new();
    for (row, limits) in program.rows.iter().enumerate() {
        sides.extend(limits.lower.is_finite().then_some(Side { row, least: true }));
        sides.extend(limits.upper.is_finite().then_some(Side { row, least: false }));
    }
    sides
}

fn one_sided(program: &Program, sides: &[Side]) -> Vec<Row> {
    let row = |side: &Side| {
        let mut row = program.rows[side.row].clone();
        if side.least {
            row.upper = f64::INFINITY;
        } else {
            row.lower = f64::NEG_INFINITY;
        }
        row
    };
    sides.iter().map(row).collect()
}

fn check(program: &Program, sides: &[Side]) -> Result<(), Infeasible> {
    let ends = program.lower.iter().zip(&program.upper);
    let hulls: Vec<Hull> = ends.map(|(&low, &high)| Hull::line(low, high, 0.0)).collect();
    relax(&hulls, 0.0, &one_sided(program, sides), Vec::new()).map(|_| ())
}

/// The largest (or least) sum of a row that some sides allow.
fn extreme(program: &Program, sides: &[Side], row: &Row, largest: bool) -> Option<f64> {
    let sign = if largest { 1.0 } else { -1.0 };
    let mut rises = vec![0.0; program.lower.len()];
    row.terms.iter().for_each(|&(c, a)| rises[c] = sign * a);
    let ends = program.lower.iter().zip(&program.upper).zip(rises);
    let hulls: Vec<Hull> = ends.map(|((&l, &u), rise)| Hull::line(l, u, rise)).collect();
    let relaxed = relax(&hulls, 0.0, &one_sided(program, sides), Vec::new()).ok()?;
    Some(row.sum(&relaxed.spends))
}
