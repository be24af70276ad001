//! What a report says of the channels: returns, curves, sweeps, adstock, prior against posterior.

use super::chart::{self, Curve, Row, Series, short, words};
use super::model::{Report, bands, colour, ends};
use super::number::{amount, decimals, percent};
use super::page::{Page, table};
use super::scatter::{Point, scatter};
use crate::analysis::{
    ChannelRow, Estimate, Fitted, Sweep, SweepKind, adstock_curves, analyse, prior_draws,
    response_curves, sweep,
};
use crate::fleet::derived::{adstock_table, channels_table, curves_table, sweep_table, time_table};

/// Prior draws that the prior's intervals rest on.
const PRIOR_DRAWS: usize = 4000;
/// Values of a parameter that are drawn at most.
const MOST_ROWS: usize = 40;

impl Report<'_> {
    /// ROAS and marginal ROAS, and the share of contribution against ROAS.
    pub fn returns(&self, page: &mut Page) {
        page.section("Returns");
        page.text(
            "ROAS: what a unit of spend brought, on average. mROAS: what one more unit would bring, by \
             a step of 1 % on every date. A channel with a high ROAS and a low mROAS is saturated.",
        );
        let rows = |of: fn(&ChannelRow) -> Estimate| -> Vec<Row> {
            let row = |(c, row): (usize, &ChannelRow)| Row {
                name: row.channel.clone(),
                class: colour(c),
                estimate: of(row),
                other: None,
            };
            self.analysis.channels.iter().enumerate().map(row).collect()
        };
        let data = channels_table(&self.fitted.panel.key, &self.analysis.channels);
        let said = |of: fn(&ChannelRow) -> Estimate| {
            let one = |row: &ChannelRow| format!("{} {}", row.channel, words(&of(row), short));
            self.analysis.channels.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let alt = format!("ROAS of every channel: {}", said(|row| row.roas));
        let drawing = chart::forest(&alt, &rows(|row| row.roas), short);
        let roas = page.figure_of("", &drawing, "ROAS with 94 % intervals", Some(&data));
        let alt = format!("Marginal ROAS of every channel: {}", said(|row| row.mroas));
        let drawing = chart::forest(&alt, &rows(|row| row.mroas), short);
        let mroas = page.figure_of("", &drawing, "Marginal ROAS with 94 % intervals", None);
        page.html(&format!("<div class=\"two\">{roas}{mroas}</div>"));
        let spend: f64 = self.analysis.channels.iter().map(|row| row.spend).sum();
        let points: Vec<_> = self
            .analysis
            .channels
            .iter()
            .enumerate()
            .filter(|(_, row)| row.spend > 0.0)
            .map(|(c, row)| Point {
                name: row.channel.clone(),
                class: colour(c),
                share: row.share,
                roas: row.roas,
                spend: row.spend / spend,
            })
            .collect();
        let alt = "Share of contribution against ROAS, one disc per channel, as large as its spend";
        let drawing = scatter(alt, &points);
        let figure = page.figure_of(
            "wide",
            &drawing,
            "Share of contribution against ROAS; the larger the disc, the more spend",
            None,
        );
        let numbers: Vec<Vec<String>> = self
            .analysis
            .channels
            .iter()
            .map(|row| {
                vec![
                    row.channel.clone(),
                    amount(row.spend),
                    percent(row.spend / spend),
                    percent(row.share.mean),
                    words(&row.roas, short),
                    short(row.mroas.mean),
                ]
            })
            .collect();
        let heads = ["channel", "spend", "of spend", "of contribution", "ROAS", "mROAS"];
        let numbers = table("Channels over the training rows", &heads, &numbers);
        page.html(&format!("{figure}{numbers}"));
    }

    /// Responses to a steady spend.
    pub fn curves(&self, page: &mut Page) {
        let panel = &self.fitted.panel;
        let all: Vec<usize> = (0..panel.channels.len()).collect();
        page.section("Saturation");
        page.text(
            "What a steady spend per date brings per date. The dashed line is the average spend on the \
             training rows, the marks below are the spends of single dates: right of them all, the \
             curve is a guess.",
        );
        let rows = response_curves(self.fitted, &all);
        let data = curves_table(self.fitted, &rows, false);
        let mut charts = String::new();
        for &c in &all {
            let own: Vec<_> = rows.iter().filter(|row| row.channel == panel.channels[c]).collect();
            let x: Vec<f64> = own.iter().map(|row| row.spend).collect();
            let y: Vec<Estimate> = own.iter().map(|row| row.response).collect();
            if x.is_empty() {
                continue;
            }
            let seen: Vec<f64> =
                panel.spend.column(c).iter().take(panel.n_train).copied().collect();
            let today = self.fitted.spend(c) / panel.n_train as f64;
            let name = &panel.channels[c];
            charts += &chart::curve(
                &format!("Response of {name} to a steady spend, average {}", amount(today)),
                &Curve {
                    name,
                    class: &colour(c),
                    x: &x,
                    y: &y,
                    mark: Some((today, "today")),
                    seen: &seen,
                    format: amount,
                },
            );
        }
        page.figure("many", &charts, "Response curves with 94 % intervals", Some(&data));
    }

    /// What other multiples of the spend would have contributed.
    pub fn sweeps(&self, page: &mut Page) {
        let panel = &self.fitted.panel;
        let all: Vec<usize> = (0..panel.channels.len()).collect();
        page.section("Sweeps");
        page.text(
            "What each channel would have contributed over the training rows, had its spend been this \
             many times what it was.",
        );
        let wanted = Sweep { kind: SweepKind::Multiplicative, values: None, channels: all.clone() };
        let rows = sweep(self.fitted, &wanted);
        let data = sweep_table(&panel.key, &rows);
        let mut charts = String::new();
        for &c in &all {
            let name = &panel.channels[c];
            let own: Vec<_> = rows.iter().filter(|row| row.channel == *name).collect();
            let x: Vec<f64> = own.iter().map(|row| row.sweep).collect();
            let y: Vec<Estimate> = own.iter().map(|row| row.contribution).collect();
            charts += &chart::curve(
                &format!("Contribution of {name} at 0 to 1.5 times its spend"),
                &Curve {
                    name,
                    class: &colour(c),
                    x: &x,
                    y: &y,
                    mark: Some((1.0, "today")),
                    seen: &[],
                    format: times,
                },
            );
        }
        page.figure("many", &charts, "Contribution by the multiple of the spend", Some(&data));
    }

    /// How effects fade.
    pub fn adstock(&self, page: &mut Page) {
        let panel = &self.fitted.panel;
        let all: Vec<usize> = (0..panel.channels.len()).collect();
        page.section("Adstock");
        page.text("How much of an effect falls on which date after the spend.");
        let rows = adstock_curves(self.fitted, &all);
        let data = adstock_table(&panel.key, &rows);
        let mut charts = String::new();
        for &c in &all {
            let name = &panel.channels[c];
            let own = rows.iter().filter(|row| row.channel == *name);
            let bars: Vec<(String, Estimate)> =
                own.map(|row| (row.lag.to_string(), row.weight)).collect();
            let alt = format!("Adstock weights of {name} by lag");
            charts += &chart::bars(&alt, name, &colour(c), &bars);
        }
        page.figure("many", &charts, "Adstock weights by lag, with 94 % intervals", Some(&data));
    }

    /// What the data changed.
    pub fn prior(&self, page: &mut Page) {
        let Fitted { model, panel, key, .. } = self.fitted;
        page.section("Prior against posterior");
        page.text(
            "Grey: what the model said before it saw the data. Where the posterior is as wide as the \
             prior, the data taught nothing.",
        );
        let draws = prior_draws(model, *key, PRIOR_DRAWS);
        let before = analyse(model, panel, *key, &draws);
        let rows: Vec<Row> = self
            .analysis
            .channels
            .iter()
            .zip(&before.channels)
            .enumerate()
            .map(|(c, (after, before))| Row {
                name: after.channel.clone(),
                class: colour(c),
                estimate: after.share,
                other: Some(before.share),
            })
            .collect();
        let alt = "Share of contribution of every channel before and after the data";
        let drawing = chart::forest(alt, &rows, percent);
        let share = page.figure_of("", &drawing, "Share of contribution, prior in grey", None);
        let dim = model.structure.n_values;
        let of = |draws: &[f64], i: usize| {
            Estimate::of(&draws.iter().skip(i).step_by(dim).copied().collect::<Vec<_>>())
        };
        let mut figures = vec![share];
        let (names, values) = (model.parameter_names(), model.layout.reported_values());
        let mut first = 0;
        for parameter in model.layout.reported() {
            let own = first..first + parameter.len;
            first = own.end;
            let row = |k: usize| {
                let label = names[k].split_once('[').map_or(&*names[k], |(_, label)| label);
                let by_channel = parameter.dims.first().is_some_and(|dim| dim == "channel");
                Row {
                    name: label.trim_end_matches(']').to_owned(),
                    class: if by_channel { colour(k - own.start) } else { "c0".into() },
                    estimate: of(&self.fitted.draws, values[k]),
                    other: Some(of(&draws, values[k])),
                }
            };
            let rows: Vec<Row> = own.clone().take(MOST_ROWS).map(row).collect();
            let alt = format!("{} before and after the data", parameter.name);
            let drawing = chart::forest(&alt, &rows, short);
            let more = parameter.len.saturating_sub(MOST_ROWS);
            let more = if more > 0 { format!(", without {more} more") } else { String::new() };
            figures.push(page.figure_of("", &drawing, &format!("{}{more}", parameter.name), None));
        }
        let ends = ends(&before.time);
        let bands = bands("band pale", &ends);
        let lines = [Series { class: "actual", values: &panel.target }];
        let alt =
            "Observed target, and the 94 % and 50 % intervals that the priors alone expect it in";
        let drawing = chart::timeline(alt, self.dates(), &lines, &bands, self.split(), true);
        let caption = format!(
            "Prior predictive: its 94 % intervals hold {} of the training rows; darker, those of 50 %",
            percent(before.train.coverage)
        );
        let data = time_table(&panel.key, &panel.channels, &before.time);
        page.figure("wide", &drawing, &caption, Some(&data));
        page.html(&format!("<div class=\"columns\">{}</div>", figures.concat()));
    }
}

/// A multiple of the spend.
fn times(x: f64) -> String {
    decimals(x, 1)
}
