use serde::Serialize;

use super::PictureScore;
use crate::evaluation::metrics::{
    F1Max, MetricsError, PixelMetrics, RankedPixels, auroc, average_precision, f1_max,
};

/// Figures of merit over good and defective pictures; `docs/METRICS.md` defines each.
///
/// Shares are 0 to 1. A figure of pictures is `None` when good or defective ones are
/// missing; one of pixels also without masks.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Area under the ROC curve of the image scores.
    pub image_auroc: Option<f64>,
    /// Average precision of the image scores.
    pub image_aupr: Option<f64>,
    /// Largest F1 of the image scores.
    pub image_f1max: Option<f64>,
    /// The threshold of that F1: scores at or above it count as defective.
    pub image_f1max_threshold: Option<f32>,
    /// Area under the ROC curve of all pixels of all maps.
    pub pixel_auroc: Option<f64>,
    /// Largest F1 of the pixels.
    pub pixel_f1max: Option<f64>,
    /// The threshold of that F1: pixels at or above it count as defective.
    pub pixel_f1max_threshold: Option<f32>,
    /// Area under the per-region overlap curve up to a false positive rate of 0.3.
    pub aupro_03: Option<f64>,
    /// Area under the per-region overlap curve up to a false positive rate of 0.05.
    pub aupro_005: Option<f64>,
    /// Pictures looked at.
    pub images: usize,
    /// Defective ones among them.
    pub defective: usize,
    /// Connected regions in the masks; `None` without masks.
    pub regions: Option<u64>,
    /// The figures of pixels over whole pictures, where what the centre crop leaves out
    /// counts as never found; `None` without a crop or without masks.
    pub whole_pictures: Option<PixelFigures>,
}

/// Figures of pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct PixelFigures {
    /// Area under the ROC curve.
    pub pixel_auroc: Option<f64>,
    /// Largest F1.
    pub pixel_f1max: Option<f64>,
    /// The threshold of that F1: pixels at or above it count as defective.
    pub pixel_f1max_threshold: Option<f32>,
    /// Area under the per-region overlap curve up to a false positive rate of 0.3.
    pub aupro_03: Option<f64>,
    /// Area under the per-region overlap curve up to a false positive rate of 0.05.
    pub aupro_005: Option<f64>,
    /// Connected regions.
    pub regions: u64,
}

impl From<PixelMetrics> for PixelFigures {
    fn from(pixels: PixelMetrics) -> Self {
        Self {
            pixel_auroc: pixels.auroc,
            pixel_f1max: pixels.f1_max.map(|best| best.value),
            pixel_f1max_threshold: pixels.f1_max.map(|best| best.threshold),
            aupro_03: pixels.aupro_03,
            aupro_005: pixels.aupro_005,
            regions: pixels.regions,
        }
    }
}

impl Figures {
    /// The figures of these pictures, and of the pixels of these parts. There are no parts
    /// without masks.
    pub(super) fn measure<'a>(
        pictures: impl Iterator<Item = &'a PictureScore>,
        parts: &[&RankedPixels],
    ) -> Result<Self, MetricsError> {
        let (scores, labels): (Vec<f32>, Vec<bool>) = pictures
            .map(|seen| (seen.score, seen.picture.is_defective()))
            .unzip();
        let image_f1 = f1_max(&scores, &labels)?;
        let with_masks = !parts.is_empty();
        let pixels = with_masks
            .then(|| PixelMetrics::measure(parts))
            .transpose()?;
        let pixel_f1 = pixels.and_then(|pixels| pixels.f1_max);
        let whole = with_masks.then(|| PixelMetrics::measure_whole_pictures(parts));
        let whole = whole.transpose()?;
        let value = |best: F1Max| best.value;
        let threshold = |best: F1Max| best.threshold;
        Ok(Self {
            image_auroc: auroc(&scores, &labels)?,
            image_aupr: average_precision(&scores, &labels)?,
            image_f1max: image_f1.map(value),
            image_f1max_threshold: image_f1.map(threshold),
            pixel_auroc: pixels.and_then(|pixels| pixels.auroc),
            pixel_f1max: pixel_f1.map(value),
            pixel_f1max_threshold: pixel_f1.map(threshold),
            aupro_03: pixels.and_then(|pixels| pixels.aupro_03),
            aupro_005: pixels.and_then(|pixels| pixels.aupro_005),
            images: labels.len(),
            defective: labels.iter().filter(|&&defective| defective).count(),
            regions: pixels.map(|pixels| pixels.regions),
            whole_pictures: whole.flatten().map(PixelFigures::from),
        })
    }
}
