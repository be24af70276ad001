//! Counter-based random numbers: the same (key, counter) gives the same number on any machine, in
//! any order.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011)
//! with the counter [block, chain, trajectory, purpose].

use sha2::{Digest, Sha256};

use super::{elementary, lane::Lane};

/// What a random number is for: the last word of the counter, so that no two uses share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Momenta: block b of a chain and trajectory holds those of dimensions 4b … 4b + 3.
    Momentum = 0,
    /// Accepting or rejecting a trajectory.
    Accept = 1,
    /// Jitter of a trajectory's length.
    Jitter = 2,
    /// Starting points.
    Start = 3,
    /// Prior draws.
    Prior = 4,
    /// Simulated data.
    Simulate = 5,
    /// Checks that take a sample.
    Check = 6,
    /// Noise of the posterior predictive.
    Predictive = 7,
    /// The same, where the number of words needed is not known.
    PredictiveStream = 8,
    /// By how much a plan of spends is missed.
    Execution = 9,
}

/// The key of a model's random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u32; 2]);

impl Key {
    /// The key of the model named `model` in a run with the given seed: the first eight bytes of
    /// SHA-256(seed as eight little-endian bytes, then the name), as two little-endian words.
    ///
    /// A model's numbers depend on its name, never on its place in a batch.
    pub fn new(seed: u64, model: &str) -> Self {
        let hash = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(model).finalize();
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| hash[at + i]));
        Self([word(0), word(4)])
    }

    /// The key of a part of what this one is of, by its name.
    pub fn child(self, name: &str) -> Self {
        let [a, b] = self.0;
        Self::new(u64::from(a) << 32 | u64::from(b), name)
    }

    /// Stream `i` of a purpose's random numbers, for distributions of any kind on the host; `i` is
    /// the second word of the counter.
    pub fn stream(self, purpose: Purpose, i: u32) -> rand_philox::Philox {
        self.substream(purpose, i, 0)
    }

    /// As [`Key::stream`], by two numbers; `j` is the third word of the counter.
    pub fn substream(self, purpose: Purpose, i: u32, j: u32) -> rand_philox::Philox {
        let counter = (purpose as u128) << 96 | u128::from(j) << 64 | u128::from(i) << 32;
        rand_philox::Philox::new(self.0, counter)
    }
}

/// Four random words: Philox4x32 with ten rounds.
#[inline(always)]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let first = u64::from(c0) * 0xd251_1f53;
        let second = u64::from(c2) * 0xcd9e_8d57;
        (c0, c1, c2, c3) = (
            (second >> 32) as u32 ^ c1 ^ k0,
            second as u32,
            (first >> 32) as u32 ^ c3 ^ k1,
            first as u32,
        );
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    [c0, c1, c2, c3]
}

/// A number in the open interval (0, 1): the middle of one of 2²³ cells, exact in single precision.
#[inline(always)]
pub fn uniform(word: u32) -> f32 {
    // by the signed conversion, which every instruction set has
    ((word >> 9) as i32 as f32 + 0.5) * (1.0 / 8_388_608.0)
}

/// Four standard normal numbers from four random words (Box and Muller, 1958).
///
/// Never uses fused multiply-add: the bits are the same on every CPU.
#[inline(always)]
pub fn normals(words: [u32; 4]) -> [f32; 4] {
    let [a, b] = normal_pair(words[0], words[1]);
    let [c, d] = normal_pair(words[2], words[3]);
    [a, b, c, d]
}

#[inline(always)]
fn normal_pair(radius: u32, angle: u32) -> [f32; 2] {
    let r = (-2.0 * elementary::ln::<false>(uniform(radius))).sqrt();
    let (sin, cos) = elementary::sin_cos_turns(uniform(angle));
    [r * cos, r * sin]
}

/// [`normals`] of consecutive chains, one per lane, the first of them `chain`.
#[inline(always)]
pub fn lane_normals<L: Lane>(
    key: Key,
    block: u32,
    chain: u32,
    trajectory: u32,
    purpose: Purpose,
) -> [L; 4] {
    const { assert!(L::LEN <= 16) };
    let mut numbers = [[L::Scalar::default(); 16]; 4];
    for lane in 0..L::LEN {
        let counter = [block, chain.wrapping_add(lane as u32), trajectory, purpose as u32];
        let four = normals(philox4x32(counter, key.0));
        for (row, x) in numbers.iter_mut().zip(four) {
            row[lane] = x.into();
        }
    }
    [L::load(&numbers[0]), L::load(&numbers[1]), L::load(&numbers[2]), L::load(&numbers[3])]
}

#[cfg(test)]
mod tests {
    use super::super::{F32, F64};
    use super::*;

    #[test]
    fn known_answers() {
        // kat_vectors of Random123 1.14
        for (counter, key, words) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([!0; 4], [!0; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox4x32(counter, key), words);
        }
    }

    #[test]
    fn agrees_with_another_implementation() {
        for i in 0..1000u32 {
            let counter = [i, i.wrapping_mul(0x9e37_79b9), !i, 7];
            let key = [i << 7, i.reverse_bits()];
            assert_eq!(philox4x32(counter, key), rand_philox::philox4x32_10(counter, key));
        }
    }

    #[test]
    fn keys_depend_on_seed_and_name() {
        // hashlib.sha256(seed.to_bytes(8, "little") + name.encode()).hexdigest()[:16]:
        // 742f23a856037a1b and a10c91e8ba694d67
        assert_eq!(Key::new(0, "model"), Key([0xa823_2f74, 0x1b7a_0356]));
        assert_eq!(Key::new(42, "brandA/north"), Key([0xe891_0ca1, 0x674d_69ba]));
    }

    #[test]
    fn uniform_stays_inside() {
        assert_eq!(uniform(0), 2f32.powi(-24));
        assert_eq!(uniform(u32::MAX), 1.0 - 2f32.powi(-24));
    }

    #[test]
    fn normals_are_those_of_box_and_muller() {
        let words = philox4x32([1, 2, 3, 4], [5, 6]);
        let got = normals(words);
        let u = words.map(|w| (f64::from(w >> 9) + 0.5) / 8_388_608.0);
        for pair in 0..2 {
            let (sin, cos) = (std::f64::consts::TAU * u[2 * pair + 1]).sin_cos();
            let r = (-2.0 * u[2 * pair].ln()).sqrt();
            assert!((f64::from(got[2 * pair]) - r * cos).abs() < 1e-6);
            assert!((f64::from(got[2 * pair + 1]) - r * sin).abs() < 1e-6);
        }
    }

    #[test]
    fn normals_have_the_moments_of_the_normal_distribution() {
        let key = Key::new(1, "moments");
        let n = 200_000;
        let mut sums = [0f64; 4];
        let mut cross = 0.0;
        for i in 0..n {
            let z = normals(philox4x32([i, 0, 0, 0], key.0)).map(f64::from);
            cross += z[0] * z[1] + z[2] * z[3] + z[0] * z[2] + z[1] * z[3];
            for x in z {
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum += x.powi(k as i32 + 1);
                }
            }
        }
        let count = f64::from(4 * n);
        // five standard errors: the variances of x, x^2, x^3, x^4 are 1, 2, 15, 96
        for (sum, (mean, variance)) in sums.iter().zip([(0., 1.), (1., 2.), (0., 15.), (3., 96.)]) {
            assert!((sum / count - mean).abs() < 5.0 * f64::sqrt(variance / count));
        }
        assert!((cross / count).abs() < 5.0 / count.sqrt());
    }

    #[test]
    fn lanes_hold_the_numbers_of_their_chains() {
        let key = Key::new(3, "lanes");
        let single = lane_normals::<F32<true>>(key, 5, 32, 7, Purpose::Momentum);
        let double = lane_normals::<F64<false>>(key, 5, 40, 7, Purpose::Momentum);
        for chain in 0..16u32 {
            let want = normals(philox4x32([5, 32 + chain, 7, 0], key.0));
            for (k, want) in want.into_iter().enumerate() {
                assert_eq!(single[k].get(chain as usize), f64::from(want));
                if chain >= 8 {
                    assert_eq!(double[k].get(chain as usize - 8), f64::from(want));
                }
            }
        }
    }
}
