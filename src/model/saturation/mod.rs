//! Saturation: the response to (adstocked) spend, with diminishing returns.

use super::family::{Family, families};
use crate::math::{Lane, Part};

#[cfg(test)]
mod tests;

families! {
    ($)
    /// A family of saturation curves.
    Saturation of Family {
        Logistic => logistic,
        InverseScaledLogistic => inverse_scaled_logistic,
        Tanh => tanh,
        TanhBaselined => tanh_baselined,
        MichaelisMenten => michaelis_menten,
        Hill => hill,
        HillSigmoid => hill_sigmoid,
        Root => root,
        None => none,
    }
}

/// Parameters of the family with the most of them.
pub const MAX_PARAMETERS: usize = 4;

/// Spend below it counts as this where a power is taken: 2⁻⁹⁶, whose logarithm single precision
/// holds.
const LEAST: f64 = 1.262_177_448_353_619e-29;

/// Spend of which a power can be taken, and 1 where there is any, else 0: without spend a power and its
/// derivatives in the parameters are 0, and that in the spend has its limit, or is large where the
/// limit is infinite.
#[inline(always)]
fn spent<L: Lane>(x: L) -> (L, L) {
    (x.max(L::splat(LEAST)), L::select_lt(L::zero(), x, L::splat(1.0), L::zero()))
}

/// A response and its derivatives.
#[derive(Clone, Copy)]
pub struct Response<L> {
    /// f(x).
    pub value: L,
    /// df/dx.
    pub dx: L,
    /// df/dp, in the order of the family's parameters; the rest is zero.
    pub dp: [L; MAX_PARAMETERS],
}

/// Several responses and their derivatives.
pub struct Responses<L, const N: usize> {
    /// f(x).
    pub value: [L; N],
    /// df/dx.
    pub dx: [L; N],
    /// df/dp, parameter by parameter.
    pub dp: [[L; N]; MAX_PARAMETERS],
}

impl Saturation {
    /// The responses to several x ≥ 0; derivatives are written for the family's own parameters.
    ///
    /// The family is looked up once, not at every x. One that is `known` to the compiler is part of the
    /// caller's loop, any other is called.
    #[inline(always)]
    pub fn responses<L: Lane, const N: usize>(
        self,
        known: Option<Self>,
        x: &[L; N],
        p: &[L; MAX_PARAMETERS],
        out: &mut Responses<L, N>,
    ) {
        match known {
            Some(family) => Several { family, x, p, out }.run(),
            None => L::call(Several { family: self, x, p, out }),
        }
    }

    /// Replaces every x ≥ 0 by the response to it.
    #[inline(always)]
    pub fn respond<L: Lane>(self, x: &mut [L], p: &[L; MAX_PARAMETERS]) {
        L::call(Values { family: self, x, p });
    }

    /// The same, and writes the derivative at every x to `dx`.
    #[inline(always)]
    pub fn respond_with_slopes<L: Lane>(self, x: &mut [L], dx: &mut [L], p: &[L; MAX_PARAMETERS]) {
        L::call(Slopes { family: self, x, dx, p });
    }

    /// The response at x ≥ 0 with the family's parameters `p`.
    #[inline(always)]
    pub fn response<L: Lane>(self, x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
        match self {
            Saturation::Logistic => logistic::response(x, p),
            _ => L::call(One { family: self, x, p }),
        }
    }
}

struct Several<'a, L, const N: usize> {
    family: Saturation,
    x: &'a [L; N],
    p: &'a [L; MAX_PARAMETERS],
    out: &'a mut Responses<L, N>,
}

impl<L: Lane, const N: usize> Part for Several<'_, L, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // A copy that nothing written here can change: what is made of it alone is made once.
        let p = *self.p;
        each!(self.family, leaf => {
            for (i, &x) in self.x.iter().enumerate() {
                let response = leaf::response(x, &p);
                self.out.value[i] = response.value;
                self.out.dx[i] = response.dx;
                for k in 0..leaf::FAMILY.parameters.len() {
                    self.out.dp[k][i] = response.dp[k];
                }
            }
        })
    }
}

struct Values<'a, L> {
    family: Saturation,
    x: &'a mut [L],
    p: &'a [L; MAX_PARAMETERS],
}

impl<L: Lane> Part for Values<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        each!(self.family, leaf => {
            for x in self.x {
                *x = leaf::response(*x, self.p).value;
            }
        });
    }
}

struct Slopes<'a, L> {
    family: Saturation,
    x: &'a mut [L],
    dx: &'a mut [L],
    p: &'a [L; MAX_PARAMETERS],
}

impl<L: Lane> Part for Slopes<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        each!(self.family, leaf => {
            for (x, dx) in self.x.iter_mut().zip(self.dx) {
                let response = leaf::response(*x, self.p);
                (*x, *dx) = (response.value, response.dx);
            }
        });
    }
}

struct One<'a, L> {
    family: Saturation,
    x: L,
    p: &'a [L; MAX_PARAMETERS],
}

impl<L: Lane> Part for One<'_, L> {
    type Output = Response<L>;

    #[inline(always)]
    fn run(self) -> Response<L> {
        each!(self.family, leaf => leaf::response(self.x, self.p))
    }
}
