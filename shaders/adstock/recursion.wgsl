// Recursion: a_t = gain x_t + alpha a_(t-1).

// The gain and its derivative in alpha: 1 - alpha divides the weights by their sum.
fn adstock_recursion_gain(alpha: f32, normalize: bool) -> vec2f {
    return select(vec2f(1.0, 0.0), vec2f(1.0 - alpha, -1.0), normalize);
}

// a_t and its derivative in alpha, given those of the date before and x_t.
fn adstock_recursion(before: vec2f, x: f32, alpha: f32, gain: vec2f) -> vec2f {
    return fma(vec2f(alpha), before, fma(gain, vec2f(x), vec2f(0.0, before.x)));
}
