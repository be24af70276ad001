//! Writes the WGSL of the effects that are not linear in their parameters.

use super::body::{line, word};
use super::pack::Columns;
use crate::model::effect::Curved;
use crate::model::effect::bump::Bump;
use crate::model::effect::process::Process;

/// Values that the effects read in the loop over the dates.
pub fn registers(curved: &Curved) -> Vec<usize> {
    let level = curved.intercept.iter().map(|(level, _)| *level);
    let of_bump = |bump: &Bump| [bump.size, bump.sigma].into_iter().chain(bump.height);
    level.chain(curved.bumps.iter().flat_map(of_bump)).collect()
}

/// The processes, from their parameters to their means.
pub fn declare(code: &mut String, curved: &Curved) {
    let mut declare = |name: &str, process: &Process| {
        let Process { eta, ls, first, m } = process;
        let new = format!("process_new(place, {eta}u, {ls}u, {first}u, {m}u)");
        line(code, 1, format!("var {name} = {new};"));
    };
    if let Some((_, process)) = &curved.intercept {
        declare("intercept", process);
    }
    if let Some(process) = &curved.media {
        declare("media", process);
    }
}

/// Adds the effects to the mean on a date; the variable that sums the media, and the one that will hold
/// what flows back to each.
pub fn add(code: &mut String, curved: &Curved, columns: &Columns) -> (&'static str, &'static str) {
    if let Some((level, _)) = &curved.intercept {
        line(code, 2, "let intercept_at = process_at(&intercept, row);");
        line(code, 2, format!("mu = fma(v{level}, intercept_at.x, mu);"));
    }
    for (k, bump) in curved.bumps.iter().enumerate() {
        let distance = word(columns.distances() + k);
        line(code, 2, format!("let b{k} = bump({distance}, v{});", bump.sigma));
        line(code, 2, format!("mu = fma({}, b{k}.x, mu);", amplitude(bump)));
    }
    if curved.media.is_none() {
        return ("mu", "back");
    }
    line(code, 2, "var total = 0.0;");
    ("total", "media_back")
}

/// Adds the media, if they vary.
pub fn add_media(code: &mut String, curved: &Curved) {
    if curved.media.is_some() {
        line(code, 2, "let media_at = process_at(&media, row);");
        line(code, 2, "mu = fma(total, media_at.x, mu);");
    }
}

/// Takes what flows back to the mean on a date.
pub fn take(code: &mut String, curved: &Curved) {
    if let Some((level, _)) = &curved.intercept {
        line(code, 2, format!("g{level} = fma(back, intercept_at.x, g{level});"));
        line(code, 2, format!("process_take(&intercept, row, intercept_at, back * v{level});"));
    }
    for (k, bump) in curved.bumps.iter().enumerate() {
        let Bump { size, height, sigma } = bump;
        line(code, 2, format!("g{sigma} = fma(back * {}, b{k}.y, g{sigma});", amplitude(bump)));
        match height {
            None => line(code, 2, format!("g{size} = fma(back, b{k}.x, g{size});")),
            Some(height) => {
                line(code, 2, format!("g{size} = fma(back * v{height}, b{k}.x, g{size});"));
                line(code, 2, format!("g{height} = fma(back * v{size}, b{k}.x, g{height});"));
            }
        }
    }
    if curved.media.is_some() {
        line(code, 2, "process_take(&media, row, media_at, back * total);");
        line(code, 2, "let media_back = back * media_at.x;");
    }
}

/// From the processes to their parameters.
pub fn pull_back(code: &mut String, curved: &Curved) {
    if curved.intercept.is_some() {
        line(code, 1, "process_back(place, &intercept);");
    }
    if curved.media.is_some() {
        line(code, 1, "process_back(place, &media);");
    }
}

/// Size times height.
fn amplitude(bump: &Bump) -> String {
    match bump.height {
        None => format!("v{}", bump.size),
        Some(height) => format!("(v{} * v{height})", bump.size),
    }
}
