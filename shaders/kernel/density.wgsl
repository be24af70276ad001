// What the log densities of all models have in common; `log_likelihood` is written for each structure
// by src/density/gpu/body.rs.

alias Weights = array<f32, N_WEIGHTS>;
alias WeightSlopes = array<vec2f, N_WEIGHTS>;

const NO_PRIOR: u32 = 0xffffffffu;
// An element whose prior is that of a channel's return, the Jacobian of its coordinate with it.
const IMPLIED: u32 = 0xfffffffeu;
// An element whose prior is in the coordinate of a pooled one.
const POOLED: u32 = 0xfffffffdu;
// A prior whose arguments are values of the model; in place of a value's index: a number.
const NESTED: u32 = 0x10000u;
const NUMBER: u32 = 0xffffffffu;

// Maps every element and sums the priors; leaves values, dx/du and the priors' gradients.
fn priors(place: Place) -> f32 {
    let first = models[place.model].elements;
    var logp = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let element = elements[first + i];
        let u = state[at(place, CANDIDATE, i)];
        if HIERARCHICAL && element.prior == POOLED {
            let moved = move_pooled(place, element, u);
            logp += moved.logp;
            // In its own units, until all that depends on it has flowed back.
            write_value(place, element, i, moved.value, 1.0, 0.0);
            continue;
        }
        let v = map_coordinate(element.coordinate, element.c, u);
        var value = v.logp;
        var slope = v.dlogp;
        if element.prior == IMPLIED {
            value = 0.0;
            slope = 0.0;
        } else if HIERARCHICAL && element.prior != NO_PRIOR && (element.prior & NESTED) != 0u {
            let nested = nested_prior(place, element, v);
            value += nested.logp;
            slope = fma(nested.dx, v.dx, slope);
        } else if element.prior != NO_PRIOR {
            let density = prior_density(element.prior, v, element.p);
            value += density.x;
            slope = fma(density.y, v.dx, slope);
        }
        logp += value;
        write_value(place, element, i, v.x, v.dx, slope);
    }
    return logp;
}

// Writes the value of element i, its dx/du and the gradient it begins with, and what is made of it.
fn write_value(place: Place, element: Element, i: u32, x: f32, dx: f32, slope: f32) {
    state[at(place, VALUE, i)] = x;
    state[at(place, SLOPE, i)] = dx;
    state[at(place, CANDIDATE_GRADIENT, i)] = slope;
    if HIERARCHICAL && element.form != 0u {
        let made = make(place, element, x);
        state[at(place, VALUE, element.value)] = made.x;
        // Its gradient is in its own units.
        state[at(place, SLOPE, element.value)] = 1.0;
        state[at(place, CANDIDATE_GRADIENT, element.value)] = 0.0;
    }
}

// The prior of an element whose arguments are values; their gradients take their share.
fn nested_prior(place: Place, element: Element, v: Mapped) -> Nested {
    var a = element.p;
    for (var k = 0; k < 4; k++) {
        if element.parents[k] != NUMBER {
            a[k] = state[at(place, VALUE, element.parents[k])];
        }
    }
    let signature = (element.prior >> 8u) & 0xffu;
    let nested = nested_density(element.prior & 0xffu, signature, v, a);
    for (var k = 0; k < 4; k++) {
        if element.parents[k] != NUMBER {
            add_gradient(place, element.parents[k], nested.da[k]);
        }
    }
    return nested;
}

// What is made of an element's value x and two operands; the derivatives in these and in x.
fn make(place: Place, element: Element, x: f32) -> vec4f {
    var a = element.numbers;
    for (var k = 0; k < 2; k++) {
        if element.made_of[k] != NUMBER {
            a[k] = state[at(place, VALUE, element.made_of[k])];
        }
    }
    if element.form == 1u {
        return vec4f(fma(a.y, x, a.x), 1.0, x, a.y);
    }
    let m = log_normal_moments(a.x, a.y);
    let value = exp_accurate(fma(m.y, x, m.x));
    return vec4f(value, log_normal_moments_back(a.x, m, value, value * x), value * m.y);
}

// Carries the gradients of values that are made of others, and of pooled elements, to these, the last
// ones first.
fn hierarchy_back(place: Place) {
    let first = models[place.model].elements;
    for (var i = DIM; i > 0u; i--) {
        let element = elements[first + i - 1u];
        if element.form != 0u {
            made_back(place, element, i - 1u);
        }
        if element.prior == POOLED {
            pooled_back(place, element, i - 1u);
        }
    }
}

// Carries the gradient of what is made of element i to this and to the operands.
fn made_back(place: Place, element: Element, i: u32) {
    let made = make(place, element, state[at(place, VALUE, i)]);
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
