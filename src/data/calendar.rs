//! Gaps in a calendar of dates.

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::civil::Date;

/// Steps of calendars whose steps differ in days: months, quarters, years.
const UNEVEN: [(RangeInclusive<i32>, &str); 3] =
    [(28..=31, "a month"), (90..=92, "a quarter"), (365..=366, "a year")];

/// Says which step between dates is usual and where it is first broken; nothing where it never is.
/// `dates` are in rising order and all different.
pub(super) fn gap(dates: &[Date]) -> Option<String> {
    let mut counts = BTreeMap::new();
    for pair in dates.windows(2) {
        *counts.entry(days(pair)).or_insert(0usize) += 1;
    }
    // the most frequent step, the shortest of equally frequent ones
    let most = *counts.values().max()?;
    let (&usual, _) = counts.iter().find(|(_, count)| **count == most)?;
    let (fine, name) = UNEVEN
        .into_iter()
        .find(|(range, _)| range.contains(&usual) && counts.len() > 1)
        .map(|(range, name)| (range, name.to_owned()))
        .unwrap_or_else(|| (usual..=usual, plural(usual)));
    let mut broken = dates.windows(2).filter(|pair| !fine.contains(&days(pair)));
    let first = broken.next()?;
    let more = match broken.count() {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    Some(format!(
        "dates are not evenly spaced: the usual step is {name}, but {} is followed by {} ({}){more}; \
         carry-over counts rows, not days",
        first[0],
        first[1],
        plural(days(first)),
    ))
}

fn days(pair: &[Date]) -> i32 {
    // a span between two dates is in days unless asked otherwise
    pair[0].until(pair[1]).map_or(0, |span| span.get_days())
}

fn plural(days: i32) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Vec<Date> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn even_calendars() {
        for even in [
            &["2024-01-01"][..],
            &["2024-01-01", "2024-01-02", "2024-01-03"],
            &["2024-01-01", "2024-01-08", "2024-01-15"],
            &["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"],
            &["2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01"],
            &["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"],
            &["2023-01-01", "2024-01-01", "2025-01-01"],
        ] {
            assert_eq!(gap(&dates(even)), None);
        }
    }

    #[test]
    fn first_gap() {
        let weekly = dates(&["2024-01-01", "2024-01-08", "2024-01-22", "2024-01-29", "2024-03-04"]);
        assert_eq!(
            gap(&weekly).unwrap(),
            "dates are not evenly spaced: the usual step is 7 days, but 2024-01-08 is followed by \
             2024-01-22 (14 days), and 1 more; carry-over counts rows, not days"
        );
        let monthly =
            dates(&["2024-01-01", "2024-02-01", "2024-04-01", "2024-05-01", "2024-06-01"]);
        let text = gap(&monthly).unwrap();
        assert!(
            text.contains("step is a month, but 2024-02-01 is followed by 2024-04-01 (60 days);")
        );
        let four_weeks = dates(&["2024-01-01", "2024-01-29", "2024-02-26", "2024-04-22"]);
        assert!(
            gap(&four_weeks).unwrap().contains("2024-02-26 is followed by 2024-04-22 (56 days)")
        );
    }
}
