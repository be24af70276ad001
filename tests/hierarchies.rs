//! Groups of effects, from data that say little of each to data that say nearly all: posteriors by
//! quadrature against the sampler, which is to find coordinates that suit either.

use gigamix::config::ModelFile;
use gigamix::data;
use gigamix::density::{CpuEngine, Oracle};
use gigamix::diagnostics::{mcse_mean, mcse_sd};
use gigamix::math::Key;
use gigamix::model::{self, Model, Space};
use gigamix::sampler::{Outcome, Sampled, Settings, run};
use ndarray::Array2;
use std::sync::atomic::AtomicBool;

/// Means of the geos' targets: the eight schools of Rubin 1981, in tens.
const MEANS: [f64; 8] = [2.8, 0.8, -0.3, 0.7, -0.1, 0.1, 1.8, 1.2];
/// Parameters that the data speak of: the level, its mean and deviation over geos, the noise.
const PARAMETERS: [&str; 4] = [
    "intercept_contribution",
    "intercept_contribution_mu",
    "intercept_contribution_sigma",
    "y_sigma",
];

/// Geos with `rows` weeks each, alternately `spread` above and below their means, and no spend.
struct Geos {
    means: [f64; 8],
    rows: usize,
    spread: f64,
}

/// Weeks that say little of their geo, and weeks that say nearly all: standard errors of 1 and 0.03.
const WEAK: Geos = Geos { means: MEANS, rows: 4, spread: 2.0 };
const STRONG: Geos = Geos { means: MEANS, rows: 50, spread: 0.2 };
/// Weeks that say nearly all, of geos that do not differ: how much they do may be anything below that.
const ALIKE: Geos =
    Geos { means: [0.03, -0.02, 0.0, 0.04, -0.05, 0.01, 0.02, -0.03], rows: 50, spread: 0.2 };

/// A Normal hierarchy of the levels.
fn normal(centered: bool) -> String {
    format!(
        "{{ distribution = \"Normal\", mu = {{ distribution = \"Normal\", mu = 0, sigma = 1 }}, \
         sigma = {{ distribution = \"HalfNormal\", sigma = 1 }}, \
         centered = {centered}, dims = [\"geo\"] }}"
    )
}

impl Geos {
    fn model(&self, intercept: &str) -> Vec<Model> {
        let mut csv = String::from("week,geo,y,tv\n");
        for geo in 0..MEANS.len() {
            for row in 0..self.rows {
                let week = jiff::civil::date(2024, 1, 1) + jiff::Span::new().weeks(row as i64);
                csv += &format!("{week},{geo},{},{}\n", 1 + row % 3, 1 + row % 2);
            }
        }
        let text = format!(
            "[data]\npath = \"data.csv\"\ndate = \"week\"\ntarget = \"y\"\nchannels = [\"tv\"]\n\
             dims = [\"geo\"]\n[priors]\nintercept = {intercept}\n\
             [likelihood]\nsigma = {{ distribution = \"HalfNormal\", sigma = 1 }}\n"
        );
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("data.csv"), csv).expect("write");
        let path = folder.path().join("model.toml");
        let file = ModelFile::parse("model.toml", &path, &text).expect("model file");
        let dataset = data::load(&file, None).expect("data");
        assert!(dataset.failed.is_empty(), "{:?}", dataset.failed);
        let mut series = model::pool(&file, &dataset.panels).expect("model").series;
        for (model, mean) in series.iter_mut().zip(self.means) {
            model.series.spend[0].fill(0.0);
            for (row, y) in model.series.target.iter_mut().enumerate() {
                *y = mean + if row % 2 == 0 { self.spread } else { -self.spread };
            }
        }
        series
    }

    /// Means and variances of [`PARAMETERS`] (the level that of the first geo) by quadrature over the
    /// two deviations; given these, all is Normal.
    fn moments(&self) -> [[f64; 2]; 4] {
        const CELLS: usize = 600;
        let (groups, n) = (MEANS.len() as f64, self.rows as f64);
        let squares = groups * n * self.spread * self.spread;
        let grid = |low: f64, high: f64| {
            (0..CELLS).map(move |k| low * (high / low).powf((k as f64 + 0.5) / CELLS as f64))
        };
        let (mut total, mut sums) = (0.0, [[0.0; 2]; 4]);
        // The density is far from its top nowhere on this grid, so that its scale does not matter.
        let top = (groups * n - groups) * self.spread.ln() + 0.5 * groups * n;
        for sigma in grid(0.3 * self.spread, 4.0 * self.spread) {
            let within = -(groups * n - groups) * sigma.ln() - 0.5 * squares / (sigma * sigma);
            for tau in grid(1e-4, 8.0) {
                let error = sigma * sigma / n;
                let v = tau * tau + error;
                let precision = 1.0 + groups / v;
                let mu = self.means.iter().sum::<f64>() / v / precision;
                let between = -0.5 * (groups * v.ln() + precision.ln())
                    - 0.5
                        * (self.means.iter().map(|y| y * y).sum::<f64>() / v - mu * mu * precision);
                let prior = -0.5 * (tau * tau + sigma * sigma);
                // Cells grow with sigma and tau.
                let weight = (within + between + prior + top).exp() * sigma * tau;
                let share = error / v;
                let level = self.means[0] * (1.0 - share) + mu * share;
                let spread = tau * tau * share + share * share / precision;
                let parts = [[level, spread], [mu, 1.0 / precision], [tau, 0.0], [sigma, 0.0]];
                total += weight;
                for (sum, [mean, variance]) in sums.iter_mut().zip(parts) {
                    sum[0] += weight * mean;
                    sum[1] += weight * (variance + mean * mean);
                }
            }
        }
        sums.map(|[first, second]| {
            let mean = first / total;
            [mean, second / total - mean * mean]
        })
    }
}

fn sampled(series: &[Model], settings: &Settings, key: Key) -> Sampled {
    let mut engine = CpuEngine::new(&[(series, key)], Space::Sampling, settings.chains);
    let sampler = gigamix::fleet::sampler(&series[0], settings, key).expect("settings");
    let mut found = None;
    run(&mut engine, vec![sampler], &mut |_| (), &AtomicBool::new(false), &mut |_, outcome| {
        found = Some(outcome);
        Ok(())
    })
    .unwrap_or_else(|error| panic!("{}", error.one_line()));
    match found {
        Some(Outcome::Sampled(sampled)) => *sampled,
        other => panic!("{other:?}"),
    }
}

/// Draws (chain, draw) of the parameters.
fn draws(series: &[Model], sampled: &Sampled, names: &[&str]) -> Vec<Array2<f64>> {
    let oracle = Oracle::new(series, Space::Sampling).knowing(&sampled.coordinates);
    let points: Vec<f64> = sampled.draws.iter().map(|&u| f64::from(u)).collect();
    let values = oracle.evaluate(&points);
    let parameter = |name: &&str| {
        let at = series[0].layout.find(name).expect("parameter").offset;
        Array2::from_shape_fn((sampled.chains, sampled.len()), |(chain, draw)| {
            values[draw * sampled.chains + chain].values[at]
        })
    };
    names.iter().map(parameter).collect()
}

#[test]
fn groups_are_sampled_well_however_much_their_data_say() {
    for (name, geos) in [("weak", WEAK), ("strong", STRONG)] {
        let truth = geos.moments();
        for (centered, seed) in [(true, 0), (true, 1), (false, 0), (false, 1)] {
            let series = geos.model(&normal(centered));
            let settings = Settings { ess: 2000.0, ..Settings::default() };
            let sampled = sampled(&series, &settings, Key::new(seed, name));
            let gradients = sampled.gradients.total() * sampled.chains as f64;
            println!("{name}, centred {centered}, {seed}: {gradients:.0}, {:?}", sampled.worst);
            assert_eq!(sampled.missed, None, "{name}");
            assert!(gradients < 150_000.0, "{name}: {gradients} gradients");
            assert_moments(name, &series, &sampled, PARAMETERS, truth);
        }
    }
}

/// Mean and standard deviation of parameters within 4.5 Monte-Carlo errors of the truth.
fn assert_moments<const N: usize>(
    name: &str,
    series: &[Model],
    sampled: &Sampled,
    parameters: [&str; N],
    truth: [[f64; 2]; N],
) {
    let draws = draws(series, sampled, &parameters);
    for ((x, parameter), [mean, variance]) in draws.iter().zip(parameters).zip(truth) {
        let sd = variance.sqrt();
        let z = (x.mean().expect("draws") - mean) / mcse_mean(x.view());
        assert!(z.abs() < 4.5, "{name}: mean of {parameter} is {z:.1} errors from {mean}");
        let z = (x.std(1.0) - sd) / mcse_sd(x.view());
        assert!(z.abs() < 4.5, "{name}: sd of {parameter} is {z:.1} errors from {sd}");
    }
}

/// Where data say little the coordinates are offsets, and where they say much they are not.
#[test]
fn coordinates_follow_the_data() {
    for (geos, range) in [(WEAK, 0.3..3.0), (STRONG, 700.0..2000.0)] {
        let series = geos.model(&normal(true));
        let found = sampled(&series, &Settings::default(), Key::new(2, "coordinates")).coordinates;
        let first = series[0].layout.find("intercept_contribution").expect("levels").offset;
        for (known, mean) in found[first..first + MEANS.len()].iter().zip(MEANS) {
            // One over the squared standard error, which the posterior of the noise blurs; and where
            // the effect is when the prior says nothing.
            let [information, score, coupling, center] = known.map(f64::from);
            assert!(range.contains(&information) && coupling > 0.3 * information, "{known:?}");
            let off = center + score / information - mean;
            assert!(off.abs() < 1.0 / information.sqrt(), "{known:?} {mean}");
        }
        let mut others = found.iter().enumerate().filter(|(i, _)| !(first..first + 8).contains(i));
        assert!(others.all(|(_, known)| *known == [0.0; 4]));
    }
}

/// A law of the levels, of scale 1 about 0, with what it is in a model file, its density up to a constant,
/// and the name of its scale.
struct Law {
    prior: &'static str,
    density: fn(f64) -> f64,
    scale: &'static str,
}

const LAPLACE: Law = Law {
    prior: r#"{ distribution = "Laplace", mu = 0, b = { distribution = "HalfNormal", sigma = 1 }, dims = ["geo"] }"#,
    density: |x| (-x.abs()).exp(),
    scale: "intercept_contribution_b",
};
const STUDENT_T: Law = Law {
    prior: r#"{ distribution = "StudentT", nu = 5, mu = 0, sigma = { distribution = "HalfNormal", sigma = 1 }, dims = ["geo"] }"#,
    density: |x| (1.0 + x * x / 5.0).powi(-3),
    scale: "intercept_contribution_sigma",
};
const STUDENT_T_BY_OFFSETS: Law = Law {
    prior: r#"{ distribution = "StudentT", nu = 5, mu = 0, sigma = { distribution = "HalfNormal", sigma = 1 }, centered = false, dims = ["geo"] }"#,
    ..STUDENT_T
};

impl Geos {
    /// Means and variances of the first geo's level, of the scale of all, and of the noise, by quadrature
    /// over the scale and the noise, and over every level.
    fn moments_of(&self, law: &Law) -> [[f64; 2]; 3] {
        const CELLS: usize = 120;
        let (groups, n) = (self.means.len() as f64, self.rows as f64);
        let grid = |low: f64, high: f64| {
            (0..CELLS).map(move |k| low * (high / low).powf((k as f64 + 0.5) / CELLS as f64))
        };
        let (mut total, mut sums) = (0.0, [[0.0; 2]; 3]);
        let top = (groups * n - groups) * self.spread.ln() + 0.5 * groups * n;
        for sigma in grid(0.5 * self.spread, 2.5 * self.spread) {
            let squares = groups * n * self.spread * self.spread;
            let within = -(groups * n - groups) * sigma.ln() - 0.5 * squares / (sigma * sigma);
            let error = sigma / n.sqrt();
            for tau in grid(1e-4, 8.0) {
                // Of every geo the integrals of 1, the level and its square.
                let levels = self.means.map(|mean| {
                    // Fine where the prior is narrow and where the data are.
                    let near = (0..100).map(|k| 1e-6 * 1e7_f64.powf(f64::from(k) / 99.0));
                    let mut nodes: Vec<f64> = near.flat_map(|x| [x, -x]).collect();
                    nodes.extend((-50..=50).map(|k| mean + 0.16 * f64::from(k) * error));
                    nodes.push(0.0);
                    nodes.sort_by(f64::total_cmp);
                    let density = |x: f64| {
                        let z = (x - mean) / error;
                        (law.density)(x / tau) / tau * (-0.5 * z * z).exp() / error
                    };
                    let mut moments = [0.0; 3];
                    for pair in nodes.windows(2) {
                        for &x in pair {
                            let mass = 0.5 * (pair[1] - pair[0]) * density(x);
                            (0..3).for_each(|k| moments[k] += mass * x.powi(k as i32));
                        }
                    }
                    moments
                });
                let all: f64 = levels.iter().map(|level| level[0].ln()).sum();
                let weight = (within + all + top - 0.5 * (tau * tau + sigma * sigma)).exp();
                // Cells grow with sigma and tau; a level's error has a sigma that `within` counts.
                let weight = weight * sigma * tau;
                if weight == 0.0 {
                    continue;
                }
                let level = [levels[0][1] / levels[0][0], levels[0][2] / levels[0][0]];
                let parts = [level, [tau, tau * tau], [sigma, sigma * sigma]];
                total += weight;
                for (sum, part) in sums.iter_mut().zip(parts) {
                    (0..2).for_each(|k| sum[k] += weight * part[k]);
                }
            }
        }
        sums.map(|[first, second]| {
            let mean = first / total;
            [mean, second / total - mean * mean]
        })
    }
}

#[test]
fn groups_of_other_laws_are_sampled_well_however_much_their_data_say() {
    for (kind, law) in
        [("Laplace", LAPLACE), ("t", STUDENT_T), ("t by offsets", STUDENT_T_BY_OFFSETS)]
    {
        for (name, geos) in [("weak", WEAK), ("strong", STRONG), ("alike", ALIKE)] {
            let truth = geos.moments_of(&law);
            let series = geos.model(law.prior);
            let settings = Settings { ess: 2000.0, ..Settings::default() };
            let sampled = sampled(&series, &settings, Key::new(0, name));
            let gradients = sampled.gradients.total() * sampled.chains as f64;
            println!("{kind}, {name}: {gradients:.0}, {:?}", sampled.worst);
            assert_eq!(sampled.missed, None, "{kind}, {name}");
            assert!(gradients < 200_000.0, "{kind}, {name}: {gradients} gradients");
            let parameters = ["intercept_contribution", law.scale, "y_sigma"];
            assert_moments(name, &series, &sampled, parameters, truth);
        }
    }
}

/// Given what is shared the slopes of a series do not know of the others.
#[test]
fn series_own_what_no_other_depends_on() {
    let beta = r#"{ distribution = "LogNormal", mean = { distribution = "HalfNormal", sigma = 1, dims = ["geo"] }, std = { distribution = "HalfNormal", sigma = 1 }, centered = false, dims = ["geo", "channel"] }"#;
    let mut series = STRONG.model(&format!("{}\n[saturation.priors]\nbeta = {beta}", normal(true)));
    series.iter_mut().for_each(|model| model.series.spend[0].fill(0.5));
    let layout = series[0].layout.clone();
    let owners = model::owners(&series);
    let owned = |name: &str| {
        let parameter = layout.find(name).expect("parameter");
        owners[parameter.offset..parameter.offset + parameter.len].to_vec()
    };
    let all: Vec<Option<usize>> = (0..MEANS.len()).map(Some).collect();
    for own in ["intercept_contribution", "saturation_beta_log_offset", "saturation_beta_mean"] {
        assert_eq!(owned(own), all, "{own}");
    }
    for shared in ["intercept_contribution_mu", "saturation_beta_std", "y_sigma"] {
        assert_eq!(owned(shared), [None], "{shared}");
    }
    let oracle = Oracle::new(&series, Space::Sampling);
    let point: Vec<f64> = (0..layout.dim()).map(|i| 0.1 * (i % 7) as f64 - 0.3).collect();
    let slopes = |point: &[f64]| oracle.evaluate(point)[0].gradient.clone();
    let before = slopes(&point);
    for (moved, owner) in owners.iter().enumerate().filter(|(_, owner)| owner.is_some()) {
        let mut there = point.clone();
        there[moved] += 0.2;
        let after = slopes(&there);
        for (i, other) in owners.iter().enumerate().filter(|(_, other)| other.is_some()) {
            assert!(other == owner || before[i] == after[i], "{moved} {i}");
        }
        assert_ne!(before[moved], after[moved]);
    }
}
