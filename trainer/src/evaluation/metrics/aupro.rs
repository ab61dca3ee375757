//! Area under the per-region overlap curve.

use super::ranking::{ThresholdStep, Totals};

/// The curve's area up to a false positive rate, summed step by step.
///
/// A point of the curve for each distinct threshold: abscissa, the share of all good
/// pixels at or above it; ordinate, the mean over the regions of the share of the
/// region at or above it. Starting from (0, 0), neighbouring points are joined by
/// straight lines, and at the limit the line is cut where it crosses. The area is
/// divided by the limit.
#[derive(Debug)]
pub(super) struct Aupro {
    totals: Totals,
    /// Good pixels that may be found: the limit's share, not rounded.
    room: f64,
    negatives: u64,
    /// Sum of the regions' shares found.
    overlap: f64,
    /// In units of one good pixel and one region.
    area: f64,
}

impl Aupro {
    /// `limit` in (0, 1].
    pub(super) fn new(totals: Totals, limit: f64) -> Self {
        Self {
            totals,
            room: limit * totals.negatives as f64,
            negatives: 0,
            overlap: 0.0,
            area: 0.0,
        }
    }

    pub(super) fn add(&mut self, step: &ThresholdStep) {
        let left = self.room - self.negatives as f64;
        let width = step.negatives as f64;
        if width > 0.0 && left > 0.0 {
            let inside = (left / width).min(1.0);
            self.area += width * inside * (self.overlap + step.overlap * inside / 2.0);
        }
        self.negatives += step.negatives;
        // Shares of a third and the like add up to a little more than their whole.
        self.overlap = (self.overlap + step.overlap).min(self.totals.regions as f64);
    }

    /// 0 to 1; `None` without regions or without good pixels.
    pub(super) fn finish(&self) -> Option<f64> {
        let whole = self.room * self.totals.regions as f64;
        // Good pixels without a score are never found, and nothing is found beside them.
        let left = (self.room - self.negatives as f64).max(0.0);
        let area = self.area + left * self.overlap;
        (whole > 0.0).then(|| (area / whole).min(1.0))
    }
}
