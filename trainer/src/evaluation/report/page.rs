//! The report's HTML.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::digits::four_digits;
use super::exhibit::Exhibit;
use super::settings::ReportSettings;
use super::{curves, facts, histogram, table};
use crate::evaluation::Evaluation;
use crate::evaluation::metrics::MetricsError;

/// The content of the page.
pub(super) struct Page<'a> {
    pub(super) settings: &'a ReportSettings,
    pub(super) evaluation: &'a Evaluation,
    /// The bundle's manifest.
    pub(super) manifest: Value,
    pub(super) sections: Vec<Section>,
}

/// Pictures under one heading.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) note: String,
    pub(super) exhibits: Vec<Exhibit>,
}

impl Page<'_> {
    /// The whole page. Names and texts of others are escaped.
    pub(super) fn html(&self) -> Result<Markup, MetricsError> {
        let title = &self.settings.title;
        Ok(html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body { main {
                    header { h1 { (title) } p { (self.intro()) } }
                    (self.figures()?)
                } }
            }
        })
    }

    fn figures(&self) -> Result<Markup, MetricsError> {
        let threshold = self.evaluation.overall.image_f1max_threshold;
        let facts = facts::html(self.settings, &self.manifest, self.evaluation);
        Ok(html! {
            dl.cards {
                @for (name, value) in self.cards() { div { dt { (name) } dd { (value) } } }
            }
            section {
                h2 { "Kinds of defect " small { "each against all good pictures" } }
                (table::html(self.evaluation))
            }
            section {
                h2 { "Scores " small {
                    span.good { "good" } " " span.bad { "defective" }
                    @if let Some(threshold) = threshold {
                        " " span.mark { (format!("best F1 at {threshold:.4}")) }
                    }
                } }
                (histogram::html(self.evaluation))
            }
            section {
                h2 { "Curves " small { "of whole pictures; the dot is the best F1" } }
                (curves::html(self.evaluation)?)
            }
            @for section in &self.sections { (section.html(threshold)) }
            section { h2 { "Model" } table.facts { (facts) } }
        })
    }

    fn intro(&self) -> String {
        let (overall, kinds) = (&self.evaluation.overall, self.evaluation.defects.len());
        let kinds = if kinds == 1 {
            "one kind of defect".to_owned()
        } else {
            format!("{kinds} kinds of defect")
        };
        let intro = format!(
            "{} has inspected {} good and {} defective pictures ({kinds}). It was trained on good ones only.",
            self.settings.model_file,
            overall.images - overall.defective,
            overall.defective
        );
        match &self.evaluation.outside_crop {
            Some(hidden) if hidden.regions_outside > 0 => format!(
                "{intro} {} of {} defective regions lie wholly outside the centre crop, where nothing is inspected.",
                hidden.regions_outside, hidden.regions
            ),
            _ => intro,
        }
    }

    fn cards(&self) -> [(&'static str, String); 8] {
        let overall = &self.evaluation.overall;
        [
            ("image AUROC", four_digits(overall.image_auroc)),
            ("image AUPR", four_digits(overall.image_aupr)),
            ("image F1-max", four_digits(overall.image_f1max)),
            ("median time", self.median_time()),
            ("pixel AUROC", four_digits(overall.pixel_auroc)),
            ("pixel F1-max", four_digits(overall.pixel_f1max)),
            ("AUPRO to 0.3", four_digits(overall.aupro_03)),
            ("AUPRO to 0.05", four_digits(overall.aupro_005)),
        ]
    }

    /// A dash without pictures.
    fn median_time(&self) -> String {
        let times = self.evaluation.pictures.iter().map(|seen| seen.total_ms);
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2);
        median.map_or_else(|| "–".to_owned(), |median| format!("{median:.0} ms"))
    }
}

impl Section {
    fn html(&self, threshold: Option<f32>) -> Markup {
        html! {
            section {
                h2 { (self.title) " " small { (self.note) } }
                @for exhibit in &self.exhibits { (row(exhibit, threshold)) }
            }
        }
    }
}

/// Picture, heat map, overlay and mask beside each other.
fn row(exhibit: &Exhibit, threshold: Option<f32>) -> Markup {
    let name = &exhibit.name;
    let overlay_text = if exhibit.mask.is_some() {
        "overlay, true outline"
    } else {
        "overlay"
    };
    html! {
        figure {
            figcaption {
                (name) " " b { (format!("{:.4}", exhibit.score)) }
                @if let Some(wrong) = wrong(exhibit, threshold) { " " em { (wrong) } }
            }
            (cell("picture", name, &exhibit.picture))
            (cell("heat map", name, &exhibit.heatmap))
            (cell(overlay_text, name, &exhibit.overlay))
            @if let Some(mask) = &exhibit.mask {
                (cell("mask", name, mask))
            } @else {
                div.none {
                    span { (if exhibit.defective { "no mask" } else { "no defect" }) }
                    i { "mask" }
                }
            }
        }
    }
}

/// The wrong decision on a picture at the threshold.
fn wrong(exhibit: &Exhibit, threshold: Option<f32>) -> Option<&'static str> {
    let threshold = threshold?;
    if exhibit.defective {
        (exhibit.score < threshold).then_some("missed")
    } else {
        (exhibit.score >= threshold).then_some("false alarm")
    }
}

fn cell(what: &str, name: &str, address: &str) -> Markup {
    html! {
        div { img loading="lazy" alt={ (name) ", " (what) } src=(address); i { (what) } }
    }
}
