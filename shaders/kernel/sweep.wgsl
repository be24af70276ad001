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
    // the channel's saturation, its first row of parameters (weights first), and its weights; of a
    // recursion, 1 here and in place of weights its gain and its alpha
    saturation: u32,
    parameters: u32,
    n_weights: u32,
    recursion: u32,
    // draws in a row of parameters and of sums
    draws: u32,
    pad: u32,
}

fn parameter(change: Change, k: u32, draw: u32) -> f32 {
    return parameters[(change.parameters + k) * change.draws + draw];
}

// What meets the weights of a spend.
fn spent(change: Change, p: vec4f, spend: u32, at: u32) -> f32 {
    let x = spends[spend + at];
    if ADSTOCK_FIRST {
        return x;
    }
    let response = saturation(change.saturation, x, p).value;
    return select(0.0, response, at >= change.first && at < change.end);
}

// What comes of an adstocked spend.
fn respond(change: Change, p: vec4f, adstocked: f32) -> f32 {
    if ADSTOCK_FIRST {
        return saturation(change.saturation, adstocked, p).value;
    }
    return adstocked;
}

// The sum over all dates, of a recursion that begins with the first spend there is.
fn carried(change: Change, p: vec4f, draw: u32) -> f32 {
    let gain = parameter(change, 0u, draw);
    let alpha = parameter(change, 1u, draw);
    let held = change.against != NOTHING;
    var total = 0.0;
    var left = vec2f(0.0);
    for (var at = change.first; at < change.end; at++) {
        left.x = fma(alpha, left.x, gain * spent(change, p, change.spend, at));
        if held {
            left.y = fma(alpha, left.y, gain * spent(change, p, change.against, at));
        }
        if at >= change.newest {
            total += respond(change, p, left.x);
            if held {
                total -= respond(change, p, left.y);
            }
        }
    }
    return total;
}

fn contribution(change: Change, p: vec4f, draw: u32, spend: u32, date: u32) -> f32 {
    var sum = 0.0;
    for (var j = 0u; j < change.n_weights; j++) {
        let x = spent(change, p, spend, change.newest + date - j);
        sum = fma(parameter(change, j, draw), x, sum);
    }
    return respond(change, p, sum);
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
    if change.recursion == 1u {
        sums[id.y * change.draws + draw] = carried(change, p, draw);
        return;
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
