//! Every likelihood: log densities against SciPy, slopes by differences, draws by their distribution.

use super::*;
use crate::math::scalar::{log_ndtr, norm_cdf, norm_pdf};
use crate::math::{F32, F64, Wide};
use std::f64::consts::PI;

type Number = Wide<f64, 1, false>;

const MU: f64 = 0.7;
const LOWER: f64 = 0.1;
const TARGETS: [f64; 3] = [0.2, 0.9, 2.5];

/// Families with parameters, and SciPy 1.17's `logpdf` of [`TARGETS`] around [`MU`].
#[rustfmt::skip]
const TABLE: [(Likelihood, &[f64], [f64; 3]); 11] = [
    (Likelihood::Normal, &[0.4], [-0.7838978013305175, -0.12764780133051767, -10.127647801330518]),
    (Likelihood::TruncatedNormal, &[0.4], [-0.7147543457182836, -0.05850434571828367, -10.058504345718283]),
    (Likelihood::StudentT, &[3.5, 0.4], [-0.9036521532442482, -0.22841682023098764, -4.3815268738522315]),
    (Likelihood::StudentT, &[40.0, 0.3], [-1.0975707864958142, 0.05226327985057844, -12.879219744858524]),
    (Likelihood::Laplace, &[0.3], [-1.1558410429006758, -0.15584104290067602, -5.4891743762340095]),
    (Likelihood::LogNormal, &[0.6], [-6.206318707265658, -1.2035934495873, -1.389378197833195]),
    (Likelihood::SkewNormal, &[0.5, 2.5], [-5.1142924493634725, 0.21460204889176804, -6.012644172084782]),
    (Likelihood::SkewNormal, &[0.5, -1.2], [-0.15489053257219987, -0.7658804646965051, -17.773843829498354]),
    (Likelihood::Gamma, &[0.4], [-0.4260883382280558, -0.38642870737699075, -5.279273009342278]),
    (Likelihood::Gamma, &[0.05], [-102.21241028594633, -4.917317914573093, -253.69532464583673]),
    (Likelihood::Gamma, &[3.0], [-1.5143120886745822, -2.9909452716263694, -4.081417729014944]),
];

fn parameters<L: Lane>(from: &[f64]) -> Parameters<L> {
    let mut p = [L::zero(); _];
    from.iter().zip(&mut p).for_each(|(from, to)| *to = L::splat(*from));
    p
}

/// The log density and its slopes in mu and the parameters.
fn log_density(family: Likelihood, y: f64, mu: f64, p: &[f64]) -> (f64, Vec<f64>) {
    let p = parameters::<Number>(p);
    let c = family.constants(&p, Number::splat(LOWER));
    let mut dmu = [Number::zero()];
    let total = family.log_density(None, &[y], &[Number::splat(mu)], &p, &c, &mut dmu);
    (total.logp.get(0), [&dmu[..], &total.dp].concat().iter().map(|slope| slope.get(0)).collect())
}

#[test]
fn log_densities_and_slopes() {
    for (family, p, expected) in TABLE {
        for (y, expected) in TARGETS.into_iter().zip(expected) {
            let (logp, slopes) = log_density(family, y, MU, p);
            let error = (logp - expected).abs();
            assert!(error < 2e-12 * expected.abs().max(1.0), "{family:?} {p:?} {y}: {logp}");
            for (k, slope) in slopes[..1 + p.len()].iter().enumerate() {
                let at = |step: f64| {
                    let mut x = [&[MU], p].concat();
                    x[k] += step;
                    log_density(family, y, x[0], &x[1..]).0
                };
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                let error = (slope - difference).abs();
                assert!(
                    error < 2e-7 * slope.abs().max(1.0),
                    "{family:?} {p:?} {y}: slope {k} is {slope}, not {difference}"
                );
            }
        }
    }
    assert!(Likelihood::ALL.iter().all(|family| TABLE.iter().any(|row| row.0 == *family)));
}

#[test]
fn a_gamma_has_no_mass_where_its_mean_is_not_positive() {
    for mu in [0.0, -0.3] {
        let (logp, slopes) = log_density(Likelihood::Gamma, 0.4, mu, &[0.2]);
        assert_eq!((logp, slopes), (f64::NEG_INFINITY, vec![0.0; 3]));
    }
}

/// Draws of y on one date.
fn draws(family: Likelihood, mu: f64, p: &[f64], lower: f64, n: u32) -> Vec<f64> {
    let (mu, p) = (F32::<false>::splat(mu), parameters(p));
    let noise = |draw| Noise { key: Key::new(5, "predictive"), date: 3, draw };
    let lanes = |y: F32<false>| (0..16).map(move |lane| y.get(lane));
    let block = |draw| family.sample(mu, &p, lower, noise(draw));
    (0..n).step_by(16).flat_map(|draw| lanes(block(draw))).collect()
}

/// Kolmogorov and Smirnov's distance between draws and a distribution, times √n: beyond 1.95 in one of
/// a thousand samples.
fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_unstable_by(f64::total_cmp);
    let n = draws.len() as f64;
    let at = |(i, &y): (usize, &f64)| (cdf(y) - (i as f64 + 0.5) / n).abs();
    draws.iter().enumerate().map(at).fold(0.0, f64::max) * n.sqrt()
}

/// The distribution functions of the families at their parameters in [`draws_follow_their_distribution`].
fn cdf(family: Likelihood, y: f64) -> f64 {
    let z = (y - MU) / 0.2;
    match family {
        Likelihood::Normal => norm_cdf(z),
        Likelihood::TruncatedNormal => {
            1.0 - (log_ndtr(-z).0 - log_ndtr((MU - LOWER) / 0.2).0).exp()
        }
        // three degrees of freedom
        Likelihood::StudentT => {
            let t = z / 3f64.sqrt();
            0.5 + (t / (1.0 + t * t) + t.atan()) / PI
        }
        Likelihood::Laplace if z < 0.0 => 0.5 * z.exp(),
        Likelihood::Laplace => 1.0 - 0.5 * (-z).exp(),
        Likelihood::LogNormal => norm_cdf((y.ln() - MU) / 0.2),
        // by Simpson's rule over its density
        Likelihood::SkewNormal => {
            let n = 400;
            let density = |t: f64| 2.0 * norm_pdf(t) * norm_cdf(2.0 * t);
            let step = (z + 8.0) / f64::from(n);
            let weight = |i: i32| if i % n == 0 { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            (0..=n).map(|i| weight(i) * density(-8.0 + f64::from(i) * step)).sum::<f64>() * step
                / 3.0
        }
        // shape 4: Erlang's
        Likelihood::Gamma => {
            let x = y * 4.0 / MU;
            1.0 - (-x).exp() * (1.0 + x + x * x / 2.0 + x * x * x / 6.0)
        }
    }
}

#[test]
fn draws_follow_their_distribution() {
    for family in Likelihood::ALL.iter().copied() {
        let p = match family {
            Likelihood::StudentT => vec![3.0, 0.2],
            Likelihood::SkewNormal => vec![0.2, 2.0],
            Likelihood::Gamma => vec![MU / 2.0],
            _ => vec![0.2],
        };
        let sample = draws(family, MU, &p, LOWER, 8192);
        let mean = sample.iter().sum::<f64>() / 8192.0;
        let variance = sample.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 8192.0;
        let expected = family.expected(Number::splat(MU), &parameters(&p), LOWER).get(0);
        let z = (mean - expected) / (variance / 8192.0).sqrt();
        assert!(z.abs() < 4.0, "{family:?}: the mean is off by {z} standard errors");
        let distance = distance(sample, |y| cdf(family, y));
        assert!(distance < 1.95, "{family:?}: {distance}");
    }
}

#[test]
fn truncated_draws_near_and_far_from_the_bound() {
    let sigma = 0.2;
    for m in [4.0, 1.0, 0.1, -1.0, -5.0, -28.0, -40.0] {
        let mu = LOWER + m * sigma;
        let truncated = draws(Likelihood::TruncatedNormal, mu, &[sigma], LOWER, 8192);
        assert!(truncated.iter().all(|&y| y >= f64::from(LOWER as f32)), "{m}");
        let mass = log_ndtr(m).0;
        let cdf = |y: f64| 1.0 - (log_ndtr(m - (y - LOWER) / sigma).0 - mass).exp();
        let mean = truncated.iter().sum::<f64>() / truncated.len() as f64;
        let (mu, p) = (F64::<false>::splat(mu), parameters(&[sigma]));
        let expected = Likelihood::TruncatedNormal.expected(mu, &p, LOWER).get(0);
        assert!(distance(truncated, cdf) < 1.95, "{m}");
        // of the same order as the standard error
        let error = (mean - expected).abs();
        assert!(error < 0.05 * (expected - LOWER), "{m}: {mean} {expected}");
    }
}

#[test]
fn a_draw_does_not_depend_on_its_lane() {
    for family in Likelihood::ALL.iter().copied() {
        let p = [0.4, 0.3];
        let all = draws(family, MU, &p, LOWER, 16);
        let noise = Noise { key: Key::new(5, "predictive"), date: 3, draw: 7 };
        let mu = F32::<false>::splat(MU);
        let shifted = family.sample(mu, &parameters(&p), LOWER, noise);
        assert!((0..9).all(|lane| shifted.get(lane) == all[lane + 7]), "{family:?}");
    }
}
