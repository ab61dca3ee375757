//! What the demo prints at its end.

use std::{fmt::Write, path::Path};

use super::Demo;
use crate::report::Report;

/// The metrics, the scores of each group, and where to look next.
pub(super) fn text(report: &Report, demo: &Demo<'_>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "image AUROC  {:.4}", report.metrics.image_auroc);
    let _ = writeln!(text, "pixel AUROC  {:.4}\n", report.metrics.pixel_auroc);
    let _ = writeln!(
        text,
        "{:<14}{:>9}{:>10}{:>10}{:>10}",
        "group", "pictures", "lowest", "median", "highest"
    );
    for group in report.groups() {
        let scores: Vec<f32> = group.pictures.iter().map(|picture| picture.score).collect();
        let [highest, .., lowest] = scores.as_slice() else {
            continue;
        };
        let median = scores.get(scores.len() / 2).copied().unwrap_or_default();
        let _ = writeln!(
            text,
            "{:<14}{:>9}{lowest:>10.4}{median:>10.4}{highest:>10.4}",
            group.name,
            scores.len()
        );
    }
    let shown = |path: &Path| {
        path.strip_prefix(demo.checkout.root())
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let _ = write!(
        text,
        "\nLook next at\n  {}  every test picture with its heat map\n  {}  heat maps and overlays as files\n\
         Inspect pictures of your own, from this folder:\n  {} predict --model {} PICTURES\n",
        shown(&demo.folders.report),
        shown(&demo.folders.predictions),
        shown(&demo.programs.cfa_run),
        shown(&demo.folders.bundle)
    );
    text
}
