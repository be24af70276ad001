// Delayed adstock: w_j = alpha^((j - theta)^2) and its derivatives in alpha and theta.

fn adstock_delayed(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    let alpha = max(p.x, 1e-30);
    let log = ln(alpha);
    // lifted where all would vanish, so that their shares keep their limit
    let nearest = clamp(p.y, 0.0, f32(n - 1)) - p.y;
    let lift = min(nearest * nearest * log + 60.0, 0.0);
    for (var j = 0; j < n; j++) {
        let distance = f32(j) - p.y;
        let square = distance * distance;
        let weight = exp_accurate(square * log - lift);
        (*w)[j] = weight;
        (*dw)[j] = weight * vec2f(square / alpha, -2.0 * distance * log);
    }
}
