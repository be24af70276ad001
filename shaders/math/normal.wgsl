// The normal distribution: ln Phi with its derivative, and the half-normal quantile (uses elementary.wgsl).

// Mills ratio (1 - Phi(t))/phi(t) for t >= 0: a polynomial in w = 1/(t + 4).
fn mills_ratio(t: f32) -> f32 {
    let w = 1.0 / (t + 4.0);
    var p = fma(w, -473247.78, 646070.25);
    p = fma(p, w, -327624.9);
    p = fma(p, w, 72441.52);
    p = fma(p, w, -9985.664);
    p = fma(p, w, 2057.2493);
    p = fma(p, w, 373.3192);
    p = fma(p, w, 165.9071);
    p = fma(p, w, 51.92864);
    p = fma(p, w, 15.000918);
    p = fma(p, w, 3.9999952);
    p = fma(p, w, 1.0);
    return w * p;
}

// phi(t) for t >= 0; the square in two parts, the first exact, keeps the digits of the exponential.
fn normal_density(t: f32) -> f32 {
    let near = min(t, 15.0); // phi(15) is 0
    let head = bitcast<f32>(bitcast<u32>(near) & 0xfffff000u);
    return 0.3989423 * exp_of_sum(-0.5 * head * head, -0.5 * (near - head) * (near + head));
}

// (ln Phi(x), phi(x)/Phi(x)): below 0 from -t^2/2 - ln(2 pi)/2 + ln R and 1/R, above 0 from
// ln(1 - phi R) and phi/(1 - phi R), with t = |x| and R its Mills ratio.
fn log_ndtr(x: f32) -> vec2<f32> {
    let negative = x < 0.0;
    let t = abs(x);
    let ratio = mills_ratio(t);
    let density = normal_density(t);
    let upper = density * ratio;

    // one logarithm for both sides: of R, or of 1 - upper taken apart as in ln_1p
    let argument = select(1.0 - upper, ratio, negative);
    let e = ln_exponent(argument);
    let scale = power_of_2(-e);
    let part = select(-upper, ratio, negative);
    let rest = select(scale - 1.0, -1.0, negative);
    let log_argument = ln_of_parts(f32(e), fma(part, scale, rest));

    let below = fma(-0.5 * t, t, log_argument - 0.9189385);
    let value = select(log_argument, below, negative);
    return vec2<f32>(value, select(density, 1.0, negative) / argument);
}

// h(z) = -Phi^-1(Phi(-z)/2), which maps N(0, 1) to HalfNormal(1); increasing and positive.
fn half_normal_quantile(z: f32) -> f32 {
    let t = abs(z);

    // below 0: p = Phi(z) times a series in its square
    let p = normal_density(t) * mills_ratio(t);
    let square = p * p;
    var b = fma(square, 0.137811, 0.042256422);
    b = fma(b, square, 0.097529374);
    b = fma(b, square, 0.121887356);
    b = fma(b, square, 0.18041366);
    b = fma(b, square, 0.32811654);
    b = fma(b, square, 1.2533141);

    // above 0: (z + 3)(h - z) is a polynomial in q = (z - 3)/(z + 3)
    let w = 1.0 / (t + 3.0);
    let q = fma(-6.0, w, 1.0);
    var a = fma(q, 0.00019036276, -8.921588e-5);
    a = fma(a, q, -0.0011940252);
    a = fma(a, q, 0.0010477758);
    a = fma(a, q, 0.0038338169);
    a = fma(a, q, -0.00620332);
    a = fma(a, q, -0.0076105166);
    a = fma(a, q, 0.025890382);
    a = fma(a, q, 0.0013717172);
    a = fma(a, q, -0.08504381);
    a = fma(a, q, 0.08962446);
    a = fma(a, q, 0.19177689);
    a = fma(a, q, -0.75137687);
    a = fma(a, q, 1.2309295);

    return select(p * b, fma(w, a, z), z > 0.0);
}

// The derivative of the half-normal quantile at z, phi(z) / 2 phi(h), where h is its value.
fn half_normal_slope(z: f32, h: f32) -> f32 {
    return 0.5 * exp_accurate(0.5 * (h - z) * (h + z));
}
