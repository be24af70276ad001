// Geometric adstock: w_j = alpha^j and dw_j/dalpha.

fn adstock_geometric(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    var power = 1.0;
    var derivative = 0.0;
    for (var j = 0; j < n; j++) {
        (*w)[j] = power;
        (*dw)[j] = vec2f(derivative, 0.0);
        derivative = fma(derivative, p.x, power);
        power *= p.x;
    }
}
