//! Tests of the import: documents of our own in the builder's schema, what becomes of them, and what is
//! said to be left.

use std::path::Path;

use super::*;
use crate::config::{Arg, EventBasis, Mode, ModelFile, Period, ScaleMethod};

/// A national model with everything that can be carried over.
const NATIONAL: &str = r#"
schema_version: 1
model:
  class: pymc_marketing.mmm.multidimensional.MMM
  kwargs:
    date_column: week
    target_column: revenue
    channel_columns: [tv, "paid search"]
    control_columns: [price, promo]
    yearly_seasonality: 3
    adstock_first: false
    time_varying_intercept: true
    time_varying_media: true
    scaling:
      target: {method: mean}
      channel: {method: max, dims: []}
    adstock:
      class: pymc_marketing.mmm.DelayedAdstock
      kwargs:
        l_max: 10
        normalize: false
        mode: ConvMode.Overlap
        priors:
          alpha: {distribution: Beta, alpha: 2, beta: 5, dims: channel}
          theta: {distribution: HalfNormal, sigma: 1.5, dims: [channel]}
    saturation:
      class: pymc_marketing.mmm.HillSaturation
      kwargs:
        priors:
          slope:
            distribution: Gamma
            mu: {distribution: HalfNormal, sigma: 2}
            sigma: 0.5
            dims: channel
    model_config:
      saturation_beta:
        dist: HalfNormal
        kwargs: {sigma: [0.5, 1.5]}
        dims: channel
      intercept:
        class: pymc_extras.prior.Prior
        args: [Normal]
        kwargs: {mu: 0.3, sigma: .1}
      gamma_control: {distribution: Normal, mu: 0, sigma: {distribution: HalfNormal, sigma: 1}, centered: false, dims: control}
      likelihood:
        distribution: TruncatedNormal
        lower: 0
        sigma: {distribution: HalfNormal, sigma: 0.7}
        dims: [date]
      media_tvp_config: {m: 12, eta_lam: 2.0}
      intercept_tvp_config:
        class: pymc_marketing.hsgp_kwargs.HSGPKwargs
        kwargs: {m: 25, L: null, ls_mu: 6.0, cov_func: null}
    sampler_config: {tune: 1000, draws: 500}
effects:
  - class: pymc_marketing.mmm.additive_effect.LinearTrendEffect
    kwargs:
      prefix: trend
      trend:
        class: pymc_marketing.mmm.LinearTrend
        kwargs:
          n_changepoints: 4
          include_intercept: false
          priors:
            delta: {distribution: Laplace, mu: 0, b: 0.1, dims: changepoint}
  - class: pymc_marketing.mmm.additive_effect.FourierEffect
    kwargs:
      fourier:
        class: pymc_marketing.mmm.MonthlyFourier
        kwargs:
          n_order: 2
          prefix: month_end
          prior: {distribution: Normal, mu: 0, sigma: 0.2, dims: month_end}
  - class: pymc_marketing.mmm.additive_effect.EventAdditiveEffect
    kwargs:
      prefix: sales
      df_events:
        class: pandas.DataFrame
        kwargs:
          data:
            name: [spring, autumn]
            start_date: ["2024-04-01", 2024-10-01]
            end_date: ["2024-04-07", "2024-10-03 00:00:00"]
      effect:
        class: pymc_marketing.mmm.events.EventEffect
        kwargs:
          dims: [event]
          basis:
            class: pymc_marketing.mmm.events.AsymmetricGaussianBasis
            kwargs:
              event_in: before
              priors:
                sigma_after: {distribution: Gamma, mu: 9, sigma: 2, dims: event}
          effect_size: {distribution: Normal, mu: 0, sigma: 0.5, dims: [event]}
calibration:
  - add_lift_test_measurements:
      df_lift_test:
        class: pandas.DataFrame
        kwargs:
          data:
            channel: [tv]
            x: [1000]
            delta_x: [200.5]
            delta_y: [5000]
            sigma: [900]
            date: ["2024-05-06"]
  - add_lift_test_measurements:
      df_lift_test: {class: pandas.read_csv, args: [lift.csv]}
  - add_cost_per_target_calibration:
      calibration_data:
        class: pandas.DataFrame
        kwargs: {data: {channel: [tv], cost_per_target: [30.0], sigma: [2]}}
original_scale_vars: [channel_contribution]
data: {X_path: sales.parquet}
"#;

fn imported(text: &str) -> (ModelFile, Vec<String>) {
    let Imported { toml, left } = import("model.yml", text).unwrap();
    let file = ModelFile::parse("model.toml", Path::new("model.toml"), &toml);
    (file.unwrap_or_else(|error| panic!("{error} {:?}\n{toml}", error.help_text())), left)
}

#[test]
fn a_national_model_is_carried_over_in_full() {
    let (file, left) = imported(NATIONAL);
    let texts = |all: &[crate::config::Spanned<String>]| {
        all.iter().map(|text| text.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(*file.data.path, "sales.parquet");
    assert_eq!((file.data.date.as_str(), file.data.target.as_str()), ("week", "revenue"));
    assert_eq!(texts(&file.data.channels), ["tv", "paid search"]);
    assert_eq!(texts(&file.data.controls), ["price", "promo"]);
    assert_eq!((file.scaling.target, file.scaling.channel), (ScaleMethod::Mean, ScaleMethod::Max));
    assert_eq!((file.yearly_seasonality, file.adstock_first), (3, false));
    let adstock = &file.adstock;
    assert_eq!(
        (adstock.family.as_str(), adstock.l_max, adstock.mode),
        ("delayed", 10, Mode::Overlap)
    );
    assert!(!adstock.normalize);
    assert_eq!(*adstock.priors["theta"].distribution, "HalfNormal");
    assert_eq!(adstock.priors["alpha"].dims.as_deref(), Some(&["channel".to_owned()][..]));
    assert_eq!(file.saturation.family.as_str(), "hill");
    assert!(matches!(*file.saturation.priors["slope"].args["mu"], Arg::Prior(_)));
    let Arg::Array(sigma) = &*file.saturation.priors["beta"].args["sigma"] else {
        panic!("no list")
    };
    assert_eq!(sigma, &[0.5, 1.5]);
    assert!(matches!(*file.priors["intercept"].args["sigma"], Arg::Number(0.1)));
    assert!(!file.priors["gamma_control"].centered);
    assert_eq!(
        (file.likelihood.distribution.as_str(), file.likelihood.lower),
        ("TruncatedNormal", Some(0.0))
    );
    let (intercept, media) = (file.varying_intercept.unwrap(), file.varying_media.unwrap());
    assert_eq!((intercept.m, media.m), (25, 12));
    assert!(matches!(*intercept.priors["ls"].args["mu"], Arg::Number(6.0)));
    assert!(matches!(*media.priors["eta"].args["lam"], Arg::Number(2.0)));
    assert_eq!(file.trend.unwrap().changepoints, 4);
    let fourier = &file.fourier[0];
    assert_eq!(
        (fourier.name.as_str(), fourier.period, fourier.order),
        ("month_end", Period::Month, 2)
    );
    let event = &file.events[0];
    assert_eq!((event.name.as_str(), event.basis), ("sales", EventBasis::Asymmetric));
    assert_eq!(event.event_in, crate::config::EventSide::Before);
    assert_eq!(event.dates[1].name.as_str(), "autumn");
    assert_eq!(event.dates[1].end, jiff::civil::date(2024, 10, 3));
    assert_eq!(event.priors["effect_size"].dims.as_deref(), Some(&["sales".to_owned()][..]));
    assert_eq!((file.lift_tests[0].delta_x, file.lift_files[0].as_str()), (200.5, "lift.csv"));
    assert_eq!(file.costs_per_target[0].cost_per_target, 30.0);
    let paths: Vec<&str> = left.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(paths, ["model.kwargs.sampler_config", "original_scale_vars"]);
}

#[test]
fn calibration_of_several_series_names_them() {
    let text = r#"
model:
  class: pymc_marketing.mmm.mmm.MMM
  kwargs:
    date_column: d
    channel_columns: [tv]
    target_column: y
    dims: [market]
    adstock: geometric
    saturation: logistic
calibration:
  - add_lift_test_measurements:
      df_lift_test:
        class: pandas.DataFrame
        kwargs: {data: {market: [US, EU], channel: [tv, tv], x: [80, 5], delta_x: [10, 6], delta_y: [6, 4], sigma: [1, 1]}}
  - add_cost_per_target_calibration:
      calibration_data:
        class: pandas.DataFrame
        kwargs: {data: {market: [EU], channel: [tv], cost_per_target: [42.5], sigma: [3]}}
data: {X_path: sales.csv}
"#;
    let (file, left) = imported(text);
    assert_eq!(left, [""; 0]);
    let tests: Vec<_> = file.lift_tests.iter().map(|t| (t.labels[0].as_str(), t.x)).collect();
    assert_eq!(tests, [("US", 80.0), ("EU", 5.0)]);
    assert_eq!(file.costs_per_target[0].labels[0].as_str(), "EU");
}

#[test]
fn a_small_model_takes_the_defaults() {
    let text = "model:\n  class: pymc_marketing.mmm.MMM\n  kwargs:\n    date_column: d\n\
                \x20   channel_columns: [a]\n    adstock: geometric\n    saturation:\n\
                \x20     class: pymc_marketing.mmm.MichaelisMentenSaturation\n";
    let (file, left) = imported(text);
    assert_eq!(
        (file.adstock.family.as_str(), file.saturation.family.as_str()),
        ("geometric", "michaelis_menten")
    );
    assert_eq!((file.data.path.as_str(), file.data.target.as_str()), ("data.csv", "y"));
    assert_eq!(left, ["data.X_path: no table is named: [data] path is a guess"]);
    let Imported { toml, .. } = import("model.yml", text).unwrap();
    assert!(toml.starts_with("# Imported from model.yml (PyMC-Marketing).\n"), "{toml}");
    assert!(toml.contains("\n# * data.X_path: no table"), "{toml}");
}

#[test]
fn what_cannot_be_said_is_listed() {
    let text = "
model:
  class: other.Thing
  kwargs:
    date_column: d
    target_column: y
    channel_columns: [a]
    dag: |
      digraph {
        a -> y;
      }
    cost_per_unit: {a: 2}
    adstock: {class: mine.Adstock, kwargs: {l_max: 3}}
    saturation: {class: x.RootSaturation, kwargs: {prefix: sat, priors: {alpha: 0.5}}}
    model_config:
      gamma_fourier: {distribution: Laplace, b: {distribution: Weird, transform: exp}}
      strange: 1
      likelihood: {distribution: StudentT, nu: 4}
effects:
  - {class: x.Funnel, kwargs: {}}
  - nothing
calibration: [{add_magic: {}}]
data: {X_path: x.csv, y_path: y.csv, more: 1}
idata_path: run.nc
extra: [1, 2]
";
    let (file, left) = imported(text);
    assert_eq!(file.adstock.family.as_str(), "geometric");
    let has = |path: &str| {
        let found = left.iter().filter(|line| line.starts_with(&format!("{path}: "))).count();
        assert_eq!(found, 1, "{path} in {left:#?}");
    };
    for path in [
        "model.class",
        "model.kwargs.dag",
        "model.kwargs.cost_per_unit",
        "model.kwargs.adstock",
        "model.kwargs.saturation.kwargs.prefix",
        "model.kwargs.saturation.kwargs.priors.alpha",
        "model.kwargs.model_config.gamma_fourier.b.transform",
        "model.kwargs.model_config.strange",
        "model.kwargs.model_config.likelihood.nu",
        "effects[0]",
        "effects[1]",
        "calibration[0].add_magic",
        "data.y_path",
        "data.more",
        "idata_path",
        "extra",
    ] {
        has(path);
    }
    assert!(left.iter().all(|line| !line.contains('\n')), "a comment has one line");
}

#[test]
fn dims_are_carried_over() {
    let text = "
model:
  class: MMM
  kwargs:
    date_column: d
    channel_columns: [a]
    dims: [market]
    scaling:
      class: pymc_marketing.mmm.scaling.Scaling
      kwargs:
        channel: {method: max, dims: [market]}
    saturation:
      class: LogisticSaturation
      kwargs:
        priors:
          beta: {distribution: HalfNormal, sigma: 1, dims: [market, channel]}
";
    let Imported { toml, .. } = import("model.yml", text).unwrap();
    assert!(toml.contains("\ndims = [\"market\"]\n"), "{toml}");
    assert!(toml.contains("channel = { method = \"max\", over = [\"market\"] }"), "{toml}");
    assert!(toml.contains("dims = [\"market\", \"channel\"]"), "{toml}");
}

#[test]
fn hostile_documents_are_refused_or_harmless() {
    let fails = |text: &str| import("model.yml", text).expect_err(text).message().to_owned();

    assert!(fails("a: [1").starts_with("not valid YAML: "));
    assert_eq!(fails("just text"), "model.yml describes no model");
    assert_eq!(fails("effects: []"), "model.yml describes no model");
    // Every level doubles the one before: 2^30 nodes.
    let mut bomb = String::from("a0: &a0 [1, 1]\n");
    for k in 1..30 {
        bomb += &format!("a{k}: &a{k} [*a{}, *a{}]\n", k - 1, k - 1);
    }
    assert!(fails(&format!("{bomb}model: *a29\n")).starts_with("not valid YAML: "));
    assert!(fails(&"[".repeat(100_000)).starts_with("not valid YAML: "));
    assert!(fails(&"x".repeat(LONGEST + 1)).contains("too long"));
    assert!(fails("a: 1\na: 2\nmodel: {}\n").starts_with("not valid YAML: "));
    // A tag is no command.
    let tagged =
        "model:\n  class: MMM\n  kwargs:\n    date_column: !!python/object/apply:os.system [ls]\n";
    if let Ok(imported) = import("model.yml", tagged) {
        assert!(!imported.toml.contains("date ="), "{}", imported.toml);
    }
    // What is no name does not leave its quotes.
    let text = "model:\n  class: MMM\n  kwargs:\n    date_column: \"d\\\"\\n[data2]\\n\"\n\
                \x20   channel_columns: [a]\n";
    let (file, _) = imported(text);
    assert_eq!(file.data.date.as_str(), "d\"\n[data2]\n");
    let text = "\"#\\nx = 1\": 2\nmodel:\n  class: MMM\n  kwargs: {date_column: d, channel_columns: [a]}\n";
    let (_, left) = imported(text);
    assert!(left.iter().any(|line| line.starts_with("# x = 1: 2")), "{left:?}");
}
