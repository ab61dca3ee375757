//! The figures as a table for people.

use std::fmt::Write;

use cfa_train::evaluation::{Evaluation, Figures, PictureScore, score_range};

/// What stands where nothing can be measured.
const ABSENT: &str = "-";

/// Figures over all and for each kind of defect, then the scores.
pub(super) fn text(evaluation: &Evaluation) -> String {
    let names = evaluation.defects.keys().map(|name| name.chars().count());
    let width = names.max().unwrap_or(0).max("defective".len());
    let mut text = format!(
        "{:width$}   ---------- image ----------   ----- pixel -----   --- AUPRO to ---\n\
         {:width$}      AUROC      AUPR    F1-max      AUROC    F1-max       0.3      0.05\n",
        "", ""
    );
    let all = ("all".to_owned(), &evaluation.overall);
    let defects = evaluation.defects.iter();
    let rows = std::iter::once(all).chain(defects.map(|(name, of)| (name.clone(), of)));
    for (name, figures) in rows {
        let _ = writeln!(text, "{name:width$} {}", row(figures));
    }
    text.push_str(&scores(evaluation, width));
    text
}

fn row(of: &Figures) -> String {
    let figure = |value: Option<f64>| value.map_or(ABSENT.to_owned(), |v| format!("{v:.4}"));
    let image = [of.image_auroc, of.image_aupr, of.image_f1max].map(figure);
    let pixel = [of.pixel_auroc, of.pixel_f1max, of.aupro_03, of.aupro_005].map(figure);
    let columns = image.iter().chain(&pixel).enumerate();
    let padded = columns.map(|(column, value)| {
        let width = if matches!(column, 0 | 3) { 10 } else { 9 };
        format!(" {value:>width$}")
    });
    padded.collect()
}

fn scores(evaluation: &Evaluation, width: usize) -> String {
    let mut text = format!(
        "\n{:width$}   pictures    lowest    median   highest   (scores)\n",
        ""
    );
    for (name, pictures) in evaluation.groups() {
        let _ = writeln!(text, "{name:width$} {}", range(&pictures));
    }
    let threshold = |value: Option<f32>| value.map_or(ABSENT.to_owned(), |v| format!("{v:.4}"));
    let _ = writeln!(
        text,
        "\nF1-max counts scores from {} on as defective, pixels from {} on\n\
         (for a threshold that a bundle keeps: cfa-train calibrate --f1-max)",
        threshold(evaluation.overall.image_f1max_threshold),
        threshold(evaluation.overall.pixel_f1max_threshold)
    );
    text
}

fn range(pictures: &[&PictureScore]) -> String {
    let mut text = format!("{:>10}", pictures.len());
    for score in score_range(pictures).into_iter().flatten() {
        let _ = write!(text, " {score:>9.4}");
    }
    text
}
