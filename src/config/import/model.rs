//! The model itself: data, scaling, transforms, priors, likelihood, what varies in time.

use serde_json::Value;

use super::node::{Left, Node};
use super::prior::prior;
use super::{SAMPLER, key, line, list, quoted};

/// PyMC-Marketing's classes and names of adstocks, and ours.
const ADSTOCKS: [(&str, &str, &str); 6] = [
    ("GeometricAdstock", "geometric", "geometric"),
    ("BinomialAdstock", "binomial", "binomial"),
    ("DelayedAdstock", "delayed", "delayed"),
    ("WeibullPDFAdstock", "weibull_pdf", "weibull_pdf"),
    ("WeibullCDFAdstock", "weibull_cdf", "weibull_cdf"),
    ("NoAdstock", "no_adstock", "none"),
];
/// And of saturations.
const SATURATIONS: [(&str, &str, &str); 9] = [
    ("LogisticSaturation", "logistic", "logistic"),
    ("InverseScaledLogisticSaturation", "inverse_scaled_logistic", "inverse_scaled_logistic"),
    ("TanhSaturation", "tanh", "tanh"),
    ("TanhSaturationBaselined", "tanh_baselined", "tanh_baselined"),
    ("MichaelisMentenSaturation", "michaelis_menten", "michaelis_menten"),
    ("HillSaturation", "hill", "hill"),
    ("HillSaturationSigmoid", "hill_sigmoid", "hill_sigmoid"),
    ("RootSaturation", "root", "root"),
    ("NoSaturation", "no_saturation", "none"),
];

/// Writes everything but effects and calibration; the dims.
pub fn write(root: &mut Node, toml: &mut String, left: &mut Left) -> Vec<String> {
    let value = root.take("model").unwrap_or_default();
    let Some((class, mut model)) = Node::object("model", value, left) else { return Vec::new() };
    if class != "MMM" {
        left.add("model.class", &format!("{class} is read as the class MMM"));
    }
    let dims = model.texts("dims", left).unwrap_or_default();
    data(root, &mut model, &dims, toml, left);
    scaling(&mut model, &dims, toml, left);

    line(toml, "\n[model]");
    if let Some(first) = model.flag("adstock_first", left) {
        line(toml, format!("adstock_first = {first}"));
    }
    if let Some(order) = model.count("yearly_seasonality", left) {
        line(toml, format!("yearly_seasonality = {order}"));
    }
    let config = model.take("model_config").unwrap_or_else(|| Value::Object(Default::default()));
    let path = model.at("model_config");
    let Some(mut config) = Node::new(&path, config, left) else { return dims };
    adstock(&mut model, &mut config, toml, left);
    saturation(&mut model, &mut config, toml, left);
    priors(&mut config, toml, left);
    likelihood(&mut config, toml, left);
    for part in ["intercept", "media"] {
        varying(part, &mut model, &mut config, toml, left);
    }
    config.close(left);
    for key in ["sampler_config", "sample_kwargs"] {
        if model.take(key).is_some() {
            left.add(&model.at(key), SAMPLER);
        }
    }
    model.close(left);
    dims
}

fn data(root: &mut Node, model: &mut Node, dims: &[String], toml: &mut String, left: &mut Left) {
    line(toml, "[data]");
    let paths = root.node("data", left).map(|mut data| {
        let paths = (data.text("X_path", left), data.text("y_path", left));
        data.close(left);
        paths
    });
    let path = match paths.unwrap_or_default() {
        (Some(x), y) => {
            if let Some(y) = y.filter(|y| *y != x) {
                let why =
                    format!("{y}: the target stands in the same table as the spend: join them");
                left.add("data.y_path", &why);
            }
            x
        }
        (None, _) => {
            left.add("data.X_path", "no table is named: [data] path is a guess");
            "data.csv".into()
        }
    };
    line(toml, format!("path = {}", quoted(&path)));
    for (ours, theirs) in [("date", "date_column"), ("target", "target_column")] {
        if let Some(column) = model.text(theirs, left) {
            line(toml, format!("{ours} = {}", quoted(&column)));
        } else if ours == "target" {
            // Its default.
            line(toml, "target = \"y\"");
        }
    }
    for (ours, theirs) in [("channels", "channel_columns"), ("controls", "control_columns")] {
        if let Some(columns) = model.texts(theirs, left).filter(|columns| !columns.is_empty()) {
            line(toml, format!("{ours} = {}", list(&columns)));
        }
    }
    if !dims.is_empty() {
        line(toml, format!("dims = {}", list(dims)));
    }
}

fn scaling(model: &mut Node, dims: &[String], toml: &mut String, left: &mut Left) {
    let Some(value) = model.take("scaling") else { return };
    let path = model.at("scaling");
    let node = match value.get("class") {
        Some(_) => Node::object(&path, value, left).map(|(_, node)| node),
        None => Node::new(&path, value, left),
    };
    let Some(mut node) = node else { return };
    line(toml, "\n[scaling]");
    for what in ["target", "channel"] {
        let Some(value) = node.take(what) else { continue };
        let path = node.at(what);
        let scale = match value.get("class") {
            Some(_) => Node::object(&path, value, left).map(|(_, node)| node),
            None => Node::new(&path, value, left),
        };
        let Some(mut scale) = scale else { continue };
        let method = scale.text("method", left).unwrap_or_else(|| "max".into());
        let mut parts = vec![format!("method = {}", quoted(&method))];
        let over = scale.texts("dims", left).unwrap_or_default();
        if !dims.is_empty() {
            parts.push(format!("over = {}", list(&over)));
        }
        scale.close(left);
        line(toml, format!("{what} = {{ {} }}", parts.join(", ")));
    }
    node.close(left);
}

/// The class or the name of a transform, with its arguments.
fn transform(
    model: &mut Node,
    kind: &str,
    known: &[(&str, &str, &'static str)],
    left: &mut Left,
) -> Option<(&'static str, Node)> {
    let path = model.at(kind);
    let (name, node) = match model.take(kind)? {
        Value::String(name) => (name, Node::new(&path, Value::Object(Default::default()), left)?),
        value => Node::object(&path, value, left)?,
    };
    let found = known.iter().find(|(class, lookup, _)| *class == name || *lookup == name);
    let Some((.., family)) = found else {
        left.add(
            &path,
            &format!("the {kind} {name} is not known: the default stands in its place"),
        );
        return None;
    };
    Some((family, node))
}

fn adstock(model: &mut Node, config: &mut Node, toml: &mut String, left: &mut Left) {
    let Some((family, mut node)) = transform(model, "adstock", &ADSTOCKS, left) else { return };
    line(toml, format!("\n[adstock]\nfamily = \"{family}\""));
    if let Some(l_max) = node.count("l_max", left).or_else(|| node.count("0", left)) {
        line(toml, format!("l_max = {l_max}"));
    }
    if let Some(normalize) = node.flag("normalize", left) {
        line(toml, format!("normalize = {normalize}"));
    }
    if let Some(mode) = node.text("mode", left) {
        let mode = mode.rsplit('.').next().unwrap_or_default().to_lowercase();
        line(toml, format!("mode = {}", quoted(&mode)));
    }
    family_priors("adstock", node, config, toml, left);
}

fn saturation(model: &mut Node, config: &mut Node, toml: &mut String, left: &mut Left) {
    let Some((family, node)) = transform(model, "saturation", &SATURATIONS, left) else { return };
    line(toml, format!("\n[saturation]\nfamily = \"{family}\""));
    family_priors("saturation", node, config, toml, left);
}

/// Priors of a transform: its own, or those of `model_config`, which count.
fn family_priors(
    kind: &str,
    mut node: Node,
    config: &mut Node,
    toml: &mut String,
    left: &mut Left,
) {
    let mut found: Vec<(String, String, Value)> = Vec::new();
    if let Some(mut priors) = node.node("priors", left) {
        let path = priors.path.clone();
        let all = priors.rest().into_iter();
        found.extend(all.map(|(name, value)| (format!("{path}.{name}"), name, value)));
    }
    let path = config.path.clone();
    for (name, value) in config.starting(&format!("{kind}_")) {
        found.retain(|(_, other, _)| *other != name);
        found.push((format!("{path}.{kind}_{name}"), name, value));
    }
    node.close(left);
    let priors: Vec<String> = found
        .into_iter()
        .filter_map(|(path, name, value)| {
            Some(format!("{} = {}", key(&name), prior(&path, value, None, left)?))
        })
        .collect();
    if !priors.is_empty() {
        line(toml, format!("\n[{kind}.priors]\n{}", priors.join("\n")));
    }
}

fn priors(config: &mut Node, toml: &mut String, left: &mut Left) {
    let mut priors = Vec::new();
    for name in ["intercept", "gamma_control", "gamma_fourier"] {
        let Some(value) = config.take(name) else { continue };
        if let Some(prior) = prior(&config.at(name), value, None, left) {
            priors.push(format!("{name} = {prior}"));
        }
    }
    if !priors.is_empty() {
        line(toml, format!("\n[priors]\n{}", priors.join("\n")));
    }
}

fn likelihood(config: &mut Node, toml: &mut String, left: &mut Left) {
    let Some(value) = config.take("likelihood") else { return };
    let Some(mut node) = super::prior::unwrapped(&config.at("likelihood"), value, left) else {
        return;
    };
    let name = node.text("distribution", left).unwrap_or_else(|| "Normal".into());
    line(toml, format!("\n[likelihood]\ndistribution = {}", quoted(&name)));
    if let Some(lower) = node.number("lower", left) {
        line(toml, format!("lower = {lower}"));
    }
    // Those of the dates and of the model: there are no others.
    node.take("dims");
    let path = node.path.clone();
    for (name, value) in node.rest() {
        let path = format!("{path}.{name}");
        if !value.is_object() {
            left.value(&path, &value);
        } else if let Some(prior) = prior(&path, value, None, left) {
            line(toml, format!("{} = {prior}", key(&name)));
        }
    }
}

/// An intercept or media that vary in time.
fn varying(part: &str, model: &mut Node, config: &mut Node, toml: &mut String, left: &mut Left) {
    let config_key = format!("{part}_tvp_config");
    let settings = config.take(&config_key);
    let key = format!("time_varying_{part}");
    match model.take(&key) {
        Some(Value::Bool(true)) => {}
        None | Some(Value::Bool(false)) => return,
        Some(other) => return left.value(&model.at(&key), &other),
    }
    let path = config.at(&config_key);
    let settings = settings.unwrap_or_else(|| Value::Object(Default::default()));
    let settings = match settings.get("class") {
        Some(_) => Node::object(&path, settings, left).map(|(_, node)| node),
        None => Node::new(&path, settings, left),
    };
    let Some(mut settings) = settings else { return };
    // The peer's defaults.
    let m = settings.count("m", left).unwrap_or(200);
    let mut number = |name, default| settings.number(name, left).unwrap_or(default);
    let (eta, mu, sigma) = (number("eta_lam", 1.0), number("ls_mu", 5.0), number("ls_sigma", 10.0));
    settings.close(left);
    line(
        toml,
        format!(
            "\n[time_varying.{part}]\nm = {m}\n\n[time_varying.{part}.priors]\n\
             eta = {{ distribution = \"Exponential\", lam = {eta:?} }}\n\
             ls = {{ distribution = \"InverseGamma\", mu = {mu:?}, sigma = {sigma:?} }}"
        ),
    );
}
