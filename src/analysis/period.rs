//! Returns by period: what would have been lost without the spend of a period, carry-over included.

use super::change::{Change, totals};
use super::channels::STEP;
use super::{Estimate, Fitted, Window};
use jiff::civil::Date;
use std::ops::Range;

/// How the training rows are divided into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Not at all.
    AllTime,
    /// By calendar year.
    Year,
    /// By quarter.
    Quarter,
    /// By month.
    Month,
}

impl Frequency {
    /// The period of a date: `all time`, `2017`, `2017-Q3`, `2017-08`.
    fn period(self, date: Date) -> String {
        let (year, month) = (date.year(), date.month());
        match self {
            Frequency::AllTime => "all time".into(),
            Frequency::Year => year.to_string(),
            Frequency::Quarter => format!("{year}-Q{}", (month + 2) / 3),
            Frequency::Month => format!("{year}-{month:02}"),
        }
    }
}

/// The return of a channel in one period, in original units.
#[derive(Clone, Debug)]
pub struct ReturnRow {
    /// The channel.
    pub channel: String,
    /// The period.
    pub period: String,
    /// Its first and its last date.
    pub dates: [Date; 2],
    /// What was spent in it.
    pub spend: f64,
    /// What would be missing on all training rows, had nothing been spent in it: of a spend at its
    /// end also what comes later, of an earlier spend only what it adds to that.
    pub contribution: Estimate,
    /// It over the spend; NaN without spend.
    pub roas: Estimate,
    /// What 1 % more spend on every date of the period would add, over that spend.
    pub mroas: Estimate,
}

/// Returns of some channels by period, channel by channel. Periods are clipped to the training rows,
/// and so is their effect: over all time the contribution is the channel's.
pub fn returns(fitted: &Fitted, channels: &[usize], frequency: Frequency) -> Vec<ReturnRow> {
    let panel = &fitted.panel;
    let periods = periods(&panel.dates[..panel.n_train], frequency);
    let windows: Vec<Window<'_, f32>> =
        periods.iter().map(|(_, dates)| reach(fitted, dates)).collect();
    let mut rows = Vec::new();
    for &c in channels {
        let scale = panel.channel_scale[c];
        let changes: Vec<Change<'_>> = periods
            .iter()
            .zip(&windows)
            .flat_map(|((_, dates), window)| {
                let padded = |times: f64| {
                    window.pad(|date| {
                        let times = if dates.contains(&date) { times } else { 1.0 };
                        scale.scale(times * panel.spend[[date, c]])
                    })
                };
                let against = |times, against| Change {
                    window,
                    channel: c,
                    spend: padded(times),
                    against: Some(padded(against)),
                };
                [against(1.0, 0.0), against(1.0 + STEP, 1.0)]
            })
            .collect();
        let found = totals(fitted, &changes);
        for ((period, dates), found) in periods.iter().zip(found.as_chunks::<2>().0) {
            let spend: f64 = dates.clone().map(|date| panel.spend[[date, c]]).sum();
            let factor = panel.target_scale.factor;
            let per_spend = if spend == 0.0 { f64::NAN } else { factor / spend };
            rows.push(ReturnRow {
                channel: panel.channels[c].clone(),
                period: period.clone(),
                dates: [panel.dates[dates.start], panel.dates[dates.end - 1]],
                spend,
                contribution: Estimate::scaled(&found[0], factor),
                roas: Estimate::scaled(&found[0], per_spend),
                mroas: Estimate::scaled(&found[1], per_spend / STEP),
            });
        }
    }
    rows
}

/// The training rows that the spend of some of them has an effect on.
fn reach<'a>(fitted: &'a Fitted, dates: &Range<usize>) -> Window<'a, f32> {
    let (structure, n_train) = (&fitted.model.structure, fitted.panel.n_train);
    // A window knows no spend after it, so where an effect comes before its spend it takes them all.
    match structure.max_shift() {
        0 => {
            let end = dates.end.saturating_add(structure.memory() - 1).min(n_train);
            Window::on(&fitted.model, dates.start..end)
        }
        _ => Window::train(&fitted.model),
    }
}

/// Periods and their rows, in order.
fn periods(dates: &[Date], frequency: Frequency) -> Vec<(String, Range<usize>)> {
    let mut periods: Vec<(String, Range<usize>)> = Vec::new();
    for (row, &date) in dates.iter().enumerate() {
        let period = frequency.period(date);
        match periods.last_mut() {
            Some((last, rows)) if *last == period => rows.end = row + 1,
            _ => periods.push((period, row..row + 1)),
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn periods_of_a_calendar() {
        let dates = [date(2023, 12, 25), date(2024, 1, 1), date(2024, 3, 25), date(2024, 4, 1)];
        let of = |frequency| {
            let periods = periods(&dates, frequency);
            periods.into_iter().map(|(name, rows)| format!("{name} {rows:?}")).collect::<Vec<_>>()
        };
        assert_eq!(of(Frequency::AllTime), ["all time 0..4"]);
        assert_eq!(of(Frequency::Year), ["2023 0..1", "2024 1..4"]);
        assert_eq!(of(Frequency::Quarter), ["2023-Q4 0..1", "2024-Q1 1..3", "2024-Q2 3..4"]);
        let months = ["2023-12 0..1", "2024-01 1..2", "2024-03 2..3", "2024-04 3..4"];
        assert_eq!(of(Frequency::Month), months);
    }
}
