//! Points with intervals in both directions and names that cover nothing.

use super::chart::{below, cut, short, upwards, words};
use super::number::percent;
use super::svg::{Anchor, Scale, Svg};
use crate::analysis::Estimate;

/// A channel: its share of contribution, its ROAS, its share of the spend.
pub struct Point {
    pub name: String,
    pub class: String,
    pub share: Estimate,
    pub roas: Estimate,
    pub spend: f64,
}

/// The corners of what is drawn, left above and right below.
type Corners = [[f64; 2]; 2];

/// Share of contribution against ROAS; the larger the spend, the larger the disc.
pub fn scatter(alt: &str, points: &[Point]) -> String {
    let (width, height) = (960.0, 420.0);
    let mut svg = Svg::new(width, height);
    let [left, right, top, bottom] = [58.0, 24.0, 14.0, 44.0];
    let ends = |e: &Estimate| [e.mean, e.hdi_3, e.hdi_97];
    let across = [left, width - right];
    let up = [height - bottom, top];
    let x = Scale::spanning(points.iter().flat_map(|point| ends(&point.share)), true, across);
    let y = Scale::spanning(points.iter().flat_map(|point| ends(&point.roas)), true, up);
    upwards(&mut svg, &y, across, short);
    below(&mut svg, &x, [top, height - bottom], percent, 5);
    let middle = (left + width - right) / 2.0;
    svg.text("label", [middle, height - 8.0], Anchor::Middle, "share of contribution");
    svg.text("label", [left - 50.0, top - 2.0], Anchor::Start, "ROAS");
    let mut taken = Vec::new();
    for Point { name, class, share, roas, spend } in points {
        let (x0, y0, radius) = (x.at(share.mean), y.at(roas.mean), radius(*spend));
        let thin = format!("whisker thin {class}");
        svg.segment(&thin, [x.at(share.hdi_3), y0], [x.at(share.hdi_97), y0]);
        svg.segment(&thin, [x0, y.at(roas.hdi_3)], [x0, y.at(roas.hdi_97)]);
        let about = format!(
            "{name}: share {}, ROAS {}, {} of the spend",
            words(share, percent),
            words(roas, short),
            percent(*spend)
        );
        svg.disc(&format!("see {class}"), [x0, y0], radius, &about);
        taken.push([[x0 - radius, y0 - radius], [x0 + radius, y0 + radius]]);
    }
    for point in points {
        let name = cut(&point.name, 20);
        let middle = [x.at(point.share.mean), y.at(point.roas.mean)];
        let (place, corners) = beside(middle, radius(point.spend), &name, &taken, across);
        svg.text("name halo", place, Anchor::Start, &name);
        taken.push(corners);
    }
    svg.finish(alt)
}

/// An area that grows with the spend.
fn radius(spend: f64) -> f64 {
    4.0 + 18.0 * spend.max(0.0).sqrt()
}

/// Where the name of a disc begins, and what it covers: at a corner of the disc or, where none of them is
/// free, above it.
fn beside(
    [x, y]: [f64; 2],
    radius: f64,
    name: &str,
    taken: &[Corners],
    across: [f64; 2],
) -> ([f64; 2], Corners) {
    // Of a name in its size: the width of a letter, the height above and below the line.
    let [letter, above, below] = [7.5, 10.0, 3.0];
    let (width, off) = (letter * name.chars().count() as f64, 0.72 * radius + 3.0);
    let covered = |[at, line]: [f64; 2]| [[at, line - above], [at + width, line + below]];
    let free = |place: &[f64; 2]| {
        let [from, to] = covered(*place);
        let apart = |[low, high]: &Corners| {
            from[0] >= high[0] || to[0] <= low[0] || from[1] >= high[1] || to[1] <= low[1]
        };
        from[0] >= across[0] && to[0] <= across[1] && taken.iter().all(apart)
    };
    let (right, left, high, low) = (x + off, x - off - width, y - off, y + off + above - below);
    let corners = [[right, high], [left, high], [right, low], [left, low]];
    let upwards = (1..20).map(|k| [x - width / 2.0, y - radius - 4.0 * f64::from(k)]);
    let place = corners.into_iter().chain(upwards).find(free).unwrap_or(corners[0]);
    (place, covered(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_no_disc_and_no_other_name() {
        let discs = [[100.0, 100.0], [112.0, 95.0], [118.0, 110.0], [95.0, 112.0], [105.0, 120.0]];
        let mut taken: Vec<Corners> =
            discs.iter().map(|&[x, y]| [[x - 6.0, y - 6.0], [x + 6.0, y + 6.0]]).collect();
        for disc in discs {
            let (place, corners) = beside(disc, 6.0, "Social Media", &taken, [0.0, 400.0]);
            assert_eq!(corners[0][0], place[0]);
            for [low, high] in &taken {
                let apart = |k: usize| corners[0][k] >= high[k] || corners[1][k] <= low[k];
                assert!(apart(0) || apart(1), "{corners:?} covers {low:?} to {high:?}");
            }
            let far = (0..2).map(|k| (corners[0][k] - disc[k]).abs()).fold(0.0, f64::max);
            assert!(far < 120.0, "{place:?} is far from {disc:?}");
            taken.push(corners);
        }
    }

    #[test]
    fn a_name_stays_inside() {
        let (place, _) = beside([390.0, 50.0], 5.0, "Radio", &[], [0.0, 400.0]);
        assert!(place[0] + 5.0 * 7.5 < 390.0);
    }
}
