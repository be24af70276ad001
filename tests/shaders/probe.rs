//! Runs functions of one shader at many points on the device and holds them against expected values;
//! then spoils every literal of the shader and demands that the comparison notices.

use super::literals::{SWITCH, Switched};
use crate::common::repository;
use gigamix::gpu::{Access, Command, Gpu, Program};

/// Numbers that a probe is given, and that it gives back, at most.
const INPUTS: usize = 16;
const OUTPUTS: usize = 24;

/// How far a number may be off: this part of the expected one, or of `floor` where that is more.
#[derive(Clone, Copy)]
pub struct Tolerance {
    relative: f64,
    floor: f64,
}

/// Functions that promise every digit, however small the value.
pub const DIGITS: Tolerance = Tolerance { relative: 1.5e-6, floor: 1e-37 };
/// Functions of order 1 that promise an absolute error.
pub const ABSOLUTE: Tolerance = Tolerance { relative: 3e-7, floor: 1.0 };
/// Formulas made of them, whose terms may cancel.
pub const FORMULA: Tolerance = Tolerance { relative: 3e-6, floor: 1.0 };
/// Integers.
pub const EXACT: Tolerance = Tolerance { relative: 0.0, floor: 0.0 };

impl Tolerance {
    fn allows(self, found: f32, expected: f64) -> bool {
        let found = f64::from(found);
        if !expected.is_finite() {
            return found == expected || found.is_nan() && expected.is_nan();
        }
        (found - expected).abs() <= self.relative * expected.abs().max(self.floor)
    }
}

/// One point: what goes in, and what is to come out.
pub struct Point {
    pub input: Vec<f32>,
    pub expected: Vec<f64>,
    pub tolerance: Tolerance,
}

/// Functions of one shader at many points.
pub struct Probe {
    /// Path and text of the shader under test.
    pub path: &'static str,
    pub text: String,
    /// Paths of the shaders it needs.
    pub needs: &'static [&'static str],
    /// Constants that the shader expects from the program it is part of.
    pub header: String,
    /// WGSL statements from `x: array<f32, 16>` to `y: array<f32, 24>`.
    pub body: String,
    pub points: Vec<Point>,
}

impl Probe {
    /// The kernel: one invocation per point (x) and mutant (y).
    fn program(&self, switched: Option<&Switched>) -> Program {
        let main = format!(
            "@group(0) @binding(0) var<storage, read> inputs: array<array<f32, {INPUTS}>>;
            @group(0) @binding(1) var<storage, read_write> outputs: array<array<f32, {OUTPUTS}>>;
            @compute @workgroup_size(64)
            fn main(@builtin(global_invocation_id) id: vec3u) {{
                if id.x >= {points}u {{ return; }}
                mutant = id.y;
                let x = inputs[id.x];
                var y: array<f32, {OUTPUTS}>;
                {}
                outputs[id.y * {points}u + id.x] = y;
            }}",
            self.body,
            points = self.points.len()
        );
        let inline = |text: String| match switched {
            Some(switched) => switched.inline(&text),
            None => text,
        };
        let under_test = switched.map_or(&self.text, |switched| &switched.text);
        let mut program = Program::new()
            .file("header", format!("{SWITCH}{}", self.header))
            .file(self.path, under_test.clone())
            .file("main", main);
        for path in self.needs {
            let text = std::fs::read_to_string(repository(path)).expect("shader");
            program = program.file(*path, inline(text));
        }
        program
    }

    /// What comes out, mutant by mutant, point by point.
    fn run(&self, gpu: &Gpu, program: &Program, mutants: usize) -> Vec<[f32; OUTPUTS]> {
        let n = self.points.len();
        let access = [Access::Read, Access::ReadWrite];
        let kernel = gpu.kernel(self.path, program, "main", &access, &[]).expect("kernel");
        let pad = |point: &Point| {
            let mut input = [0.0; INPUTS];
            input[..point.input.len()].copy_from_slice(&point.input);
            input
        };
        let inputs: Vec<[f32; INPUTS]> = self.points.iter().map(pad).collect();
        let inputs = gpu.buffer_from("inputs", &inputs).expect("inputs");
        let outputs = gpu.buffer::<[f32; OUTPUTS]>("outputs", mutants * n).expect("outputs");
        let bindings = vec![inputs.all(), outputs.all()];
        let workgroups = [n.div_ceil(64) as u32, mutants as u32, 1];
        gpu.submit(&[Command::Dispatch { kernel: &kernel, bindings, workgroups }]).expect("submit");
        gpu.read(&outputs, 0..mutants * n).expect("outputs")
    }

    /// The first point where the outputs are not as expected.
    fn disagreement(&self, outputs: &[[f32; OUTPUTS]]) -> Option<String> {
        self.points.iter().zip(outputs).find_map(|(point, found)| {
            let mut each = point.expected.iter().zip(found).enumerate();
            let (k, (expected, found)) =
                each.find(|(_, (expected, found))| !point.tolerance.allows(**found, **expected))?;
            let (path, at) = (self.path, &point.input);
            Some(format!("{path} at {at:?}: output {k} is {found}, not {expected}"))
        })
    }

    /// Compares the shader, then its mutants. Returns the literals, with their lines, of which even
    /// the gross perturbation goes unnoticed.
    pub fn check(&self, gpu: &Gpu) -> Vec<(usize, String)> {
        let plain = self.run(gpu, &self.program(None), 1);
        if let Some(disagreement) = self.disagreement(&plain) {
            panic!("{disagreement}");
        }
        let switched = Switched::new(&self.text);
        let mutants = 1 + 2 * switched.literals.len();
        let outputs = self.run(gpu, &self.program(Some(&switched)), mutants);
        let mutants: Vec<_> = outputs.chunks(self.points.len()).collect();
        assert_eq!(self.disagreement(mutants[0]), None, "switched, but not perturbed");
        let noticed = |mutant: usize| self.disagreement(mutants[mutant]).is_some();
        let literals = switched.literals.into_iter().enumerate();
        let unnoticed = literals.filter(|(k, _)| !noticed(2 * k + 1) && !noticed(2 * k + 2));
        unnoticed.map(|(_, literal)| literal).collect()
    }
}
