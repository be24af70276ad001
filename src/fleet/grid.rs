//! The data of a model's series as arrays over dates and dims, as the store keeps them: a date or a
//! combination of labels that is not there has no numbers.

use crate::data::Panel;
use crate::model::Coords;
use crate::posterior::inference_data::Variable;
use crate::posterior::zarr::Data;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Dates and series of a model, in the order of the arrays. A model of one series has its dates alone.
pub struct Grid<'a> {
    panels: &'a [Panel],
    /// The dates of all series.
    pub dates: Vec<Date>,
    dims: Vec<String>,
    shape: Vec<usize>,
    /// Of every series: its place among the combinations of labels, and where its dates are.
    places: Vec<(usize, Vec<usize>)>,
}

impl<'a> Grid<'a> {
    /// The grid of a model's series.
    pub fn new(coords: &Coords, panels: &'a [Panel]) -> Self {
        let dates: BTreeSet<Date> = panels.iter().flat_map(|panel| &panel.dates).copied().collect();
        let dates: Vec<Date> = dates.into_iter().collect();
        let shape: Vec<usize> = coords.dims.iter().map(|dim| coords.of(dim).len()).collect();
        let place = |panel: &Panel| {
            let cell = coords.dims.iter().zip(&panel.labels).fold(0, |cell, (dim, label)| {
                let labels = coords.of(dim);
                cell * labels.len() + labels.iter().position(|known| known == label).unwrap_or(0)
            });
            let at = |date: &Date| dates.partition_point(|known| known < date);
            (cell, panel.dates.iter().map(at).collect())
        };
        let places = panels.iter().map(place).collect();
        Self { panels, dates, dims: coords.dims.clone(), shape, places }
    }

    /// Combinations of labels.
    fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    /// A variable over dates, dims and perhaps a dim of its own, of the numbers of each series on its
    /// dates.
    pub fn variable(
        &self,
        name: &str,
        inner: Option<(&str, usize)>,
        of: impl Fn(&Panel, usize, usize) -> f64,
    ) -> Variable {
        let width = inner.map_or(1, |(_, len)| len);
        let mut numbers = vec![f64::NAN; self.dates.len() * self.cells() * width];
        for (panel, (cell, dates)) in self.panels.iter().zip(&self.places) {
            for (t, date) in dates.iter().enumerate() {
                let row = (date * self.cells() + cell) * width;
                for k in 0..width {
                    numbers[row + k] = of(panel, t, k);
                }
            }
        }
        let (mut dims, mut shape) = (vec!["date".to_owned()], vec![self.dates.len()]);
        dims.extend(self.dims.iter().cloned().chain(inner.map(|(dim, _)| dim.to_owned())));
        shape.extend(self.shape.iter().copied().chain(inner.map(|(_, len)| len)));
        Variable { name: name.to_owned(), dims, shape, data: Data::F64(numbers) }
    }

    /// A variable over draws, dates and dims, from the draws of each series, draws × its dates.
    pub fn draws(&self, name: &str, n: usize, series: &[Vec<f32>]) -> Variable {
        let row = self.dates.len() * self.cells();
        let mut numbers = vec![f32::NAN; n * row];
        for (drawn, (cell, dates)) in series.iter().zip(&self.places) {
            for (row, drawn) in numbers.chunks_mut(row).zip(drawn.chunks(dates.len())) {
                for (date, &x) in dates.iter().zip(drawn) {
                    row[date * self.cells() + cell] = x;
                }
            }
        }
        let dims = ["date".to_owned()].into_iter().chain(self.dims.iter().cloned()).collect();
        let shape = [self.dates.len()].into_iter().chain(self.shape.iter().copied()).collect();
        Variable { name: name.to_owned(), dims, shape, data: Data::F32(numbers) }
    }
}
