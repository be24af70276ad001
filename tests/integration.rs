//! Everything that tests the crate from outside, in one binary.

mod common;

mod logdensity;
mod posterior;
