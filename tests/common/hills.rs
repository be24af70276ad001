//! Random budget problems with S-shaped and concave responses, for tests and benchmarks of the
//! optimiser. The responses are written in plain scalar code, apart from the library's.

use gigamix::optimizer::{Point, Program, Response, Row, Table};

/// Mean over draws of `beta x^s / (kappa^s + x^s)`.
#[derive(Clone, Debug)]
pub struct Hills {
    /// beta, kappa and s of every draw.
    pub draws: Vec<[f64; 3]>,
}

impl Hills {
    /// The mean response.
    pub fn value(&self, x: f64) -> f64 {
        let one = |&[beta, kappa, s]: &[f64; 3]| beta * part(x / kappa, s);
        self.draws.iter().map(one).sum::<f64>() / self.draws.len() as f64
    }

    /// Its slope.
    pub fn slope(&self, x: f64) -> f64 {
        self.draws.iter().map(|draw| slope(draw, x)).sum::<f64>() / self.draws.len() as f64
    }
}

/// z^s / (1 + z^s).
fn part(z: f64, s: f64) -> f64 {
    if z == 0.0 { 0.0 } else { 1.0 / (1.0 + z.powf(-s)) }
}

fn slope(&[beta, kappa, s]: &[f64; 3], x: f64) -> f64 {
    let z = x / kappa;
    match z == 0.0 {
        true if s < 1.0 => f64::INFINITY,
        true if s > 1.0 => 0.0,
        true => beta / kappa,
        false => beta / kappa * s * z.powf(s - 1.0) / (1.0 + z.powf(s)).powi(2),
    }
}

impl Response for Hills {
    fn tabulate(&self, spends: &[f64]) -> Table {
        let point = |&x: &f64| Point { spend: x, value: self.value(x), slope: self.slope(x) };
        let range = |ends: &[f64]| {
            let mut range = [0.0; 2];
            for draw @ &[_, kappa, s] in &self.draws {
                let [a, b] = [slope(draw, ends[0]), slope(draw, ends[1])];
                let peak = kappa * ((s - 1.0) / (s + 1.0)).max(0.0).powf(1.0 / s);
                let inside = peak > ends[0] && peak < ends[1];
                let top = if inside { slope(draw, peak) } else { a };
                range[0] += a.min(b) / self.draws.len() as f64;
                range[1] += a.max(b).max(top) / self.draws.len() as f64;
            }
            range
        };
        Table {
            points: spends.iter().map(point).collect(),
            slopes: spends.windows(2).map(range).collect(),
        }
    }

    fn concave(&self) -> bool {
        self.draws.iter().all(|draw| draw[2] <= 1.0)
    }
}

/// A problem whose spends are all within the bounds and the rows at `feasible`.
pub struct Instance {
    pub hills: Vec<Hills>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub rows: Vec<Row>,
    pub feasible: Vec<f64>,
}

/// What an instance may be.
#[derive(Clone, Copy)]
pub struct Kind {
    pub channels: [usize; 2],
    pub draws: [usize; 2],
    pub slopes: [f64; 2],
    pub groups: usize,
}

impl Kind {
    /// All that is measured: S-shaped and concave, few and many channels, groups.
    pub const ANY: Kind =
        Kind { channels: [3, 40], draws: [1, 200], slopes: [0.5, 4.0], groups: 3 };
}

/// Uniform numbers between 0 and 1 (SplitMix64, Steele et al., 2014).
pub struct Uniform(pub u64);

impl Uniform {
    /// The next one.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Between two numbers.
    pub fn between(&mut self, [a, b]: [f64; 2]) -> f64 {
        a + (b - a) * self.next()
    }

    fn count(&mut self, [a, b]: [usize; 2]) -> usize {
        a + (self.next() * (b - a + 1) as f64) as usize
    }
}

impl Instance {
    /// The instance of a seed.
    pub fn new(seed: u64, kind: Kind) -> Self {
        let mut u = Uniform(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37);
        let (n, draws) = (u.count(kind.channels), u.count(kind.draws));
        let spread = 0.3 * u.next();
        let mut hills = Vec::new();
        for _ in 0..n {
            let beta = 10f64.powf(u.between([4.0, 6.0]));
            let kappa = 10f64.powf(u.between([3.0, 5.0]));
            let s = u.between(kind.slopes);
            let mut near = |x: f64| x * (spread * (2.0 * u.next() - 1.0)).exp();
            let mut draw = || {
                let s = near(s).clamp(kind.slopes[0], kind.slopes[1]);
                [near(beta), near(kappa), s]
            };
            hills.push(Hills { draws: (0..draws).map(|_| draw()).collect() });
        }
        let (mut lower, mut upper, mut feasible) = (Vec::new(), Vec::new(), Vec::new());
        let narrow = u.next() < 0.3;
        for hill in &hills {
            let kappa = hill.draws[0][1];
            let before = kappa * u.between([0.1, 2.0]);
            let (low, high) = match narrow {
                true => (0.5 * before, 1.5 * before),
                false => (if u.next() < 0.7 { 0.0 } else { 0.2 * before }, 5.0 * before),
            };
            lower.push(low);
            upper.push(high);
            feasible.push(u.between([low, 0.6 * (low + high)]));
        }
        let all = |share: f64| (0..n).map(move |c| (c, 1.0 - share)).collect::<Vec<_>>();
        let total: f64 = feasible.iter().sum();
        let at_most = u.next() < 0.3;
        let least = if at_most { f64::NEG_INFINITY } else { total };
        let mut rows = vec![Row { terms: all(0.0), lower: least, upper: total }];
        for _ in 0..u.count([0, kind.groups]) {
            let members: Vec<bool> = (0..n).map(|_| u.next() < 0.4).collect();
            if !members.contains(&true) {
                continue;
            }
            let share = if u.next() < 0.3 { u.between([0.2, 0.8]) } else { 0.0 };
            let weight = |c: usize| f64::from(u8::from(members[c])) - share;
            let terms: Vec<(usize, f64)> =
                (0..n).map(|c| (c, weight(c))).filter(|(_, a)| *a != 0.0).collect();
            let row = Row { terms, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
            let sum = row.sum(&feasible);
            let slack = 0.1 * total * u.next();
            rows.push(match u.next() < 0.5 {
                true => Row { lower: sum - slack, ..row },
                false => Row { upper: sum + slack, ..row },
            });
        }
        Self { hills, lower, upper, rows, feasible }
    }

    /// The instance as a problem.
    pub fn program(&self) -> Program<'_> {
        Program {
            responses: self.hills.iter().map(|hill| hill as &dyn Response).collect(),
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            rows: self.rows.clone(),
            cost: 0.0,
        }
    }

    /// What spends bring.
    pub fn value(&self, spends: &[f64]) -> f64 {
        self.hills.iter().zip(spends).map(|(hill, &spend)| hill.value(spend)).sum()
    }
}
