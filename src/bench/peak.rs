//! The most floating-point operations that an engine's lanes can make in a second: a loop of
//! independent fused multiply-adds and nothing else, on all threads or invocations.

use super::Spread;
use super::spread::{fitting, seconds};
use crate::error::{Error, Result};
use crate::gpu::{Access, Command, Gpu, Program};
use crate::math::{F32, Isa, Lane, Task, dispatch};
use std::hint::black_box;
use std::time::Duration;

/// x ← A x + B, over and over, tends to B / (1 − A).
const A: f32 = 0.5;
const B: f32 = 1.0;
const LIMIT: f32 = 2.0;
/// Accumulators per thread: enough to hide the latency of the instruction, few enough for the
/// registers (a bundle of 16 lanes is one register of AVX-512, two of AVX2, four of 128 bits).
const MANY: usize = 12;
const FEW: usize = 6;
/// Rounds of a thread's loop, and of an invocation's, which some devices bound.
const ROUNDS: u32 = 1 << 16;
const INVOCATION_ROUNDS: u32 = 1 << 10;
/// What `shaders/bench/multiply_add.wgsl` does in a round: accumulators of four numbers, and how
/// often each.
const ACCUMULATORS: usize = 8;
const UNROLLED: usize = 4;
/// Invocations in a workgroup, and workgroups that fill any device there is.
const WORKGROUP: usize = 64;
const MOST_WORKGROUPS: usize = 1 << 14;

/// One thread's loop; the sum of the first lane of its accumulators.
struct Chain<const N: usize>;

impl<const N: usize> Task for Chain<N> {
    type Scalar = f32;
    type Output = f32;

    #[inline(always)]
    fn run<L: Lane<Scalar = f32>>(self) -> f32 {
        let (a, b) = (L::from_scalar(black_box(A)), L::from_scalar(black_box(B)));
        let mut x: [L; N] = std::array::from_fn(|i| L::splat(i as f64));
        for _ in 0..ROUNDS {
            for x in &mut x {
                *x = x.mul_add(a, b);
            }
        }
        x.iter().map(|x| x.get(0) as f32).sum()
    }
}

/// Floating-point operations per second of all threads of the CPU engine.
pub(super) fn cpu(time: Duration) -> Result<Spread> {
    let isa = Isa::detect();
    let (accumulators, chain): (usize, fn(Isa) -> f32) = match isa {
        Isa::Avx512 => (MANY, |isa| dispatch(isa, Chain::<MANY>)),
        _ => (FEW, |isa| dispatch(isa, Chain::<FEW>)),
    };
    let expected = accumulators as f32 * LIMIT;
    let run = |times: usize| {
        let right = rayon::broadcast(|_| (0..times).all(|_| chain(isa) == expected));
        if right.contains(&false) {
            return Err(Error::bug("multiply-adds of the processor are wrong"));
        }
        Ok(())
    };
    let times = fitting(time, || run(1))?;
    let lanes = <F32<true> as Lane>::LEN * accumulators * rayon::current_num_threads();
    let operations = 2.0 * lanes as f64 * f64::from(ROUNDS) * times as f64;
    Ok(seconds(time, || run(times))?.map(|seconds| operations / seconds))
}

/// Floating-point operations per second of a device.
pub(super) fn gpu(gpu: &Gpu, time: Duration) -> Result<Spread> {
    let text = include_str!("../../shaders/bench/multiply_add.wgsl");
    let program = Program::new().file("shaders/bench/multiply_add.wgsl", text);
    let constants = [("WORKGROUP", WORKGROUP as f64), ("ROUNDS", f64::from(INVOCATION_ROUNDS))];
    let access = [Access::Read, Access::ReadWrite];
    let kernel = gpu.kernel("multiply_add", &program, "multiply_add", &access, &constants)?;
    let numbers = gpu.buffer_from("numbers", &[[A; 4], [B; 4]])?;
    let sums = gpu.buffer::<[f32; 4]>("sums", MOST_WORKGROUPS * WORKGROUP)?;
    let run = |workgroups: usize, times: usize| {
        for _ in 0..times {
            let bindings = vec![numbers.all(), sums.all()];
            let workgroups = [workgroups as u32, 1, 1];
            gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups }])?;
        }
        gpu.wait()
    };
    // As many as fill the device: until they take a while, or more would only take their turn.
    let mut workgroups = 16;
    while workgroups < MOST_WORKGROUPS && fitting(time, || run(workgroups, 1))? > 4 {
        workgroups *= 4;
    }
    let times = fitting(time, || run(workgroups, 1))?;
    let spread = seconds(time, || run(workgroups, times))?;
    let right = |sum: &[f32; 4]| sum.iter().all(|&x| x == ACCUMULATORS as f32 * LIMIT);
    if !gpu.read(&sums, 0..workgroups * WORKGROUP)?.iter().all(right) {
        return Err(Error::device(format!("multiply-adds of {} are wrong", gpu.info())));
    }
    let numbers = 4 * ACCUMULATORS * UNROLLED * WORKGROUP * workgroups * times;
    let operations = 2.0 * numbers as f64 * f64::from(INVOCATION_ROUNDS);
    Ok(spread.map(|seconds| operations / seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::testing::software;

    #[test]
    fn loops_end_where_they_must() {
        // They check their own sums.
        assert!(cpu(Duration::from_millis(20)).unwrap().median > 0.0);
        let Some(device) = software() else { return };
        assert!(gpu(&device, Duration::from_millis(20)).unwrap().median > 0.0);
    }

    #[test]
    fn the_shader_does_what_is_counted() {
        let text = include_str!("../../shaders/bench/multiply_add.wgsl");
        assert_eq!(text.matches("x = fma(x, a, b);").count(), UNROLLED);
        assert_eq!(text.matches("= four_times(").count(), ACCUMULATORS);
    }
}
