// What Hamiltonian trajectories are made of: p += eps/2 L'g; q += eps L p; ..., then accept or reject.

// p += eps L' g for a block of four elements.
fn kick(place: Place, factor: u32, block: u32, epsilon: f32) {
    var sum = vec4f(0.0);
    for (var i = 4u * block; i < DIM; i++) {
        let g = state[at(place, CANDIDATE_GRADIENT, i)];
        sum = fma(factors[factor + i * BLOCKS + block], vec4f(g), sum);
    }
    for (var k = 0u; k < 4u && 4u * block + k < DIM; k++) {
        let p = at(place, MOMENTUM, 4u * block + k);
        state[p] = fma(epsilon, sum[k], state[p]);
    }
}

// q += eps L p for a block of four elements; L' follows L.
fn drift(place: Place, factor: u32, block: u32, epsilon: f32) {
    let transposed = factor + DIM * BLOCKS;
    var sum = vec4f(0.0);
    for (var j = 0u; j < min(4u * block + 4u, DIM); j++) {
        let p = state[at(place, MOMENTUM, j)];
        sum = fma(factors[transposed + j * BLOCKS + block], vec4f(p), sum);
    }
    for (var k = 0u; k < 4u && 4u * block + k < DIM; k++) {
        let q = at(place, CANDIDATE, 4u * block + k);
        state[q] = fma(epsilon, sum[k], state[q]);
    }
}

fn kinetic(place: Place) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let p = state[at(place, MOMENTUM, i)];
        sum = fma(p, p, sum);
    }
    return 0.5 * sum;
}

// Draws a momentum and puts the candidate where the chain stands.
fn begin(place: Place, job: Job, chain: u32, trajectory: u32) {
    let key = models[job.model].key;
    for (var block = 0u; block < BLOCKS; block++) {
        let words = philox4x32(vec4u(block, chain, job.first + trajectory, PURPOSE_MOMENTUM), key);
        let normals = normals4(words);
        for (var k = 0u; k < 4u && 4u * block + k < DIM; k++) {
            state[at(place, MOMENTUM, 4u * block + k)] = normals[k];
        }
    }
    for (var i = 0u; i < DIM; i++) {
        state[at(place, CANDIDATE, i)] = state[at(place, POSITION, i)];
        state[at(place, CANDIDATE_GRADIENT, i)] = state[at(place, GRADIENT, i)];
    }
    state[energy_at(place)] = kinetic(place) - state[logp_at(place)];
}

// Accepts or rejects the candidate, and writes what happened.
fn finish(place: Place, job: Job, chain: u32, trajectory: u32) {
    let energy = state[energy_at(place)];
    let logp = state[place.base];
    let error = kinetic(place) - logp - energy;
    var acceptance = 0.0;
    if is_finite(error) {
        acceptance = exp_accurate(min(-error, 0.0));
    }
    let counter = vec4u(0u, chain, job.first + trajectory, PURPOSE_ACCEPT);
    let words = philox4x32(counter, models[job.model].key);
    if uniform01(words.x) < acceptance {
        for (var i = 0u; i < DIM; i++) {
            state[at(place, POSITION, i)] = state[at(place, CANDIDATE, i)];
            state[at(place, GRADIENT, i)] = state[at(place, CANDIDATE_GRADIENT, i)];
        }
        state[logp_at(place)] = logp;
    }
    // Four rows of statistics per trajectory, then what is recorded.
    let statistics = job.output + trajectory * 4u * job.columns + chain;
    output[statistics] = acceptance;
    output[statistics + job.columns] = error;
    output[statistics + 2u * job.columns] = energy;
    output[statistics + 3u * job.columns] = state[logp_at(place)];
    let records = job.output + job.n_trajectories * 4u * job.columns;
    for (var r = 0u; r < job.record; r++) {
        let record = records + (trajectory * job.record + r) * DIM * job.columns + chain;
        for (var i = 0u; i < DIM; i++) {
            output[record + i * job.columns] = state[at(place, POSITION + r, i)];
        }
    }
}

// The chains take over their candidates.
@compute @workgroup_size(WORKGROUP)
fn adopt(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x >= job.used {
        return;
    }
    let place = place_of(job, id.x);
    for (var i = 0u; i < DIM; i++) {
        state[at(place, POSITION, i)] = state[at(place, CANDIDATE, i)];
        state[at(place, GRADIENT, i)] = state[at(place, CANDIDATE_GRADIENT, i)];
    }
    state[logp_at(place)] = state[place.base];
}

// Chains become copies of others: pairs (from, to) in the list, as many as the job uses columns.
@compute @workgroup_size(WORKGROUP)
fn copy_chains(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    if id.x >= job.used {
        return;
    }
    let source = place_of(job, lists[job.list + 2u * id.x]);
    let goal = place_of(job, lists[job.list + 2u * id.x + 1u]);
    for (var i = 0u; i < DIM; i++) {
        state[at(goal, POSITION, i)] = state[at(source, POSITION, i)];
        state[at(goal, GRADIENT, i)] = state[at(source, GRADIENT, i)];
    }
    state[logp_at(goal)] = state[logp_at(source)];
}
