//! The model and its settings.

use maud::{Markup, html};
use serde_json::Value;

use super::digits::four_digits;
use super::settings::ReportSettings;
use crate::evaluation::{Evaluation, OutsideCrop, PixelFigures};

type Fact = (&'static str, String);

/// Names of facts, and where the manifest holds them. Missing ones are left out.
const MANIFEST: [(&str, &str); 12] = [
    ("Backbone", "/backbone/name"),
    ("Weights", "/backbone/weights_file"),
    ("Resized to", "/preprocessing/resize"),
    ("Centre crop", "/preprocessing/center_crop"),
    ("Descriptor channels", "/descriptor/channels"),
    ("Memory bank entries", "/memory_bank/centroids"),
    ("γc", "/memory_bank/gamma_c"),
    ("γd", "/descriptor/gamma_d"),
    ("Neighbours a score", "/score/neighbors"),
    ("Map smoothing, σ", "/anomaly_map/sigma"),
    ("Heat map from", "/heatmap_range/low"),
    ("Heat map to", "/heatmap_range/high"),
];

/// Rows of a table.
pub(super) fn html(settings: &ReportSettings, manifest: &Value, evaluation: &Evaluation) -> Markup {
    let file = [
        ("Model", settings.model_file.clone()),
        ("SHA-256", settings.model_sha256.clone()),
    ];
    let recorded = |name, pointer| Some((name, plain(manifest.pointer(pointer)?)));
    let known = MANIFEST
        .iter()
        .filter_map(|&(name, pointer)| recorded(name, pointer));
    let made_by = recorded("Made by", "/created_by");
    let provider = evaluation
        .provider
        .map(|name| ("Network computed by", name.to_owned()));
    let hidden = evaluation.outside_crop.iter().flat_map(outside);
    let whole = evaluation.overall.whole_pictures.iter().flat_map(whole);
    let rows = file.into_iter().chain(known).chain(made_by).chain(provider);
    let rows = rows.chain(hidden).chain(whole).chain(missing(evaluation));
    html! {
        @for (name, value) in rows {
            tr { th { (name) } td { (value) } }
        }
    }
}

/// The defects that the centre crop hides.
fn outside(hidden: &OutsideCrop) -> [Fact; 3] {
    let counted = |outside: u64, partly: u64, all: u64| {
        format!("{outside} of {all} wholly outside the centre crop, {partly} partly")
    };
    [
        (
            "Defective pixels",
            format!(
                "{} of {} outside the centre crop",
                hidden.defective_pixels_outside, hidden.defective_pixels
            ),
        ),
        (
            "Regions",
            counted(
                hidden.regions_outside,
                hidden.regions_partly_outside,
                hidden.regions,
            ),
        ),
        (
            "Pictures with masks",
            counted(
                hidden.pictures_outside,
                hidden.pictures_partly_outside,
                hidden.pictures,
            ),
        ),
    ]
}

/// Figures for which defects outside the centre crop count as never found.
fn whole(pixels: &PixelFigures) -> [Fact; 3] {
    [
        (
            "Pixel AUROC over whole pictures",
            four_digits(pixels.pixel_auroc),
        ),
        (
            "AUPRO to 0.3 over whole pictures",
            four_digits(pixels.aupro_03),
        ),
        (
            "AUPRO to 0.05 over whole pictures",
            four_digits(pixels.aupro_005),
        ),
    ]
}

fn missing(evaluation: &Evaluation) -> impl Iterator<Item = Fact> {
    let odd = evaluation.odd_masks.iter();
    let odd = odd.map(|mask| ("Odd mask", mask.to_string()));
    let failed = evaluation.failed.iter();
    odd.chain(failed.map(|picture| ("Not inspected", picture.to_string())))
}

fn plain(value: &Value) -> String {
    let side = |name| value.get(name).and_then(Value::as_u64);
    match (value, side("height"), side("width")) {
        (Value::String(text), ..) => text.clone(),
        (Value::Null, ..) => "none".to_owned(),
        // The manifest holds 32-bit numbers; more digits mean nothing.
        (Value::Number(number), ..) if number.is_f64() => number
            .as_f64()
            .map_or_else(|| number.to_string(), |value| (value as f32).to_string()),
        (_, Some(height), Some(width)) => format!("{height} × {width}"),
        _ => value.to_string(),
    }
}
