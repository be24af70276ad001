//! The room on a real device: software Vulkan, which runs anywhere.

use super::{
    testing::{software, software_with},
    *,
};
use crate::error::Kind;

const ADD: &str = "
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;
override SIZE: u32 = 32;
@compute @workgroup_size(SIZE)
fn add(@builtin(global_invocation_id) id: vec3u) {
    if id.x < arrayLength(&sum) { sum[id.x] = a[id.x] + b[id.x]; }
}
";

/// Multiplies all values by a factor and adds their position.
const STEP: &str = "
struct Settings { factor: f32, n: u32 }
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(64)
fn step(@builtin(global_invocation_id) id: vec3u) {
    if id.x < settings.n { x[id.x] = settings.factor * x[id.x] + f32(id.x); }
}
";

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Settings {
    factor: f32,
    n: u32,
}

fn add(gpu: &Gpu, size: f64) -> Result<Kernel> {
    use Access::{Read, ReadWrite};
    let program = Program::new().file("add.wgsl", ADD);
    gpu.kernel("add", &program, "add", &[Read, Read, ReadWrite], &[("SIZE", size)])
}

fn step(gpu: &Gpu) -> Result<Kernel> {
    let program = Program::new().file("step.wgsl", STEP);
    gpu.kernel("step", &program, "step", &[Access::Uniform, Access::ReadWrite], &[])
}

#[test]
fn adds_two_vectors() {
    let Some(gpu) = software() else { return };
    let n = 1000;
    let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..n).map(|i| 0.5 * i as f32).collect();
    let (a, b) = (gpu.buffer_from("a", &a).unwrap(), gpu.buffer_from("b", &b).unwrap());
    let sum = gpu.buffer::<f32>("sum", n).unwrap();
    let kernel = add(&gpu, 64.0).unwrap();
    let bindings = vec![a.all(), b.all(), sum.all()];
    let workgroups = [n.div_ceil(64) as u32, 1, 1];
    gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups }]).unwrap();
    gpu.wait().unwrap();
    let expected: Vec<f32> = (10..n).map(|i| 1.5 * i as f32).collect();
    assert_eq!(gpu.read(&sum, 10..n).unwrap(), expected);
    let bytes_read = 4 * (n as u64 - 10);
    assert_eq!(
        gpu.counters(),
        Counters { dispatches: 1, submissions: 2, bytes_read, bytes_written: 8000 }
    );
}

#[test]
fn commands_of_one_submission_see_each_other() {
    let Some(gpu) = software() else { return };
    let kernel = step(&gpu).unwrap();
    let x = gpu.buffer_from("x", &[1.0f32; 4]).unwrap();
    let kept = gpu.buffer::<f32>("kept", 6).unwrap();
    // Parts that are bound are 256 bytes apart: 32 settings.
    let mut settings = [Settings { factor: 2.0, n: 4 }; 33];
    settings[32].factor = 3.0;
    let settings = gpu.buffer_from("settings", &settings).unwrap();
    let [run_double, run_triple] = [0..1, 32..33].map(|range| Command::Dispatch {
        kernel: &kernel,
        bindings: vec![settings.part(range), x.all()],
        workgroups: [1, 1, 1],
    });
    let keep = Command::Copy { from: x.part(1..4), to: kept.part(2..5) };
    gpu.submit(&[run_double.clone(), run_triple, keep, run_double]).unwrap();
    // x ← 2x + i, x ← 3x + i, kept ← x, x ← 2x + i, by hand.
    assert_eq!(gpu.read(&kept, 0..6).unwrap(), [0.0, 0.0, 10.0, 14.0, 18.0, 0.0]);
    assert_eq!(gpu.read(&x, 0..4).unwrap(), [12.0, 21.0, 30.0, 39.0]);
}

#[test]
fn a_fetch_brings_ranges_of_several_types_at_once() {
    let Some(gpu) = software() else { return };
    let floats = gpu.buffer_from("floats", &[0.5f32, 1.5, 2.5]).unwrap();
    let words = gpu.buffer_from("words", &[[1u32, 2], [3, 4], [5, 6]]).unwrap();
    let (mut f, mut none, mut w) = ([0.0; 2], [0.0f32; 0], [[0; 2]; 2]);
    for _ in 0..2 {
        gpu.fetch(&mut [
            floats.fetch(1, &mut f),
            floats.fetch(0, &mut none),
            words.fetch(0, &mut w),
        ])
        .unwrap();
        assert_eq!((f, w), ([1.5, 2.5], [[1, 2], [3, 4]]));
    }
    assert_eq!(gpu.counters().submissions, 2);
    assert_eq!(gpu.counters().bytes_read, 2 * (8 + 16));
}

#[test]
fn large_reads_take_several_rounds() {
    let Some(gpu) = software() else { return };
    // 80 MB: more than one staging buffer.
    let n = 20_000_000;
    let data: Vec<u32> = (0..n).collect();
    let buffer = gpu.buffer_from("large", &data).unwrap();
    assert!(gpu.read(&buffer, 1..n as usize).unwrap() == data[1..]);
    assert_eq!(gpu.counters().submissions, 2);
}

#[test]
fn new_buffers_hold_zeros_and_may_be_empty() {
    let Some(gpu) = software() else { return };
    let zeros = gpu.buffer::<u32>("zeros", 5).unwrap();
    assert_eq!(gpu.read(&zeros, 0..5).unwrap(), [0; 5]);
    let empty = gpu.buffer_from::<f32>("empty", &[]).unwrap();
    assert!(empty.is_empty());
    // An empty buffer can be bound.
    let kernel = add(&gpu, 32.0).unwrap();
    let sum = gpu.buffer::<f32>("sum", 1).unwrap();
    let bindings = vec![empty.all(), empty.all(), sum.all()];
    gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups: [1, 1, 1] }]).unwrap();
    assert_eq!(gpu.read(&sum, 0..1).unwrap(), [0.0]);
}

#[test]
fn equal_kernels_are_compiled_once() {
    let Some(gpu) = software() else { return };
    add(&gpu, 32.0).unwrap();
    add(&gpu, 32.0).unwrap();
    assert_eq!(locked(&gpu.kernels).len(), 1);
    add(&gpu, 64.0).unwrap();
    step(&gpu).unwrap();
    assert_eq!(locked(&gpu.kernels).len(), 3);
}

#[test]
fn a_wrong_program_is_reported_by_file_and_line() {
    let Some(gpu) = software() else { return };
    let program = Program::new()
        .file("shaders/math/half.wgsl", "fn half(x: f32) -> f32 {\n    return 0.5 * x;\n}\n")
        .file(
            "shaders/kernel/bad.wgsl",
            "@compute @workgroup_size(1)\nfn bad() {\n    third(1.0);\n}\n",
        );
    let error = gpu.kernel("bad", &program, "bad", &[], &[]).unwrap_err();
    assert!(error.message().starts_with("shaders/kernel/bad.wgsl:3: "), "{error}");
    assert!(error.message().contains("third"), "{error}");
    // The device is still good.
    add(&gpu, 32.0).unwrap();
}

#[test]
fn a_kernel_that_does_not_fit_its_program_is_an_error() {
    let Some(gpu) = software() else { return };
    let program = Program::new().file("add.wgsl", ADD);
    let three = [Access::Read, Access::Read, Access::ReadWrite];
    let error = gpu.kernel("add", &program, "subtract", &three, &[]).unwrap_err();
    assert!(error.message().contains("subtract"), "{error}");
    let error = gpu.kernel("add", &program, "add", &three[..2], &[]).unwrap_err();
    assert!(error.message().contains("compiling add"), "{error}");
    let error = gpu.kernel("add", &program, "add", &three, &[("SIDE", 1.0)]).unwrap_err();
    assert!(error.message().contains("SIDE"), "{error}");
    let many = vec![Access::Read; gpu.info().max_storage_buffers as usize + 1];
    let error = gpu.kernel("add", &program, "add", &many, &[]).unwrap_err();
    assert!(error.message().starts_with("add needs "), "{error}");
}

#[test]
fn misuse_is_a_bug_that_harms_nothing() {
    let Some(gpu) = software() else { return };
    let kernel = add(&gpu, 32.0).unwrap();
    let x = gpu.buffer_from("x", &[1.0f32; 4]).unwrap();
    let y = gpu.buffer::<f32>("y", 8).unwrap();
    let dispatch = |bindings, workgroups| {
        gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups }])
    };
    let most = gpu.info().max_workgroups;
    for error in [
        dispatch(vec![x.all()], [1, 1, 1]),
        dispatch(vec![x.all(), x.all(), y.all()], [1, most + 1, 1]),
        gpu.submit(&[Command::Copy { from: x.part(0..4), to: y.part(0..5) }]),
        gpu.write(&x, 2, &[0.0; 3]),
        gpu.read(&x, 2..5).map(|_| ()),
    ] {
        assert_eq!(error.unwrap_err().kind(), Kind::Bug);
    }
    for error in [
        // Beyond the end, and the same buffer read and written.
        gpu.submit(&[Command::Copy { from: x.part(2..6), to: y.part(0..4) }]),
        dispatch(vec![x.all(), x.all(), x.all()], [1, 1, 1]),
    ] {
        let error = error.unwrap_err();
        assert!(error.message().contains("failed while submitting work: "), "{error}");
    }
    assert_eq!(gpu.read(&x, 0..4).unwrap(), [1.0; 4]);
}

#[test]
fn a_buffer_beyond_the_limits_is_refused_with_numbers() {
    let Some(gpu) = software() else { return };
    let allowed = gpu.info().max_storage_binding.min(gpu.info().max_buffer);
    let error = gpu.buffer::<f32>("draws", allowed as usize / 4 + 1).unwrap_err();
    assert_eq!(error.kind(), Kind::Device);
    let expected = format!("buffer draws needs {} bytes, ", (allowed / 4 + 1) * 4);
    assert!(error.message().starts_with(&expected), "{error}");
    assert!(error.message().ends_with(&format!("allows {allowed}")), "{error}");
    assert!(gpu.buffer::<f32>("draws", usize::MAX).is_err());
}

#[test]
fn a_lost_device_is_an_error_from_then_on() {
    let Some(gpu) = software() else { return };
    let kernel = add(&gpu, 32.0).unwrap();
    let x = gpu.buffer_from("x", &[1.0f32; 4]).unwrap();
    let y = gpu.buffer::<f32>("y", 4).unwrap();
    gpu.device.destroy();
    let bindings = vec![x.all(), x.all(), y.all()];
    let dispatch = Command::Dispatch { kernel: &kernel, bindings, workgroups: [1, 1, 1] };
    let _ = gpu.submit(&[dispatch]);
    for error in [
        gpu.wait(),
        gpu.read(&x, 0..1).map(|_| ()),
        gpu.write(&x, 0, &[0.0]),
        gpu.buffer::<f32>("z", 1).map(|_| ()),
        step(&gpu).map(|_| ()),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Device);
        assert!(error.message().contains("was lost"), "{error}");
        assert!(error.message().contains(&gpu.info().name), "{error}");
    }
}

#[test]
fn a_device_that_does_not_finish_counts_as_lost() {
    let Some(gpu) = software() else { return };
    let text = "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
        @compute @workgroup_size(64)
        fn busy(@builtin(global_invocation_id) id: vec3u) {
            for (var i = 0u; i < 1000u; i++) { x[id.x % 64u] += sin(x[i % 64u]); }
        }";
    let program = Program::new().file("busy.wgsl", text);
    let kernel = gpu.kernel("busy", &program, "busy", &[Access::ReadWrite], &[]).unwrap();
    let x = gpu.buffer::<f32>("x", 64).unwrap();
    let bindings = vec![x.all()];
    gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups: [1000, 1, 1] }])
        .unwrap();
    let error = gpu.wait_at_most(Duration::from_nanos(1)).unwrap_err();
    assert!(error.message().contains("did not finish within 1ns"), "{error}");
    assert_eq!(gpu.read(&x, 0..1).unwrap_err().message(), error.message());
}

#[test]
fn an_unheard_error_is_kept_for_the_next_call() {
    let Some(gpu) = software() else { return };
    let x = gpu.buffer::<f32>("x", 4).unwrap();
    // Outside any error scope: wgpu would panic by itself.
    gpu.queue.write_buffer(x.all().raw, 1, &[0; 4]);
    let error = gpu.wait().unwrap_err();
    assert!(error.message().contains("failed: In Queue::write_buffer"), "{error}");
}

#[test]
fn an_absent_adapter_cannot_be_opened() {
    let error = Gpu::open(&Choice::Named("no such adapter".into())).unwrap_err();
    assert_eq!(error.kind(), Kind::Device);
    assert!(error.message().starts_with("no adapter is named \"no such adapter\": "), "{error}");
}

#[test]
fn a_named_adapter_is_opened() {
    let Some(gpu) = software() else { return };
    let named = Gpu::open(&Choice::Named(gpu.info().name.to_uppercase())).unwrap();
    assert_eq!(named.info(), gpu.info());
}

#[test]
fn threads_share_a_device() {
    let Some(gpu) = software() else { return };
    let kernel = step(&gpu).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (gpu, kernel) = (&gpu, &kernel);
            scope.spawn(move || {
                let settings = gpu.buffer_from("s", &[Settings { factor: 2.0, n: 2 }]).unwrap();
                for round in 0..20 {
                    let start = (thread * 100 + round) as f32;
                    let x = gpu.buffer_from("x", &[start; 2]).unwrap();
                    let bindings = vec![settings.all(), x.all()];
                    let workgroups = [1, 1, 1];
                    gpu.submit(&[Command::Dispatch { kernel, bindings, workgroups }]).unwrap();
                    assert_eq!(gpu.read(&x, 0..2).unwrap(), [2.0 * start, 2.0 * start + 1.0]);
                }
            });
        }
    });
    assert_eq!(gpu.counters().dispatches, 80);
}

#[test]
fn loops_within_the_bound_run_to_their_end() {
    let Some(gpu) = software() else { return };
    // Nested, because llvmpipe counts all iterations together.
    let text = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;
        @compute @workgroup_size(1)
        fn count() {
            for (var i = 0u; i < x[1]; i++) {
                for (var j = 0u; j < x[2]; j++) { x[0] += 1u; }
            }
        }";
    let program = Program::new().file("count.wgsl", text);
    let kernel = gpu.kernel("count", &program, "count", &[Access::ReadWrite], &[]).unwrap();
    let (outer, inner) = (100, gpu.info().max_iterations.min(1_000_000) / 100 - 1);
    let x = gpu.buffer_from("x", &[0, outer, inner]).unwrap();
    let bindings = vec![x.all()];
    gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups: [1, 1, 1] }]).unwrap();
    assert_eq!(gpu.read(&x, 0..1).unwrap(), [outer * inner]);
}

/// `philox4x32` of shaders/math on the device: rows of counter (4) and key (2) give rows of four.
fn philox(gpu: &Gpu, rows: &[[u32; 6]]) -> Vec<[u32; 4]> {
    let text = "@group(0) @binding(0) var<storage, read> rows: array<array<u32, 6>>;
        @group(0) @binding(1) var<storage, read_write> words: array<vec4u>;
        @compute @workgroup_size(64)
        fn main(@builtin(global_invocation_id) id: vec3u) {
            if id.x >= arrayLength(&words) { return; }
            let r = rows[id.x];
            words[id.x] = philox4x32(vec4u(r[0], r[1], r[2], r[3]), vec2u(r[4], r[5]));
        }";
    let program = Program::new()
        .file("shaders/math/elementary.wgsl", include_str!("../../shaders/math/elementary.wgsl"))
        .file("shaders/math/philox.wgsl", include_str!("../../shaders/math/philox.wgsl"))
        .file("main.wgsl", text);
    let access = [Access::Read, Access::ReadWrite];
    let kernel = gpu.kernel("philox", &program, "main", &access, &[]).unwrap();
    let words = gpu.buffer::<[u32; 4]>("words", rows.len()).unwrap();
    let rows = gpu.buffer_from("rows", rows).unwrap();
    let workgroups = [rows.len().div_ceil(64) as u32, 1, 1];
    let bindings = vec![rows.all(), words.all()];
    gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups }]).unwrap();
    gpu.read(&words, 0..rows.len()).unwrap()
}

#[test]
fn philox_gives_the_known_answers() {
    let Some(gpu) = software() else { return };
    // The test vectors of Random123 for philox4x32-10.
    let pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0];
    assert_eq!(
        philox(&gpu, &[[0; 6], [u32::MAX; 6], pi]),
        [
            [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
        ]
    );
}

#[test]
fn philox_agrees_with_rand_philox() {
    let Some(gpu) = software() else { return };
    // Weyl sequences, so that all bits of counters and keys vary.
    let odd: [u32; 6] = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0x2545f491];
    let rows: Vec<[u32; 6]> = (1..5000u32).map(|i| odd.map(|w| w.wrapping_mul(i))).collect();
    let expected: Vec<[u32; 4]> = rows
        .iter()
        .map(|[a, b, c, d, k, l]| {
            let counter = [*d, *c, *b, *a].iter().fold(0, |n, w| n << 32 | u128::from(*w));
            let mut stream = rand_philox::Philox::new([*k, *l], counter);
            std::array::from_fn(|_| stream.next_u32())
        })
        .collect();
    assert!(philox(&gpu, &rows) == expected);
}

#[test]
fn compiled_kernels_outlive_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("gigamix");
    let files = || -> Vec<_> {
        let files = std::fs::read_dir(&folder).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    };
    let Some(gpu) = software_with(Some(&folder)) else { return };
    if gpu.info().backend != "Vulkan" {
        assert!(gpu.cache.is_none());
        return;
    }
    step(&gpu).unwrap();
    drop(gpu);
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    let whole = std::fs::read(file).unwrap();
    let works = || {
        let gpu = software_with(Some(&folder)).unwrap();
        let x = gpu.buffer_from("x", &[1.0f32, 2.0]).unwrap();
        let settings = gpu.buffer_from("settings", &[Settings { factor: 3.0, n: 2 }]).unwrap();
        let kernel = step(&gpu).unwrap();
        let bindings = vec![settings.all(), x.all()];
        gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups: [1, 1, 1] }])
            .unwrap();
        gpu.read(&x, 0..2).unwrap() == [3.0, 7.0]
    };
    assert!(works());

    // A damaged file is as good as none, and is mended.
    let mut spoiled = whole.clone();
    *spoiled.last_mut().unwrap() ^= 1;
    std::fs::write(file, spoiled).unwrap();
    assert!(works());
    assert_eq!(std::fs::read(file).unwrap().len(), whole.len());
    assert_eq!(files().len(), 1);

    // Without a folder that can be made everything works all the same.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert!(works());
}
