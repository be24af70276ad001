//! Responses of channels against the analysis, which evaluates every date of a window.

use gigamix::analysis::{Parameters, Window};
use gigamix::bench::{Shape, prior};
use gigamix::density::Oracle;
use gigamix::math::{F64, Key, Lane};
use gigamix::model::adstock::Adstock;
use gigamix::model::{Model, Space};
use gigamix::optimizer::{Flight, Media, Response};
use std::sync::Arc;

type Lanes = F64<false>;

pub const DRAWS: usize = 24;
const TEST_ROWS: usize = 20;

/// A model with a test set, and draws of its prior on the natural scale.
pub fn example() -> (Model, Vec<f64>) {
    example_of(DRAWS)
}

/// The same with so many draws.
pub fn example_of(draws: usize) -> (Model, Vec<f64>) {
    let mut model = Shape::CASE_STUDY.model().expect("model");
    model.series.n_train -= TEST_ROWS;
    let points = prior(&model, draws, Key::new(3, "media"));
    let points: Vec<f64> = points.into_iter().map(f64::from).collect();
    let values = Oracle::new(&model, Space::Sampling).evaluate(&points);
    (
        model,
        values.into_iter().flat_map(|point| point.values).map(|x| f64::from(x as f32)).collect(),
    )
}

/// The contribution of channel `c` over a window, draw by draw, if its spend were `spend`.
fn totals(
    window: &Window<'_, f64>,
    draws: &[f64],
    c: usize,
    spend: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let structure = &window.model.structure;
    let padded = window.pad(spend);
    let mut response = vec![Lanes::zero(); window.n_dates()];
    let mut totals = Vec::new();
    for block in draws.chunks(Lanes::LEN * structure.n_values) {
        let parameters = Parameters::<Lanes>::new(window.model, block);
        window.media(c, &padded, &parameters, &mut response);
        for lane in 0..parameters.n_draws {
            totals.push(response.iter().map(|x| x.get(lane)).sum());
        }
    }
    totals
}

fn assert_equal(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (got - expected).abs() <= 1e-12 * expected.abs().max(1e-3),
            "{what}: {got} {expected}"
        );
    }
}

#[test]
fn responses_are_those_of_the_analysis() {
    let (mut model, draws) = example();
    let n = model.structure.max_weights();
    for (adstock_first, shift) in [(true, 0), (false, 0), (true, n - 1), (false, 2)] {
        model.structure.adstock_first = adstock_first;
        for channel in &mut model.structure.channels {
            channel.adstock.shift = shift;
        }
        let structure = Arc::new(model.structure.clone());
        let what = format!("adstock first {adstock_first}, shift {shift}");
        for c in [0, 3] {
            let spend = &model.series.spend[c];
            let (n_train, n_dates) = (model.series.n_train, model.series.n_dates());
            let media = |before: &[f64], share: &[f64], carry_out| {
                let (before, share) = (before.to_vec(), share.to_vec());
                let flight = Flight { before, fixed: 0.0, per: 1.0, share, carry_out };
                Media::new(&structure, c, &draws, &flight, 1.0).expect("media")
            };
            let (train, test) = (Window::<f64>::train(&model), Window::<f64>::test(&model));
            let all = media(&[], &spend[..n_train], false);
            for m in [0.0, 1.0, 1.7] {
                let expected = totals(&train, &draws, c, |date| m * spend[date]);
                assert_equal(&all.draws(m), &expected, &what);
            }
            // The effect of what was spent before the horizon.
            let later = media(&spend[n_train - n..n_train], &spend[n_train..], false);
            let part = |date: usize, m: f64| if date < n_train { 1.0 } else { m };
            for m in [0.0, 0.6] {
                let expected = totals(&test, &draws, c, |date| part(date, m) * spend[date]);
                assert_equal(&later.draws(m), &expected, &what);
            }
            // The effect outside the horizon, both sides of which lie in the window.
            let (from, to) = (n, n_train - n);
            let inner = media(&[], &spend[from..to], true);
            let within = |date: usize| if (from..to).contains(&date) { spend[date] } else { 0.0 };
            assert_equal(&inner.draws(1.0), &totals(&train, &draws, c, within), &what);
            assert!(n_dates > n_train);
        }
    }
}

/// What a recursion brings, before, in and after a horizon, up to what single precision holds.
#[test]
fn responses_of_a_recursion_are_those_of_the_analysis() {
    let (mut model, mut draws) = example();
    for channel in &mut model.structure.channels {
        channel.adstock.family = Adstock::Recursion;
        channel.adstock.n_weights = 1;
    }
    let n_values = model.structure.n_values;
    for (adstock_first, normalize) in [(true, true), (true, false), (false, true), (false, false)] {
        model.structure.adstock_first = adstock_first;
        model.structure.channels.iter_mut().for_each(|c| c.adstock.normalize = normalize);
        for c in [0, 3] {
            // One draw remembers for long; nothing of it is left after the training rows.
            let alpha = model.structure.channels[c].adstock.slots[0];
            draws[5 * n_values + alpha] = 0.875;
            let (spend, n) = (&model.series.spend[c], model.series.n_train);
            let media = |before: &[f64], share: &[f64], carry_out| {
                let (before, share) = (before.to_vec(), share.to_vec());
                let flight = Flight { before, fixed: 0.0, per: 1.0, share, carry_out };
                Media::new(&model.structure, c, &draws, &flight, 1.0).expect("media")
            };
            let close = |found: Vec<f64>, expected: Vec<f64>| {
                for (found, expected) in found.iter().zip(&expected) {
                    let error = (found / expected - 1.0).abs();
                    assert!(error < 2e-7, "{adstock_first} {normalize} {c}: {found} {expected}");
                }
            };
            let (train, test) = (Window::<f64>::train(&model), Window::<f64>::test(&model));
            let later = media(&spend[..n], &spend[n..], false);
            let part = |date: usize| if date < n { 1.0 } else { 0.6 };
            close(later.draws(0.6), totals(&test, &draws, c, |date| part(date) * spend[date]));
            let inner = media(&[], &spend[5..20], true);
            let within = |date: usize| if (5..20).contains(&date) { spend[date] } else { 0.0 };
            close(inner.draws(1.0), totals(&train, &draws, c, within));
            let local = inner.local(&spend[5..20], false);
            let mean = inner.draws(1.0).iter().sum::<f64>() / DRAWS as f64;
            assert!((local.value / mean - 1.0).abs() < 1e-12, "{} {mean}", local.value);

            let mut endless = draws.clone();
            endless[3 * n_values + alpha] = 0.999;
            let flight =
                Flight { before: vec![], fixed: 0.0, per: 1.0, share: vec![1.0], carry_out: true };
            let error =
                Media::new(&model.structure, c, &endless, &flight, 1.0).expect_err("endless");
            let message = "a draw of its alpha, 0.999, carries effects over more than 1000 periods";
            assert!(error.message().starts_with(message), "{error}");
        }
    }
}

#[test]
fn tables_are_means_of_the_draws_and_slopes_their_derivatives() {
    let (model, draws) = example();
    let structure = Arc::new(model.structure.clone());
    let (before, share) = (vec![0.3; 6], vec![0.5; 26]);
    let flight = Flight { before, fixed: 0.0, per: 1.0, share, carry_out: true };
    for c in 0..3 {
        let even = Media::new(&structure, c, &draws, &flight, 7.0).unwrap();
        let weights: Vec<f64> = (0..DRAWS).map(|i| (i as f64 - 8.0) / 100.0).collect();
        let mixed = even.weighted(Arc::new(weights.clone()));
        assert!(even.concave() && !mixed.concave());
        let spends: Vec<f64> = (0..9).map(|k| 0.4 * f64::from(k)).collect();
        for media in [&even, &mixed] {
            let table = media.tabulate(&spends);
            for (point, spend) in table.points.iter().zip(&spends) {
                let of = |spend: f64| -> f64 {
                    let draws = media.draws(spend);
                    match media.concave() {
                        true => draws.iter().sum::<f64>() / DRAWS as f64,
                        false => draws.iter().zip(&weights).map(|(x, w)| x * w).sum(),
                    }
                };
                let value = of(*spend);
                assert!((point.value - value).abs() <= 1e-12 * value.abs(), "{point:?} {value}");
                let step = 1e-5;
                let slope = (of(spend + step) - of(spend - step)) / (2.0 * step);
                assert!(
                    (point.slope - slope).abs()
                        <= 1e-7 * even.tabulate(&[*spend]).points[0].slope.abs()
                );
            }
            for (cell, [least, most]) in table.slopes.iter().enumerate() {
                let between: Vec<f64> =
                    (1..20).map(|k| spends[cell] + 0.02 * f64::from(k)).collect();
                for point in media.tabulate(&between).points {
                    assert!(*least <= point.slope && point.slope <= *most, "{point:?}");
                }
            }
        }
    }
}

/// A channel with a spend of its own in every period, before it some that is not decided on.
fn paths() -> (Vec<Media>, Vec<f64>) {
    let (mut model, draws) = example();
    let path: Vec<f64> = (0..10).map(|t| 0.6 + 0.4 * (1.3 * f64::from(t)).sin()).collect();
    let media = |model: &Model, c: usize, carry_out: bool| {
        let (before, share) = (vec![0.3; 4], vec![1.0; path.len()]);
        let flight = Flight { before, fixed: 0.0, per: 0.5, share, carry_out };
        Media::new(&model.structure, c, &draws, &flight, 7.0).unwrap()
    };
    let mut all = vec![media(&model, 0, true), media(&model, 1, false)];
    model.structure.channels[2].adstock.shift = 2;
    all.push(media(&model, 2, true));
    model.structure.adstock_first = false;
    all.push(media(&model, 0, true));
    all.push(media(&model, 2, false));
    (all, path)
}

#[test]
fn paths_have_the_mean_of_the_draws_and_its_derivatives() {
    let (all, path) = paths();
    for (k, media) in all.iter().enumerate() {
        let local = media.local(&path, true);
        let draws = media.along(&path).draws(path.iter().sum::<f64>() / path.len() as f64);
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((local.value / mean - 1.0).abs() < 1e-12, "{k}: {} {mean}", local.value);
        let step = 1e-4;
        let moved = |t: usize, by: f64| {
            let mut path = path.clone();
            path[t] += by;
            media.local(&path, false)
        };
        for t in 0..path.len() {
            let (up, down) = (moved(t, step), moved(t, -step));
            let slope = (up.value - down.value) / (2.0 * step);
            assert!((local.slopes[t] - slope).abs() < 1e-6 * slope.abs(), "{k}: {t}");
            for s in 0..path.len() {
                let bend = (down.slopes[s] - up.slopes[s]) / (2.0 * step);
                let got = local.bends[t * path.len() + s];
                let size = local.bends[t * path.len() + t];
                // It only guides the search.
                assert!((got - bend).abs() < 1e-3 * size, "{k}: {t} {s}: {got} {bend}");
            }
        }
    }
}

/// Plans that are executed exactly, badly, and twice.
#[test]
fn execution_widens_what_is_drawn() {
    let (all, path) = paths();
    let key = Key::new(5, "plan");
    for media in &all {
        let (media, spend) = (media.along(&path), 0.7);
        let planned = media.draws(spend);
        assert_equal(&media.executed(spend, 0.0, key, 1), &planned, "executed exactly");
        let off = media.executed(spend, 0.1, key, 1);
        assert_eq!(off, media.executed(spend, 0.1, key, 1));
        assert_ne!(off, media.executed(spend, 0.1, key, 2));
        // What is missed is about as much too much as too little: ten dates, off by a tenth each.
        let missed: Vec<f64> =
            off.iter().zip(&planned).map(|(off, plan)| off / plan - 1.0).collect();
        let mean = missed.iter().sum::<f64>() / DRAWS as f64;
        let sd = (missed.iter().map(|x| x * x).sum::<f64>() / DRAWS as f64).sqrt();
        assert!(sd > 0.003 && sd < 0.06, "{sd}");
        assert!(mean.abs() < 4.0 * sd / (DRAWS as f64).sqrt() + 0.005, "{mean} {sd}");
    }
}
