//! Priors: `{ distribution, arguments…, dims, centered }`, or the same with `kwargs`, or by class.

use serde_json::Value;

use super::node::{Left, Node};
use super::{key, list, quoted};

/// A dim that goes by another name here.
pub type Rename<'a> = Option<(&'a str, &'a str)>;

/// A prior as an inline table; none, and a note, if it cannot be said.
pub fn prior(path: &str, value: Value, rename: Rename, left: &mut Left) -> Option<String> {
    let mut node = unwrapped(path, value, left)?;
    let name = match (node.text("distribution", left), node.text("special_prior", left)) {
        (Some(name), _) => name,
        (None, Some(special)) if special == "LogNormalPrior" => "LogNormal".into(),
        (None, Some(special)) => {
            left.add(path, &format!("the prior {special} is not known"));
            return None;
        }
        (None, None) => {
            left.add(path, "a prior without a distribution");
            return None;
        }
    };
    let mut parts = vec![format!("distribution = {}", quoted(&name))];
    let dims = node.texts("dims", left);
    let centered = node.flag("centered", left);
    if let Some(transform) = node.take("transform") {
        left.value(&node.at("transform"), &transform);
    }
    let at = node.path.clone();
    for (name, value) in node.rest() {
        let path = format!("{at}.{name}");
        match argument(&path, value, rename, left) {
            Some(argument) => parts.push(format!("{} = {argument}", key(&name))),
            None => return None,
        }
    }
    if let Some(mut dims) = dims.filter(|dims| !dims.is_empty()) {
        if let Some((from, to)) = rename {
            dims.iter_mut().filter(|dim| *dim == from).for_each(|dim| *dim = to.into());
        }
        parts.push(format!("dims = {}", list(&dims)));
    }
    if centered == Some(false) {
        parts.push("centered = false".into());
    }
    Some(format!("{{ {} }}", parts.join(", ")))
}

/// The mapping with the distribution and its arguments side by side, however it was written.
pub fn unwrapped(path: &str, value: Value, left: &mut Left) -> Option<Node> {
    if value.get("class").is_some() {
        let (class, mut node) = Node::object(path, value, left)?;
        if !["Prior", "XPrior"].contains(&class.as_str()) {
            left.add(path, &format!("the prior {class} is not known"));
            return None;
        }
        return match node.take("0") {
            None => Some(node),
            Some(distribution) => node.with("distribution", distribution),
        };
    }
    let mut node = Node::new(path, value, left)?;
    if let Some(distribution) = node.take("dist") {
        node = node.with("distribution", distribution)?;
    }
    match node.take("kwargs") {
        None => Some(node),
        Some(Value::Object(kwargs)) => {
            kwargs.into_iter().try_fold(node, |node, (name, value)| node.with(&name, value))
        }
        Some(other) => {
            left.value(&node.at("kwargs"), &other);
            None
        }
    }
}

/// An argument: a number, numbers, or a prior.
fn argument(path: &str, value: Value, rename: Rename, left: &mut Left) -> Option<String> {
    match &value {
        Value::Number(number) => Some(number.to_string()),
        Value::Array(numbers) if numbers.iter().all(Value::is_number) && !numbers.is_empty() => {
            let numbers: Vec<String> = numbers.iter().map(Value::to_string).collect();
            Some(format!("[{}]", numbers.join(", ")))
        }
        Value::Object(_) => prior(path, value, rename, left),
        _ => {
            left.value(path, &value);
            None
        }
    }
}
