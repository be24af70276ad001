//! Draws and data of one model in ArviZ' InferenceData layout.

use super::days_since_1970;
use super::zarr::{self, Array, Attributes, Data, Group};
use crate::error::{Error, Result};
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// One model: what was drawn, what was observed, and the labels of all of it.
#[derive(Clone, Debug, Default)]
pub struct InferenceData {
    /// The model's key.
    pub model: String,
    /// Seed of the run.
    pub seed: u64,
    /// Labels of the dimensions by name: `channel`, `control`, `fourier_mode`, `date`, …
    pub coords: Vec<(String, Coord)>,
    /// Draws of the constrained parameters.
    pub posterior: Draws,
    /// How the sampler went, for the draws of `posterior`.
    pub sample_stats: SampleStats,
    /// Draws of the outcome, e.g. `y` over `date`.
    pub posterior_predictive: Draws,
    /// The outcome, e.g. `y` over `date`.
    pub observed_data: Vec<Variable>,
    /// What the model was given: `channel_data`, `control_data`, …
    pub constant_data: Vec<Variable>,
}

/// Labels along a dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum Coord {
    /// Names.
    Text(Vec<String>),
    /// Numbers.
    Int(Vec<i64>),
    /// Days, stored as the CF conventions have it: whole days since 1970-01-01.
    Date(Vec<Date>),
}

/// Variables over chains and draws.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draws {
    /// Number of chains.
    pub chains: usize,
    /// Number of each kept draw, e.g. 0, 1, 2, … or 0, 10, 20, … where draws were thinned.
    pub draws: Vec<i64>,
    /// Elements in the order chain, draw, element; dims and shape are those after chain and draw.
    pub variables: Vec<Variable>,
}

/// Named values over named dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name, PyMC-Marketing's for parameters.
    pub name: String,
    /// Name of each dimension.
    pub dims: Vec<String>,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// Elements, the last dimension fastest.
    pub data: Data,
}

/// The sampler's record of each draw, in the order chain, draw; an empty one is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleStats {
    /// Hamiltonian of the draw, potential and kinetic energy; E-BFMI is made of it.
    pub energy: Vec<f64>,
    /// Mean acceptance probability of the trajectory, 0 to 1.
    pub acceptance_rate: Vec<f64>,
    /// Whether the trajectory diverged.
    pub diverging: Vec<bool>,
    /// Log density of the draw.
    pub lp: Vec<f64>,
    /// Leapfrog steps of the trajectory.
    pub n_steps: Vec<i64>,
    /// Step size of the trajectory.
    pub step_size: Vec<f64>,
}

impl InferenceData {
    /// Writes the store `path` (see [`zarr::write`]); groups without variables are left out.
    ///
    /// # Errors
    /// An input error with the path if it cannot be written. Variables whose length does not fit
    /// their shape, chains and draws, or their coordinates, are bugs of the caller.
    pub fn write(self, path: &Path) -> Result<()> {
        zarr::write(path, &self.into_groups()?)
    }

    /// The groups of the store.
    fn into_groups(self) -> Result<Vec<Group>> {
        let attributes = json!({
            "model": self.model,
            "seed": self.seed,
            "creation_library": env!("CARGO_PKG_NAME"),
            "creation_library_version": env!("CARGO_PKG_VERSION"),
            "creation_library_language": "Rust",
            "inference_library": env!("CARGO_PKG_NAME"),
            "inference_library_version": env!("CARGO_PKG_VERSION"),
            "sample_dims": ["chain", "draw"],
        });
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        let stats = Draws {
            chains: self.posterior.chains,
            draws: self.posterior.draws.clone(),
            variables: self.sample_stats.into_variables(),
        };
        let plain = |variables| (variables, None);
        let sampled = |draws: Draws| (draws.variables, Some((draws.chains, draws.draws)));
        let groups = [
            ("posterior", sampled(self.posterior)),
            ("sample_stats", sampled(stats)),
            ("posterior_predictive", sampled(self.posterior_predictive)),
            ("observed_data", plain(self.observed_data)),
            ("constant_data", plain(self.constant_data)),
        ];
        let groups = groups.into_iter().filter(|(_, (variables, _))| !variables.is_empty());
        groups
            .map(|(name, (variables, samples))| {
                group(name, variables, samples, &self.coords, &attributes)
            })
            .collect()
    }
}

impl SampleStats {
    fn into_variables(self) -> Vec<Variable> {
        let variables = [
            ("energy", Data::F64(self.energy)),
            ("acceptance_rate", Data::F64(self.acceptance_rate)),
            ("diverging", Data::Bool(self.diverging)),
            ("lp", Data::F64(self.lp)),
            ("n_steps", Data::I64(self.n_steps)),
            ("step_size", Data::F64(self.step_size)),
        ];
        let kept = variables.into_iter().filter(|(_, data)| !data.is_empty());
        kept.map(|(name, data)| Variable {
            name: name.to_owned(),
            dims: Vec::new(),
            shape: Vec::new(),
            data,
        })
        .collect()
    }
}

/// A group of `variables` with the coordinates that they use; `samples`: chains and draws in front.
fn group(
    name: &str,
    variables: Vec<Variable>,
    samples: Option<(usize, Vec<i64>)>,
    coords: &[(String, Coord)],
    attributes: &Attributes,
) -> Result<Group> {
    let samples = samples.map(|(chains, draws)| {
        let chains = Coord::Int((0..chains as i64).collect());
        [("chain".to_owned(), chains), ("draw".to_owned(), Coord::Int(draws))]
    });
    let samples = samples.as_ref().map_or(&[][..], |samples| samples);
    let mut lengths = BTreeMap::new();
    let mut arrays = Vec::new();
    for variable in variables {
        let front = samples.iter().map(|(dim, coord)| (dim.clone(), coord.len()));
        let (dims, shape): (Vec<_>, Vec<_>) =
            front.chain(variable.dims.into_iter().zip(variable.shape)).unzip();
        for (dim, &length) in dims.iter().zip(&shape) {
            if *lengths.entry(dim.clone()).or_insert(length) != length {
                return Err(Error::bug(format!("{dim:?} has two lengths in {name}")));
            }
        }
        let (name, data, attributes) = (variable.name, variable.data, Attributes::new());
        arrays.push(Array { name, dims, shape, data, attributes });
    }
    for (dim, coord) in samples.iter().chain(coords) {
        let Some(&length) = lengths.get(dim) else { continue };
        if length != coord.len() {
            let labels = coord.len();
            return Err(Error::bug(format!("{dim:?} has length {length}, but {labels} labels")));
        }
        arrays.push(coord.to_array(dim));
    }
    Ok(Group { name: name.to_owned(), arrays, attributes: attributes.clone() })
}

impl Coord {
    fn len(&self) -> usize {
        match self {
            Coord::Text(x) => x.len(),
            Coord::Int(x) => x.len(),
            Coord::Date(x) => x.len(),
        }
    }

    fn to_array(&self, dim: &str) -> Array {
        let mut attributes = Attributes::new();
        let data = match self {
            Coord::Text(x) => Data::Text(x.clone()),
            Coord::Int(x) => Data::I64(x.clone()),
            Coord::Date(x) => {
                attributes.insert("units".to_owned(), json!("days since 1970-01-01"));
                attributes.insert("calendar".to_owned(), json!("proleptic_gregorian"));
                Data::I64(x.iter().map(|&day| days_since_1970(day).into()).collect())
            }
        };
        let (dims, shape) = (vec![dim.to_owned()], vec![self.len()]);
        Array { name: dim.to_owned(), dims, shape, data, attributes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use jiff::civil::date;

    fn variable(name: &str, dims: &[&str], shape: &[usize], data: Data) -> Variable {
        let dims = dims.iter().map(|&d| d.to_owned()).collect();
        Variable { name: name.to_owned(), dims, shape: shape.to_vec(), data }
    }

    fn example() -> InferenceData {
        let n = |n: usize| (0..n).map(|i| i as f64).collect();
        InferenceData {
            model: "a/b".to_owned(),
            seed: u64::MAX,
            coords: vec![
                ("channel".to_owned(), Coord::Text(vec!["TV".to_owned(), "Radio".to_owned()])),
                ("unused".to_owned(), Coord::Int(vec![])),
                ("date".to_owned(), Coord::Date(vec![date(2018, 2, 1), date(1969, 12, 31)])),
            ],
            posterior: Draws {
                chains: 2,
                draws: vec![0, 1, 2],
                variables: vec![
                    variable("saturation_beta", &["channel"], &[2], Data::F64(n(12))),
                    variable("y_sigma", &[], &[], Data::F32(vec![0.5; 6])),
                ],
            },
            sample_stats: SampleStats {
                diverging: vec![false; 6],
                n_steps: vec![8; 6],
                ..SampleStats::default()
            },
            posterior_predictive: Draws {
                chains: 2,
                draws: vec![0, 2],
                variables: vec![variable("y", &["date"], &[2], Data::F64(n(8)))],
            },
            observed_data: vec![variable("y", &["date"], &[2], Data::F64(n(2)))],
            constant_data: vec![],
        }
    }

    #[test]
    fn groups_have_names_labels_and_attributes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zarr.zip");
        example().write(&path).unwrap();
        let store = zarr::read(&path).unwrap();
        let groups = ["observed_data", "posterior", "posterior_predictive", "sample_stats"];
        assert_eq!(store.groups(), groups);
        let arrays = ["channel", "chain", "draw", "saturation_beta", "y_sigma"];
        let mut known = store.arrays("posterior");
        known.sort_by_key(|name| arrays.iter().position(|a| a == name));
        assert_eq!(known, arrays);
        assert_eq!(store.arrays("sample_stats"), ["chain", "diverging", "draw", "n_steps"]);
        let beta = store.array("posterior", "saturation_beta").unwrap();
        assert_eq!(beta.dims, ["chain", "draw", "channel"]);
        assert_eq!(beta.shape, [2, 3, 2]);
        let day = store.array("observed_data", "date").unwrap();
        // date -d 2018-02-01 +%s, divided by 86400
        assert_eq!(day.data, Data::I64(vec![17563, -1]));
        assert_eq!(day.attributes["units"], "days since 1970-01-01");
        let draw = store.array("posterior_predictive", "draw").unwrap();
        assert_eq!(draw.data, Data::I64(vec![0, 2]));
        for group in groups {
            let attributes = store.attributes(group).unwrap();
            assert_eq!(attributes["model"], "a/b");
            assert_eq!(attributes["seed"], u64::MAX);
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zarr.zip");
        let changes: [fn(&mut InferenceData); 5] = [
            |data| data.posterior.chains = 3,
            |data| data.posterior.variables[0].shape = vec![3],
            |data| data.coords[0].1 = Coord::Int(vec![1]),
            |data| data.sample_stats.lp = vec![0.0; 5],
            |data| {
                let other = variable("other", &["date"], &[3], Data::F64(vec![0.0; 3]));
                data.observed_data.push(other);
            },
        ];
        for change in changes {
            let mut data = example();
            change(&mut data);
            assert_eq!(data.write(&path).unwrap_err().kind(), Kind::Bug);
        }
        assert!(!path.exists());
    }
}
