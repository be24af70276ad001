//! Schedules, the spend of every period being decided on: feasible, better than any other that is tried,
//! and never above their bound.

use super::media::example;
use crate::common::hills::Uniform;
use gigamix::math::Key;
use gigamix::model::saturation::Saturation;
use gigamix::optimizer::{
    Answer, Arm, Budget, Course, Flight, Media, Place, Program, Response, Row, Scenario, Status,
    Tables, optimise,
};
use std::path::Path;

const PERIODS: usize = 12;

/// What a schedule may be.
#[derive(Clone, Copy)]
struct Limits {
    total: f64,
    at_most: bool,
    upper: f64,
    ramp: f64,
    last: Option<f64>,
    carry_out: bool,
    /// Largest share of the first channel.
    share: Option<f64>,
    s_shaped: bool,
}

const PLAIN: Limits = Limits {
    total: 1.5,
    at_most: false,
    upper: 2.0,
    ramp: f64::INFINITY,
    last: None,
    carry_out: false,
    share: None,
    s_shaped: false,
};

fn budget(limits: Limits) -> Budget {
    let (mut model, draws) = example();
    let arms: Vec<Arm> = (0..3)
        .map(|c| {
            let slots = model.structure.channels[c].saturation.slots.clone();
            if limits.s_shaped {
                // lam, about 3, as slope; half of the largest effect at alpha, below 1
                let alpha = model.structure.channels[c].adstock.slots[0];
                let saturation = &mut model.structure.channels[c].saturation;
                saturation.family = Saturation::Hill;
                saturation.slots = vec![slots[0], alpha, slots[1]];
            }
            let before = limits.last.map_or(Vec::new(), |last| vec![last; 6]);
            let share = vec![1.0; PERIODS];
            let flight =
                Flight { before, fixed: 0.0, per: 1.0, share, carry_out: limits.carry_out };
            let media = Media::new(&model.structure, c, &draws, &flight, 10.0).expect("media");
            let Limits { upper, ramp, last, .. } = limits;
            let course = Course { periods: PERIODS, lower: 0.0, upper, ramp, last };
            let [lower, upper] = [false, true].map(|highest| {
                course.extreme(highest).expect("a path").iter().sum::<f64>() / PERIODS as f64
            });
            Arm {
                place: Place::new("m", Vec::new()),
                channel: format!("c{c}"),
                media,
                before: limits.total / 3.0,
                lower,
                upper,
                course: Some(course),
                seen: 1.0,
                peak: 1.0,
                noise: (Key::new(0, "m"), c as u32),
            }
        })
        .collect();
    let group = limits.share.map_or(String::new(), |share| {
        format!("[[group]]\nchannels = [\"c0\"]\nmax_share = {share}\n")
    });
    let text = format!(
        "[budget]\ntotal = {}\nat_most = {}\nperiods = {PERIODS}\nflighting = \"optimize\"\n{group}",
        limits.total, limits.at_most
    );
    let scenario = Scenario::parse(Path::new("s.toml"), &text).expect("a scenario");
    let groups = scenario.group.iter().map(|group| (vec![0], group.clone())).collect();
    Budget { arms, groups, periods: PERIODS, baseline: 0.0, scenario }
}

fn solve(budget: &Budget) -> (Answer, Vec<Vec<f64>>) {
    let answer = optimise(budget).expect("an answer").expect("feasible");
    let paths = answer.rows.iter().map(|row| row.path.clone().expect("a path")).collect();
    (answer, paths)
}

fn value(budget: &Budget, paths: &[Vec<f64>]) -> f64 {
    budget.arms.iter().zip(paths).map(|(arm, path)| arm.media.local(path, false).value).sum()
}

/// Whether paths are within all limits, up to rounding.
fn allows(budget: &Budget, paths: &[Vec<f64>]) -> bool {
    let means: Vec<f64> =
        paths.iter().map(|path| path.iter().sum::<f64>() / PERIODS as f64).collect();
    let rows = budget.rows(budget.total());
    let within = budget.arms.iter().zip(paths).all(|(arm, path)| {
        let course = arm.course.as_ref().expect("a course");
        let inside = |x: &f64| *x >= course.lower - 1e-12 && *x <= course.upper + 1e-12;
        let steps = course.last.iter().chain(path).collect::<Vec<_>>();
        let slow = steps.windows(2).all(|s| (s[1] - s[0]).abs() <= course.ramp + 1e-12);
        path.iter().all(inside) && slow
    });
    within && rows.iter().all(|(_, row)| row.holds(&means))
}

#[test]
fn schedules_are_the_best_within_their_limits() {
    let cases = [
        PLAIN,
        Limits { carry_out: true, ..PLAIN },
        Limits { upper: 0.6, share: Some(0.25), ..PLAIN },
        Limits { ramp: 0.08, last: Some(0.2), ..PLAIN },
        Limits { ramp: 0.02, upper: 0.9, share: Some(0.3), at_most: true, ..PLAIN },
    ];
    for (k, limits) in cases.into_iter().enumerate() {
        let budget = budget(limits);
        let (answer, best) = solve(&budget);
        assert!(allows(&budget, &best), "{k}: {best:?}");
        let reached = answer.effect.measure[1];
        assert!((value(&budget, &best) / reached - 1.0).abs() < 1e-12, "{k}");
        assert_eq!(answer.status, Status::Optimal, "{k}");
        let (bound, gap) = (answer.bound.expect("a bound"), answer.gap.expect("a gap"));
        assert!(gap < 1e-7 && reached <= bound, "{k}: {gap}");
        // Money moves between channels and periods, near the best schedule and far from it.
        let mut u = Uniform(k as u64);
        for near in [1e-3, 0.05, 0.5] {
            let mut here = best.clone();
            let mut moves = 0;
            for _ in 0..2000 {
                let mut there = here.clone();
                let [from, to] = [0; 2]
                    .map(|_| [(u.next() * 3.0) as usize, (u.next() * PERIODS as f64) as usize]);
                let amount = near * u.next() * there[from[0]][from[1]];
                there[from[0]][from[1]] -= amount;
                there[to[0]][to[1]] += amount;
                if allows(&budget, &there) {
                    moves += 1;
                    let other = value(&budget, &there);
                    assert!(other <= bound, "{k}: {other} exceeds {bound}");
                    assert!(other <= reached * (1.0 + 1e-7), "{k}: {other} {reached}");
                    here = there;
                }
            }
            assert!(moves > 5, "{k}: the walk stands still");
        }
    }
}

/// Without carry-over the periods do not know of each other: every one has its share.
#[test]
fn without_carry_over_schedules_are_even() {
    let mut budget = budget(PLAIN);
    let (mut model, draws) = example();
    for (c, arm) in budget.arms.iter_mut().enumerate() {
        model.structure.channels[c].adstock.n_weights = 1;
        let share = vec![1.0; PERIODS];
        let flight = Flight { before: vec![], fixed: 0.0, per: 1.0, share, carry_out: true };
        arm.media = Media::new(&model.structure, c, &draws, &flight, 10.0).expect("media");
    }
    let (answer, paths) = solve(&budget);
    for path in &paths {
        let mean = path.iter().sum::<f64>() / PERIODS as f64;
        assert!(path.iter().all(|x| (x - mean).abs() < 1e-4 * (mean + 0.01)), "{path:?}");
    }
    // The certified answer for the same spend in every period.
    let program = Program {
        responses: budget.arms.iter().map(|arm| &arm.media as &dyn Response).collect(),
        lower: vec![0.0; 3],
        upper: vec![2.0; 3],
        rows: vec![Row { terms: (0..3).map(|c| (c, 1.0)).collect(), lower: 1.5, upper: 1.5 }],
        cost: 0.0,
    };
    let even = Tables::new(&program).solve(&program).expect("feasible");
    assert!((answer.effect.measure[1] / even.value - 1.0).abs() < 1e-7);
    for (row, (spend, slope)) in answer.rows.iter().zip(even.spends.iter().zip(&even.slopes)) {
        assert!((row.after - spend).abs() < 1e-3, "{} {spend}", row.after);
        assert!((row.marginal_roas * PERIODS as f64 / slope - 1.0).abs() < 1e-3);
    }
}

/// Where responses are S-shaped there is no bound, and pulses may beat what is even.
#[test]
fn s_shaped_schedules_are_local() {
    let budget = budget(Limits { s_shaped: true, total: 0.3, carry_out: true, ..PLAIN });
    let (answer, paths) = solve(&budget);
    assert_eq!((answer.status, answer.bound), (Status::Local, None));
    assert!(answer.unbounded.is_some_and(|why| why.contains("S-shaped")));
    assert!(allows(&budget, &paths));
    let program = budget.program(budget.total());
    let even = Tables::new(&program).solve(&program).expect("feasible");
    let reached = answer.effect.measure[1];
    assert!(reached >= even.value * (1.0 - 1e-9), "{reached} {}", even.value);
}

#[test]
fn schedules_without_room_say_so() {
    let tight = budget(Limits { total: 6.0, ..PLAIN });
    let error = optimise(&tight).expect_err("no room");
    assert!(error.message().contains("no room"), "{error}");
    let contradictory = budget(Limits { total: 6.5, ..PLAIN });
    let why = optimise(&contradictory).expect("explained").expect_err("infeasible");
    assert!(why.message.contains("the total budget is to be at least 6.5"), "{}", why.message);
}
