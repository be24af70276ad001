// Weibull adstock by the distribution: running products of its survival, and their derivatives in
// lam and k.

fn adstock_weibull_cdf(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    let lam = max(p.x, 1e-30);
    let log_lam = ln(lam);
    let rate = p.y / lam;
    var sum = 0.0;
    var weighted = 0.0;
    for (var j = 0; j < n; j++) {
        if j > 0 {
            let log = ln(f32(j)) - log_lam;
            let power = exp_accurate(min(p.y * log, 60.0));
            sum += power;
            weighted = fma(power, log, weighted);
        }
        let weight = exp_accurate(-sum);
        (*w)[j] = weight;
        // 0 where the weight vanished, before the rate may make it large
        (*dw)[j] = vec2f(weight * sum * rate, -weight * weighted);
    }
}
