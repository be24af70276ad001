//! Contradictions: the smallest sets of limits that contradict each other, and what would fit.

use super::{INFINITE, total};
use crate::common::hills::{Hills, Instance, Kind, Uniform};
use gigamix::optimizer::{Conflict, Program, Response, Row, Tables, conflicts};

const FLOOR: f64 = f64::NEG_INFINITY;

fn feasible(program: &Program) -> bool {
    Tables::new(program).solve(program).is_ok()
}

/// The limits of a contradiction: row, whether it is the least sum, what would fit.
fn limits(conflict: &Conflict) -> Vec<(usize, bool, Option<f64>)> {
    conflict.limits.iter().map(|limit| (limit.row, limit.least, limit.fits)).collect()
}

fn near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|x| (x / expected - 1.0).abs() < 1e-9), "{found:?} {expected}");
}

fn pair(a: usize, b: usize, lower: f64, upper: f64) -> Row {
    Row { terms: vec![(a, 1.0), (b, 1.0)], lower, upper }
}

fn hills(n: usize) -> Vec<Hills> {
    vec![Hills { draws: vec![[1.0, 1.0, 1.0]] }; n]
}

fn program<'a>(hills: &'a [Hills], ends: &[[f64; 2]], rows: Vec<Row>) -> Program<'a> {
    Program {
        responses: hills.iter().map(|hill| hill as &dyn Response).collect(),
        lower: ends.iter().map(|ends| ends[0]).collect(),
        upper: ends.iter().map(|ends| ends[1]).collect(),
        rows,
        cost: 0.0,
    }
}

#[test]
fn contradictions_are_explained() {
    let hills = hills(4);
    let check = |rows: Vec<Row>| {
        let ends = [[1.0, 5.0], [2.0, 5.0], [0.0, 5.0], [0.0, 10.0]];
        let program = program(&hills, &ends, rows);
        assert!(!feasible(&program));
        let mut found = conflicts(&program);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    };
    // less than the lower bounds: 1 + 2
    let found = check(vec![pair(2, 3, 0.5, INFINITE), total(4, 2.0, 2.0)]);
    assert_eq!((found.limits.len(), found.limits[0].row, found.limits[0].least), (1, 1, false));
    assert_eq!((found.lower.as_slice(), found.upper.len()), (&[0, 1][..], 0));
    // what fits has to leave room for the floor of the others, too
    assert_eq!(found.limits[0].limit, 2.0);
    near(found.limits[0].fits, 3.5);
    // more than the upper bounds: 25
    let found = check(vec![total(4, 30.0, 30.0)]);
    assert!(found.limits[0].least);
    near(found.limits[0].fits, 25.0);
    assert_eq!(found.upper, [0, 1, 2, 3]);
    // a floor and a cap of overlapping groups, and a total in between that is innocent
    let found =
        check(vec![total(4, 11.0, 11.0), pair(0, 1, FLOOR, 4.0), pair(1, 2, 9.5, INFINITE)]);
    let [(1, false, cap), (2, true, floor)] = limits(&found)[..] else { panic!("{found:?}") };
    // channel 1 has at most 3 besides the 1 of channel 0, channel 2 at most 5
    near(cap, 5.5);
    near(floor, 8.0);
    // With a smaller total no cap would do: 1 and the floor are more than 9.
    let found = check(vec![total(4, 9.0, 9.0), pair(0, 1, FLOOR, 4.0), pair(1, 2, 9.5, INFINITE)]);
    let (_, _, floor) = *limits(&found).iter().find(|(row, ..)| *row == 2).expect("the floor");
    near(floor, 8.0);
    assert!(limits(&found).iter().all(|(row, _, fits)| *row != 1 || fits.is_none()), "{found:?}");
    // Nothing to explain.
    let ends = [[0.0, 1.0]; 4];
    assert_eq!(conflicts(&program(&hills, &ends, vec![total(4, 3.0, 3.0)])), []);
    assert_eq!(conflicts(&program(&hills, &ends, Vec::new())), []);
}

/// A portfolio: 50 groups of 160 channels, of which some contradict their bounds, two each other, and
/// one the total.
#[test]
fn contradictions_of_many_groups() {
    const GROUPS: usize = 50;
    const MEMBERS: usize = 160;
    let n = GROUPS * MEMBERS;
    let hills = hills(n);
    let ends: Vec<[f64; 2]> = (0..n).map(|c| [0.5, 1.5].map(|x| x * (1 + c % 7) as f64)).collect();
    let members = |g: usize| g * MEMBERS..(g + 1) * MEMBERS;
    let sum = |channels: std::ops::Range<usize>, end: usize| -> f64 {
        channels.map(|c| ends[c][end]).sum()
    };
    let before = |g: usize| 0.5 * (sum(members(g), 0) + sum(members(g), 1));
    let of = |channels: std::ops::Range<usize>, lower, upper| Row {
        terms: channels.map(|c| (c, 1.0)).collect(),
        lower,
        upper,
    };
    let all = 0.5 * (sum(0..n, 0) + sum(0..n, 1));
    let mut rows = vec![total(n, all, all)];
    rows.extend((0..GROUPS).map(|g| of(members(g), FLOOR, 1.1 * before(g))));
    assert_eq!(conflicts(&program(&hills, &ends, rows.clone())), []);
    // Two groups below their bounds; two halves of a group that are to have more than all of it.
    rows[8].upper = 1.0;
    rows[31].upper = 2.0;
    let first = members(20).start;
    let halves = [first..first + MEMBERS / 2, first + MEMBERS / 2..first + MEMBERS];
    for half in halves {
        let floor = 0.95 * sum(half.clone(), 1);
        rows.push(of(half, floor, INFINITE));
    }
    let found = conflicts(&program(&hills, &ends, rows.clone()));
    let sides: Vec<Vec<(usize, bool)>> = found
        .iter()
        .map(|conflict| conflict.limits.iter().map(|limit| (limit.row, limit.least)).collect())
        .collect();
    let halves = vec![(21, false), (51, true), (52, true)];
    assert_eq!(sides, [vec![(8, false)], vec![(31, false)], halves]);
    near(found[0].limits[0].fits, sum(members(7), 0));
    assert_eq!(found[0].lower, members(7).collect::<Vec<_>>());
    // Each of the three, the other two staying as they are.
    let [top, cap] = [sum(members(20), 1), 1.1 * before(20)];
    near(found[2].limits[0].fits, 0.95 * top);
    for (k, half) in [(1, 52), (2, 51)] {
        near(found[2].limits[k].fits, cap - rows[half].lower);
    }
    // All caps together leave 0.9 of the total. Without one there is 0.012 of it more: so many are named that
    // without any of them there would be enough.
    let named = GROUPS - (0.1_f64 / 0.012) as usize;
    let mut rows = vec![total(n, all, all)];
    rows.extend((0..GROUPS).map(|g| of(members(g), FLOOR, 0.9 * before(g))));
    let found = conflicts(&program(&hills, &ends, rows));
    assert_eq!((found.len(), found[0].limits.len()), (1, 1 + named));
    near(found[0].limits[0].fits.map(|x| x / all), 0.9);
    assert!(found[0].limits[1..].iter().all(|limit| !limit.least && limit.fits.is_none()));
}

/// What is said of random contradictions is so: they contradict each other, without any one of them
/// nothing does, and what would fit does, but nothing narrower.
#[test]
fn contradictions_are_as_small_as_they_can_be() {
    let (mut several, mut fitted) = (0, 0);
    for seed in 0..300 {
        let mut instance =
            Instance::new(seed, Kind { draws: [1, 1], slopes: [1.0, 1.0], ..Kind::ANY });
        let mut u = Uniform(seed);
        for row in &mut instance.rows {
            // Limits that are moved by up to half of what they sum now.
            let size: f64 = row.terms.iter().map(|&(c, a)| (a * instance.feasible[c]).abs()).sum();
            row.lower += size * u.between([-0.1, 0.5]);
            row.upper = (row.upper - size * u.between([-0.1, 0.5])).max(row.lower);
        }
        let whole = instance.program();
        let found = conflicts(&whole);
        assert_eq!(found.is_empty(), feasible(&whole), "{seed}");
        several += usize::from(found.len() > 1);
        for conflict in &found {
            // Only the limits named, but for one.
            let without = |one: usize| {
                let mut rows: Vec<Row> = Vec::new();
                for limit in conflict.limits.iter().enumerate().filter(|(k, _)| *k != one) {
                    let row = whole.rows[limit.1.row].clone();
                    rows.push(match limit.1.least {
                        true => Row { upper: INFINITE, ..row },
                        false => Row { lower: FLOOR, ..row },
                    });
                }
                Program { rows, ..whole.clone() }
            };
            assert!(!feasible(&without(usize::MAX)), "{seed} {conflict:?}");
            for (k, limit) in conflict.limits.iter().enumerate() {
                assert!(feasible(&without(k)), "{seed} {conflict:?}");
                let (Some(fits), 1) = (limit.fits, found.len()) else { continue };
                fitted += 1;
                let slack = 1e-7 * (fits - limit.limit);
                for (far, fine) in [(fits + slack, true), (fits - 100.0 * slack, false)] {
                    let mut rows = whole.rows.clone();
                    let row = &mut rows[limit.row];
                    *(if limit.least { &mut row.lower } else { &mut row.upper }) = far;
                    // The total is one number.
                    if row.lower > row.upper {
                        (row.lower, row.upper) = (far, far);
                    }
                    assert_eq!(
                        feasible(&Program { rows, ..whole.clone() }),
                        fine,
                        "{seed} {limit:?}"
                    );
                }
            }
        }
    }
    assert!(several > 1 && fitted > 50, "{several} {fitted}");
}
