//! Why nothing satisfies the limits: the smallest sets of them that contradict each other, and what
//! each limit would have to be.
//!
//! Only sums matter here, so that channels that count alike in every row are one, whose bounds are the
//! sums of theirs: however many channels there are, what is solved is as small as the rows are few.

use super::curve::Hull;
use super::master::{Infeasible, relax};
use super::program::{Program, Row};
use std::collections::HashMap;

/// A price this small, as a share of the largest, is none.
const NOTHING: f64 = 1e-9;

/// One limit of a contradiction.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Which row.
    pub row: usize,
    /// Whether it is the row's least sum, or its largest.
    pub least: bool,
    /// The limit.
    pub limit: f64,
    /// What it would have to be for all limits to be satisfied but those of other contradictions;
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

/// The contradictions of a program, those of the fewest limits first; none where something satisfies
/// all limits. No limit is in two of them.
pub fn conflicts(program: &Program) -> Vec<Conflict> {
    let room = Room::new(program);
    let all = room.sides();
    if room.check(&all).is_ok() {
        return Vec::new();
    }
    // What contradicts the bounds by itself, then what is left.
    let (alone, mut rest): (Vec<Side>, Vec<Side>) =
        all.into_iter().partition(|&side| room.check(&[side]).is_err());
    let mut found: Vec<Vec<Side>> = alone.into_iter().map(|side| vec![side]).collect();
    while let Some(sides) = room.contradiction(&rest) {
        rest.retain(|side| !sides.contains(side));
        found.push(sides);
    }
    found.sort_by_key(Vec::len);
    let conflict = |sides: &Vec<Side>| {
        let limit = |side: &Side| {
            let others = || sides.iter().filter(|other| *other != side);
            let row = &room.rows[side.row];
            let beside: Vec<Side> = rest.iter().chain(others()).copied().collect();
            Limit {
                row: side.row,
                least: side.least,
                limit: if side.least { row.lower } else { row.upper },
                fits: room.extreme(&beside, &row.terms, side.least),
            }
        };
        let [lower, upper] = room.bounds(program, sides);
        Conflict { limits: sides.iter().map(limit).collect(), lower, upper }
    };
    found.iter().map(conflict).collect()
}

/// The least sum of all spends that bounds and rows allow; none where they allow nothing.
pub fn least_total(program: &Program) -> Option<f64> {
    let room = Room::new(program);
    let terms: Vec<(usize, f64)> = (0..room.ends.len()).map(|sort| (sort, 1.0)).collect();
    room.extreme(&room.sides(), &terms, false)
}

/// One side of a row.
#[derive(Clone, Copy, PartialEq)]
struct Side {
    row: usize,
    least: bool,
}

/// What bounds and rows allow, channels that count alike taken together.
struct Room {
    /// The channels of each sort.
    members: Vec<Vec<usize>>,
    /// Least and largest sum of each sort.
    ends: Vec<[f64; 2]>,
    /// The rows, with sorts in place of channels.
    rows: Vec<Row>,
}

impl Room {
    fn new(program: &Program) -> Self {
        let mut counts: Vec<Vec<(usize, u64)>> = vec![Vec::new(); program.lower.len()];
        for (r, row) in program.rows.iter().enumerate() {
            row.terms.iter().for_each(|&(c, a)| counts[c].push((r, a.to_bits())));
        }
        let (mut sorts, mut members) = (HashMap::new(), Vec::<Vec<usize>>::new());
        for (c, counts) in counts.into_iter().enumerate() {
            let sort = *sorts.entry(counts).or_insert(members.len());
            match members.get_mut(sort) {
                Some(members) => members.push(c),
                None => members.push(vec![c]),
            }
        }
        let firsts: HashMap<usize, usize> =
            members.iter().enumerate().map(|(sort, members)| (members[0], sort)).collect();
        let row = |row: &Row| {
            let of_sort = |&(c, a): &(usize, f64)| firsts.get(&c).map(|&sort| (sort, a));
            Row { terms: row.terms.iter().filter_map(of_sort).collect(), ..*row }
        };
        let rows = program.rows.iter().map(row).collect();
        let sum = |members: &[usize], of: &[f64]| members.iter().map(|&c| of[c]).sum();
        let ends = |m: &Vec<usize>| [sum(m, &program.lower), sum(m, &program.upper)];
        Self { ends: members.iter().map(ends).collect(), rows, members }
    }

    fn sides(&self) -> Vec<Side> {
        let mut sides = Vec::new();
        for (row, limits) in self.rows.iter().enumerate() {
            sides.extend(limits.lower.is_finite().then_some(Side { row, least: true }));
            sides.extend(limits.upper.is_finite().then_some(Side { row, least: false }));
        }
        sides
    }

    fn one_sided(&self, sides: &[Side]) -> Vec<Row> {
        let row = |side: &Side| {
            let mut row = self.rows[side.row].clone();
            if side.least {
                row.upper = f64::INFINITY;
            } else {
                row.lower = f64::NEG_INFINITY;
            }
            row
        };
        sides.iter().map(row).collect()
    }

    fn check(&self, sides: &[Side]) -> Result<(), Infeasible> {
        let hulls: Vec<Hull> =
            self.ends.iter().map(|&[low, high]| Hull::line(low, high, 0.0)).collect();
        relax(&hulls, 0.0, &self.one_sided(sides), Vec::new()).map(|_| ())
    }

    /// Sides that contradict each other, all of them needed for that; none where they do not.
    fn contradiction(&self, sides: &[Side]) -> Option<Vec<Side>> {
        let mut sides = self.priced(sides)?;
        let mut k = 0;
        while k < sides.len() {
            let others = [&sides[..k], &sides[k + 1..]].concat();
            match self.priced(&others) {
                // Those before k are needed still: without them fewer did contradict each other.
                Some(fewer) => sides = fewer,
                None => k += 1,
            }
        }
        Some(sides)
    }

    /// Sides with a price in the proof that they contradict each other; none where they do not.
    fn priced(&self, sides: &[Side]) -> Option<Vec<Side>> {
        let Err(Infeasible { prices }) = self.check(sides) else { return None };
        let takes_part = |(_, price): &(&Side, f64)| *price != 0.0;
        let priced = sides.iter().zip(prices).filter(takes_part).map(|(side, _)| *side);
        let priced: Vec<Side> = priced.collect();
        // Prices are rounded.
        Some(if self.check(&priced).is_err() { priced } else { sides.to_vec() })
    }

    /// The channels whose lower bounds take part in a contradiction, and those with upper ones.
    fn bounds(&self, program: &Program, sides: &[Side]) -> [Vec<usize>; 2] {
        let Err(Infeasible { prices }) = self.check(sides) else {
            return [const { Vec::new() }; 2];
        };
        let mut weights = vec![0.0; self.ends.len()];
        for (side, price) in sides.iter().zip(prices) {
            self.rows[side.row].terms.iter().for_each(|&(sort, a)| weights[sort] += price * a);
        }
        let size = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let of = |takes_part: &dyn Fn(f64) -> bool| {
            let sorts = self.members.iter().zip(&weights).filter(|(_, w)| takes_part(**w / size));
            let mut channels: Vec<usize> = sorts.flat_map(|(members, _)| members.clone()).collect();
            channels.sort_unstable();
            channels
        };
        let mut lower = of(&|weight| weight > NOTHING);
        // That spends are not negative goes without saying.
        lower.retain(|&c| program.lower[c] != 0.0);
        [lower, of(&|weight| weight < -NOTHING)]
    }

    /// The largest (or least) weighted sum that some sides allow.
    fn extreme(&self, sides: &[Side], terms: &[(usize, f64)], largest: bool) -> Option<f64> {
        let sign = if largest { 1.0 } else { -1.0 };
        let mut rises = vec![0.0; self.ends.len()];
        terms.iter().for_each(|&(sort, a)| rises[sort] = sign * a);
        let ends = self.ends.iter().zip(rises);
        let hulls: Vec<Hull> = ends.map(|(&[l, u], rise)| Hull::line(l, u, rise)).collect();
        let relaxed = relax(&hulls, 0.0, &self.one_sided(sides), Vec::new()).ok()?;
        Some(terms.iter().map(|&(sort, a)| a * relaxed.spends[sort]).sum())
    }
}
