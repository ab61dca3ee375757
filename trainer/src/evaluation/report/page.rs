//! The report's HTML.

use std::fmt::Write;

use serde_json::Value;

use super::exhibit::Exhibit;
use super::markup::{escaped, figure};
use super::settings::ReportSettings;
use super::{curves, facts, histogram, table};
use crate::evaluation::Evaluation;

/// Everything the page shows.
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
    pub(super) fn html(&self) -> String {
        let threshold = self.evaluation.overall.image_f1max_threshold;
        let sections = self.sections.iter();
        format!(
            include_str!("page.html"),
            style = include_str!("style.css"),
            title = escaped(&self.settings.title),
            intro = self.intro(),
            cards = self.cards(),
            table = table::html(self.evaluation),
            threshold = threshold.map_or_else(String::new, |threshold| format!(
                " <span class=\"mark\">best F1 at {threshold:.4}</span>"
            )),
            histogram = histogram::html(self.evaluation),
            curves = curves::html(self.evaluation),
            sections = sections.map(|of| of.html(threshold)).collect::<String>(),
            facts = facts::html(self.settings, &self.manifest, self.evaluation),
        )
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
            escaped(&self.settings.model_file),
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

    fn cards(&self) -> String {
        let overall = &self.evaluation.overall;
        let cards = [
            ("image AUROC", figure(overall.image_auroc)),
            ("image AUPR", figure(overall.image_aupr)),
            ("image F1-max", figure(overall.image_f1max)),
            ("median time", format!("{:.0} ms", self.median_ms())),
            ("pixel AUROC", figure(overall.pixel_auroc)),
            ("pixel F1-max", figure(overall.pixel_f1max)),
            ("AUPRO to 0.3", figure(overall.aupro_03)),
            ("AUPRO to 0.05", figure(overall.aupro_005)),
        ];
        let card = |(name, value): &(&str, String)| {
            format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n")
        };
        cards.iter().map(card).collect()
    }

    fn median_ms(&self) -> f64 {
        let times = self.evaluation.pictures.iter().map(|seen| seen.total_ms);
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

impl Section {
    fn html(&self, threshold: Option<f32>) -> String {
        let rows = self.exhibits.iter().map(|exhibit| row(exhibit, threshold));
        format!(
            "<section>\n<h2>{} <small>{}</small></h2>\n{}</section>\n",
            escaped(&self.title),
            escaped(&self.note),
            rows.collect::<String>()
        )
    }
}

/// Picture, heat map, overlay and mask beside each other.
fn row(exhibit: &Exhibit, threshold: Option<f32>) -> String {
    let name = escaped(&exhibit.name);
    let wrong = match threshold {
        Some(threshold) if exhibit.defective && exhibit.score < threshold => " <em>missed</em>",
        Some(threshold) if !exhibit.defective && exhibit.score >= threshold => {
            " <em>false alarm</em>"
        }
        _ => "",
    };
    let mut row = format!(
        "<figure>\n<figcaption>{name} <b>{:.4}</b>{wrong}</figcaption>\n",
        exhibit.score
    );
    let seen_on = if exhibit.mask.is_some() {
        "overlay, true outline"
    } else {
        "overlay"
    };
    cell(&mut row, "picture", &name, &exhibit.picture);
    cell(&mut row, "heat map", &name, &exhibit.heatmap);
    cell(&mut row, seen_on, &name, &exhibit.overlay);
    if let Some(mask) = &exhibit.mask {
        cell(&mut row, "mask", &name, mask);
    } else {
        let why = if exhibit.defective {
            "no mask"
        } else {
            "no defect"
        };
        let _ = writeln!(
            row,
            "<div class=\"none\"><span>{why}</span><i>mask</i></div>"
        );
    }
    row.push_str("</figure>\n");
    row
}

fn cell(row: &mut String, what: &str, name: &str, address: &str) {
    let _ = writeln!(
        row,
        "<div><img loading=\"lazy\" alt=\"{name}, {what}\" src=\"{address}\"><i>{what}</i></div>"
    );
}
