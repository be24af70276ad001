//! Tests of the model file: what is read, and one clear message for each fault.

use std::path::Path;

use super::*;
use crate::error::Kind;

/// The example of the manual, with every table.
pub const EXAMPLE: &str = r#"
[data]
path = "sales.csv"              # CSV or Parquet; a glob is fine; relative to this file
date = "week"
target = "sales"
channels = ["tv", "mdsp_*"]     # spend, globs allowed; order kept, globs sorted
controls = ["price", "hldy_*"]
panel = ["brand", "region"]     # optional: one independent model per combination
dims = ["geo"]                  # optional: pooled inside one model
train_until = "2018-02-01"      # optional, inclusive; later rows are the test set
rename = { mdsp_dm = "Direct Mail" }   # applied first: every other key uses the new names
truth = "truth.toml"            # optional, of simulated data: shown beside the estimates

[scaling]                       # defaults shown
target  = { method = "max" }    # max | mean | min_max; over = [...]: dims pooled for the scale, default all
channel = { method = "max" }
controls = { method = "none" }  # none | standard | min_max

[model]
adstock_first = true
yearly_seasonality = 5          # 0 or absent: none

[adstock]
family = "geometric"
l_max = 6
normalize = true
mode = "after"
[adstock.priors]
alpha = { distribution = "Beta", alpha = 1, beta = 3, dims = ["channel"] }

[saturation]
family = "logistic"
[saturation.priors]
beta = { distribution = "HalfNormal", sigma = "spend_share", dims = ["channel"] }
lam  = { distribution = "Gamma", alpha = 3, beta = 1, dims = ["channel"] }

[priors]
intercept     = { distribution = "Normal", mu = 0.2, sigma = 0.05 }
gamma_control = { distribution = "Normal", mu = 0, sigma = 1, dims = ["control"] }
gamma_fourier = { distribution = "Laplace", mu = 0, b = 1, dims = ["fourier_mode"] }

[likelihood]
distribution = "TruncatedNormal"
lower = 0
sigma = { distribution = "HalfNormal", sigma = 1 }

[sampler]                       # all optional
chains = 64
ess = 1000                      # stop when every parameter has this much, bulk and tail
max_gradients = 200000          # per chain
"#;

/// All that a model file must say; the last table is `[data]`.
pub const MINIMAL: &str = r#"[data]
path = "sales.csv"
date = "week"
target = "sales"
channels = ["tv", "radio"]
"#;

pub fn parse(text: &str) -> Result<ModelFile> {
    ModelFile::parse("model.toml", Path::new("runs/model.toml"), text)
}

fn example() -> ModelFile {
    parse(EXAMPLE).unwrap()
}

/// Parses `MINIMAL` and `more`, which must fail at `token` with `message` and a help line.
#[track_caller]
fn refuse(more: &str, token: &str, message: &str) -> String {
    refuse_all(&format!("{MINIMAL}{more}"), token, message)
}

#[track_caller]
fn refuse_all(text: &str, token: &str, message: &str) -> String {
    let error = parse(text).expect_err("the file should be refused");
    assert_eq!(error.message(), message);
    assert_eq!(error.kind(), Kind::Input);
    let (source, span) = error.place().expect("the error should have a place");
    assert_eq!(source.name, "model.toml");
    assert_eq!(&source.text[span], token, "{message}");
    error.help_text().expect("the error should have a help line").into()
}

fn texts(list: &[Spanned<String>]) -> Vec<&str> {
    list.iter().map(|text| text.value.as_str()).collect()
}

#[test]
fn the_example_is_read_in_full() {
    let file = example();
    assert_eq!(file.name(), "model");
    assert_eq!(file.dir(), Path::new("runs"));
    let data = &file.data;
    assert_eq!(*data.path, "sales.csv");
    assert_eq!((data.date.as_str(), data.target.as_str()), ("week", "sales"));
    assert_eq!(texts(&data.channels), ["tv", "mdsp_*"]);
    assert_eq!(texts(&data.controls), ["price", "hldy_*"]);
    assert_eq!(texts(&data.panel), ["brand", "region"]);
    assert_eq!(texts(&data.dims), ["geo"]);
    assert!(file.scaling.target_over.is_none());
    assert_eq!(data.train_until, Some(jiff::civil::date(2018, 2, 1)));
    assert_eq!(data.rename["mdsp_dm"], "Direct Mail");
    assert_eq!(data.truth.as_deref(), Some("truth.toml"));
    assert_eq!(file.yearly_seasonality, 5);
    assert_eq!(file.adstock.l_max, 6);
    let alpha = &file.adstock.priors["alpha"];
    assert_eq!(*alpha.distribution, "Beta");
    assert_eq!(alpha.dims.as_deref(), Some(&["channel".to_string()][..]));
    assert!(alpha.centered);
    assert!(matches!(*alpha.args["beta"], Arg::Number(3.0)));
    assert!(matches!(*file.saturation.priors["beta"].args["sigma"], Arg::SpendShare));
    assert_eq!(
        file.priors.keys().collect::<Vec<_>>(),
        ["gamma_control", "gamma_fourier", "intercept"]
    );
    assert!(matches!(*file.priors["intercept"].args["sigma"], Arg::Number(0.05)));
    assert_eq!(*file.likelihood.distribution, "TruncatedNormal");
    assert_eq!(file.likelihood.lower, Some(0.0));
    assert_eq!(file.likelihood.priors.keys().collect::<Vec<_>>(), ["sigma"]);
    let text = |span: &Range<usize>| &file.source.text[span.clone()];
    assert_eq!(text(&file.data.channels[1].span), "\"mdsp_*\"");
    assert_eq!(text(&file.likelihood.distribution.span), "\"TruncatedNormal\"");
    assert_eq!(
        text(&file.priors["intercept"].span),
        "{ distribution = \"Normal\", mu = 0.2, sigma = 0.05 }"
    );
    assert_eq!(text(&file.priors["intercept"].args["mu"].span), "0.2");
}

#[test]
fn what_is_left_out_takes_its_default() {
    let file = parse(MINIMAL).unwrap();
    assert!(file.data.controls.is_empty() && file.data.panel.is_empty());
    assert_eq!(file.scaling.target, ScaleMethod::Max);
    assert_eq!(file.scaling.channel, ScaleMethod::Max);
    assert_eq!(file.scaling.controls, ControlScale::None);
    assert!(file.adstock_first && file.adstock.normalize);
    assert_eq!((file.yearly_seasonality, file.adstock.l_max), (0, 8));
    assert_eq!((file.adstock.family.as_str(), file.adstock.mode), ("geometric", Mode::After));
    assert_eq!(*file.saturation.family, "logistic");
    assert_eq!((file.likelihood.distribution.as_str(), file.likelihood.lower), ("Normal", None));
    let Sampler { chains, ess, max_gradients } = file.sampler;
    assert_eq!((chains, ess, max_gradients), (64, 1000.0, 200_000));
}

#[test]
fn values_may_be_written_in_any_toml_form() {
    let file = parse(&format!(
        "{MINIMAL}train_until = 2018-02-01\n[adstock.priors.alpha]\ndistribution = 'Beta'\n\
         alpha = [1, 2.5]\nbeta = 0x10\ncentered = true\ndims = []\n\
         [scaling.controls]\nmethod = 'standard'\n[sampler]\ness = 1_000.5\nchains = 0x20\n"
    ))
    .unwrap();
    assert_eq!(file.data.train_until, Some(jiff::civil::date(2018, 2, 1)));
    let alpha = &file.adstock.priors["alpha"];
    assert!(matches!(&*alpha.args["alpha"], Arg::Array(list) if list == &[1.0, 2.5]));
    assert!(matches!(*alpha.args["beta"], Arg::Number(16.0)));
    assert_eq!((alpha.centered, alpha.dims.as_deref()), (true, Some(&[][..])));
    assert_eq!(&file.source.text[alpha.span.clone()], "[adstock.priors.alpha]");
    assert_eq!(file.scaling.controls, ControlScale::Standard);
    assert_eq!((file.sampler.ess, file.sampler.chains), (1000.5, 32));
}

#[test]
fn errors_of_other_rooms_point_at_the_value_its_table_or_the_file() {
    let file = parse(&format!("{MINIMAL}[adstock]\nl_max = 4\n")).unwrap();
    let error = file.error(file.adstock.family.span.clone(), "odd");
    let (source, span) = error.place().unwrap();
    assert_eq!(&source.text[span], "[adstock]");
    let error = file.error(file.saturation.family.span.clone(), "odd");
    assert!(error.place().is_none());
    assert_eq!(error.message(), "model.toml: odd");
}

#[test]
fn the_canonical_text_does_not_depend_on_the_system() {
    let there = format!("\u{feff}{}", MINIMAL.replace('\n', "\r\n"));
    assert_eq!(parse(&there).unwrap().canonical(), MINIMAL);
    assert_eq!(parse(MINIMAL).unwrap().canonical(), MINIMAL);
}

#[test]
fn files_that_cannot_be_read_are_refused() {
    let error = ModelFile::load(Path::new("nowhere/model.toml")).unwrap_err();
    assert!(error.message().starts_with("cannot read the model file nowhere/model.toml: "));
    let file = std::env::temp_dir().join(format!("gigamix-config-{}.toml", std::process::id()));
    std::fs::write(&file, b"# one\n# caf\xe9\n").unwrap();
    let error = ModelFile::load(&file).unwrap_err();
    assert!(error.message().ends_with("is not UTF-8 text (line 2)"), "{error}");
    std::fs::write(&file, MINIMAL).unwrap();
    let read = ModelFile::load(&file);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(read.unwrap().path, file);
}

#[test]
fn broken_toml_is_refused_with_the_words_of_its_parser() {
    refuse_all("[data]\npath = 'a'\npath = 'b'\n", "path", "not valid TOML: duplicate key");
    let text = "[data]\ntrain_until = 2018-13-01\n";
    let message = "not valid TOML: invalid date, expected month between 01 and 12";
    refuse_all(text, "2018-13-01", message);
    // an unclosed bracket has no text to point at, only a place
    let error = parse("[data\n").unwrap_err();
    assert_eq!(error.message(), "not valid TOML: unclosed table, expected `]`");
    assert_eq!(error.place().unwrap().1, 5..5);
}

#[test]
fn unknown_keys_are_refused_at_every_level() {
    let help = refuse("chanels = []", "chanels", "unknown key `chanels` in [data]");
    assert_eq!(
        help,
        "did you mean `channels`? allowed here: path, date, target, channels, controls, panel, dims, \
         train_until, rename, truth"
    );
    let help = refuse("[samplr]\n", "samplr", "unknown key `samplr` in the model file");
    assert!(help.starts_with("did you mean `sampler`? allowed here: data, scaling, "), "{help}");
    let help = refuse("[model]\nxyz = 1", "xyz", "unknown key `xyz` in [model]");
    assert_eq!(help, "allowed here: adstock_first, yearly_seasonality");
    refuse("[scaling]\nmedia = 1", "media", "unknown key `media` in [scaling]");
    let message = "unknown key `metod` in [scaling.target]";
    refuse("[scaling]\ntarget = { metod = 'max' }", "metod", message);
    refuse("[adstock]\nlmax = 3", "lmax", "unknown key `lmax` in [adstock]");
    refuse("[saturation]\nbeta = 3", "beta", "unknown key `beta` in [saturation]");
    let message = "unknown key `distribtion` in [likelihood]";
    let help = refuse("[likelihood]\ndistribtion = 'Normal'", "distribtion", message);
    assert_eq!(
        help,
        "did you mean `distribution`? allowed here: distribution, lower, and the parameters with \
         their priors"
    );
    refuse("[sampler]\nchain = 16", "chain", "unknown key `chain` in [sampler]");
    let text = format!("\u{feff}{MINIMAL}chanels = []");
    refuse_all(&text, "chanels", "unknown key `chanels` in [data]");
    // the first in the file, whatever the alphabet says
    refuse("[model]\nzzz = 1\naaa = 1", "zzz", "unknown key `zzz` in [model]");
}

#[test]
fn what_a_file_must_say_is_asked_for() {
    let error = parse("[sampler]\nchains = 16\n").unwrap_err();
    assert_eq!(error.message(), "model.toml: `data` is missing in the model file");
    for key in ["path", "date", "target", "channels"] {
        let lines = MINIMAL.lines().filter(|line| !line.starts_with(key));
        let text = lines.collect::<Vec<_>>().join("\n");
        let help = refuse_all(&text, "[data]", &format!("`{key}` is missing in [data]"));
        assert!(help.starts_with(&format!("`{key}`: the ")), "{help}");
    }
}

#[test]
fn wrong_types_are_refused() {
    let text = MINIMAL.replace("\"week\"", "3");
    refuse_all(&text, "3", "`date` in [data] must be text, not 3");
    let text = MINIMAL.replace("[\"tv\", \"radio\"]", "\"tv\"");
    let message = "`channels` in [data] must be a list of texts, not the text \"tv\"";
    refuse_all(&text, "\"tv\"", message);
    let text = MINIMAL.replace("\"radio\"", "4");
    refuse_all(&text, "4", "`channels` in [data] must be a list of texts, not 4");
    refuse("rename = ['a']", "['a']", "`rename` in [data] must be a table of texts, not a list");
    refuse("rename = { a = 1 }", "1", "`rename` in [data] must be a table of texts, not 1");
    let message = "`target` in [scaling] must be a table, not the text \"max\"";
    refuse("[scaling]\ntarget = 'max'", "'max'", message);
    let message = "`sampler` in the model file must be a table, not a list";
    refuse("[[sampler]]\nchains = 16", "[[sampler]]", message);
    let message = "`adstock_first` in [model] must be true or false, not 1";
    refuse("[model]\nadstock_first = 1", "1", message);
    let message = "`family` in [adstock] must be text, not a table";
    refuse("[adstock]\nfamily = {}", "{}", message);
    let message = "`lower` in [likelihood] must be a finite number, not the text \"0\"";
    refuse("[likelihood]\nlower = '0'", "'0'", message);
}

#[test]
fn values_out_of_range_are_refused() {
    for bad in ["0", "-3", "8.0", "1001", "99999999999999999999999"] {
        let message =
            format!("`l_max` in [adstock] must be a whole number from 1 to 1000, not {bad}");
        let help = refuse(&format!("[adstock]\nl_max = {bad}"), bad, &message);
        assert_eq!(
            help,
            "`l_max`: number of periods over which spend acts, its own included (default 8)"
        );
    }
    for bad in ["0", "-16", "8", "24", "4112"] {
        let message =
            format!("`chains` in [sampler] must be a multiple of 16 from 16 to 4096, not {bad}");
        refuse(&format!("[sampler]\nchains = {bad}"), bad, &message);
    }
    for bad in ["0", "-1.5", "inf", "nan"] {
        let message = format!("`ess` in [sampler] must be a finite number above 0, not {bad}");
        refuse(&format!("[sampler]\ness = {bad}"), bad, &message);
    }
    let message = "`max_gradients` in [sampler] must be a whole number, at least 1, not 0";
    refuse("[sampler]\nmax_gradients = 0", "0", message);
    let message = "`yearly_seasonality` in [model] must be a whole number from 0 to 182, not -1";
    refuse("[model]\nyearly_seasonality = -1", "-1", message);
    let message = "`lower` in [likelihood] must be a finite number, not -inf";
    refuse("[likelihood]\nlower = -inf", "-inf", message);
    let message = "`mode` in [adstock] must be one of \"after\", \"before\", \"overlap\", \
                   not the text \"befor\"";
    let help = refuse("[adstock]\nmode = 'befor'", "'befor'", message);
    assert_eq!(help, "did you mean \"before\"?");
    let message = "`method` in [scaling.controls] must be one of \"none\", \"standard\", \
                   \"min_max\", not the text \"zzz\"";
    refuse("[scaling]\ncontrols.method = 'zzz'", "'zzz'", message);
    let message = "`method` in [scaling.channel] must be one of \"max\", \"mean\", \"min_max\", \
                   not the text \"standard\"";
    refuse("[scaling]\nchannel = { method = 'standard' }", "'standard'", message);
}

#[test]
fn bad_dates_are_refused() {
    for bad in ["2018-02-30", "2018-2-1", "01/02/2018", "2018-02-01T10:00"] {
        let message = format!(
            "`train_until` in [data] must be a date as in 2018-02-01, not the text \"{bad}\""
        );
        refuse(&format!("train_until = '{bad}'"), &format!("'{bad}'"), &message);
    }
    for bad in ["2018-02-01T10:00:00", "20180201"] {
        let message = format!("`train_until` in [data] must be a date as in 2018-02-01, not {bad}");
        refuse(&format!("train_until = {bad}"), bad, &message);
    }
}

#[test]
fn empty_and_repeated_entries_are_refused() {
    let text = MINIMAL.replace("[\"tv\", \"radio\"]", "[]");
    refuse_all(&text, "[]", "`channels` in [data] is empty");
    let text = MINIMAL.replace("\"radio\"", "\"\"");
    refuse_all(&text, "\"\"", "empty text in `channels` in [data]");
    let text = MINIMAL.replace("\"sales.csv\"", "\"\"");
    refuse_all(&text, "\"\"", "empty text in `path` in [data]");
    refuse("rename = { a = '' }", "''", "empty text in `rename` in [data]");
    let message = "\"x\" stands twice in `controls` in [data]";
    refuse("controls = [ 'x', 'y', \"x\" ]", "\"x\"", message);
    let message = "column \"tv\" is a control, but it is a channel already";
    refuse("controls = ['x', 'tv']", "'tv'", message);
    let message = "column \"week\" is a panel column, but it is the date already";
    refuse("panel = ['week']", "'week'", message);
    let message = "column \"geo\" is a dim, but it is a panel column already";
    refuse("panel = [\"geo\"]\ndims = ['geo']", "'geo'", message);
    let message = "a dim cannot be called \"channel\": the name has a meaning already";
    refuse("dims = [\"channel\"]", "\"channel\"", message);
    let message = "a dim cannot be called \"sales area\": it must be letters, digits and _";
    refuse("dims = [\"sales area\"]", "\"sales area\"", message);
    let over = |over: &str| format!("dims = [\"geo\"]\n[scaling]\ntarget.over = [{over}]");
    assert_eq!(
        refuse(&over("'geos'"), "'geos'", "\"geos\" is no dim of [data]"),
        "did you mean \"geo\"?"
    );
    assert_eq!(
        parse(&format!("{MINIMAL}{}", over(""))).unwrap().scaling.target_over.unwrap().len(),
        0
    );
    let text = MINIMAL.replace("\"sales\"", "\"week\"");
    refuse_all(&text, "\"week\"", "column \"week\" is the target, but it is the date already");
    let message = "`a` and `b` are both renamed to \"c\"";
    refuse("rename = { a = 'c', b = \"c\" }", "\"c\"", message);
}

#[test]
fn renamed_columns_go_by_their_new_name() {
    let help = refuse(
        "rename = { radio = 'Radio' }",
        "\"radio\"",
        "column \"radio\" is renamed to \"Radio\"",
    );
    assert_eq!(help, "`rename` is applied first: write \"Radio\" here");
    let swapped = parse(&format!("{MINIMAL}rename = {{ radio = 'tv', tv = 'radio' }}")).unwrap();
    assert_eq!(swapped.data.rename["tv"], "radio");
}

#[test]
fn what_a_later_release_adds_is_refused_as_such() {
    let text = MINIMAL.replace("sales.csv", "s3://bucket/sales.csv");
    refuse_all(&text, "\"s3://bucket/sales.csv\"", "a remote path is not supported yet");
    refuse(
        "[likelihood]\nsigma = 1.5",
        "1.5",
        "`sigma` in [likelihood] needs a prior: a fixed value is not supported yet",
    );
}

#[test]
fn malformed_priors_are_refused() {
    let refuse = |prior: &str, token, message: &str| {
        refuse(&format!("[saturation.priors]\nlam = {prior}"), token, message)
    };
    let of = "the prior `lam` in [saturation.priors]";
    let help = refuse(
        "'Gamma'",
        "'Gamma'",
        "`lam` in [saturation.priors] must be a prior, not the text \"Gamma\"",
    );
    assert_eq!(help, "a prior is a table such as { distribution = \"HalfNormal\", sigma = 1 }");
    let message = format!("`distribution` is missing in {of}");
    refuse("{ alpha = 3 }", "{ alpha = 3 }", &message);
    let message = format!("`distribution` in {of} must be text, not 3");
    refuse("{ distribution = 3 }", "3", &message);
    let message = format!("unknown key `distribtion` in {of}");
    let help = refuse("{ distribtion = 'Gamma' }", "distribtion", &message);
    assert_eq!(
        help,
        "did you mean `distribution`? allowed here: distribution, dims, centered, and the parameters of the distribution"
    );
    let message = format!("unknown key `dim` in {of}");
    refuse("{ distribution = 'Gamma', dim = ['channel'] }", "dim", &message);
    let message = format!("unknown key `centred` in {of}");
    refuse("{ distribution = 'Gamma', centred = true }", "centred", &message);
    let message = format!("`dims` in {of} must be a list of texts, not the text \"channel\"");
    refuse("{ distribution = 'Gamma', dims = 'channel' }", "'channel'", &message);
    let message = format!("\"geo\" stands twice in `dims` in {of}");
    refuse("{ distribution = 'Gamma', dims = ['geo', \"geo\"] }", "\"geo\"", &message);
    let message = format!("`centered` in {of} must be true or false, not 1");
    refuse("{ distribution = 'Gamma', centered = 1 }", "1", &message);
    let arg = |found: &str| {
        format!(
            "`alpha` of {of} must be a number, a list of numbers or \"spend_share\", not {found}"
        )
    };
    let message = arg("the text \"spendshare\"");
    refuse("{ distribution = 'Gamma', alpha = 'spendshare' }", "'spendshare'", &message);
    refuse("{ distribution = 'Gamma', alpha = inf }", "inf", &arg("inf"));
    refuse("{ distribution = 'Gamma', alpha = [1, 'x'] }", "[1, 'x']", &arg("a list"));
    refuse("{ distribution = 'Gamma', alpha = [] }", "[]", &arg("a list"));
    refuse("{ distribution = 'Gamma', alpha = true }", "true", &arg("true"));
    let message = format!("`distribution` is missing in the prior `alpha` of {of}");
    refuse("{ distribution = 'Gamma', alpha = { sigma = 1 } }", "{ sigma = 1 }", &message);
}

#[test]
fn channels_of_their_own_inherit_what_they_leave_out() {
    let more = "[adstock]\nl_max = 6\nmode = 'before'\n\
         [[adstock.channel]]\nchannels = ['tv']\nfamily = 'weibull_pdf'\nl_max = 12\n\
         priors.lam = { distribution = 'HalfNormal' }\n\
         [[adstock.channel]]\nchannels = ['radio']\nnormalize = false\n\
         [[saturation.channel]]\nchannels = ['tv', 'radio']\nfamily = 'hill'\n";
    let file = parse(&format!("{MINIMAL}{more}")).unwrap();
    let [tv, radio] = file.adstock.own.as_slice() else { panic!("{:?}", file.adstock) };
    assert_eq!((texts(&tv.channels), texts(&radio.channels)), (vec!["tv"], vec!["radio"]));
    let (tv, radio) = (&tv.transform, &radio.transform);
    assert_eq!((tv.family.as_str(), tv.l_max, tv.mode), ("weibull_pdf", 12, Mode::Before));
    assert!(tv.normalize && tv.priors.contains_key("lam"));
    assert_eq!((radio.family.as_str(), radio.l_max, radio.mode), ("geometric", 6, Mode::Before));
    assert!(!radio.normalize && radio.priors.is_empty());
    assert_eq!(file.saturation.own[0].transform.family.as_str(), "hill");
    let message = "`channels` is missing in [[adstock.channel]]";
    let entry = "[[adstock.channel]]\nfamily = 'delayed'\n";
    let help = refuse(entry, "[[adstock.channel]]", message);
    assert!(help.contains("the channels this table is about"), "{help}");
    refuse(
        "[[saturation.channel]]\nchannels = ['tv']\nl_max = 3",
        "l_max",
        "unknown key `l_max` in [[saturation.channel]]",
    );
    let message = "`channel` in [adstock] must be a list of tables [[adstock.channel]], not 1";
    refuse("[adstock]\nchannel = 1", "1", message);
}
