//! Seasonality: sines and cosines of the day of a year, a month or a week.

use crate::config::Period;
use jiff::civil::Date;
use std::f64::consts::TAU;

/// Names of the columns of order `n`: `sin_1 … sin_n, cos_1 … cos_n`.
pub fn names(order: usize) -> Vec<String> {
    let of = |wave: &'static str| (1..=order).map(move |k| format!("{wave}_{k}"));
    of("sin").chain(of("cos")).collect()
}

/// u of a date.
fn share(period: Period, date: Date) -> f64 {
    match period {
        Period::Year => f64::from(date.day_of_year()) / 365.25,
        Period::Month => f64::from(date.day_of_year()) / (365.25 / 12.0),
        Period::Week => f64::from(date.weekday().to_monday_zero_offset()) / 7.0,
    }
}

/// sin(2πku) for k = 1..n, then cos(2πku).
pub fn columns(period: Period, order: usize, dates: &[Date]) -> Vec<Vec<f64>> {
    let column = |wave: fn(f64) -> f64, k: usize| {
        let angle = |date: &Date| TAU * k as f64 * share(period, *date);
        dates.iter().map(|date| wave(angle(date))).collect()
    };
    let sines = (1..=order).map(|k| column(f64::sin, k));
    sines.chain((1..=order).map(|k| column(f64::cos, k))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn columns_follow_the_day_of_the_year() {
        let columns = columns(Period::Year, 2, &[date(2024, 12, 31), date(2021, 1, 1)]);
        assert_eq!(names(2), ["sin_1", "sin_2", "cos_1", "cos_2"]);
        // Day 366 of a leap year and day 1, from Python: math.sin(2*math.pi*366/365.25), …
        let expected = [
            [0.012_901_459_949_419_653, 0.017_201_575_418_260_506],
            [0.025_800_772_391_540_64, 0.034_398_060_613_608_01],
            [0.999_916_772_702_195_3, 0.999_852_041_955_773_5],
            [0.999_667_104_662_347_1, 0.999_408_211_606_258_3],
        ];
        for (column, expected) in columns.iter().zip(expected) {
            for (value, expected) in column.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12, "{value} {expected}");
            }
        }
    }

    #[test]
    fn months_and_weeks() {
        // Day 46 of a year, a Thursday: from Python, math.sin(2*math.pi*46*12/365.25), …
        let dates = [date(2024, 2, 15)];
        let close = |found: &[Vec<f64>], expected: [f64; 2]| {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found[0] - expected).abs() < 1e-12, "{found:?} {expected}");
            }
        };
        close(&columns(Period::Month, 1, &dates), [-0.07090046226091157, -0.9974833955766828]);
        close(&columns(Period::Week, 1, &dates), [0.43388373911755823, -0.900968867902419]);
    }
}
