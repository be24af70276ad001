// Independent fused multiply-adds and nothing else: how many a device can make in a second.

override WORKGROUP: u32 = 64;
override ROUNDS: u32 = 1024;

// a and b.
@group(0) @binding(0) var<storage, read> numbers: array<vec4f, 2>;
// The accumulators of every invocation, added.
@group(0) @binding(1) var<storage, read_write> sums: array<vec4f>;

fn four_times(start: vec4f, a: vec4f, b: vec4f) -> vec4f {
    var x = start;
    x = fma(x, a, b);
    x = fma(x, a, b);
    x = fma(x, a, b);
    x = fma(x, a, b);
    return x;
}

@compute @workgroup_size(WORKGROUP)
fn multiply_add(@builtin(global_invocation_id) id: vec3u) {
    let a = numbers[0];
    let b = numbers[1];
    let x = vec4f(f32(id.x));
    var x0 = x;
    var x1 = x + 1.0;
    var x2 = x + 2.0;
    var x3 = x + 3.0;
    var x4 = x + 4.0;
    var x5 = x + 5.0;
    var x6 = x + 6.0;
    var x7 = x + 7.0;
    for (var i = 0u; i < ROUNDS; i++) {
        x0 = four_times(x0, a, b);
        x1 = four_times(x1, a, b);
        x2 = four_times(x2, a, b);
        x3 = four_times(x3, a, b);
        x4 = four_times(x4, a, b);
        x5 = four_times(x5, a, b);
        x6 = four_times(x6, a, b);
        x7 = four_times(x7, a, b);
    }
    sums[id.x] = ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7));
}
