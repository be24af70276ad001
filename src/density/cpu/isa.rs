//! Which instruction set the lanes run on, found out at run time.

use crate::math::{F32, Lane};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 (F, DQ, BW, VL).
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// What every processor of the target has.
    Baseline,
}

impl Isa {
    /// The best one of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                let wide = has!("avx512f") && has!("avx512dq") && has!("avx512bw");
                return if wide && has!("avx512vl") { Isa::Avx512 } else { Isa::Avx2 };
            }
        }
        Isa::Baseline
    }

    /// Its name, for the run's manifest.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Avx512 => "AVX-512",
            Isa::Avx2 => "AVX2",
            Isa::Baseline => "baseline",
        }
    }
}

/// Work on single-precision lanes. `run` has to be `#[inline(always)]`, with everything below it,
/// so that it is compiled once for each instruction set.
pub trait Task {
    /// What it makes.
    type Output;
    /// Does it.
    fn run<L: Lane<Scalar = f32>>(self) -> Self::Output;
}

/// Runs a task on an instruction set.
pub fn dispatch<T: Task>(isa: Isa, task: T) -> T::Output {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: only `Isa::detect` makes these values, after it found the features.
        Isa::Avx512 => unsafe { avx512(task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2(task) },
        _ => task.run::<F32<false>>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512<T: Task>(task: T) -> T::Output {
    task.run::<F32<true>>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run::<F32<true>>()
}
