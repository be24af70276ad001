//! The element of a lane: `f32` or `f64` with the functions that log densities need.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{double, elementary, normal};

/// A floating-point number; the functions are those of [`Lane`](super::Lane), which documents them.
///
/// They are free of branches, so that loops over them vectorise, and err by a few units in the last
/// place; [`scalar`](super::scalar) and libm are their oracle.
#[allow(missing_docs, reason = "each function is that of `Lane` of the same name")]
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + From<f32>
    + Into<f64>
    + Send
    + Sync
    + 'static
{
    fn from_f64(x: f64) -> Self;
    fn fma<const FMA: bool>(self, a: Self, b: Self) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn exp<const FMA: bool>(self) -> Self;
    fn exp_m1<const FMA: bool>(self) -> Self;
    fn ln<const FMA: bool>(self) -> Self;
    fn ln_1p<const FMA: bool>(self) -> Self;
    fn tanh<const FMA: bool>(self) -> Self;
    fn log_ndtr<const FMA: bool>(self) -> (Self, Self);
    fn half_normal_quantile<const FMA: bool>(self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn fma<const FMA: bool>(self, a: Self, b: Self) -> Self {
        elementary::fma::<FMA>(self, a, b)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exp<const FMA: bool>(self) -> Self {
        elementary::exp::<FMA>(self)
    }

    #[inline(always)]
    fn exp_m1<const FMA: bool>(self) -> Self {
        elementary::exp_m1::<FMA>(self)
    }

    #[inline(always)]
    fn ln<const FMA: bool>(self) -> Self {
        elementary::ln::<FMA>(self)
    }

    #[inline(always)]
    fn ln_1p<const FMA: bool>(self) -> Self {
        elementary::ln_1p::<FMA>(self)
    }

    #[inline(always)]
    fn tanh<const FMA: bool>(self) -> Self {
        elementary::tanh::<FMA>(self)
    }

    #[inline(always)]
    fn log_ndtr<const FMA: bool>(self) -> (Self, Self) {
        normal::log_ndtr::<FMA>(self)
    }

    #[inline(always)]
    fn half_normal_quantile<const FMA: bool>(self) -> Self {
        normal::half_normal_quantile::<FMA>(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn fma<const FMA: bool>(self, a: Self, b: Self) -> Self {
        if FMA { self.mul_add(a, b) } else { self * a + b }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exp<const FMA: bool>(self) -> Self {
        double::elementary::exp::<FMA>(self)
    }

    #[inline(always)]
    fn exp_m1<const FMA: bool>(self) -> Self {
        double::elementary::exp_m1::<FMA>(self)
    }

    #[inline(always)]
    fn ln<const FMA: bool>(self) -> Self {
        double::elementary::ln::<FMA>(self)
    }

    #[inline(always)]
    fn ln_1p<const FMA: bool>(self) -> Self {
        double::elementary::ln_1p::<FMA>(self)
    }

    #[inline(always)]
    fn tanh<const FMA: bool>(self) -> Self {
        double::elementary::tanh::<FMA>(self)
    }

    #[inline(always)]
    fn log_ndtr<const FMA: bool>(self) -> (Self, Self) {
        double::normal::log_ndtr::<FMA>(self)
    }

    #[inline(always)]
    fn half_normal_quantile<const FMA: bool>(self) -> Self {
        double::normal::half_normal_quantile::<FMA>(self)
    }
}
