//! Budgets with a certificate: which spends bring most, and how much any others could bring.
//!
//! With the flighting given, the expected response is a sum over channels, whatever the model. So
//! every channel is tabulated alone, as exactly as the answer needs; the concave hulls of what lies
//! above the tables give a bound, branch and bound closes what is not concave, and exact slopes give
//! the last digits. An answer always says how far it may be from the best.

mod answer;
mod branch;
mod budget;
mod conflict;
mod course;
mod curve;
mod explain;
mod flighting;
mod linear;
mod master;
mod media;
mod place;
mod plan;
mod polish;
mod program;
mod response;
mod risk;
mod scenario;
mod schedule;
mod select;
mod steepest;
mod table;
mod target;
mod track;

pub use answer::{Answer, ArmRow, Effect, LimitRow, Status, Step, frontier};
pub use branch::{Draft, TOLERANCE, Tables};
pub use budget::{Arm, Budget};
pub use conflict::{Conflict, Limit, conflicts};
pub use course::Course;
pub use curve::{Curve, Hull, Vertex};
pub use explain::{Contradicted, Explained};
pub use master::Infeasible;
pub use media::{Flight, Local, Media};
pub use place::Place;
pub use plan::{Plan, Share};
pub use program::{Program, Row, Solved};
pub use response::{Point, Response, Table};
pub use scenario::{Quantity, Risk, Scenario, Target};
pub use steepest::Slope;
pub use table::frontier_table;

use crate::error::{Error, Result};

/// Why there is no answer.
#[derive(Clone, Debug)]
enum Failure {
    /// Limits contradict each other.
    Conflict(Vec<Conflict>),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// Drafts of concave responses, each from one in so many draws: the first say where it is worth looking
/// at more of them.
const DRAFTS: [usize; 3] = [64, 16, 1];
/// The same of other responses.
const OTHER_DRAFTS: [usize; 1] = [16];
/// Draws from which on there are drafts.
const MANY: usize = 512;

/// Solves a budget problem. Limits that contradict each other are an answer, too: `Err(Explained)`
/// inside.
///
/// # Errors
/// A target out of reach, or a schedule without room.
pub fn optimise(budget: &Budget) -> Result<std::result::Result<Answer, Explained>> {
    let (risk, total) = (budget.scenario.objective.risk, budget.total());
    // What is not the mean needs the draws of all channels side by side.
    let paired = (risk != Risk::Mean).then(|| budget.thinned(budget.least_draws()));
    let budget = paired.as_ref().unwrap_or(budget);
    // Before anything is tabulated: a contradiction needs no response.
    let contradictions = conflicts(&budget.program(total));
    if !contradictions.is_empty() {
        return Ok(Err(explain::explain(budget, &contradictions, total)));
    }
    let solved = match (budget.scenario.target, risk) {
        _ if budget.scheduled() => {
            schedule::solve(budget, total).map(|found| (found.solved, Some(found.paths)))
        }
        (Some(target), _) => target::solve(budget, target).map(|solved| (solved, None)),
        (None, Risk::Mean) => by_mean(budget, total).map(|solved| (solved, None)),
        (None, risk) => match risk::solve(budget, risk, total) {
            Ok(solved) => Ok((solved, None)),
            Err(_) => Err(Failure::Conflict(conflicts(&budget.program(total)))),
        },
    };
    match solved {
        Ok((solved, paths)) => Ok(Ok(answer::answer(budget, &solved, paths.as_deref(), total))),
        Err(Failure::Conflict(found)) => Ok(Err(explain::explain(budget, &found, total))),
        Err(Failure::Other(error)) => Err(error),
    }
}

/// The spends that bring most on average over the draws.
fn by_mean(budget: &Budget, total: [f64; 2]) -> std::result::Result<Solved, Failure> {
    let program = budget.program(total);
    let contradiction = |_| Failure::Conflict(conflicts(&program));
    let drafts: &[usize] = if budget.concave() { &DRAFTS } else { &OTHER_DRAFTS };
    let mut found: Option<Draft> = None;
    // Drafts say where it is worth looking in double precision at all draws.
    if budget.least_draws() >= MANY {
        for &one_in in drafts {
            let part = budget.draft(one_in);
            let rough = part.program(total);
            let mut tables = match found.take() {
                None => Tables::new(&rough),
                Some(draft) => Tables::near(&rough, draft),
            };
            found = Some(tables.draft(&rough).map_err(contradiction)?);
        }
    }
    let mut tables = match found {
        None => Tables::new(&program),
        Some(draft) => Tables::near(&program, draft),
    };
    tables.solve(&program).map_err(contradiction)
}
