//! The model file as typed values.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Deref, Range},
    path::PathBuf,
    sync::Arc,
};

use jiff::civil::Date;

use super::prior::Priors;
use crate::error::Source;

/// A value and the bytes of the model file it was written in.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place; that of its table for a default, empty if the file has no such table.
    pub span: Range<usize>,
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A model file: what the user asked for.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// Name and text, for errors that point into it.
    pub source: Arc<Source>,
    /// The path, as given.
    pub path: PathBuf,
    /// The table of data and the role of its columns.
    pub data: Data,
    /// How target, channels and controls are scaled.
    pub scaling: Scaling,
    /// Adstock before saturation, or after it.
    pub adstock_first: bool,
    /// Number of yearly Fourier modes, 0 for none.
    pub yearly_seasonality: usize,
    /// How the effect of spend carries over.
    pub adstock: Adstock,
    /// How returns diminish.
    pub saturation: Saturation,
    /// Priors of intercept, controls and seasonality.
    pub priors: Priors,
    /// Distribution of the target.
    pub likelihood: Likelihood,
    /// A linear trend.
    pub trend: Option<Trend>,
    /// Further seasonality.
    pub fourier: Vec<Fourier>,
    /// Events.
    pub events: Vec<Event>,
    /// How the intercept varies in time, if it does.
    pub varying_intercept: Option<TimeVarying>,
    /// How the effect of all media varies in time, if it does.
    pub varying_media: Option<TimeVarying>,
    /// What experiments say of the channels' curves.
    pub lift_tests: Vec<LiftTest>,
    /// Files with more of these, or globs of them, relative to the model file.
    pub lift_files: Vec<Spanned<String>>,
    /// Priors of channels' returns on spend, by channel, in place of those of their coefficients.
    pub roas: Priors,
    /// What is known of the cost per unit of the target.
    pub costs_per_target: Vec<CostPerTarget>,
    /// How long and how wide to sample.
    pub sampler: Sampler,
}

/// An experiment on a channel, in the table's units.
#[derive(Clone, Debug)]
pub struct LiftTest {
    /// The channel.
    pub channel: Spanned<String>,
    /// Its spend per period before.
    pub x: f64,
    /// By how much the spend was changed.
    pub delta_x: f64,
    /// By how much the target changed per period.
    pub delta_y: f64,
    /// The standard error of that.
    pub sigma: f64,
    /// When it took place: a training row, where media vary in time.
    pub date: Option<Date>,
    /// The series it is about: a label of every dim.
    pub labels: Vec<Spanned<String>>,
}

/// What a unit of the target costs by a channel, in the table's units.
#[derive(Clone, Debug)]
pub struct CostPerTarget {
    /// The channel.
    pub channel: Spanned<String>,
    /// Mean over the training rows of spend over contribution.
    pub cost_per_target: f64,
    /// How far from that the model may be.
    pub sigma: f64,
    /// The series it is about: a label of every dim.
    pub labels: Vec<Spanned<String>>,
}

/// What varies in time: a Gaussian process in basis functions.
#[derive(Clone, Debug)]
pub struct TimeVarying {
    /// Number of basis functions.
    pub m: usize,
    /// Dims along which series have processes of their own; `None` for all.
    pub dims: Option<Vec<Spanned<String>>>,
    /// Priors of `eta`, the amplitude, and `ls`, the length scale in rows.
    pub priors: Priors,
}

/// An event, on its dates.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name, which begins those of its parameters.
    pub name: Spanned<String>,
    /// The shape of its effect.
    pub basis: EventBasis,
    /// The side on which a half Gaussian has its effect.
    pub mode: EventSide,
    /// Whether a half Gaussian has it on the event's own days.
    pub include_event: bool,
    /// The side to which an asymmetric Gaussian counts the event's own days.
    pub event_in: EventSide,
    /// When it takes place; at least once.
    pub dates: Vec<EventDate>,
    /// Priors of the basis' parameters and of `effect_size`.
    pub priors: Priors,
}

/// When an event takes place.
#[derive(Clone, Debug)]
pub struct EventDate {
    /// A name of its own.
    pub name: Spanned<String>,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

/// The shape of an event's effect over the days from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventBasis {
    /// A normal density.
    Gaussian,
    /// One side of it.
    HalfGaussian,
    /// Two sides of different widths and heights.
    Asymmetric,
}

impl EventBasis {
    pub(super) const ALL: [(&str, Self); 3] = [
        ("gaussian", Self::Gaussian),
        ("half_gaussian", Self::HalfGaussian),
        ("asymmetric_gaussian", Self::Asymmetric),
    ];
}

/// A side of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSide {
    /// The days after it.
    After,
    /// The days before it.
    Before,
    /// Neither.
    Exclude,
}

impl EventSide {
    pub(super) const MODES: [(&str, Self); 2] = [("after", Self::After), ("before", Self::Before)];
    pub(super) const ALL: [(&str, Self); 3] =
        [("after", Self::After), ("before", Self::Before), ("exclude", Self::Exclude)];
}

/// A linear trend that bends at change points.
#[derive(Clone, Debug)]
pub struct Trend {
    /// Number of change points.
    pub changepoints: usize,
    /// Priors of `delta`, and of `k` where there is a constant.
    pub priors: Priors,
}

/// Sines and cosines of a period.
#[derive(Clone, Debug)]
pub struct Fourier {
    /// Its name, which begins that of its coefficients.
    pub name: Spanned<String>,
    /// What repeats itself.
    pub period: Period,
    /// Number of sines, and of cosines.
    pub order: usize,
    /// The prior of `beta`.
    pub priors: Priors,
}

/// What repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// u = day of year (1 to 366) / 365.25.
    Year,
    /// u = day of year / (365.25/12): months of equal length, as in PyMC-Marketing.
    Month,
    /// u = weekday (Monday 0) / 7.
    Week,
}

impl Period {
    pub(super) const ALL: [(&str, Self); 3] =
        [("year", Self::Year), ("month", Self::Month), ("week", Self::Week)];
}

/// The table of data and the role of its columns. Names are those after `rename`.
#[derive(Clone, Debug)]
pub struct Data {
    /// File or glob, relative to the model file.
    pub path: Spanned<String>,
    /// Column of dates.
    pub date: Spanned<String>,
    /// Column to explain.
    pub target: Spanned<String>,
    /// Columns of spend, or globs of them; at least one.
    pub channels: Vec<Spanned<String>>,
    /// Further columns that explain the target, or globs of them.
    pub controls: Vec<Spanned<String>>,
    /// Columns whose combinations have a model each.
    pub panel: Vec<Spanned<String>>,
    /// Columns whose combinations are series of one model, such as geo.
    pub dims: Vec<Spanned<String>>,
    /// Last date to learn from.
    pub train_until: Option<Date>,
    /// New names of columns, old to new.
    pub rename: BTreeMap<String, String>,
    /// File with the true parameters of simulated data.
    pub truth: Option<String>,
}

/// How target, channels and controls are scaled.
#[derive(Clone, Debug)]
pub struct Scaling {
    /// The target.
    pub target: ScaleMethod,
    /// Dims whose series share the target's scale; `None` for all.
    pub target_over: Option<Vec<Spanned<String>>>,
    /// Each channel's spend.
    pub channel: ScaleMethod,
    /// Dims whose series share a channel's scale; `None` for all.
    pub channel_over: Option<Vec<Spanned<String>>>,
    /// Each control.
    pub controls: ControlScale,
}

/// What target or spend is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleMethod {
    /// The largest value.
    Max,
    /// The mean.
    Mean,
    /// The range, after the smallest value is taken off.
    MinMax,
}

impl ScaleMethod {
    pub(super) const ALL: [(&str, Self); 3] =
        [("max", Self::Max), ("mean", Self::Mean), ("min_max", Self::MinMax)];
}

/// How controls are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlScale {
    /// Not at all.
    None,
    /// To mean 0 and standard deviation 1.
    Standard,
    /// To the range from 0 to 1.
    MinMax,
}

impl ControlScale {
    pub(super) const ALL: [(&str, Self); 3] =
        [("none", Self::None), ("standard", Self::Standard), ("min_max", Self::MinMax)];
}

/// How the effect of spend carries over.
#[derive(Clone, Debug)]
pub struct Adstock {
    /// Name of the family, as written.
    pub family: Spanned<String>,
    /// Number of periods over which spend acts, its own included.
    pub l_max: usize,
    /// Whether the weights are divided by their sum.
    pub normalize: bool,
    /// On which side of the spend the effect lies.
    pub mode: Mode,
    /// Priors of the family's parameters.
    pub priors: Priors,
    /// Channels with an adstock of their own; empty in these.
    pub own: Vec<Own<Adstock>>,
}

/// A transform of some channels' own.
#[derive(Clone, Debug)]
pub struct Own<T> {
    /// The channels.
    pub channels: Vec<Spanned<String>>,
    /// Their transform.
    pub transform: T,
}

/// On which side of the spend its effect lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In its period and later.
    After,
    /// In its period and earlier.
    Before,
    /// Around its period.
    Overlap,
}

impl Mode {
    pub(super) const ALL: [(&str, Self); 3] =
        [("after", Self::After), ("before", Self::Before), ("overlap", Self::Overlap)];
}

/// How returns diminish.
#[derive(Clone, Debug)]
pub struct Saturation {
    /// Name of the family, as written.
    pub family: Spanned<String>,
    /// Priors of the family's parameters.
    pub priors: Priors,
    /// Channels with a saturation of their own; empty in these.
    pub own: Vec<Own<Saturation>>,
}

/// Distribution of the target.
#[derive(Clone, Debug)]
pub struct Likelihood {
    /// Name of the distribution, as written.
    pub distribution: Spanned<String>,
    /// Lower bound of a truncated distribution.
    pub lower: Option<f64>,
    /// Priors of its parameters, such as `sigma`.
    pub priors: Priors,
}

/// How long and how wide to sample.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Number of chains, a multiple of 16.
    pub chains: usize,
    /// Effective sample size, bulk and tail, at which sampling stops.
    pub ess: f64,
    /// Gradients after which a chain stops in any case.
    pub max_gradients: usize,
}
