// What the leaves of the model take and return.

// A value of a parameter with its distances from the bounds, their logarithms, and its derivative:
// twin of `Value` and `Mapped` in src/model.
struct Mapped {
    x: f32,
    below: f32,
    above: f32,
    ln_below: f32,
    ln_above: f32,
    // dx/du
    dx: f32,
    // ln |dx/du|, or the whole prior term in prior-quantile coordinates, and its derivative in u
    logp: f32,
    dlogp: f32,
}

// A saturation's value and derivatives; dp in the order of the family's parameters.
struct Response {
    value: f32,
    dx: f32,
    dp: vec4f,
}

// The log density of one observation and its derivatives.
struct Pointwise {
    logp: f32,
    dmu: f32,
    dp: vec2f,
}

// The log density of a prior and its derivatives, in the value and in the arguments.
struct Nested {
    logp: f32,
    dx: f32,
    da: vec4f,
}
