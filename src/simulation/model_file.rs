//! The model file that belongs to a simulated table, with comments for a newcomer.

use jiff::civil::Date;

use super::{Spec, patterns::named_control};

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
    format!(
        r#"# A simulated retailer: {brands} brands in {regions} regions, {weeks} weeks, {channels} channels (seed {seed}).
# The true parameters, in truth.toml, were drawn from the priors below.
#
#   gigamix fit portfolio.toml

[data]
path = "portfolio.csv"          # one row per week, brand and region
date = "week"
target = "sales"
channels = {channel_list}   # spend per week
{controls_column}panel = ["brand", "region"]     # an independent model for every combination
{train_until}truth = "truth.toml"            # shown beside the estimates
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
beta = {{ distribution = "HalfNormal", sigma = "spend_share", dims = ["channel"] }}

# All of these are parts of the largest weekly sales, which count as 1.
[priors]
intercept = {{ distribution = "Normal", mu = 0.3, sigma = 0.1 }}
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
