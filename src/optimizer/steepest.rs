//! Where a saturation is steepest: what it takes to bound its slope between two spends.

use crate::math::Lane;
use crate::model::saturation::{MAX_PARAMETERS, Saturation};

/// How the slope of a saturation goes over x ≥ 0. It keeps its sign and has one peak, so that
/// between two points it is nowhere smaller than at both, and nowhere larger than at both and, if it
/// lies in between, the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// It falls from the start.
    Falls,
    /// As of `beta x^alpha`: it falls from infinity where alpha < 1, and rises for ever where
    /// alpha > 1. The place of alpha.
    Root(usize),
    /// As of `beta x^s / (kappa^s + x^s)`: it rises first where s > 1, and starts at infinity where
    /// s < 1. Places of s and kappa among the parameters.
    Hill([usize; 2]),
    /// It is steepest at a parameter, whose place this is.
    PeakAt(usize),
}

impl Slope {
    /// What is known of a saturation; none of one that nobody has looked at.
    pub fn of(saturation: Saturation) -> Option<Self> {
        let family = saturation.family();
        let place = |name: &str| family.parameters.iter().position(|p| p.name == name);
        match family.name {
            "logistic"
            | "inverse_scaled_logistic"
            | "tanh"
            | "tanh_baselined"
            | "michaelis_menten"
            | "none" => Some(Slope::Falls),
            "root" => Some(Slope::Root(place("alpha")?)),
            "hill" => Some(Slope::Hill([place("slope")?, place("kappa")?])),
            "hill_sigmoid" => Some(Slope::PeakAt(place("lam")?)),
            _ => None,
        }
    }

    /// Whether the slope falls from the start with these parameters.
    pub fn falls(self, parameters: &[f64]) -> bool {
        match self {
            Slope::Falls => true,
            Slope::Root(alpha) => parameters[alpha] <= 1.0,
            Slope::Hill([s, _]) => parameters[s] <= 1.0,
            Slope::PeakAt(p) => parameters[p] <= 0.0,
        }
    }

    /// Whether the slope is infinite at 0 with these parameters.
    pub fn infinite(self, parameters: &[f64]) -> bool {
        match self {
            Slope::Falls | Slope::PeakAt(_) => false,
            Slope::Root(alpha) => parameters[alpha] < 1.0,
            Slope::Hill([s, _]) => parameters[s] < 1.0,
        }
    }

    /// Where the slope is steepest.
    #[inline(always)]
    pub fn peak<L: Lane>(self, p: &[L; MAX_PARAMETERS]) -> L {
        match self {
            Slope::Falls => L::zero(),
            // Beyond every spend, so that the ends of an interval tell.
            Slope::Root(alpha) => L::select_lt(L::splat(1.0), p[alpha], L::splat(1e30), L::zero()),
            // d²/dx² = 0 at (x/kappa)^s = (s − 1)/(s + 1)
            Slope::Hill([s, kappa]) => {
                let one = L::splat(1.0);
                let ratio = ((p[s] - one) / (p[s] + one)).max(L::splat(f64::MIN_POSITIVE));
                p[kappa] * (ratio.ln() / p[s]).exp()
            }
            Slope::PeakAt(place) => p[place],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::F64;
    use crate::model::family::Support;

    type Lanes = F64<false>;

    /// Every family has one peak, where it is said to be. Slopes are differences of values, so that
    /// the test does not rest on the derivatives.
    #[test]
    fn every_family_has_its_one_peak_where_it_is_said_to_be() {
        for &saturation in Saturation::ALL {
            let family = saturation.family();
            let slope = Slope::of(saturation)
                .unwrap_or_else(|| panic!("say in steepest.rs how {} bends", family.name));
            for set in 0..40 {
                let draw = |k: usize| (0.618_033_988_7 * (set * 7 + k * 3 + 1) as f64).fract();
                let parameters: Vec<f64> = family
                    .parameters
                    .iter()
                    .enumerate()
                    .map(|(k, parameter)| match parameter.domain {
                        Support::Between(a, b) => a + (b - a) * (0.05 + 0.9 * draw(k)),
                        _ => 0.2 + 3.0 * draw(k),
                    })
                    .collect();
                let mut p = [Lanes::zero(); MAX_PARAMETERS];
                p.iter_mut().zip(&parameters).for_each(|(p, &x)| *p = Lanes::splat(x));
                let value = |x: f64| saturation.response(Lanes::splat(x), &p).value.get(0);
                let peak = slope.peak(&p).get(0);
                assert_eq!(slope.falls(&parameters), peak < 1e-6, "{} {parameters:?}", family.name);
                let step = 0.01;
                let slopes: Vec<f64> = (0..800)
                    .map(|k| value(step * f64::from(k + 1)) - value(step * f64::from(k)))
                    .collect();
                for (k, pair) in slopes.windows(2).enumerate() {
                    let middle = step * (k + 1) as f64;
                    let rises = pair[1] - pair[0] > 1e-13;
                    let falls = pair[0] - pair[1] > 1e-13;
                    let (before, after) = (middle < peak - step, middle > peak + step);
                    let wrong = (rises && after) || (falls && before);
                    assert!(!wrong, "{} {parameters:?} at {middle}, peak {peak}", family.name);
                }
            }
        }
    }
}
