//! What comes out of an inspection.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::HeadPlacement;
use crate::anomaly_map::AnomalyMap;
use crate::calibration::{Calibration, DecisionRule, Verdict};
use crate::network::{Precision, Provider};
use crate::picture::Picture;
use crate::preprocess::{DepthRemark, Geometry, Point};

/// The result for one picture.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inspection {
    /// The image score: the maximum of the map, raw. Finite, at least 0.
    pub score: f32,
    /// The share of good parts with a score this high, 0 to 1; `None` when the model
    /// holds no scores of good parts. See [`Calibration::p_value`].
    pub p_value: Option<f64>,
    /// Pass, review or reject, with the thresholds used; `None` when neither the model
    /// nor the caller gave any.
    pub verdict: Option<Verdict>,
    /// The anomaly map, in the size of the network's input.
    pub map: AnomalyMap,
    /// Where the map has its maximum, in the original picture.
    pub peak: Peak,
    /// Size of the original picture, after the turn that the model's orientation rule asks
    /// for. Peak, geometry, heat map and overlay are in the pixels of this turned picture.
    pub picture_size: PictureSize,
    /// The damage of a picture file that was inspected although it is damaged; see
    /// [`Picture::damage`](crate::picture::Picture::damage).
    pub damage: Option<String>,
    /// The decoded picture that the result was computed from. `None` unless
    /// [`InspectorOptions::keep_pictures`](super::InspectorOptions) asks for it, and for a
    /// picture that the caller only lent.
    pub picture: Option<Arc<Picture>>,
    /// The 16-bit sample that was taken as white; `None` for 65535.
    pub white_level: Option<NonZeroU16>,
    /// An oddity in the depth of the picture, which may make the score meaningless.
    pub depth_remark: Option<DepthRemark>,
    /// How the map lies in the original picture.
    pub geometry: Geometry,
    /// Where the time went.
    pub stages: StageTimes,
    /// The provider that computed the network, whichever was asked for.
    pub provider: Provider,
    /// In how many bits the network was computed.
    pub precision: Precision,
    /// Where the head was computed.
    pub head: HeadPlacement,
    /// How many pictures went through the network in the same run, at least 1.
    pub batch: usize,
}

/// What computed an inspection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComputedBy {
    pub(crate) provider: Provider,
    pub(crate) precision: Precision,
    pub(crate) head: HeadPlacement,
    pub(crate) batch: usize,
}

/// A position in the original picture; whole numbers are pixel centres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Columns from the centre of the first.
    pub x_px: f64,
    /// Rows from the centre of the first.
    pub y_px: f64,
}

/// Size of the original picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
}

/// Wall time of each stage in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StageTimes {
    /// Reading and decoding the picture.
    pub decode_ms: f64,
    /// Resizing, cropping and normalising.
    pub preprocess_ms: f64,
    /// The network, with the head where that is part of it; of a run with several pictures
    /// each takes an equal part.
    pub network_ms: f64,
    /// The search for the nearest centroids; 0 where it is part of the network.
    pub neighbors_ms: f64,
    /// Score, upsampling and blur; where they are part of the network, looking over the map.
    pub map_ms: f64,
}

impl StageTimes {
    /// Sum of all stages.
    #[must_use]
    pub fn total_ms(&self) -> f64 {
        self.decode_ms + self.preprocess_ms + self.network_ms + self.neighbors_ms + self.map_ms
    }
}

impl Inspection {
    pub(crate) fn new(
        map: AnomalyMap,
        geometry: Geometry,
        stages: StageTimes,
        by: ComputedBy,
        picture_size: PictureSize,
    ) -> Self {
        let (row, column) = map.peak();
        let in_map = Point {
            x_px: column as f64,
            y_px: row as f64,
        };
        let Point { x_px, y_px } = geometry.picture_from_map(in_map);
        let peak = Peak { x_px, y_px };
        Self {
            score: map.max(),
            p_value: None,
            verdict: None,
            map,
            peak,
            picture_size,
            damage: None,
            picture: None,
            white_level: None,
            depth_remark: None,
            geometry,
            stages,
            provider: by.provider,
            precision: by.precision,
            head: by.head,
            batch: by.batch,
        }
    }

    /// Adds p-value and verdict.
    pub(super) fn judged(self, calibration: &Calibration, rule: Option<DecisionRule>) -> Self {
        Self {
            p_value: calibration.p_value(self.score),
            verdict: rule.map(|rule| rule.judge(self.score)),
            ..self
        }
    }
}
