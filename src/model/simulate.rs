//! Simulation: draws from the prior, and the mean that given parameters have, as plain formulas.

use super::effect::{Effects, Part};
use super::saturation::{MAX_PARAMETERS, Saturation};
use super::{Carryover, Channel, Model};
use crate::math::{Lane, Wide};

/// One plain number in place of a batch of chains.
type Plain = Wide<f64, 1, false>;

/// The mean mu of the scaled target on the training rows, for the value of every element.
pub fn mean(model: &Model, values: &[f64]) -> Vec<f64> {
    mean_on(model, values, model.series.n_train)
}

/// As [`mean`], on the first `rows` dates; later dates have no influence.
pub fn mean_on(model: &Model, values: &[f64], rows: usize) -> Vec<f64> {
    let mut mu = vec![0.0; rows];
    for column in &model.series.columns {
        for (mu, x) in mu.iter_mut().zip(&column.values) {
            *mu += values[column.element] * x;
        }
    }
    let effects = effects(model, values);
    for part in Part::ALL {
        for (mu, x) in mu.iter_mut().zip(effects.part(part)) {
            *mu += x.get(0);
        }
    }
    for media in media(model, values, rows) {
        for (mu, x) in mu.iter_mut().zip(media) {
            *mu += x;
        }
    }
    mu
}

/// The effects that are not linear, on all dates.
fn effects(model: &Model, values: &[f64]) -> Effects<Plain> {
    let values: Vec<Plain> = values.iter().map(|&x| Plain::splat(x)).collect();
    let (series, curved) = (&model.series, &model.structure.curved);
    Effects::new(curved, &series.curved, series.n_train, &values)
}

/// What each channel contributes to the scaled target on the first `rows` dates,
/// `[channel][date]`; later dates have no influence.
pub fn media(model: &Model, values: &[f64], rows: usize) -> Vec<Vec<f64>> {
    let structure = &model.structure;
    let factors = effects(model, values).media;
    let contribution = |(channel, spend): (&Channel, &Vec<f64>)| {
        let mut x = spend[..rows].to_vec();
        let parameters = pick(values, &channel.saturation.slots);
        let saturate = |x: &mut Vec<f64>| {
            x.iter_mut().for_each(|x| *x = saturated(channel.saturation.family, *x, &parameters));
        };
        if !structure.adstock_first {
            saturate(&mut x);
        }
        x = adstocked(&x, &channel.adstock, values);
        if structure.adstock_first {
            saturate(&mut x);
        }
        x.iter_mut().zip(&factors).for_each(|(x, factor)| *x *= factor.get(0));
        x
    };
    structure.channels.iter().zip(&model.series.spend).map(contribution).collect()
}

fn pick(values: &[f64], elements: &[usize]) -> Vec<Plain> {
    elements.iter().map(|&element| Plain::splat(values[element])).collect()
}

/// The adstock's weights, divided by their sum if the model says so.
fn weights(adstock: &Carryover, values: &[f64]) -> Vec<f64> {
    let parameters = pick(values, &adstock.slots);
    let mut w = vec![Plain::zero(); adstock.n_weights];
    let mut derivatives = vec![Plain::zero(); adstock.n_weights * parameters.len()];
    adstock.family.weights(&parameters, &mut w, &mut derivatives);
    let w: Vec<f64> = w.iter().map(|w| w.get(0)).collect();
    let sum = if adstock.normalize { w.iter().sum() } else { 1.0 };
    w.iter().map(|w| w / sum).collect()
}

/// Σ_j w_j x[t + shift − j], with zeros outside the sample; or the recursion.
fn adstocked(x: &[f64], adstock: &Carryover, values: &[f64]) -> Vec<f64> {
    if adstock.is_recursion() {
        let alpha = values[adstock.slots[0]];
        let sum = if adstock.normalize { 1.0 / (1.0 - alpha) } else { 1.0 };
        let mut carried = 0.0;
        let mut next = |x: &f64| {
            carried = x + alpha * carried;
            carried / sum
        };
        return x.iter().map(&mut next).collect();
    }
    let (weights, shift) = (weights(adstock, values), adstock.shift);
    let at = |t: usize, j: usize| (t + shift).checked_sub(j).and_then(|i| x.get(i)).unwrap_or(&0.0);
    (0..x.len()).map(|t| weights.iter().enumerate().map(|(j, w)| w * at(t, j)).sum()).collect()
}

fn saturated(family: Saturation, x: f64, parameters: &[Plain]) -> f64 {
    let mut p = [Plain::zero(); MAX_PARAMETERS];
    p[..parameters.len()].copy_from_slice(parameters);
    family.response(Plain::splat(x), &p).value.get(0)
}

#[cfg(test)]
mod tests {
    use rand_philox::Philox;

    use super::super::adstock::{Adstock, Mode, shift};
    use super::super::effect::Column;
    use super::super::layout::{Arguments, Element};
    use super::super::likelihood::Likelihood;
    use super::super::prior::Distribution;
    use super::super::{Coords, Curve, Layout, Series, Structure};
    use super::*;

    /// Three lags, one channel, an intercept and a control; five training rows of six.
    fn model(adstock_first: bool, normalize: bool, mode: Mode) -> Model {
        let adstock = Carryover {
            family: Adstock::Geometric,
            n_weights: 3,
            normalize,
            shift: shift(mode, 3),
            slots: vec![1],
        };
        let saturation = Curve { family: Saturation::Logistic, slots: vec![2, 3] };
        let structure = Structure {
            adstock_first,
            channels: vec![Channel { adstock, saturation }],
            likelihood: Likelihood::Normal,
            likelihood_slots: vec![5],
            dim: 6,
            n_values: 6,
            hierarchical: false,
            lifts: vec![],
            costs: vec![],
            roas: vec![],
            joint: false,
            curved: Default::default(),
        };
        let series = Series {
            n_train: 5,
            target: vec![0.0; 6],
            spend: vec![vec![1.0, 0.0, 0.5, 0.2, 0.0, 0.9]],
            curved: Default::default(),
            columns: vec![
                Column { element: 0, part: Part::Baseline, values: vec![1.0; 6] },
                Column {
                    element: 4,
                    part: Part::Control,
                    values: vec![1.0, 2.0, 0.0, -1.0, 1.0, 3.0],
                },
            ],
        };
        let coords = Coords::default();
        let layout = Layout::default().into();
        Model {
            key: "model".into(),
            labels: vec![],
            structure,
            layout,
            coords,
            lower: 0.0,
            series,
            lifts: vec![],
            costs: vec![],
            roas: vec![],
        }
    }

    const VALUES: [f64; 6] = [0.3, 0.4, 2.5, 0.6, -0.1, 0.05];
    const MEANS: [[f64; 5]; 3] = [
        [
            0.598_851_738_565_946,
            0.285_982_325_617_556,
            0.590_699_154_451_237_7,
            0.585_982_325_617_556,
            0.276_504_379_360_374_03,
        ],
        [
            0.330_505_175_378_078_9,
            0.365_509_655_670_224_75,
            0.479_522_519_747_485_4,
            0.471_809_007_898_994_16,
            0.215_071_917_686_382_1,
        ],
        [
            0.606_669_260_508_097_7,
            0.377_270_294_356_005_84,
            0.418_425_192_134_942_45,
            0.423_987_208_186_698_16,
            0.2,
        ],
    ];

    #[test]
    fn the_mean_is_that_of_the_formulas() {
        // numpy: weights 0.4^j, logistic saturation, sums written out
        for (adstock_first, normalize, mode, expected) in [
            (true, true, Mode::After, MEANS[0]),
            (false, true, Mode::Overlap, MEANS[1]),
            (true, false, Mode::Before, MEANS[2]),
        ] {
            let model = model(adstock_first, normalize, mode);
            let mean = mean(&model, &VALUES);
            assert_eq!(mean.len(), 5);
            for (mean, expected) in mean.iter().zip(expected) {
                assert!((mean - expected).abs() < 1e-14, "{mode:?}: {mean} {expected}");
            }
        }
    }

    #[test]
    fn the_mean_of_a_recursion_is_that_of_the_formulas() {
        // scipy: lfilter([1], [1, -0.4], x), or [0.6] where it is normalised; the rest as above
        for (adstock_first, normalize, expected) in [
            (
                true,
                false,
                [
                    0.708_970_183_974_507_7,
                    0.377_270_294_356_005_84,
                    0.706_669_260_508_097_8,
                    0.713_599_257_811_492_5,
                    0.336_755_188_749_675_8,
                ],
            ),
            (
                false,
                true,
                [
                    0.505_382_110_384_704_6,
                    0.222_152_844_153_881_84,
                    0.548_517_037_707_330_3,
                    0.587_577_533_548_267_5,
                    0.275_031_013_419_306_97,
                ],
            ),
        ] {
            let mut model = model(adstock_first, normalize, Mode::After);
            let adstock = &mut model.structure.channels[0].adstock;
            (adstock.family, adstock.n_weights) = (Adstock::Recursion, 1);
            for (mean, expected) in mean(&model, &VALUES).iter().zip(expected) {
                assert!((mean - expected).abs() < 1e-14, "{adstock_first}: {mean} {expected}");
            }
        }
    }

    #[test]
    fn rows_beyond_the_training_set() {
        let model = model(true, true, Mode::After);
        let all = mean_on(&model, &VALUES, 6);
        assert_eq!(all[..5], mean(&model, &VALUES));
        let media = media(&model, &VALUES, 6);
        assert!((all[5] - (0.3 - 0.1 * 3.0 + media[0][5])).abs() < 1e-15);
    }

    #[test]
    fn draws_have_the_moments_of_the_priors() {
        use std::f64::consts::FRAC_2_PI;
        // distribution, arguments, mean, variance
        let priors = [
            (Distribution::Normal, vec![2.0, 0.5], 2.0, 0.25),
            (Distribution::Beta, vec![1.0, 3.0], 0.25, 3.0 / 80.0),
            (Distribution::Gamma, vec![3.0, 2.0], 1.5, 0.75),
            (Distribution::HalfNormal, vec![2.0], 2.0 * FRAC_2_PI.sqrt(), 4.0 - 4.0 * FRAC_2_PI),
            (Distribution::Laplace, vec![-1.0, 0.2], -1.0, 0.08),
        ];
        let element =
            |(distribution, arguments, ..): &(Distribution, Vec<f64>, f64, f64)| Element {
                distribution: *distribution,
                arguments: Arguments::Fixed(arguments.clone()),
                data_dominated: false,
                derived: None,
                implied: false,
            };
        let elements: Vec<Element> = priors.iter().map(element).collect();
        let layout = Layout { parameters: vec![], elements };
        let mut rng = Philox::new([1, 2], 0);
        let n = 20_000;
        let draws: Vec<Vec<f64>> = (0..n).map(|_| layout.draw(&mut rng)).collect();
        for (k, (distribution, _, mean, variance)) in priors.iter().enumerate() {
            let average = draws.iter().map(|draw| draw[k]).sum::<f64>() / f64::from(n);
            let error = (variance / f64::from(n)).sqrt();
            assert!((average - mean).abs() < 5.0 * error, "{distribution:?}: {average}");
        }
    }
}
