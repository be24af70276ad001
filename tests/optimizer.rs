//! The optimiser against independent methods, its certificate, and properties of its answers.

mod conflict;
mod drafts;
mod media;
mod schedule;

use crate::common::hills::{Hills, Instance, Kind, Uniform};
use gigamix::optimizer::{Program, Response, Row, Solved, Tables};

const INFINITE: f64 = f64::INFINITY;
const CONCAVE: Kind = Kind { channels: [3, 6], draws: [1, 4], slopes: [0.5, 1.0], groups: 0 };

fn solve(program: &Program) -> Solved {
    Tables::new(program).solve(program).expect("feasible")
}

fn total(n: usize, lower: f64, upper: f64) -> Row {
    Row { terms: (0..n).map(|c| (c, 1.0)).collect(), lower, upper }
}

/// The certificate: what is answered is feasible and worth what is said, and nothing feasible that
/// random walks find is worth more than the bound.
#[test]
fn no_feasible_spends_exceed_the_bound() {
    let (mut wide, n) = (0, 400);
    for seed in 0..n {
        let instance = Instance::new(seed, Kind::ANY);
        let program = instance.program();
        let solved = solve(&program);
        assert!(program.allows(&solved.spends) || near(&instance, &solved.spends), "{seed}");
        let value = instance.value(&solved.spends);
        assert!((value - solved.value).abs() <= 1e-12 * value, "{seed}: {value} {solved:?}");
        assert!(solved.value <= solved.bound, "{seed}");
        assert!(solved.gap() <= 1e-4, "{seed}: gap {}", solved.gap());
        wide += u64::from(solved.gap() > 1e-6);
        let mut u = Uniform(seed);
        let mut here = instance.feasible.clone();
        for _ in 0..200 {
            // Money moves between two channels; what is not allowed is not done.
            let [a, b] = [0; 2].map(|_| (u.next() * here.len() as f64) as usize);
            let amount = u.next() * (instance.upper[b] - here[b]).min(here[a] - instance.lower[a]);
            let mut there = here.clone();
            there[a] -= amount;
            there[b] += amount;
            if a != b && program.allows(&there) {
                here = there;
                let value = instance.value(&here);
                assert!(value <= solved.bound, "{seed}: {value} exceeds {}", solved.bound);
                assert!(value <= solved.value * (1.0 + 1e-6), "{seed}");
            }
        }
    }
    assert!(wide * 100 <= n, "{wide} of {n} gaps above 1e-6");
}

/// Within bounds and rows up to 10⁻⁹ of what they sum.
fn near(instance: &Instance, spends: &[f64]) -> bool {
    instance.rows.iter().all(|row| {
        let size: f64 = row.terms.iter().map(|&(c, a)| (a * spends[c]).abs()).sum();
        let sum = row.sum(spends);
        sum <= row.upper + 1e-9 * size && sum >= row.lower - 1e-9 * size
    })
}

/// Dynamic programming over a grid looks at every allocation of the grid.
#[test]
fn no_allocation_of_a_grid_is_better() {
    const STEPS: usize = 1500;
    let kind = Kind { channels: [3, 5], draws: [1, 5], slopes: [0.5, 4.0], groups: 0 };
    let mut divided = 0;
    for seed in 0..60 {
        let mut instance = Instance::new(seed, kind);
        instance.lower.fill(0.0);
        let budget: f64 = instance.feasible.iter().sum();
        instance.rows = vec![total(instance.hills.len(), budget, budget)];
        let solved = solve(&instance.program());
        divided += u64::from(solved.boxes > 1);
        let step = budget / STEPS as f64;
        let mut best = vec![f64::NEG_INFINITY; STEPS + 1];
        best[0] = 0.0;
        for (hill, &upper) in instance.hills.iter().zip(&instance.upper) {
            let most = ((upper / step) as usize).min(STEPS);
            let values: Vec<f64> = (0..=most).map(|k| hill.value(k as f64 * step)).collect();
            best = (0..=STEPS)
                .map(|k| {
                    let with = |j: usize| best[k - j] + values[j];
                    (0..=most.min(k)).map(with).fold(f64::NEG_INFINITY, f64::max)
                })
                .collect();
        }
        // Responses rise, so that what is left unspent does not help.
        let grid = best.into_iter().fold(0.0, f64::max);
        assert!(grid <= solved.bound, "{seed}: {grid} exceeds {}", solved.bound);
        assert!(grid <= solved.value * (1.0 + 1e-9), "{seed}: {grid} beats {}", solved.value);
        assert!(
            grid >= solved.value * 0.95,
            "{seed}: the grid says nothing: {grid} {}",
            solved.value
        );
    }
    assert!(divided > 5, "the instances are too easy: {divided}");
}

/// Concave responses, with caps on disjoint groups, against nested bisection on the prices.
#[test]
fn concave_problems_match_bisection() {
    for seed in 0..15 {
        let mut instance = Instance::new(seed, CONCAVE);
        let n = instance.hills.len();
        let budget: f64 = instance.feasible.iter().sum();
        let half: Vec<usize> = (0..n / 2).collect();
        let cap = 0.9 * half.iter().map(|&c| instance.feasible[c]).sum::<f64>()
            + 0.1 * half.iter().map(|&c| instance.lower[c]).sum::<f64>();
        let cap_row = Row {
            terms: half.iter().map(|&c| (c, 1.0)).collect(),
            lower: f64::NEG_INFINITY,
            upper: cap,
        };
        let others: f64 = (n / 2..n).map(|c| instance.upper[c]).sum();
        let budget = budget.min(cap + others);
        instance.rows = vec![total(n, budget, budget), cap_row];
        let solved = solve(&instance.program());
        assert_eq!(solved.boxes, 1);

        let demand = |c: usize, price: f64| {
            let [low, high] = [instance.lower[c], instance.upper[c]];
            bisect(low, high, |x| instance.hills[c].slope(x) - price)
        };
        let group = |price: f64| {
            let sum = |extra: f64| half.iter().map(|&c| demand(c, price + extra)).sum::<f64>();
            let extra = if sum(0.0) <= cap { 0.0 } else { bisect(0.0, 1e6, |e| sum(e) - cap) };
            half.iter().map(|&c| demand(c, price + extra)).collect::<Vec<_>>()
        };
        let all = |price: f64| {
            let mut spends = group(price);
            spends.extend((n / 2..n).map(|c| demand(c, price)));
            spends
        };
        let price = bisect(0.0, 1e6, |price| all(price).iter().sum::<f64>() - budget);
        let expected = instance.value(&all(price));
        let error = (solved.value / expected - 1.0).abs();
        assert!(error < 1e-7, "{seed}: {} {expected}", solved.value);
    }
}

/// Where a falling function changes its sign.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[test]
fn marginal_returns_are_equal_inside() {
    for seed in 0..100 {
        let instance = Instance::new(seed, Kind { groups: 0, ..Kind::ANY });
        let solved = solve(&instance.program());
        // On a part where returns rise a spend is left wherever the certificate is satisfied.
        let inside = |c: &usize| {
            let ([low, high], spend) =
                ([instance.lower[*c], instance.upper[*c]], solved.spends[*c]);
            let near = 1e-4 * (high - low);
            let slope = |share: f64| instance.hills[*c].slope(spend * share);
            spend > low + near && spend < high - near && slope(1.001) < slope(0.999)
        };
        let inside: Vec<usize> = (0..instance.hills.len()).filter(inside).collect();
        // A single one takes what the others leave.
        for &c in inside.iter().filter(|_| inside.len() > 1) {
            let slope = instance.hills[c].slope(solved.spends[c]);
            let error = (slope / solved.prices[0] - 1.0).abs();
            assert!(error < 1e-6, "{seed}: channel {c} {slope}, price {}", solved.prices[0]);
        }
    }
}

#[test]
fn more_budget_never_brings_less() {
    for seed in 0..20 {
        let instance = Instance::new(seed, Kind { channels: [3, 8], ..Kind::ANY });
        let mut program = instance.program();
        let all: f64 = instance.upper.iter().sum();
        let least: f64 = instance.lower.iter().sum();
        program.rows.truncate(1);
        let mut tables = Tables::new(&program);
        let (mut before, mut bound) = (0.0, 0.0);
        for k in 0..=12 {
            let most = least + (all - least) * f64::from(k) / 12.0;
            program.rows[0] = total(instance.hills.len(), f64::NEG_INFINITY, most);
            let warm = tables.solve(&program).expect("feasible");
            assert!(warm.bound >= before, "{seed} {k}: {warm:?} {before}");
            assert!(warm.value >= before * (1.0 - 1e-8), "{seed} {k}: {} {before}", warm.value);
            // The same from cold tables, each within the other's certificate.
            let cold = solve(&program);
            agree(&warm, &cold, seed);
            (before, bound) = (warm.value, f64::max(bound, warm.bound));
        }
        assert!(before <= bound);
    }
}

#[test]
fn order_and_currency_do_not_matter() {
    for seed in 0..30 {
        let instance = Instance::new(seed, Kind { channels: [3, 12], ..Kind::ANY });
        let solved = solve(&instance.program());
        let n = instance.hills.len();
        let moved = |c: usize| (c + 1) % n;
        let program = instance.program();
        let turn = |of: &[f64]| (0..n).map(|c| of[(c + n - 1) % n]).collect::<Vec<_>>();
        let turned = Program {
            responses: (0..n).map(|c| program.responses[(c + n - 1) % n]).collect(),
            lower: turn(&program.lower),
            upper: turn(&program.upper),
            rows: program
                .rows
                .iter()
                .map(|row| Row {
                    terms: row.terms.iter().map(|&(c, a)| (moved(c), a)).collect(),
                    ..row.clone()
                })
                .collect(),
            cost: 0.0,
        };
        let other = solve(&turned);
        agree(&solved, &other, seed);
        let back: Vec<f64> = (0..n).map(|c| other.spends[moved(c)]).collect();
        // Flat optima leave spends open where values agree.
        if solved.gap() < 1e-10 {
            let error = |c: usize| (solved.spends[c] - back[c]).abs() / program.upper[c];
            assert!((0..n).all(|c| error(c) < 1e-3), "{seed}");
        }

        let rate = 117.3;
        let scaled: Vec<Hills> = instance
            .hills
            .iter()
            .map(|hill| Hills {
                draws: hill.draws.iter().map(|&[b, k, s]| [b * rate, k * rate, s]).collect(),
            })
            .collect();
        let times = |of: &[f64]| of.iter().map(|x| x * rate).collect::<Vec<_>>();
        let foreign = Program {
            responses: scaled.iter().map(|hill| hill as &dyn Response).collect(),
            lower: times(&program.lower),
            upper: times(&program.upper),
            rows: program
                .rows
                .iter()
                .map(|row| Row { lower: row.lower * rate, upper: row.upper * rate, ..row.clone() })
                .collect(),
            cost: 0.0,
        };
        let other = solve(&foreign);
        let home = Solved { value: other.value / rate, bound: other.bound / rate, ..other };
        agree(&solved, &home, seed);
    }
}

/// Two answers to one problem: each within the certificate of the other.
fn agree(a: &Solved, b: &Solved, seed: u64) {
    let slack = 1e-12 * a.value.abs();
    assert!(a.value <= b.bound + slack && b.value <= a.bound + slack, "{seed}: {a:?} {b:?}");
    assert!((a.value - b.value).abs() <= 1e-6 * a.value.abs(), "{seed}");
}

#[test]
fn what_cannot_move_and_what_brings_nothing() {
    let hills = [
        Hills { draws: vec![[10.0, 2.0, 3.0]] },
        Hills { draws: vec![[0.0, 1.0, 1.0]] },
        Hills { draws: vec![[5.0, 1.0, 1.0]] },
    ];
    let program = Program {
        responses: hills.iter().map(|hill| hill as &dyn Response).collect(),
        lower: vec![1.0, 0.0, 0.0],
        upper: vec![1.0, 9.0, 9.0],
        rows: vec![total(3, 4.0, 4.0)],
        cost: 0.0,
    };
    let solved = solve(&program);
    assert_eq!(solved.spends[0], 1.0);
    assert!(solved.spends[1].abs() < 1e-9 && (solved.spends[2] - 3.0).abs() < 1e-9, "{solved:?}");
    // All fixed; and a price of spend that nothing is worth.
    let fixed =
        Program { upper: vec![1.0, 0.0, 3.0], lower: vec![1.0, 0.0, 3.0], ..program.clone() };
    assert_eq!(solve(&fixed).spends, [1.0, 0.0, 3.0]);
    let dear = Program { cost: 100.0, rows: vec![total(3, f64::NEG_INFINITY, 4.0)], ..program };
    assert_eq!(solve(&dear).spends, [1.0, 0.0, 0.0]);
}
