//! Writes the WGSL of the priors: a loop for every run of elements that are alike but for numbers, so
//! that the device decides nothing.

use super::body::{line, stem};
use crate::density::cpu::{Prior, Program};
use crate::model::layout::Form;
use crate::model::prior::Distribution;
use std::ops::Range;

/// What elements of one run have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Code of the coordinate.
    coordinate: u32,
    prior: Term,
    /// How a value is made of each.
    made: Option<Form>,
}

/// What an element adds to the log density.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// What its coordinate says.
    Included,
    /// Nothing, not even what its coordinate says: it is that of a channel's return.
    Implied,
    /// What its coordinate says, and a prior whose arguments are numbers.
    Fixed(Distribution),
    /// The same of a prior of this signature, some of whose arguments are values.
    Nested(Distribution, usize),
    /// What its coordinate says, one of a pooled element.
    Pooled,
}

/// A run of elements.
pub type Run = (Kind, Range<usize>);

/// The runs of a program's elements.
pub fn runs(program: &Program<f32>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for i in 0..program.dim() {
        let (mut coordinate, _) = program.coordinates[i].code();
        let prior = match &program.priors[i] {
            Prior::Included => Term::Included,
            Prior::Implied => Term::Implied,
            Prior::Fixed(distribution, _) => Term::Fixed(*distribution),
            Prior::Nested(distribution, signature, _) => Term::Nested(*distribution, *signature),
            Prior::Pooled(pooled) => {
                coordinate = pooled.code().0;
                Term::Pooled
            }
        };
        let made = program.derived[i].as_ref().map(|derived| derived.form);
        let kind = Kind { coordinate, prior, made };
        match runs.last_mut() {
            Some((last, elements)) if *last == kind => elements.end += 1,
            _ => runs.push((kind, i..i + 1)),
        }
    }
    runs
}

/// The function `priors`, which maps every element and sums the priors; it leaves values, dx/du and the
/// priors' gradients.
pub fn priors(runs: &[Run]) -> String {
    let mut code = String::from(
        "// The priors of one structure.\n\n\
         fn priors(place: Place) -> f32 {\n    \
         let first = models[place.model].elements;\n    var logp = 0.0;\n",
    );
    for (kind, Range { start, end }) in runs {
        // Compilers unroll what they can count, which takes them seconds and gains nothing.
        let bounds = format!("var k = first + {start}u; k < first + {end}u; k++");
        line(&mut code, 1, format!("for ({bounds}) {{"));
        line(&mut code, 2, "let element = elements[k];");
        line(&mut code, 2, "let i = k - first;");
        line(&mut code, 2, "let u = state[at(place, CANDIDATE, i)];");
        forward(&mut code, kind);
        line(&mut code, 1, "}");
    }
    code.push_str("    return logp;\n}\n");
    code
}

/// The function `hierarchy_back`, which carries the gradients of values that are made of others, and of
/// pooled elements, to these, the last ones first.
pub fn back(runs: &[Run]) -> String {
    let mut code = String::from(
        "// The way back through the hierarchy of one structure.\n\n\
         fn hierarchy_back(place: Place) {\n    let first = models[place.model].elements;\n",
    );
    for (kind, Range { start, end }) in runs.iter().rev() {
        let made = kind.made.map(|form| format!("made_back(place, element, {}u, i);", form.code()));
        let pooled = (kind.prior == Term::Pooled)
            .then(|| format!("pooled_back(place, element, {}u, i);", kind.coordinate));
        let calls: Vec<String> = made.into_iter().chain(pooled).collect();
        if calls.is_empty() {
            continue;
        }
        let bounds = format!("var k = first + {end}u; k > first + {start}u; k--");
        line(&mut code, 1, format!("for ({bounds}) {{"));
        line(&mut code, 2, "let element = elements[k - 1u];");
        line(&mut code, 2, "let i = k - 1u - first;");
        calls.iter().for_each(|call| line(&mut code, 2, call));
        line(&mut code, 1, "}");
    }
    code.push_str("}\n");
    code
}

/// What is done with an element of a run: `v` is its value, as far as its coordinate knows it.
fn forward(code: &mut String, kind: &Kind) {
    let mut add = |text: &str| line(code, 2, text);
    let coordinate = kind.coordinate;
    let name = |distribution: Distribution| stem(distribution.family().wgsl.path);
    match kind.prior {
        Term::Pooled => add(&format!("let v = move_pooled(place, element, {coordinate}u, u);")),
        _ => add(&format!("let v = map_coordinate({coordinate}u, element.c, u);")),
    }
    let (logp, value) = match kind.prior {
        Term::Implied => ("0.0", "v.x, v.dx, 0.0"),
        Term::Included => ("v.logp", "v.x, v.dx, v.dlogp"),
        Term::Fixed(distribution) => {
            add(&format!("let prior = prior_{}(v, element.p);", name(distribution)));
            ("v.logp + prior.x", "v.x, v.dx, fma(prior.y, v.dx, v.dlogp)")
        }
        Term::Nested(distribution, signature) => {
            let of = format!("v, arguments(place, element), {signature}u");
            add(&format!("let prior = prior_{}_nested({of});", name(distribution)));
            add("arguments_back(place, element, prior.da);");
            ("v.logp + prior.logp", "v.x, v.dx, fma(prior.dx, v.dx, v.dlogp)")
        }
        // In its own units, until all that depends on it has flowed back.
        Term::Pooled => ("v.logp", "v.x, 1.0, 0.0"),
    };
    add(&format!("logp += {logp};"));
    add(&format!("keep(place, i, {value});"));
    if let Some(form) = kind.made {
        add(&format!("keep_made(place, element, {}u, v.x);", form.code()));
    }
}
