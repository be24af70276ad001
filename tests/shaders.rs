//! The shaders: every combination of families is valid, every leaf and function equals its twin in
//! double precision on the device, and a shader that is off by a little is noticed.

mod functions;
mod leaves;
mod literals;
mod probe;

// The structs themselves: their room is private.
#[allow(dead_code, reason = "of the room's functions only the structs are looked at")]
#[path = "../src/density/gpu/layout.rs"]
mod layout;

use crate::common::{repository, small, software};
use crate::families::{EFFECTS, PER_CHANNEL, side};
use gigamix::density;
use gigamix::gpu::Gpu;
use gigamix::model::Space;
use gigamix::model::adstock::Adstock;
use gigamix::model::likelihood::Likelihood;
use gigamix::model::prior::Distribution;
use gigamix::model::saturation::Saturation;
use probe::Probe;

/// Literals that nothing depends on where they are, with the reason; in the order of the text.
const IMMATERIAL: [(&str, &str, &str); 19] = [
    ("shaders/effect/process.wgsl", "1e17", "nothing is left that far out"),
    ("shaders/effect/bump.wgsl", "38.0", "a bump is nothing that far out"),
    ("shaders/adstock/delayed.wgsl", "0.0", "weights that small count only by their shares"),
    ("shaders/adstock/delayed.wgsl", "60.0", "weights that small count only by their shares"),
    ("shaders/saturation/tanh_baselined.wgsl", "36.0", "the far end of a continued fraction"),
    ("shaders/saturation/tanh_baselined.wgsl", "13.0", "the far end of a continued fraction"),
    ("shaders/prior/truncated_normal.wgsl", "30.0", "bounds that far out do not count"),
    ("shaders/prior/truncated_normal.wgsl", "30.0", "bounds that far out do not count"),
    ("shaders/prior/truncated_normal.wgsl", "30.0", "bounds that far out do not count"),
    ("shaders/prior/truncated_normal.wgsl", "30.0", "bounds that far out do not count"),
    ("shaders/prior/truncated_normal.wgsl", "0.0", "a switch where either formula holds"),
    ("shaders/prior/truncated_normal.wgsl", "0.0", "a switch where either formula holds"),
    ("shaders/math/elementary.wgsl", "1.0", "a bound that is never reached"),
    ("shaders/math/elementary.wgsl", "1.0", "a bound that is never reached"),
    ("shaders/math/elementary.wgsl", "20.0", "e^-20 - 1 is -1, as it is at any bound below"),
    ("shaders/math/elementary.wgsl", "10.0", "tanh 10 is 1, as it is at any bound above"),
    ("shaders/math/elementary.wgsl", "1.17549435e-38", "normal numbers may be scaled as well"),
    ("shaders/math/elementary.wgsl", "8388608.0", "software devices take subnormal numbers for 0"),
    ("shaders/math/elementary.wgsl", "23.0", "software devices take subnormal numbers for 0"),
];

#[test]
fn every_combination_is_a_valid_program() {
    let mut turn = 0;
    for adstock in Adstock::names() {
        for saturation in Saturation::names() {
            for likelihood in Likelihood::names() {
                for first in [true, false] {
                    // sides of the adstock and norms take turns: nothing else depends on them
                    let (mode, normalize) = (side(adstock, turn), turn % 2 == 0);
                    turn += if first { 0 } else { 1 };
                    let tables = format!(
                        "[model]\nadstock_first = {first}\nyearly_seasonality = 1\n\
                         [adstock]\nfamily = \"{adstock}\"\nl_max = 4\nmode = \"{mode}\"\n\
                         normalize = {normalize}\n[saturation]\nfamily = \"{saturation}\"\n\
                         [likelihood]\ndistribution = \"{likelihood}\"\n"
                    );
                    is_valid(&tables);
                }
            }
        }
    }
    for tables in PER_CHANNEL.into_iter().chain(EFFECTS) {
        is_valid(tables);
        is_valid(&format!("[model]\nadstock_first = false\n{tables}"));
    }
}

fn is_valid(tables: &str) {
    let program = density::gpu::program(&small::model(tables), Space::Sampling);
    if let Err(error) = program.check() {
        panic!("{error}\n{tables}");
    }
}

/// Names and offsets of a struct's members without padding, and its size.
fn members(module: &naga::Module, name: &str) -> (Vec<(String, usize)>, usize) {
    let found = module.types.iter().find_map(|(_, ty)| match &ty.inner {
        naga::TypeInner::Struct { members, span } if ty.name.as_deref() == Some(name) => {
            let members =
                members.iter().map(|m| (m.name.clone().unwrap_or_default(), m.offset as usize));
            Some((members.filter(|(name, _)| !name.starts_with("pad")).collect(), *span as usize))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no struct {name}"))
}

#[test]
fn structs_have_the_same_layout_on_both_sides() {
    macro_rules! same {
        ($module:expr, $name:ident { $($field:ident),+ }) => {
            let fields = vec![$((stringify!($field).to_owned(), std::mem::offset_of!(layout::$name, $field))),+];
            assert_eq!(members(&$module, stringify!($name)), (fields, size_of::<layout::$name>()));
        };
    }
    let parse = |path: &str| {
        let text = std::fs::read_to_string(repository(path)).expect("shader");
        naga::front::wgsl::parse_str(&format!(
            "const DIM: u32 = 3u;\nconst VALUES: u32 = 4u;\n{text}"
        ))
        .expect(path)
    };
    let bindings = parse("shaders/kernel/bindings.wgsl");
    same!(
        bindings,
        Model {
            rows,
            row_stride,
            n_rows,
            n_train,
            elements,
            factor,
            key,
            lower,
            calibration,
            frequency
        }
    );
    same!(bindings, Element { p, parents, known, c, made_of, numbers, value });
    same!(
        bindings,
        Job {
            model,
            state,
            columns,
            used,
            output,
            list,
            n_trajectories,
            trajectory,
            step,
            leapfrogs,
            first,
            record,
            step_size,
            evaluate,
            parts
        }
    );
    let moments = parse("shaders/kernel/moments.wgsl");
    same!(moments, SumJob { records, columns, n_trajectories, center, sums });
}

/// Checks shaders, and that exactly the immaterial literals go unnoticed when they are spoiled.
fn check(gpu: &Gpu, probes: impl IntoIterator<Item = Probe>) {
    for probe in probes {
        let unnoticed = probe.check(gpu);
        let immaterial = IMMATERIAL.iter().filter(|(path, _, _)| *path == probe.path);
        let expected: Vec<_> = immaterial.map(|(_, literal, _)| *literal).collect();
        let found: Vec<_> = unnoticed.iter().map(|(_, literal)| literal).collect();
        assert_eq!(found, expected, "{}: spoiled and unnoticed are {unnoticed:?}", probe.path);
    }
}

#[test]
fn leaves_equal_their_twins_and_mutants_do_not() {
    let Some(gpu) = software() else { return };
    let windows = Adstock::ALL.iter().filter(|family| **family != Adstock::Recursion);
    check(&gpu, windows.map(|family| leaves::adstock(*family)));
    check(&gpu, [leaves::recursion()]);
    check(&gpu, Saturation::ALL.iter().map(|family| leaves::saturation(*family)));
    check(&gpu, Likelihood::ALL.iter().map(|family| leaves::likelihood(*family)));
    check(&gpu, Distribution::ALL.iter().map(|family| leaves::prior(*family)));
    check(&gpu, [leaves::coordinates(), leaves::process(), leaves::bump()]);
}

#[test]
fn functions_equal_double_precision_and_mutants_do_not() {
    let Some(gpu) = software() else { return };
    use functions::{elementary, gamma, normal, philox};
    check(&gpu, [elementary(), normal(), gamma(), philox()]);
}
