//! Budgets with a certificate: which spends bring most, and how much any others could bring.
//!
//! With the flighting given, the expected response is a sum over channels, whatever the model. So
//! every channel is tabulated alone, as exactly as the answer needs; the concave hulls of what lies
//! above the tables give a bound, branch and bound closes what is not concave, and exact slopes give
//! the last digits. An answer always says how far it may be from the best.

mod answer;
mod branch;
mod conflict;
mod curve;
mod flighting;
mod master;
mod media;
mod plan;
mod polish;
mod program;
mod response;
mod risk;
mod scenario;
mod select;
mod steepest;
mod target;

pub use answer::{Answer, ArmRow, Effect, Explained, LimitRow, Status, Step};
pub use branch::{TOLERANCE, Tables};
pub use conflict::{Conflict, Limit, conflict};
pub use curve::{Curve, Hull, Vertex};
pub use master::Infeasible;
pub use media::{Flight, Media};
pub use plan::{Arm, Budget, Plan, Share};
pub use program::{Program, Row, Solved};
pub use response::{Point, Response, Table};
pub use scenario::{Quantity, Risk, Scenario, Target};
pub use steepest::Slope;

use crate::error::{Error, Result};

/// Why there is no answer.
#[derive(Clone, Debug)]
enum Failure {
    /// Limits contradict each other.
    Conflict(Conflict),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// Solves a budget problem. Limits that contradict each other are an answer, too: `Err(Explained)`
/// inside.
///
/// # Errors
/// A target out of reach.
pub fn optimise(budget: &Budget) -> Result<std::result::Result<Answer, Explained>> {
    let (risk, total) = (budget.scenario.objective.risk, budget.total());
    // What is not the mean needs the draws of all channels side by side.
    let paired = (risk != Risk::Mean).then(|| budget.paired());
    let budget = paired.as_ref().unwrap_or(budget);
    let solved = match (budget.scenario.target, risk) {
        (Some(target), _) => target::solve(budget, target),
        (None, Risk::Mean) => {
            let program = budget.program(total);
            let solved = Tables::new(&program).solve(&program);
            solved.map_err(|_| Failure::Conflict(conflict(&program)))
        }
        (None, risk) => risk::solve(budget, risk, total)
            .map_err(|_| Failure::Conflict(conflict(&budget.program(total)))),
    };
    match solved {
        Ok(solved) => Ok(Ok(answer::answer(budget, &solved, total))),
        Err(Failure::Conflict(conflict)) => Ok(Err(answer::explain(budget, &conflict, total))),
        Err(Failure::Other(error)) => Err(error),
    }
}
