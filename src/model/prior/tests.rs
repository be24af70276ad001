//! Every distribution against SciPy 1.17: log densities, slopes by differences, moments of draws.

use super::super::coordinate::Coordinate;
use super::*;
use crate::math::Wide;
use rand_philox::Philox;
use std::f64::consts::LN_2;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

type Number = Wide<f64, 1, false>;

/// A distribution with its arguments; points with SciPy's `logpdf`; mean and variance.
type Row = (Distribution, &'static [f64], [(f64, f64); 3], f64, f64);

#[rustfmt::skip]
const TABLE: [Row; 19] = [
    (Distribution::Normal, &[0.3, 1.7], [(-2.0, -2.3647916977616523), (0.4, -1.4512968880730714), (3.1, -2.805968168349888)], 0.3, 2.89),
    (Distribution::HalfNormal, &[1.3], [(0.02, -0.4882739603074847), (0.9, -0.7278005875264196), (4.0, -5.221883427763106)], 1.0372499290437251, 0.6141125846987875),
    (Distribution::TruncatedNormal, &[0.4, 1.5, -0.5, 2.0], [(-0.4, -0.926518500402144), (0.7, -0.8042962781799218), (1.9, -1.2842962781799216)], 0.6763799864760245, 0.4712829548154757),
    (Distribution::TruncatedNormal, &[0.0, 0.5, 2.5, INF], [(2.51, 2.239007041344003), (2.7, 0.2592070413439983), (3.5, -9.660792958656002)], 2.5932519835629257, 0.00817410865426546),
    (Distribution::TruncatedNormal, &[1.0, 2.0, -INF, 0.5], [(-6.0, -6.824023948953482), (-1.0, -1.1990239489534829), (0.4, -0.744023948953483)], -0.9271079588328077, 1.2498088944196533),
    (Distribution::TruncatedNormal, &[0.2, 0.7, -INF, INF], [(-1.0, -2.0316513443679813), (0.2, -0.5622635892659402), (2.0, -3.868386038245533)], 0.2, 0.49),
    (Distribution::SkewNormal, &[0.2, 1.4, -3.0], [(-2.5, -2.4219574704272033), (0.1, -1.101235223131236), (1.5, -6.918876995969025)], -0.8597156592484672, 0.8370027215435863),
    (Distribution::LogNormal, &[0.3, 0.6], [(0.1, -7.513096102937449), (1.2, -0.6096680995595789), (6.0, -5.290631148155025)], 1.6160744021928934, 1.1317249038377446),
    (Distribution::StudentT, &[4.0, 0.5, 0.8], [(-5.0, -7.134500922901364), (0.6, -0.7674323027366597), (2.0, -2.3344102657630135)], 0.5, 1.28),
    (Distribution::HalfStudentT, &[5.0, 0.8], [(0.05, -0.0546716921297834), (0.9, -0.7292501517189601), (7.0, -8.428123912429305)], 0.7592133796449888, 0.49026171083470094),
    (Distribution::Cauchy, &[-0.4, 0.9], [(-9.0, -5.56450713651905), (-0.3, -1.0516394627833883), (2.2, -3.274283468956584)], NAN, NAN),
    (Distribution::HalfCauchy, &[0.9], [(0.03, -0.3473326839156557), (1.1, -1.2600407323603946), (25.0, -6.995990031600573)], NAN, NAN),
    (Distribution::Laplace, &[-1.0, 0.6], [(-3.0, -3.515654890127288), (-0.9, -0.3489882234606212), (2.0, -5.182321556793955)], -1.0, 0.72),
    (Distribution::Exponential, &[1.8], [(0.01, 0.5697866649021189), (0.7, -0.6722133350978808), (4.0, -6.612213335097881)], 0.5555555555555556, 0.308641975308642),
    (Distribution::Gamma, &[3.2, 1.5], [(0.05, -6.253527483027563), (2.0, -1.062992683976903), (9.0, -8.2540224110691)], 2.1333333333333333, 1.422222222222222),
    (Distribution::InverseGamma, &[3.5, 2.2], [(0.1, -10.079739922598925), (0.8, -0.18722686015818513), (7.0, -7.5122542261067515)], 0.88, 0.5162666666666668),
    (Distribution::Weibull, &[1.7, 2.4], [(0.04, -3.2118304103728605), (2.0, -1.205951665241427), (6.5, -5.087340636830035)], 2.1413868059983776, 1.6810838049361176),
    (Distribution::Beta, &[1.4, 3.6], [(0.01, 0.11654448832956099), (0.3, 0.575799459972822), (0.95, -5.824677793051494)], 0.28, 0.0336),
    (Distribution::Uniform, &[-0.5, 1.5], [(-0.4, -LN_2), (0.2, -LN_2), (1.4, -LN_2)], 0.5, 0.3333333333333333),
];

/// ln p(x) and its slope, through the plain coordinate.
fn log_density(distribution: Distribution, arguments: &[f64], x: f64) -> (f64, f64) {
    let coordinate = Coordinate::plain(distribution.support(arguments));
    let value = coordinate.map(Number::splat(coordinate.unmap(x))).value;
    let constants = distribution.constants(arguments).map(Number::splat);
    let (logp, slope) = distribution.log_density(value, &constants);
    (logp.get(0), slope.get(0))
}

#[test]
fn log_densities_and_slopes() {
    for (distribution, arguments, points, ..) in TABLE {
        for (x, expected) in points {
            let (logp, slope) = log_density(distribution, arguments, x);
            let error = (logp - expected).abs();
            assert!(error < 1e-12 * expected.abs().max(1.0), "{distribution:?} at {x}: {logp}");
            let step = 1e-6;
            let at = |x: f64| log_density(distribution, arguments, x).0;
            let difference = (at(x + step) - at(x - step)) / (2.0 * step);
            let error = (slope - difference).abs();
            assert!(error < 1e-6 * slope.abs().max(1.0), "{distribution:?} at {x}: slope {slope}");
        }
    }
    let tested = |d: &Distribution| TABLE.iter().any(|row| row.0 == *d);
    assert!(Distribution::ALL.iter().all(tested));
}

/// Mean and standard deviation, where arguments may be those.
const BY_MOMENTS: [(Distribution, [f64; 2]); 4] = [
    (Distribution::LogNormal, [1.3, 0.7]),
    (Distribution::Gamma, [1.3, 0.7]),
    (Distribution::InverseGamma, [1.3, 0.7]),
    (Distribution::Beta, [0.4, 0.2]),
];

/// Nested densities are the plain ones; their slopes are those of differences in x and in every
/// argument that is no bound.
#[test]
fn nested_densities_follow_their_arguments() {
    let own = TABLE.iter().map(|row| (row.0, 0, row.1.to_vec(), row.2[1].0));
    let moments = BY_MOMENTS.iter().map(|row| (row.0, 1, row.1.to_vec(), 0.35));
    let scale = [(Distribution::Exponential, 1, vec![1.8], 0.7)];
    for (distribution, signature, arguments, x) in own.chain(moments).chain(scale) {
        let plain = |arguments: &[f64], x: f64| {
            let canonical = distribution.canonical(signature, arguments).expect("arguments");
            log_density(distribution, &canonical, x).0
        };
        let canonical = distribution.canonical(signature, &arguments).expect("arguments");
        let coordinate = Coordinate::plain(distribution.support(&canonical));
        let value = coordinate.map(Number::splat(coordinate.unmap(x))).value;
        let all: [Number; MAX_ARGUMENTS] =
            std::array::from_fn(|k| Number::splat(arguments.get(k).copied().unwrap_or(0.0)));
        let nested = distribution.nested(signature, value, &all);
        let close = |what: &str, found: Number, expected: f64, tolerance: f64| {
            let error = (found.get(0) - expected).abs();
            let allowed = tolerance * expected.abs().max(1.0);
            assert!(error < allowed, "{distribution:?} {what}: {found:?}, not {expected}");
        };
        close("log density", nested.logp, plain(&arguments, x), 1e-11);
        let step = 1e-6;
        let slope = (plain(&arguments, x + step) - plain(&arguments, x - step)) / (2.0 * step);
        close("slope", nested.dx, slope, 1e-7);
        let names = distribution.family().signatures[signature];
        for (k, name) in names.iter().map(|argument| argument.name).enumerate() {
            if matches!(name, "lower" | "upper") {
                continue;
            }
            let moved = |by: f64| {
                let mut arguments = arguments.clone();
                arguments[k] += by;
                plain(&arguments, x)
            };
            close(name, nested.da[k], (moved(step) - moved(-step)) / (2.0 * step), 1e-7);
        }
    }
}

#[test]
fn draws_have_mean_and_variance() {
    let n = 40_000;
    for (k, (distribution, arguments, _, mean, variance)) in TABLE.iter().enumerate() {
        let mut rng = Philox::new([k as u32, 7], 0);
        let draws: Vec<f64> = (0..n).map(|_| distribution.sample(arguments, &mut rng)).collect();
        let (lower, upper) = distribution.support(arguments).bounds();
        assert!(draws.iter().all(|x| (lower..=upper).contains(x)), "{distribution:?}");
        if mean.is_nan() {
            // a Cauchy, whole or half: half of it lies below the median, its first argument or beta
            let median = if arguments.len() == 2 { arguments[0] } else { 0.9 };
            let below = draws.iter().filter(|x| **x < median).count() as f64 / f64::from(n);
            assert!((below - 0.5).abs() < 4.0 * 0.5 / f64::from(n).sqrt(), "{distribution:?}");
            continue;
        }
        let average =
            |f: &dyn Fn(f64) -> f64| draws.iter().map(|x| f(*x)).sum::<f64>() / f64::from(n);
        let z = (average(&|x| x) - mean) / (variance / f64::from(n)).sqrt();
        assert!(z.abs() < 4.0, "{distribution:?}: mean off by {z} standard errors");
        // its own spread is estimated, as fourth moments may not exist
        let square = |x: f64| (x - mean).powi(2);
        let spread = average(&|x| (square(x) - variance).powi(2)).sqrt() / f64::from(n).sqrt();
        let z = (average(&square) - variance) / spread;
        assert!(z.abs() < 5.0, "{distribution:?}: variance off by {z} standard errors");
    }
}

#[test]
fn parametrisations_by_moments() {
    // The moments of what they give are those asked for.
    for (distribution, which, asked) in [
        (Distribution::Gamma, 1, [2.0, 2.5]),
        (Distribution::InverseGamma, 1, [5.0, 10.0]),
        (Distribution::Beta, 1, [0.3, 0.2]),
        (Distribution::LogNormal, 1, [1.5, 0.7]),
    ] {
        let a = distribution.canonical(which, &asked).expect("moments");
        let (mean, variance) = match distribution {
            Distribution::Gamma => (a[0] / a[1], a[0] / a[1].powi(2)),
            Distribution::InverseGamma => {
                let mean = a[1] / (a[0] - 1.0);
                (mean, mean * mean / (a[0] - 2.0))
            }
            Distribution::Beta => {
                let total = a[0] + a[1];
                (a[0] / total, a[0] * a[1] / (total * total * (total + 1.0)))
            }
            _ => {
                let mean = (a[0] + 0.5 * a[1] * a[1]).exp();
                (mean, mean * mean * (a[1] * a[1]).exp_m1())
            }
        };
        assert!((mean / asked[0] - 1.0).abs() < 1e-13, "{distribution:?}");
        assert!((variance.sqrt() / asked[1] - 1.0).abs() < 1e-13, "{distribution:?}");
    }
}

#[test]
fn signatures_are_found_by_their_arguments() {
    let find = |distribution: Distribution, given: &[&str]| {
        distribution.family().signature(given.iter().copied())
    };
    assert_eq!(find(Distribution::Gamma, &["alpha", "beta"]), Some(0));
    assert_eq!(find(Distribution::Gamma, &["sigma", "mu"]), Some(1));
    assert_eq!(find(Distribution::Gamma, &["alpha", "sigma"]), None);
    assert_eq!(find(Distribution::Gamma, &["alpha"]), None);
    assert_eq!(find(Distribution::InverseGamma, &["alpha"]), Some(0));
    assert_eq!(find(Distribution::TruncatedNormal, &["upper"]), Some(0));
    assert_eq!(find(Distribution::Normal, &["mu", "scale"]), None);
}
