//! Special functions of one number in double precision: the oracle of the lanes, and tools of the
//! analysis.

/// ½ ln 2π.
const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_7;

/// 1/√(2π).
const FRAC_1_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;

/// (t + 4) R(t) in powers of (t − 4)/(t + 4), R the Mills ratio.
const MILLS: [f64; 29] = [
    1.893_219_063_308_485_3,
    -1.523_770_910_819_983,
    0.970_409_554_867_587_3,
    -0.467_540_962_998_383_1,
    0.151_391_762_312_505_62,
    -0.018_900_450_860_124_936,
    -0.008_722_295_275_622_259,
    0.004_087_855_658_092_828,
    0.000_334_244_631_731_572_74,
    -0.000_579_269_115_434_019_3,
    -4.783_369_081_147_293e-6,
    8.809_476_853_474_978e-5,
    1.796_851_417_936_812_3e-6,
    -1.484_005_564_248_881_8e-5,
    -1.580_082_829_947_198_8e-6,
    2.561_435_048_523_457_3e-6,
    6.855_647_656_332_624e-7,
    -3.890_621_064_263_226e-7,
    -2.212_526_224_014_318_2e-7,
    3.251_678_520_910_891e-8,
    5.687_986_222_421_445e-8,
    7.234_294_639_054_422e-9,
    -1.116_159_616_883_367_5e-8,
    -4.215_384_632_130_254e-9,
    1.425_131_435_403_776_5e-9,
    9.856_762_322_238_724e-10,
    -6.141_942_000_426_101e-11,
    -1.023_740_954_300_704_3e-10,
    -7.315_215_684_779_75e-12,
];

/// Φ⁻¹((1 + p)/2)/p in powers of p², for |p| ≤ ½.
const CENTRAL: [f64; 14] = [
    1.253_314_137_315_500_3,
    0.328_116_873_869_223_56,
    0.180_391_673_079_934_42,
    0.122_403_195_196_977_79,
    0.091_866_763_345_380_92,
    0.073_159_367_670_321_95,
    0.060_574_413_400_881_5,
    0.051_651_305_085_566_13,
    0.044_046_024_462_039_556,
    0.044_679_702_237_812_89,
    0.011_944_464_130_371_18,
    0.103_874_276_628_987,
    -0.107_584_327_837_489_85,
    0.160_006_482_191_749,
];

/// (z + 3)(h(z) − z) in powers of (z − 3)/(z + 3), h the half-normal quantile.
const ABOVE: [f64; 29] = [
    1.230_929_523_593_599,
    -0.751_376_836_915_228_9,
    0.191_776_532_150_029_82,
    0.089_623_823_173_119_75,
    -0.085_037_876_853_767_01,
    0.001_381_986_385_111_799_2,
    0.025_851_274_373_480_962,
    -0.007_673_274_318_754_654,
    -0.006_072_553_804_391_791_5,
    0.004_018_793_910_914_004,
    0.000_798_698_711_891_047_2,
    -0.001_479_893_308_494_386_9,
    0.000_197_948_758_719_035_06,
    0.000_418_479_604_599_245_37,
    -0.000_209_351_880_884_443_74,
    -7.788_845_706_748_225e-5,
    0.000_102_476_838_650_304_03,
    -2.863_864_362_970_544_2e-6,
    -3.670_805_504_162_798e-5,
    1.098_658_804_894_385_5e-5,
    9.883_681_589_071_34e-6,
    -6.005_680_636_755_938e-6,
    -1.753_095_012_419_181_7e-6,
    2.055_060_925_429_617_7e-6,
    8.596_853_948_708_654e-8,
    -4.433_901_147_061_295_4e-7,
    4.379_225_739_801_841e-8,
    4.619_779_077_924_647_6e-8,
    -8.605_563_660_219_747e-9,
];

/// c₀ + c₁x + c₂x² + …
fn polynomial(x: f64, c: &[f64]) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Mills ratio (1 − Φ(t))/φ(t) for t ≥ 0.
fn mills(t: f64) -> f64 {
    let w = 1.0 / (t + 4.0);
    w * polynomial(1.0 - 8.0 * w, &MILLS)
}

/// φ(x), the density of N(0, 1).
pub fn norm_pdf(x: f64) -> f64 {
    // φ(40) is 0. The head of 26 bits has an exact square: the rounding error of x² would be
    // magnified to x²/2 units in the last place.
    let t = if x.abs() > 40.0 { 40.0 } else { x.abs() };
    let head = f64::from_bits(t.to_bits() & 0xffff_ffff_f800_0000);
    FRAC_1_SQRT_2_PI * libm::exp(-0.5 * head * head) * libm::exp(-0.5 * (t - head) * (t + head))
}

/// Φ(x), the distribution function of N(0, 1); relatively accurate in the lower tail.
pub fn norm_cdf(x: f64) -> f64 {
    let tail = norm_pdf(x) * mills(x.abs());
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// ln Φ(x) and its derivative φ(x)/Φ(x), the inverse Mills ratio.
pub fn log_ndtr(x: f64) -> (f64, f64) {
    let ratio = mills(x.abs());
    if x < 0.0 {
        (libm::log(ratio) - HALF_LN_2_PI - 0.5 * x * x, 1.0 / ratio)
    } else {
        let density = norm_pdf(x);
        let upper = density * ratio;
        (libm::log1p(-upper), density / (1.0 - upper))
    }
}

/// Φ⁻¹(p), the quantile function of N(0, 1); ∓∞ at 0 and 1, NaN outside.
///
/// A series in the middle; in the tails Newton's method on ln Φ, which is concave and nearly
/// quadratic there, so that it converges from the left in a few steps.
pub fn norm_quantile(p: f64) -> f64 {
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p > 0.5 {
        return -norm_quantile(1.0 - p);
    }
    if p >= 0.25 {
        let u = 2.0 * p - 1.0;
        return u * polynomial(u * u, &CENTRAL);
    }
    let target = libm::log(p);
    let mut x = -(-2.0 * target).sqrt();
    for _ in 0..20 {
        let (value, slope) = log_ndtr(x);
        let step = (target - value) / slope;
        x += step;
        if step.abs() <= 1e-10 * x.abs() {
            break; // the error is of the order of the step squared
        }
    }
    x
}

/// h(z) = −Φ⁻¹(Φ(−z)/2), which maps N(0, 1) to HalfNormal(1); relatively accurate in both tails.
pub fn half_normal_quantile(z: f64) -> f64 {
    if z > 0.0 {
        let w = 1.0 / (z + 3.0);
        z + w * polynomial(1.0 - 6.0 * w, &ABOVE)
    } else {
        let p = norm_cdf(z);
        p * polynomial(p * p, &CENTRAL)
    }
}

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b).
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// ψ(x), the derivative of ln Γ, for x > 0; NaN below 0.
///
/// The recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18).
pub fn digamma(x: f64) -> f64 {
    /// B₂ₖ/2k for k = 1, 2, …
    const SERIES: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    if x < 0.0 {
        return f64::NAN;
    }
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    libm::log(x) - 0.5 / x - square * polynomial(square, &SERIES) - below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64, tolerance: f64) {
        let good = got == want || (got - want).abs() <= tolerance * want.abs();
        assert!(good, "{got:e} is not {want:e}: off by {:e}", got / want - 1.0);
    }

    // The literals were computed with mpmath 1.3 at 45 digits, from erfc, erfinv and Newton's
    // method on the logarithm of the tail.

    #[test]
    fn log_ndtr_and_its_derivative() {
        for (x, value, derivative) in [
            (-1e5, -5000000012.431864, 100000.00001),
            (-40.0, -804.6084420137538, 40.02496884720726),
            (-37.5, -707.6689893175072, 37.526628874883656),
            (-20.0, -203.91715537109727, 20.04975306852785),
            (-12.0, -75.4106730015688, 12.082214175254284),
            (-8.0, -35.01343715991455, 8.121368112236112),
            (-5.0, -15.064998393988725, 5.186503967125842),
            (-3.0, -6.607726221510349, 3.2830986549304364),
            (-2.0, -3.783184333682032, 2.373215532822841),
            (-1.0, -1.8410216450092636, 1.525135276160981),
            (-0.5, -1.1759117615936185, 1.1410777703680646),
            (-0.125, -0.7979261427530241, 0.879127895756634),
            (-0.001, -0.6939453834669652, 0.7985212895629114),
            (0.0, -std::f64::consts::LN_2, 0.7978845608028654),
            (0.001, -0.6923496142726883, 0.7972480500564331),
            (0.125, -0.598313068912425, 0.7200475955025254),
            (0.5, -0.3689464152886564, 0.5091604338370335),
            (1.0, -0.17275377902344988, 0.2875999709391784),
            (2.0, -0.02301290932896349, 0.055247862678989956),
            (3.0, -0.0013508099647481938, 0.004437839042125664),
            (5.0, -2.866516129637636e-07, 1.4867199409049056e-06),
            (8.0, -6.220960574271786e-16, 5.052271083536895e-15),
            (12.0, -1.776482112077679e-33, 2.1463837356630605e-32),
            (20.0, -2.7536241186062337e-89, 5.520948362159764e-88),
            (37.0, -5.725571222524577e-300, 2.1200065515246056e-298),
        ] {
            let got = log_ndtr(x);
            close(got.0, value, 2e-15);
            close(got.1, derivative, 2e-15);
        }
        assert_eq!(log_ndtr(f64::INFINITY), (0.0, 0.0));
        assert_eq!(log_ndtr(f64::NEG_INFINITY), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(log_ndtr(f64::NAN).0.is_nan() && log_ndtr(f64::NAN).1.is_nan());
    }

    #[test]
    fn half_normal_quantile_in_both_tails() {
        for (z, value) in [
            (-37.0, 7.175939357396844e-300),
            (-20.0, 3.451156036702126e-89),
            (-12.0, 2.226490145755054e-33),
            (-8.0, 7.79681783541718e-16),
            (-5.0, 3.5926446751991174e-07),
            (-3.0, 0.0016918470940848107),
            (-2.0, 0.028516926590917476),
            (-1.0, 0.20017368616689094),
            (-0.5, 0.39687117508954456),
            (-0.125, 0.5981524363859282),
            (-0.001, 0.6738621743369435),
            (0.0, 0.6744897501960817),
            (0.001, 0.6751175918165174),
            (0.125, 0.7549786790524055),
            (0.5, 1.0182955159602791),
            (1.0, 1.4096087092934546),
            (2.0, 2.277604838809459),
            (3.0, 3.2051549205989334),
            (5.0, 5.132018332044298),
            (8.0, 8.084911007391543),
            (12.0, 12.057234557007263),
            (20.0, 20.03454167651402),
            (37.0, 37.018715326832194),
            (1000.0, 1000.0006931462472),
        ] {
            close(half_normal_quantile(z), value, 2e-15);
        }
        assert!(half_normal_quantile(f64::NAN).is_nan());
        let grid = (-120_000..120_000).map(|i| half_normal_quantile(f64::from(i) * 1e-4));
        assert!(grid.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn quantiles_and_distribution_function() {
        for (p, x) in [
            (1e-300, -37.0470962993612),
            (1e-100, -21.273453560965326),
            (1e-20, -9.262340089798407),
            (1e-10, -6.361340902404057),
            (1e-05, -4.264890793922825),
            (0.01, -2.326347874040841),
            (0.1, -1.2815515655446004),
            (0.2499, -0.67480447011061),
            (0.25, -0.6744897501960817),
            (0.3, -0.5244005127080408),
            (0.5, 0.0),
            (0.6, 0.2533471031357997),
            (0.75, 0.6744897501960817),
            (0.9, 1.2815515655446004),
            (0.999, 3.090232306167813),
            (0.9999999999990905, 7.047700256664409),
        ] {
            close(norm_quantile(p), x, 2e-15);
            close(norm_cdf(x), p, 2e-15 * (1.0 + x * x));
        }
        assert_eq!(norm_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(norm_quantile(1.0), f64::INFINITY);
        for outside in [-0.1, 1.1, f64::NAN] {
            assert!(norm_quantile(outside).is_nan());
        }
    }

    #[test]
    fn gamma_functions() {
        for (x, ln_gamma_x, digamma_x) in [
            (0.001, 6.907178885383853, -1000.5755719318103),
            (0.1, 2.252712651734206, -10.423754940411076),
            (0.5, 0.5723649429247001, -1.9635100260214235),
            (1.0, 0.0, -0.5772156649015329),
            (1.5, -0.12078223763524522, 0.03648997397857652),
            (2.5, 0.2846828704729192, 0.7031566406452432),
            (7.0, 6.579251212010101, 1.8727843350984672),
            (10.0, 12.801827480081469, 2.251752589066721),
            (100.25, 360.28455963776423, 4.602671243274712),
            (1e6, 12815504.569147611, 13.815510057964191),
        ] {
            close(ln_gamma(x), ln_gamma_x, 2e-15);
            assert!((digamma(x) - digamma_x).abs() <= 2e-15 * digamma_x.abs().max(1.0));
        }
        // B(2.5, 0.5) = 3π/8
        close(ln_beta(2.5, 0.5), (3.0 * std::f64::consts::PI / 8.0).ln(), 1e-15);
    }
}
