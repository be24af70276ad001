//! Pooled models whose engines are held against the oracle.

use super::returns;
use super::{CALIBRATION, CENTRED, DATA, HIERARCHY, pool, read, table};
use gigamix::model::{self, Model};

/// Effects of the series: of all, of each, of some of their dims.
const EFFECTS: [&str; 3] = [
    "[model]\nadstock_first = false\n[adstock]\nl_max = 3\nmode = \"overlap\"\n\
     [time_varying.intercept]\nm = 5\n[time_varying.media]\nm = 3\ndims = []\n",
    "[time_varying.media]\nm = 6\n\
     [time_varying.media.priors]\neta = { distribution = \"HalfNormal\", dims = [\"geo\"] }\n\
     [[event]]\nname = \"sale\"\nbasis = \"asymmetric_gaussian\"\nevent_in = \"after\"\ndates = [\n\
     { name = \"a\", start = \"2024-01-16\", end = \"2024-01-17\" },\n\
     { name = \"b\", start = \"2024-02-28\", end = \"2024-02-28\" },\n]\n\
     priors.effect_size = { distribution = \"Normal\", dims = [\"sale\", \"geo\"] }\n\
     priors.sigma_after = { distribution = \"Gamma\", mu = 5, sigma = 1, dims = [\"geo\"] }\n",
    "[saturation]\nfamily = \"hill\"\n[roas.priors]\n\
     tv = { distribution = \"LogNormal\", mu = [0.2, 0.1, 0.4], sigma = 0.9, dims = [\"geo\"] }\n",
];

/// Models whose engines are held against the oracle: families, orders, dims, effects.
pub fn various() -> Vec<Vec<Model>> {
    let mut models = vec![pool(&format!("{HIERARCHY}{CENTRED}"))];
    models.push(pool(&HIERARCHY.replace("[model]\n", "[model]\nadstock_first = false\n")));
    let plain = "[scaling]\ntarget.over = []\n[saturation]\nfamily = \"root\"\n";
    models.push(pool(plain));
    // Two dims, of which not every combination is there.
    let csv = table().replace("week,geo", "week,geo,brand").replace("north", "north,a");
    let csv = csv.replace("south", "south,b").replace("west", "south,a");
    let (file, dataset) = read(&csv, &format!("{DATA}dims = [\"geo\", \"brand\"]\n"));
    models.push(model::pool(&file, &dataset.panels).expect("model").series);
    let labels: Vec<_> = models[3].iter().map(|model| model.labels.join(" ")).collect();
    assert_eq!(labels, ["north a", "south a", "south b"]);
    let beta = models[3][0].layout.find("saturation_beta").expect("beta").clone();
    assert_eq!((beta.dims, beta.len), (vec!["geo".into(), "brand".into(), "channel".into()], 8));
    let some = "[time_varying.intercept]\nm = 3\ndims = [\"geo\"]\n[[lift_test]]\nchannel = \"tv\"\n\
        brand = \"a\"\ngeo = \"south\"\nx = 0.1\ndelta_x = 0.4\ndelta_y = 0.9\nsigma = 0.3\n";
    let (file, dataset) = read(&csv, &format!("{DATA}dims = [\"geo\", \"brand\"]\n{some}"));
    models.push(model::pool(&file, &dataset.panels).expect("model").series);
    let found: Vec<usize> = models[4].iter().map(|model| model.lifts.len()).collect();
    assert_eq!(found, [0, 1, 0]);
    models.extend(returns::models(&csv));
    models.extend(EFFECTS.map(|effects| pool(&format!("{effects}{CALIBRATION}"))));
    models
}
