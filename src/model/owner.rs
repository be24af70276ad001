//! Which parameters of a pooled model are of one series only.

use super::Model;
use super::layout::{Arguments, Operand};

/// What depends on a value.
#[derive(Clone, Copy, PartialEq)]
enum Reader {
    Nobody,
    One(usize),
    Several,
}

impl Reader {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Reader::Nobody, reader) | (reader, Reader::Nobody) => reader,
            (a, b) if a == b => a,
            _ => Reader::Several,
        }
    }
}

/// The series of every element that alone depends on it, whether it reads the element or what is made of it
/// or drawn around it: given the elements of no series, or of several, those of different series are
/// independent.
pub fn owners(series: &[Model]) -> Vec<Option<usize>> {
    let layout = &series[0].layout;
    let mut readers = vec![Reader::Nobody; layout.n_values()];
    let mut read = |value: usize, reader: Reader| {
        readers[value] = readers[value].and(reader);
        readers[value]
    };
    for (s, model) in series.iter().enumerate() {
        for value in model.reads() {
            read(value, Reader::One(s));
        }
        // Returns of several series together depend on what is each one's own.
        let structure = &model.structure;
        for &c in structure.roas.iter().filter(|_| structure.joint) {
            let channel = &structure.channels[c];
            for &value in channel.adstock.slots.iter().chain(&channel.saturation.slots) {
                read(value, Reader::Several);
            }
        }
    }
    // Children come after their parents.
    for (i, element) in layout.elements.iter().enumerate().rev() {
        let mut reader = read(i, Reader::Nobody);
        let mut operands = Vec::new();
        if let Some(derived) = &element.derived {
            let of_derived = read(derived.value, Reader::Nobody);
            reader = read(i, of_derived);
            operands.extend(derived.operands);
        }
        if let Arguments::Nested { operands: others, .. } = &element.arguments {
            operands.extend(others);
        }
        for operand in operands {
            if let Operand::Value(value) = operand {
                read(value, reader);
            }
        }
    }
    let owner = |reader: &Reader| match reader {
        Reader::One(series) => Some(*series),
        Reader::Nobody | Reader::Several => None,
    };
    readers[..layout.dim()].iter().map(owner).collect()
}
