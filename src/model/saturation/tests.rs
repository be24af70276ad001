//! Every saturation: responses against NumPy, slopes by differences, what no spend and the ends of the
//! domain give.

use super::*;
use crate::math::{F32, Wide};

type Number = Wide<f64, 1, false>;

/// Value, slope in x, slopes in the parameters.
fn response<L: Lane>(family: Saturation, x: f64, parameters: &[f64]) -> (f64, f64, [f64; 4]) {
    let mut p = [L::zero(); MAX_PARAMETERS];
    parameters.iter().zip(&mut p).for_each(|(from, to)| *to = L::splat(*from));
    let response = family.response(L::splat(x), &p);
    (response.value.get(0), response.dx.get(0), response.dp.map(|slope| slope.get(0)))
}

const SPEND: [f64; 4] = [0.0, 0.08, 0.5, 1.7];

/// Families with parameters, and their responses to [`SPEND`] by NumPy 2.4.
#[rustfmt::skip]
const TABLE: [(Saturation, &[f64], [f64; 4]); 10] = [
    (Saturation::Logistic, &[2.3, 0.7], [0.0, 0.06421891917587125, 0.36331528372875543, 0.6724945220732359]),
    (Saturation::InverseScaledLogistic, &[0.4, 1.7], [0.0, 0.1860163165485441, 1.012884512194395, 1.6684020728570421]),
    (Saturation::Tanh, &[0.6, 1.3], [0.0, 0.061323583185010556, 0.3393584972395166, 0.5848440666340932]),
    (Saturation::TanhBaselined, &[0.5, 1.4, 0.7, 0.9], [0.0, 0.12409574345318251, 0.63, 0.895070901008575]),
    (Saturation::TanhBaselined, &[2.0, 0.8, 0.2, 1.1], [0.0, 0.0713602947976419, 0.44563010893280747, 1.5016054037801154]),
    (Saturation::MichaelisMenten, &[1.6, 0.45], [0.0, 0.24150943396226415, 0.8421052631578948, 1.2651162790697676]),
    (Saturation::Hill, &[1.8, 0.35, 0.8], [0.0, 0.0524651524972902, 0.5241670313340302, 0.7560398554548587]),
    (Saturation::HillSigmoid, &[1.2, 3.5, 0.4], [0.0, 0.057834206531560434, 0.46656176097109425, 0.9500726187919963]),
    (Saturation::Root, &[0.3, 0.55], [0.0, 0.257804020275131, 0.4467388179959296, 0.6449074083498981]),
    (Saturation::None, &[0.7], [0.0, 0.056, 0.35, 1.19]),
];

#[test]
fn responses_and_slopes() {
    for (family, parameters, expected) in TABLE {
        for (x, expected) in SPEND.into_iter().zip(expected) {
            let (value, dx, dp) = response::<Number>(family, x, parameters);
            let error = (value - expected).abs();
            assert!(error < 1e-14, "{family:?} at {x}: {value} {expected}");
            let of = |x, p: &[f64]| response::<Number>(family, x, p).0;
            if x > 0.0 {
                let difference = (of(x + 1e-6, parameters) - of(x - 1e-6, parameters)) / 2e-6;
                assert!((dx - difference).abs() < 1e-8, "{family:?} at {x}: dx {dx} {difference}");
            }
            for (k, &slope) in dp[..parameters.len()].iter().enumerate() {
                let shifted = |step: f64| {
                    let mut p = parameters.to_vec();
                    p[k] += step;
                    of(x, &p)
                };
                let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                let error = (slope - difference).abs();
                assert!(error < 1e-8, "{family:?} at {x}: d/d p_{k} {slope} {difference}");
            }
        }
    }
    assert!(Saturation::ALL.iter().all(|family| TABLE.iter().any(|row| row.0 == *family)));
}

/// No spend has no response, and everything stays finite there and at the ends of the domain; in both
/// precisions.
#[test]
fn no_spend_and_ends_of_the_domain() {
    fn check<L: Lane>() {
        for family in Saturation::ALL.iter().copied() {
            let domains = family.family().parameters.iter().map(|p| p.domain.bounds());
            // in the middle, then each parameter in turn near an end of its domain, or far out
            let middle: Vec<f64> = domains
                .clone()
                .map(|(lower, upper)| if upper == 1.0 { 0.4 } else { lower.max(0.0) + 0.7 })
                .collect();
            let mut points = vec![middle.clone()];
            for (k, (lower, upper)) in domains.enumerate() {
                for end in [lower + 1e-20, lower + 1e-4, upper - 1e-9, 30.0] {
                    let mut point = middle.clone();
                    point[k] = end;
                    if end.is_finite() && end <= upper {
                        points.push(point);
                    }
                }
            }
            for point in points {
                for x in [0.0, 1e-30, 1e-6, 1.0, 5.0] {
                    let (value, dx, dp) = response::<L>(family, x, &point);
                    let all = [&[value, dx][..], &dp].concat();
                    let finite = all.iter().all(|v| v.is_finite());
                    assert!(finite, "{family:?} {point:?} at {x}: {all:?}");
                    if x == 0.0 {
                        assert_eq!((value, dp), (0.0, [0.0; 4]), "{family:?} {point:?}");
                    }
                }
            }
        }
    }
    check::<Number>();
    check::<F32<false>>();
}

#[test]
fn slopes_at_no_spend_have_their_limits() {
    let slope = |family, p: &[f64]| response::<Number>(family, 0.0, p).1;
    // beta x/kappa near 0 where the slope is 1, flat where it is more
    assert!((slope(Saturation::Hill, &[1.0, 0.4, 0.8]) - 2.0).abs() < 1e-12);
    assert!(slope(Saturation::Hill, &[2.0, 0.4, 0.8]).abs() < 1e-20);
    assert!((slope(Saturation::Root, &[1.0, 0.55]) - 0.55).abs() < 1e-12);
    // infinite: large
    assert!(slope(Saturation::Root, &[0.3, 0.55]) > 1e15);
    // gain artanh(r)/r beta, 1 at r = 0
    assert!((slope(Saturation::TanhBaselined, &[0.5, 1.4, 1e-12, 0.9]) - 1.26).abs() < 1e-12);
}

/// The continued fractions meet the closed forms.
#[test]
fn tanh_baselined_near_its_switch() {
    for r in [1e-9f64, 0.01, 0.3, 0.499_999, 0.5, 0.9, 0.999] {
        for x in [0.01, 0.3, 0.9, 2.5] {
            let exact = 0.5 * (x * r.atanh() / 0.5).tanh() / r;
            let (value, ..) = response::<Number>(Saturation::TanhBaselined, x, &[0.5, 1.0, r, 1.0]);
            assert!((value / exact - 1.0).abs() < 1e-13, "{r} {x}: {value} {exact}");
        }
    }
}
