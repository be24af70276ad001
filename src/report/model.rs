//! The page of one model.

use super::chart::{self, Band, Series, words};
use super::number::{amount, decimals, percent};
use super::page::{Page, table};
use super::{Document, Planned, doubts, reproduce, verdict};
use crate::analysis::{
    Analysis, ChannelRow, Component, ComponentRow, Estimate, Fitted, Part, TimeRow, analyse,
    component_dates, component_totals,
};
use crate::config::ModelFile;
use crate::diagnostics::Status;
use crate::error::Result;
use crate::fleet::Run;
use crate::fleet::derived::{components_table, dates_table, time_table};
use crate::posterior::cells::Cells;
use crate::posterior::table::Table;
use jiff::civil::Date;

/// The class of a channel's colour.
pub fn colour(channel: usize) -> String {
    format!("c{}", channel % 10)
}

/// Ends of the intervals of predictions: of 94 %, then of 50 %.
pub fn ends(time: &[TimeRow]) -> [Vec<f64>; 4] {
    let ends: [fn(&TimeRow) -> f64; 4] = [
        |row| row.predicted_hdi_3,
        |row| row.predicted_hdi_97,
        |row| row.predicted_hdi_25,
        |row| row.predicted_hdi_75,
    ];
    ends.map(|of| time.iter().map(of).collect())
}

/// The bands between them.
pub fn bands<'a>(class: &'a str, [a, b, c, d]: &'a [Vec<f64>; 4]) -> [Band<'a>; 2] {
    [(class, a, b), (class, c, d)]
}

/// Everything the page is made of.
pub struct Report<'a> {
    pub run: &'a Run,
    pub file: &'a ModelFile,
    pub fitted: &'a Fitted,
    pub analysis: Analysis,
    components: Vec<ComponentRow>,
    /// The run's models, and which of them this is.
    pub models: Table,
    pub row: usize,
}

/// The page.
pub fn page(
    run: &Run,
    file: &ModelFile,
    fitted: &Fitted,
    planned: Option<Planned>,
) -> Result<Document> {
    let models = run.models()?;
    let key = &fitted.panel.key;
    let cells = Cells(&models);
    let row = cells.rows().find(|&row| cells.text("model", row) == key).unwrap_or_default();
    let failed = cells.text("status", row) == Status::Failed.as_str();
    let Fitted { model, panel, draws, .. } = fitted;
    let report = Report {
        run,
        file,
        fitted,
        analysis: analyse(model, panel, fitted.key, draws),
        components: component_totals(fitted),
        models,
        row,
    };
    let name = match key.as_str() {
        "model" => file.name(),
        key => key.to_owned(),
    };
    let series = match &panel.labels[..] {
        [] => String::new(),
        labels => format!(", {}", labels.join(", ")),
    };
    let title = format!("Marketing mix model: {name}{series}");
    let mut page = Page::new(&if failed { format!("{title} (failed its gate)") } else { title });
    report.verdict(&mut page);
    report.data(&mut page);
    report.picture(&mut page);
    report.fit(&mut page);
    report.decomposition(&mut page);
    report.returns(&mut page);
    report.curves(&mut page);
    report.sweeps(&mut page);
    report.adstock(&mut page);
    if let Some(planned) = planned {
        planned.section(&mut page);
    }
    report.prior(&mut page);
    report.diagnostics(&mut page)?;
    page.section("Repaired or doubtful");
    doubts(&mut page, run, Some(key));
    page.section("How to reproduce");
    reproduce(&mut page, run, file);
    Ok(page.finish())
}

impl Report<'_> {
    pub fn dates(&self) -> &[Date] {
        &self.fitted.panel.dates
    }

    /// Where the test rows begin, if there are any.
    pub fn split(&self) -> Option<usize> {
        let panel = &self.fitted.panel;
        (panel.n_train < panel.dates.len()).then_some(panel.n_train)
    }

    fn over_time(&self, of: impl Fn(&TimeRow) -> f64) -> Vec<f64> {
        self.analysis.time.iter().map(of).collect()
    }

    fn time(&self) -> Table {
        let panel = &self.fitted.panel;
        time_table(&panel.key, &panel.channels, &self.analysis.time)
    }

    /// The channel with the largest of a number.
    fn top(&self, of: impl Fn(&ChannelRow) -> f64) -> Option<&ChannelRow> {
        let known = self.analysis.channels.iter().filter(|row| of(row).is_finite());
        known.max_by(|a, b| of(a).total_cmp(&of(b)))
    }

    fn verdict(&self, page: &mut Page) {
        page.section("Verdict");
        page.html(&verdict(&self.models, self.row));
        let (train, test) = (&self.analysis.train, &self.analysis.test);
        let cells = Cells(&self.models);
        let media = self.components.iter().find(|row| row.component == Component::Channels);
        let mut facts = vec![
            ("explained (R², train)", decimals(train.r2, 2)),
            ("typical error (MAPE, train)", percent(train.mape)),
        ];
        if self.split().is_some() {
            facts.push(("typical error (MAPE, test)", percent(test.mape)));
            facts.push(("test dates in their interval", percent(test.coverage)));
        }
        if let Some(media) = media {
            facts.push(("of sales from media", percent(media.share.mean)));
        }
        if let Some(row) = self.top(|row| row.contribution.mean) {
            facts.push(("largest contribution", row.channel.clone()));
        }
        if let Some(row) = self.top(|row| row.roas.mean) {
            facts.push(("highest ROAS", row.channel.clone()));
        }
        facts.push((
            "R-hat (nested), worst",
            decimals(cells.number("r_hat_nested_max", self.row), 3),
        ));
        page.facts(&facts);
        let wide = |row: &&ChannelRow| row.roas.hdi_3 < 0.1 * row.roas.mean;
        let unsure: Vec<&str> =
            self.analysis.channels.iter().filter(wide).map(|row| row.channel.as_str()).collect();
        if !unsure.is_empty() {
            page.text(&format!(
                "The data hardly tell these returns from nothing: {}. An experiment would.",
                unsure.join(", ")
            ));
        }
    }

    fn fit(&self, page: &mut Page) {
        let panel = &self.fitted.panel;
        page.section("Fit");
        let ends = ends(&self.analysis.time);
        let mean = self.over_time(|row| row.predicted_mean);
        let (train, test) = (&self.analysis.train, &self.analysis.test);
        page.text(&format!(
            "R² {} and MAPE {} on the training rows; {} of them lie in their 94 % interval. CRPS {} \
             (the mean distance of a predicted draw, less what it is uncertain by).",
            decimals(train.r2, 2),
            percent(train.mape),
            percent(train.coverage),
            amount(train.crps)
        ));
        if self.split().is_some() {
            page.text(&format!(
                "On the test rows, which the model has not seen: MAPE {}, CRPS {}, {} in their interval.",
                percent(test.mape),
                amount(test.crps),
                percent(test.coverage)
            ));
        }
        let lines = [
            Series { class: "line c0", values: &mean },
            Series { class: "actual", values: &panel.target },
        ];
        let alt =
            "Observed and predicted over time, with the 94 % and 50 % intervals of predictions";
        let bands = bands("band c0", &ends);
        let drawing = chart::timeline(alt, self.dates(), &lines, &bands, self.split(), true);
        let data = self.time();
        page.legend([("observed", "sum".into()), ("predicted", "c0".into())]);
        page.figure(
            "wide",
            &drawing,
            "Observed against predicted, with 94 % and, darker, 50 % intervals",
            Some(&data),
        );
        let residual: Vec<f64> = panel.target.iter().zip(&mean).map(|(y, m)| y - m).collect();
        let off = |end: &Vec<f64>| -> Vec<f64> {
            end.iter().zip(&mean).map(|(end, mean)| end - mean).collect()
        };
        let off = ends.each_ref().map(off);
        let lines = [Series { class: "actual", values: &residual }];
        let alt = "Residuals over time, with the intervals that predictions expect them in";
        let bands = self::bands("band c0", &off);
        let drawing = chart::timeline(alt, self.dates(), &lines, &bands, self.split(), true);
        page.figure(
            "wide",
            &drawing,
            "Residuals (observed less predicted), and where 94 % and 50 % of them are expected",
            None,
        );
    }

    /// Name and colour of a component.
    fn look(&self, component: Component) -> (String, String) {
        let class = match component {
            Component::Part(Part::Baseline) => "base".into(),
            Component::Part(Part::Seasonality) => "season".into(),
            Component::Part(Part::Control) => "control".into(),
            Component::Part(Part::Event) => "event".into(),
            Component::Channel(c) => colour(c),
            Component::Channels | Component::Mean => "sum".into(),
        };
        (component.names(self.fitted).0, class)
    }

    /// Every component over time with its interval.
    fn on_dates(&self, page: &mut Page, parts: &[Component]) {
        let rows = component_dates(self.fitted);
        let mut charts = String::new();
        for &part in parts {
            let own: Vec<_> = rows.iter().filter(|row| row.component == part).collect();
            let of = |number: fn(&Estimate) -> f64| -> Vec<f64> {
                own.iter().map(|row| number(&row.value)).collect()
            };
            let (name, class) = self.look(part);
            let band = [of(|e| e.hdi_3), of(|e| e.hdi_97)];
            let alt = format!("Contribution of {name} over time with its interval");
            let mean = of(|e| e.mean);
            charts += &chart::small_series(&alt, &name, &class, self.dates(), &mean, Some(&band));
        }
        let data = dates_table(self.fitted, &rows);
        page.figure(
            "many",
            &charts,
            "Contribution of every component over time, with 94 % intervals",
            Some(&data),
        );
    }

    fn decomposition(&self, page: &mut Page) {
        page.section("What sales are made of");
        let single =
            |component: &Component| !matches!(component, Component::Channels | Component::Mean);
        let parts: Vec<Component> =
            self.components.iter().map(|row| row.component).filter(single).collect();
        let values: Vec<Vec<f64>> = parts
            .iter()
            .map(|component| {
                self.over_time(|row| match component {
                    Component::Part(Part::Baseline) => row.baseline,
                    Component::Part(Part::Seasonality) => row.seasonality,
                    Component::Part(Part::Control) => row.control,
                    Component::Part(Part::Event) => row.event.unwrap_or_default(),
                    Component::Channel(c) => row.channels[*c],
                    Component::Channels | Component::Mean => f64::NAN,
                })
            })
            .collect();
        let looks: Vec<(String, String)> = parts.iter().map(|&part| self.look(part)).collect();
        let layers: Vec<Series<'_>> = looks
            .iter()
            .zip(&values)
            .map(|((_, class), values)| Series { class, values })
            .collect();
        page.legend(looks.iter().map(|(name, class)| (name.as_str(), class.clone())));
        let alt = "Contributions of all components over time, on top of each other";
        let drawing = chart::stack(alt, self.dates(), &layers, &self.fitted.panel.target);
        page.figure(
            "wide",
            &drawing,
            "Mean contribution of every component over time; the line is what was observed",
            None,
        );
        self.on_dates(page, &parts);
        let total = self.components.last().map_or(f64::NAN, |row| row.total.mean);
        let rows: Vec<(String, String, f64, bool)> = self
            .components
            .iter()
            .filter(|row| row.component != Component::Channels)
            .map(|row| {
                let (name, class) = self.look(row.component);
                (name, class, row.total.mean, row.component == Component::Mean)
            })
            .collect();
        let said = |row: &ComponentRow| {
            format!("{} {}", self.look(row.component).0, percent(row.share.mean))
        };
        let alt = format!(
            "Waterfall of component totals: {}",
            self.components.iter().map(said).collect::<Vec<_>>().join(", ")
        );
        let drawing = chart::waterfall(&alt, &rows, total);
        let data = components_table(self.fitted, &self.components);
        let waterfall = page.figure_of(
            "",
            &drawing,
            "Totals over the training rows and their shares",
            Some(&data),
        );
        let rows: Vec<Vec<String>> = self
            .components
            .iter()
            .map(|row| {
                vec![
                    self.look(row.component).0,
                    words(&row.total, amount),
                    words(&row.share, percent),
                ]
            })
            .collect();
        let numbers =
            table("Components over the training rows", &["component", "total", "share"], &rows);
        page.html(&format!("<div class=\"two\">{waterfall}<div>{numbers}</div></div>"));
    }
}
