// Binomial adstock: w_j = (1 - j/(n + 1))^(1/alpha - 1) and dw_j/dalpha.

fn adstock_binomial(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    let inverse = 1.0 / max(p.x, 1e-12);
    for (var j = 0; j < n; j++) {
        let log = ln_1p(-f32(j) / f32(n + 1));
        let weight = exp_accurate(log * (inverse - 1.0));
        (*w)[j] = weight;
        (*dw)[j] = vec2f(-weight * log * inverse * inverse, 0.0);
    }
}
