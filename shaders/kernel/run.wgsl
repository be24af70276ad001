// Models of one series: an invocation is a chain, with all that it does.

// The log density of a candidate; its gradient stays in the state.
fn log_density(place: Place) -> f32 {
    var logp = priors(place);
    logp += log_likelihood(place);
    hierarchy_back(place);
    return logp;
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
    let place = place_of(job, chain);
    let factor = models[job.model].factor;
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
                begin(place, job, chain, trajectory);
                epsilon *= 0.5;
            }
            for (var block = 0u; block < BLOCKS; block++) {
                kick(place, factor, block, epsilon);
            }
            for (var block = 0u; block < BLOCKS; block++) {
                drift(place, factor, block, job.step_size);
            }
        }
        state[place.base] = log_density(place);
        step++;
        if job.evaluate == 0u && step == lists[job.list + trajectory] {
            for (var block = 0u; block < BLOCKS; block++) {
                kick(place, factor, block, 0.5 * job.step_size);
            }
            finish(place, job, chain, trajectory);
            step = 0u;
            trajectory++;
        }
    }
}
