//! The table of one channel's response, what lies above it for certain, and the concave hull of that.

use super::response::{Point, Response, Table};

/// Spends that the first table of a concave response has; others need more.
const FIRST_CONCAVE: usize = 9;
const FIRST_OTHER: usize = 33;
/// Spends nearer to each other than this share of the whole range are one.
const SAME: f64 = 1e-13;
/// A spend this near to a bound, as a share of the range, is likely to belong there.
const AT: f64 = 1e-9;
/// Spends that differ by this share tell by their slopes how a response bends.
const APART: f64 = 1e-4;
/// Where to look next to a start that is infinitely steep, as a share of what is not known there.
const NEXT: f64 = 1.0 / 16.0;

/// A response between its bounds, known exactly at some spends and bounded in between; a concave one
/// by its tangents also where no spend beyond is known.
pub struct Curve<'a> {
    response: &'a dyn Response,
    ends: [f64; 2],
    /// The slopes are those of a response that is not concave; of others the points tell.
    table: Table,
    /// How the slope is said to change beyond the points; 0 where nothing is said. No bound rests on it.
    bend: f64,
}

impl<'a> Curve<'a> {
    /// Tabulates a response from `lower` to `upper`: quadratic steps, as responses bend most where
    /// little is spent.
    pub fn new(response: &'a dyn Response, lower: f64, upper: f64) -> Self {
        let n = if response.concave() { FIRST_CONCAVE } else { FIRST_OTHER };
        let at = |k: usize| {
            let share = k as f64 / (n - 1) as f64;
            if k + 1 == n { upper } else { lower + (upper - lower) * share * share }
        };
        let mut spends: Vec<f64> = (0..n).map(at).collect();
        spends.dedup_by(|next, spend| *next <= *spend);
        Self { response, ends: [lower, upper], table: response.tabulate(&spends), bend: 0.0 }
    }

    /// The same with a first point at a spend that is likely to be near the best one, where the slope is
    /// said to change by `bend` per unit; a response that is not concave is looked at everywhere
    /// besides.
    pub fn near(response: &'a dyn Response, ends: [f64; 2], spend: f64, bend: f64) -> Self {
        let [lower, upper] = ends;
        let at = AT * (upper - lower);
        let spend = match () {
            () if spend <= lower + at => lower,
            () if spend >= upper - at => upper,
            () => spend,
        };
        if !response.concave() {
            let mut curve = Self::new(response, lower, upper);
            curve.refine(&[spend]);
            return curve;
        }
        Self { response, ends, table: response.tabulate(&[spend]), bend }
    }

    /// The points known so far, at rising spends.
    pub fn points(&self) -> &[Point] {
        &self.table.points
    }

    /// The known point at a spend, or the nearest one.
    pub fn nearest(&self, spend: f64) -> &Point {
        let points = &self.table.points;
        let after = points.partition_point(|p| p.spend < spend).min(points.len() - 1);
        let before = after.saturating_sub(1);
        let distance = |i: usize| (points[i].spend - spend).abs();
        &points[if distance(before) < distance(after) { before } else { after }]
    }

    /// How the slope changes per unit of spend around a known one; 0 where the points do not tell.
    pub fn bend(&self, spend: f64) -> f64 {
        let here = self.nearest(spend);
        // Slopes of spends that are nearly the same differ by their rounding.
        let apart = |p: &&Point| (p.spend - here.spend).abs() >= APART * here.spend;
        let distance = |p: &&Point| (p.spend - here.spend).abs();
        let other = self
            .table
            .points
            .iter()
            .filter(apart)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let bend = other.map_or(0.0, |p| (p.slope - here.slope) / (p.spend - here.spend));
        if bend < 0.0 && bend.is_finite() { bend } else { self.bend }
    }

    /// How the slope is said to change beyond the points; 0 where nothing is said.
    pub fn said(&self) -> f64 {
        self.bend
    }

    /// Looks at further spends; those outside the bounds or known already change nothing.
    pub fn refine(&mut self, spends: &[f64]) {
        let mut spends = spends.to_vec();
        spends.sort_unstable_by(f64::total_cmp);
        for spend in spends {
            self.insert(spend);
        }
    }

    /// Looks at the ends of a range where they are needed to bound the response between them.
    pub fn cover(&mut self, [lower, upper]: [f64; 2]) {
        let (points, near) = (&self.table.points, self.same());
        let inside = |p: &&Point| p.spend >= lower - near && p.spend <= upper + near;
        let tangent = points.iter().filter(inside).any(|p| p.slope.is_finite());
        if !(tangent && self.response.concave()) {
            self.refine(&[lower, upper]);
        }
    }

    /// Spends as near as this are one.
    fn same(&self) -> f64 {
        SAME * (self.ends[1] - self.ends[0])
    }

    fn insert(&mut self, spend: f64) {
        let near = self.same();
        let Table { points, slopes } = &mut self.table;
        let outside = spend < self.ends[0] - near || spend > self.ends[1] + near;
        let after = points.partition_point(|p| p.spend <= spend + near);
        let known = after > 0 && points[after - 1].spend >= spend - near;
        if outside || known {
            return;
        }
        if self.response.concave() {
            points.insert(after, self.response.tabulate(&[spend]).points[0]);
        } else {
            // Of these the ends are known.
            let cell = after - 1;
            let new = self.response.tabulate(&[points[cell].spend, spend, points[after].spend]);
            slopes.splice(cell..=cell, new.slopes);
            points.insert(after, new.points[1]);
        }
    }

    /// The least concave function above the response between two spends that are [covered](Self::cover),
    /// as far as the table tells.
    pub fn hull(&self, lower: f64, upper: f64) -> Hull {
        let Table { points, slopes } = &self.table;
        let near = self.same();
        let first = points.partition_point(|p| p.spend < lower - near);
        let end = points.partition_point(|p| p.spend <= upper + near);
        let mut vertices: Vec<Vertex> = Vec::with_capacity(2 * (end - first) + 1);
        let mut add = |vertex: Vertex| {
            while let [.., a, b] = vertices[..] {
                if a.rise(&b) > b.rise(&vertex) {
                    break;
                }
                vertices.pop();
            }
            vertices.push(vertex);
        };
        if points[first].spend > lower + near {
            add(points[first].tangent(lower));
        }
        for i in first..end {
            add(Vertex { spend: points[i].spend, value: points[i].value, look: None });
            if i + 1 < end {
                let [a, b] = [&points[i], &points[i + 1]];
                let range = match self.response.concave() {
                    true => [a.slope.min(b.slope), a.slope.max(b.slope)],
                    false => slopes[i],
                };
                peak(a, b, range).into_iter().for_each(&mut add);
            }
        }
        if points[end - 1].spend < upper - near {
            add(points[end - 1].tangent(upper));
        }
        Hull { vertices }
    }
}

impl Point {
    /// What a concave response is at most at another spend.
    fn tangent(&self, spend: f64) -> Vertex {
        let value = self.value + self.slope * (spend - self.spend);
        Vertex { spend, value, look: Some(spend) }
    }
}

/// The highest point that a response can reach between two known ones: where the steepest line from
/// the first meets the flattest line to the second. Above both of these lines it never is.
fn peak(a: &Point, b: &Point, [least, most]: [f64; 2]) -> Option<Vertex> {
    let width = b.spend - a.spend;
    // How far above the flattest line back from the second point the first one lies.
    let below = (b.value - a.value - least * width).max(0.0);
    if below == 0.0 || most <= least {
        return None;
    }
    let step = (below / (most - least)).clamp(0.0, width);
    let value = b.value - least * (width - step);
    let spend = a.spend + step;
    // A response that starts infinitely steep bends most next to its start.
    let look = if step > 0.0 { spend } else { a.spend + width * NEXT };
    Some(Vertex { spend, value, look: Some(look) })
}

/// A corner of a hull.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vertex {
    /// The spend.
    pub spend: f64,
    /// The bound there.
    pub value: f64,
    /// Where to look at the response to lower the bound; none where it was looked at and has this
    /// value.
    pub look: Option<f64>,
}

impl Vertex {
    /// Slope of the line to a later vertex.
    fn rise(&self, to: &Vertex) -> f64 {
        let (run, rise) = (to.spend - self.spend, to.value - self.value);
        // A response that jumps at its first spend is steeper than any line.
        if run > 0.0 { rise / run } else { f64::INFINITY * rise }
    }
}

/// A concave, piecewise linear function that is nowhere below the response.
#[derive(Clone, Debug)]
pub struct Hull {
    vertices: Vec<Vertex>,
}

impl Hull {
    /// A straight line through 0.
    pub fn line(lower: f64, upper: f64, rise: f64) -> Self {
        let at = |spend: f64| Vertex { spend, value: rise * spend, look: None };
        Self { vertices: if lower < upper { vec![at(lower), at(upper)] } else { vec![at(lower)] } }
    }

    /// Least and largest spend.
    pub fn ends(&self) -> [f64; 2] {
        [self.vertices[0].spend, self.vertices[self.vertices.len() - 1].spend]
    }

    /// The vertex that is best where a unit of spend costs `price`.
    pub fn best(&self, price: f64) -> &Vertex {
        let mut edges = 0..self.vertices.len() - 1;
        // The first edge that rises less than the price.
        while !edges.is_empty() {
            let middle = usize::midpoint(edges.start, edges.end);
            if self.vertices[middle].rise(&self.vertices[middle + 1]) > price {
                edges.start = middle + 1;
            } else {
                edges.end = middle;
            }
        }
        &self.vertices[edges.start]
    }

    /// The bound at a spend.
    pub fn value(&self, spend: f64) -> f64 {
        let after = self.vertices.partition_point(|v| v.spend < spend);
        if after == 0 {
            return self.vertices[0].value;
        }
        let Some(b) = self.vertices.get(after) else {
            return self.vertices[after - 1].value;
        };
        let a = &self.vertices[after - 1];
        let share = (spend - a.spend) / (b.spend - a.spend);
        a.value + share * (b.value - a.value)
    }
}
