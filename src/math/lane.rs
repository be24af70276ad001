//! Chains across SIMD lanes: the number type that densities are written in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::isa::{self, Part};
use super::real::Real;

/// A bundle of numbers, one per chain, on which arithmetic works lane by lane.
///
/// Code that is generic over `Lane` must be `#[inline(always)]` all the way up to the function that
/// carries `#[target_feature]`.
pub trait Lane:
    Copy
    + Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Send
    + Sync
    + 'static
{
    /// The number of lanes; one lane is one chain.
    const LEN: usize;

    /// The element: `f32` or `f64`.
    type Scalar: Real;

    /// The same number in every lane.
    fn splat(x: f64) -> Self;

    /// The same element in every lane.
    fn from_scalar(x: Self::Scalar) -> Self;

    /// The element of one lane.
    fn get(self, lane: usize) -> f64;

    /// Replaces the element of one lane.
    fn set(&mut self, lane: usize, x: f64);

    /// The first [`Lane::LEN`] elements of a slice, which must have that many.
    fn load(from: &[Self::Scalar]) -> Self;

    /// Writes to the first [`Lane::LEN`] elements of a slice, which must have that many.
    fn store(self, to: &mut [Self::Scalar]);

    /// The sum over the lanes.
    fn sum(self) -> f64;

    /// `self · a + b`, rounded once where the lane type is fused, never by a library call.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// |x|.
    fn abs(self) -> Self;

    /// √x.
    fn sqrt(self) -> Self;

    /// `a < b ? yes : no`, lane by lane; a NaN chooses `no`.
    fn select_lt(a: Self, b: Self, yes: Self, no: Self) -> Self;

    /// eˣ.
    fn exp(self) -> Self;

    /// eˣ − 1, without cancellation near 0.
    fn exp_m1(self) -> Self;

    /// ln x; −∞ at 0, NaN below.
    fn ln(self) -> Self;

    /// ln(1 + x), without cancellation near 0; −∞ at −1, NaN below.
    fn ln_1p(self) -> Self;

    /// tanh x, never outside [−1, 1].
    fn tanh(self) -> Self;

    /// ln Φ(x) and its derivative φ(x)/Φ(x), the inverse Mills ratio; no cancellation in either
    /// tail.
    fn log_ndtr(self) -> (Self, Self);

    /// h(z) = −Φ⁻¹(Φ(−z)/2), which maps N(0, 1) to HalfNormal(1); increasing and positive.
    fn half_normal_quantile(self) -> Self;

    /// Runs a part of a task on these lanes as a call.
    fn call<P: Part>(part: P) -> P::Output;

    /// 0 in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The larger of two; NaN where `self` is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select_lt(self, other, other, self)
    }

    /// The smaller of two; NaN where `self` is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select_lt(other, self, other, self)
    }

    /// h′(z) = φ(z) / 2φ(h) at z = `self`, where `h` is its [`Lane::half_normal_quantile`].
    #[inline(always)]
    fn half_normal_slope(self, h: Self) -> Self {
        let half = Self::splat(0.5);
        half * (half * (h - self) * (h + self)).exp()
    }
}

/// `N` numbers of type `R`, with (`FMA`) or without fused multiply-add.
///
/// `FMA = true` belongs inside functions compiled for an instruction set that has it; elsewhere it
/// is correct but slow.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Wide<R, const N: usize, const FMA: bool>([R; N]);

/// 16 chains in single precision: one AVX-512 register.
pub type F32<const FMA: bool> = Wide<f32, 16, FMA>;

/// 8 chains in double precision: one AVX-512 register; the oracle.
pub type F64<const FMA: bool> = Wide<f64, 8, FMA>;

/// Keeps the compiler from vectorising a loop around lane arithmetic, over data rows or parameters:
/// with AVX-512 it would otherwise do so with gathers, at a quarter of the speed.
#[inline(always)]
fn keep_lanes() {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: no instruction; it only is something that the loop vectoriser leaves alone.
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

/// Evaluates an expression in every lane. A plain loop, not a closure: closures are not always
/// inlined, and what is not inlined is compiled without the caller's instruction set.
macro_rules! lanes {
    ($($x:ident = $wide:expr),+ => $value:expr) => {{
        let mut out = [R::from_f64(0.0); N];
        for i in 0..N {
            $(let $x = $wide.0[i];)+
            out[i] = $value;
        }
        keep_lanes();
        Wide(out)
    }};
}

/// As `lanes!`, for an expression that gives a pair.
macro_rules! lane_pairs {
    ($x:ident = $wide:expr => $value:expr) => {{
        let (mut first, mut second) = ([R::from_f64(0.0); N], [R::from_f64(0.0); N]);
        for i in 0..N {
            let $x = $wide.0[i];
            (first[i], second[i]) = $value;
        }
        (Wide(first), Wide(second))
    }};
}

macro_rules! operators {
    ($($trait:ident $method:ident $assign_trait:ident $assign:ident $op:tt;)+) => {$(
        impl<R: Real, const N: usize, const FMA: bool> $trait for Wide<R, N, FMA> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                lanes!(a = self, b = other => a $op b)
            }
        }

        impl<R: Real, const N: usize, const FMA: bool> $assign_trait for Wide<R, N, FMA> {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )+};
}

operators! {
    Add add AddAssign add_assign +;
    Sub sub SubAssign sub_assign -;
    Mul mul MulAssign mul_assign *;
    Div div DivAssign div_assign /;
}

impl<R: Real, const N: usize, const FMA: bool> Neg for Wide<R, N, FMA> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        lanes!(x = self => -x)
    }
}

impl<R: Real, const N: usize, const FMA: bool> Lane for Wide<R, N, FMA> {
    const LEN: usize = N;
    type Scalar = R;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self([R::from_f64(x); N])
    }

    #[inline(always)]
    fn from_scalar(x: R) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    fn get(self, lane: usize) -> f64 {
        self.0[lane].into()
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, x: f64) {
        self.0[lane] = R::from_f64(x);
    }

    #[inline(always)]
    fn load(from: &[R]) -> Self {
        let mut lanes = [R::from_f64(0.0); N];
        lanes.copy_from_slice(&from[..N]);
        Self(lanes)
    }

    #[inline(always)]
    fn store(self, to: &mut [R]) {
        to[..N].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // Halves are added lane by lane.
        let mut halves = self.0;
        let mut n = N / 2;
        while n > 0 {
            for i in 0..n {
                halves[i] = halves[i] + halves[i + n];
            }
            n /= 2;
        }
        halves[0].into()
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        lanes!(x = self, a = a, b = b => x.fma::<FMA>(a, b))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        lanes!(x = self => x.abs())
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        lanes!(x = self => x.sqrt())
    }

    #[inline(always)]
    fn select_lt(a: Self, b: Self, yes: Self, no: Self) -> Self {
        lanes!(a = a, b = b, yes = yes, no = no => if a < b { yes } else { no })
    }

    #[inline(always)]
    fn exp(self) -> Self {
        lanes!(x = self => x.exp::<FMA>())
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        lanes!(x = self => x.exp_m1::<FMA>())
    }

    #[inline(always)]
    fn ln(self) -> Self {
        lanes!(x = self => x.ln::<FMA>())
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        lanes!(x = self => x.ln_1p::<FMA>())
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        lanes!(x = self => x.tanh::<FMA>())
    }

    #[inline(always)]
    fn log_ndtr(self) -> (Self, Self) {
        lane_pairs!(x = self => x.log_ndtr::<FMA>())
    }

    #[inline(always)]
    fn half_normal_quantile(self) -> Self {
        lanes!(x = self => x.half_normal_quantile::<FMA>())
    }

    #[inline(always)]
    fn call<P: Part>(part: P) -> P::Output {
        isa::call::<P, FMA>(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample<L: Lane>() -> L {
        let mut x = L::zero();
        for lane in 0..L::LEN {
            x.set(lane, lane as f64 - 3.5);
        }
        x
    }

    fn arithmetic<L: Lane>() {
        let (x, two) = (sample::<L>(), L::splat(2.0));
        let mut y = x;
        y += two;
        y *= two;
        y -= x;
        y /= two;
        let all =
            [x + two * x - x / two, -(L::splat(1.0) / x), x.mul_add(two, x), x.abs().sqrt(), y];
        let (larger, smaller) = (x.max(two), x.min(two));
        let n = L::LEN as f64;
        assert_eq!(x.sum(), n * (n - 1.0) / 2.0 - 3.5 * n);
        for lane in 0..L::LEN {
            let v = lane as f64 - 3.5;
            let want = [2.5 * v, -1.0 / v, 3.0 * v, v.abs().sqrt(), (v + 4.0) / 2.0];
            for (got, want) in all.iter().zip(want) {
                assert!((got.get(lane) - want).abs() <= 1e-6 * want.abs());
            }
            assert_eq!((larger.get(lane), smaller.get(lane)), (v.max(2.0), v.min(2.0)));
        }
    }

    #[test]
    fn arithmetic_works_lane_by_lane() {
        arithmetic::<F32<false>>();
        arithmetic::<F32<true>>();
        arithmetic::<F64<false>>();
        arithmetic::<F64<true>>();
    }

    #[test]
    fn load_and_store() {
        let from: Vec<f32> = (0..20).map(|i| i as f32).collect();
        let mut to = vec![-1.0; 20];
        F32::<false>::load(&from).store(&mut to);
        assert_eq!(to[..16], from[..16]);
        assert_eq!(to[16..], [-1.0; 4]);
    }

    #[test]
    fn nan_is_kept_by_max_and_min_of_it() {
        let (nan, one) = (F64::<false>::splat(f64::NAN), F64::splat(1.0));
        assert!(nan.max(one).get(0).is_nan() && nan.min(one).get(0).is_nan());
        assert_eq!(one.max(nan).get(0), 1.0);
    }

    /// Single precision agrees with the oracle, method by method.
    #[test]
    fn single_follows_double() {
        type Method<L> = fn(L) -> L;
        fn methods<L: Lane>() -> [(&'static str, Method<L>); 9] {
            [
                ("exp", L::exp),
                ("exp_m1", L::exp_m1),
                ("ln", |x| x.abs().ln()),
                ("ln_1p", |x| x.abs().ln_1p()),
                ("tanh", L::tanh),
                ("log_ndtr", |x| x.log_ndtr().0),
                ("log_ndtr derivative", |x| x.log_ndtr().1),
                ("half_normal_quantile", L::half_normal_quantile),
                ("half_normal_slope", |x| x.half_normal_slope(x.half_normal_quantile())),
            ]
        }
        fn values<L: Lane>() -> Vec<(&'static str, L)> {
            methods::<L>().map(|(name, f)| (name, f(sample()))).to_vec()
        }
        let single = values::<F32<true>>().into_iter().zip(values::<F32<false>>());
        for ((name, want), (fused, plain)) in values::<F64<true>>().into_iter().zip(single) {
            for lane in 0..8 {
                let want = want.get(lane);
                for got in [fused.1.get(lane), plain.1.get(lane)] {
                    assert!((got - want).abs() <= 2e-6 * want.abs(), "{name}: {got} {want}");
                }
            }
        }
    }

    /// h′ against a difference quotient of h.
    #[test]
    fn slope_of_the_half_normal_quantile() {
        let (z, step) = (sample::<F64<false>>(), F64::splat(1e-5));
        let slope = z.half_normal_slope(z.half_normal_quantile());
        let difference = (z + step).half_normal_quantile() - (z - step).half_normal_quantile();
        for lane in 0..8 {
            let want = difference.get(lane) / 2e-5;
            assert!((slope.get(lane) / want - 1.0).abs() < 1e-7);
        }
    }
}
