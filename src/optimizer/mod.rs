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

pub use answer::{Answer, ArmRow, Effect, Explained, LimitRow, Status, Step, frontier};
pub use branch::{TOLERANCE, Tables};
pub use budget::{Arm, Budget};
pub use conflict::{Conflict, Limit, conflict};
pub use course::Course;
pub use curve::{Curve, Hull, Vertex};
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
    Conflict(Conflict),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// Draws of which one in so many says where it is worth looking at all of them, if that leaves as many
/// as `FEW`.
const THINNED: usize = 16;
const FEW: usize = 32;
/// How far off the best spends of those draws are likely to be, as a share of them.
const THINNED_OFF: f64 = 0.05;
/// The same of spends that single precision finds.
const DRAFT_OFF: f64 = 1e-4;

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
    let solved = match (budget.scenario.target, risk) {
        _ if budget.scheduled() => {
            schedule::solve(budget, total).map(|found| (found.solved, Some(found.paths)))
        }
        (Some(target), _) => target::solve(budget, target).map(|solved| (solved, None)),
        (None, Risk::Mean) => by_mean(budget, total).map(|solved| (solved, None)),
        (None, risk) => match risk::solve(budget, risk, total) {
            Ok(solved) => Ok((solved, None)),
            Err(_) => Err(Failure::Conflict(conflict(&budget.program(total)))),
        },
    };
    match solved {
        Ok((solved, paths)) => Ok(Ok(answer::answer(budget, &solved, paths.as_deref(), total))),
        Err(Failure::Conflict(conflict)) => Ok(Err(answer::explain(budget, &conflict, total))),
        Err(Failure::Other(error)) => Err(error),
    }
}

/// The spends that bring most on average over the draws.
fn by_mean(budget: &Budget, total: [f64; 2]) -> std::result::Result<Solved, Failure> {
    let program = budget.program(total);
    let contradiction = |_| Failure::Conflict(conflict(&program));
    let few = budget.least_draws() / THINNED;
    if few < FEW {
        return Tables::new(&program).solve(&program).map_err(contradiction);
    }
    // Drafts say where it is worth looking in double precision: of some of the draws, then of all.
    let thinned = budget.thinned(few).draft();
    let rough = thinned.program(total);
    let mut found = Tables::new(&rough).draft(&rough).map_err(contradiction)?;
    let mut around = THINNED_OFF;
    if budget.concave() {
        let single = budget.draft();
        let draft = single.program(total);
        found = Tables::near(&draft, found, around).draft(&draft).map_err(contradiction)?;
        around = DRAFT_OFF;
    }
    Tables::near(&program, found, around).solve(&program).map_err(contradiction)
}
