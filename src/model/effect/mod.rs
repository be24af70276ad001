//! Effects that are linear in their coefficients: columns of a design matrix.

pub mod fourier;
pub mod trend;

/// What a column is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The intercept and the trend.
    Baseline,
    /// Seasonality of every period.
    Seasonality,
    /// Controls.
    Control,
}

impl Part {
    /// All of them, in the order of the tables.
    pub const ALL: [Part; 3] = [Part::Baseline, Part::Seasonality, Part::Control];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Part::Baseline => "baseline",
            Part::Seasonality => "seasonality",
            Part::Control => "control",
        }
    }
}

/// One column: the coefficient it belongs to and its value on every date.
#[derive(Clone, Debug)]
pub struct Column {
    /// What it is part of.
    pub part: Part,
    /// Index of the coefficient among the model's values.
    pub element: usize,
    /// Value per date.
    pub values: Vec<f64>,
}
