//! Draws made by formula, with what ArviZ says of them; for tests only.
//!
//! Made with the same arithmetic in Python (every operation used here is exactly rounded, so the
//! draws agree to the last bit) and given to arviz 0.23.4: `az.ess(x, method=…)`, `az.rhat(x)`,
//! `az.mcse(x, method=…)`, `az.hdi(x.ravel(), hdi_prob=0.94)`, `x.std(ddof=1)`, `np.median(x)`;
//! and to arviz-stats 0.8.0: `array_stats.rhat_nested(x, superchain_ids, method="rank")` and
//! `method="identity"`. Both versions agree on all but `mcse(method="sd")`.

use ndarray::{Array2, Axis};

/// Draws and the reference values of their diagnostics.
pub struct Case {
    pub name: &'static str,
    /// (chain, draw).
    pub draws: Array2<f64>,
    pub superchain_of: Vec<usize>,
    pub mean: f64,
    pub sd: f64,
    pub median: f64,
    pub hdi_3: f64,
    pub hdi_97: f64,
    pub mcse_mean: f64,
    pub mcse_sd: f64,
    pub ess_bulk: f64,
    pub ess_tail: f64,
    pub ess_mean: f64,
    pub ess_sd: f64,
    pub r_hat: f64,
    pub r_hat_nested: f64,
    pub r_hat_nested_identity: f64,
}

/// Fails unless `a` and `b` agree within a relative tolerance.
#[track_caller]
pub fn assert_close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * b.abs(), "{what}: {a} is not {b}");
}

/// A linear congruential generator, so that the same draws are easily made elsewhere.
struct Random(u64);

impl Random {
    /// Uniform on (0, 1).
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) * 2_f64.powi(-53)
    }

    /// Nearly standard normal: twelve uniforms less six.
    fn normal(&mut self) -> f64 {
        (0..12).fold(-6.0, |sum, _| sum + self.uniform())
    }
}

/// Independent stationary AR(1) chains with unit variance, chain by chain.
pub fn ar1(seed: u64, chains: usize, draws: usize, rho: f64) -> Array2<f64> {
    let mut random = Random(seed);
    let scale = (1.0 - rho * rho).sqrt();
    let mut x = Array2::zeros((chains, draws));
    for mut chain in x.rows_mut() {
        chain[0] = random.normal();
        for draw in 1..draws {
            chain[draw] = rho * chain[draw - 1] + scale * random.normal();
        }
    }
    x
}

/// Independent draws without a mean: normal over uniform.
fn heavy(seed: u64, chains: usize, draws: usize) -> Array2<f64> {
    let mut random = Random(seed);
    Array2::from_shape_simple_fn((chains, draws), || {
        let normal = random.normal();
        normal / random.uniform()
    })
}

/// Applies a function of draw and chain number.
fn each_chain(mut x: Array2<f64>, f: impl Fn(f64, f64) -> f64) -> Array2<f64> {
    x.indexed_iter_mut().for_each(|((chain, _), value)| *value = f(*value, chain as f64));
    x
}

/// Every third draw repeats the one before, as after a rejection.
fn repeats(mut x: Array2<f64>) -> Array2<f64> {
    for draw in (3..x.ncols()).step_by(3) {
        let before = x.index_axis(Axis(1), draw - 1).to_owned();
        x.index_axis_mut(Axis(1), draw).assign(&before);
    }
    x
}

/// All reference cases.
pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "ar1_4x100",
            draws: ar1(1, 4, 100, 0.5),
            superchain_of: vec![0, 0, 1, 1],
            mean: 0.09098204201148218,
            sd: 0.8780533432973642,
            median: 0.05830901187482203,
            hdi_3: -1.6252344111296635,
            hdi_97: 1.6196295663520202,
            mcse_mean: 0.06452351084010412,
            mcse_sd: 0.0292620949501067,
            ess_bulk: 186.36099159777453,
            ess_tail: 400.20721371315665,
            ess_mean: 185.18500667204347,
            ess_sd: 408.2560018187293,
            r_hat: 1.0281409124956118,
            r_hat_nested: 1.0118451753256579,
            r_hat_nested_identity: 1.0007017551068946,
        },
        Case {
            name: "odd_3x51",
            draws: ar1(2, 3, 51, 0.3),
            superchain_of: vec![0, 1, 2],
            mean: 0.05206134286781955,
            sd: 1.0218130317787668,
            median: 0.15817674533792198,
            hdi_3: -1.6704934578258752,
            hdi_97: 1.8597839863431278,
            mcse_mean: 0.11176384402697062,
            mcse_sd: 0.04915327047373028,
            ess_bulk: 84.27276431274366,
            ess_tail: 138.40316727152742,
            ess_mean: 83.58728386665123,
            ess_sd: 176.77434486531962,
            r_hat: 1.0195705357335518,
            r_hat_nested: 1.0156100678365163,
            r_hat_nested_identity: 1.0141730686425787,
        },
        Case {
            name: "many_64x40",
            draws: ar1(3, 64, 40, 0.7),
            superchain_of: (0..64).map(|chain| chain / 16).collect(),
            mean: -0.12462003494572307,
            sd: 0.9885960468522924,
            median: -0.15397540248016622,
            hdi_3: -1.9537368509738324,
            hdi_97: 1.707269849840148,
            mcse_mean: 0.04724171431461192,
            mcse_sd: 0.021894783698407732,
            ess_bulk: 437.28735519209636,
            ess_tail: 869.7401870530331,
            ess_mean: 437.91159144187765,
            ess_sd: 930.1161272277827,
            r_hat: 1.114478912344122,
            r_hat_nested: 1.0052046928453378,
            r_hat_nested_identity: 1.0053092977949756,
        },
        Case {
            name: "shifted_4x100",
            draws: each_chain(ar1(4, 4, 100, 0.2), |x, chain| x + 0.25 * chain),
            superchain_of: vec![0, 1, 0, 1],
            mean: 0.34507980015854656,
            sd: 1.0855903739783201,
            median: 0.33946947815823814,
            hdi_3: -1.6212724985545646,
            hdi_97: 2.678488555616787,
            mcse_mean: 0.08149089739236479,
            mcse_sd: 0.05423655159896962,
            ess_bulk: 183.00546091962445,
            ess_tail: 195.20927990012004,
            ess_mean: 177.4654304300082,
            ess_sd: 222.80461631519194,
            r_hat: 1.0237714590775884,
            r_hat_nested: 1.0054430142536133,
            r_hat_nested_identity: 1.0057774411738027,
        },
        Case {
            name: "scaled_8x60",
            draws: each_chain(ar1(5, 8, 60, 0.2), |x, chain| x * (1.0 + 0.125 * chain)),
            superchain_of: vec![0, 0, 1, 1, 2, 2, 3, 3],
            mean: 0.014702238351636457,
            sd: 1.4641866666226016,
            median: -0.07086253900549472,
            hdi_3: -2.7332074694703246,
            hdi_97: 2.708855137628,
            mcse_mean: 0.08007018804220539,
            mcse_sd: 0.08994430081352899,
            ess_bulk: 348.8145943032443,
            ess_tail: 214.07660020986356,
            ess_mean: 334.3883963589218,
            ess_sd: 164.5955297374699,
            r_hat: 1.0351649132973213,
            r_hat_nested: 1.0341964718038321,
            r_hat_nested_identity: 1.005281444625109,
        },
        Case {
            name: "heavy_4x100",
            draws: heavy(6, 4, 100),
            superchain_of: vec![0, 0, 1, 1],
            mean: -0.22194990448899,
            sd: 34.808442286190754,
            median: 0.06910389411016779,
            hdi_3: -13.638816402351301,
            hdi_97: 19.684786010616655,
            mcse_mean: 1.7362844164626707,
            mcse_sd: 9.232872490672872,
            ess_bulk: 375.2544536828802,
            ess_tail: 412.72240670069885,
            ess_mean: 401.90873247813744,
            ess_sd: 421.92669664349245,
            r_hat: 1.003826997011191,
            r_hat_nested: 1.0010069440763818,
            r_hat_nested_identity: 1.0008878062225517,
        },
        Case {
            name: "ties_4x100",
            draws: ar1(7, 4, 100, 0.5).mapv(|x| (x * 2.0).floor() / 2.0),
            superchain_of: vec![0, 0, 1, 1],
            mean: -0.25125,
            sd: 1.0649336348414118,
            median: -0.5,
            hdi_3: -2.0,
            hdi_97: 1.5,
            mcse_mean: 0.08955460920145861,
            mcse_sd: 0.043718385363837306,
            ess_bulk: 141.93620851068152,
            ess_tail: 244.39509704291973,
            ess_mean: 141.40644427722702,
            ess_sd: 246.24497462326758,
            r_hat: 1.0220621046520235,
            r_hat_nested: 1.0129105908937417,
            r_hat_nested_identity: 1.005751481403041,
        },
        Case {
            name: "antithetic_4x101",
            draws: ar1(8, 4, 101, -0.6),
            superchain_of: vec![0, 0, 1, 1],
            mean: -0.06380313377154441,
            sd: 0.9798238286121042,
            median: -0.1460672270573256,
            hdi_3: -1.795718307221857,
            hdi_97: 1.6556491528568842,
            mcse_mean: 0.030371017968808627,
            mcse_sd: 0.036844903097978,
            ess_bulk: 1040.823996531185,
            ess_tail: 452.45403749683624,
            ess_mean: 1040.823996531185,
            ess_sd: 307.6364810052392,
            r_hat: 1.0001693172619694,
            r_hat_nested: 1.0003639889270326,
            r_hat_nested_identity: 1.000051743618569,
        },
        Case {
            name: "offset_2x64",
            draws: ar1(9, 2, 64, 0.9).mapv(|x| 1000.0 + 0.001 * x),
            superchain_of: vec![0, 1],
            mean: 999.9995200905688,
            sd: 0.0011778522420146298,
            median: 999.9994362138177,
            hdi_3: 999.9975025801263,
            hdi_97: 1000.0015256867263,
            mcse_mean: 0.0005528770126680353,
            mcse_sd: 0.00022187954365952234,
            ess_bulk: 4.9176258545724405,
            ess_tail: 24.84722984187997,
            ess_mean: 4.538627697722628,
            ess_sd: 7.931205750473474,
            r_hat: 1.4013087598620713,
            r_hat_nested: 1.153998794043949,
            r_hat_nested_identity: 1.0188887339982007,
        },
        Case {
            name: "few_4x4",
            draws: ar1(10, 4, 4, 0.0),
            superchain_of: vec![0, 0, 1, 1],
            mean: 0.1859975566132778,
            sd: 1.1762260624436034,
            median: -0.06040555564919853,
            hdi_3: -2.1393255528406177,
            hdi_97: 2.0546398377622683,
            mcse_mean: 0.2679760152550097,
            mcse_sd: 0.15412910844701116,
            ess_bulk: 19.265919722494797,
            ess_tail: 19.265919722494797,
            ess_mean: 19.265919722494797,
            ess_sd: 19.265919722494797,
            r_hat: 1.4924446733744596,
            r_hat_nested: 1.0240683173815868,
            r_hat_nested_identity: 1.030165688609168,
        },
        Case {
            name: "few_2x7",
            draws: ar1(11, 2, 7, 0.0),
            superchain_of: vec![0, 1],
            mean: -0.3678519086867739,
            sd: 0.8551058655433218,
            median: -0.19711257282367203,
            hdi_3: -2.3769213714966955,
            hdi_97: 0.5667879066955348,
            mcse_mean: 0.2376194944967472,
            mcse_sd: 0.19242057232023885,
            ess_bulk: 12.9501749525715,
            ess_tail: 12.9501749525715,
            ess_mean: 12.9501749525715,
            ess_sd: 12.9501749525715,
            r_hat: 1.4620227528969438,
            r_hat_nested: 1.2948747730741035,
            r_hat_nested_identity: 1.1337971200482095,
        },
        Case {
            name: "repeats_16x30",
            draws: repeats(ar1(12, 16, 30, 0.3)),
            superchain_of: (0..16).map(|chain| chain / 4).collect(),
            mean: -0.044713611499429075,
            sd: 1.1067903448699778,
            median: 0.04136436270912074,
            hdi_3: -1.9816077356708526,
            hdi_97: 2.1849725447752,
            mcse_mean: 0.06748531665655012,
            mcse_sd: 0.04629336433532969,
            ess_bulk: 265.58090305512707,
            ess_tail: 307.110334355213,
            ess_mean: 268.97514092656445,
            ess_sd: 296.39566576701867,
            r_hat: 1.0387339711955466,
            r_hat_nested: 1.0034347435852606,
            r_hat_nested_identity: 1.0009106021162246,
        },
    ]
}
