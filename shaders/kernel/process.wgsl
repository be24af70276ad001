// What varies in time (uses effect/process.wgsl): BASIS vec4s from BASIS_AT on of every row hold the basis
// functions on its date; the first SHIFT rows are before the training rows.

alias Basis = array<vec4f, BASIS>;

struct Process {
    // elements: amplitude, length scale, first offset, and number of these
    eta: u32,
    ls: u32,
    first: u32,
    m: u32,
    coefficients: Basis,
    // one over the mean on the training rows
    inverse: f32,
    // sums over the dates: slopes, what flows back, and that times the multiplier
    slopes: Basis,
    back: Basis,
    moment: f32,
}

// The process on the date of a row over its mean, and its derivative in the Gaussian process.
fn process_at(p: ptr<function, Process>, row: u32) -> vec2f {
    var sum = 0.0;
    for (var k = 0u; k < BASIS; k++) {
        sum += dot((*p).coefficients[k], rows[row + BASIS_AT + k]);
    }
    return softplus(sum) * (*p).inverse;
}

// Adds to sums of the basis functions on the date of a row.
fn add_basis(sums: ptr<function, Basis>, row: u32, x: f32) {
    for (var k = 0u; k < BASIS; k++) {
        (*sums)[k] = fma(vec4f(x), rows[row + BASIS_AT + k], (*sums)[k]);
    }
}

// The amplitude of a basis function over eta, and its derivative in the length scale.
fn process_weight(place: Place, p: ptr<function, Process>, k: u32) -> vec2f {
    let omega = f32(k + 1u) * models[place.model].frequency;
    return process_amplitude(omega, state[at(place, VALUE, (*p).ls)]);
}

// A process from its parameters.
fn process_new(place: Place, eta: u32, ls: u32, first: u32, m: u32) -> Process {
    var p = Process();
    p.eta = eta;
    p.ls = ls;
    p.first = first;
    p.m = m;
    p.inverse = 1.0;
    for (var k = 0u; k < m; k++) {
        let offset = state[at(place, VALUE, first + k)];
        let weight = process_weight(place, &p, k);
        p.coefficients[k / 4u][k % 4u] = state[at(place, VALUE, eta)] * weight.x * offset;
    }
    let model = models[place.model];
    var sum = 0.0;
    var slopes = Basis();
    for (var t = SHIFT; t < model.n_rows; t++) {
        let row = model.rows + t * model.row_stride;
        let value = process_at(&p, row);
        sum += value.x;
        add_basis(&slopes, row, value.y);
    }
    p.inverse = 1.0 / max(sum / f32(model.n_train), LEAST_MEAN);
    for (var k = 0u; k < BASIS; k++) {
        p.slopes[k] = slopes[k] * p.inverse;
    }
    return p;
}

// Takes what flows back to the multiplier of a row, `value` as `process_at` gave it.
fn process_take(p: ptr<function, Process>, row: u32, value: vec2f, back: f32) {
    var sums = (*p).back;
    add_basis(&sums, row, back * value.y);
    (*p).back = sums;
    (*p).moment = fma(back, value.x, (*p).moment);
}

// Carries what flowed back to the parameters: that of each date, and by the mean that of all.
fn process_back(place: Place, p: ptr<function, Process>) {
    let eta = state[at(place, VALUE, (*p).eta)];
    let shared_back = (*p).moment / f32(models[place.model].n_train);
    var eta_back = 0.0;
    var ls_back = 0.0;
    for (var k = 0u; k < (*p).m; k++) {
        let i = k / 4u;
        let j = k % 4u;
        let back = (*p).back[i][j] - shared_back * (*p).slopes[i][j];
        let weight = process_weight(place, p, k);
        let offset = state[at(place, VALUE, (*p).first + k)];
        eta_back = fma(back, weight.x * offset, eta_back);
        ls_back = fma(back, eta * weight.y * offset, ls_back);
        add_gradient(place, (*p).first + k, back * eta * weight.x);
    }
    add_gradient(place, (*p).eta, eta_back);
    add_gradient(place, (*p).ls, ls_back);
}
