// Models of several series: what run.wgsl does in one invocation stands here in parts, each a dispatch of its
// own. What costs is spread: the metric over blocks of elements, the likelihood over the series, and what
// flows back from them over the values. Jobs are at one leapfrog step of one trajectory each.

// Of a chain the states of its series, and of a series that of its chain: whatever `state` is not.
@group(0) @binding(8) var<storage, read_write> other: array<f32>;

// Rows of the state of a series: its log likelihood, then arrays of values.
const PART_ROWS: u32 = 1u + OF_VALUES * SLOTS;

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

// Here the state is that of a series, whose values are copies.
@compute @workgroup_size(WORKGROUP)
fn likelihoods(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x >= job.used {
        return;
    }
    let chain = place_of(job, id.x);
    let base = job.parts + id.z * PART_ROWS * job.columns + id.x;
    let place = Place(job.model + 1u + id.z, base, job.columns, SLOTS);
    let slots = models[place.model].elements;
    for (var k = 0u; k < SLOTS; k++) {
        let value = u32(rows[slots + k / 4u][k % 4u]);
        state[at(place, VALUE, k)] = other[at(chain, VALUE, value)];
        state[at(place, SLOPE, k)] = other[at(chain, SLOPE, value)];
        state[at(place, CANDIDATE_GRADIENT, k)] = 0.0;
    }
    state[place.base] = log_likelihood(place);
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
