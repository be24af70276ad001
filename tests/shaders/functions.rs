//! Probes of `shaders/math/`: every function against a scalar one in double precision.

use super::probe::{ABSOLUTE, DIGITS, EXACT, FORMULA, Point, Probe, Tolerance};
use gigamix::math::{philox4x32, scalar, uniform};

/// Calls of WGSL functions, each with its points.
#[derive(Default)]
struct Calls {
    cases: String,
    points: Vec<Point>,
}

impl Calls {
    /// Adds a function of `x[1]`: WGSL statements that fill `y`, where it is called, and what is to
    /// come out.
    fn add<const N: usize>(
        &mut self,
        code: &str,
        grid: &[f32],
        expected: impl Fn(f64) -> [f64; N],
        tolerance: Tolerance,
    ) {
        let number = self.cases.lines().count();
        self.cases += &format!("case {number}u: {{ {code} }}\n");
        self.points.extend(grid.iter().map(|&x| Point {
            input: vec![number as f32, x],
            expected: expected(f64::from(x)).to_vec(),
            tolerance,
        }));
    }

    fn probe(self, path: &'static str, needs: &'static [&'static str]) -> Probe {
        Probe {
            path,
            text: std::fs::read_to_string(crate::common::repository(path)).expect("shader"),
            needs,
            header: String::new(),
            body: format!("switch u32(x[0]) {{\n{}default: {{}}\n}}", self.cases),
            points: self.points,
        }
    }
}

/// Numbers of both signs, small and large, and the ends of the line.
const LINE: [f32; 21] = [
    0.0,
    1e-6,
    0.0005,
    0.01,
    0.1,
    0.3,
    0.4,
    0.7,
    1.0,
    1.3,
    2.0,
    3.5,
    5.0,
    8.0,
    12.0,
    20.0,
    50.0,
    80.0,
    88.0,
    f32::INFINITY,
    f32::NAN,
];

/// [`LINE`] and its mirror image, within bounds.
fn line(lower: f32, upper: f32) -> Vec<f32> {
    let both = LINE.iter().flat_map(|&x| [x, -x]);
    both.filter(|&x| x.is_nan() || (x >= lower && x <= upper)).collect()
}

pub fn elementary() -> Probe {
    let mut calls = Calls::default();
    let all = line(f32::NEG_INFINITY, f32::INFINITY);
    let positive = [line(0.0, f32::INFINITY), vec![1e-30, 0.9, 1.1, 1.42, 1e20, -1.0]].concat();
    let above_minus_1 =
        [line(-0.9, f32::INFINITY), vec![-1.0, -0.9999, 1e-20, 1e20, -2.0]].concat();
    calls.add("y[0] = exp_accurate(x[1]);", &all, |x| [x.exp()], DIGITS);
    calls.add("y[0] = exp_m1(x[1]);", &all, |x| [x.exp_m1()], DIGITS);
    calls.add("y[0] = tanh_accurate(x[1]);", &all, |x| [x.tanh()], DIGITS);
    calls.add("y[0] = ln(x[1]);", &positive, |x| [x.ln()], DIGITS);
    calls.add("y[0] = ln_1p(x[1]);", &above_minus_1, |x| [x.ln_1p()], DIGITS);
    let turns: Vec<f32> = (0..=64).map(|k| k as f32 / 64.0).collect();
    let sin_cos = |x: f64| {
        let (sin, cos) = (std::f64::consts::TAU * x).sin_cos();
        [sin, cos]
    };
    let code = "let r = sin_cos_turns(x[1]); y[0] = r.x; y[1] = r.y;";
    calls.add(code, &turns, sin_cos, ABSOLUTE);
    calls.probe("shaders/math/elementary.wgsl", &[])
}

pub fn normal() -> Probe {
    let mut calls = Calls::default();
    let mills = |t: f64| [scalar::norm_cdf(-t) / scalar::norm_pdf(t)];
    calls.add("y[0] = mills_ratio(x[1]);", &line(0.0, 20.0), mills, DIGITS);
    let numbers: Vec<f32> = line(0.0, 20.0).into_iter().filter(|x| !x.is_nan()).collect();
    calls.add("y[0] = normal_density(x[1]);", &numbers, |t| [scalar::norm_pdf(t)], DIGITS);
    let log_ndtr = |x: f64| {
        let (value, slope) = scalar::log_ndtr(x);
        [value, slope]
    };
    let code = "let r = log_ndtr(x[1]); y[0] = r.x; y[1] = r.y;";
    calls.add(code, &line(f32::NEG_INFINITY, f32::INFINITY), log_ndtr, DIGITS);
    let quantile = |z: f64| [scalar::half_normal_quantile(z)];
    calls.add("y[0] = half_normal_quantile(x[1]);", &line(-3.5, 50.0), quantile, DIGITS);
    let slope = |z: f64| {
        let h = scalar::half_normal_quantile(z);
        [0.5 * (0.5 * (h - z) * (h + z)).exp()]
    };
    // Above 0 the digits of h - z decide.
    let code = "y[0] = half_normal_slope(x[1], half_normal_quantile(x[1]));";
    calls.add(code, &line(-3.5, 0.5), slope, DIGITS);
    calls.add(code, &line(0.5, 8.0), slope, FORMULA);
    calls.probe("shaders/math/normal.wgsl", &["shaders/math/elementary.wgsl"])
}

/// ln Γ beyond Stirling's formula, and whole, with slopes by differences.
pub fn gamma() -> Probe {
    fn with_slope(at: impl Fn(f64) -> f64) -> impl Fn(f64) -> [f64; 2] {
        move |x| {
            let step = 1e-4 * x;
            let near = 8.0 * (at(x + step) - at(x - step));
            [at(x), (near - at(x + 2.0 * step) + at(x - 2.0 * step)) / (12.0 * step)]
        }
    }
    let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
    let beyond = |x: f64| scalar::ln_gamma(x) - (x - 0.5) * x.ln() + x - half_ln_tau;
    let mut calls = Calls::default();
    let code = "let r = stirling_remainder(x[1]); y[0] = r.x; y[1] = r.y;";
    let (small, large) = ([0.05, 0.3, 0.5, 1.0, 1.7, 3.0, 5.5, 7.9], [8.0, 8.5, 12.0, 40.0]);
    calls.add(code, &small, with_slope(beyond), FORMULA);
    calls.add(code, &large, with_slope(beyond), ABSOLUTE);
    let code = "let g = ln_gamma(x[1]); y[0] = g.x; y[1] = g.y;";
    calls.add(code, &[&small[..], &large].concat(), with_slope(scalar::ln_gamma), FORMULA);
    calls.probe("shaders/math/gamma.wgsl", &["shaders/math/elementary.wgsl"])
}

/// Random words in halves that single precision holds, then uniform and normal numbers.
pub fn philox() -> Probe {
    let mut calls = Calls::default();
    let words = |x: f64| philox4x32([x as u32, 1, 2, 3], [4, 5]);
    let halves = |x: f64| {
        let [a, b, c, d] = words(x).map(|word| [f64::from(word >> 16), f64::from(word & 0xffff)]);
        [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
    };
    let grid: Vec<f32> = (0..64).map(|k| k as f32).collect();
    let draw = "let w = philox4x32(vec4u(u32(x[1]), 1u, 2u, 3u), vec2u(4u, 5u));";
    let code = "for (var k = 0; k < 4; k++) { y[2 * k] = f32(w[k] >> 16u); y[2 * k + 1] = f32(w[k] & 0xffffu); }";
    calls.add(&format!("{draw} {code}"), &grid, halves, EXACT);
    let uniforms = |x: f64| words(x).map(|word| f64::from(uniform(word)));
    let code = "for (var k = 0; k < 4; k++) { y[k] = uniform01(w[k]); }";
    calls.add(&format!("{draw} {code}"), &grid, uniforms, EXACT);
    let normals = |x: f64| {
        let [a, b, c, d] = uniforms(x);
        let pair = |a: f64, b: f64| {
            let (sin, cos) = (std::f64::consts::TAU * b).sin_cos();
            let radius = (-2.0 * a.ln()).sqrt();
            [radius * cos, radius * sin]
        };
        let (first, second) = (pair(a, b), pair(c, d));
        [first[0], first[1], second[0], second[1]]
    };
    let code = "let z = normals4(w); for (var k = 0; k < 4; k++) { y[k] = z[k]; }";
    calls.add(&format!("{draw} {code}"), &grid, normals, FORMULA);
    calls.probe("shaders/math/philox.wgsl", &["shaders/math/elementary.wgsl"])
}
