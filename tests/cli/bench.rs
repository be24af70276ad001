//! `gigamix bench`: the shape of its answer, its checks, its exit codes. Nothing is said about times.

use crate::common::command::run;
use serde_json::Value;
use std::path::Path;

fn here() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A figure is above 0, between its ends.
fn is_figure(value: &Value) {
    let number = |key: &str| value[key].as_f64().unwrap_or_else(|| panic!("{key}: {value}"));
    let (low, median, high) = (number("low"), number("median"), number("high"));
    assert!(0.0 < low && low <= median && median <= high, "{value}");
    assert!(value["repeats"].as_u64().unwrap() > 0, "{value}");
}

/// Either measured, or with a reason why not.
fn is_figure_or_reason(row: &Value, key: &str) {
    match row["not_run"].as_str() {
        Some(why) => assert!(!why.is_empty() && row[key].is_null(), "{row}"),
        None => is_figure(&row[key]),
    }
}

/// What holds on every machine, for these engines.
fn is_complete(json: &Value, engines: &[&str]) {
    let rows = |value: &Value| value.as_array().unwrap_or_else(|| panic!("{json}")).clone();
    assert!(json["processor"]["threads"].as_u64().unwrap() > 0, "{json}");
    assert_eq!(json["model"]["parameters"], 55);
    let peaks = rows(&json["engines"]);
    assert_eq!(peaks.iter().map(|row| &row["engine"]).collect::<Vec<_>>(), engines);
    peaks.iter().for_each(|row| is_figure(&row["peak_flops"]));
    for engine in engines {
        let of_engine = |value: &Value| {
            rows(value).into_iter().filter(|row| row["engine"] == *engine).collect::<Vec<_>>()
        };
        let cells = of_engine(&json["rows"]);
        let models: Vec<_> = cells.iter().map(|row| row["models"].as_u64().unwrap()).collect();
        assert_eq!(models, [1, 16, 256, 4096]);
        cells.iter().for_each(|row| is_figure_or_reason(row, "gradients_per_second"));
        let share = cells[0]["share_of_peak"].as_f64().unwrap();
        assert!(share > 0.0, "{share}");
        let fits = of_engine(&json["fits"]);
        assert_eq!((&fits[0]["fit"], &fits[0]["models"]), (&"case study".into(), &1.into()));
        assert_eq!(fits[0]["not_failed"], 1);
        fits.iter().for_each(|row| is_figure_or_reason(row, "seconds"));
        // One model takes two checks; whatever else ran takes more.
        assert!(of_engine(&json["checks"]["rows"]).len() >= 2, "{json}");
    }
    let checks = &json["checks"];
    assert_eq!(checks["passed"], checks["total"], "{checks}");
    assert_eq!(checks["total"], rows(&checks["rows"]).len());
    for check in rows(&checks["rows"]) {
        assert!(check["error"].as_f64().unwrap() <= check["limit"].as_f64().unwrap(), "{check}");
    }
}

#[test]
fn the_processor_is_measured_and_checked() {
    let ran = run(here(), "bench --device cpu --seconds 1 --json");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = ran.json();
    is_complete(&json, &["cpu"]);
    assert_eq!((&json["adapter"], &json["gpu_faster_from_models"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_table_says_what_was_measured_and_what_was_not() {
    let ran = run(here(), "bench --device cpu --seconds 0.1");
    ran.fails(0, &["measured in "]);
    for text in ["multiply-adds", "183 weeks", "gradients/s", "of the peak", "models/hour"] {
        assert!(ran.stdout.contains(text), "{text:?} is not shown: {}", ran.stdout);
    }
    for text in ["no GPU measured here", "not run: ", "simulated fleet"] {
        assert!(ran.stdout.contains(text), "{text:?} is not shown: {}", ran.stdout);
    }
    let last = ran.stdout.lines().last().unwrap();
    let (passed, total) = last
        .strip_prefix("checks passed ")
        .and_then(|rest| rest.split(';').next()?.split_once('/'))
        .unwrap_or_else(|| panic!("{last}"));
    assert_eq!(passed, total);
}

#[test]
fn an_adapter_is_measured_beside_the_processor() {
    if crate::common::software().is_none() {
        return;
    }
    let ran = run(here(), "bench --device software --seconds 1 --json");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = ran.json();
    is_complete(&json, &["cpu", "software"]);
    assert_eq!(json["adapter"]["kind"], "software");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    for seconds in ["0", "nan", "1e9"] {
        run(here(), &format!("bench --seconds {seconds}"))
            .fails(2, &["not a time to measure", "above 0"]);
    }
    run(here(), "bench --seconds soon").fails(2, &["invalid value 'soon'"]);
    let ran = run(here(), "bench --device no-such-adapter --json");
    ran.fails(3, &["no-such-adapter"]);
    assert_eq!(ran.json()["error"]["code"], 3);
}
