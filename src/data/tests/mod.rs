//! From files on disk to panels: what is read and what is noted.

mod refused;

use std::{env, fs, path::Path};

use jiff::civil::date;
use polars::prelude::{Column, DataFrame, DataType, ParquetWriter, TimeUnit};
use tempfile::TempDir;

use super::*;
use crate::error::Error;

const DATA: &str =
    "path = \"t.csv\"\ndate = \"week\"\ntarget = \"sales\"\nchannels = [\"tv\", \"radio\"]";

const TABLE: &str = "\
week,sales,tv,radio,price
2024-01-01,10,1,0,3
2024-01-08,20,2,5,4
2024-01-15,15.5,4,0,5
2024-01-22,30,0,1,3
";

const PANELS: &str = "\
brand,region,week,sales,tv,radio
b,south,2024-01-01,1,1,2
b,south,2024-01-08,2,2,1
a,west,2024-01-01,5,1,2
a,north,2024-01-08,4,2,1
a,west,2024-01-08,6,2,1
a,north,2024-01-01,3,1,2
";

const BY_PANEL: &str = "panel = [\"brand\", \"region\"]";

/// A folder with `t.csv` in it.
fn folder(table: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("t.csv"), table).unwrap();
    dir
}

fn model(dir: &TempDir, text: &str) -> ModelFile {
    ModelFile::parse("model.toml", &dir.path().join("model.toml"), text).unwrap()
}

/// Reads `table` as the model file with the lines `more` in its `[data]` says.
fn read(table: &str, more: &str) -> Result<Dataset> {
    let dir = folder(table);
    load(&model(&dir, &format!("[data]\n{DATA}\n{more}")), None)
}

/// As [`read`], with another `[data]`.
fn read_as(table: &str, data: &str) -> Result<Dataset> {
    let dir = folder(table);
    load(&model(&dir, &format!("[data]\n{data}")), None)
}

/// The one panel of a table without panels.
fn single(table: &str, more: &str) -> Panel {
    let mut data = read(table, more).unwrap();
    assert_eq!(data.failed, []);
    data.panels.remove(0)
}

/// Why the one panel of a table cannot be fitted.
fn reason(table: &str, more: &str) -> String {
    let data = read(table, more).unwrap();
    assert!(data.panels.is_empty());
    assert_eq!(data.failed[0].key, "model");
    data.failed[0].reason.clone()
}

fn notes(panel: &Panel) -> Vec<&str> {
    panel.notes.iter().map(|note| note.text.as_str()).collect()
}

/// The part of the model file that an error points at.
fn pointed(error: &Error) -> &str {
    let (source, span) = error.place().unwrap();
    &source.text[span]
}

/// All numbers of a dataset, for comparison.
fn content(data: &Dataset) -> String {
    format!("{:?} {:?}", data.panels, data.failed)
}

#[test]
fn one_series() {
    let more = "controls = [\"price\"]\ntrain_until = \"2024-01-15\"\n[scaling]\n\
                controls.method = \"standard\"\nchannel.method = \"mean\"";
    let panel = single(TABLE, more);
    assert_eq!((panel.key.as_str(), panel.values.len()), ("model", 0));
    assert_eq!(panel.dates[3], date(2024, 1, 22));
    assert_eq!(panel.n_train, 3);
    assert_eq!(panel.target, [10.0, 20.0, 15.5, 30.0]);
    assert_eq!(panel.spend.column(1).to_vec(), [0.0, 5.0, 0.0, 1.0]);
    // scales come from the first three rows
    assert_eq!(panel.target_scale, Scale { shift: 0.0, factor: 20.0 });
    assert_eq!(panel.channel_scale[0], Scale { shift: 0.0, factor: 7.0 / 3.0 });
    let z = 1.5f64.sqrt();
    for (scaled, expected) in panel.control.column(0).iter().zip([-z, 0.0, z, -z]) {
        assert!((scaled - expected).abs() < 1e-15);
    }
    assert_eq!(notes(&panel), [""; 0]);
}

#[test]
fn hash_of_bytes() {
    // sha256sum of the table
    assert_eq!(
        read(TABLE, "").unwrap().hash,
        "fd7e91d7749a2c72f5f30e4fc3933be31c30025cb0ba9b85e4097f04187c5b37"
    );
}

#[test]
fn panels_by_key_rows_by_date() {
    let data = read(PANELS, BY_PANEL).unwrap();
    let keys: Vec<_> = data.panels.iter().map(|panel| panel.key.as_str()).collect();
    assert_eq!(keys, ["a/north", "a/west", "b/south"]);
    assert_eq!(data.panels[0].values, ["a", "north"]);
    assert_eq!(data.panels[0].target, [3.0, 4.0]);
    assert_eq!(data.panels[0].dates, [date(2024, 1, 1), date(2024, 1, 8)]);
}

#[test]
fn series_of_a_model_by_labels() {
    let data = read(PANELS, "panel = [\"brand\"]\ndims = [\"region\"]").unwrap();
    let of = |panel: &Panel| (panel.key.clone(), panel.labels.join(" "), panel.name());
    let expect = |key: &str, label: &str| (key.into(), label.into(), format!("{key} ({label})"));
    let expected = [expect("a", "north"), expect("a", "west"), expect("b", "south")];
    assert!(data.panels.iter().map(of).eq(expected));
    let models: Vec<usize> = data.models().map(<[Panel]>::len).collect();
    assert_eq!(models, [2, 1]);
    assert_eq!(Dataset::into_models(data.panels.clone()).len(), 2);
    // one scale for all series of a model
    let scales = |data: &Dataset| {
        let of = |panel: &Panel| (panel.target_scale.factor, panel.channel_scale[0].factor);
        data.panels.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(scales(&data), [(6.0, 2.0), (6.0, 2.0), (2.0, 2.0)]);
    let own = "dims = [\"brand\", \"region\"]\n[scaling]\ntarget.over = []\n\
               channel = { method = \"mean\", over = [\"region\"] }";
    let data = read(PANELS, own).unwrap();
    assert!(data.panels.iter().all(|panel| panel.key == "model" && panel.values.is_empty()));
    // north 1, 2; west 1, 2; south 1, 2: brands have their own scale of spend
    assert_eq!(scales(&data), [(4.0, 1.5), (6.0, 1.5), (2.0, 1.5)]);
    let controls = "dims = [\"brand\", \"region\"]\ncontrols = [\"radio\"]\n[scaling]\n\
                    controls.method = \"min_max\"";
    let table = PANELS.replace("a,west,2024-01-01,5,1,2", "a,west,2024-01-01,5,1,5");
    let channels = DATA.replace(", \"radio\"", "");
    let data = read_as(&table, &format!("{channels}\n{controls}")).unwrap();
    assert_eq!(data.panels[2].control_scale, [Scale { shift: 1.0, factor: 4.0 }]);
    assert_eq!(data.panels[2].control.column(0).to_vec(), [0.25, 0.0]);
}

#[test]
fn a_bad_series_fails_its_model() {
    let bad =
        PANELS.replace("a,west,2024-01-08,6,2", "a,west,2024-01-08,6,-2") + "b,,2024-01-01,1,1,1\n";
    let data = read(&bad, "panel = [\"brand\"]\ndims = [\"region\"]").unwrap();
    assert!(data.panels.is_empty());
    let reasons: Vec<&str> = data.failed.iter().map(|failed| failed.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "west: channel \"tv\" is negative (-2) on 2024-01-08: spend is 0 or more",
            "dim column \"region\" is empty (rows: 1): every row needs a value",
        ]
    );
}

#[test]
fn order_of_rows_does_not_matter() {
    let straight = read(PANELS, BY_PANEL).unwrap();
    let (head, body) = PANELS.split_once('\n').unwrap();
    let mut lines: Vec<&str> = body.lines().collect();
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        lines.swap(0, 3);
        let turned = read(&format!("{head}\n{}", lines.join("\r\n")), BY_PANEL).unwrap();
        assert_eq!(content(&turned), content(&straight));
    }
}

#[test]
fn rename_globs_and_order() {
    let table =
        "week,s,sp_b,sp_a,x[1],sp_c,h_2,h_1\n2024-01-01,1,1,2,3,4,5,6\n2024-01-08,2,3,4,5,6,7,8\n";
    let panel = read_as(
        table,
        "path = \"t.csv\"\ndate = \"week\"\ntarget = \"sales\"\nchannels = [\"x[1]\", \"sp_*\", \"TV\"]\n\
         controls = [\"h_?\"]\nrename = { sp_b = \"TV\", s = \"sales\" }",
    )
    .unwrap()
    .panels
    .remove(0);
    assert_eq!(panel.channels, ["x[1]", "sp_a", "sp_c", "TV"]);
    assert_eq!(panel.spend.row(0).to_vec(), [3.0, 2.0, 4.0, 1.0]);
    assert_eq!(panel.controls, ["h_1", "h_2"]);
    assert_eq!(panel.control.row(1).to_vec(), [8.0, 7.0]);
}

#[test]
fn forms_of_csv() {
    let odd = "\u{feff}\"week\",sales,tv,\"radio\",price\r\n\r\n2024-01-01T00:00:00,10,1,,\r\n\
               \"2024-01-08 00:00:00\",\"20\", 2 ,5,\"a, b\"\r\n2024-01-15,15.5,4,0,5\r\n\
               2024-01-22,3e1,0,1,3\r\n\r\n";
    let plain = TABLE.replace("10,1,0", "10,1,");
    assert_eq!(content(&read(odd, "").unwrap()), content(&read(&plain, "").unwrap()));
    // thousands of columns, integers first
    let names: Vec<String> = (0..3000).map(|i| format!("c{i:04}")).collect();
    let row = |x: &str| vec![x; 3000].join(",");
    let wide = format!(
        "week,sales,tv,radio,{}\n2024-01-01,1,1,1,{}\n2024-01-08,2,2,3,{}\n",
        names.join(","),
        row("7"),
        row("0.25")
    );
    let panel = single(&wide, "controls = [\"c*\"]");
    assert_eq!(panel.control[[1, 2999]], 0.25);
    assert_eq!(panel.controls, names);
}

#[test]
fn globs_of_files() {
    let dir = folder("");
    let (head, rows) = TABLE.split_once('\n').unwrap();
    let (early, late) = rows.split_at(rows.find("2024-01-15").unwrap());
    fs::write(dir.path().join("part2.csv"), format!("{head}\n{late}")).unwrap();
    fs::write(dir.path().join("part1.csv"), format!("{head}\n{early}")).unwrap();
    let text = format!("[data]\n{}", DATA.replace("t.csv", "part*.csv"));
    let parts = load(&model(&dir, &text), None).unwrap();
    assert_eq!(content(&parts), content(&read(TABLE, "").unwrap()));
    assert!(parts.notes[0].text.starts_with("4 rows from 2 files: "), "{}", parts.notes[0].text);
    // a path of the command line wins, and a hash covers the files one after the other
    fs::write(dir.path().join("t.csv"), TABLE).unwrap();
    let one = load(&model(&dir, &text), Some(&dir.path().join("t.csv"))).unwrap();
    assert_eq!(content(&one), content(&parts));
    assert_ne!(one.hash, parts.hash);

    fs::write(dir.path().join("part3.csv"), format!("tv,{head}\n")).unwrap();
    let error = load(&model(&dir, &text), None).unwrap_err();
    assert!(error.message().ends_with("part3.csv has two columns called \"tv\""), "{error}");
    fs::write(dir.path().join("part3.csv"), format!("more,{head}\n")).unwrap();
    let error = load(&model(&dir, &text), None).unwrap_err();
    assert!(error.message().starts_with("column \"more\" is in "), "{error}");
}

#[test]
fn parquet_equals_csv() {
    let dir = folder(PANELS);
    let csv = load(&model(&dir, &format!("[data]\n{DATA}\n{BY_PANEL}")), None).unwrap();
    let week = ["2024-01-01", "2024-01-08", "2024-01-01", "2024-01-08", "2024-01-08", "2024-01-01"];
    let days: Vec<i32> =
        week.iter().map(|w| if w.ends_with("01") { 19_723 } else { 19_730 }).collect();
    let days = Column::new("week".into(), days).cast(&DataType::Date).unwrap();
    let micros = days.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    for week in [Column::new("week".into(), week), days, micros] {
        let columns = vec![
            Column::new("note".into(), ["x"; 6]),
            Column::new("tv".into(), [1.0f32, 2.0, 1.0, 2.0, 2.0, 1.0]),
            Column::new("radio".into(), [2i64, 1, 2, 1, 1, 2]),
            week,
            Column::new("sales".into(), ["1", "2", "5", "4.0", "6", "3"]),
            Column::new("brand".into(), ["b", "b", "a", "a", "a", "a"]),
            Column::new("region".into(), ["south", "south", "west", "north", "west", "north"]),
        ];
        let mut frame = DataFrame::new(6, columns).unwrap();
        let path = dir.path().join("t.parquet");
        ParquetWriter::new(fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let file = model(&dir, &format!("[data]\n{DATA}\n{BY_PANEL}"));
        assert_eq!(content(&load(&file, Some(&path)).unwrap()), content(&csv));
    }
}

#[test]
fn a_bad_panel_stops_no_other() {
    let bad = PANELS.replace("a,west,2024-01-08,6", "a,west,2024-01-08,")
        + "b,,2024-01-01,1,1,1\nb,lonely,2024-01-01,1,1,1\n";
    let data = read(&bad, BY_PANEL).unwrap();
    let keys: Vec<_> = data.panels.iter().map(|panel| panel.key.as_str()).collect();
    assert_eq!(keys, ["a/north", "b/south"]);
    let failed: Vec<_> = data.failed.iter().map(|failed| failed.key.as_str()).collect();
    assert_eq!(failed, ["a/west", "b/(empty)", "b/lonely"]);
    assert_eq!(
        data.failed[1].reason,
        "panel column \"region\" is empty (rows: 1): every row needs a value"
    );
    // two different panels must never share a key: it names their folder and their random numbers
    let twins = PANELS.replace("a,west", "a/n,orth").replace("a,north", "a,n/orth");
    let data = read(&twins, BY_PANEL).unwrap();
    assert_eq!((data.panels.len(), data.failed.len()), (1, 2));
    assert!(data.failed.iter().all(|failed| failed.key == "a/n/orth"));
}

#[test]
fn notes_that_stop_nothing() {
    let table = "\
week,sales,tv,radio,print,price,promo
2024-01-01,10,1,0,7,3,1
2024-01-08,-20,2,0,7,3,2
2024-01-22,15.5,4,0,7,3,4
2024-01-29,30,0,2,7,4,1
2024-02-05,31,0,2,7,4,1
";
    let data = DATA.replace("\"radio\"", "\"radio\", \"print\"");
    let more = "controls = [\"price\", \"promo\"]\ntrain_until = \"2024-01-22\"";
    let panel = read_as(table, &format!("{data}\n{more}")).unwrap().panels.remove(0);
    assert_eq!(panel.notes[0].panel, None);
    assert_eq!(
        notes(&panel),
        [
            "dates are not evenly spaced: the usual step is 7 days, but 2024-01-08 is followed by \
             2024-01-22 (14 days); carry-over counts rows, not days",
            "target \"sales\" is negative (-20) on 2024-01-08",
            "channel \"radio\" has no spend on the training rows: its parameters follow the prior; \
             its spend after them, first on 2024-01-29 (2 dates in all), counts as none",
            "channel \"print\" is 7 on all training rows: its effect cannot be told from the intercept",
            "control \"price\" is 3 on all training rows: its coefficient follows the prior",
            "channel \"tv\", control \"promo\" are identical on the training rows: their effects \
             cannot be told apart",
        ]
    );
    assert_eq!(panel.channel_scale[1].scale(2.0), 0.0);
    let panels =
        read(&PANELS.replace("b,south,2024-01-01,1,1,2", "b,south,2024-01-01,1,1,1"), BY_PANEL);
    let panels = panels.unwrap().panels;
    assert_eq!(panels[2].notes[0].panel.as_deref(), Some("b/south"));
}

#[test]
fn truth_of_simulated_data() {
    let dir = folder(TABLE);
    assert_eq!(load_truth(&model(&dir, &format!("[data]\n{DATA}"))).unwrap(), None);
    let file = model(&dir, &format!("[data]\n{DATA}\ntruth = \"truth.toml\""));
    assert!(load_truth(&file).unwrap_err().message().contains("truth.toml"));
    fs::write(dir.path().join("truth.toml"), "[panel.model]\nroas = { tv = 2 }\n").unwrap();
    assert_eq!(load_truth(&file).unwrap().unwrap().0["model"]["roas[tv]"], 2.0);
}

#[test]
fn case_study() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = env::var_os("GIGAMIX_CASE_STUDY")
        .map_or_else(|| root.join("../shared/reference/case_study/data.csv"), Into::into);
    if !path.is_file() {
        println!("skipped: the case study's CSV is not at {}", path.display());
        return;
    }
    let text = r#"
[data]
path = "data.csv"
date = "wk_strt_dt"
target = "sales"
channels = ["Direct Mail", "Insert", "Newspaper", "Online Display", "Radio", "Social Media", "TV"]
controls = ["hldy_*"]
train_until = "2018-02-01"
[data.rename]
mdsp_dm = "Direct Mail"
mdsp_inst = "Insert"
mdsp_nsp = "Newspaper"
mdsp_on = "Online Display"
mdsp_audtr = "Radio"
mdsp_so = "Social Media"
mdsp_vidtr = "TV"
"#;
    let data = load(&model(&folder(""), text), Some(&path)).unwrap();
    assert_eq!((data.panels.len(), data.failed.len()), (1, 0));
    let panel = &data.panels[0];
    assert_eq!((panel.dates.len(), panel.n_train, panel.controls.len()), (209, 183, 22));
    // as PyMC-Marketing 0.18.2 scales them
    let channels = [2409895.71, 590148.11, 2198467.4, 695750.18, 435614.54, 573355.55, 1100083.38];
    assert!(panel.channel_scale.iter().map(|scale| scale.factor).eq(channels));
    assert_eq!(panel.target_scale, Scale { shift: 0.0, factor: 351597976.78 });
    // weekly flags of holidays that fall into the same weeks
    let same = "are identical on the training rows: their effects cannot be told apart";
    let thanks = "control \"hldy_Black Friday\", control \"hldy_Pre Thanksgiving\", \
                  control \"hldy_Thanksgiving\"";
    let christmas = "control \"hldy_Christmas Day\", control \"hldy_Day after Christmas\"";
    assert_eq!(notes(panel), [format!("{thanks} {same}"), format!("{christmas} {same}")]);
}
