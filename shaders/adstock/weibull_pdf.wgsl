// Weibull adstock by the density, scaled over the lags to 0 .. 1, and its derivatives in lam and k.

fn adstock_weibull_pdf(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    if n == 1 {
        (*w)[0] = 1.0;
        (*dw)[0] = vec2f(0.0);
        return;
    }
    // logarithms of the densities, and their derivatives but for what all lags share
    let lam = max(p.x, 1e-30);
    let log_lam = ln(lam);
    let first = min(-p.y * log_lam, 30.0);
    var top: vec3f;
    var bottom: vec3f;
    for (var j = 0; j < n; j++) {
        let log = ln(f32(j + 1));
        let power = exp_accurate(min(fma(p.y, log, first), 60.0));
        let l = vec3f(fma(p.y - 1.0, log, -power), power, log - power * (log - log_lam));
        (*w)[j] = l.x;
        (*dw)[j] = l.yz;
        top = select(top, l, j == 0 || l.x > top.x);
        bottom = select(bottom, l, j == 0 || l.x < bottom.x);
    }
    let range = exp_accurate(bottom.x - top.x);
    let inverse = -1.0 / exp_m1(bottom.x - top.x);
    let factor = vec2f(p.y / lam, 1.0);
    for (var j = 0; j < n; j++) {
        let l = (*w)[j];
        let dl = (*dw)[j];
        let share = exp_accurate(l - top.x) * -exp_m1(bottom.x - l) * inverse;
        let tilt = range * inverse * (dl - bottom.yz - share * (top.yz - bottom.yz));
        (*w)[j] = share;
        (*dw)[j] = fma(vec2f(share), dl - top.yz, tilt) * factor;
    }
}
