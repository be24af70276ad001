//! Sorting by the bits of numbers: a few passes over them, and no comparison to guess wrong.

/// Below this many items a pass costs more than comparisons do.
const FEW: usize = 64;
/// The fewest and the most bits sorted by in one pass: about as many places as there are items, as
/// long as the places stay near.
const DIGIT: (u32, u32) = (8, 12);

/// The bits of a number, in the order of [`f64::total_cmp`].
pub(crate) fn bits(x: f64) -> u64 {
    let bits = x.to_bits();
    bits ^ (((bits as i64) >> 63) as u64 | 1 << 63)
}

/// Sorts by a key: radix sort, the least significant digit first. Draws are of single precision, so
/// that half of the bits of their double-precision keys are equal and cost nothing.
pub(crate) fn sort_by_bits<T: Copy>(items: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    if items.len() < FEW {
        items.sort_by_key(key);
        return;
    }
    let first = key(&items[0]);
    let varying = items.iter().fold(0, |varying, item| varying | (key(item) ^ first));
    let width = items.len().ilog2().clamp(DIGIT.0, DIGIT.1);
    let mut places = vec![0u32; 1 << width];
    let mut aside = items.clone();
    let mut shift = varying.trailing_zeros();
    while shift < u64::BITS && varying >> shift != 0 {
        let digit = |item: &T| (key(item) >> shift) as usize & ((1 << width) - 1);
        places.fill(0);
        items.iter().for_each(|item| places[digit(item)] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for item in &*items {
            let place = &mut places[digit(item)];
            aside[*place as usize] = *item;
            *place += 1;
        }
        std::mem::swap(items, &mut aside);
        shift += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::philox4x32;

    #[test]
    fn the_order_is_that_of_total_cmp() {
        let special = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e-310];
        for n in [0, 1, FEW as u32 - 1, FEW as u32, 3000] {
            for single in [true, false] {
                let number = |i: u32| {
                    let [a, b, ..] = philox4x32([i, 0, 0, 0], [3, n]);
                    let x = f64::from_bits(u64::from(a) << 32 | u64::from(b));
                    if single { f64::from(x as f32) } else { x }
                };
                let numbers = special.into_iter().chain((0..n).map(number));
                let mut found: Vec<(f64, u32)> = numbers.zip(0..).collect();
                let mut expected = found.clone();
                expected.sort_by(|a, b| a.0.total_cmp(&b.0));
                sort_by_bits(&mut found, |item| bits(item.0));
                let exact = |sorted: &[(f64, u32)]| -> Vec<_> {
                    sorted.iter().map(|(x, place)| (x.to_bits(), *place)).collect()
                };
                assert_eq!(exact(&found), exact(&expected), "{n}");
            }
        }
        let mut same = vec![1.5; 100];
        sort_by_bits(&mut same, |&x| bits(x));
        assert_eq!(same, [1.5; 100]);
    }
}
