//! Carries spend or responses over the dates by a recursion, one date after the other, with all
//! derivatives: what a window of weights would do anew for every date.

use super::evaluate::Channel;
use crate::math::{Lane, Part};
use crate::model::adstock::Recursion;
use crate::model::saturation::Response;

/// Carries the padded spend of a channel over its `n` training rows, or its responses where saturation
/// comes first. What was beyond them, of a longer series, is gone.
#[inline(always)]
pub fn carry<L: Lane>(
    spend: &[L::Scalar],
    n: usize,
    recursion: Recursion<L>,
    adstock_first: bool,
    channel: &mut Channel<L>,
) {
    L::call(Carry { spend, n, recursion, adstock_first, channel });
}

/// What [`carry`] does.
struct Carry<'a, L: Lane> {
    spend: &'a [L::Scalar],
    n: usize,
    recursion: Recursion<L>,
    adstock_first: bool,
    channel: &'a mut Channel<L>,
}

impl<L: Lane> Part for Carry<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { spend, n, recursion, adstock_first, channel } = self;
        // The pad is of one weight.
        let rows = 1..1 + n;
        let Channel { carried, carried_slope, saturated, .. } = channel;
        let (mut before, mut slope) = (L::zero(), L::zero());
        if adstock_first {
            for date in rows.clone() {
                let x = L::from_scalar(spend[date]);
                slope = recursion.slope(slope, before, x);
                before = recursion.next(before, x);
                (carried[date], carried_slope[date]) = (before, slope);
            }
            carried[rows.end..].fill(L::zero());
        } else {
            let mut dp = [L::zero(); _];
            for date in rows.clone() {
                let response = saturated[date];
                slope = recursion.slope(slope, before, response.value);
                before = recursion.next(before, response.value);
                for (dp, of) in dp.iter_mut().zip(response.dp) {
                    *dp = recursion.next(*dp, of);
                }
                saturated[date] = Response { value: before, dx: L::zero(), dp };
                carried_slope[date] = slope;
            }
        }
        carried_slope[rows.end..].fill(L::zero());
    }
}
