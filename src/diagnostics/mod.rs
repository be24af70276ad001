//! Convergence, precision and energy of draws, and the verdict on a model; knows nothing of where
//! the draws come from.
//!
//! Everything works on the draws of one scalar quantity, an array (chain, draw). Definitions and
//! names are ArviZ's, after Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021),
//! "Rank-normalization, folding, and localization: an improved R-hat", Bayesian Analysis 16(2), and
//! Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari and Gelman (2024), "Nested R-hat", Bayesian
//! Analysis. One rule differs: where any draw is not finite, every diagnostic is NaN (ArviZ lets
//! infinities through its ranks).

mod chains;
mod energy;
mod ess;
#[cfg(test)]
mod fixture;
mod interval;
mod mcse;
mod psis;
mod rank;
mod ranks;
mod rhat;
mod sort;
mod summary;
mod verdict;

pub use energy::{bfmi, bfmi_pooled};
pub use ess::{ess_bulk, ess_mean, ess_sd, ess_tail};
pub use interval::{HALF_PROB, HDI_PROB, hdi, hdi_sorted, quantile, quantile_sorted};
pub use mcse::{mcse_mean, mcse_sd};
pub use psis::psis_loo;
pub use ranks::rank_ecdf;
pub use rhat::{rhat, rhat_nested, rhat_nested_identity};
pub(crate) use sort::{bits, sort_by_bits};
pub use summary::{Gate, Summariser, Summary, gate, summarise};
pub use verdict::{Evidence, Extremes, Status, Verdict, Worst};
