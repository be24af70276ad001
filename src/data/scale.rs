//! Scales of target, channels and controls, learned on the training rows.

use std::collections::BTreeMap;

use super::Panel;
use crate::config::{ControlScale, ModelFile, ScaleMethod, Spanned};

/// An affine scale: `scaled = (x - shift) / factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Subtracted first, in original units.
    pub shift: f64,
    /// Divided by then, in original units; 0 says that the training rows had nothing to scale by.
    pub factor: f64,
}

impl Scale {
    /// The scale that changes nothing.
    pub const NONE: Scale = Scale { shift: 0.0, factor: 1.0 };

    /// Scale of the target or of a channel from its training rows (at least one).
    pub fn learn(method: ScaleMethod, train: &[f64]) -> Scale {
        match method {
            ScaleMethod::Max => Scale { shift: 0.0, factor: range(train).1 },
            ScaleMethod::Mean => Scale { shift: 0.0, factor: mean(train) },
            ScaleMethod::MinMax => min_max(train),
        }
    }

    /// Scale of a control from its training rows (at least one). `standard` divides by the
    /// population's standard deviation (divisor n).
    pub fn learn_control(method: ControlScale, train: &[f64]) -> Scale {
        match method {
            ControlScale::None => Scale::NONE,
            ControlScale::Standard => standard(train),
            ControlScale::MinMax => min_max(train),
        }
    }

    /// From original units to the model's; 0 where the factor is 0.
    pub fn scale(self, x: f64) -> f64 {
        if self.factor == 0.0 { 0.0 } else { (x - self.shift) / self.factor }
    }

    /// From the model's units to the original ones.
    pub fn unscale(self, x: f64) -> f64 {
        x * self.factor + self.shift
    }
}

/// Learns the scales of target and channels on the training rows of a model's series: one for all of
/// them, or for those that differ in the dims alone that the model file pools.
pub fn learn_scales(file: &ModelFile, series: &mut [Panel]) {
    let scaling = &file.scaling;
    for group in groups(file, &scaling.target_over, series) {
        let scale = learn(scaling.target, series, &group, |panel| panel.target.clone());
        group.iter().for_each(|&i| series[i].target_scale = scale);
    }
    let channels = series.first().map_or(0, |panel| panel.channels.len());
    for group in groups(file, &scaling.channel_over, series) {
        for c in 0..channels {
            let spend = |panel: &Panel| panel.spend.column(c).to_vec();
            let scale = learn(scaling.channel, series, &group, spend);
            group.iter().for_each(|&i| series[i].channel_scale[c] = scale);
        }
    }
}

/// The scale that some series share.
fn learn(
    method: ScaleMethod,
    series: &[Panel],
    group: &[usize],
    of: impl Fn(&Panel) -> Vec<f64>,
) -> Scale {
    let train = |&i: &usize| of(&series[i]).into_iter().take(series[i].n_train);
    Scale::learn(method, &group.iter().flat_map(train).collect::<Vec<_>>())
}

/// The series that share a scale: those of equal labels along the dims that are not pooled.
fn groups(
    file: &ModelFile,
    over: &Option<Vec<Spanned<String>>>,
    series: &[Panel],
) -> Vec<Vec<usize>> {
    let pooled = |dim: &str| over.as_ref().is_none_or(|over| over.iter().any(|o| o.value == dim));
    let mut groups: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (i, panel) in series.iter().enumerate() {
        let own = file.data.dims.iter().zip(&panel.labels).filter(|(dim, _)| !pooled(dim));
        groups.entry(own.map(|(_, label)| label.as_str()).collect()).or_default().push(i);
    }
    groups.into_values().collect()
}

fn min_max(train: &[f64]) -> Scale {
    let (min, max) = range(train);
    Scale { shift: min, factor: max - min }
}

fn standard(train: &[f64]) -> Scale {
    let (min, max) = range(train);
    if min == max {
        // the rounded mean of a constant may differ from it, and its deviation then from 0
        return Scale { shift: min, factor: 0.0 };
    }
    let shift = mean(train);
    let variance = train.iter().map(|x| (x - shift).powi(2)).sum::<f64>() / train.len() as f64;
    Scale { shift, factor: variance.sqrt() }
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The least and the greatest value.
pub(super) fn range(x: &[f64]) -> (f64, f64) {
    x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIN: [f64; 4] = [2.0, 4.0, 4.0, 10.0];

    #[test]
    fn methods() {
        let learn = |method| Scale::learn(method, &TRAIN);
        assert_eq!(learn(ScaleMethod::Max), Scale { shift: 0.0, factor: 10.0 });
        assert_eq!(learn(ScaleMethod::Mean), Scale { shift: 0.0, factor: 5.0 });
        assert_eq!(learn(ScaleMethod::MinMax), Scale { shift: 2.0, factor: 8.0 });
        let control = |method| Scale::learn_control(method, &TRAIN);
        assert_eq!(control(ControlScale::None), Scale::NONE);
        assert_eq!(control(ControlScale::MinMax), Scale { shift: 2.0, factor: 8.0 });
        // deviations -3, -1, -1, 5: variance 36 / 4
        assert_eq!(control(ControlScale::Standard), Scale { shift: 5.0, factor: 3.0 });
    }

    #[test]
    fn zero_over_zero_is_zero() {
        for method in [ScaleMethod::Max, ScaleMethod::Mean, ScaleMethod::MinMax] {
            let scale = Scale::learn(method, &[0.0; 3]);
            assert_eq!((scale.scale(0.0), scale.scale(3.0)), (0.0, 0.0));
        }
        for method in [ControlScale::Standard, ControlScale::MinMax] {
            // ten times 0.1 sums to less than 1
            let scale = Scale::learn_control(method, &[0.1; 10]);
            assert_eq!((scale.scale(0.1), scale.scale(5.0)), (0.0, 0.0));
        }
    }

    #[test]
    fn unscale_inverts_scale() {
        let scale = Scale { shift: 3.0, factor: 7.0 };
        assert_eq!(scale.scale(17.0), 2.0);
        assert_eq!(scale.unscale(2.0), 17.0);
    }
}
