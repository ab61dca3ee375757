//! Which model it was, with which settings.

use serde_json::Value;

use super::markup::{escaped, figure};
use super::settings::ReportSettings;
use crate::evaluation::{Evaluation, OutsideCrop, PixelFigures};

/// What the manifest says about the model; what it does not say is left out.
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
pub(super) fn html(settings: &ReportSettings, manifest: &Value, evaluation: &Evaluation) -> String {
    let file = [
        ("Model", settings.model_file.clone()),
        ("SHA-256", settings.model_sha256.clone()),
    ];
    let known = MANIFEST
        .iter()
        .filter_map(|(name, pointer)| Some((*name, plain(manifest.pointer(pointer)?))));
    let by = manifest
        .pointer("/created_by")
        .map(|by| ("Made by", plain(by)));
    let network = evaluation
        .provider
        .map(|name| ("Network computed by", name.to_owned()));
    let row = |(name, value): (&str, String)| {
        format!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(&value))
    };
    let hidden = evaluation.outside_crop.iter().flat_map(outside);
    let whole = evaluation.overall.whole_pictures.iter().flat_map(whole);
    let rows = file.into_iter().chain(known).chain(by).chain(network);
    let rows = rows.chain(hidden).chain(whole).chain(missing(evaluation));
    rows.map(row).collect()
}

/// What the centre crop hides of the defects.
fn outside(hidden: &OutsideCrop) -> [(&'static str, String); 3] {
    let of = |outside: u64, partly: u64, all: u64| {
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
            of(
                hidden.regions_outside,
                hidden.regions_partly_outside,
                hidden.regions,
            ),
        ),
        (
            "Pictures with masks",
            of(
                hidden.pictures_outside,
                hidden.pictures_partly_outside,
                hidden.pictures,
            ),
        ),
    ]
}

/// Figures where nothing outside the centre crop is ever found.
fn whole(of: &PixelFigures) -> [(&'static str, String); 3] {
    [
        ("Pixel AUROC over whole pictures", figure(of.pixel_auroc)),
        ("AUPRO to 0.3 over whole pictures", figure(of.aupro_03)),
        ("AUPRO to 0.05 over whole pictures", figure(of.aupro_005)),
    ]
}

fn missing(evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let odd = evaluation.odd_masks.iter().map(ToString::to_string);
    let odd = odd.map(|text| ("Odd mask", text));
    let failed = evaluation.failed.iter().map(ToString::to_string);
    odd.chain(failed.map(|text| ("Not inspected", text)))
        .collect()
}

fn plain(value: &Value) -> String {
    let side = |name| value.get(name).and_then(Value::as_u64);
    match (value, side("height"), side("width")) {
        (Value::String(text), ..) => text.clone(),
        (Value::Null, ..) => "none".to_owned(),
        // The manifest holds 32-bit numbers; more digits mean nothing.
        (Value::Number(number), ..) if number.is_f64() => number
            .as_f64()
            .map_or_else(String::new, |value| (value as f32).to_string()),
        (_, Some(height), Some(width)) => format!("{height} × {width}"),
        _ => value.to_string(),
    }
}
