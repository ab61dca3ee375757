//! The figures of each kind of defect.

use maud::{Markup, html};

use super::digits::four_digits;
use crate::evaluation::{Evaluation, Figures, PictureScore, score_range};

const FIGURES: usize = 7;

/// A row for everything, one for each kind of defect, and the scores of the good ones.
pub(super) fn html(evaluation: &Evaluation) -> Markup {
    let everything: Vec<&PictureScore> = evaluation.pictures.iter().collect();
    html! {
        div.wide {
            table.figures {
                (head())
                (row("all", &everything, Some(&evaluation.overall)))
                @for (name, pictures) in evaluation.groups() {
                    (row(name, &pictures, evaluation.defects.get(name)))
                }
            }
        }
    }
}

fn head() -> Markup {
    let names = ["AUROC", "AUPR", "F1-max", "AUROC", "F1-max", "0.3", "0.05"];
    html! {
        tr {
            th rowspan="2" {}
            th rowspan="2" { "pictures" }
            th colspan="3" { "image" }
            th colspan="2" { "pixel" }
            th colspan="2" { "AUPRO up to" }
            th colspan="3" { "score" }
        }
        tr {
            @for name in names.iter().chain(&["lowest", "median", "highest"]) { th { (name) } }
        }
    }
}

fn row(name: &str, pictures: &[&PictureScore], figures: Option<&Figures>) -> Markup {
    html! {
        tr {
            th { (name.replace('_', " ")) }
            td { (pictures.len()) }
            @for text in figures.map_or_else(<[String; FIGURES]>::default, texts) { td { (text) } }
            @for score in score_range(pictures).into_iter().flatten() {
                td { (format!("{score:.4}")) }
            }
        }
    }
}

fn texts(figures: &Figures) -> [String; FIGURES] {
    [
        figures.image_auroc,
        figures.image_aupr,
        figures.image_f1max,
        figures.pixel_auroc,
        figures.pixel_f1max,
        figures.aupro_03,
        figures.aupro_005,
    ]
    .map(four_digits)
}
