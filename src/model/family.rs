//! What every family says of itself, and the table that drives parsing, help, docs and tests.

/// The values a parameter or a distribution may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Support {
    /// All reals.
    Real,
    /// x > lower.
    Above(f64),
    /// x < upper.
    Below(f64),
    /// lower < x < upper.
    Between(f64, f64),
}

impl Support {
    /// x > 0.
    pub const POSITIVE: Support = Support::Above(0.0);
    /// 0 < x < 1.
    pub const UNIT: Support = Support::Between(0.0, 1.0);

    /// (lower, upper), infinite where there is no bound.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Support::Real => (f64::NEG_INFINITY, f64::INFINITY),
            Support::Above(lower) => (lower, f64::INFINITY),
            Support::Below(upper) => (f64::NEG_INFINITY, upper),
            Support::Between(lower, upper) => (lower, upper),
        }
    }

    /// Whether every value of `self` is a value of `other`.
    pub fn within(self, other: Support) -> bool {
        let ((a, b), (lower, upper)) = (self.bounds(), other.bounds());
        a >= lower && b <= upper
    }
}

impl std::fmt::Display for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Support::Real => write!(f, "any real number"),
            Support::Above(lower) => write!(f, "above {lower}"),
            Support::Below(upper) => write!(f, "below {upper}"),
            Support::Between(lower, upper) => write!(f, "between {lower} and {upper}"),
        }
    }
}

/// A parameter of a family: its name, where it may live, and its prior where none is given.
#[derive(Debug)]
pub struct Parameter {
    /// PyMC-Marketing's name without the kind: `alpha`, `lam`, …
    pub name: &'static str,
    /// The domain on which the formula holds.
    pub domain: Support,
    /// Default prior: a distribution and its arguments.
    pub default: (&'static str, &'static [(&'static str, f64)]),
}

/// A leaf of a table: an adstock, a saturation or a likelihood.
#[derive(Debug)]
pub struct Family {
    /// The name in the model file.
    pub name: &'static str,
    /// The formula in one line, for help and docs.
    pub formula: &'static str,
    /// Its parameters, in the order the leaf takes them.
    pub parameters: &'static [Parameter],
    /// Its WGSL twin.
    pub wgsl: Wgsl,
}

/// A WGSL file: its path in the repository and its text.
#[derive(Clone, Copy, Debug)]
pub struct Wgsl {
    /// Path for messages, `shaders/…`.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Embeds `shaders/<stem>.wgsl`.
macro_rules! wgsl {
    ($stem:literal) => {
        $crate::model::family::Wgsl {
            path: concat!("shaders/", $stem, ".wgsl"),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $stem, ".wgsl")),
        }
    };
}
pub(crate) use wgsl;

/// Declares a table of families: one line per leaf makes the module, the enum variant, the lookup
/// by name and `each!(family, leaf => code)`, which runs the code with `leaf` standing for the
/// leaf's module.
macro_rules! families {
    (($d:tt) $(#[$doc:meta])* $name:ident of $entry:ty { $($variant:ident => $module:ident,)+ }) => {
        $(pub mod $module;)+

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each leaf's module documents its variant")]
        pub enum $name { $($variant,)+ }

        impl $name {
            /// The whole table, in the order of the docs.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// What the leaf says of itself.
            pub fn family(self) -> &'static $entry {
                match self { $($name::$variant => &$module::FAMILY,)+ }
            }

            /// The family of this name.
            pub fn named(name: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|family| family.family().name == name)
            }

            /// All names, for messages.
            pub fn names() -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().map(|family| family.family().name)
            }
        }

        #[allow(unused_macros, reason = "a kind without lane functions does not call its leaves")]
        macro_rules! each {
            ($d family:expr, $d leaf:ident => $d code:expr) => {
                match $d family {
                    $($name::$variant => {
                        use $module as $d leaf;
                        $d code
                    })+
                }
            };
        }
    };
}
pub(crate) use families;
