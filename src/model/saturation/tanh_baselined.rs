//! Hyperbolic tangent saturation by a reference point: at spend x0 the response is beta gain x0, which
//! is the share r of the ceiling.

use super::super::family::{Family, Parameter, Support, wgsl};
use super::{MAX_PARAMETERS, Response};
use crate::math::Lane;

/// The table's entry.
pub const FAMILY: Family = Family {
    name: "tanh_baselined",
    formula: "beta gain x0 tanh(x artanh(r) / x0) / r",
    parameters: &[
        Parameter {
            name: "x0",
            domain: Support::POSITIVE,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
        Parameter {
            name: "gain",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
        Parameter {
            name: "r",
            domain: Support::UNIT,
            // the HalfNormal(1) of PyMC-Marketing on the domain of the formula
            default: ("TruncatedNormal", &[("sigma", 1.0), ("lower", 0.0), ("upper", 1.0)]),
        },
        Parameter {
            name: "beta",
            domain: Support::Real,
            default: ("HalfNormal", &[("sigma", 1.0)]),
        },
    ],
    wgsl: wgsl!("saturation/tanh_baselined"),
};

/// Below it x0 counts as this, and 1 − r as that.
const LEAST: f64 = 1e-15;
const ROOM: f64 = 1e-12;
/// Below it a continued fraction stands for what would cancel.
const SMALL: f64 = 0.5;

/// beta gain x0 tanh(z)/r, z = q artanh r with q = x/x0.
///
/// In terms of t = tanh(z)/z = 1/(1 + z² u), a = artanh(r)/r = 1/(1 − r² v) and s = 1 − tanh² z it is
/// beta gain a t x, and the derivatives, each over beta gain, are s a in x, a q z² t (t − u) in x0 and
/// x r (s/(1 − r²) − a t (a q² (t − u) + v)) in r: nothing cancels.
#[inline(always)]
pub fn response<L: Lane>(x: L, p: &[L; MAX_PARAMETERS]) -> Response<L> {
    let (one, small) = (L::splat(1.0), L::splat(SMALL));
    let (gain, r, beta) = (p[1], p[2], p[3]);
    let q = x / p[0].max(L::splat(LEAST));

    let room = (one - r).max(L::splat(ROOM));
    let artanh = L::splat(0.5) * ((r + r) / room).ln_1p();
    let square = r * r;
    let v = L::select_lt(r, small, v_of(square), (one - r / artanh) / square);
    let a = one / (one - square * v);

    let z = q * artanh;
    let tanh = z.tanh();
    let z_square = z * z;
    let u = L::select_lt(z, small, u_of(z_square), (z / tanh - one) / z_square);
    let t = one / (one + z_square * u);

    let s = one - tanh * tanh;
    let (scale, share) = (beta * gain, a * t * x);
    let bend = a * q * t * (t - u);
    let tilt = s / (room * (one + r)) - a * t * (a * q * q * (t - u) + v);
    Response {
        value: scale * share,
        dx: scale * s * a,
        dp: [scale * bend * z_square, beta * share, scale * x * r * tilt, gain * share],
    }
}

/// u of z²: 1/(3 + z²/(5 + z²/(7 + …))) (Lambert, 1761).
#[inline(always)]
fn u_of<L: Lane>(square: L) -> L {
    let mut fraction = L::splat(15.0);
    for odd in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        fraction = L::splat(odd) + square / fraction;
    }
    L::splat(1.0) / fraction
}

/// v of r²: 1/(3 − 4r²/(5 − 9r²/(7 − …))) (Gauss, 1813).
#[inline(always)]
fn v_of<L: Lane>(square: L) -> L {
    let mut fraction = L::splat(23.0);
    for k in (1..11).rev() {
        let above = f64::from((k + 1) * (k + 1));
        fraction = L::splat(f64::from(2 * k + 1)) - L::splat(above) * square / fraction;
    }
    L::splat(1.0) / fraction
}
