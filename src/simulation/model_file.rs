//! The model file that belongs to a simulated table, with comments for a newcomer.

use jiff::civil::Date;

use super::{Spec, patterns::named_control};

/// Prior of what a channel brings at most.
const BETA: &str =
    r#"beta = { distribution = "HalfNormal", sigma = "spend_share", dims = ["channel"] }"#;
/// The same in every geo, drawn towards what is usual for the channel.
const POOLED_BETA: &str = r#"# and every geo is somewhere near what is usual for the channel
beta = { distribution = "LogNormal", mean = { distribution = "LogNormal", mean = "spend_share", std = "spend_share", dims = ["channel"] }, std = { distribution = "HalfNormal", sigma = 0.05, dims = ["channel"] }, centered = false, dims = ["geo", "channel"] }"#;
/// Prior of sales without media.
const INTERCEPT: &str = r#"intercept = { distribution = "Normal", mu = 0.3, sigma = 0.1 }"#;
/// The same in every geo, drawn towards their mean.
const POOLED_INTERCEPT: &str = r#"intercept = { distribution = "Normal", mu = { distribution = "Normal", mu = 0.3, sigma = 0.1 }, sigma = { distribution = "HalfNormal", sigma = 0.1 }, dims = ["geo"] }"#;

/// The text of the model file; `dates` are the weeks.
pub(super) fn text(spec: &Spec, dates: &[Date]) -> String {
    let Spec { brands, regions, weeks, channels, test_weeks, seed, .. } = spec;
    let mut controls_column = String::new();
    let mut controls_scaling = String::new();
    let mut controls_prior = String::new();
    if spec.controls > 0 {
        controls_column =
            format!("controls = {}   # what else moves sales\n", list(&spec.control_names()));
        controls_scaling = "
[scaling]                       # sales and spend are divided by their largest training value
controls = { method = \"standard\" }   # to mean 0 and standard deviation 1
"
        .into();
        let means: Vec<String> =
            (0..spec.controls).map(|k| format!("{:?}", named_control(k).1)).collect();
        controls_prior = format!(
            "# one mean per control: a high price costs sales, a promotion brings some\n\
             gamma_control = {{ distribution = \"Normal\", mu = [{}], sigma = 0.02, \
             dims = [\"control\"] }}\n",
            means.join(", ")
        );
    }
    let train_until = match test_weeks {
        0 => String::new(),
        _ => format!(
            "train_until = \"{}\"      # the {test_weeks} weeks after it test the predictions\n",
            dates[spec.train_weeks() - 1]
        ),
    };
    let channel_list = list(&spec.channel_names());
    let pooled = spec.geos > 0;
    let (geos, rows, dims) = match spec.geos {
        0 => (String::new(), "week, brand and region", ""),
        n => (
            format!(" with {n} geos each"),
            "week, brand, region and geo",
            "dims = [\"geo\"]                  # whose series are pooled in it\n",
        ),
    };
    let (beta, intercept) =
        if pooled { (POOLED_BETA, POOLED_INTERCEPT) } else { (BETA, INTERCEPT) };
    format!(
        r#"# A simulated retailer: {brands} brands in {regions} regions{geos}, {weeks} weeks, {channels} channels (seed {seed}).
# The true parameters, in truth.toml, were drawn from the priors below.
#
#   gigamix fit portfolio.toml

[data]
path = "portfolio.csv"          # one row per {rows}
date = "week"
target = "sales"
channels = {channel_list}   # spend per week
{controls_column}panel = ["brand", "region"]     # an independent model for every combination
{dims}{train_until}truth = "truth.toml"            # shown beside the estimates
{controls_scaling}
[model]
yearly_seasonality = 2          # two pairs of sine and cosine

[adstock]                       # spend works on for some weeks
family = "geometric"            # a part alpha of the effect is left a week later
l_max = 8                       # weeks after which it is over

[adstock.priors]
alpha = {{ distribution = "Beta", alpha = 1, beta = 3, dims = ["channel"] }}

[saturation]                    # returns diminish
family = "logistic"             # up to beta, the faster the larger lam

[saturation.priors]
lam = {{ distribution = "Gamma", alpha = 3, beta = 1, dims = ["channel"] }}
# a channel with twice the spend is expected to bring twice the sales
{beta}

# All of these are parts of the largest weekly sales, which count as 1.
[priors]
{intercept}
{controls_prior}gamma_fourier = {{ distribution = "Laplace", mu = 0, b = 0.03, dims = ["fourier_mode"] }}

[likelihood]                    # noise of about 5 %
distribution = "Normal"
sigma = {{ distribution = "Gamma", alpha = 6, beta = 120 }}
"#
    )
}

/// A TOML array of texts.
fn list(names: &[String]) -> String {
    format!("{names:?}")
}
