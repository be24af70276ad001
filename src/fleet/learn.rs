//! What draws say of pooled elements: the information and the score of the data about every effect of a
//! group and about their common level, for the coordinates of [`crate::model::pooled`].
//!
//! The slope of the log likelihood in the effects θ of a group is taken to be g ≈ s' − A θ, by least
//! squares over the draws, weighted by tau² so that small tau, where draws say little, count little.
//! For draws of the posterior gradients are not needed: Stein's identity, E[w ∂ log p/∂θ_i h(θ)] =
//! −E[w ∂h/∂θ_i], turns their moments into those of the draws and of the slopes of the prior. The diagonal of A is the information about
//! an effect when the others of its group are known; the sum of a row that about the level of all. Of what
//! else goes with the effects the metric takes care.

use crate::model::pooled::{Effect, Known};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

/// Fewest draws for each effect of a group, with slopes and without, that tell what goes with what.
const DRAWS_EACH: [usize; 2] = [2, 5];
/// A standard deviation over the mean that is rounding only.
const STILL: f64 = 1e-6;

/// What the draws of the effects of one group (effect, draw), of equal mu and tau, say of each: draws of
/// the posterior, or any with the slopes of the log likelihood in the effects. None where they are too few.
pub(super) fn learn(group: &[Vec<Effect>], slopes: Option<&[Vec<f64>]>) -> Option<Vec<Known<f32>>> {
    let (size, draws) = (group.len(), group[0].len());
    if draws < DRAWS_EACH[usize::from(slopes.is_none())] * size {
        return None;
    }
    let weight = |effect: &Effect| effect.tau * effect.tau;
    let total: f64 = group[0].iter().map(weight).sum();
    let mean = |effects: &[Effect], of: &dyn Fn(&Effect) -> f64| {
        effects.iter().map(|effect| weight(effect) * of(effect)).sum::<f64>() / total
    };
    let means: Vec<f64> =
        group.iter().map(|effects| mean(effects, &|effect| effect.theta)).collect();
    let center = mean(&group[0], &|effect| effect.mu);
    // tau² times the slope, up to what integrates to nothing.
    let pull = |i: usize, draw: usize| {
        let effect = &group[i][draw];
        slopes.map_or(effect.pull, |slopes| weight(effect) * slopes[i][draw])
    };
    let sum = |j: usize, of: &dyn Fn(usize) -> f64| -> f64 {
        (0..draws).map(|draw| of(draw) * (group[j][draw].theta - means[j])).sum()
    };
    // A C = D
    let c = Mat::from_fn(size, size, |i, j| {
        let (i, j) = (i.max(j), i.min(j));
        sum(j, &|draw| weight(&group[i][draw]) * (group[i][draw].theta - means[i]))
    });
    let d = Mat::from_fn(size, size, |j, i| {
        let own = if i == j && slopes.is_none() { total } else { 0.0 };
        own - sum(j, &|draw| pull(i, draw))
    });
    // Draws in single precision that do not move say nothing.
    let moves = |i: usize| c[(i, i)] > STILL * STILL * total * means[i] * means[i];
    if !(0..size).all(moves) {
        return None;
    }
    // Its columns are the rows of A.
    let rows = c.llt(Side::Lower).ok()?.solve(&d);
    let known = |i: usize| {
        let information = rows[(i, i)].max(0.0);
        let coupling = (0..size).map(|j| rows[(j, i)]).sum::<f64>().clamp(0.0, information);
        let slope = (0..draws).map(|draw| pull(i, draw)).sum::<f64>() / total;
        let score = information * (means[i] - center) + slope;
        let known = [information, score, coupling, center].map(|x| x as f32);
        known.iter().all(|x| x.is_finite()).then_some(known)
    };
    (0..size).map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Key, normals, philox4x32};

    /// Draws of three effects, given what the data say of them, with mu and tau that vary.
    fn draws(known: [[f64; 2]; 3], n: u32) -> Vec<Vec<Effect>> {
        let key = Key::new(5, "effects").0;
        let normal = |draw, block| normals(philox4x32([block, 0, draw, 0], key)).map(f64::from);
        let effect = |known: [f64; 2], i: usize, draw: u32| {
            let [a, b, ..] = normal(draw, 0);
            let (mu, tau) = (0.3 + 0.1 * a, 0.4 * (0.5 * b).exp());
            let precision = known[0] + 1.0 / (tau * tau);
            let center = (known[1] + mu / (tau * tau)) / precision;
            let theta = center + normal(draw, 1)[i] / precision.sqrt();
            Effect { theta, mu, tau, pull: theta - mu }
        };
        let of = |(i, known)| (0..n).map(|draw| effect(known, i, draw)).collect();
        known.into_iter().enumerate().map(of).collect()
    }

    #[test]
    fn what_the_data_say_is_found() {
        // Data that say nothing, as much as the prior, and nearly all.
        let truth = [[0.0, 0.0], [6.0, 3.0], [400.0, -80.0]];
        // Slopes tell exactly. Without them 90 % of estimates from 400 draws are within 0.2, from 25
        // draws they are off by several times what they should be.
        for (n, tolerance) in [(40_000, 0.03), (400, 0.4)] {
            let group = draws(truth, n);
            let slope = |(effects, truth): (&Vec<Effect>, [f64; 2])| {
                effects.iter().map(|effect| truth[1] - truth[0] * effect.theta).collect()
            };
            let slopes: Vec<Vec<f64>> = group.iter().zip(truth).map(slope).collect();
            for (slopes, tolerance) in [(None, tolerance), (Some(&slopes[..]), 1e-6)] {
                for (found, truth) in learn(&group, slopes).unwrap().iter().zip(truth) {
                    let [information, score, coupling, center] = found.map(f64::from);
                    // In units of what the prior says. What goes with an effect that hardly moves is
                    // known less well.
                    let off = [
                        information - truth[0],
                        0.2 * (coupling - truth[0]),
                        score + information * center - truth[1],
                    ];
                    let most = tolerance * (truth[0] + 6.0);
                    assert!(off.iter().all(|off| off.abs() < most), "{n}: {found:?} {truth:?}");
                    assert!((center - 0.3).abs() < 0.1);
                }
            }
        }
    }

    #[test]
    fn a_level_that_data_do_not_know_is_not_coupled() {
        // What effects are besides their mean costs 90 each.
        let group = draws([[6.0, 3.0]; 3], 200);
        let mean = |draw: usize| group.iter().map(|effects| effects[draw].theta).sum::<f64>() / 3.0;
        let slope = |effects: &Vec<Effect>| {
            (0..200).map(|draw| -90.0 * (effects[draw].theta - mean(draw))).collect()
        };
        let slopes: Vec<Vec<f64>> = group.iter().map(slope).collect();
        for [information, _, coupling, _] in learn(&group, Some(&slopes)).unwrap() {
            assert!(
                (information - 60.0).abs() < 1e-3 && coupling < 1e-3,
                "{information} {coupling}"
            );
        }
    }

    #[test]
    fn draws_that_say_nothing_are_not_learned_from() {
        let still = vec![Effect { theta: 0.3, mu: 0.3, tau: 0.2, pull: 0.0 }; 8];
        let broken = vec![Effect { theta: f64::NAN, mu: 0.3, tau: 0.2, pull: 0.0 }; 8];
        let few = draws([[6.0, 3.0]; 3], 14);
        assert!([vec![still], vec![broken], few].iter().all(|group| learn(group, None).is_none()));
    }
}
