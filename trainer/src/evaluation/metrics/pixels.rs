//! Figures over the pixels of many maps.

use ndarray::{Array2, ArrayRef2};

use super::aupro::Aupro;
use super::curve::{Counts, F1Max};
use super::ranking::{Positives, Ranking, Sides, Unscored, require_numbers};
use super::{MetricsError, Regions};

/// The pixels of many pictures, which are added one by one.
///
/// Holds four bytes for a good pixel, eight for a defective one, and eight a region; twice
/// eight where maps cover a part of their pictures.
#[derive(Clone, Debug, Default)]
pub struct PixelScores {
    ranking: Ranking,
    whole: Option<WholePictures>,
}

/// The differences when pixels that no map covers count as well.
#[derive(Clone, Debug, Default)]
struct WholePictures {
    /// With the regions of whole pictures.
    positives: Positives,
    /// Pixels that no map covers.
    never: Unscored,
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
        let regions = Regions::find(mask);
        let first = first_number(self.ranking.regions(), &regions)?;
        for (&score, &label) in map.iter().zip(&regions.labels) {
            let region = label.checked_sub(1).map(|number| first + number);
            self.ranking.push(score, region);
        }
        self.ranking.push_regions(&regions.sizes);
        Ok(())
    }

    /// Adds the map of a part of a picture, whose first pixel lies at `offset` (row, column)
    /// of the mask of the whole picture. After an error nothing was added.
    pub fn add_part(
        &mut self,
        map: &ArrayRef2<f32>,
        mask: &ArrayRef2<bool>,
        offset: (usize, usize),
    ) -> Result<(), MetricsError> {
        let (rows, columns) = map.dim();
        let (last_row, last_column) = (offset.0 + rows, offset.1 + columns);
        if last_row > mask.nrows() || last_column > mask.ncols() {
            return Err(MetricsError::Shapes {
                map: map.dim(),
                mask: mask.dim(),
            });
        }
        let in_mask = |(row, column)| mask[(row + offset.0, column + offset.1)];
        let covered = Array2::from_shape_fn(map.dim(), in_mask);
        let regions = Regions::find(mask);
        let known = self.whole.as_ref().map_or(0, |w| w.positives.regions());
        let first = first_number(known, &regions)?;
        self.add(map, &covered)?;
        let whole = self.whole.get_or_insert_default();
        for ((row, column), &label) in regions.labels.indexed_iter() {
            let place = (row.wrapping_sub(offset.0), column.wrapping_sub(offset.1));
            match (map.get(place), label.checked_sub(1)) {
                (Some(&score), Some(number)) => whole.positives.push(score, first + number),
                (None, Some(_)) => whole.never.positives += 1,
                (None, None) => whole.never.negatives += 1,
                (Some(_), None) => {}
            }
        }
        whole.positives.push_regions(&regions.sizes);
        Ok(())
    }

    /// Sorts what was added.
    #[must_use]
    pub fn rank(mut self) -> RankedPixels {
        self.ranking.sort();
        if let Some(whole) = &mut self.whole {
            whole.positives.sort();
        }
        RankedPixels(self)
    }
}

/// The number that the first of the new regions gets.
fn first_number(known: usize, regions: &Regions) -> Result<u32, MetricsError> {
    let all = u32::try_from(known + regions.sizes.len());
    all.map_err(|_| MetricsError::TooManyRegions)?;
    Ok(known as u32)
}

/// Sorted pixels, ready for [`PixelMetrics::measure`].
#[derive(Clone, Debug)]
pub struct RankedPixels(PixelScores);

impl RankedPixels {
    fn sides(&self) -> Sides<'_> {
        self.0.ranking.sides()
    }

    fn whole_sides(&self) -> Option<Sides<'_>> {
        let whole = self.0.whole.as_ref()?;
        Some(self.0.ranking.with(&whole.positives, whole.never))
    }
}

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
    ///
    /// # Errors
    /// A bug of this program.
    pub fn measure(parts: &[&RankedPixels]) -> Result<Self, MetricsError> {
        let sides: Vec<_> = parts.iter().map(|part| part.sides()).collect();
        Self::from_sides(&sides)
    }

    /// The figures over whole pictures, of which the maps cover parts: pixels outside count
    /// as never found. `None` unless all were added with [`PixelScores::add_part`].
    ///
    /// # Errors
    /// A bug of this program.
    pub fn measure_whole_pictures(parts: &[&RankedPixels]) -> Result<Option<Self>, MetricsError> {
        let sides: Option<Vec<_>> = parts.iter().map(|part| part.whole_sides()).collect();
        sides.map(|sides| Self::from_sides(&sides)).transpose()
    }

    fn from_sides(sides: &[Sides<'_>]) -> Result<Self, MetricsError> {
        let totals = Sides::totals(sides);
        let mut counts = Counts::new(totals);
        let mut limits = [0.3, 0.05].map(|limit| Aupro::new(totals, limit));
        for step in Sides::steps(sides) {
            let step = step?;
            counts.add(&step);
            for aupro in &mut limits {
                aupro.add(&step);
            }
        }
        let [aupro_03, aupro_005] = limits.map(|aupro| aupro.finish());
        Ok(Self {
            auroc: counts.auroc(),
            f1_max: counts.f1_max(),
            aupro_03,
            aupro_005,
            regions: totals.regions,
        })
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
///
/// # Errors
/// A bug of this program.
pub fn aupro(parts: &[&RankedPixels], limit: f64) -> Result<Option<f64>, MetricsError> {
    let sides: Vec<_> = parts.iter().map(|part| part.sides()).collect();
    let mut aupro = Aupro::new(Sides::totals(&sides), limit.clamp(0.0, 1.0));
    for step in Sides::steps(&sides) {
        aupro.add(&step?);
    }
    Ok(aupro.finish())
}
