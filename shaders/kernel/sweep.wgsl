// What other spends bring: for every draw and change, a channel's contribution summed over dates at one
// spend less that at another. `saturation` is written for each structure by src/analysis/device.rs.

@group(0) @binding(0) var<storage, read> changes: array<Change>;
@group(0) @binding(1) var<storage, read> spends: array<f32>;
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

override WORKGROUP: u32 = 64u;

// In place of a spend to hold against: none.
const NOTHING: u32 = 0xffffffffu;

// A change on some dates: twin of the struct in src/analysis/device.rs.
struct Change {
    // first word of the spends, and of those they are held against
    spend: u32,
    against: u32,
    // the spend of the first date that the first weight meets, and the number of dates
    newest: u32,
    n_rows: u32,
    // positions of spends that there is a response to
    first: u32,
    end: u32,
    // the channel's saturation, its first row of parameters (weights first), and its weights
    saturation: u32,
    parameters: u32,
    n_weights: u32,
    // draws in a row of parameters and of sums
    draws: u32,
    pad0: u32,
    pad1: u32,
}

fn parameter(change: Change, k: u32, draw: u32) -> f32 {
    return parameters[(change.parameters + k) * change.draws + draw];
}

fn contribution(change: Change, p: vec4f, draw: u32, spend: u32, date: u32) -> f32 {
    var sum = 0.0;
    for (var j = 0u; j < change.n_weights; j++) {
        let at = change.newest + date - j;
        var x = spends[spend + at];
        if !ADSTOCK_FIRST {
            let response = saturation(change.saturation, x, p).value;
            x = select(0.0, response, at >= change.first && at < change.end);
        }
        sum = fma(parameter(change, j, draw), x, sum);
    }
    if ADSTOCK_FIRST {
        return saturation(change.saturation, sum, p).value;
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP)
fn sweep(@builtin(global_invocation_id) id: vec3u) {
    let change = changes[id.y];
    let draw = id.x;
    if draw >= change.draws {
        return;
    }
    var p: vec4f;
    for (var k = 0u; k < 4u; k++) {
        p[k] = parameter(change, change.n_weights + k, draw);
    }
    var total = 0.0;
    for (var date = 0u; date < change.n_rows; date++) {
        total += contribution(change, p, draw, change.spend, date);
        if change.against != NOTHING {
            total -= contribution(change, p, draw, change.against, date);
        }
    }
    sums[id.y * change.draws + draw] = total;
}
