//! The figures of each kind of defect.

use std::fmt::Write;

use super::markup::{escaped, figure};
use crate::evaluation::{Evaluation, Figures, PictureScore, score_range};

const HEAD: &str = "<tr><th rowspan=\"2\"></th><th rowspan=\"2\">pictures</th><th colspan=\"3\">image</th>\
<th colspan=\"2\">pixel</th><th colspan=\"2\">AUPRO up to</th><th colspan=\"3\">score</th></tr>\n\
<tr><th>AUROC</th><th>AUPR</th><th>F1-max</th><th>AUROC</th><th>F1-max</th><th>0.3</th><th>0.05</th>\
<th>lowest</th><th>median</th><th>highest</th></tr>\n";

/// A row for everything, one for each kind of defect, and the scores of the good ones.
pub(super) fn html(evaluation: &Evaluation) -> String {
    let mut rows = String::from(HEAD);
    let everything: Vec<&PictureScore> = evaluation.pictures.iter().collect();
    row(&mut rows, "all", &everything, Some(&evaluation.overall));
    for (name, pictures) in evaluation.groups() {
        row(&mut rows, name, &pictures, evaluation.defects.get(name));
    }
    format!("<div class=\"wide\"><table class=\"figures\">\n{rows}</table></div>\n")
}

fn row(rows: &mut String, name: &str, pictures: &[&PictureScore], figures: Option<&Figures>) {
    let shown = escaped(&name.replace('_', " "));
    let _ = write!(rows, "<tr><th>{shown}</th><td>{}</td>", pictures.len());
    let values = figures.map(|of| {
        [
            of.image_auroc,
            of.image_aupr,
            of.image_f1max,
            of.pixel_auroc,
            of.pixel_f1max,
            of.aupro_03,
            of.aupro_005,
        ]
    });
    for value in values.unwrap_or_default() {
        let text = if figures.is_some() {
            figure(value)
        } else {
            String::new()
        };
        let _ = write!(rows, "<td>{text}</td>");
    }
    for score in score_range(pictures).into_iter().flatten() {
        let _ = write!(rows, "<td>{score:.4}</td>");
    }
    rows.push_str("</tr>\n");
}
