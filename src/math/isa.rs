//! Which instruction set the lanes run on, found out at run time.

use super::{F32, F64, Lane, Real};

/// An instruction set, the better ones later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Isa {
    /// What every processor of the target has.
    Baseline,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (F, DQ, BW, VL).
    Avx512,
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

    /// All of this processor, the best one last.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::detect();
        [Isa::Baseline, Isa::Avx2, Isa::Avx512].into_iter().filter(move |isa| *isa <= best)
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

/// Numbers that come in lanes.
pub trait Lanes: Real {
    /// Without fused multiply-add.
    type Plain: Lane<Scalar = Self>;
    /// With it.
    type Fused: Lane<Scalar = Self>;
}

impl Lanes for f32 {
    type Plain = F32<false>;
    type Fused = F32<true>;
}

impl Lanes for f64 {
    type Plain = F64<false>;
    type Fused = F64<true>;
}

/// Work on lanes. `run` has to be `#[inline(always)]`, with everything below it, so that it is
/// compiled once for each instruction set.
pub trait Task {
    /// The element of the lanes.
    type Scalar: Lanes;
    /// What it makes.
    type Output;
    /// Does it.
    fn run<L: Lane<Scalar = Self::Scalar>>(self) -> Self::Output;
}

/// A part of a task that is compiled once for each instruction set, not at every place of use: what
/// is long and rarely needed. `run` has to be `#[inline(always)]`, with everything below it.
pub trait Part {
    /// What it makes.
    type Output;
    /// Does it.
    fn run(self) -> Self::Output;
}

/// Runs a part as a call; lanes that fuse multiply-adds run where the processor does.
#[inline(always)]
pub(super) fn call<P: Part, const FUSED: bool>(part: P) -> P::Output {
    if !FUSED {
        return plain_part(part);
    }
    match Isa::detect() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the features, as just found out.
        Isa::Avx512 => unsafe { avx512_part(part) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2_part(part) },
        isa => unreachable!("fused lanes on the {} instruction set", isa.name()),
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512_part<P: Part>(part: P) -> P::Output {
    part.run()
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn avx2_part<P: Part>(part: P) -> P::Output {
    part.run()
}

#[inline(never)]
fn plain_part<P: Part>(part: P) -> P::Output {
    part.run()
}

/// Runs a task on an instruction set of this processor.
pub fn dispatch<T: Task>(isa: Isa, task: T) -> T::Output {
    assert!(isa <= Isa::detect(), "the processor has no {}", isa.name());
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the features, asserted above.
        Isa::Avx512 => unsafe { avx512(task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2(task) },
        _ => task.run::<<T::Scalar as Lanes>::Plain>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512<T: Task>(task: T) -> T::Output {
    task.run::<<T::Scalar as Lanes>::Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run::<<T::Scalar as Lanes>::Fused>()
}
