//! What the solver asks of a channel: its expected response, and how steep it can be in between.

/// Value and slope at a spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The spend.
    pub spend: f64,
    /// The response.
    pub value: f64,
    /// Its derivative; infinite where it starts with a power below one.
    pub slope: f64,
}

/// A response at some spends, and between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Points with rising spends.
    pub points: Vec<Point>,
    /// Least and largest slope between each point and the next. Every bound rests on them: they
    /// hold for every spend in between, not only for those that were looked at.
    pub slopes: Vec<[f64; 2]>,
}

/// An oracle for one decision: what a channel's spend is expected to bring. Nothing is assumed of
/// its form.
pub trait Response: Sync {
    /// The response at rising spends, all different.
    fn tabulate(&self, spends: &[f64]) -> Table;

    /// Whether the slope never rises. Its range between two spends is then known from its ends, and
    /// one more spend takes one evaluation instead of three.
    fn concave(&self) -> bool;
}
