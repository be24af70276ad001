// Sums over the recorded positions and gradients of a run: what the metric is made of.
//
// Output per job: sums of (x-c)(x-c)' and gg' (DIM x DIM each), of g (DIM), of x-c per chain
// (columns x DIM). The centre c is the first DIM entries of the job's sums.

@group(0) @binding(0) var<storage, read> jobs: array<SumJob>;
@group(0) @binding(1) var<storage, read> records: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

override WORKGROUP: u32 = 64u;

// One model's sums in one dispatch.
struct SumJob {
    // first word of its records, columns in a row of them, trajectories
    records: u32,
    columns: u32,
    n_trajectories: u32,
    // first word of its centre and of its sums
    center: u32,
    sums: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

fn record(job: SumJob, trajectory: u32, which: u32, element: u32) -> u32 {
    return job.records + ((trajectory * 2u + which) * DIM + element) * job.columns;
}

@compute @workgroup_size(WORKGROUP)
fn moments(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let job = jobs[id.y];
    // More sums than workgroups in a row go on in the next.
    let sum = id.z * groups.x * WORKGROUP + id.x;
    let squares = DIM * DIM;
    if sum < squares {
        let i = sum / DIM;
        let j = sum % DIM;
        let ci = centers[job.center + i];
        let cj = centers[job.center + j];
        var xx = 0.0;
        var gg = 0.0;
        for (var k = 0u; k < job.n_trajectories; k++) {
            let xi = record(job, k, 0u, i);
            let xj = record(job, k, 0u, j);
            let gi = record(job, k, 1u, i);
            let gj = record(job, k, 1u, j);
            for (var c = 0u; c < job.columns; c++) {
                xx = fma(records[xi + c] - ci, records[xj + c] - cj, xx);
                gg = fma(records[gi + c], records[gj + c], gg);
            }
        }
        sums[job.sums + sum] = xx;
        sums[job.sums + squares + sum] = gg;
    } else if sum < squares + DIM {
        let i = sum - squares;
        var g = 0.0;
        for (var k = 0u; k < job.n_trajectories; k++) {
            for (var c = 0u; c < job.columns; c++) {
                g += records[record(job, k, 1u, i) + c];
            }
        }
        sums[job.sums + 2u * squares + i] = g;
    } else if sum < squares + DIM + job.columns * DIM {
        let at = sum - squares - DIM;
        let chain = at / DIM;
        let i = at % DIM;
        var x = 0.0;
        for (var k = 0u; k < job.n_trajectories; k++) {
            x += records[record(job, k, 0u, i) + chain] - centers[job.center + i];
        }
        sums[job.sums + 2u * squares + DIM + at] = x;
    }
}
