//! Everything that tests the crate from outside, in one binary.

mod common;

mod cli;
mod engines;
mod logdensity;
mod posterior;
mod shaders;
mod tidy;
