//! A quantity's posterior in four numbers.

use crate::diagnostics::{HDI_PROB, hdi};

/// Mean, standard deviation and 94 % highest-density interval of draws; NaN where one of them is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, divided by n − 1.
    pub sd: f64,
    /// Lower end of the interval.
    pub hdi_3: f64,
    /// Upper end of the interval.
    pub hdi_97: f64,
}

impl Estimate {
    /// The estimate from draws.
    pub fn of(draws: &[f64]) -> Self {
        let n = draws.len() as f64;
        let mean = sum(draws, |x| x) / n;
        let squares = sum(draws, |x| (x - mean) * (x - mean));
        let [hdi_3, hdi_97] = hdi(draws, HDI_PROB);
        let sd = if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { f64::NAN };
        Self { mean, sd, hdi_3, hdi_97 }
    }

    /// The estimate times a positive number.
    pub fn times(self, factor: f64) -> Self {
        let Self { mean, sd, hdi_3, hdi_97 } = self;
        let [mean, sd, hdi_3, hdi_97] = [mean, sd, hdi_3, hdi_97].map(|x| x * factor);
        Self { mean, sd, hdi_3, hdi_97 }
    }

    /// The estimate from draws times a number.
    pub fn scaled(draws: &[f64], factor: f64) -> Self {
        Self::of(&draws.iter().map(|x| x * factor).collect::<Vec<_>>())
    }
}

/// A sum over draws, eight side by side, so that none has to wait for the one before.
fn sum(draws: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = draws.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, &x)| *sum += of(x));
    }
    rest.iter().map(|&x| of(x)).sum::<f64>() + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_draws() {
        // statistics.stdev([3, 1, 4, 1, 5, 9, 2, 6]); the narrowest interval over ⌊0.94·8⌋ = 7 steps
        let got = Estimate::of(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]);
        assert_eq!((got.mean, got.hdi_3, got.hdi_97), (3.875, 1.0, 9.0));
        assert!((got.sd - 2.748_376_143_938_713).abs() < 1e-15);
    }

    #[test]
    fn of_too_few_or_unknown_draws() {
        let one = Estimate::of(&[2.0]);
        assert_eq!((one.mean, one.hdi_3, one.hdi_97), (2.0, 2.0, 2.0));
        assert!(one.sd.is_nan());
        for draws in [&[][..], &[1.0, f64::NAN]] {
            let got = Estimate::of(draws);
            assert!([got.mean, got.sd, got.hdi_3, got.hdi_97].iter().all(|x| x.is_nan()));
        }
    }
}
