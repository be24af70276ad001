//! What varies in time: the softplus of a Gaussian process in Hilbert-space basis functions (Solin &
//! Särkkä, 2020; Riutort-Mayol et al., 2022) with a Matérn 5/2 kernel, over its mean on the training rows.
//!
//! With t the index of a date on a clock, the training dates of all series of a model, mid its mean there
//! and L = 2 mid, basis function k = 1 … m is
//! φ_k(t) = sin(ω_k (t − mid + L))/√L, ω_k = k π/(2 L), and its coefficient √S(ω_k) · offset_k with
//! S(ω) = eta² C ls (5 + ls² ω²)⁻³, C = 16/3 · 5^(5/2).

use super::super::family::{Wgsl, wgsl};
use crate::math::Lane;
use jiff::civil::Date;
use std::f64::consts::PI;

/// The WGSL twin of [`amplitude`] and [`softplus`].
pub const WGSL: Wgsl = wgsl!("effect/process");

/// √C.
const ROOT_C: f64 = 17.26680042740901;
/// Length scales beyond these are as good as these: nothing is left of the process.
const LENGTH_SCALES: [f64; 2] = [1e-18, 1e17];
/// The least mean of the process on the training rows.
pub const LEAST_MEAN: f64 = 1e-30;

/// Where a process finds its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Value of its amplitude.
    pub eta: usize,
    /// Value of its length scale.
    pub ls: usize,
    /// First of its offsets, which follow each other.
    pub first: usize,
    /// Number of basis functions.
    pub m: usize,
}

/// The basis functions on every date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// ω_1; ω_k is k times that.
    pub frequency: f64,
    /// Number of functions.
    pub m: usize,
    /// Their values, date by date.
    pub values: Vec<f64>,
}

impl Basis {
    /// The first `m` functions on some dates; `clock`: the training dates (at least two) of all series.
    pub fn new(m: usize, dates: &[Date], clock: &[Date]) -> Self {
        let mid = (clock.len() - 1) as f64 / 2.0;
        let half = 2.0 * mid;
        let frequency = PI / (2.0 * half);
        let on = |t: f64| {
            let wave = move |k: usize| (k as f64 * frequency * (t - mid + half)).sin();
            (1..=m).map(move |k| wave(k) / half.sqrt())
        };
        // Beyond the domain the functions would come back mirrored: from its end on they are 0 there.
        let values = times(dates, clock).into_iter().flat_map(|t| on(t.min(mid + half)));
        Self { frequency, m, values: values.collect() }
    }

    /// The values of the first functions on a date.
    pub fn on(&self, date: usize, m: usize) -> &[f64] {
        &self.values[date * self.m..][..m]
    }
}

/// The index of every date on the clock; of one that is not on it, the days since its end in its mean step.
fn times(dates: &[Date], clock: &[Date]) -> Vec<f64> {
    let days = |from: Date, to: Date| f64::from(to.since(from).map_or(0, |span| span.get_days()));
    let (first, last) = (clock[0], clock[clock.len() - 1]);
    let (end, span) = ((clock.len() - 1) as f64, days(first, last));
    let time = |date: &Date| match clock.binary_search(date) {
        Ok(index) => index as f64,
        Err(_) => end + days(last, *date) * end / span,
    };
    dates.iter().map(time).collect()
}

/// √S(ω)/eta and its derivative in ls.
#[inline(always)]
pub fn amplitude<L: Lane>(omega: L, ls: L) -> [L; 2] {
    let [least, most] = LENGTH_SCALES.map(L::splat);
    let ls = ls.max(least).min(most);
    let r = ls * omega;
    let inverse = L::splat(1.0) / r.mul_add(r, L::splat(5.0));
    let value = L::splat(ROOT_C) * ls.sqrt() * inverse * inverse.sqrt();
    [value, value * (L::splat(0.5) / ls - L::splat(3.0) * r * omega * inverse)]
}

/// ln(1 + e^x) and its derivative.
#[inline(always)]
pub fn softplus<L: Lane>(x: L) -> [L; 2] {
    let (zero, one) = (L::zero(), L::splat(1.0));
    let e = (-x.abs()).exp();
    let slope = L::select_lt(x, zero, e, one) / (one + e);
    [x.max(zero) + e.ln_1p(), slope]
}

impl Process {
    /// The coefficients of its basis functions, given all values.
    #[inline(always)]
    pub fn coefficients<L: Lane>(&self, frequency: f64, values: &[L], out: &mut [L]) {
        for (k, out) in out.iter_mut().enumerate() {
            let [amplitude, _] = amplitude(L::splat((k + 1) as f64 * frequency), values[self.ls]);
            *out = values[self.eta] * amplitude * values[self.first + k];
        }
    }

    /// Carries what flowed back to the coefficients to the parameters.
    #[inline(always)]
    pub fn coefficients_back<L: Lane>(
        &self,
        frequency: f64,
        values: &[L],
        back: &[L],
        gradient: &mut [L],
    ) {
        let eta = values[self.eta];
        for (k, &back) in back.iter().enumerate() {
            let [value, slope] = amplitude(L::splat((k + 1) as f64 * frequency), values[self.ls]);
            let offset = values[self.first + k];
            gradient[self.eta] += back * value * offset;
            gradient[self.ls] += back * eta * slope * offset;
            gradient[self.first + k] += back * eta * value;
        }
    }

    /// The process over its mean on the first `n_train` dates, on every date of a basis.
    #[inline(always)]
    pub fn multiplier<L: Lane>(&self, basis: &Basis, n_train: usize, values: &[L]) -> Vec<L> {
        let mut coefficients = vec![L::zero(); self.m];
        self.coefficients(basis.frequency, values, &mut coefficients);
        let dates = basis.values.len() / basis.m;
        let value = |date| {
            let basis = basis.on(date, self.m).iter().map(|&x| L::splat(x));
            softplus(latent(&coefficients, basis))[0]
        };
        let mut process: Vec<L> = (0..dates).map(value).collect();
        let mut sum = L::zero();
        process[..n_train].iter().for_each(|&x| sum += x);
        let mean = (sum / L::splat(n_train as f64)).max(L::splat(LEAST_MEAN));
        process.iter_mut().for_each(|x| *x /= mean);
        process
    }
}

/// The Gaussian process on a date, given the values of the basis functions there.
#[inline(always)]
pub fn latent<L: Lane>(coefficients: &[L], basis: impl Iterator<Item = L>) -> L {
    let mut sum = L::zero();
    for (c, x) in coefficients.iter().zip(basis) {
        sum = c.mul_add(x, sum);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Wide;
    use jiff::civil::date;

    type Number = Wide<f64, 1, false>;

    #[test]
    fn the_basis_lives_on_the_training_rows() {
        // Python: t = 0..4, mid = 2, L = 4: math.sin(math.pi*k/8*(t - 2 + 4))/2
        let dates = [1, 8, 15, 22, 29].map(|day| date(2024, 1, day));
        let basis = Basis::new(3, &dates, &dates);
        assert!((basis.frequency - PI / 8.0).abs() < 1e-15);
        let close = |date: usize, expected: [f64; 3]| {
            for (found, expected) in basis.on(date, 3).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-15, "{date}: {found} {expected}");
            }
        };
        close(0, [0.353_553_390_593_273_73, 0.5, 0.353_553_390_593_273_8]);
        close(2, [0.5, 0.0, -0.5]);
        close(4, [0.353_553_390_593_273_8, -0.5, 0.353_553_390_593_273_6]);
    }

    #[test]
    fn later_dates_go_on_in_steps_of_training_until_the_domain_ends() {
        let mut dates: Vec<Date> = [1, 8, 15].map(|day| date(2024, 1, day)).to_vec();
        dates.extend([date(2024, 1, 22), date(2024, 2, 5), date(2025, 2, 5)]);
        assert_eq!(times(&dates, &dates[..3])[..5], [0.0, 1.0, 2.0, 3.0, 5.0]);
        // A series that begins later, and one that ends earlier and has a date the others lack.
        assert_eq!(times(&dates[1..3], &dates[..3]), [1.0, 2.0]);
        assert_eq!(times(&[dates[0], date(2024, 1, 11)], &dates[..3])[1], 2.0 - 4.0 / 7.0);
        let basis = Basis::new(4, &dates, &dates[..3]);
        assert!(basis.on(5, 4).iter().all(|x| x.abs() < 1e-15), "at the end of the domain");
    }

    #[test]
    fn multipliers_have_mean_one_in_training() {
        let dates: Vec<Date> = (1..=9).map(|day| date(2024, 3, day)).collect();
        let basis = Basis::new(2, &dates, &dates[..6]);
        let process = Process { eta: 0, ls: 1, first: 2, m: 2 };
        let values = [0.7, 2.5, 0.4, -1.1].map(Number::splat);
        let found = process.multiplier(&basis, 6, &values);
        // Python, the formulas of the head of this file written out.
        let expected = MULTIPLIERS;
        for (found, expected) in found.iter().zip(expected) {
            assert!((found.get(0) - expected).abs() < 1e-13, "{found:?} {expected}");
        }
        assert!((found[..6].iter().map(|x| x.get(0)).sum::<f64>() - 6.0).abs() < 1e-13);
    }

    #[test]
    fn far_out_everything_is_finite() {
        for ls in [0.0, 1e-300, 1e300] {
            let found = amplitude(Number::splat(0.3), Number::splat(ls));
            assert!(found.iter().all(|x| x.get(0).is_finite()), "{ls}: {found:?}");
        }
        let [low, high] = [-1e4, 1e4].map(|x| softplus(Number::splat(x)).map(|x| x.get(0)));
        assert_eq!((low, high), ([0.0, 0.0], [1e4, 1.0]));
    }

    const MULTIPLIERS: [f64; 9] = [
        0.682567206957578,
        0.7558625593686358,
        0.9092140156919968,
        1.1034555213459103,
        1.2583817698805146,
        1.290518926755365,
        1.1722909033926905,
        0.955555212978983,
        0.8399170399113906,
    ];
}
