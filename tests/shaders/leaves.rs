//! Probes of the leaves: every family and coordinate against its `f64` twin, at points made from
//! what the tables say, so that a new family needs nothing here.

use super::probe::{FORMULA, Point, Probe};
use gigamix::math::{Lane, Wide};
use gigamix::model::adstock::{Adstock, Recursion};
use gigamix::model::coordinate::{self, Coordinate};
use gigamix::model::effect::{bump, process};
use gigamix::model::family::{Parameter, Support, Wgsl};
use gigamix::model::likelihood::{self, Likelihood};
use gigamix::model::prior::{Distribution, Value};
use gigamix::model::saturation::{self, Saturation};

const ELEMENTARY: &str = "shaders/math/elementary.wgsl";
const NORMAL: &str = "shaders/math/normal.wgsl";
const GAMMA: &str = "shaders/math/gamma.wgsl";
const TYPES: &str = "shaders/types.wgsl";
const COORDINATE: &str = "shaders/coordinate.wgsl";

/// One number in double precision.
type Number = Wide<f64, 1, false>;

fn number(x: f32) -> Number {
    Number::splat(f64::from(x))
}

fn numbers(x: &[Number]) -> Vec<f64> {
    x.iter().map(|x| x.get(0)).collect()
}

/// The first `N` parameters, filled up with zeros.
fn array<const N: usize>(p: &[f32]) -> [Number; N] {
    std::array::from_fn(|k| number(p.get(k).copied().unwrap_or(0.0)))
}

/// The family's part of its functions' names.
fn stem(wgsl: Wgsl) -> &'static str {
    wgsl.path.rsplit('/').next().and_then(|file| file.strip_suffix(".wgsl")).expect("a .wgsl file")
}

/// Some values of a support.
fn values(support: Support) -> Vec<f32> {
    match support {
        Support::Real => vec![-2.3, -0.6, 0.0, 0.0005, 0.4, 1.9],
        Support::Above(a) => [0.2, 0.45, 1.0, 2.75].map(|x| a as f32 + x).to_vec(),
        Support::Below(b) => [0.2, 0.45, 1.0, 2.75].map(|x| b as f32 - x).to_vec(),
        Support::Between(a, b) => [0.01, 0.3, 0.45, 0.9].map(|x| (a + (b - a) * x) as f32).to_vec(),
    }
}

/// All combinations of values of the parameters.
fn grid(parameters: &[Parameter]) -> Vec<Vec<f32>> {
    parameters.iter().fold(vec![vec![]], |grid, parameter| {
        let with = |point: &Vec<f32>| {
            let extended = |x| point.iter().copied().chain([x]).collect::<Vec<_>>();
            values(parameter.domain).into_iter().map(extended).collect::<Vec<_>>()
        };
        grid.iter().flat_map(with).collect()
    })
}

/// Weights and their derivatives in both parameters.
pub fn adstock(family: Adstock) -> Probe {
    let wgsl = family.family().wgsl;
    let parameters = family.family().parameters;
    let point = |(p, l_max): (&Vec<f32>, usize)| {
        let n = family.n_weights(l_max);
        let mut w = vec![Number::zero(); n];
        let mut dw = vec![Number::zero(); n * 2];
        family.weights(&p.iter().map(|&p| number(p)).collect::<Vec<_>>(), &mut w, &mut dw);
        let mut input = p.clone();
        input.resize(2, 0.0);
        input.push(n as f32);
        Point { input, expected: numbers(&[w, dw].concat()), tolerance: FORMULA }
    };
    let mut at = grid(parameters);
    // where powers would overflow
    if parameters.len() == 2 && parameters.iter().all(|p| p.domain == Support::POSITIVE) {
        at.push(vec![0.01, 40.0]);
    }
    Probe {
        path: wgsl.path,
        text: wgsl.text.into(),
        needs: &[ELEMENTARY, NORMAL],
        header: format!(
            "const N_WEIGHTS: i32 = {};
            alias Weights = array<f32, N_WEIGHTS>;
            alias WeightSlopes = array<vec2f, N_WEIGHTS>;",
            family.n_weights(6)
        ),
        body: format!(
            "var w: Weights;
            var dw: WeightSlopes;
            let n = i32(x[2]);
            adstock_{}(vec2f(x[0], x[1]), n, &w, &dw);
            for (var j = 0; j < n; j++) {{
                y[j] = w[j];
                y[n + j] = dw[j].x;
                y[2 * n + j] = dw[j].y;
            }}",
            stem(wgsl)
        ),
        points: [1, 6].iter().flat_map(|&l| at.iter().map(move |p| (p, l))).map(point).collect(),
    }
}

/// What a recursion carries over, and its derivatives in alpha, date by date.
pub fn recursion() -> Probe {
    let spends = [1.0, 0.0, 0.3, 2.5, 0.0, 0.7];
    let mut points = Vec::new();
    for (p, normalize) in grid(Adstock::Recursion.family().parameters)
        .iter()
        .flat_map(|p| [true, false].map(|normalize| (p[0], normalize)))
    {
        let recursion = Recursion::new(number(p), normalize);
        let (mut carried, mut slope, mut expected) = (number(0.0), number(0.0), Vec::new());
        for x in spends {
            slope = recursion.slope(slope, carried, number(x));
            carried = recursion.next(carried, number(x));
            expected.extend([carried, slope]);
        }
        points.push(Point {
            input: [&[p, f32::from(normalize)][..], &spends].concat(),
            expected: numbers(&expected),
            tolerance: FORMULA,
        });
    }
    let wgsl = Adstock::Recursion.family().wgsl;
    Probe {
        path: wgsl.path,
        text: wgsl.text.into(),
        needs: &[],
        header: String::new(),
        body: "let gain = adstock_recursion_gain(x[0], x[1] > 0.5);
            var a = vec2f(0.0);
            for (var t = 0; t < 6; t++) {
                a = adstock_recursion(a, x[2 + t], x[0], gain);
                y[2 * t] = a.x;
                y[2 * t + 1] = a.y;
            }"
        .into(),
        points,
    }
}

/// Response and its derivatives.
pub fn saturation(family: Saturation) -> Probe {
    let wgsl = family.family().wgsl;
    let mut points = Vec::new();
    for p in grid(family.family().parameters) {
        for x in [0.0, 0.0005, 0.02, 0.3, 1.0, 2.5] {
            let response = family.response(number(x), &array::<{ saturation::MAX_PARAMETERS }>(&p));
            points.push(Point {
                input: [&[x][..], &p].concat(),
                expected: numbers(&[&[response.value, response.dx][..], &response.dp].concat()),
                tolerance: FORMULA,
            });
        }
    }
    Probe {
        path: wgsl.path,
        text: wgsl.text.into(),
        needs: &[TYPES, ELEMENTARY, NORMAL],
        header: String::new(),
        body: format!(
            "let r = saturation_{}(x[0], vec4f(x[1], x[2], x[3], x[4]));
            y[0] = r.value;
            y[1] = r.dx;
            for (var k = 0; k < 4; k++) {{ y[2 + k] = r.dp[k]; }}",
            stem(wgsl)
        ),
        points,
    }
}

/// Pointwise log density and its derivatives.
pub fn likelihood(family: Likelihood) -> Probe {
    let wgsl = family.family().wgsl;
    let mut points = Vec::new();
    for p in grid(family.family().parameters) {
        for (y, mu, lower) in
            [(0.0, 0.3, 0.0), (0.7, 0.35, 0.0), (1.0, -0.2, -0.1), (0.4, 1.3, 0.25)]
        {
            let positive = family.support(0.0) == Support::POSITIVE && !family.truncated();
            let y = if positive { y + 0.05 } else { y };
            let parameters = array::<{ likelihood::MAX_PARAMETERS }>(&p);
            let constants = family.constants(&parameters, number(lower));
            let (y_lane, means, dmu) = ([f64::from(y)], [number(mu)], &mut [number(0.0)]);
            let found = family.log_density(None, &y_lane, &means, &parameters, &constants, dmu);
            points.push(Point {
                input: [&[y, mu, lower][..], &p].concat(),
                expected: numbers(&[&[found.logp, dmu[0]][..], &found.dp].concat()),
                tolerance: FORMULA,
            });
        }
    }
    Probe {
        path: wgsl.path,
        text: wgsl.text.into(),
        needs: &[TYPES, ELEMENTARY, NORMAL, GAMMA, COORDINATE],
        header: String::new(),
        body: format!(
            "let p = vec2f(x[3], x[4]);
            let r = likelihood_{0}(x[0], x[1], p, likelihood_{0}_constants(p, x[2]));
            y[0] = r.logp;
            y[1] = r.dmu;
            y[2] = r.dp.x;
            y[3] = r.dp.y;",
            stem(wgsl)
        ),
        points,
    }
}

/// Log density and its derivative, with constants made from the arguments and as a function of them.
pub fn prior(distribution: Distribution) -> Probe {
    let entry = distribution.family();
    let points = (0..entry.signatures.len()).flat_map(|s| prior_points(distribution, s)).collect();
    Probe {
        path: entry.wgsl.path,
        text: entry.wgsl.text.into(),
        needs: match distribution {
            Distribution::HalfStudentT => {
                &[TYPES, ELEMENTARY, NORMAL, GAMMA, COORDINATE, "shaders/prior/student_t.wgsl"]
            }
            _ => &[TYPES, ELEMENTARY, NORMAL, GAMMA, COORDINATE],
        },
        header: String::new(),
        body: format!(
            "let v = Mapped(x[0], x[1], x[2], x[3], x[4], 0.0, 0.0, 0.0);
            let r = prior_{0}(v, vec4f(x[5], x[6], x[7], x[8]));
            y[0] = r.x;
            y[1] = r.y;
            let n = prior_{0}_nested(v, vec4f(x[9], x[10], x[11], x[12]), u32(x[13]));
            y[2] = n.logp;
            y[3] = n.dx;
            for (var k = 0; k < 4; k++) {{ y[4 + k] = n.da[k]; }}",
            stem(entry.wgsl)
        ),
        points,
    }
}

fn prior_points(distribution: Distribution, signature: usize) -> Vec<Point> {
    // Rising from argument to argument, so that bounds are in order.
    let argument = |(k, argument): (usize, &gigamix::model::prior::Argument)| match argument.domain
    {
        Support::Real => 0.9 * k as f64 - 0.4,
        Support::Above(a) => a + 0.8 + 0.9 * k as f64,
        Support::Below(b) => b - 0.8 - 0.9 * k as f64,
        Support::Between(a, b) => a + (b - a) * 0.4,
    };
    let arguments = distribution.family().signatures[signature].iter().enumerate();
    let mut arguments: Vec<f64> = arguments.map(argument).map(|x| f64::from(x as f32)).collect();
    // A deviation may be too large for its mean.
    let canonical = loop {
        match distribution.canonical(signature, &arguments) {
            Ok(canonical) => break canonical,
            Err(_) => arguments[1] /= 4.0,
        }
    };
    let c = distribution.constants(&canonical).map(|c| c as f32);
    let support = distribution.support(&canonical);
    let (lower, upper) = support.bounds();
    // And on both sides of the arguments, where there may be a branch.
    let near = canonical.iter().flat_map(|a| [a - 0.0004, *a, a + 0.0004]);
    let inside = near.filter(|&x| x > lower && x < upper).map(|x| x as f32);
    let of: [f32; 4] = std::array::from_fn(|k| arguments.get(k).map_or(0.0, |&a| a as f32));
    let point = |x: f32| {
        let bounded = |distance: f64| if distance.is_finite() { distance } else { 1.0 };
        let (below, above) =
            (bounded(f64::from(x) - lower) as f32, bounded(upper - f64::from(x)) as f32);
        let value = [x, below, above, below.ln(), above.ln()];
        let [x, below, above, ln_below, ln_above] = value.map(number);
        let value_in_double = Value { x, below, above, ln_below, ln_above };
        let (logp, slope) = distribution.log_density(value_in_double, &c.map(number));
        let nested = distribution.nested(signature, value_in_double, &of.map(number));
        let nested = [&[nested.logp, nested.dx][..], &nested.da].concat();
        Point {
            input: [&value[..], &c, &of, &[signature as f32]].concat(),
            expected: numbers(&[&[logp, slope][..], &nested].concat()),
            tolerance: FORMULA,
        }
    };
    values(support).into_iter().chain(inside).map(point).collect()
}

/// Every coordinate: the value, its distances and logarithms, and the derivatives.
pub fn coordinates() -> Probe {
    // Constants that single precision holds.
    let all = [
        Coordinate::Identity,
        Coordinate::Log { lower: -0.5 },
        Coordinate::Logit { lower: -0.5, upper: 2.5 },
        Coordinate::HalfNormal { sigma: 0.75 },
        Coordinate::BetaOne { beta: 4.0 },
        Coordinate::Exponential { rate: 2.0 },
        Coordinate::Uniform { lower: -0.5, upper: 2.5 },
        Coordinate::LogBelow { upper: 1.5 },
    ];
    let text = coordinate::WGSL.text;
    let codes: Vec<u32> = all.iter().map(|c| c.code().0).collect();
    assert_eq!(codes, (0..=text.matches("case ").count() as u32).collect::<Vec<_>>(), "codes");
    let mut points = Vec::new();
    for coordinate in all {
        let (code, c) = coordinate.code();
        for u in [-5.0, -2.5, -0.75, -0.0005, 0.0, 0.0005, 0.25, 1.5, 4.0] {
            let mapped = coordinate.map(number(u));
            let v = mapped.value;
            points.push(Point {
                input: vec![code as f32, c[0] as f32, c[1] as f32, u],
                expected: numbers(&[
                    v.x,
                    v.below,
                    v.above,
                    v.ln_below,
                    v.ln_above,
                    mapped.dx,
                    mapped.logp,
                    mapped.dlogp,
                ]),
                tolerance: FORMULA,
            });
        }
    }
    Probe {
        path: coordinate::WGSL.path,
        text: text.into(),
        needs: &[TYPES, ELEMENTARY, NORMAL],
        header: String::new(),
        body: "let m = map_coordinate(u32(x[0]), vec2f(x[1], x[2]), x[3]);
            y[0] = m.x;
            y[1] = m.below;
            y[2] = m.above;
            y[3] = m.ln_below;
            y[4] = m.ln_above;
            y[5] = m.dx;
            y[6] = m.logp;
            y[7] = m.dlogp;"
            .into(),
        points,
    }
}

/// Spectral densities and the softplus, each with its derivatives.
pub fn process() -> Probe {
    let lengths = [0.0, 1e-18, 1e-6, 0.02, 0.7, 5.0, 40.0, 3e3, 1e17, 1e19];
    let omegas = [0.01, 0.3, 2.5];
    let mut points = Vec::new();
    for (ls, omega) in lengths.into_iter().flat_map(|ls| omegas.map(|omega| (ls, omega))) {
        let amplitude = process::amplitude(number(omega), number(ls));
        // The softplus beyond what any process takes, too.
        let x = (ls.ln().max(-60.0) * omega).min(200.0);
        let softplus = process::softplus(number(x));
        points.push(Point {
            input: vec![omega, ls, x],
            expected: numbers(&[amplitude, softplus].concat()),
            tolerance: FORMULA,
        });
    }
    Probe {
        path: process::WGSL.path,
        text: process::WGSL.text.into(),
        needs: &[ELEMENTARY],
        header: String::new(),
        body: "let a = process_amplitude(x[0], x[1]);
            let s = softplus(x[2]);
            y[0] = a.x;
            y[1] = a.y;
            y[2] = s.x;
            y[3] = s.y;"
            .into(),
        points,
    }
}

/// Bumps and their derivatives.
pub fn bump() -> Probe {
    let mut points = Vec::new();
    for sigma in [0.0, 1e-4, 0.5, 3.0, 7.0, 60.0] {
        for z in [0.0, 1.0, -2.0, 9.0, -30.0, 400.0, bump::FAR as f32] {
            let found = bump::bump(number(z), number(sigma));
            let (input, expected) = (vec![z, sigma], numbers(&found));
            points.push(Point { input, expected, tolerance: FORMULA });
        }
    }
    Probe {
        path: bump::WGSL.path,
        text: bump::WGSL.text.into(),
        needs: &[ELEMENTARY],
        header: String::new(),
        body: "let b = bump(x[0], x[1]); y[0] = b.x; y[1] = b.y;".into(),
        points,
    }
}
