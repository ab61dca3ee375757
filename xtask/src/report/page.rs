//! The report's HTML.

use std::fmt::Write;

use anyhow::Result;
use rayon::prelude::*;
use serde_json::Value;

use super::{Group, Inspected, Report, histogram, thumbnail};

/// The whole page.
pub(super) fn html(report: &Report) -> Result<String> {
    let groups = report.groups();
    let sections = groups.iter().map(section).collect::<Result<String>>()?;
    Ok(format!(
        include_str!("page.html"),
        style = include_str!("style.css"),
        cards = cards(report),
        histogram = histogram::svg(report),
        facts = facts(report),
        sections = sections,
    ))
}

fn cards(report: &Report) -> String {
    let defective = report
        .inspected
        .iter()
        .filter(|picture| !picture.is_good())
        .count();
    let good = report.inspected.len() - defective;
    let cards = [
        ("image AUROC", format!("{:.3}", report.metrics.image_auroc)),
        ("pixel AUROC", format!("{:.3}", report.metrics.pixel_auroc)),
        ("good / defective", format!("{good} / {defective}")),
        (
            "median per picture",
            format!("{:.0} ms", report.median_ms()),
        ),
    ];
    let card =
        |(name, value): &(&str, String)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n");
    cards.iter().map(card).collect()
}

/// What the manifest says about the model; what it does not say is left out.
fn facts(report: &Report) -> String {
    let rows = [
        ("Backbone", "/backbone/name"),
        ("Weights", "/backbone/weights_file"),
        ("Resized to", "/preprocessing/resize/height"),
        ("Centre crop", "/preprocessing/center_crop/height"),
        ("Descriptor channels", "/descriptor/channels"),
        ("Memory bank entries", "/memory_bank/centroids"),
        ("Neighbours a score", "/score/neighbors"),
        ("Map smoothing, σ", "/anomaly_map/sigma"),
        ("Made by", "/created_by"),
    ];
    let known = rows
        .iter()
        .filter_map(|(name, pointer)| Some((*name, plain(report.manifest.pointer(pointer)?))));
    let training = (
        "Training and export",
        format!("{:.0} s", report.training_secs),
    );
    let row = |(name, value): (&str, String)| {
        format!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(&value))
    };
    known.chain([training]).map(row).collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), String::from)
}

fn section(group: &Group<'_>) -> Result<String> {
    let rows: Vec<String> = group
        .pictures
        .par_iter()
        .map(|picture| row(picture))
        .collect::<Result<_>>()?;
    let title = escaped(&group.name.replace('_', " "));
    Ok(format!(
        "<section>\n<h2>{title} <small>{} pictures, highest score first</small></h2>\n{}</section>\n",
        group.pictures.len(),
        rows.concat()
    ))
}

/// Picture, heat map, overlay and mask beside each other.
fn row(picture: &Inspected) -> Result<String> {
    let name = escaped(&format!("{}/{}", picture.group, picture.stem));
    let mut row = format!(
        "<figure>\n<figcaption>{name} <b>{:.4}</b></figcaption>\n",
        picture.score
    );
    let photographs = [
        ("picture", &picture.picture),
        ("heat map", &picture.heatmap),
        ("overlay", &picture.overlay),
    ];
    for (what, path) in photographs {
        cell(&mut row, what, &name, &thumbnail::photograph(path)?);
    }
    match &picture.mask {
        Some(mask) => cell(&mut row, "mask", &name, &thumbnail::mask(mask)?),
        None => row.push_str("<div class=\"none\"><span>no defect</span><i>mask</i></div>\n"),
    }
    row.push_str("</figure>\n");
    Ok(row)
}

fn cell(row: &mut String, what: &str, name: &str, address: &str) {
    let _ = writeln!(
        row,
        "<div><img loading=\"lazy\" alt=\"{name}, {what}\" src=\"{address}\"><i>{what}</i></div>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
