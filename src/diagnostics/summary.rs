//! What is reported of a quantity and what the stop gate looks at, with the work shared.

use super::{
    chains::{Halves, mean, variance},
    ess::{ess, tail},
    interval::{HDI_PROB, hdi_sorted},
    mcse,
    rank::{NormalScores, Order, median_sorted},
    rhat::{Superchains, nested, plain, worse},
};
use ndarray::ArrayView2;

/// Convergence of one quantity, for the stop check. NaN means that it cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// [`ess_bulk`](super::ess_bulk).
    pub ess_bulk: f64,
    /// [`ess_tail`](super::ess_tail).
    pub ess_tail: f64,
    /// [`rhat`](super::rhat).
    pub r_hat: f64,
    /// [`rhat_nested`](super::rhat_nested).
    pub r_hat_nested: f64,
}

/// One row of the table of parameters: the quantity's posterior and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Mean of all draws.
    pub mean: f64,
    /// Standard deviation, divided by n − 1.
    pub sd: f64,
    /// Median.
    pub median: f64,
    /// Lower end of the 94 % highest-density interval.
    pub hdi_3: f64,
    /// Upper end of the 94 % highest-density interval.
    pub hdi_97: f64,
    /// [`mcse_mean`](super::mcse_mean).
    pub mcse_mean: f64,
    /// [`mcse_sd`](super::mcse_sd).
    pub mcse_sd: f64,
    /// [`ess_bulk`](super::ess_bulk).
    pub ess_bulk: f64,
    /// [`ess_tail`](super::ess_tail).
    pub ess_tail: f64,
    /// [`rhat`](super::rhat).
    pub r_hat: f64,
    /// [`rhat_nested`](super::rhat_nested).
    pub r_hat_nested: f64,
}

impl Summary {
    /// The part that decides on convergence.
    pub fn gate(&self) -> Gate {
        let Self { ess_bulk, ess_tail, r_hat, r_hat_nested, .. } = *self;
        Gate { ess_bulk, ess_tail, r_hat, r_hat_nested }
    }
}

/// [`Summary`] of draws (chain, draw); `superchain_of[chain]` names each chain's superchain.
pub fn summarise(x: ArrayView2<f64>, superchain_of: &[usize]) -> Summary {
    Summariser::new(x.nrows(), x.ncols(), superchain_of).summarise(x)
}

/// [`Gate`] of draws (chain, draw); `superchain_of[chain]` names each chain's superchain.
pub fn gate(x: ArrayView2<f64>, superchain_of: &[usize]) -> Gate {
    Summariser::new(x.nrows(), x.ncols(), superchain_of).gate(x)
}

/// Summarises many quantities with equally many chains and draws; can be shared by threads.
pub struct Summariser {
    scores: NormalScores,
    superchains: Option<Superchains>,
}

impl Summariser {
    /// For draws (chains, draws) whose chains belong to these superchains.
    ///
    /// Unless they are at least two of equal size, nested R-hat is NaN.
    pub fn new(chains: usize, draws: usize, superchain_of: &[usize]) -> Self {
        let scores = NormalScores::new(chains * (draws / 2) * 2);
        Self { scores, superchains: Superchains::new(superchain_of, chains) }
    }

    /// Convergence alone; all NaN with fewer than 4 draws or a draw that is not finite.
    ///
    /// # Panics
    /// If the draws are not of the announced shape.
    pub fn gate(&self, x: ArrayView2<f64>) -> Gate {
        match Halves::new(x) {
            Some(halves) => self.judge(&halves, Order::new(&halves)),
            None => Gate {
                ess_bulk: f64::NAN,
                ess_tail: f64::NAN,
                r_hat: f64::NAN,
                r_hat_nested: f64::NAN,
            },
        }
    }

    /// Everything; all NaN where a draw is not finite, only what needs chains with few draws.
    ///
    /// # Panics
    /// If the draws are not of the announced shape.
    pub fn summarise(&self, x: ArrayView2<f64>) -> Summary {
        let Some(halves) = Halves::new(x) else {
            let mut sorted: Vec<f64> = x.iter().copied().collect();
            sorted.sort_unstable_by(f64::total_cmp);
            return summary(&sorted, &sorted, self.gate(x), [f64::NAN; 2]);
        };
        let order = Order::new(&halves);
        let sorted = order.values.clone();
        let mcse = [
            mcse::of_mean(&halves, variance(halves.all())),
            mcse::of_sd(&halves, mean(halves.all())),
        ];
        summary(halves.all(), &sorted, self.judge(&halves, order), mcse)
    }

    /// Convergence from all draws in order.
    fn judge(&self, halves: &Halves, order: Order) -> Gate {
        let ess_tail = tail(halves, &order.values);
        let order = order.split(halves);
        let bulk = self.scores.normalise(&order, halves.columns);
        let folded = self.scores.normalise(&order.folded(), halves.columns);
        let (mut r_hat, mut r_hat_nested) = (f64::NAN, f64::NAN);
        // Two halves of one chain are no two chains.
        if halves.columns > 2 {
            r_hat = worse(plain(&bulk), plain(&folded));
        }
        if let Some(groups) = &self.superchains {
            r_hat_nested = worse(nested(&bulk, groups), nested(&folded, groups));
        }
        Gate { ess_bulk: ess(&bulk), ess_tail, r_hat, r_hat_nested }
    }
}

/// Puts a row together; `sorted` holds the same draws as `all`.
fn summary(all: &[f64], sorted: &[f64], gate: Gate, [mcse_mean, mcse_sd]: [f64; 2]) -> Summary {
    let [hdi_3, hdi_97] = hdi_sorted(sorted, HDI_PROB);
    let finite = hdi_3.is_finite();
    let keep = |value: f64| if finite { value } else { f64::NAN };
    Summary {
        mean: keep(mean(all)),
        sd: keep(variance(all).sqrt()),
        median: keep(median_sorted(sorted)),
        hdi_3,
        hdi_97,
        mcse_mean,
        mcse_sd,
        ess_bulk: gate.ess_bulk,
        ess_tail: gate.ess_tail,
        r_hat: gate.r_hat,
        r_hat_nested: gate.r_hat_nested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{
        ess_bulk, ess_tail,
        fixture::{ar1, assert_close, cases},
        mcse_mean, mcse_sd, rhat, rhat_nested,
    };
    use ndarray::{Array3, Axis, array};

    #[test]
    fn location_equals_numpy() {
        for case in cases() {
            let row = summarise(case.draws.view(), &case.superchain_of);
            assert_close(row.mean, case.mean, 1e-12, case.name);
            assert_close(row.sd, case.sd, 1e-10, case.name);
            assert_close(row.median, case.median, 1e-15, case.name);
            assert_eq!([row.hdi_3, row.hdi_97], [case.hdi_3, case.hdi_97], "{}", case.name);
        }
    }

    #[test]
    fn shared_work_gives_the_same_bits() {
        for case in cases() {
            let (x, groups) = (case.draws.view(), &case.superchain_of[..]);
            let row = summarise(x, groups);
            assert_eq!(row.gate(), gate(x, groups));
            assert_eq!(row.ess_bulk, ess_bulk(x));
            assert_eq!(row.ess_tail, ess_tail(x));
            assert_eq!(row.r_hat, rhat(x));
            assert_eq!(row.r_hat_nested, rhat_nested(x, groups));
            assert_eq!(row.mcse_mean, mcse_mean(x));
            assert_eq!(row.mcse_sd, mcse_sd(x));
        }
    }

    #[test]
    fn memory_order_does_not_matter() {
        let x = ar1(61, 8, 50, 0.5);
        let mut stored = Array3::zeros((50, 8, 3));
        stored.index_axis_mut(Axis(2), 1).assign(&x.t());
        let view = stored.index_axis(Axis(2), 1).reversed_axes();
        let groups = [0, 0, 1, 1, 2, 2, 3, 3];
        assert_eq!(summarise(view, &groups), summarise(x.view(), &groups));
    }

    #[test]
    fn few_draws_have_a_mean_but_no_diagnostics() {
        let row = summarise(array![[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]].view(), &[0, 1]);
        assert_eq!((row.mean, row.median, row.hdi_3), (4.0, 3.5, 1.0));
        assert_close(row.sd, 6.8_f64.sqrt(), 1e-15, "sd");
        let undefined =
            [row.mcse_mean, row.mcse_sd, row.ess_bulk, row.ess_tail, row.r_hat, row.r_hat_nested];
        assert!(undefined.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn one_chain_has_no_r_hat() {
        let row = summarise(ar1(62, 1, 60, 0.5).view(), &[0]);
        assert!(row.r_hat.is_nan() && row.r_hat_nested.is_nan());
        assert!(row.ess_bulk > 1.0 && row.mcse_mean > 0.0);
    }

    #[test]
    fn not_finite_is_nan_throughout() {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut x = ar1(63, 4, 20, 0.5);
            x[(3, 19)] = bad;
            let row = summarise(x.view(), &[0, 0, 1, 1]);
            let values = [row.mean, row.sd, row.median, row.hdi_3, row.hdi_97, row.mcse_mean];
            assert!(values.iter().all(|value| value.is_nan()), "{row:?}");
            assert!(row.r_hat.is_nan() && row.ess_bulk.is_nan() && row.ess_tail.is_nan());
        }
    }
}
