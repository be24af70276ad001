//! Contradictions in words: which limits, what the bounds sum to, and what would fit.

use super::budget::{Arm, Budget, Kind, Named};
use super::conflict::{Conflict, Limit};

/// Most names in a list.
const NAMED: usize = 8;

/// A limit of several channels that takes part in a contradiction.
#[derive(Clone, Debug)]
pub struct Contradicted {
    /// What is limited.
    pub name: String,
    /// Whether it is the least sum, or the largest.
    pub least: bool,
    /// The limit.
    pub limit: f64,
    /// What it would have to be, the others staying as they are; none where no value would do.
    pub fits: Option<f64>,
    /// Where it is a share of a total: that total.
    of: Option<f64>,
}

/// Why nothing satisfies the limits.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What contradicts what, in one sentence.
    pub message: String,
    /// What would make it fit.
    pub help: String,
    /// The limits of every contradiction, that of the fewest first.
    pub conflicts: Vec<Vec<Contradicted>>,
}

impl Contradicted {
    fn side(&self) -> &'static str {
        if self.least { "at least" } else { "at most" }
    }

    fn said(&self) -> String {
        format!("{} is to be {} {}", self.name, self.side(), self.limit)
    }

    fn fitting(&self) -> Option<String> {
        let fits = self.fits?;
        let share = self.of.map_or(String::new(), |of| format!(", a share of {}", fits / of));
        Some(format!("{} {} {fits}{share}", self.name, self.side()))
    }
}

/// Says what contradictions mean.
pub fn explain(budget: &Budget, conflicts: &[Conflict], total: [f64; 2]) -> Explained {
    let rows = budget.rows(total);
    let limits = |conflict: &Conflict| -> Vec<Contradicted> {
        let limit = |limit: &Limit| {
            let Named { name, kind } = &rows[limit.row].0;
            Contradicted {
                name: name.clone(),
                least: limit.least,
                limit: limit.limit,
                // What is left of a share of what will be spent is no limit that anyone can give.
                fits: limit.fits.filter(|_| *kind != Kind::ShareOfSpend),
                of: (*kind == Kind::ShareOfTotal).then_some(total[1]),
            }
        };
        conflict.limits.iter().map(limit).collect()
    };
    let all: Vec<Vec<Contradicted>> = conflicts.iter().map(limits).collect();
    let mut message = "nothing satisfies all limits".to_owned();
    let mut help = "change more than one of them, or give a share more room".to_owned();
    if let (Some(first), Some(conflict)) = (all.first(), conflicts.first()) {
        let mut said = vec![listed(first.iter().map(Contradicted::said), "; ")];
        said.extend(bounds(budget, &conflict.lower, "lower", total, |arm| arm.lower));
        said.extend(bounds(budget, &conflict.upper, "upper", total, |arm| arm.upper));
        message += &format!(": {}", said.join("; "));
        let fits: Vec<String> = first.iter().filter_map(Contradicted::fitting).collect();
        if !fits.is_empty() {
            help = format!("it would fit with {}", listed(fits.into_iter(), ", or with "));
        }
    }
    if let [_, further @ ..] = &all[..]
        && !further.is_empty()
    {
        let said =
            |limits: &Vec<Contradicted>| listed(limits.iter().map(Contradicted::said), " with ");
        let more = match further.len() {
            1 => "is one more contradiction".to_owned(),
            n => format!("are {n} more contradictions"),
        };
        message += &format!(". There {more}: {}", listed(further.iter().map(said), "; "));
        let fits =
            further.iter().filter_map(|limits| limits.iter().find_map(Contradicted::fitting));
        let fits = listed(fits, ", with ");
        if !fits.is_empty() {
            let others = if further.len() == 1 { "other" } else { "others" };
            help += &format!("; the {others} with {fits}");
        }
    }
    Explained { message, help, conflicts: all }
}

/// What the bounds of some channels come to.
fn bounds(
    budget: &Budget,
    which: &[usize],
    what: &str,
    [_, most]: [f64; 2],
    of: fn(&Arm) -> f64,
) -> Option<String> {
    let arms = || which.iter().map(|&c| &budget.arms[c]);
    let sum: f64 = arms().map(of).sum();
    // What nothing limits may have all of the budget.
    let given = if what == "upper" && arms().any(|arm| arm.upper == most) {
        " (the total where none is given)"
    } else {
        ""
    };
    let names = listed(which.iter().map(|&c| budget.name(c)), ", ");
    match which.len() {
        0 => None,
        1 => Some(format!("the {what} bound of {names}{given} is {sum}")),
        _ => Some(format!("the {what} bounds of {names}{given} sum to {sum}")),
    }
}

/// The first few of a list, and how many more there are.
fn listed(all: impl Iterator<Item = String>, between: &str) -> String {
    let all: Vec<String> = all.collect();
    let mut text = all[..all.len().min(NAMED)].join(between);
    if all.len() > NAMED {
        text += &format!(" and {} more", all.len() - NAMED);
    }
    text
}
