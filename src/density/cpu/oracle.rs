//! The oracle: the log density in double precision, term by term.

use super::evaluate::{Scratch, evaluate};
use super::program::{Program, Series};
use crate::math::{Isa, Lane, Task, dispatch};
use crate::model::{Model, Space};

/// A model in double precision.
pub struct Oracle {
    program: Program<f64>,
    parameters: Vec<std::ops::Range<usize>>,
}

/// What is known of the density at one point.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Log density with all constants and Jacobians.
    pub logp: f64,
    /// Log prior with Jacobian of every parameter, in the layout's order.
    pub priors: Vec<f64>,
    /// Log likelihood of the target.
    pub likelihood: f64,
    /// Log likelihood of the lift tests; none without them.
    pub lift: Option<f64>,
    /// Potential of the costs per target; none without them.
    pub cost: Option<f64>,
    /// Log prior of the returns with their Jacobian; none without such priors.
    pub roas: Option<f64>,
    /// Gradient of the log density, one per element.
    pub gradient: Vec<f64>,
    /// Value of every element.
    pub values: Vec<f64>,
}

impl Oracle {
    /// The oracle of a model in one space, given as each of its series sees it.
    pub fn new(model: &(impl AsRef<[Model]> + ?Sized), space: Space) -> Self {
        let series = model.as_ref();
        let range = |p: &crate::model::layout::Parameter| p.offset..p.offset + p.len;
        let parameters = series[0].layout.sampled().map(range).collect();
        Self { program: Program::new(series, space), parameters }
    }

    /// In coordinates that depend on these numbers.
    pub fn knowing(mut self, numbers: &[[f32; 4]]) -> Self {
        self.program.know(numbers);
        self
    }

    /// Evaluates points, row-major, points × dim.
    pub fn evaluate(&self, points: &[f64]) -> Vec<Evaluation> {
        dispatch(Isa::detect(), Evaluate { oracle: self, points })
    }
}

/// Evaluates points.
struct Evaluate<'a> {
    oracle: &'a Oracle,
    points: &'a [f64],
}

impl Task for Evaluate<'_> {
    type Scalar = f64;
    type Output = Vec<Evaluation>;

    #[inline(always)]
    fn run<L: Lane<Scalar = f64>>(self) -> Vec<Evaluation> {
        let Oracle { program, parameters } = self.oracle;
        let dim = program.dim();
        let has = |none: fn(&Series<f64>) -> bool| !program.series.iter().all(none);
        let mut scratch = Scratch::new(program);
        let (mut u, mut gradient) = (vec![L::zero(); dim], vec![L::zero(); dim]);
        let mut evaluations = Vec::with_capacity(self.points.len() / dim);
        for block in self.points.chunks(L::LEN * dim) {
            let n = block.len() / dim;
            for (i, u) in u.iter_mut().enumerate() {
                for lane in 0..L::LEN {
                    u.set(lane, block[lane.min(n - 1) * dim + i]);
                }
            }
            let logp = evaluate(program, &u, &mut gradient, &mut scratch);
            for lane in 0..n {
                let row = |lanes: &[L]| lanes.iter().map(|x| x.get(lane)).collect::<Vec<_>>();
                let prior = row(&scratch.prior);
                let priors =
                    parameters.iter().map(|range| prior[range.clone()].iter().sum()).collect();
                evaluations.push(Evaluation {
                    logp: logp.get(lane),
                    likelihood: scratch.likelihood.get(lane),
                    cost: has(|series| series.costs.is_empty()).then(|| scratch.cost.get(lane)),
                    roas: has(|series| series.roas.is_empty()).then(|| scratch.roas.get(lane)),
                    lift: has(|series| series.lifts.is_empty()).then(|| scratch.lift.get(lane)),
                    priors,
                    gradient: row(&gradient),
                    values: row(&scratch.value),
                });
            }
        }
        evaluations
    }
}
