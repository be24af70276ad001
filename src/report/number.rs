//! Numbers for people.

/// What stands for a number that is not finite.
pub const NOTHING: &str = "–";

/// An amount with three digits and a unit: `12.3 M`, `45.2 k`, `950`, `0.0123`.
pub fn amount(x: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")];
    if !x.is_finite() {
        return NOTHING.into();
    }
    // Rounded first: 999 960 is 1.00 M, not 1000 k.
    let rounded = round(x, 3);
    match UNITS.iter().find(|(unit, _)| rounded.abs() >= *unit) {
        Some((unit, name)) => format!("{}{name}", significant(rounded / unit, 3)),
        None => significant(rounded, 3),
    }
}

/// A number with so many significant digits, in exponential form where it is very small or large.
pub fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return NOTHING.into();
    }
    if x == 0.0 {
        return "0".into();
    }
    let digits = digits.max(1);
    let exponential = format!("{x:.*e}", digits - 1);
    let power = exponential.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    if !(-4..15).contains(&power) {
        return exponential;
    }
    // Decimals of what rounding may have carried to the next power of ten.
    let decimals = digits as i32 - 1 - power;
    match usize::try_from(decimals) {
        Ok(decimals) => format!("{x:.decimals$}"),
        Err(_) => format!("{:.0}", round(x, digits)),
    }
}

/// The nearest number of so many significant digits.
fn round(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits.max(1) - 1).parse().unwrap_or(x)
}

/// A number with so many decimals.
pub fn decimals(x: f64, n: usize) -> String {
    if x.is_finite() { format!("{x:.n$}") } else { NOTHING.into() }
}

/// A share as per cent: `38 %`, `3.8 %`.
pub fn percent(share: f64) -> String {
    let x = 100.0 * share;
    if !x.is_finite() {
        return NOTHING.into();
    }
    let n = usize::from(x.abs() < 9.95 && x != 0.0);
    format!("{x:.n$} %")
}

/// A whole number in groups of three: `12,345`.
pub fn count(x: f64) -> String {
    if !x.is_finite() {
        return NOTHING.into();
    }
    let digits = format!("{:.0}", x.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if x < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

/// A duration: `0.42 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.into();
    }
    if seconds < 9.95 {
        return format!("{} s", significant(seconds, 2));
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// `1 model`, `2 models`.
pub fn plural(n: usize, what: &str) -> String {
    format!("{} {what}{}", count(n as f64), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits_and_a_unit() {
        for (x, text) in [
            (0.0, "0"),
            (12_345_678.0, "12.3 M"),
            (45_210.0, "45.2 k"),
            (-1_163_000.0, "-1.16 M"),
            (999_960.0, "1.00 M"),
            (999.96, "1.00 k"),
            (950.0, "950"),
            (99.95, "100"),
            (1.5, "1.50"),
            (0.0123, "0.0123"),
            (0.000_012_34, "1.23e-5"),
            (2.5e9, "2.50 B"),
            (7e12, "7.00 T"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(amount(x), text, "{x:?}");
        }
    }

    #[test]
    fn significant_digits() {
        for (x, text) in [
            (1234.5678, "1235"),
            (0.99996, "1.000"),
            (-0.012_346, "-0.01235"),
            (123_456.0, "123500"),
            (0.001, "0.001000"),
            (1e-9, "1.000e-9"),
            (1e20, "1.000e20"),
        ] {
            assert_eq!(significant(x, 4), text, "{x:?}");
        }
    }

    #[test]
    fn shares_counts_and_durations() {
        let shares = [0.384, 0.038, 0.0, 1.0, -0.2, 0.0996, f64::NAN].map(percent);
        assert_eq!(shares, ["38 %", "3.8 %", "0 %", "100 %", "-20 %", "10 %", "–"]);
        let counts = [0.0, 999.4, 1000.0, 1_234_567.0, -4321.0, -0.2, f64::NAN].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567", "-4,321", "0", "–"]);
        let times = [0.0, 0.42, 9.96, 59.6, 200.0, 7500.0].map(duration);
        assert_eq!(times, ["0 s", "0.42 s", "10 s", "1 min 00 s", "3 min 20 s", "2 h 05 min"]);
        assert_eq!([plural(1, "model"), plural(1200, "row")], ["1 model", "1,200 rows"]);
        assert_eq!([decimals(1.0049, 3), decimals(f64::NAN, 3)], ["1.005", "–"]);
    }
}
