//! Returns that several series have together: against sums written out, and draws.

use super::{CALIBRATION, DATA, pool, read};
use gigamix::density::Oracle;
use gigamix::math::Key;
use gigamix::model::{self, Model, Space};

/// Returns of all series together.
const OF_ALL: &str = "[adstock]\nl_max = 3\nmode = \"overlap\"\n[time_varying.media]\nm = 3\n[saturation.priors]\n\
     beta = { distribution = \"HalfNormal\", dims = [\"channel\"] }\n[roas.priors]\n\
     tv = { distribution = \"LogNormal\", mu = 0.2, sigma = 0.9 }\n\
     radio = { distribution = \"Gamma\", mu = 1.5, sigma = 0.7 }\n";

/// Returns of the series of a geo together, one of which has one alone; and a recursion.
const OF_SOME: &str = "[model]\nadstock_first = false\n[adstock]\nfamily = \"recursion\"\n\
    [saturation.priors]\n\
    beta = { distribution = \"HalfNormal\", dims = [\"geo\", \"channel\"] }\n[roas.priors]\n\
    tv = { distribution = \"LogNormal\", mu = [0.2, 0.4], sigma = 0.9, dims = [\"geo\"] }\n";

/// Models of them, of the second given a table of which two series are in one geo.
pub fn models(csv: &str) -> [Vec<Model>; 2] {
    let (file, dataset) = read(csv, &format!("{DATA}dims = [\"geo\", \"brand\"]\n{OF_SOME}"));
    let some = model::pool(&file, &dataset.panels).expect("model").series;
    let groups: Vec<_> = some.iter().map(|model| model.roas[0].group).collect();
    assert_eq!(groups, [0, 1, 1]);
    [pool(&format!("{OF_ALL}{CALIBRATION}")), some]
}

/// A coefficient that geos share has the prior of their return together.
#[test]
fn geos_that_share_a_coefficient_have_a_return_together() {
    // numpy: Σ scale · beta tanh(lam a/2) over all geos / Σ spend, and scipy's log-normal density of it
    // plus its logarithm; geometric weights over eight lags
    for (scaling, expected) in [
        ("", -0.882_532_007_548_050_5),
        ("[scaling]\ntarget.over = []\n", -0.820_921_290_171_297_2),
    ] {
        let series = pool(&format!(
            "{scaling}[adstock.priors]\nalpha = {{ distribution = \"Beta\", alpha = 1, beta = 3 }}\n\
             [saturation.priors]\nlam = {{ distribution = \"Gamma\", alpha = 3, beta = 1, dims = [\"geo\"] }}\n\
             beta = {{ distribution = \"HalfNormal\", dims = [\"channel\"] }}\n\
             [roas.priors]\ntv = {{ distribution = \"LogNormal\", mu = 0.2, sigma = 0.9 }}\n"
        ));
        let layout = &series[0].layout;
        let value = |name: &String| match name.as_str() {
            "adstock_alpha" => 0.35,
            "saturation_lam[north]" => 1.2,
            "saturation_lam[south]" => 0.8,
            "saturation_lam[west]" => 2.0,
            "saturation_beta[tv]" => 0.6,
            _ => 0.3,
        };
        let names = series[0].parameter_names();
        assert_eq!(names.iter().filter(|name| value(name) != 0.3).count(), 5, "{names:?}");
        let values: Vec<f64> = names.iter().map(value).collect();
        let at = layout.unmap(Space::Plain, &[], &values);
        let found = &Oracle::new(&series, Space::Plain).evaluate(&at)[0];
        let roas = found.roas.expect("a return");
        assert!((roas - expected).abs() < 1e-12, "{scaling}: {roas} {expected}");

        // Draws of the prior have that return.
        let mut rng = Key::new(0, "together").stream(gigamix::math::Purpose::Prior, 0);
        let n = 3000;
        let draw = |_| {
            let values = model::draw(&series, &mut rng);
            let of = |model: &Model| {
                let media = model::simulate::media(model, &values, model.series.n_train);
                model.roas[0].factor * media[0].iter().sum::<f64>()
            };
            series.iter().map(of).sum::<f64>().ln()
        };
        let draws: Vec<f64> = (0..n).map(draw).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n - 1);
        assert!(((mean - 0.2) / (0.9 / f64::from(n).sqrt())).abs() < 4.0, "{mean}");
        assert!(((variance / 0.81 - 1.0) / (2.0 / f64::from(n)).sqrt()).abs() < 4.0, "{variance}");
    }
}
