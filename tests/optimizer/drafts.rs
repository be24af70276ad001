//! Drafts, which say where to look: near what they stand for, and of no account for the answer.

use super::media::example_of;
use super::{CONCAVE, Instance};
use gigamix::math::Key;
use gigamix::model::saturation::Saturation;
use gigamix::optimizer::{
    Arm, Budget, Curve, Flight, Media, Place, Response, Scenario, Tables, optimise,
};
use std::path::Path;

const PERIODS: usize = 8;
/// Enough for the drafts of a large problem.
const DRAWS: usize = 800;

/// Three channels of a model, their saturations S-shaped or not.
fn budget(s_shaped: bool) -> Budget {
    let (mut model, draws) = example_of(DRAWS);
    let arm = |c: usize| {
        if s_shaped {
            // lam, about 3, as slope; half of the largest effect at alpha, below 1
            let alpha = model.structure.channels[c].adstock.slots[0];
            let saturation = &mut model.structure.channels[c].saturation;
            let (lam, beta) = (saturation.slots[0], saturation.slots[1]);
            saturation.family = Saturation::Hill;
            saturation.slots = vec![lam, alpha, beta];
        }
        let share = vec![1.0; PERIODS];
        let flight = Flight { before: Vec::new(), fixed: 0.0, per: 1.0, share, carry_out: true };
        Arm {
            place: Place::new("m", Vec::new()),
            channel: format!("c{c}"),
            media: Media::new(&model.structure, c, &draws, &flight, 10.0).expect("media"),
            before: 0.5,
            lower: 0.1,
            upper: 1.2,
            course: None,
            seen: 1.0,
            peak: 1.0,
            noise: (Key::new(0, "m"), c as u32),
        }
    };
    let text = format!("[budget]\ntotal = 1.5\nperiods = {PERIODS}\n");
    let scenario = Scenario::parse(Path::new("s.toml"), &text).expect("a scenario");
    let arms = (0..3).map(arm).collect();
    Budget { arms, groups: Vec::new(), periods: PERIODS, baseline: 0.0, scenario }
}

#[test]
fn drafts_are_near_what_they_stand_for() {
    for s_shaped in [false, true] {
        for arm in budget(s_shaped).arms {
            let spends: Vec<f64> = (1..12).map(|k| 0.1 * f64::from(k)).collect();
            let (exact, draft) = (arm.media.tabulate(&spends), arm.media.draft().tabulate(&spends));
            for (exact, draft) in exact.points.iter().zip(&draft.points) {
                assert!((draft.value / exact.value - 1.0).abs() < 1e-6, "{exact:?} {draft:?}");
                assert!((draft.slope / exact.slope - 1.0).abs() < 1e-5, "{exact:?} {draft:?}");
            }
            assert_ne!(exact.points, draft.points, "the draft is none");
        }
    }
}

/// By way of drafts and without them: each answer within the certificate of the other.
#[test]
fn drafts_change_no_answer() {
    for s_shaped in [false, true] {
        let budget = budget(s_shaped);
        let program = budget.program(budget.total());
        let plain = Tables::new(&program).solve(&program).expect("feasible");
        let answer = optimise(&budget).expect("an answer").expect("feasible");
        let (value, bound) = (answer.effect.measure[1], answer.bound.expect("a bound"));
        assert!(value <= plain.bound && plain.value <= bound, "{value} {bound} {plain:?}");
        assert!((bound - value) / value < 1e-7, "{bound} {value}");
        let spends: Vec<f64> = answer.rows.iter().map(|row| row.after).collect();
        assert!((budget.mean(&spends) / value - 1.0).abs() < 1e-12, "the value is exact");
    }
}

/// A concave response is bounded by its tangents where nothing else is known of it.
#[test]
fn tangents_bound_what_was_not_looked_at() {
    let mut few = 0;
    for seed in 0..60 {
        let instance = Instance::new(seed, CONCAVE);
        for (c, hill) in instance.hills.iter().enumerate() {
            let ends @ [low, high] = [instance.lower[c], instance.upper[c]];
            for share in [0.0, 0.3, 1.0] {
                let spend = low + share * (high - low);
                let mut curve = Curve::near(hill, ends, spend, 0.0);
                curve.cover(ends);
                few += usize::from(curve.points().len() < 3);
                let check = |curve: &Curve| {
                    let hull = curve.hull(low, high);
                    assert_eq!(hull.ends(), ends);
                    for k in 0..=50 {
                        let x = low + (high - low) * f64::from(k) / 50.0;
                        let (bound, value) = (hull.value(x), hill.value(x));
                        assert!(
                            bound >= value * (1.0 - 1e-12),
                            "{seed} {c} at {x}: {bound} {value}"
                        );
                    }
                    // Where it was looked at, it is exact.
                    for point in curve.points() {
                        let error = hull.value(point.spend) - point.value;
                        assert!(error.abs() <= 1e-9 * point.value.abs(), "{seed} {c}: {point:?}");
                    }
                };
                check(&curve);
                // A look on either side of what is known.
                curve.refine(&[low, f64::midpoint(low, high), high]);
                check(&curve);
            }
        }
    }
    assert!(few > 100, "the ends were looked at: {few}");
}
