//! Everything that tests the crate from outside, in one binary.

mod common;

mod calibration;
mod case_study;
mod cli;
mod engines;
mod families;
mod hierarchies;
mod logdensity;
mod optimizer;
mod pooled;
mod posterior;
mod shaders;
mod tidy;
