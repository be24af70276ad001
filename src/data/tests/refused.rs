//! What is refused: files, columns and fields with an error, panels with a reason.

use super::*;

#[test]
fn parquet_of_wrong_types() {
    let dir = folder(TABLE);
    let path = dir.path().join("t.parquet");
    let error = |week: Column, tv: Column| {
        let n = week.len();
        let sales = Column::new("sales".into(), vec![1.5; n]);
        let mut frame =
            DataFrame::new(n, vec![week, sales, tv.clone(), tv.with_name("radio".into())]).unwrap();
        ParquetWriter::new(fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let file = model(&dir, &format!("[data]\n{DATA}"));
        load(&file, Some(&path)).unwrap_err().message().replace(&path.display().to_string(), "F")
    };
    let week = Column::new("week".into(), ["2024-01-01", "2024-01-08"]);
    let tv = Column::new("tv".into(), [1.0, 2.0]);
    let text = Column::new("tv".into(), ["1", "two"]);
    assert_eq!(error(week.clone(), text), "F, row 2, column \"tv\": \"two\" is not a number");
    let days = tv.cast(&DataType::Int32).unwrap().cast(&DataType::Date).unwrap();
    assert_eq!(error(week, days), "F, column \"tv\": values of type date are not numbers");
    let numbers = tv.clone().with_name("week".into());
    assert_eq!(error(numbers, tv), "F, column \"week\": values of type f64 are not dates");
    fs::write(&path, "PAR1 this is none").unwrap();
    let broken = load(&model(&dir, &format!("[data]\n{DATA}")), Some(&path)).unwrap_err();
    assert_eq!(broken.help_text(), Some("the file is damaged, or not a Parquet file"));
}

#[test]
fn bad_columns_point_into_the_model_file() {
    let (more, as_data) = ("controls = [\"prize\"]", DATA.to_owned());
    let error = read(TABLE, more).unwrap_err();
    assert!(error.message().starts_with("no column \"prize\" in "), "{error}");
    assert_eq!(
        (pointed(&error), error.help_text()),
        ("\"prize\"", Some("did you mean \"price\"?"))
    );

    let error = read(TABLE, "controls = [\"hldy_*\"]").unwrap_err();
    assert!(error.message().starts_with("no column matches \"hldy_*\" in "), "{error}");
    assert_eq!(error.help_text(), Some("the columns are: week, sales, tv, radio, price"));

    let error = read(TABLE, "controls = [\"p*\", \"r*\"]").unwrap_err();
    assert_eq!(pointed(&error), "\"r*\"");
    assert_eq!(error.message(), "column \"radio\" cannot be a control: it is already a channel");
    let error =
        read_as(TABLE, &as_data.replace("\"tv\", \"radio\"", "\"tv\", \"t*\"")).unwrap_err();
    assert_eq!(error.message(), "column \"tv\" is named twice as a channel");
    let error = read(TABLE, "controls = [\"p[\"]").unwrap_err();
    assert!(error.message().starts_with("\"p[\" is not a glob: "), "{error}");

    let twice = TABLE.replace("price", "tv");
    assert!(read(&twice, "").unwrap_err().message().ends_with("has two columns called \"tv\""));
    let error = read(TABLE, "rename = { prise = \"Price\" }").unwrap_err();
    assert!(
        error.message().starts_with("model.toml: [data] rename: no column \"prise\" in "),
        "{error}"
    );
    assert_eq!(error.help_text(), Some("did you mean \"price\"?"));
    let error = read(&TABLE.replace(',', ";"), "").unwrap_err();
    assert_eq!(
        error.help_text(),
        Some("the columns seem to be separated by semicolons: use commas")
    );
}

#[test]
fn bad_files() {
    let error = read_as(TABLE, &DATA.replace("t.csv", "u.csv")).unwrap_err();
    assert!(error.message().starts_with("there is no file "), "{error}");
    assert_eq!(pointed(&error), "\"u.csv\"");
    let error = read_as(TABLE, &DATA.replace("t.csv", "u*.csv")).unwrap_err();
    assert!(error.message().starts_with("no file matches "), "{error}");
    let error = read_as(TABLE, &DATA.replace("t.csv", ".")).unwrap_err();
    assert!(error.message().contains(" is a folder: name its files as "), "{error}");
    let dir = folder(TABLE);
    let file = model(&dir, &format!("[data]\n{DATA}"));
    let error = load(&file, Some(&dir.path().join("u.csv"))).unwrap_err();
    assert!(error.place().is_none() && error.message().ends_with("u.csv"), "{error}");
    let sheet = dir.path().join("t.xlsx");
    fs::write(&sheet, TABLE).unwrap();
    let error = load(&file, Some(&sheet)).unwrap_err();
    assert!(error.message().starts_with("cannot tell the format of "), "{error}");
    let error = read("week,sales,tv,radio\n", "").unwrap_err();
    assert!(error.message().ends_with("t.csv has no rows"), "{error}");
}

#[test]
fn bad_fields_name_column_row_and_line() {
    let message = |from: &str, to: &str| {
        let error = read(&TABLE.replace(from, to), "").unwrap_err();
        let message = error.message();
        message[message.find("t.csv").unwrap()..].to_owned()
    };
    assert_eq!(
        message("15.5", "many"),
        "t.csv, row 3 (line 4), column \"sales\": \"many\" is not a number"
    );
    assert_eq!(
        message("2024-01-08,20", "\n2024-01-08,\"1,5\""),
        "t.csv, row 2 (line 4), column \"sales\": \"1,5\" is not a number"
    );
    assert_eq!(
        message("2024-01-22", "22/01/2024"),
        "t.csv, row 4 (line 5), column \"week\": \"22/01/2024\" is not a date"
    );
    assert_eq!(
        message("2024-01-22", ""),
        "t.csv, row 4 (line 5), column \"week\": the date is missing"
    );
    assert_eq!(message("15.5", "15,5"), "t.csv, line 4: the header has 5 fields, this line has 6");
}

#[test]
fn values_that_no_model_can_take() {
    let change = |from: &str, to: &str| reason(&TABLE.replace(from, to), "controls = [\"price\"]");
    let where_nothing = "fill it in, 0 where nothing was spent";
    assert_eq!(
        change("2,5", ",NA"),
        format!(
            "channel \"tv\" has no value on 2024-01-08: {where_nothing}; \
             channel \"radio\" has no value on 2024-01-08: {where_nothing}"
        )
    );
    let empty = TABLE.replace(",0,3", ",,3").replace(",0,5", ",,5");
    assert_eq!(
        reason(&empty, ""),
        format!("channel \"radio\" has no value on 2024-01-01 (2 dates in all): {where_nothing}")
    );
    assert_eq!(
        change("2,5", "-2,5"),
        "channel \"tv\" is negative (-2) on 2024-01-08: spend is 0 or more"
    );
    assert_eq!(
        change("2,5", "inf,5"),
        "channel \"tv\" is inf on 2024-01-08: write a finite number"
    );
    assert_eq!(
        change("15.5", "NaN"),
        "target \"sales\" has no value on 2024-01-15: fill it in, or leave the date out"
    );
    assert_eq!(change("5,4\n", "5,\n"), "control \"price\" has no value on 2024-01-08: fill it in");
    assert_eq!(
        change("01-08", "01-15"),
        "date 2024-01-15 is there 2 times: keep one row per date, or name the columns that tell the \
         rows apart in [data] panel"
    );
}

#[test]
fn too_little_to_learn_from() {
    let same = TABLE.replace("10,1", "20,1").replace("15.5", "20");
    assert_eq!(
        reason(&same, "train_until = \"2024-01-15\""),
        "target \"sales\" is 20 on all 3 training rows: there is nothing to explain; check the column"
    );
    assert_eq!(
        reason(TABLE, "train_until = \"2023-12-31\""),
        "no row is for training: the dates run from 2024-01-01 to 2024-01-22, after train_until = \
         2023-12-31; move train_until or leave the panel out"
    );
    let one = "only 1 training row (2024-01-01): a model needs 2 at the very least";
    assert_eq!(reason(TABLE, "train_until = \"2024-01-01\""), one);
    let (head, _) = TABLE.split_once("2024-01-08").unwrap();
    assert_eq!(reason(head, ""), one);
    let loss = TABLE.replace(",10,", ",-10,").replace(",20,", ",-20,").replace("15.5", "-15.5");
    assert_eq!(
        reason(&loss.replace(",30,", ",-1,"), ""),
        "target \"sales\" would be scaled by -1, which must be above 0: choose method = \"min_max\" \
         in [scaling] target"
    );
    assert!(single(&loss, "[scaling]\ntarget.method = \"min_max\"").target_scale.factor > 0.0);
}
