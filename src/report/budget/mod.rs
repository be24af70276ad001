//! What a report says of a budget: who gets how much, what it brings, how sure that is, and what more
//! would bring.

mod drawing;

use super::chart::words;
use super::model::colour;
use super::number::{amount, percent, plural, significant};
use super::page::{Page, table};
use super::pairs::{Pair, bars};
use crate::analysis::Estimate;
use crate::optimizer::{
    Answer, Arm, ArmRow, Budget, Risk, Solved, Status, Step, frontier, frontier_table,
};
use drawing::Curve;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What pairs of bars are.
const SIDES: [&str; 2] = ["before", "now"];
/// Most channels that are shown one by one.
const SHOWN: usize = 40;
/// Most channels that are named for what they have in common.
const NAMED: usize = 12;
/// Steps of a response curve.
const STEPS: usize = 24;
/// Steps of a frontier that the scenario does not give, and most channels for which it is made.
const TOTALS: usize = 11;
const FRONTIER: usize = 400;

/// A budget problem and its answer.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    /// The problem.
    pub budget: &'a Budget,
    /// Its answer.
    pub answer: &'a Answer,
}

impl Planned<'_> {
    /// The section of the page.
    pub fn section(self, page: &mut Page) {
        page.section("Budget");
        self.verdict(page);
        self.allocation(page);
        if self.answer.rows.len() <= SHOWN {
            self.curves(page);
        }
        self.schedule(page);
        self.frontier(page);
        self.limits(page);
        self.warnings(page);
    }

    fn name(&self, row: &ArmRow) -> String {
        self.answer.name(row)
    }

    fn spent(&self, of: fn(&ArmRow) -> f64) -> f64 {
        self.answer.rows.iter().map(of).sum()
    }

    fn verdict(&self, page: &mut Page) {
        let Answer { effect, bound, gap, unbounded, status, periods, .. } = self.answer;
        let (before, after) = (self.spent(|row| row.before), self.spent(|row| row.after));
        let sure = match (bound, gap) {
            (Some(bound), Some(gap)) => format!(
                "No allocation within the limits brings more than {}: this one is at most {} short of \
                 the best, for these posterior draws.",
                amount(*bound),
                percent(*gap)
            ),
            _ => format!(
                "This is the best that was found, and how far it is from the best of all is not \
                 known: {}.",
                unbounded.unwrap_or_default()
            ),
        };
        page.text(&format!(
            "Over {} the objective goes from {} to {} when {} per period are spent where they bring \
             most; {} were spent before. {sure}",
            plural(*periods, "period"),
            amount(effect.measure[0]),
            amount(effect.measure[1]),
            amount(after),
            amount(before),
        ));
        let kind = match status {
            Status::Optimal => "optimal",
            Status::Local => "local",
        };
        page.facts(&[
            ("answer", kind.to_owned()),
            ("gain (94 % interval)", words(&effect.gain, amount)),
            ("gain in parts of before", percent(effect.gain.mean / effect.before.mean)),
            ("probability of a gain", percent(effect.p_better)),
            ("spend per period, before", amount(before)),
            ("spend per period, now", amount(after)),
        ]);
    }

    /// Channels one by one, or summed over models where they are too many.
    fn pairs(
        &self,
        of: fn(&ArmRow) -> [f64; 2],
        ends: Option<fn(&ArmRow) -> [Estimate; 2]>,
    ) -> Vec<Pair> {
        let rows = &self.answer.rows;
        if rows.len() <= SHOWN {
            let ends = |row: &ArmRow| {
                ends.map(|of| of(row).map(|estimate| [estimate.hdi_3, estimate.hdi_97]))
            };
            let pair = |(c, row): (usize, &ArmRow)| Pair {
                name: self.name(row),
                class: colour(c),
                values: of(row),
                ends: ends(row),
            };
            return rows.iter().enumerate().map(pair).collect();
        }
        let mut sums: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
        for row in rows {
            let sum = sums.entry(&row.channel).or_default();
            sum.iter_mut().zip(of(row)).for_each(|(sum, x)| *sum += x);
        }
        let pair = |(c, (name, values)): (usize, (&str, [f64; 2]))| Pair {
            name: name.to_owned(),
            class: colour(c),
            values,
            ends: None,
        };
        sums.into_iter().enumerate().map(pair).collect()
    }

    fn allocation(&self, page: &mut Page) {
        let spends = self.pairs(|row| [row.before, row.after], None);
        let responses =
            self.pairs(|row| row.response.each_ref().map(|e| e.mean), Some(|row| row.response));
        let said = |pairs: &[Pair]| {
            let one = |pair: &Pair| {
                let [before, after] = pair.values.map(amount);
                format!("{} from {before} to {after}", pair.name)
            };
            pairs.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let legend = || [("before", "pale".to_owned()), ("now", "c0".to_owned())];
        page.legend(legend());
        let alt = format!("Spend per period before and now: {}", said(&spends));
        let data = self.answer.table();
        let spend = page.figure_of(
            "",
            &bars(&alt, SIDES, &spends),
            "Spend per period, before and now",
            Some(&data),
        );
        let alt = format!("Response before and now: {}", said(&responses));
        let caption = match self.answer.rows.len() <= SHOWN {
            true => "What the channels bring over the horizon, with 94 % intervals",
            false => "What the channels bring over the horizon, summed over models",
        };
        page.explain(legend());
        let response = page.figure_of("", &bars(&alt, SIDES, &responses), caption, None);
        page.html(&format!("<div class=\"two\">{spend}{response}</div>"));
        if self.answer.rows.len() <= SHOWN {
            let line = |row: &ArmRow| {
                vec![
                    self.name(row),
                    amount(row.before),
                    amount(row.after),
                    percent(row.after / row.before - 1.0),
                    words(&row.gain, amount),
                    significant(row.marginal_roas, 3),
                    row.binding.unwrap_or_default().to_owned(),
                ]
            };
            let heads = ["channel", "before", "now", "change", "gain", "marginal ROAS", "at limit"];
            let rows: Vec<Vec<String>> = self.answer.rows.iter().map(line).collect();
            page.html(&table(
                "Spends per period, and what they gain over the horizon",
                &heads,
                &rows,
            ));
        } else {
            let mut rows: Vec<&ArmRow> = self.answer.rows.iter().collect();
            let moved = |row: &ArmRow| (row.after - row.before).abs();
            rows.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
            let line = |row: &&ArmRow| {
                vec![
                    self.name(row),
                    amount(row.before),
                    amount(row.after),
                    words(&row.gain, amount),
                ]
            };
            let rows: Vec<Vec<String>> = rows.iter().take(SHOWN).map(line).collect();
            let heads = ["model:channel", "before", "now", "gain"];
            page.html(&table("The largest moves of spend per period", &heads, &rows));
        }
    }

    fn curves(&self, page: &mut Page) {
        page.html("<h3>Responses</h3>");
        page.text(
            "What a channel's spend per period brings over the horizon. The hollow dot is the spend \
             before, the full one the spend now. Right of the dashed line no period of training has \
             seen so much: there the curve is a guess.",
        );
        let rows = self.answer.rows.iter().zip(&self.budget.arms).enumerate();
        let rows: Vec<(usize, (&ArmRow, &Arm))> = rows.collect();
        let drawn: Vec<String> =
            rows.par_iter().map(|(c, (row, arm))| self.curve(*c, row, arm)).collect();
        page.figure("many", &drawn.concat(), "Responses with 94 % intervals", None);
    }

    fn curve(&self, c: usize, row: &ArmRow, arm: &Arm) -> String {
        let end = 1.15 * f64::max(row.before, row.after).max(f64::min(arm.upper, 2.0 * row.before));
        let end = if end > 0.0 { end } else { 1.0 };
        let spends: Vec<f64> = (0..=STEPS).map(|k| end * k as f64 / STEPS as f64).collect();
        let responses: Vec<Estimate> =
            spends.iter().map(|&spend| Estimate::of(&arm.media.draws(spend))).collect();
        Curve {
            name: &self.name(row),
            class: &colour(c),
            spends: &spends,
            responses: &responses,
            seen: arm.seen / arm.peak,
            points: [(row.before, row.response[0]), (row.after, row.response[1])],
        }
        .draw()
    }

    /// The spend of every period, where it was decided on.
    fn schedule(&self, page: &mut Page) {
        let rows: Vec<(usize, &ArmRow)> =
            self.answer.rows.iter().enumerate().filter(|(_, row)| row.path.is_some()).collect();
        if rows.is_empty() || rows.len() > SHOWN {
            return;
        }
        page.html("<h3>Flighting</h3>");
        let path = |(c, row): (usize, &ArmRow)| {
            let path = row.path.as_deref().unwrap_or_default();
            drawing::path(&self.name(row), &colour(c), path, row.before)
        };
        let drawn: String = rows.into_iter().map(path).collect();
        let data = self.answer.schedule();
        let caption = "Spend of every period; the dashed line is the mean before";
        page.figure("many", &drawn, caption, Some(&data));
    }

    /// What other totals would bring.
    fn frontier(&self, page: &mut Page) {
        let spent = self.spent(|row| row.after);
        let made;
        let steps = match self.answer.frontier.is_empty() {
            false => &self.answer.frontier,
            true => {
                made = self.other_totals(spent);
                &made
            }
        };
        let known: Vec<(f64, &Solved)> =
            steps.iter().filter_map(|step| Some((step.total, step.solved.as_ref()?))).collect();
        if known.len() < 2 {
            return;
        }
        let before = [self.spent(|row| row.before), self.answer.effect.measure[0]];
        let now = [spent, self.answer.effect.measure[1]];
        let totals: Vec<[f64; 2]> =
            known.iter().map(|(total, solved)| [*total, solved.value]).collect();
        let drawn = drawing::frontier(&totals, before, now);
        page.html("<h3>More or less money</h3>");
        let data = frontier_table(steps);
        let caption = "The objective that every total reaches at its best within the other limits";
        page.figure("wide", &drawn, caption, Some(&data));
    }

    fn other_totals(&self, spent: f64) -> Vec<Step> {
        let Budget { scenario, arms, .. } = self.budget;
        // Schedules are searched anew for every total, which takes long.
        let quick = arms.len() <= FRONTIER && !self.budget.scheduled();
        if scenario.objective.risk != Risk::Mean || !quick {
            return Vec::new();
        }
        let sum = |of: fn(&Arm) -> f64| arms.iter().map(of).sum::<f64>();
        let [least, most] =
            [sum(|arm| arm.lower).max(0.5 * spent), sum(|arm| arm.upper).min(1.5 * spent)];
        if least >= most {
            return Vec::new();
        }
        let total = |k: usize| least + (most - least) * k as f64 / (TOTALS - 1) as f64;
        frontier(self.budget, &(0..TOTALS).map(total).collect::<Vec<_>>())
    }

    fn limits(&self, page: &mut Page) {
        let binding = self.answer.limits.iter().filter(|limit| limit.shadow_price != 0.0);
        let rows: Vec<Vec<String>> = binding
            .map(|limit| {
                let of = |k: usize| match limit.limits[k].is_finite() {
                    true => amount(limit.limits[k]),
                    false => String::new(),
                };
                vec![
                    limit.name.clone(),
                    of(0),
                    of(1),
                    amount(limit.value),
                    significant(limit.shadow_price, 3),
                ]
            })
            .collect();
        if rows.is_empty() {
            return page.text("No limit of several channels keeps the spends from bringing more.");
        }
        let heads = ["limit", "at least", "at most", "is", "one more unit brings"];
        page.html(&table("Limits of several channels that bind", &heads, &rows));
    }

    fn warnings(&self, page: &mut Page) {
        let named = |names: Vec<String>| {
            let more = names.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ") + &more
        };
        let beyond = self.answer.rows.iter().filter_map(|row| {
            row.beyond.map(|beyond| format!("{} by {}", self.name(row), percent(beyond)))
        });
        let beyond: Vec<String> = beyond.collect();
        if !beyond.is_empty() {
            page.text(&format!(
                "More than any period of training has seen, so that the model extrapolates: {}.",
                named(beyond)
            ));
        }
        let excluded = &self.budget.scenario.exclude;
        if !excluded.is_empty() {
            page.text(&format!(
                "Models of the run that have no part in this budget: {}.",
                named(excluded.clone())
            ));
        }
        let limits = self.answer.rows.iter().filter(|row| row.binding == Some("ramp"));
        let limits: Vec<String> = limits.map(|row| self.name(row)).collect();
        if !limits.is_empty() {
            page.text(&format!("Held back by how fast spend may change: {}.", named(limits)));
        }
        let noise = self.budget.scenario.budget.noise_level;
        if noise > 0.0 {
            page.text(&format!(
                "Intervals and probabilities allow for spends that are off by {} from period to \
                 period when plans are executed.",
                percent(noise)
            ));
        }
    }
}
