//! The JSON objects, one for each picture. Keys and their order are fixed.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Error;
use cfa_runtime::Inspection;
use cfa_runtime::calibration::{Decision, DecisionRule};
use serde::Serialize;

use super::saving::Saved;
use crate::path_text::{hex_unless_text, text};
use crate::pictures::remarked;

/// The picture.
#[derive(Debug, Serialize)]
struct Named {
    path: String,
    /// The bytes of a path that is not text, as hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

/// The line of a picture that could not be inspected.
#[derive(Debug, Serialize)]
pub(super) struct ErrorLine {
    #[serde(flatten)]
    picture: Named,
    error: String,
}

/// The line of a file named on standard input that is not inspected by rule.
#[derive(Debug, Serialize)]
pub(super) struct PassedOverLine {
    #[serde(flatten)]
    picture: Named,
    passed_over: &'static str,
}

/// The line of a picture that was inspected.
#[derive(Debug, Serialize)]
pub(super) struct JsonLine<'a> {
    #[serde(flatten)]
    named: Named,
    score: f32,
    p_value: Option<f64>,
    verdict: Option<Judged>,
    map: Map,
    peak: Point,
    picture: Picture,
    damage: Option<&'a str>,
    provider: &'static str,
    precision: &'static str,
    head: &'static str,
    batch: usize,
    milliseconds: Milliseconds,
    saved: BTreeMap<&'a str, String>,
    /// The bytes of paths that are not text, as hexadecimal digits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    saved_bytes: BTreeMap<&'a str, String>,
    /// What was asked for and could not be saved, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_saved: BTreeMap<&'a str, String>,
    /// What is odd about this picture, as sentences.
    warnings: Vec<String>,
}

/// The decision with the thresholds that it follows.
#[derive(Debug, Serialize)]
struct Judged {
    decision: Decision,
    #[serde(flatten)]
    rule: DecisionRule,
}

#[derive(Debug, Serialize)]
struct Map {
    height: usize,
    width: usize,
    min: f32,
    max: f32,
    mean: f32,
}

/// In pixels of the picture, centres at whole numbers.
#[derive(Debug, Serialize)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Debug, Serialize)]
struct Picture {
    width: u32,
    height: u32,
}

#[derive(Debug, Serialize)]
struct Milliseconds {
    decode: f64,
    preprocess: f64,
    network: f64,
    neighbors: f64,
    map: f64,
    total: f64,
}

impl Named {
    fn new(path: &Path) -> Self {
        Self {
            path: text(path),
            path_bytes: hex_unless_text(path),
        }
    }
}

impl ErrorLine {
    pub(super) fn new(path: &Path, error: &Error) -> Self {
        Self {
            picture: Named::new(path),
            error: format!("{error:#}"),
        }
    }
}

impl PassedOverLine {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            picture: Named::new(path),
            passed_over: "it is a result that was saved earlier",
        }
    }
}

impl<'a> JsonLine<'a> {
    pub(super) fn new(path: &Path, inspection: &'a Inspection, saved: &'a Saved) -> Self {
        let (map, peak, size) = (&inspection.map, &inspection.peak, &inspection.picture_size);
        let (height, width) = map.values.dim();
        let bytes = |(name, path)| Some((name, hex_unless_text(path)?));
        let reason = |(name, error)| (name, format!("{error:#}"));
        Self {
            named: Named::new(path),
            score: inspection.score,
            p_value: inspection.p_value,
            verdict: inspection.verdict.map(|verdict| Judged {
                decision: verdict.decision,
                rule: verdict.rule,
            }),
            map: Map {
                height,
                width,
                min: map.min(),
                max: map.max(),
                mean: map.mean(),
            },
            peak: Point {
                x: peak.x_px,
                y: peak.y_px,
            },
            picture: Picture {
                width: size.width_px,
                height: size.height_px,
            },
            damage: inspection.damage.as_deref(),
            provider: inspection.provider.name(),
            precision: inspection.precision.name(),
            head: inspection.head.name(),
            batch: inspection.batch,
            milliseconds: Milliseconds::new(inspection),
            saved: saved
                .files()
                .map(|(name, path)| (name, text(path)))
                .collect(),
            saved_bytes: saved.files().filter_map(bytes).collect(),
            not_saved: saved.failures().map(reason).collect(),
            warnings: inspection.depth_remark.map(remarked).into_iter().collect(),
        }
    }
}

impl Milliseconds {
    fn new(inspection: &Inspection) -> Self {
        let microseconds = |ms: f64| (ms * 1e3).round() / 1e3;
        let stages = &inspection.stages;
        Self {
            decode: microseconds(stages.decode_ms),
            preprocess: microseconds(stages.preprocess_ms),
            network: microseconds(stages.network_ms),
            neighbors: microseconds(stages.neighbors_ms),
            map: microseconds(stages.map_ms),
            total: microseconds(stages.total_ms()),
        }
    }
}
