//! The relaxed problem: concave hulls under a few linear rows, by column generation (Dantzig and
//! Wolfe, 1960).
//!
//! A column is what all channels together would choose at some prices of the rows, so that however
//! many channels there are, the linear program has as many rows as the problem, and one more. Any
//! prices give a bound: that is the certificate, and it needs no accuracy of the simplex method.

use super::curve::Hull;
use super::program::{ROUNDING, Row};

/// Rounds of the simplex method at most; the bound then is what it is by then.
const MOST_PIVOTS: usize = 5000;
/// What counts as nothing, all sums being scaled to about 1.
const NOTHING: f64 = 1e-11;
/// Pivots after which the inverse of the basis is computed anew.
const REFRESH: usize = 40;

/// The answer to a relaxed problem.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// Spends within the rows whose hulls are best.
    pub spends: Vec<f64>,
    /// Price of every row: what one more unit of its limit is worth.
    pub prices: Vec<f64>,
    /// No spends within the rows have more than this.
    pub bound: f64,
    /// The columns that the answer is made of, for the next similar problem.
    pub columns: Vec<Vec<f64>>,
}

/// Prices of the rows at which nothing within the bounds satisfies them all.
#[derive(Clone, Debug)]
pub struct Infeasible {
    /// One per row; those of no part in the contradiction are zero.
    pub prices: Vec<f64>,
}

/// What all channels choose at some prices, and what that is worth.
pub fn choose(hulls: &[Hull], cost: f64, rows: &[Row], prices: &[f64]) -> (Vec<f64>, f64) {
    let mut price = vec![cost; hulls.len()];
    let mut bound = 0.0;
    for (row, &p) in rows.iter().zip(prices) {
        if p != 0.0 {
            row.terms.iter().for_each(|&(c, a)| price[c] += p * a);
            // What is allowed by rounding is bounded, too.
            let size: f64 = row.terms.iter().map(|&(c, a)| (a * hulls[c].ends()[1]).abs()).sum();
            bound += p * if p > 0.0 { row.upper } else { row.lower } + p.abs() * ROUNDING * size;
        }
    }
    let best = hulls.iter().zip(&price).map(|(hull, &price)| {
        let vertex = hull.best(price);
        bound += vertex.value - price * vertex.spend;
        vertex.spend
    });
    let spends = best.collect();
    (spends, bound)
}

/// Solves the relaxed problem; `warm` are spends that may be part of the answer.
///
/// # Errors
/// Nothing within the bounds satisfies the rows.
pub fn relax(
    hulls: &[Hull],
    cost: f64,
    rows: &[Row],
    warm: Vec<Vec<f64>>,
) -> Result<Relaxed, Infeasible> {
    let mut master = Master::new(hulls, cost, rows);
    for spends in warm {
        master.add(spends);
    }
    if master.columns.is_empty() {
        master.add(choose(hulls, cost, rows, &vec![0.0; rows.len()]).0);
    }
    if !master.feasible() {
        return Err(Infeasible { prices: master.prices(&master.duals(true)) });
    }
    Ok(master.optimise())
}

/// A limit of the linear program: `sign · row ≤ limit`, or `=`.
struct Side {
    row: usize,
    sign: f64,
    limit: f64,
    equal: bool,
}

struct Column {
    spends: Vec<f64>,
    /// Scaled sum of every side, and 1.
    sums: Vec<f64>,
    /// Scaled value of the hulls.
    value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    Column(usize),
    /// What a side leaves unused.
    Slack(usize),
    /// What a side lacks; nothing in the end.
    Lack(usize),
}

struct Master<'a> {
    hulls: &'a [Hull],
    cost: f64,
    rows: &'a [Row],
    sides: Vec<Side>,
    columns: Vec<Column>,
    basis: Vec<Variable>,
    /// Of the basis, rows × rows.
    inverse: Vec<Vec<f64>>,
    levels: Vec<f64>,
    /// Of one unit of value.
    scale: f64,
}

impl<'a> Master<'a> {
    fn new(hulls: &'a [Hull], cost: f64, rows: &'a [Row]) -> Self {
        let mut sides = Vec::new();
        for (r, row) in rows.iter().enumerate() {
            let reach: f64 = row.terms.iter().map(|&(c, a)| (a * hulls[c].ends()[1]).abs()).sum();
            let finite = |x: f64| if x.is_finite() { x.abs() } else { 0.0 };
            let size = reach.max(finite(row.lower)).max(finite(row.upper)).max(f64::MIN_POSITIVE);
            let side = |sign: f64, limit: f64, equal| Side {
                row: r,
                sign: sign / size,
                limit: sign * limit / size,
                equal,
            };
            if row.lower == row.upper {
                sides.push(side(1.0, row.upper, true));
                continue;
            }
            if row.upper.is_finite() {
                sides.push(side(1.0, row.upper, false));
            }
            if row.lower.is_finite() {
                sides.push(side(-1.0, row.lower, false));
            }
        }
        let size = |hull: &Hull| {
            let [low, high] = hull.ends();
            let ends = [hull.value(low), hull.value(high), cost * high];
            ends.into_iter().map(f64::abs).fold(0.0, f64::max)
        };
        let scale = hulls.iter().map(size).sum::<f64>().max(f64::MIN_POSITIVE);
        let n = sides.len() + 1;
        let mut master = Self {
            hulls,
            cost,
            rows,
            sides,
            columns: Vec::new(),
            basis: (0..n).map(Variable::Lack).collect(),
            inverse: Vec::new(),
            levels: Vec::new(),
            scale,
        };
        master.refresh();
        master
    }

    fn limit(&self, i: usize) -> f64 {
        self.sides.get(i).map_or(1.0, |side| side.limit)
    }

    /// Column of a variable in the linear program.
    fn sums(&self, variable: Variable) -> Vec<f64> {
        let unit = |i: usize, x: f64| {
            let mut sums = vec![0.0; self.sides.len() + 1];
            sums[i] = x;
            sums
        };
        match variable {
            Variable::Column(k) => self.columns[k].sums.clone(),
            Variable::Slack(i) => unit(i, 1.0),
            Variable::Lack(i) => unit(i, if self.limit(i) < 0.0 { -1.0 } else { 1.0 }),
        }
    }

    /// Adds what all channels spend as a column.
    fn add(&mut self, spends: Vec<f64>) -> usize {
        let side = |side: &Side| side.sign * self.rows[side.row].sum(&spends);
        let sums = self.sides.iter().map(side).chain([1.0]).collect();
        let hulls = self.hulls.iter().zip(&spends);
        let value: f64 = hulls.map(|(hull, &spend)| hull.value(spend) - self.cost * spend).sum();
        self.columns.push(Column { spends, sums, value: value / self.scale });
        self.columns.len() - 1
    }

    /// Inverse of the basis (Gauss and Jordan, with pivoting) and the levels of its variables.
    fn refresh(&mut self) {
        let n = self.basis.len();
        let columns: Vec<Vec<f64>> = self.basis.iter().map(|&v| self.sums(v)).collect();
        let mut work: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let unit = (0..n).map(|j| f64::from(u8::from(i == j)));
                columns.iter().map(|column| column[i]).chain(unit).collect()
            })
            .collect();
        for k in 0..n {
            let largest = |&i: &usize, &j: &usize| work[i][k].abs().total_cmp(&work[j][k].abs());
            let pivot = (k..n).max_by(largest).unwrap_or(k);
            work.swap(k, pivot);
            let (row, factor) = (work[k].clone(), work[k][k]);
            for (i, other) in work.iter_mut().enumerate() {
                let share = if i == k { 1.0 - 1.0 / factor } else { other[k] / factor };
                other.iter_mut().zip(&row).for_each(|(x, y)| *x -= share * y);
            }
        }
        self.inverse = work.into_iter().map(|row| row[n..].to_vec()).collect();
        self.levels = self.inverse.iter().map(|row| self.against_limits(row)).collect();
    }

    fn against_limits(&self, row: &[f64]) -> f64 {
        row.iter().enumerate().map(|(i, x)| x * self.limit(i)).sum::<f64>().max(0.0)
    }

    /// Scaled worth of a variable: of what is lacking while that is what is minimised.
    fn worth(&self, variable: Variable, lacking: bool) -> f64 {
        match variable {
            Variable::Column(k) if !lacking => self.columns[k].value,
            Variable::Lack(_) if lacking => -1.0,
            _ => 0.0,
        }
    }

    /// Scaled price of every side, then that of the columns' weights being one.
    fn duals(&self, lacking: bool) -> Vec<f64> {
        let mut duals = vec![0.0; self.basis.len()];
        for (&variable, row) in self.basis.iter().zip(&self.inverse) {
            let worth = self.worth(variable, lacking);
            if worth != 0.0 {
                duals.iter_mut().zip(row).for_each(|(dual, x)| *dual += worth * x);
            }
        }
        duals
    }

    /// Prices of the rows, in value per unit; those of the wrong sign are zero.
    fn prices(&self, duals: &[f64]) -> Vec<f64> {
        let mut prices = vec![0.0; self.rows.len()];
        for (side, &dual) in self.sides.iter().zip(duals) {
            let dual = if side.equal { dual } else { dual.max(0.0) };
            prices[side.row] += dual * side.sign * self.scale;
        }
        prices
    }

    /// The variable that gains most, of those at hand.
    fn entering(&self, duals: &[f64], lacking: bool) -> Option<Variable> {
        let gain = |variable: Variable| {
            let paid: f64 = match variable {
                Variable::Column(k) => {
                    self.columns[k].sums.iter().zip(duals).map(|(x, y)| x * y).sum()
                }
                Variable::Slack(i) | Variable::Lack(i) => duals[i],
            };
            self.worth(variable, lacking) - paid
        };
        let slacks = (0..self.sides.len()).filter(|&i| !self.sides[i].equal).map(Variable::Slack);
        let all = (0..self.columns.len()).map(Variable::Column).chain(slacks);
        let outside = all.filter(|variable| !self.basis.contains(variable));
        let gains = outside.map(|variable| (gain(variable), variable));
        let best = gains.max_by(|a, b| a.0.total_cmp(&b.0));
        best.filter(|(gain, _)| *gain > NOTHING).map(|(_, variable)| variable)
    }

    /// Brings a variable into the basis; false where nothing limits it.
    fn pivot(&mut self, entering: Variable, lacking: bool) -> bool {
        let sums = self.sums(entering);
        let dot = |row: &Vec<f64>| row.iter().zip(&sums).map(|(x, y)| x * y).sum::<f64>();
        let along: Vec<f64> = self.inverse.iter().map(dot).collect();
        let mut leaving: Option<(f64, usize)> = None;
        for (i, &d) in along.iter().enumerate() {
            // What lacks nothing any more must not come back, whichever way it would go.
            let lacked = !lacking && matches!(self.basis[i], Variable::Lack(_));
            let step = match lacked {
                true if d.abs() > 1e-9 => 0.0,
                _ if d > 1e-9 => self.levels[i] / d,
                _ => continue,
            };
            let better = |&(least, j): &(f64, usize)| {
                step < least || (step == least && d.abs() > along[j].abs())
            };
            if leaving.as_ref().is_none_or(better) {
                leaving = Some((step, i));
            }
        }
        let Some((step, leaving)) = leaving else { return false };
        for (i, &d) in along.iter().enumerate() {
            self.levels[i] = (self.levels[i] - step * d).max(0.0);
        }
        self.levels[leaving] = step;
        self.basis[leaving] = entering;
        let row: Vec<f64> = self.inverse[leaving].iter().map(|x| x / along[leaving]).collect();
        for (i, other) in self.inverse.iter_mut().enumerate() {
            if i != leaving {
                other.iter_mut().zip(&row).for_each(|(x, y)| *x -= along[i] * y);
            }
        }
        self.inverse[leaving] = row;
        true
    }

    /// Whether anything satisfies the rows; the basis then does.
    fn feasible(&mut self) -> bool {
        for pivots in 1..=MOST_PIVOTS {
            if self.lacks() == 0.0 {
                return true;
            }
            let duals = self.duals(true);
            let entering = self.entering(&duals, true).or_else(|| {
                let spends = self.cheapest(&duals);
                let sums: f64 = self
                    .sides
                    .iter()
                    .zip(&duals)
                    .map(|(side, dual)| dual * side.sign * self.rows[side.row].sum(&spends))
                    .sum();
                let gains = -sums - duals[self.sides.len()] > NOTHING;
                gains.then(|| Variable::Column(self.add(spends)))
            });
            let Some(entering) = entering else { break };
            if !self.pivot(entering, true) {
                break;
            }
            if pivots % REFRESH == 0 {
                self.refresh();
            }
        }
        self.lacks() <= ROUNDING
    }

    /// How much the sides lack, all together.
    fn lacks(&self) -> f64 {
        let lacks = self.basis.iter().zip(&self.levels);
        lacks.filter(|(v, _)| matches!(v, Variable::Lack(_))).map(|(_, level)| level).sum()
    }

    /// The spends within the bounds for which the sides cost least.
    fn cheapest(&self, duals: &[f64]) -> Vec<f64> {
        let mut price = vec![0.0; self.hulls.len()];
        for (side, dual) in self.sides.iter().zip(duals) {
            let terms = &self.rows[side.row].terms;
            terms.iter().for_each(|&(c, a)| price[c] += dual * side.sign * a);
        }
        let ends = self.hulls.iter().map(Hull::ends).zip(price);
        ends.map(|([low, high], price)| if price > 0.0 { low } else { high }).collect()
    }

    fn optimise(mut self) -> Relaxed {
        // Rounding may stop the pivots before any prices are asked for what they choose.
        let none = vec![0.0; self.rows.len()];
        let mut best = (choose(self.hulls, self.cost, self.rows, &none).1, none);
        for pivots in 1..=MOST_PIVOTS {
            let duals = self.duals(false);
            let entering = match self.entering(&duals, false) {
                Some(entering) => entering,
                None => {
                    let prices = self.prices(&duals);
                    let (spends, bound) = choose(self.hulls, self.cost, self.rows, &prices);
                    if bound < best.0 {
                        best = (bound, prices);
                    }
                    let k = self.add(spends);
                    let column = &self.columns[k];
                    let paid: f64 = column.sums.iter().zip(&duals).map(|(x, y)| x * y).sum();
                    if column.value - paid <= NOTHING {
                        break;
                    }
                    Variable::Column(k)
                }
            };
            if !self.pivot(entering, false) {
                break;
            }
            if pivots % REFRESH == 0 {
                self.refresh();
            }
        }
        self.refresh();
        let (bound, prices) = best;
        let total: f64 = self.weights().map(|(_, weight)| weight).sum();
        if total < 0.5 {
            // Rounding has left nothing of the basis: some spends, and a bound that is one all the same.
            let (spends, _) = choose(self.hulls, self.cost, self.rows, &prices);
            return Relaxed { spends, prices, bound, columns: Vec::new() };
        }
        let mut spends = vec![0.0; self.hulls.len()];
        let mut columns = Vec::new();
        for (k, weight) in self.weights() {
            let column = &self.columns[k].spends;
            spends.iter_mut().zip(column).for_each(|(x, y)| *x += weight / total * y);
            columns.push(column.clone());
        }
        for (spend, hull) in spends.iter_mut().zip(self.hulls) {
            let [low, high] = hull.ends();
            *spend = spend.clamp(low, high);
        }
        Relaxed { spends, prices, bound, columns }
    }

    /// Columns of the basis and their weights.
    fn weights(&self) -> impl Iterator<Item = (usize, f64)> {
        self.basis.iter().zip(&self.levels).filter_map(|(variable, &level)| match variable {
            Variable::Column(k) => Some((*k, level)),
            _ => None,
        })
    }
}
