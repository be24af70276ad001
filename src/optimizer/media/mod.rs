//! What a channel of a fitted model is expected to bring over a horizon, as a function of its spend
//! per period, draw by draw.
//!
//! With the flighting given, adstock and saturation act on each channel alone, and the adstocked
//! spend of every date is a straight line in the channel's spend: the response is a sum of
//! saturations of straight lines. Dates with equal lines are evaluated once.

mod block;
mod executed;
mod line;
mod path;
mod table;

use super::response::{Response, Table};
use super::steepest::Slope;
use crate::error::{Error, Result};
use crate::math::{Isa, Key, dispatch};
use crate::model::adstock::recursion;
use crate::model::{Channel, Structure};
use executed::Executed;
use line::{Line, lines};
use path::Spent;
use std::marker::PhantomData;
use std::sync::Arc;
use table::{Bend, Draws, Tabulate};

pub use path::Local;

/// Lags of a recursion that are counted at most, as many as any other adstock may have.
const LAGS: usize = 1000;

/// Spend over time: what does not depend on the decision, and what does.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// Scaled spend on the dates before the horizon that still have an effect, the last one next to
    /// the horizon.
    pub before: Vec<f64>,
    /// Scaled spend on every date of the horizon where nothing is spent.
    pub fixed: f64,
    /// Scaled spend of one unit of spend.
    pub per: f64,
    /// Spend on every date of the horizon per unit of spend per period.
    pub share: Vec<f64>,
    /// Whether effects outside the horizon count.
    pub carry_out: bool,
}

/// One channel's response.
#[derive(Clone, Debug)]
pub struct Media {
    channel: Arc<Channel>,
    adstock_first: bool,
    slope: Slope,
    /// Adstock's, then saturation's, `[parameter][draw]`.
    parameters: Arc<Vec<Vec<f32>>>,
    flight: Arc<Flight>,
    lines: Arc<Vec<Line>>,
    /// Of one unit of the scaled response.
    worth: f64,
    /// Weight of every draw where they do not weigh the same.
    weights: Option<Arc<Vec<f64>>>,
    concave: bool,
    infinite: bool,
    /// Whether tables are made in single precision.
    draft: bool,
}

impl Media {
    /// The response of channel `c` of a model, given draws × dim on the natural scale and the
    /// factor `worth` from the scaled target to the units of the objective.
    ///
    /// A recursion counts as long as a draw leaves something of an effect in single precision.
    ///
    /// # Errors
    /// A saturation of which it is not known how it bends; a recursion that lasts too long.
    pub fn new(
        structure: &Structure,
        c: usize,
        draws: &[f64],
        flight: &Flight,
        worth: f64,
    ) -> Result<Self> {
        let mut channel = structure.channels[c].clone();
        let saturation = channel.saturation.family;
        let slope = Slope::of(saturation).ok_or_else(|| {
            let name = saturation.family().name;
            Error::input(format!("budgets for {name} saturation are not supported yet"))
        })?;
        let slots: Vec<usize> =
            channel.adstock.slots.iter().chain(&channel.saturation.slots).copied().collect();
        let n = draws.len() / structure.n_values;
        let mut parameters: Vec<Vec<f32>> = slots.iter().map(|_| Vec::with_capacity(n)).collect();
        for draw in draws.chunks_exact(structure.n_values) {
            parameters.iter_mut().zip(&slots).for_each(|(of, &e)| of.push(draw[e] as f32));
        }
        if channel.adstock.is_recursion() {
            channel.adstock.n_weights = lasting(&parameters[0])?;
        }
        let own = &parameters[channel.adstock.slots.len()..];
        let bend = Bend { saturation, slope, parameters: own };
        let [concave, infinite] = dispatch(Isa::detect(), bend);
        Ok(Self {
            lines: Arc::new(lines(&channel.adstock, structure.adstock_first, flight)),
            channel: Arc::new(channel),
            adstock_first: structure.adstock_first,
            slope,
            parameters: Arc::new(parameters),
            flight: Arc::new(flight.clone()),
            worth,
            weights: None,
            concave,
            infinite,
            draft: false,
        })
    }

    /// The same response with another weight for every draw (of all draws alike: 1/n).
    pub fn weighted(&self, weights: Arc<Vec<f64>>) -> Self {
        let concave = self.concave && weights.iter().all(|&w| w >= 0.0);
        Self { weights: Some(weights), concave, ..self.clone() }
    }

    /// The same response from `n` of its draws, evenly spaced.
    pub fn thinned(&self, n: usize) -> Self {
        let thin = |p: &Vec<f32>| (0..n).map(|i| p[i * p.len() / n]).collect();
        Self { parameters: Arc::new(self.parameters.iter().map(thin).collect()), ..self.clone() }
    }

    /// The same response with tables in single precision, at a third of the cost: where the best spends
    /// are it tells to about 10⁻⁶, what they bring no certificate may rest on.
    pub fn draft(&self) -> Self {
        Self { draft: true, ..self.clone() }
    }

    /// The same response with spend spread over the periods like a path.
    pub fn along(&self, path: &[f64]) -> Self {
        let mean = path.iter().sum::<f64>() / path.len() as f64;
        let per = if mean > 0.0 { 1.0 / mean } else { 0.0 };
        let share = path.iter().map(|spend| spend * per).collect();
        let flight = Flight { share, ..(*self.flight).clone() };
        let lines = Arc::new(lines(&self.channel.adstock, self.adstock_first, &flight));
        Self { lines, flight: Arc::new(flight), ..self.clone() }
    }

    /// Number of draws.
    pub fn n_draws(&self) -> usize {
        self.parameters[0].len()
    }

    /// The response of every draw at a spend.
    pub fn draws(&self, spend: f64) -> Vec<f64> {
        let [draws] = self.draws_at([spend]);
        draws
    }

    /// The response of every draw at each of some spends.
    pub fn draws_at<const N: usize>(&self, spends: [f64; N]) -> [Vec<f64>; N] {
        dispatch(Isa::detect(), Draws { media: self, spends })
    }

    /// The response of every draw at a spend that is not executed as planned: on every date and in every
    /// draw it is off by a normal share with the standard deviation `noise`, and at least nothing.
    /// The same key and stream give the same deviations.
    pub fn executed(&self, spend: f64, noise: f64, key: Key, stream: u32) -> Vec<f64> {
        dispatch(Isa::detect(), Executed { media: self, spend, noise, key, stream })
    }

    /// The expected response to a spend on every period, with slopes and curvature if wanted.
    pub fn local(&self, path: &[f64], bent: bool) -> Local {
        dispatch(Isa::detect(), Spent { media: self, path, bent })
    }
}

/// The number of lags of a recursion at which some draw leaves more of an effect than single precision
/// holds beside it.
fn lasting(alphas: &[f32]) -> Result<usize> {
    let most = alphas.iter().copied().fold(0.0, f32::max);
    let lags = recursion::lags(most.into(), f64::from(f32::EPSILON) / 2.0);
    if lags > LAGS {
        let message = format!(
            "a draw of its alpha, {most}, carries effects over more than {LAGS} periods: what a spend \
             brings has no end to count to"
        );
        return Err(Error::input(message).help(
            "give alpha a prior that stays away from 1, or use geometric adstock with an l_max",
        ));
    }
    Ok(lags)
}

impl Response for Media {
    fn tabulate(&self, spends: &[f64]) -> Table {
        let (isa, media) = (Isa::detect(), self);
        let mut table = match self.draft {
            true => dispatch(isa, Tabulate { media, spends, precision: PhantomData::<f32> }),
            false => dispatch(isa, Tabulate { media, spends, precision: PhantomData::<f64> }),
        };
        if self.infinite && spends.first() == Some(&0.0) {
            let from_zero = |line: &Line| line.fixed.is_zero() && !line.share.is_zero();
            if self.lines.iter().any(from_zero) {
                table.points[0].slope = f64::INFINITY;
                if let Some([least, most]) = table.slopes.first_mut() {
                    *most = f64::INFINITY;
                    if !self.concave {
                        *least = f64::NEG_INFINITY;
                    }
                }
            }
        }
        table
    }

    fn concave(&self) -> bool {
        self.concave
    }
}
