//! The ROC and the precision-recall curve of the pictures.

use std::fmt::Write;

use maud::{Markup, html};

use super::chart::{Chart, unit_ticks};
use crate::evaluation::Evaluation;
use crate::evaluation::metrics::{CurvePoint, MetricsError, curve};

/// Both curves, with a dot at the best F1; a remark when good or defective pictures
/// are missing.
pub(super) fn html(evaluation: &Evaluation) -> Result<Markup, MetricsError> {
    let (scores, labels): (Vec<f32>, Vec<bool>) = evaluation
        .pictures
        .iter()
        .map(|seen| (seen.score, seen.picture.is_defective()))
        .unzip();
    let points = curve(&scores, &labels)?;
    if points.is_empty() {
        return Ok(html! { p { "Curves need good and defective pictures." } });
    }
    let best = evaluation.overall.image_f1max_threshold;
    let best = points.iter().find(|point| Some(point.threshold) == best);
    Ok(html! {
        div.curves { (roc(&points, best)) (precision_recall(&points, best)) }
    })
}

/// Straight lines between the points, from (0, 0) on.
fn roc(points: &[CurvePoint], best: Option<&CurvePoint>) -> Markup {
    let mut line = String::from("M0 100");
    for point in points {
        let (x, y) = place(point.false_positive_rate, point.recall);
        let _ = write!(line, "L{x:.2} {y:.2}");
    }
    let dot = best.map(|point| place(point.false_positive_rate, point.recall));
    let plot = html! { path.grid d="M0 100L100 0" {} (drawn(&line, dot)) };
    chart(
        "ROC curve",
        "false positive rate",
        "true positive rate",
        plot,
    )
}

/// Steps, each at the precision of its end, as the average precision adds them up.
fn precision_recall(points: &[CurvePoint], best: Option<&CurvePoint>) -> Markup {
    let mut line = String::new();
    for point in points {
        let (x, y) = place(point.recall, point.precision);
        let start = if line.is_empty() { "M0 " } else { "V" };
        let _ = write!(line, "{start}{y:.2}H{x:.2}");
    }
    let dot = best.map(|point| place(point.recall, point.precision));
    chart(
        "Precision-recall curve",
        "recall",
        "precision",
        drawn(&line, dot),
    )
}

fn place(x: f64, y: f64) -> (f64, f64) {
    (x * 100.0, (1.0 - y) * 100.0)
}

/// The dot is a line without length and with round ends, because that stays round when the
/// plot is stretched.
fn drawn(line: &str, dot: Option<(f64, f64)>) -> Markup {
    html! {
        path.line d=(line) {}
        @if let Some((x, y)) = dot {
            path.dot d=(format!("M{x:.2} {y:.2}h0")) {}
        }
    }
}

fn chart(label: &str, x_title: &str, y_title: &str, plot: Markup) -> Markup {
    Chart {
        label,
        class: "curve",
        x_title,
        x_ticks: unit_ticks(),
        y_title,
        y_ticks: unit_ticks(),
        plot,
    }
    .html()
}
