//! Every adstock: weights against NumPy and SciPy, slopes by differences, limits where numbers end.

use super::*;
use crate::math::{F32, Wide};

type Number = Wide<f64, 1, false>;

/// Weights and slopes, parameter by parameter.
fn weights<L: Lane>(family: Adstock, parameters: &[f64], l_max: usize) -> (Vec<f64>, Vec<f64>) {
    let n = family.n_weights(l_max);
    let p: Vec<L> = parameters.iter().map(|&p| L::splat(p)).collect();
    let (mut w, mut dw) = (vec![L::zero(); n], vec![L::zero(); n * p.len()]);
    family.weights(&p, &mut w, &mut dw);
    let plain = |x: &[L]| x.iter().map(|x| x.get(0)).collect();
    (plain(&w), plain(&dw))
}

/// Families with parameters, and their weights for five lags by NumPy 2.4 and SciPy 1.17.
#[rustfmt::skip]
const TABLE: [(Adstock, &[f64], &[f64]); 13] = [
    (Adstock::None, &[], &[1.0]),
    (Adstock::Recursion, &[0.6], &[1.0]),
    (Adstock::Geometric, &[0.6], &[1.0, 0.6, 0.36, 0.216, 0.1296]),
    (Adstock::Binomial, &[0.35], &[1.0, 0.7127695112896109, 0.4709484545186883, 0.27602237841845306, 0.129992312528743]),
    (Adstock::Binomial, &[0.8], &[1.0, 0.9554427922043668, 0.9036020036098449, 0.8408964152537145, 0.7598356856515925]),
    (Adstock::Delayed, &[0.4, 1.7], &[0.07078697846977003, 0.6382772948612071, 0.9208425932389742, 0.2125599236193956, 0.00785050065421688]),
    (Adstock::Delayed, &[0.7, 0.2], &[0.9858342935750544, 0.7959077720408796, 0.31486011493467686, 0.06103355033713275, 0.005797165484389133]),
    (Adstock::WeibullPdf, &[2.0, 3.0], &[0.5997177099933798, 1.0, 0.20928040111380292, 0.0036447562183255077, 0.0]),
    (Adstock::WeibullPdf, &[4.0, 0.8], &[1.0, 0.5420786839493841, 0.2869976681617112, 0.11907475538937198, 0.0]),
    (Adstock::WeibullPdf, &[0.7, 2.5], &[1.0, 3.2984461164783174e-05, 1.8256138213589957e-15, 1.1568035736123689e-32, 0.0]),
    (Adstock::WeibullCdf, &[2.0, 2.0], &[1.0, 0.7788007830714049, 0.2865047968601901, 0.030197383422318497, 0.0005530843701478335, 1.0677040100347827e-06]),
    (Adstock::WeibullCdf, &[3.5, 0.6], &[1.0, 0.6240129727731306, 0.3053269876414791, 0.12269791235081678, 0.041525576099066874, 0.012033335090456624]),
    (Adstock::Delayed, &[0.5, 0.0], &[1.0, 0.5, 0.0625, 0.001953125, 0.0000152587890625]),
];

#[test]
fn weights_and_slopes() {
    for (family, parameters, expected) in TABLE {
        let (w, dw) = weights::<Number>(family, parameters, 5);
        assert_eq!(w.len(), expected.len(), "{family:?}");
        for (w, expected) in w.iter().zip(expected) {
            let error = (w - expected).abs();
            assert!(error < 1e-13 * expected + 1e-16, "{family:?} {parameters:?}: {w} {expected}");
        }
        for k in 0..parameters.len() {
            let shifted = |step: f64| {
                let mut p = parameters.to_vec();
                p[k] += step;
                weights::<Number>(family, &p, 5).0
            };
            let (up, down) = (shifted(1e-6), shifted(-1e-6));
            for j in 0..w.len() {
                let (slope, difference) = (dw[k * w.len() + j], (up[j] - down[j]) / 2e-6);
                let error = (slope - difference).abs();
                assert!(error < 1e-8, "{family:?} {parameters:?}: d w_{j}/d p_{k} {slope}");
            }
        }
    }
    assert!(Adstock::ALL.iter().all(|family| TABLE.iter().any(|row| row.0 == *family)));
}

/// Where weights vanish or numbers overflow, normalised weights keep their limit and all slopes stay
/// finite; in both precisions.
#[test]
fn limits() {
    fn check<L: Lane>() {
        for (family, parameters, expected) in [
            (Adstock::Geometric, &[0.0][..], [1.0, 0.0, 0.0]),
            (Adstock::Binomial, &[1e-30], [1.0, 0.0, 0.0]),
            (Adstock::Binomial, &[1.0], [1.0 / 3.0; 3]),
            (Adstock::Delayed, &[0.0, 1.0], [0.0, 1.0, 0.0]),
            // far after the last lag, where every weight vanishes
            (Adstock::Delayed, &[1e-6, 12.0], [0.0, 0.0, 1.0]),
            (Adstock::Delayed, &[0.5, 1e3], [0.0, 0.0, 1.0]),
            // so early that every density vanishes
            (Adstock::WeibullPdf, &[0.01, 4.0], [1.0, 0.0, 0.0]),
            (Adstock::WeibullPdf, &[1e-25, 8.0], [1.0, 0.0, 0.0]),
            (Adstock::WeibullPdf, &[0.0, 3.0], [1.0, 0.0, 0.0]),
            // so late that they vanish before
            (Adstock::WeibullPdf, &[1e6, 40.0], [0.0, 0.0, 1.0]),
            (Adstock::WeibullCdf, &[0.01, 4.0], [1.0, 0.0, 0.0]),
            (Adstock::WeibullCdf, &[0.0, 3.0], [1.0, 0.0, 0.0]),
        ] {
            let l_max = if family == Adstock::WeibullCdf { 2 } else { 3 };
            let (w, dw) = weights::<L>(family, parameters, l_max);
            let mut w: Vec<L> = w.into_iter().map(L::splat).collect();
            normalize(&mut w);
            for (w, expected) in w.iter().zip(expected) {
                let error = (w.get(0) - expected).abs();
                assert!(error < 1e-5, "{family:?} {parameters:?}: {} {expected}", w.get(0));
            }
            assert!(dw.iter().all(|slope| slope.is_finite()), "{family:?} {parameters:?}: {dw:?}");
        }
    }
    check::<Number>();
    check::<F32<false>>();
    assert_eq!(weights::<Number>(Adstock::WeibullPdf, &[2.0, 3.0], 1).0, [1.0]);
}

/// Alpha, whether normalised, values and derivatives for the spends of the test.
type Carried = (f64, bool, [f64; 6], [f64; 6]);

#[rustfmt::skip]
const RECURSIONS: [Carried; 4] = [
    (0.6, false, [1.0, 0.6, 2.36, 1.916, 1.1496, 3.68976], [0.0, 1.0, 1.2, 3.08, 3.764, 3.408]),
    (0.6, true, [0.4, 0.24, 0.944, 0.7664, 0.45984, 1.475904], [-1.0, -0.2, -1.88, -0.684, 0.356, -2.32656]),
    (0.0, false, [1.0, 0.0, 2.0, 0.5, 0.0, 3.0], [0.0, 1.0, 0.0, 2.0, 0.5, 0.0]),
    (0.95, true, [0.05, 0.0475, 0.145125, 0.16286875, 0.1547253125, 0.296989046875], [-1.0, -0.9, -2.8075, -3.022, -2.70803125, -5.417904375]),
];

/// Spend carried over and its derivatives, by SciPy's `lfilter([g], [1, -alpha], x)` and, for the
/// derivatives, the same filter on the values of the date before (and on −x where it is normalised).
#[test]
fn recursions() {
    let spend = [1.0, 0.0, 2.0, 0.5, 0.0, 3.0];
    for (alpha, normalize, values, slopes) in RECURSIONS {
        let recursion = Recursion::new(Number::splat(alpha), normalize);
        let (mut carried, mut slope) = (Number::zero(), Number::zero());
        for ((x, value), expected) in spend.iter().zip(values).zip(slopes) {
            slope = recursion.slope(slope, carried, Number::splat(*x));
            carried = recursion.next(carried, Number::splat(*x));
            assert!((carried.get(0) - value).abs() < 1e-14, "{alpha}: {carried:?} {value}");
            assert!((slope.get(0) - expected).abs() < 1e-13, "{alpha}: {slope:?} {expected}");
        }
        let weights: Vec<f64> = recursion.weights(800).iter().map(|w| w.get(0)).collect();
        assert_eq!(weights[2], recursion.gain.get(0) * alpha * alpha);
        let (sum, total) = (weights.iter().sum::<f64>(), recursion.total().get(0));
        assert!((sum - total).abs() < 1e-14 * total, "{alpha}: {sum} {total}");
    }
    // alpha rounded to 1 counts all spends alike
    let endless = Recursion::new(F32::<false>::splat(1.0), false);
    assert_eq!(endless.next(F32::splat(2.0), F32::splat(3.0)).get(0), 5.0);
    assert!(endless.total().get(0).is_finite());
}

#[test]
fn lags_until_little_is_left() {
    // ln 0.001 / ln 0.5 is 9.97
    assert_eq!(recursion::lags(0.5, 1e-3), 10);
    assert_eq!(recursion::lags(0.1, 1e-3 * 1.000_001), 3);
    assert_eq!((recursion::lags(0.0, 1e-3), recursion::lags(1e-30, 1e-3)), (1, 1));
    assert_eq!(recursion::lags(1.0, 1e-3), usize::MAX);
}
