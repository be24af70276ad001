// Counter-based random numbers: Philox4x32-10 with the counter (block, chain, trajectory, purpose) (uses elementary.wgsl).

const PURPOSE_MOMENTUM: u32 = 0u;
const PURPOSE_ACCEPT: u32 = 1u;
const PURPOSE_JITTER: u32 = 2u;
const PURPOSE_START: u32 = 3u;
const PURPOSE_PRIOR: u32 = 4u;
const PURPOSE_SIMULATE: u32 = 5u;
const PURPOSE_CHECK: u32 = 6u;
const PURPOSE_PREDICTIVE: u32 = 7u;

// (high, low) word of a product, from products of 16 bits.
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let middle = a1 * b0 + ((a0 * b0) >> 16u);
    let carried = a0 * b1 + (middle & 0xffffu);
    return vec2<u32>(a1 * b1 + (middle >> 16u) + (carried >> 16u), a * b);
}

// Four random words (Salmon, Moraes, Dror, Shaw, SC 2011).
fn philox4x32(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var i = 0; i < 10; i++) {
        let first = multiply_wide(c.x, 0xd2511f53u);
        let second = multiply_wide(c.z, 0xcd9e8d57u);
        c = vec4<u32>(second.x ^ c.y ^ k.x, second.y, first.x ^ c.w ^ k.y, first.y);
        k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}

// A number in the open interval (0, 1): the middle of one of 2^23 cells, exact in single precision.
fn uniform01(word: u32) -> f32 {
    return (f32(word >> 9u) + 0.5) * 1.1920929e-7;
}

// Four standard normal numbers from four random words (Box and Muller, 1958).
fn normals4(words: vec4<u32>) -> vec4<f32> {
    let a = sqrt(-2.0 * ln(uniform01(words.x)));
    let b = sqrt(-2.0 * ln(uniform01(words.z)));
    let first = sin_cos_turns(uniform01(words.y));
    let second = sin_cos_turns(uniform01(words.w));
    return vec4<f32>(a * first.y, a * first.x, b * second.y, b * second.x);
}
