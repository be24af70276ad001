//! Arrays of values along named dims: where one stands, and how dims align.

/// A dim of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// Its name in the model file: `channel`.
    pub name: String,
    /// Its name in the draws, which may be another: `saturation_kappa_channel`.
    pub stored: String,
    /// Number of labels.
    pub len: usize,
}

impl Axis {
    /// A dim with one name.
    pub fn new(name: &str, len: usize) -> Self {
        Self { name: name.to_owned(), stored: name.to_owned(), len }
    }
}

/// Number of values along some axes.
pub(super) fn size(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.len).product()
}

/// Names that some axes have in the draws.
pub(super) fn stored(axes: &[Axis]) -> Vec<String> {
    axes.iter().map(|axis| axis.stored.clone()).collect()
}

/// The index along the axis `name` of value `at` of an array along `axes`; 0 where it is none of them.
pub(super) fn index(axes: &[Axis], mut at: usize, name: &str) -> usize {
    for axis in axes.iter().rev() {
        if axis.name == name {
            return at % axis.len;
        }
        at /= axis.len;
    }
    0
}

/// The values of a parameter, the last axis fastest.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// The slot of the first one.
    pub first: usize,
    pub axes: Vec<Axis>,
}

impl Array {
    /// The slot at an index along every axis; others are not asked for.
    pub fn slot(&self, index: impl Fn(&str) -> usize) -> usize {
        self.first + self.axes.iter().fold(0, |at, axis| at * axis.len + index(&axis.name))
    }
}

/// One number of a model for each of its series: of an array over dims of the series and one of its own.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub array: Array,
    /// The index along the axis that is no dim of the series.
    pub at: usize,
}

impl Place {
    /// A number of an array over dims of the series alone.
    pub fn alone(array: &Array) -> Self {
        Self { array: array.clone(), at: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_row_by_row() {
        let axes = vec![Axis::new("geo", 2), Axis::new("channel", 3)];
        let array = Array { first: 10, axes: axes.clone() };
        for at in 0..size(&axes) {
            assert_eq!(array.slot(|name| index(&axes, at, name)), 10 + at);
        }
        // An array without a dim is the same along it.
        let by_channel = Array { first: 0, axes: axes[1..].to_vec() };
        let slots = (0..6).map(|at| by_channel.slot(|name| index(&axes, at, name)));
        assert_eq!(slots.collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(index(&axes, 5, "geo"), 1);
        assert_eq!(index(&axes, 5, "region"), 0);
    }
}
