//! The JSON object of one inspected picture. Keys and their order are fixed.

use std::collections::BTreeMap;
use std::path::Path;

use cfa_runtime::Inspection;
use cfa_runtime::calibration::{Decision, DecisionRule};
use serde::Serialize;

use super::saving::Saved;

#[derive(Debug, Serialize)]
pub(super) struct JsonLine<'a> {
    path: String,
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

impl<'a> JsonLine<'a> {
    pub(super) fn new(path: &Path, inspection: &'a Inspection, saved: &'a Saved) -> Self {
        let (map, peak, size) = (&inspection.map, &inspection.peak, &inspection.picture_size);
        let (height, width) = map.values.dim();
        let saved = saved.iter();
        Self {
            path: path.to_string_lossy().into_owned(),
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
            milliseconds: Milliseconds::of(inspection),
            saved: saved
                .map(|(name, path)| (name, path.to_string_lossy().into_owned()))
                .collect(),
        }
    }
}

impl Milliseconds {
    fn of(inspection: &Inspection) -> Self {
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
