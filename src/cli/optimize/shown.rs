//! The answer for people.

use std::collections::BTreeMap;

use crate::{
    analysis::Estimate,
    cli::{
        grid::Grid,
        number::{NOTHING, amount, count, percent, plural, significant},
    },
    optimizer::{self, Answer, ArmRow},
};

/// Most rows that are shown one by one.
const SHOWN: usize = 40;

/// All of it.
pub(super) fn shown(answer: &Answer) -> String {
    let mut text = match answer.rows.len() <= SHOWN {
        true => each(&answer.rows) + &schedule(answer),
        false => totals(&answer.rows),
    };
    let effect = &answer.effect;
    let interval = |x: &Estimate| format!("{} to {}", amount(x.hdi_3), amount(x.hdi_97));
    let mut grid = Grid::default().left(&format!("over {}", plural(answer.periods, "period")));
    for name in ["before", "after", "94 % interval", "gain", "94 % interval", "P(better)"] {
        grid = grid.right(name);
    }
    grid.row(vec![
        "objective".into(),
        amount(effect.measure[0]),
        amount(effect.measure[1]),
        interval(&effect.after),
        amount(effect.gain.mean),
        interval(&effect.gain),
        percent(effect.p_better),
    ]);
    text += &format!("\n{}", grid.render(false));
    let limits = answer.limits.iter().filter(|limit| limit.shadow_price != 0.0);
    let mut grid = Grid::default().left("binding limit").right("is").right("one more unit brings");
    let mut any = false;
    for limit in limits {
        any = true;
        let price = significant(limit.shadow_price, 3);
        grid.row(vec![limit.name.clone(), amount(limit.value), price]);
    }
    if any {
        text += &format!("\n{}", grid.render(false));
    }
    if !answer.frontier.is_empty() {
        let mut grid = Grid::default().right("budget").right("objective").right("gap");
        for step in &answer.frontier {
            let of = |f: fn(&optimizer::Solved) -> String| {
                step.solved.as_ref().map_or("infeasible".into(), f)
            };
            let cells = [of(|s| amount(s.value)), of(|s| significant(s.gap(), 2))];
            grid.row([amount(step.total)].into_iter().chain(cells).collect());
        }
        text += &format!("\n{}", grid.render(false));
    }
    let certificate = match (answer.bound, answer.gap) {
        (Some(bound), Some(gap)) => {
            let bound = amount(bound);
            format!("no allocation within the limits reaches more than {bound}: gap {gap:.1e}")
        }
        _ => answer.unbounded.unwrap_or_default().into(),
    };
    text + &format!("\nstatus {}; {certificate}\n", answer.status.name())
}

fn each(rows: &[ArmRow]) -> String {
    let mut grid = Grid::default().left("model");
    for (dim, _) in &rows[0].place.labels {
        grid = grid.left(dim);
    }
    grid = grid.left("channel");
    for name in
        ["before", "after", "change", "response before", "after ", "94 % interval", "marginal ROAS"]
    {
        grid = grid.right(name);
    }
    grid = grid.left("at");
    let several = rows.iter().any(|row| row.place.model != rows[0].place.model);
    for row in rows {
        let [before, after] = &row.response;
        let mut line = vec![if several { row.place.model.clone() } else { NOTHING.into() }];
        line.extend(row.place.labels.iter().map(|(_, label)| label.clone()));
        line.extend([
            row.channel.clone(),
            amount(row.before),
            amount(row.after),
            percent(row.after / row.before - 1.0),
            amount(before.mean),
            amount(after.mean),
            format!("{} to {}", amount(after.hdi_3), amount(after.hdi_97)),
            significant(row.marginal_roas, 3),
            row.binding.unwrap_or(NOTHING).into(),
        ]);
        grid.row(line);
    }
    grid.render(false)
}

/// The spend of every period, where it was decided on; periods with the same spends are one line.
fn schedule(answer: &Answer) -> String {
    let rows = &answer.rows;
    let Some(paths) = rows.iter().map(|row| row.path.as_ref()).collect::<Option<Vec<_>>>() else {
        return String::new();
    };
    let mut grid = Grid::default().left("period");
    for row in rows {
        grid = grid.right(&answer.name(row));
    }
    let line = |t: usize| paths.iter().map(|path| amount(path[t])).collect::<Vec<_>>();
    let periods = paths.first().map_or(0, |path| path.len());
    let mut first = 0;
    for t in 0..periods {
        if t + 1 < periods && line(t + 1) == line(t) {
            continue;
        }
        let name =
            if first == t { (t + 1).to_string() } else { format!("{}–{}", first + 1, t + 1) };
        grid.row([name].into_iter().chain(line(t)).collect());
        first = t + 1;
    }
    format!("\n{}", grid.render(false))
}

/// Sums over the models.
fn totals(rows: &[ArmRow]) -> String {
    let mut sums: BTreeMap<&str, [f64; 5]> = BTreeMap::new();
    for row in rows {
        let [before, after] = &row.response;
        let numbers = [1.0, row.before, row.after, before.mean, after.mean];
        let sum = sums.entry(&row.channel).or_default();
        sum.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x);
    }
    let mut grid = Grid::default().left("channel");
    let parts = if rows[0].place.labels.is_empty() { "models" } else { "series" };
    for name in [parts, "before", "after", "change", "response before", "after "] {
        grid = grid.right(name);
    }
    for (channel, [models, before, after, then, now]) in sums {
        grid.row(vec![
            channel.into(),
            count(models),
            amount(before),
            amount(after),
            percent(after / before - 1.0),
            amount(then),
            amount(now),
        ]);
    }
    grid.render(false)
}
