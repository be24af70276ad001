// Models of several series: what run.wgsl does in one invocation stands here in parts, each a dispatch of its
// own. What costs is spread: the metric over blocks of elements, the likelihood over the series, and what
// flows back from them over the values. Jobs are at one leapfrog step of one trajectory each.

// Of a chain the states of its series, and of a series that of its chain: whatever `state` is not.
@group(0) @binding(8) var<storage, read_write> other: array<f32>;

// Rows of the state of a series: its log likelihood, arrays of values, and what it adds to returns that the
// series have together.
const PART_ROWS: u32 = 1u + OF_VALUES * SLOTS + RETURNS;

// The number of the series that an invocation is about.
var<private> series: u32;

fn first_step(job: Job) -> bool {
    return job.step == 0u;
}

fn last_step(job: Job) -> bool {
    return job.step + 1u == lists[job.list + job.trajectory];
}

@compute @workgroup_size(WORKGROUP)
fn start(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used && first_step(job) {
        begin(place_of(job, id.x), job, id.x, job.trajectory);
    }
}

// Two half kicks meet between steps; only the first and the last are half ones.
@compute @workgroup_size(WORKGROUP)
fn kick_blocks(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used {
        let epsilon = select(job.step_size, 0.5 * job.step_size, first_step(job));
        kick(place_of(job, id.x), models[job.model].factor, id.z, epsilon);
    }
}

@compute @workgroup_size(WORKGROUP)
fn drift_blocks(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used {
        drift(place_of(job, id.x), models[job.model].factor, id.z, job.step_size);
    }
}

@compute @workgroup_size(WORKGROUP)
fn values(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used {
        let place = place_of(job, id.x);
        state[place.base] = priors(place);
    }
}

// The state of series s of a chain, with copies of the chain's values.
fn place_of_series(job: Job, column: u32, s: u32) -> Place {
    let chain = place_of(job, column);
    let base = job.parts + s * PART_ROWS * job.columns + column;
    let place = Place(job.model + 1u + s, base, job.columns, SLOTS);
    let slots = models[place.model].elements;
    for (var k = 0u; k < SLOTS; k++) {
        let value = u32(rows[slots + k / 4u][k % 4u]);
        state[at(place, VALUE, k)] = other[at(chain, VALUE, value)];
        state[at(place, SLOPE, k)] = other[at(chain, SLOPE, value)];
        state[at(place, CANDIDATE_GRADIENT, k)] = 0.0;
    }
    return place;
}

fn return_at(place: Place, k: u32) -> u32 {
    return place.base + (1u + OF_VALUES * SLOTS + k) * place.stride;
}

// Here and in the next one the state is that of a series. Before their likelihoods all say what they add to
// the returns that they have together.
@compute @workgroup_size(WORKGROUP)
fn returns(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used {
        parts_of_returns(place_of_series(job, id.x, id.z));
    }
}

// Return k of the series of a group, one after the other.
fn joint_return(place: Place, k: u32, group: f32) -> f32 {
    let first = return_at(place, k) - series * PART_ROWS * place.stride;
    var sum = 0.0;
    for (var s = 0u; s < N_SERIES; s++) {
        if rows[models[place.model - series + s].calibration + 2u * k].y == group {
            sum += state[first + s * PART_ROWS * place.stride];
        }
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP)
fn likelihoods(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used {
        series = id.z;
        let place = place_of_series(job, id.x, series);
        state[place.base] = log_likelihood(place);
    }
}

// Adds to the gradient in a value what flows back from the series, one after the other.
@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x >= job.used {
        return;
    }
    let table = vec2u(rows[models[job.model].rows + id.z].xy);
    let part = job.parts + id.x;
    let gradient = at(place_of(job, id.x), CANDIDATE_GRADIENT, id.z);
    var sum = state[gradient];
    for (var k = 0u; k < table.y; k++) {
        let row = u32(rows[models[job.model].rows + table.x + k / 4u][k % 4u]);
        sum += other[part + row * job.columns];
    }
    state[gradient] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn settle(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x >= job.used {
        return;
    }
    let place = place_of(job, id.x);
    var likelihood = 0.0;
    for (var s = 0u; s < N_SERIES; s++) {
        likelihood += other[job.parts + s * PART_ROWS * job.columns + id.x];
    }
    state[place.base] += likelihood;
    hierarchy_back(place);
}

@compute @workgroup_size(WORKGROUP)
fn last_kick(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used && last_step(job) {
        kick(place_of(job, id.x), models[job.model].factor, id.z, 0.5 * job.step_size);
    }
}

@compute @workgroup_size(WORKGROUP)
fn stop(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x < job.used && last_step(job) {
        finish(place_of(job, id.x), job, id.x, job.trajectory);
    }
}
