// What the log densities of all models have in common; `priors`, `hierarchy_back` and `log_likelihood` are
// written for each structure by src/density/gpu/.

alias Weights = array<f32, N_WEIGHTS>;
alias WeightSlopes = array<vec2f, N_WEIGHTS>;

// In place of the index of a value: a number.
const NUMBER: u32 = 0xffffffffu;

// Keeps the value of element i, its dx/du and the gradient it begins with.
fn keep(place: Place, i: u32, x: f32, dx: f32, slope: f32) {
    state[at(place, VALUE, i)] = x;
    state[at(place, SLOPE, i)] = dx;
    state[at(place, CANDIDATE_GRADIENT, i)] = slope;
}

// The arguments of a nested prior.
fn arguments(place: Place, element: Element) -> vec4f {
    var a = element.p;
    for (var k = 0; k < 4; k++) {
        if element.parents[k] != NUMBER {
            a[k] = state[at(place, VALUE, element.parents[k])];
        }
    }
    return a;
}

// Adds to the gradients of those that are values.
fn arguments_back(place: Place, element: Element, back: vec4f) {
    for (var k = 0; k < 4; k++) {
        if element.parents[k] != NUMBER {
            add_gradient(place, element.parents[k], back[k]);
        }
    }
}

// What is made of an element's value x and two operands; the derivatives in these and in x.
fn make(place: Place, element: Element, form: u32, x: f32) -> vec4f {
    var a = element.numbers;
    for (var k = 0; k < 2; k++) {
        if element.made_of[k] != NUMBER {
            a[k] = state[at(place, VALUE, element.made_of[k])];
        }
    }
    if form == 1u {
        return vec4f(fma(a.y, x, a.x), 1.0, x, a.y);
    }
    let m = log_normal_moments(a.x, a.y);
    let value = exp_accurate(fma(m.y, x, m.x));
    return vec4f(value, log_normal_moments_back(a.x, m, value, value * x), value * m.y);
}

// Keeps what is made of an element of value x; its gradient is in its own units.
fn keep_made(place: Place, element: Element, form: u32, x: f32) {
    keep(place, element.value, make(place, element, form, x).x, 1.0, 0.0);
}

// Carries the gradient of what is made of element i to this and to the operands.
fn made_back(place: Place, element: Element, form: u32, i: u32) {
    let made = make(place, element, form, state[at(place, VALUE, i)]);
    let back = state[at(place, CANDIDATE_GRADIENT, element.value)];
    for (var k = 0; k < 2; k++) {
        if element.made_of[k] != NUMBER {
            add_gradient(place, element.made_of[k], back * made[k + 1]);
        }
    }
    add_gradient(place, i, back * made.w);
}

// Divides the n weights by their sum; returns one over it.
fn normalize_weights(n: i32, w: ptr<function, Weights>) -> f32 {
    var sum = 0.0;
    for (var j = 0; j < n; j++) {
        sum += (*w)[j];
    }
    let inverse = 1.0 / sum;
    for (var j = 0; j < n; j++) {
        (*w)[j] *= inverse;
    }
    return inverse;
}

// Adds d logp / dx of an element to its gradient.
fn add_gradient(place: Place, element: u32, back: f32) {
    let g = at(place, CANDIDATE_GRADIENT, element);
    state[g] = fma(back, state[at(place, SLOPE, element)], state[g]);
}
