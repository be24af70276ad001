// Hamiltonian trajectories: p += eps/2 L'g; q += eps L p; ..., then accept or reject.

// p += eps L' g, four elements at a time.
fn kick(place: Place, factor: u32, epsilon: f32) {
    for (var block = 0u; block < BLOCKS; block++) {
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
}

// q += eps L p, four elements at a time; L' follows L.
fn drift(place: Place, factor: u32, epsilon: f32) {
    let transposed = factor + DIM * BLOCKS;
    for (var block = 0u; block < BLOCKS; block++) {
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
fn begin(place: Place, key: vec2u, chain: u32, index: u32) {
    for (var block = 0u; block < BLOCKS; block++) {
        let words = philox4x32(vec4u(block, chain, index, PURPOSE_MOMENTUM), key);
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
fn finish(place: Place, job: Job, key: vec2u, chain: u32, trajectory: u32) {
    let energy = state[energy_at(place)];
    let logp = state[place.base];
    let error = kinetic(place) - logp - energy;
    var acceptance = 0.0;
    if is_finite(error) {
        acceptance = exp_accurate(min(-error, 0.0));
    }
    let words = philox4x32(vec4u(0u, chain, job.first + trajectory, PURPOSE_ACCEPT), key);
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

// Up to `leapfrogs` leapfrog steps of every chain of every job, from where the last dispatch ended;
// or the log density of every candidate.
@compute @workgroup_size(WORKGROUP)
fn run(@builtin(global_invocation_id) id: vec3u) {
    let job = jobs[id.y];
    let chain = id.x;
    if chain >= job.used {
        return;
    }
    let place = Place(job.model, job.state + chain, job.columns);
    let factor = models[job.model].factor;
    let key = models[job.model].key;
    var trajectory = job.trajectory;
    var step = job.step;
    for (var left = job.leapfrogs; left > 0u; left--) {
        if job.evaluate == 0u {
            if trajectory >= job.n_trajectories {
                break;
            }
            // Two half kicks meet between steps; only the first and the last are half ones.
            var epsilon = job.step_size;
            if step == 0u {
                begin(place, key, chain, job.first + trajectory);
                epsilon *= 0.5;
            }
            kick(place, factor, epsilon);
            drift(place, factor, job.step_size);
        }
        state[place.base] = log_density(place);
        step++;
        if job.evaluate == 0u && step == lists[job.list + trajectory] {
            kick(place, factor, 0.5 * job.step_size);
            finish(place, job, key, chain, trajectory);
            step = 0u;
            trajectory++;
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
    let place = Place(job.model, job.state + id.x, job.columns);
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
    let source = Place(job.model, job.state + lists[job.list + 2u * id.x], job.columns);
    let goal = Place(job.model, job.state + lists[job.list + 2u * id.x + 1u], job.columns);
    for (var i = 0u; i < DIM; i++) {
        state[at(goal, POSITION, i)] = state[at(source, POSITION, i)];
        state[at(goal, GRADIENT, i)] = state[at(source, GRADIENT, i)];
    }
    state[logp_at(goal)] = state[logp_at(source)];
}
