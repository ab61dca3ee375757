//! Figures over the pixels of many maps.

use ndarray::ArrayRef2;

use super::aupro::Aupro;
use super::curve::{Counts, F1Max};
use super::ranking::{Ranking, require_numbers};
use super::{MetricsError, Regions};

/// The pixels of many pictures, which are added one by one.
///
/// Holds four bytes for a good pixel, eight for a defective one, and eight a region.
#[derive(Clone, Debug, Default)]
pub struct PixelScores {
    ranking: Ranking,
}

impl PixelScores {
    /// Adds the anomaly map of a picture and its mask of the same shape (rows ×
    /// columns); true is defective. After an error nothing was added.
    pub fn add(
        &mut self,
        map: &ArrayRef2<f32>,
        mask: &ArrayRef2<bool>,
    ) -> Result<(), MetricsError> {
        if map.dim() != mask.dim() {
            return Err(MetricsError::Shapes {
                map: map.dim(),
                mask: mask.dim(),
            });
        }
        require_numbers(map.iter())?;
        let regions = Regions::of(mask);
        let first = self.first_of(&regions)?;
        for (&score, &label) in map.iter().zip(&regions.labels) {
            let region = label.checked_sub(1).map(|number| first + number);
            self.ranking.push(score, region);
        }
        self.ranking.push_regions(&regions.sizes);
        Ok(())
    }

    /// The number that the first of the new regions gets.
    fn first_of(&self, regions: &Regions) -> Result<u32, MetricsError> {
        let known = self.ranking.regions();
        let all = u32::try_from(known + regions.sizes.len());
        all.map_err(|_| MetricsError::TooManyRegions)?;
        Ok(known as u32)
    }

    /// Sorts what was added.
    #[must_use]
    pub fn rank(mut self) -> RankedPixels {
        self.ranking.sort();
        RankedPixels(self.ranking)
    }
}

/// Sorted pixels, ready for [`PixelMetrics::of`].
#[derive(Clone, Debug)]
pub struct RankedPixels(Ranking);

/// Figures over all pixels of a set; each is `None` without defective or without good
/// pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelMetrics {
    /// [`auroc`](super::auroc) of the pixels.
    pub auroc: Option<f64>,
    /// [`f1_max`](super::f1_max) of the pixels.
    pub f1_max: Option<F1Max>,
    /// [`aupro`] with the limit 0.3.
    pub aupro_03: Option<f64>,
    /// [`aupro`] with the limit 0.05.
    pub aupro_005: Option<f64>,
    /// Connected regions in the masks.
    pub regions: u64,
}

impl PixelMetrics {
    /// All figures over the pixels of several parts taken together, for instance the
    /// good pictures and those with one kind of defect, in one pass.
    #[must_use]
    pub fn of(parts: &[&RankedPixels]) -> Self {
        let rankings: Vec<&Ranking> = parts.iter().map(|part| &part.0).collect();
        let totals = Ranking::totals(&rankings);
        let mut counts = Counts::new(totals);
        let mut limits = [0.3, 0.05].map(|limit| Aupro::new(totals, limit));
        for step in Ranking::steps(&rankings) {
            counts.add(&step);
            for aupro in &mut limits {
                aupro.add(&step);
            }
        }
        let [aupro_03, aupro_005] = limits.map(|aupro| aupro.finish());
        Self {
            auroc: counts.auroc(),
            f1_max: counts.f1_max(),
            aupro_03,
            aupro_005,
            regions: totals.regions,
        }
    }
}

/// Area under the per-region overlap curve up to the false positive rate `limit`, divided
/// by `limit`, as `MVTec`'s evaluation of anomaly detection defines it.
///
/// A point of the curve for each distinct score: the share of all good pixels that score
/// at least as high, and the mean over all connected regions of the share of the region
/// that does. The points, from (0, 0) on, are joined by straight lines; where the last
/// line crosses the limit it is cut. `limit` is clamped to 0 to 1; `None` when that is
/// 0, without regions and without good pixels.
#[must_use]
pub fn aupro(parts: &[&RankedPixels], limit: f64) -> Option<f64> {
    let rankings: Vec<&Ranking> = parts.iter().map(|part| &part.0).collect();
    let mut aupro = Aupro::new(Ranking::totals(&rankings), limit.clamp(0.0, 1.0));
    Ranking::steps(&rankings).for_each(|step| aupro.add(&step));
    aupro.finish()
}
