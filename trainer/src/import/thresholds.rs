//! What anomalib's post-processor learned on its validation pictures.

use serde::Serialize;

use super::sensitivity::{self, Applied};
use super::source::Source;
use crate::backbone::weights::WeightTensor;

/// anomalib's default, and what all releases do that have no sensitivity.
const DEFAULT_SENSITIVITY: f64 = 0.5;

/// Thresholds and value ranges, all raw: in the unit of this project's scores. A figure
/// that the checkpoint does not have, or that was never set, is `None`. The sensitivities
/// are those of the user.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Thresholds {
    /// Image score above which anomalib calls a picture anomalous (largest F1).
    pub image_threshold: Option<f32>,
    /// Map value above which anomalib calls a pixel anomalous.
    pub pixel_threshold: Option<f32>,
    /// Smallest image score seen.
    pub image_min: Option<f32>,
    /// Largest image score seen.
    pub image_max: Option<f32>,
    /// Smallest map value seen.
    pub pixel_min: Option<f32>,
    /// Largest map value seen.
    pub pixel_max: Option<f32>,
    /// `image_sensitivity` of the post-processor (2.x), which moves the threshold.
    pub image_sensitivity: Option<f64>,
    /// `pixel_sensitivity` of the post-processor (2.x).
    pub pixel_sensitivity: Option<f64>,
    /// Image score above which anomalib calls a picture anomalous with that sensitivity.
    pub image_reject_above: Option<f32>,
    /// Map value above which anomalib calls a pixel anomalous with that sensitivity.
    pub pixel_reject_above: Option<f32>,
}

impl Thresholds {
    pub(super) fn stored_in(source: &Source<'_>) -> Self {
        let figure = |names: &[&str]| names.iter().find_map(|name| scalar(source, name));
        let seen = Self {
            image_threshold: figure(&[
                "_image_threshold",
                "image_threshold",
                "image_threshold.value",
            ]),
            pixel_threshold: figure(&[
                "_pixel_threshold",
                "pixel_threshold",
                "pixel_threshold.value",
            ]),
            image_min: figure(&["image_min", "pred_scores.min"]),
            image_max: figure(&["image_max", "pred_scores.max"]),
            // 0.x keeps one pair, seen on maps.
            pixel_min: figure(&["pixel_min", "anomaly_maps.min", "normalization_metrics.min"])
                .or_else(|| in_metadata(source, "min")),
            pixel_max: figure(&["pixel_max", "anomaly_maps.max", "normalization_metrics.max"])
                .or_else(|| in_metadata(source, "max")),
            image_sensitivity: sensitivity::stored(source, "image_sensitivity"),
            pixel_sensitivity: sensitivity::stored(source, "pixel_sensitivity"),
            ..Self::default()
        };
        let above = |applied: Option<Applied>| match applied? {
            Applied::Above(threshold) => Some(threshold),
            _ => None,
        };
        Self {
            image_reject_above: above(seen.applied_to_images()),
            pixel_reject_above: above(seen.applied_to_pixels()),
            ..seen
        }
    }

    /// What a user should know of the sensitivities.
    pub(super) fn notes(&self) -> Vec<String> {
        let image = self.applied_to_images().zip(self.image_sensitivity);
        let pixel = self.applied_to_pixels().zip(self.pixel_sensitivity);
        let note = |level, (applied, sensitivity)| sensitivity::note(level, sensitivity, applied);
        let image = image.and_then(|found| note("image", found));
        let pixel = pixel.and_then(|found| note("pixel", found));
        image.into_iter().chain(pixel).collect()
    }

    fn applied_to_images(&self) -> Option<Applied> {
        let range = self.image_min.zip(self.image_max);
        let sensitivity = self.image_sensitivity.unwrap_or(DEFAULT_SENSITIVITY);
        Some(sensitivity::applied(
            self.image_threshold?,
            range,
            sensitivity,
        ))
    }

    fn applied_to_pixels(&self) -> Option<Applied> {
        let range = self.pixel_min.zip(self.pixel_max);
        let sensitivity = self.pixel_sensitivity.unwrap_or(DEFAULT_SENSITIVITY);
        Some(sensitivity::applied(
            self.pixel_threshold?,
            range,
            sensitivity,
        ))
    }
}

/// The finite scalar whose name is or ends with `name`.
fn scalar(source: &Source<'_>, name: &str) -> Option<f32> {
    let named = |full: &str| {
        let before = full.strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let value = |tensor: &WeightTensor| match tensor.values[..] {
        [value] if value.is_finite() => Some(value),
        _ => None,
    };
    let mut tensors = source.tensors.iter().filter(|(full, _)| named(full));
    let found = tensors.find_map(|(_, tensor)| value(tensor));
    found.or_else(|| in_metadata(source, name))
}

/// A finite number beside a module that was saved whole (0.x and 1.x).
fn in_metadata(source: &Source<'_>, name: &str) -> Option<f32> {
    let number = source.root.get("metadata")?.get(name)?.number()? as f32;
    number.is_finite().then_some(number)
}
