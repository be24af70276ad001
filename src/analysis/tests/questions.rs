//! Sweeps, returns, curves, components and other spends against plain formulas in double precision.

use super::super::loo::log_likelihood;
use super::super::{
    Component, Fitted, Frequency, Part, Sweep, SweepKind, adstock_curves, analyse, component_dates,
    component_totals, predict, prior_draws, response_curves, returns, reweigh, reweigh_dates,
    sweep,
};
use super::{CSV, DRAWS, close, model, recursion, toml};
use crate::config::ModelFile;
use crate::data::NewRows;
use crate::density::Oracle;
use crate::math::Key;
use crate::model::{Model, Space, simulate};

/// Two draws, each so often that they fill more than a block of lanes.
fn fitted(toml: &str) -> Fitted {
    let (model, panel) = model(toml, CSV);
    let draws = DRAWS.repeat(10);
    Fitted { key: Key::new(0, &model.key), model, panel, draws: draws.into(), chains: 2 }
}

/// What channel `c` contributes on every training row, in original units, with another spend.
fn contribution(fitted: &Fitted, draw: usize, c: usize, spend: &[f64]) -> Vec<f64> {
    let Fitted { model, panel, .. } = fitted;
    let mut other: Model = model.clone();
    other.series.spend[c] = spend.iter().map(|&x| panel.channel_scale[c].scale(x)).collect();
    let values = &DRAWS[11 * draw..][..11];
    let media = simulate::media(&other, values, panel.n_train);
    media[c].iter().map(|x| x * panel.target_scale.factor).collect()
}

/// The mean over both draws of a number.
fn mean(of: impl Fn(usize) -> f64) -> f64 {
    (of(0) + of(1)) / 2.0
}

fn spend(fitted: &Fitted, c: usize) -> Vec<f64> {
    fitted.panel.spend.column(c).iter().take(fitted.panel.n_train).copied().collect()
}

#[test]
fn sweeps_are_contributions_at_other_spends() {
    for file in [
        toml(true, "", "Normal"),
        toml(false, "mode = \"overlap\"", "Normal"),
        recursion(&toml(true, "normalize = false", "Normal")),
        recursion(&toml(false, "", "Normal")),
    ] {
        let fitted = fitted(&file);
        // Where single precision still tells a step from none.
        let most = if file.contains("recursion") { 4.0 } else { 40.0 };
        type Of = fn(f64, f64) -> f64;
        let kinds: [(SweepKind, Of); 3] = [
            (SweepKind::Multiplicative, |x, value| x * value),
            (SweepKind::Additive, |x, value| (x + value).max(0.0)),
            (SweepKind::Absolute, |_, value| value),
        ];
        for (kind, of) in kinds {
            let values = Some(vec![0.0, 0.5, most]);
            let rows = sweep(&fitted, &Sweep { kind, values, channels: vec![0, 1] });
            assert_eq!(rows.len(), 9);
            for (i, row) in rows.iter().enumerate() {
                let value = [0.0, 0.5, most][i % 3];
                let channels = if i < 6 { i / 3..i / 3 + 1 } else { 0..2 };
                let total = |draw: usize, extra: f64| -> f64 {
                    let of = |c: usize| {
                        let own = spend(&fitted, c);
                        let unit = if kind == SweepKind::Multiplicative {
                            1.0
                        } else {
                            own.iter().sum::<f64>() / own.len() as f64
                        };
                        let at: Vec<f64> =
                            own.iter().map(|&x| of(x, value + extra * unit)).collect();
                        contribution(&fitted, draw, c, &at).iter().sum::<f64>()
                    };
                    channels.clone().map(of).sum()
                };
                let expected = mean(|draw| total(draw, 0.0));
                assert!((row.contribution.mean - expected).abs() < 1e-5 * expected.max(1.0));
                let cost: f64 =
                    channels.clone().map(|c| spend(&fitted, c).iter().sum::<f64>()).sum();
                let marginal = mean(|draw| total(draw, 0.01) - total(draw, 0.0)) / (0.01 * cost);
                let today: [f64; 2] = std::array::from_fn(|draw| {
                    let of = |c| contribution(&fitted, draw, c, &spend(&fitted, c));
                    channels.clone().flat_map(of).sum()
                });
                let uplift = mean(|draw| total(draw, 0.0) / today[draw] - 1.0);
                assert!((row.uplift.mean - uplift).abs() < 1e-5 * (1.0 + uplift.abs()));
                let error = (row.marginal.mean - marginal).abs();
                assert!(
                    error < 1e-3 * marginal + 1e-7,
                    "{kind:?} {} {marginal}",
                    row.marginal.mean
                );
            }
        }
        // Left to themselves they go from nothing to 1.5 times; at 1 they are what was.
        let rows = sweep(
            &fitted,
            &Sweep { kind: SweepKind::Multiplicative, values: None, channels: vec![0] },
        );
        assert_eq!((rows.len(), rows[0].sweep, rows[15].sweep), (16, 0.0, 1.5));
        assert_eq!((rows[0].contribution.mean, rows[10].sweep), (0.0, 1.0));
        let analysis = analyse(&fitted.model, &fitted.panel, fitted.key, &fitted.draws);
        close(rows[10].contribution.mean, analysis.channels[0].contribution.mean, 1e-12);
    }
}

#[test]
fn returns_of_a_period_include_what_it_carries_over() {
    for file in [
        toml(true, "", "Normal"),
        toml(false, "mode = \"before\"", "Normal"),
        recursion(&toml(true, "", "Normal")),
    ] {
        let fitted = fitted(&file);
        // Training rows: four weeks of January; a window of its own for the first two of them.
        let own = spend(&fitted, 0);
        let all = &returns(&fitted, &[0], Frequency::AllTime)[0];
        let analysis = analyse(&fitted.model, &fitted.panel, fitted.key, &fitted.draws);
        let row = &analysis.channels[0];
        assert_eq!((all.spend, all.period.as_str()), (row.spend, "all time"));
        // Over all time it is contribution over spend.
        close(all.roas.mean, row.contribution.mean / row.spend, 1e-12);
        close(all.roas.mean, row.roas.mean, 1e-12);
        close(all.mroas.mean, row.mroas.mean, 1e-9);
        assert_eq!(own.len(), 4);
    }
}

/// A table whose training rows lie in two months, the spend of the first carried into the second.
const TWO_MONTHS: &str = "date,y,A,B,z\n\
    2024-01-15,10,100,0,0\n\
    2024-01-22,14,60,30,1\n\
    2024-02-05,9,50,10,0\n\
    2024-02-12,20,200,0,2\n\
    2024-02-19,15,80,0,1\n";

#[test]
fn carry_over_across_a_window_makes_the_difference() {
    let file = toml(true, "", "Normal").replace("2024-01-22", "2024-02-12");
    across_a_window(&file);
    across_a_window(&recursion(&file));
}

fn across_a_window(file: &str) {
    let (model, panel) = model(file, TWO_MONTHS);
    let draws = DRAWS.to_vec();
    let draws = draws.into();
    let fitted = Fitted { key: Key::new(0, ""), model, panel, draws, chains: 1 };
    let rows = returns(&fitted, &[0], Frequency::Month);
    let names: Vec<&str> = rows.iter().map(|row| row.period.as_str()).collect();
    assert_eq!(names, ["2024-01", "2024-02"]);
    let own = spend(&fitted, 0);
    for (row, months) in rows.iter().zip([0..2, 2..4]) {
        let lost = |draw: usize| -> f64 {
            let without: Vec<f64> =
                (0..4).map(|t| if months.contains(&t) { 0.0 } else { own[t] }).collect();
            let (with, without) =
                (contribution(&fitted, draw, 0, &own), contribution(&fitted, draw, 0, &without));
            with.iter().zip(&without).map(|(a, b)| a - b).sum()
        };
        let expected = mean(lost);
        close(row.contribution.mean, expected, 1e-6);
        close(row.roas.mean, expected / own[months.clone()].iter().sum::<f64>(), 1e-6);
        // What was contributed within the window is something else: effects cross its border.
        let within = mean(|draw| contribution(&fitted, draw, 0, &own)[months.clone()].iter().sum());
        assert!((row.contribution.mean / within - 1.0).abs() > 0.02, "{} {within}", row.period);
    }
}

#[test]
fn without_carry_over_and_curvature_windows_add_up() {
    let file = toml(true, "", "Normal")
        .replace("2024-01-22", "2024-02-12")
        .replace("\"geometric\"\nl_max = 3", "\"none\"");
    let (model, panel) = model(&file, TWO_MONTHS);
    // Without adstock there is no alpha: intercept, lam and beta of A and B, control, waves, sigma.
    assert_eq!(model.structure.n_values, 9);
    let draws = vec![0.3, 2.0, 1.5, 0.4, 0.3, 0.1, 0.05, -0.02, 0.1];
    let draws = draws.into();
    let fitted = Fitted { key: Key::new(0, ""), model, panel, draws, chains: 1 };
    let months = returns(&fitted, &[0], Frequency::Month);
    let all = &returns(&fitted, &[0], Frequency::AllTime)[0];
    let sum: f64 = months.iter().map(|row| row.contribution.mean).sum();
    close(sum, all.contribution.mean, 1e-6);
}

#[test]
fn curves_are_those_of_a_steady_spend() {
    for file in [
        toml(true, "", "Normal"),
        toml(false, "", "Normal"),
        toml(true, "normalize = false", "Normal"),
        toml(false, "normalize = false", "Normal"),
    ] {
        let fitted = fitted(&file);
        let rows = response_curves(&fitted, &[0]);
        // From nothing to 1.5 times the largest spend.
        assert_eq!((rows.len(), rows[0].response.mean, rows[40].spend), (41, 0.0, 300.0));
        // The last training row sees three equal spends: all that l_max = 3 remembers.
        for row in [&rows[10], &rows[40]] {
            let steady = |draw: usize| contribution(&fitted, draw, 0, &[row.spend; 4])[3];
            close(row.response.mean, mean(steady), 1e-9);
            let more = |draw: usize| contribution(&fitted, draw, 0, &[row.spend + 1e-3; 4])[3];
            let slope = mean(|draw| more(draw) - steady(draw)) / 1e-3;
            close(row.marginal.mean, slope, 1e-5);
            close(row.spend_scaled, row.spend / 200.0, 1e-12);
        }
        let weights = adstock_curves(&fitted, &[1]);
        let lags: Vec<i64> = weights.iter().map(|row| row.lag).collect();
        assert_eq!(lags, [0, 1, 2]);
        // alpha of B is 0.2 and 0.6
        let raw = |alpha: f64, lag: i32| alpha.powi(lag);
        let sum = |alpha: f64| match file.contains("normalize = false") {
            true => 1.0,
            false => (0..3).map(|lag| raw(alpha, lag)).sum(),
        };
        let of = |lag: i32| (raw(0.2, lag) / sum(0.2) + raw(0.6, lag) / sum(0.6)) / 2.0;
        close(weights[1].weight.mean, of(1), 1e-12);
    }
}

/// A recursion tends to the sum of all of its weights.
#[test]
fn curves_of_a_recursion_know_no_end() {
    for normalize in [true, false] {
        let adstock = format!("normalize = {normalize}");
        let fitted = fitted(&recursion(&toml(true, &adstock, "Normal")));
        let row = &response_curves(&fitted, &[0])[40];
        let steady = |draw: usize, spend: f64| {
            let p = &DRAWS[11 * draw..];
            let sum = if normalize { 1.0 } else { 1.0 / (1.0 - p[1]) };
            20.0 * p[5] * (p[3] * spend / 200.0 * sum / 2.0).tanh()
        };
        close(row.response.mean, mean(|draw| steady(draw, row.spend)), 1e-12);
        let slope = |draw| (steady(draw, row.spend + 1e-3) - steady(draw, row.spend - 1e-3)) / 2e-3;
        close(row.marginal.mean, mean(slope), 1e-6);

        // Those of B, whose alpha is 0.2 and 0.6, end with the training rows.
        let weights = adstock_curves(&fitted, &[1]);
        assert_eq!(weights.iter().map(|row| row.lag).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let of = |alpha: f64| alpha.powi(3) * if normalize { 1.0 - alpha } else { 1.0 };
        close(weights[3].weight.mean, (of(0.2) + of(0.6)) / 2.0, 1e-12);
    }
}

#[test]
fn components_add_up() {
    let fitted = fitted(&toml(true, "", "Normal"));
    let rows = component_totals(&fitted);
    let found = |component: Component| {
        rows.iter().find(|row| row.component == component).expect("component")
    };
    let mean_of = |component: Component| found(component).total.mean;
    // the intercepts are 0.3 and 0.2, the target's scale is 20, there are four rows
    close(mean_of(Component::Part(Part::Baseline)), 20.0, 1e-12);
    let media = |c| mean(|draw| contribution(&fitted, draw, c, &spend(&fitted, c)).iter().sum());
    close(mean_of(Component::Channel(0)), media(0), 1e-6);
    close(mean_of(Component::Channels), media(0) + media(1), 1e-6);
    let expected =
        mean(|draw| simulate::mean(&fitted.model, &DRAWS[11 * draw..][..11]).iter().sum::<f64>());
    close(mean_of(Component::Mean), 20.0 * expected, 1e-6);
    close(found(Component::Mean).share.mean, 1.0, 1e-12);
    // 53 were observed
    close(found(Component::Mean).share_of_actual.mean, 20.0 * expected / 53.0, 1e-6);

    let dates = component_dates(&fitted);
    // baseline, seasonality, controls and two channels on six dates
    assert_eq!(dates.len(), 5 * 6);
    for row in &rows[..5] {
        let on = dates.iter().filter(|on| on.component == row.component);
        let train: f64 = on.take(4).map(|on| on.value.mean).sum();
        assert!((train - row.total.mean).abs() < 1e-5, "{:?}", row.component);
    }
}

#[test]
fn what_other_spends_would_have_brought() {
    let fitted = fitted(&toml(true, "", "Normal"));
    let (model, panel) = (&fitted.model, &fitted.panel);
    let of =
        |factors: &[f64]| reweigh(model, panel, fitted.key, &fitted.draws, 0..4, factors).rows();
    let same = of(&[1.0, 1.0]);
    let names: Vec<&str> = same.iter().map(|row| row.quantity.as_str()).collect();
    assert_eq!(names, ["A", "B", "all channels", "expected target", "target"]);
    assert!(same[..4].iter().all(|row| row.difference.mean == 0.0 && row.p_better == 0.0));
    // Noise is drawn anew, or a change would look more certain than it is.
    assert!(same[4].difference.sd > 0.1);
    let rows = of(&[2.0, 0.5]);
    let total = |draw: usize, c: usize, factor: f64| -> f64 {
        let spend: Vec<f64> = spend(&fitted, c).iter().map(|x| x * factor).collect();
        contribution(&fitted, draw, c, &spend).iter().sum()
    };
    close(rows[0].before.mean, mean(|draw| total(draw, 0, 1.0)), 1e-6);
    close(rows[0].uplift.mean, mean(|draw| total(draw, 0, 2.0) / total(draw, 0, 1.0) - 1.0), 1e-5);
    let all = |draw: usize, by: [f64; 2]| total(draw, 0, by[0]) + total(draw, 1, by[1]);
    let gain = |draw: usize| 1.0 - all(draw, [1.0, 1.0]) / all(draw, [2.0, 0.5]);
    close(rows[2].gain.mean, mean(gain), 1e-5);
    close(rows[3].difference.mean, rows[2].difference.mean, 1e-5);
    assert_eq!((rows[0].p_better, rows[1].p_better), (1.0, 0.0));
    // The two test rows with the training rows carried in: only their own spend changes.
    let test = reweigh(model, panel, fitted.key, &fitted.draws, 4..6, &[0.0, 0.0]).rows();
    assert!(test[0].after.mean > 0.0 && test[0].after.mean < test[0].before.mean);
}

#[test]
fn a_split_of_spend_date_by_date() {
    let fitted = fitted(&toml(true, "", "Normal"));
    let Fitted { model, panel, draws, .. } = &fitted;
    let factors = [2.0, 0.5];
    let rows = reweigh_dates(model, panel, draws, 0..4, &factors);
    assert_eq!(rows.len(), 3 * 4);
    let on = |c: usize, date: usize, factor: f64| {
        let spend: Vec<f64> = spend(&fitted, c).iter().map(|x| x * factor).collect();
        mean(|draw| contribution(&fitted, draw, c, &spend)[date])
    };
    for date in 0..4 {
        let of = |c: usize| &rows[4 * c + date];
        for (c, name) in ["A", "B", "all channels"].into_iter().enumerate() {
            assert_eq!((of(c).channel.as_str(), of(c).date), (name, panel.dates[date]));
        }
        for (c, factor) in factors.into_iter().enumerate() {
            let observed = panel.spend[[date, c]];
            assert_eq!(of(c).spend, [observed, factor * observed]);
            close(of(c).contribution[0].mean, on(c, date, 1.0), 1e-6);
            close(of(c).contribution[1].mean, on(c, date, factor), 1e-6);
        }
        for side in 0..2 {
            let both = [of(0), of(1)];
            let sum: f64 = both.iter().map(|row| row.contribution[side].mean).sum();
            close(of(2).contribution[side].mean, sum, 1e-12);
            let spent: f64 = both.iter().map(|row| row.spend[side]).sum();
            assert_eq!(of(2).spend[side], spent);
        }
    }
    // Without spend there is left what the dates before carry into it, and less of it each date.
    let tail = reweigh_dates(model, panel, draws, 4..6, &[0.0, 0.0]);
    let [first, second] = [&tail[0], &tail[1]].map(|row| row.contribution[1].mean);
    assert!(0.0 < second && second < first && first < tail[0].contribution[0].mean, "{tail:?}");
    let sums = reweigh(model, panel, fitted.key, draws, 4..6, &[0.0, 0.0]).rows();
    close(sums[0].after.mean, first + second, 1e-6);
}

#[test]
fn new_dates_are_predicted_as_the_test_rows_were() {
    let text = toml(true, "", "TruncatedNormal");
    let fitted = fitted(&text);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("new.csv");
    std::fs::write(&path, CSV).expect("write");
    let file = ModelFile::parse("m.toml", &folder.path().join("m.toml"), &text).expect("file");
    let extended = NewRows::read(&file, &path).expect("read").extend(&fitted.panel).expect("new");
    assert_eq!((extended.new, extended.panel.dates.len()), (4, 6));
    assert!(extended.notes[0].text.starts_with("4 rows until 2024-01-22 are left out"));
    let model = crate::model::build(&file, &extended.panel).expect("model").model;
    let (rows, scores) = predict(&fitted, &model, &extended.panel, extended.new);
    let analysis = analyse(&fitted.model, &fitted.panel, fitted.key, &fitted.draws);
    assert_eq!(rows, analysis.time[4..]);
    assert_eq!(scores, analysis.test);

    // Without the target, and from a later date on: what lies between is carried over all the same.
    let later = "date,A,B,z\n2024-02-05,0,40,0\n2024-02-12,10,0,1\n";
    std::fs::write(&path, later).expect("write");
    let extended = NewRows::read(&file, &path).expect("read").extend(&fitted.panel).expect("new");
    assert_eq!((extended.new, extended.panel.dates.len()), (5, 7));
    let model = crate::model::build(&file, &extended.panel).expect("model").model;
    let (rows, scores) = predict(&fitted, &model, &extended.panel, extended.new);
    assert!(rows[0].actual.is_nan() && scores.crps.is_nan() && scores.r2.is_nan());
    assert_eq!(rows[0].predicted_mean, analysis.time[5].predicted_mean);
}

#[test]
fn the_log_likelihood_of_rows_is_the_oracles() {
    for likelihood in ["Normal", "TruncatedNormal"] {
        let fitted = fitted(&toml(true, "", likelihood));
        let rows = log_likelihood(&fitted);
        assert_eq!((rows.len(), rows[0].len()), (4, 20));
        let oracle = Oracle::new(&fitted.model, Space::Plain);
        let coordinates = fitted.model.layout.coordinates(Space::Plain);
        let point: Vec<f64> =
            DRAWS[..11].iter().zip(&coordinates).map(|(x, c)| c.unmap(*x)).collect();
        let sum: f64 = rows.iter().map(|row| row[0]).sum();
        close(sum, oracle.evaluate(&point)[0].likelihood, 1e-9);
    }
}

#[test]
fn prior_draws_have_the_prior_means() {
    let (model, _) = model(&toml(true, "", "Normal"), CSV);
    let draws = prior_draws(&model, Key::new(0, "m"), 20_000);
    assert_eq!(draws.len(), 20_000 * 11);
    let mean = |i: usize| draws.iter().skip(i).step_by(11).sum::<f64>() / 20_000.0;
    // alpha ~ Beta(1, 3), lam ~ Gamma(3, 1): means 1/4 and 3, within five standard errors
    assert!((mean(1) - 0.25).abs() < 5.0 * 0.194 / 20_000f64.sqrt());
    assert!((mean(3) - 3.0).abs() < 5.0 * 3f64.sqrt() / 20_000f64.sqrt());
    assert!(draws != prior_draws(&model, Key::new(1, "m"), 20_000));
}
