//! What a model says before it has seen the data.

use crate::math::{Key, Purpose};
use crate::model::{self, Model};

/// The stream of the draws; the search for a start has the one before.
const STREAM: u32 = 1;

/// Draws of the prior on the parameters' natural scale, draws × values: what
/// [`analyse`](super::analyse) takes in place of a posterior's.
pub fn prior_draws(model: &(impl AsRef<[Model]> + ?Sized), key: Key, draws: usize) -> Vec<f64> {
    let mut rng = key.stream(Purpose::Prior, STREAM);
    (0..draws).flat_map(|_| model::draw(model, &mut rng)).collect()
}
