// What the host shares with the kernels: twins of the structs in src/density/gpu/layout.rs.

// One model's place in the shared buffers. Behind a model of several series stand these, as models of
// their own; of it only the rest counts.
struct Model {
    // first vec4 of its rows, vec4s per row, rows, training rows; of several series, first vec4 of the table
    // of what flows back
    rows: u32,
    row_stride: u32,
    n_rows: u32,
    n_train: u32,
    // first of its elements; of one of several series, first vec4 of its slots
    elements: u32,
    // first vec4 of its factor: L row by row, then L' row by row
    factor: u32,
    // random key
    key: vec2u,
    // truncation bound of the likelihood
    lower: f32,
    // first vec4 of what calibrates it: of each prior of a return its unit, the logarithm of that and the
    // prior's code, then its constants; the number of lift tests and that of costs per target; of each test
    // spends without and with the change, effect, standard error, then its channel and its row; of each
    // cost target, deviation, least contribution, channel
    calibration: u32,
    // of the first basis function of what varies in time
    frequency: f32,
    pad0: u32,
}

// The numbers of a scalar parameter.
struct Element {
    // constants of the prior; of a nested or pooled one its arguments, unless they are the values `parents`
    p: vec4f,
    parents: vec4u,
    // of a pooled one, what the data are taken to say of it: information, score, coupling, center
    known: vec4f,
    // constants of the coordinate; of a pooled one, of its law
    c: vec2f,
    // of what is made of it and of two operands: these, as above, and its index
    made_of: vec2u,
    numbers: vec2f,
    value: u32,
    pad0: u32,
}

// One model's work in one dispatch.
struct Job {
    model: u32,
    // first word of its state, and columns (chains or points) in a row of it
    state: u32,
    columns: u32,
    // columns in use
    used: u32,
    // first word of its output
    output: u32,
    // first word of its list: leapfrog steps per trajectory, or pairs to copy
    list: u32,
    // trajectories of the request; where this dispatch begins, and how many leapfrogs it may do
    n_trajectories: u32,
    trajectory: u32,
    step: u32,
    leapfrogs: u32,
    // index of the request's first trajectory: the random counter
    first: u32,
    // recorded after every trajectory: 0 nothing, 1 positions, 2 gradients too
    record: u32,
    step_size: f32,
    // 1: only evaluate the candidates
    evaluate: u32,
    // of several series, first word of their states
    parts: u32,
    pad0: u32,
}

@group(0) @binding(0) var<storage, read> jobs: array<Job>;
@group(0) @binding(1) var<storage, read> lists: array<u32>;
@group(0) @binding(2) var<storage, read> models: array<Model>;
@group(0) @binding(3) var<storage, read> elements: array<Element>;
@group(0) @binding(4) var<storage, read> rows: array<vec4f>;
@group(0) @binding(5) var<storage, read> factors: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(0) @binding(7) var<storage, read_write> output: array<f32>;

override WORKGROUP: u32 = 64u;

// vec4s in a row of the factor
const BLOCKS: u32 = (DIM + 3u) / 4u;

// A state has one row of log densities of the candidates; then arrays of a row for every value, and arrays
// of DIM rows; then the chain's log density and its energy at the start of a trajectory. Points that are only
// evaluated need no array after the candidate, one of several series only those of values.
const CANDIDATE_GRADIENT: u32 = 0u;
const VALUE: u32 = 1u;
const SLOPE: u32 = 2u;
const OF_VALUES: u32 = 3u;
const CANDIDATE: u32 = 3u;
const MOMENTUM: u32 = 4u;
const POSITION: u32 = 5u;
const GRADIENT: u32 = 6u;
const ARRAYS: u32 = 7u;

// One chain or point of one model, or of one of several series.
struct Place {
    model: u32,
    // word of its candidate's log density, and words from one row to the next
    base: u32,
    stride: u32,
    // rows of its arrays of values
    values: u32,
}

fn at(place: Place, array: u32, element: u32) -> u32 {
    let first = min(array, OF_VALUES) * place.values + (max(array, OF_VALUES) - OF_VALUES) * DIM;
    return place.base + (1u + first + element) * place.stride;
}

// Log density of the chain, and its energy at the start of the trajectory.
fn logp_at(place: Place) -> u32 {
    return at(place, ARRAYS, 0u);
}

fn energy_at(place: Place) -> u32 {
    return at(place, ARRAYS, 0u) + place.stride;
}

// The chain or point of a job in its column.
fn place_of(job: Job, column: u32) -> Place {
    return Place(job.model, job.state + column, job.columns, VALUES);
}
