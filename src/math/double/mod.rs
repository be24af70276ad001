//! The functions in double precision: as those in single precision, one formula without branches.
//!
//! Integers are moved by bits alone, since AVX2 neither converts 64-bit integers nor shifts them
//! with their sign: a number that was added to 1.5 · 2⁵² has its integer part in its low bits.

pub(super) mod elementary;
pub(super) mod normal;
