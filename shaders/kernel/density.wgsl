// What the log densities of all models have in common; `log_density` itself is written for each
// structure by src/density/gpu/body.rs.

alias Weights = array<f32, N_WEIGHTS>;
alias WeightSlopes = array<vec2f, N_WEIGHTS>;

const NO_PRIOR: u32 = 0xffffffffu;

// Maps every element and sums the priors; leaves values, dx/du and the priors' gradients.
fn priors(place: Place) -> f32 {
    let first = models[place.model].elements;
    var logp = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let element = elements[first + i];
        let v = map_coordinate(element.coordinate, element.c, state[at(place, CANDIDATE, i)]);
        var value = v.logp;
        var slope = v.dlogp;
        if element.prior != NO_PRIOR {
            let density = prior_density(element.prior, v, element.p);
            value += density.x;
            slope = fma(density.y, v.dx, slope);
        }
        logp += value;
        state[at(place, VALUE, i)] = v.x;
        state[at(place, SLOPE, i)] = v.dx;
        state[at(place, CANDIDATE_GRADIENT, i)] = slope;
    }
    return logp;
}

// Divides weights by their sum; returns one over it.
fn normalize_weights(w: ptr<function, Weights>) -> f32 {
    var sum = 0.0;
    for (var j = 0; j < N_WEIGHTS; j++) {
        sum += (*w)[j];
    }
    let inverse = 1.0 / sum;
    for (var j = 0; j < N_WEIGHTS; j++) {
        (*w)[j] *= inverse;
    }
    return inverse;
}

// Adds d logp / dx of an element to its gradient.
fn add_gradient(place: Place, element: u32, back: f32) {
    let g = at(place, CANDIDATE_GRADIENT, element);
    state[g] = fma(back, state[at(place, SLOPE, element)], state[g]);
}
