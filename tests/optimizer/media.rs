//! Responses of channels against the analysis, which evaluates every date of a window.

use gigamix::analysis::{Parameters, Window};
use gigamix::bench::{Shape, prior};
use gigamix::density::Oracle;
use gigamix::math::{F64, Key, Lane};
use gigamix::model::{Model, Space};
use gigamix::optimizer::{Flight, Media, Response};
use std::sync::Arc;

type Lanes = F64<false>;

const DRAWS: usize = 24;
const TEST_ROWS: usize = 20;

/// A model with a test set, and draws of its prior on the natural scale.
fn example() -> (Model, Vec<f64>) {
    let mut model = Shape::CASE_STUDY.model().expect("model");
    model.series.n_train -= TEST_ROWS;
    let points = prior(&model, DRAWS, Key::new(3, "media"));
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
                let flight = Flight { before, fixed: 0.0, share, carry_out };
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

#[test]
fn tables_are_means_of_the_draws_and_slopes_their_derivatives() {
    let (model, draws) = example();
    let structure = Arc::new(model.structure.clone());
    let flight = Flight { before: vec![0.3; 6], fixed: 0.0, share: vec![0.5; 26], carry_out: true };
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
