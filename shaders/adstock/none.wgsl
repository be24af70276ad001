// No adstock: all of the effect in the period of the spend.

fn adstock_none(p: vec2f, n: i32, w: ptr<function, Weights>, dw: ptr<function, WeightSlopes>) {
    (*w)[0] = 1.0;
    (*dw)[0] = vec2f(0.0);
}
