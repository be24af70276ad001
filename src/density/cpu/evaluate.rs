//! Log density and gradient of a batch of lanes: priors, then the likelihood, then the chain rule.
//!
//! The same code over `f64` lanes is the oracle that everything else is held against.

use super::curved::Curves;
use super::program::{DATES, Prior, Program, Series};
use super::{calibration, curved, dates, recursion};
use crate::math::{Lane, Part};
use crate::model::adstock::{self, normalize};
use crate::model::coordinate::Coordinate;
use crate::model::layout::{Derived, Made, Operand};
use crate::model::pooled::{Known, Moved, Pooled};
use crate::model::prior::MAX_ARGUMENTS;
use crate::model::{self, saturation};

/// Working memory of [`evaluate`], reused from call to call.
pub struct Scratch<L> {
    /// Every value: of the elements, then what is made of them.
    pub value: Vec<L>,
    /// Log prior of every element with its Jacobian.
    pub prior: Vec<L>,
    /// Log likelihood of the target, of all series.
    pub likelihood: L,
    /// Log likelihood of the lift tests.
    pub lift: L,
    /// Potential of the costs per target.
    pub cost: L,
    /// Log prior of the returns with their Jacobian.
    pub roas: L,
    /// Returns of several series together, `[group][prior]`.
    pub(super) returns: Vec<L>,
    /// d log density / dx of every value, an element's own prior left out.
    pub(super) gradient: Vec<L>,
    /// What the channels of a series need, one series after the other.
    pub(super) channels: Vec<Channel<L>>,
    /// What the effects that are not linear need.
    pub(super) curves: Curves<L>,
    /// dx/du of every element.
    dx: Vec<L>,
}

/// Working memory of one channel.
pub(super) struct Channel<L> {
    /// Adstock weights, and what flows back to them.
    pub weights: Vec<L>,
    pub weights_back: Vec<L>,
    /// Saturation parameters, and what flows back to them.
    pub parameters: [L; saturation::MAX_PARAMETERS],
    pub parameters_back: [L; saturation::MAX_PARAMETERS],
    /// Responses of a block of dates, when adstock comes first.
    pub responses: saturation::Responses<L, DATES>,
    /// Responses of every date, padded as the spend is, when saturation comes first; of a recursion
    /// already carried over.
    pub saturated: Vec<saturation::Response<L>>,
    /// Spend carried over by a recursion, padded as the spend is, when adstock comes first.
    pub carried: Vec<L>,
    /// Derivatives in the alpha of a recursion of what is carried over.
    pub carried_slope: Vec<L>,
    /// What flows back to responses or to what is carried over.
    pub flow: Vec<L>,
    /// d weight / d parameter, parameters × n_weights.
    weights_slope: Vec<L>,
    /// 1 / Σ weights before normalisation.
    inverse_sum: L,
}

impl<L: Lane> Scratch<L> {
    /// Memory for a program.
    pub fn new(program: &Program<L::Scalar>) -> Self {
        let (zero, dim, values) = (L::zero(), program.dim(), program.n_values);
        let s = &program.series[0].structure;
        let channel = |(c, channel): (usize, &model::Channel)| {
            let longest = program.series.iter().map(|series| series.spend[c].len()).max();
            let dates = |wanted: bool| if wanted { longest.unwrap_or(0) } else { 0 };
            let (first, recursion) = (s.adstock_first, channel.adstock.is_recursion());
            let n = channel.adstock.n_weights;
            Channel {
                weights: vec![zero; n],
                weights_back: vec![zero; n],
                parameters: [zero; _],
                parameters_back: [zero; _],
                responses: saturation::Responses {
                    value: [zero; _],
                    dx: [zero; _],
                    dp: [[zero; _]; _],
                },
                saturated: vec![nothing(); dates(!first)],
                carried: vec![zero; dates(first && recursion)],
                carried_slope: vec![zero; dates(recursion)],
                flow: vec![zero; dates(!first || recursion)],
                weights_slope: vec![zero; adstock::MAX_PARAMETERS * n],
                inverse_sum: zero,
            }
        };
        Self {
            value: vec![zero; values],
            prior: vec![zero; dim],
            likelihood: zero,
            lift: zero,
            cost: zero,
            roas: zero,
            returns: vec![zero; program.series.len() * s.joint_returns()],
            curves: Curves::new(program),
            gradient: vec![zero; values],
            channels: s.channels.iter().enumerate().map(channel).collect(),
            dx: vec![zero; dim],
        }
    }
}

/// The response outside of the training rows.
#[inline(always)]
fn nothing<L: Lane>() -> saturation::Response<L> {
    saturation::Response { value: L::zero(), dx: L::zero(), dp: [L::zero(); _] }
}

/// Log density at `u` (dim); writes the gradient (dim).
#[inline(always)]
pub fn evaluate<L: Lane>(
    program: &Program<L::Scalar>,
    u: &[L],
    gradient: &mut [L],
    scratch: &mut Scratch<L>,
) -> L {
    let mut logp = priors(program, u, gradient, scratch);
    (scratch.likelihood, scratch.lift) = (L::zero(), L::zero());
    (scratch.cost, scratch.roas) = (L::zero(), L::zero());
    if program.series[0].structure.joint {
        L::call(Returns { program, scratch });
    }
    for series in &program.series {
        likelihood(series, scratch);
    }
    logp += scratch.likelihood;
    logp += scratch.lift + scratch.cost + scratch.roas;
    if program.hierarchical {
        hierarchy_back(program, u, gradient, scratch);
    }
    for (gradient, (back, dx)) in gradient.iter_mut().zip(scratch.gradient.iter().zip(&scratch.dx))
    {
        *gradient = back.mul_add(*dx, *gradient);
    }
    logp
}

/// The likelihood of one series and what calibrates it; what flows back is added to the gradients of the
/// values.
#[inline(always)]
fn likelihood<L: Lane>(series: &Series<L::Scalar>, scratch: &mut Scratch<L>) {
    transforms(series, scratch);
    let curved = !series.structure.curved.is_empty();
    if curved {
        L::call(Rare { stage: Stage::Curves, series, scratch });
    }
    let likelihood = dates::likelihood(series, scratch);
    scratch.likelihood += likelihood;
    if series.is_calibrated() {
        L::call(Rare { stage: Stage::Calibration, series, scratch });
    }
    if curved {
        L::call(Rare { stage: Stage::CurvesBack, series, scratch });
    }
    transforms_back(series, scratch);
}

/// The returns of several series together: before their likelihoods, to which they flow back.
struct Returns<'a, L: Lane> {
    program: &'a Program<L::Scalar>,
    scratch: &'a mut Scratch<L>,
}

impl<L: Lane> Part for Returns<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { program, scratch } = self;
        scratch.returns.fill(L::zero());
        for series in &program.series {
            transforms(series, scratch);
            curved::forward(series, scratch);
            for (k, (roas, _)) in series.roas.iter().enumerate() {
                let part = calibration::part_of_return(series, scratch, roas);
                scratch.returns[roas.group * series.roas.len() + k] += part;
            }
        }
    }
}

/// What few models need.
enum Stage {
    Curves,
    Calibration,
    CurvesBack,
}

/// A stage of [`likelihood`] that is called.
struct Rare<'a, L: Lane> {
    stage: Stage,
    series: &'a Series<L::Scalar>,
    scratch: &'a mut Scratch<L>,
}

impl<L: Lane> Part for Rare<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { stage, series, scratch } = self;
        match stage {
            Stage::Curves => curved::forward(series, scratch),
            Stage::Calibration => {
                let lift = calibration::lifts(series, scratch);
                scratch.lift += lift;
                let cost = calibration::costs(series, scratch);
                scratch.cost += cost;
                let roas = calibration::roas(series, scratch);
                scratch.roas += roas;
            }
            Stage::CurvesBack => curved::back(series, scratch),
        }
    }
}

/// Maps every element and sums the priors.
#[inline(always)]
fn priors<L: Lane>(
    program: &Program<L::Scalar>,
    u: &[L],
    gradient: &mut [L],
    scratch: &mut Scratch<L>,
) -> L {
    let mut logp = L::zero();
    scratch.gradient.fill(L::zero());
    for i in 0..program.dim() {
        let prior = match &program.priors[i] {
            // What is left is known when all that depends on it has flowed back.
            Prior::Pooled(pooled) => {
                let moved = move_pooled(program, pooled, i, u[i], &scratch.value);
                scratch.value[i] = moved.value;
                moved.logp
            }
            prior => {
                let (logp, slope) = own_prior(program.coordinates[i], prior, i, u[i], scratch);
                gradient[i] = slope;
                logp
            }
        };
        scratch.prior[i] = prior;
        logp += prior;
        if let Some(derived) = &program.derived[i] {
            scratch.value[derived.value] = make(derived, i, &scratch.value).value;
        }
    }
    logp
}

/// Maps element `i`; its log prior and the derivative of that.
#[inline(always)]
fn own_prior<L: Lane>(
    coordinate: Coordinate,
    prior: &Prior,
    i: usize,
    u: L,
    scratch: &mut Scratch<L>,
) -> (L, L) {
    let mapped = coordinate.map(u);
    let (mut logp, mut slope) = (mapped.logp, mapped.dlogp);
    match prior {
        Prior::Included | Prior::Pooled(_) => {}
        Prior::Implied => (logp, slope) = (L::zero(), L::zero()),
        Prior::Fixed(distribution, constants) => {
            let constants = constants.map(L::splat);
            let (density, derivative) = distribution.log_density(mapped.value, &constants);
            logp += density;
            slope = derivative.mul_add(mapped.dx, slope);
        }
        Prior::Nested(distribution, signature, operands) => {
            let mut arguments = [L::zero(); MAX_ARGUMENTS];
            for (argument, operand) in arguments.iter_mut().zip(operands) {
                *argument = operand_value(*operand, &scratch.value);
            }
            let nested = distribution.nested(*signature, mapped.value, &arguments);
            logp += nested.logp;
            slope = nested.dx.mul_add(mapped.dx, slope);
            for (operand, da) in operands.iter().zip(nested.da) {
                operand_back(*operand, da, &mut scratch.gradient);
            }
        }
    }
    scratch.value[i] = mapped.value.x;
    scratch.dx[i] = mapped.dx;
    (logp, slope)
}

/// Moves pooled element `i`.
#[inline(always)]
fn move_pooled<L: Lane>(
    program: &Program<L::Scalar>,
    pooled: &Pooled,
    i: usize,
    u: L,
    values: &[L],
) -> Moved<L> {
    let operands = pooled.operands.map(|operand| operand_value(operand, values));
    L::call(MovePooled { pooled, operands, u, known: program.known[i].map(L::from_scalar) })
}

/// [`Pooled::map`].
struct MovePooled<'a, L> {
    pooled: &'a Pooled,
    operands: [L; 2],
    u: L,
    known: Known<L>,
}

impl<L: Lane> Part for MovePooled<'_, L> {
    type Output = Moved<L>;

    #[inline(always)]
    fn run(self) -> Moved<L> {
        self.pooled.map(self.operands, self.u, self.known)
    }
}

/// What is made of element `i`.
#[inline(always)]
fn make<L: Lane>(derived: &Derived, i: usize, values: &[L]) -> Made<L> {
    let [a, b] = derived.operands;
    derived.form.make(operand_value(a, values), operand_value(b, values), values[i])
}

/// Carries what flowed back to derived values and to pooled elements to what they are made of, the last
/// ones first.
#[inline(always)]
fn hierarchy_back<L: Lane>(
    program: &Program<L::Scalar>,
    u: &[L],
    gradient: &mut [L],
    scratch: &mut Scratch<L>,
) {
    for i in (0..program.dim()).rev() {
        if let Some(derived) = &program.derived[i] {
            let [da, db, dx] = make(derived, i, &scratch.value).slopes;
            let back = scratch.gradient[derived.value];
            operand_back(derived.operands[0], back * da, &mut scratch.gradient);
            operand_back(derived.operands[1], back * db, &mut scratch.gradient);
            scratch.gradient[i] = back.mul_add(dx, scratch.gradient[i]);
        }
        if let Prior::Pooled(pooled) = &program.priors[i] {
            let moved = move_pooled(program, pooled, i, u[i], &scratch.value);
            let back = scratch.gradient[i];
            for (k, operand) in pooled.operands.into_iter().enumerate() {
                let slope = back.mul_add(moved.dvalue[k], moved.dlogp[k]);
                operand_back(operand, slope, &mut scratch.gradient);
            }
            gradient[i] = moved.dlogp[2];
            scratch.dx[i] = moved.dvalue[2];
        }
    }
}

/// An operand's number.
#[inline(always)]
fn operand_value<L: Lane>(operand: Operand, values: &[L]) -> L {
    match operand {
        Operand::Constant(number) => L::splat(number),
        Operand::Value(index) => values[index],
    }
}

/// Adds what flows back to an operand.
#[inline(always)]
fn operand_back<L: Lane>(operand: Operand, back: L, gradient: &mut [L]) {
    if let Operand::Value(index) = operand {
        gradient[index] += back;
    }
}

/// Adstock weights and saturation parameters of every channel; the responses of every date where
/// saturation comes first. Nothing has flowed back yet.
#[inline(always)]
fn transforms<L: Lane>(series: &Series<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &series.structure;
    for (c, (of, channel)) in s.channels.iter().zip(&mut scratch.channels).enumerate() {
        let (adstock, saturation) = (&of.adstock, &of.saturation);
        let mut parameters = [L::zero(); adstock::MAX_PARAMETERS];
        for (parameter, &element) in parameters.iter_mut().zip(&adstock.slots) {
            *parameter = scratch.value[element];
        }
        let parameters = &parameters[..adstock.slots.len()];
        adstock.family.weights(parameters, &mut channel.weights, &mut channel.weights_slope);
        if adstock.normalize {
            channel.inverse_sum = normalize(&mut channel.weights);
        }
        for (parameter, &element) in channel.parameters.iter_mut().zip(&saturation.slots) {
            *parameter = scratch.value[element];
        }
        if !s.adstock_first {
            // Before and after the training rows there is no response, whatever the family says of
            // no spend.
            let (spend, begin) = (&series.spend[c], adstock.n_weights);
            let (rows, after) = channel.saturated[begin..].split_at_mut(series.n_train);
            for (response, &x) in rows.iter_mut().zip(&spend[begin..]) {
                *response = saturation.family.response(L::from_scalar(x), &channel.parameters);
            }
            // A longer series may have been here before.
            after.fill(nothing());
        }
        if let Some(recursion) = adstock.recursion(&scratch.value) {
            let first = s.adstock_first;
            recursion::carry(&series.spend[c], series.n_train, recursion, first, channel);
        }
        channel.flow.fill(L::zero());
        channel.weights_back.fill(L::zero());
        channel.parameters_back = [L::zero(); _];
    }
}

/// Carries what flowed back to weights and saturation parameters to the elements.
#[inline(always)]
fn transforms_back<L: Lane>(series: &Series<L::Scalar>, scratch: &mut Scratch<L>) {
    let s = &series.structure;
    for (of, channel) in s.channels.iter().zip(&mut scratch.channels) {
        let (adstock, saturation) = (&of.adstock, &of.saturation);
        if adstock.normalize {
            // w̃ = w/Σw: dw = (dw̃ − Σ dw̃ w̃) / Σw
            let mut mean = L::zero();
            for (back, w) in channel.weights_back.iter().zip(&channel.weights) {
                mean = back.mul_add(*w, mean);
            }
            for back in &mut channel.weights_back {
                *back = (*back - mean) * channel.inverse_sum;
            }
        }
        for (&element, slope) in
            adstock.slots.iter().zip(channel.weights_slope.chunks_exact(adstock.n_weights))
        {
            let sum = &mut scratch.gradient[element];
            for (back, slope) in channel.weights_back.iter().zip(slope) {
                *sum = back.mul_add(*slope, *sum);
            }
        }
        if adstock.is_recursion() {
            let sum = &mut scratch.gradient[adstock.slots[0]];
            for (flow, slope) in channel.flow.iter().zip(&channel.carried_slope) {
                *sum = flow.mul_add(*slope, *sum);
            }
        }
        for (flow, response) in channel.flow.iter().zip(&channel.saturated) {
            for (sum, dp) in channel.parameters_back.iter_mut().zip(response.dp) {
                *sum = flow.mul_add(dp, *sum);
            }
        }
        for (&element, &back) in saturation.slots.iter().zip(&channel.parameters_back) {
            scratch.gradient[element] += back;
        }
    }
}
