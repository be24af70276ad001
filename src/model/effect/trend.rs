//! A linear trend that bends at change points: Σ 1[t > s_i] delta_i (t − s_i) (Taylor & Letham, 2018,
//! without their offset), t the days since the first date over the largest such value in training.

use jiff::civil::Date;

/// t of every date: 0 on the first date of training, 1 on the last one.
fn time(dates: &[Date], [first, last]: [Date; 2]) -> Vec<f64> {
    let days = |date: &Date| f64::from(date.since(first).map_or(0, |span| span.get_days()));
    let last = days(&last);
    // One training row: there is no span to divide by.
    dates.iter().map(|date| if last > 0.0 { days(date) / last } else { 0.0 }).collect()
}

/// Labels of the change points: `0 … n − 1`.
pub fn names(changepoints: usize) -> Vec<String> {
    (0..changepoints).map(|i| i.to_string()).collect()
}

/// max(t − s_i, 0) for the change points s = linspace(0, 1, n), change point by change point; a single
/// one is at the begin, a constant slope. `training`: the first and the last of its dates.
pub fn columns(changepoints: usize, dates: &[Date], training: [Date; 2]) -> Vec<Vec<f64>> {
    let time = time(dates, training);
    let gaps = (changepoints.max(2) - 1) as f64;
    let column = |i: usize| time.iter().map(|t| (t - i as f64 / gaps).max(0.0)).collect();
    (0..changepoints).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn columns_bend_at_the_change_points() {
        // 0, 10, 20 training days and one date beyond.
        let dates = [1, 11, 21, 31].map(|day| date(2024, 1, day));
        assert_eq!(names(3), ["0", "1", "2"]);
        let columns = columns(3, &dates, [dates[0], dates[2]]);
        assert_eq!(columns, [[0.0, 0.5, 1.0, 1.5], [0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0, 0.5]]);
        // One change point, at the begin: a constant slope.
        assert_eq!(super::columns(1, &dates, [dates[0], dates[2]]), columns[..1]);
        assert_eq!(super::columns(1, &dates[..1], [dates[0]; 2]), [[0.0]]);
    }
}
