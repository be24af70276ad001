//! Lift tests: what experiments say of a channel's saturation curve. A test raised the spend of a
//! channel from x to x + delta_x and measured the change delta_y with standard error sigma; |delta_y| is
//! Gamma distributed with mean |f(x + delta_x) − f(x)|, f the saturation alone.

use super::transforms;
use crate::config::ModelFile;
use crate::data::Panel;
use crate::error::{Error, Result};

/// A lift test in the model's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Lift {
    /// Index of the channel.
    pub channel: usize,
    /// Scaled spend without and with the change.
    pub spend: [f64; 2],
    /// Its measured effect, without sign, on the scaled target.
    pub effect: f64,
    /// The standard error of that.
    pub sigma: f64,
}

/// The lift tests of a panel's model.
pub(super) fn read(file: &ModelFile, panel: &Panel) -> Result<Vec<Lift>> {
    let mut lifts = Vec::new();
    for test in &file.lift_tests {
        let error = |message: String| file.error(test.channel.span.clone(), message);
        let name = test.channel.as_str();
        let channel = transforms::channel(file, &test.channel, &panel.channels)?;
        let spend = [test.x, test.x + test.delta_x];
        let what = if test.sigma <= 0.0 {
            Some("sigma must be above 0")
        } else if test.delta_x * test.delta_y <= 0.0 {
            Some("delta_x and delta_y must have the same sign, neither may be 0")
        } else if spend.iter().any(|x| *x < 0.0) {
            Some("x and x + delta_x must not be negative")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(error(format!("the lift test of \"{name}\": {what}")));
        }
        // A change: the target's shift does not matter.
        let (scale, target) = (panel.channel_scale[channel], panel.target_scale.factor);
        // The training rows of this panel have nothing to scale by: no error of the file.
        let unscaled = [(scale.factor, name), (target, "the target")];
        if let Some((_, what)) = unscaled.into_iter().find(|(factor, _)| *factor == 0.0) {
            return Err(Error::input(format!(
                "the lift test of {name:?} cannot be used: {what} is 0 on all training rows"
            ))
            .help("leave the lift test out of this panel's model file"));
        }
        lifts.push(Lift {
            channel,
            spend: spend.map(|x| scale.scale(x)),
            effect: test.delta_y.abs() / target,
            sigma: test.sigma / target,
        });
    }
    Ok(lifts)
}
