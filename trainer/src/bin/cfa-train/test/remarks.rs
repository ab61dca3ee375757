//! What is said below the figures: what the centre crop hides, which masks are odd, and
//! which pictures are missing.

use std::fmt::{Display, Write};

use cfa_train::evaluation::{Evaluation, LeftOut, OutsideCrop, PixelFigures};

/// So many of a list are named before the rest is only counted.
const NAMED: usize = 10;

/// Nothing where there is nothing to say.
pub(super) fn text(evaluation: &Evaluation, left_out: &[LeftOut]) -> String {
    let mut text = String::new();
    if let Some(hidden) = &evaluation.outside_crop {
        text.push_str(&outside(hidden, evaluation.overall.whole_pictures));
    }
    let odd = &evaluation.odd_masks;
    list(&mut text, "masks that somebody should look at", odd);
    list(&mut text, "pictures left out (--skip-bad)", left_out);
    let failed = &evaluation.failed;
    list(
        &mut text,
        "pictures that could not be inspected after all",
        failed,
    );
    text
}

fn outside(hidden: &OutsideCrop, whole: Option<PixelFigures>) -> String {
    if hidden.defective_pixels_outside == 0 {
        return "\nNo defective pixel lies outside the centre crop, where nothing is inspected.\n"
            .to_owned();
    }
    let share =
        100.0 * hidden.defective_pixels_outside as f64 / (hidden.defective_pixels as f64).max(1.0);
    let mut text = format!(
        "\nOutside the centre crop, where nothing is inspected, lie {} of {} defective pixels ({share:.1} %),\n\
         {} of {} regions wholly and {} partly, and the defects of {} of {} pictures wholly and of {} partly.\n",
        hidden.defective_pixels_outside,
        hidden.defective_pixels,
        hidden.regions_outside,
        hidden.regions,
        hidden.regions_partly_outside,
        hidden.pictures_outside,
        hidden.pictures,
        hidden.pictures_partly_outside,
    );
    if let Some(whole) = whole {
        let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.4}"));
        let _ = writeln!(
            text,
            "Over whole pictures, where nothing outside is ever found: pixel AUROC {}, pixel F1-max {}, AUPRO {} \
             to 0.3 and {} to 0.05.\n(A model that was trained with --center-crop none inspects all.)",
            figure(whole.pixel_auroc),
            figure(whole.pixel_f1max),
            figure(whole.aupro_03),
            figure(whole.aupro_005),
        );
    }
    text
}

fn list(text: &mut String, what: &str, items: &[impl Display]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{what} ({}):", items.len());
    for item in items.iter().take(NAMED) {
        let _ = writeln!(text, "  {item}");
    }
    if items.len() > NAMED {
        let _ = writeln!(
            text,
            "  and {} more (--json names all)",
            items.len() - NAMED
        );
    }
}
